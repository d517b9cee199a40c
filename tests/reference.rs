//! Numbers made by an independent tool with many digits (datasets/golden/README.md): scalar functions
//! and losses over extreme arguments, suprema, and whole problems.

mod common;

use common::compare::{assert_close, column};
use common::golden::{Golden, number, numbers, records};
use nalgebra::{DMatrix, DVector};
use std::collections::BTreeMap;
use unlearn::loss::Loss;
use unlearn::model::Activation;
use unlearn::numeric::scalar;
use unlearn::numeric::tolerance::tol;

/// Distance in units of the last place of `want` (of the smallest subnormal below the normal range).
fn ulps(got: f64, want: f64) -> f64 {
    (got - want).abs() / (want.abs().next_up() - want.abs())
}

/// A function and the most units in the last place it may be off.
type Stated = (Box<dyn Fn(&[f64]) -> f64>, f64);

/// The function of that name in the table.
fn function(name: &str) -> Stated {
    let one = |f: fn(f64) -> f64, most: f64| -> Stated { (Box::new(move |z: &[f64]| f(z[0])), most) };
    match name {
        "sigmoid" => one(scalar::sigmoid, 2.0),
        "softplus" => one(scalar::softplus, 2.0),
        "sigmoid_slope" => one(scalar::sigmoid_slope, 4.0),
        "sigmoid_bend" => one(scalar::sigmoid_bend, 5.0),
        "sigmoid_jerk" => one(scalar::sigmoid_jerk, 6.0),
        "log_sum_exp" => (Box::new(scalar::log_sum_exp), 2.0),
        _ => {
            let (family, part) = name.split_once('.').unwrap();
            if family == "softmax" {
                let class: usize = part.parse().unwrap();
                let probability = move |z: &[f64]| {
                    let mut p = vec![0.0; z.len()];
                    scalar::softmax(z, &mut p);
                    p[class]
                };
                return (Box::new(probability), 4.0);
            }
            let a: Activation = family.parse().unwrap();
            match part {
                "value" => (Box::new(move |z: &[f64]| a.value(z[0])), 2.0),
                "slope" => (Box::new(move |z: &[f64]| a.slope(z[0])), 4.0),
                "bend" => (Box::new(move |z: &[f64]| a.bend(z[0])), 5.0),
                "jerk" => (Box::new(move |z: &[f64]| a.jerk(z[0])), 6.0),
                _ => panic!("unknown function {name}"),
            }
        }
    }
}

/// Size of the two terms of a third derivative.
fn terms_of_jerk(name: &str, z: f64) -> f64 {
    if name == "tanh.jerk" { 16.0 * scalar::sigmoid_slope(2.0 * z) } else { scalar::sigmoid_slope(z) }
}

#[test]
fn scalar_functions_are_accurate_to_a_few_units_in_the_last_place() {
    for record in records("scalars.csv") {
        let (name, z, want) = (&record[0], numbers(&record[1]), number(&record[2]));
        let (f, most) = function(name);
        let off = if name.ends_with("jerk") {
            // σ‴ = σ′(1 − 6σ′) has a root at ±ln(2 + √3); near it, units are those of its terms.
            ulps(f(&z), want).min((f(&z) - want).abs() / (f64::EPSILON * terms_of_jerk(name, z[0])))
        } else {
            ulps(f(&z), want)
        };
        assert!(off <= most, "{name}({z:?}) = {:e}, expected {want:e}: {off} ulps", f(&z));
    }
}

/// Losses keep their relative accuracy in the tails: the scale is the derivative itself.
#[test]
fn losses_are_accurate_relative_to_their_own_size() {
    for record in records("losses.csv") {
        let loss: Loss = record[0].parse().unwrap();
        let (z, y, want) = (numbers(&record[1]), number(&record[2]), numbers(&record[5]));
        let n = z.len();
        let mut got = vec![0.0; want.len()];
        match &record[3] {
            "value" => got[0] = loss.value(&z, y),
            "gradient" => loss.gradient(&z, y, &mut got),
            "curvature" => loss.curvature(&z, &mut got),
            "third" => {
                let (u, v) = record[4].split_once(';').unwrap();
                loss.third(&z, &numbers(u), &numbers(v), &mut got);
            }
            other => panic!("unknown quantity {other}"),
        }
        let what = format!("{loss} {} at {z:?}, target {y}, directions {}", &record[3], &record[4]);
        let as_matrix = |v: &[f64]| DMatrix::from_column_slice(v.len(), 1, v);
        let want = as_matrix(&want);
        // Arguments are exact, so only a handful of operations per class round; the last term lets
        // subnormal results be off by as many subnormals.
        let scale = want.amax() + f64::MIN_POSITIVE;
        assert_close(&what, &as_matrix(&got), &want, scale, tol(n, 1.0));
    }
}

#[test]
fn constants_are_the_suprema_rounded_upwards() {
    let mut known = BTreeMap::new();
    for loss in Loss::ALL {
        let c = loss.constants();
        let parts = [
            ("gradient", c.gradient),
            ("curvature", c.curvature),
            ("third", c.third),
            ("fourth", c.fourth),
            ("self_concordance", c.self_concordance),
        ];
        known.extend(parts.map(|(part, v)| (format!("{loss}.{part}"), v)));
    }
    for activation in Activation::ALL {
        let c = activation.constants();
        let parts = [("value", c.value), ("slope", c.slope), ("bend", c.bend), ("jerk", c.jerk)];
        known.extend(parts.map(|(part, v)| (format!("{activation}.{part}"), v)));
    }
    for record in records("constants.csv") {
        let (name, least) = (&record[0], number(&record[2]));
        let found = known[name];
        assert!(found >= least, "{name} = {found:e} is below its supremum {}", &record[1]);
        // Rounded upwards, not padded: four units cover the roundings of the closed form.
        assert!(ulps(found, least) <= 4.0, "{name} = {found:e} is far above {}", &record[1]);
    }
}

#[test]
fn problems_have_their_reference_derivatives() {
    let problems = Golden::read();
    assert_eq!(problems.len(), 14, "the table is not complete");
    for (name, golden) in &problems {
        for sparse in [false, true] {
            let problem = golden.problem(sparse);
            let f = problem.weighted(golden.column("weight")).unwrap();
            let theta = DVector::from_vec(golden.column("theta"));
            let k = theta.len();
            let mut hessian = DMatrix::zeros(k, k);
            for (&(i, j), h) in &golden.cells["hessian"] {
                let h = number(h);
                hessian[(i, j)] = h;
                hessian[(j, i)] = h;
            }
            let gradient = DVector::from_vec(golden.column("gradient"));
            let v = DVector::from_fn(k, |i, _| (i % 5) as f64 - 2.0);
            let what = |part: &str| format!("{part} of {name} (sparse: {sparse})");
            // Sums over rows and inputs; entries are of size one, so the largest is the scale.
            let tolerance = tol(problem.rows() + problem.model().inputs(), 1.0);
            let value = number(&golden.text["value"]);
            let got = DMatrix::from_element(1, 1, f.value(&theta));
            let want = DMatrix::from_element(1, 1, value);
            assert_close(&what("value"), &got, &want, value.abs(), tolerance);
            let got = column(&f.gradient(&theta));
            assert_close(&what("gradient"), &got, &column(&gradient), gradient.amax(), tolerance);
            assert_close(&what("Hessian"), &f.hessian(&theta), &hessian, hessian.amax(), tolerance);
            let got = column(&f.hvp(&theta, &v));
            let scale = hessian.amax() * v.lp_norm(1);
            assert_close(&what("product"), &got, &column(&(&hessian * &v)), scale, tolerance);
        }
    }
}
