//! Enclosed losses and gradients contain numbers with 30 digits and those of an independent implementation, are narrow,
//! and widen with the parameters' radii.

mod common;

use common::generate::Family;
use common::golden::{Golden, contains, records};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use unlearn::enclosure::{Enclosed, exact, loss, outputs};
use unlearn::loss::Loss;
use unlearn::model::Activation;
use unlearn::numeric::interval::Interval;
use unlearn::numeric::product::Ball;
use unlearn::numeric::tolerance::tol;

/// The weights of the rows as exact numbers.
fn weights(golden: &Golden) -> Vec<Interval> {
    golden.column("weight").into_iter().map(Interval::point).collect()
}

#[test]
fn problems_of_the_table_are_enclosed_tightly() {
    let mut missed = 0;
    for (name, golden) in Golden::read() {
        for sparse in [false, true] {
            let problem = golden.problem(sparse);
            let f = Enclosed::weighted(&problem, &weights(&golden)).unwrap();
            let theta = exact(&DVector::from_vec(golden.column("theta")));
            let value = f.value(&theta);
            assert!(contains(value, &golden.text["value"]), "value of {name}: {value:?}");
            assert!(value.hi() - value.lo() < 1e-13 * value.abs().hi().max(1.0), "{name}: {value:?}");
            let largest = golden.column("gradient").iter().fold(1.0_f64, |m, g| m.max(g.abs()));
            for (g, want) in f.gradient(&theta).iter().zip(golden.cells["gradient"].values()) {
                assert!(contains(*g, want), "gradient of {name} (sparse: {sparse}): {want} not in {g:?}");
                assert!(g.hi() - g.lo() < 1e-13 * largest, "{name}: {g:?}");
                missed += usize::from(!contains(Interval::point(g.mid()), want));
            }
        }
    }
    // Without its width the enclosure would be wrong.
    assert!(missed > 50, "{missed}");
}

/// The largest norm of a column, which the operator norm is not below.
fn largest_column(x: &DMatrix<f64>) -> f64 {
    x.column_iter().map(|c| c.norm()).fold(0.0, f64::max)
}

/// The table's Hessian as floats is within rounding of the true one, and so is the enclosed one: their difference is
/// within both errors, and both are small. A planted change is noticed.
#[test]
fn hessians_of_the_table_are_enclosed() {
    for (name, golden) in Golden::read() {
        for sparse in [false, true] {
            let problem = golden.problem(sparse);
            let f = Enclosed::weighted(&problem, &weights(&golden)).unwrap();
            let h = f.hessian(&DVector::from_vec(golden.column("theta")));
            let mut want = DMatrix::zeros(problem.active(), problem.active());
            for (&(i, j), v) in &golden.cells["hessian"] {
                let v: f64 = v.parse().unwrap();
                (want[(i, j)], want[(j, i)]) = (v, v);
            }
            let size = want.norm();
            let off = largest_column(&(&h.mid - &want));
            assert!(off <= h.error + f64::EPSILON * size, "{name} (sparse: {sparse}): {off} > {}", h.error);
            assert!(h.error < 1e-12 * size, "{name}: {}", h.error);
            want[(0, 0)] += 1e-11 * size;
            assert!(largest_column(&(&h.mid - &want)) > h.error + f64::EPSILON * size, "{name}");
        }
    }
}

#[test]
fn losses_and_activations_contain_the_tables() {
    let mut seen = 0;
    for r in records("losses.csv") {
        let f: Loss = r[0].parse().unwrap();
        let z: Vec<Interval> = r[1].split(' ').map(|z| Interval::point(z.parse().unwrap())).collect();
        let y: f64 = r[2].parse().unwrap();
        let got = match &r[3] {
            "value" => vec![f.enclose(&z, y)],
            "gradient" => f.enclose_gradient(&z, y),
            "curvature" => f.enclose_curvature(&z),
            _ => continue,
        };
        for (x, value) in got.iter().zip(r[5].split(' ')) {
            assert!(contains(*x, value), "{f} {} at {z:?}: {value} not in {x:?}", &r[3]);
            // Differences of logits round by a unit, which the exponential multiplies by their size.
            let size = z.iter().fold(10.0, |m, z| z.abs().hi().max(m));
            let widest = 8.0 * f64::EPSILON * size * x.abs().lo() + 64.0 * f64::from_bits(1);
            assert!(x.hi() - x.lo() <= widest, "{f} {} at {z:?}: {x:?} is wide", &r[3]);
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
    for r in records("scalars.csv") {
        let Some((family, part)) = r[0].split_once('.') else { continue };
        let Ok(activation) = family.parse::<Activation>() else { continue };
        let z = Interval::point(r[1].parse().unwrap());
        let x = match part {
            "value" => activation.enclose(z),
            "slope" => activation.enclose_slope(z),
            "bend" => activation.enclose_bend(z),
            _ => activation.enclose_jerk(z),
        };
        assert!(contains(x, &r[2]), "{} at {z:?}: {} not in {x:?}", &r[0], &r[2]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Against the textbook network on tracked numbers: the interval meets its value and error; and at balls it contains
    /// what it gives at points inside.
    #[test]
    fn drawn_problems(case in Family::all().cases(), radius in 0.0f64..1e-2, inside in prop::collection::vec(-1.0f64..1.0, 64)) {
        let problem = case.problem();
        let weights: Vec<Interval> = case.row_weights().into_iter().map(Interval::point).collect();
        let f = Enclosed::weighted(&problem, &weights).unwrap();
        let theta = case.point();
        let points = exact(&theta);
        let expected = case.expected_gradient(true);
        let error = tol(case.rows.len() + theta.len(), 1.0) * expected.scale;
        for (j, g) in f.gradient(&points).iter().enumerate() {
            let value = expected.entries[(j, 0)];
            prop_assert!(g.lo() <= value + error && value - error <= g.hi(), "{j}: {value} ± {error} not in {g:?}");
        }
        let balls: Vec<Ball> = theta.iter().map(|t| Ball { mid: *t, radius }).collect();
        let moved = DVector::from_fn(theta.len(), |j, _| theta[j] + 0.999 * radius * inside[j % 64]);
        let (wide, at) = (f.gradient(&balls), f.gradient(&exact(&moved)));
        for (w, g) in wide.iter().zip(&at) {
            prop_assert!(w.lo() <= g.hi() && g.lo() <= w.hi(), "{w:?} and {g:?}");
        }
        let (h, want) = (f.hessian(&theta), case.expected_hessian(true));
        let allowed = h.error + theta.len() as f64 * tol(case.rows.len() + theta.len(), 1.0) * want.scale;
        let off = largest_column(&(&h.mid - &want.entries));
        prop_assert!(off <= allowed, "{off} > {allowed}");
        let (wide, at) = (f.value(&balls), f.value(&exact(&moved)));
        prop_assert!(wide.lo() <= at.hi() && at.lo() <= wide.hi());
        for i in 0..problem.rows() {
            let (wide, at) = (outputs(&problem, &balls, i), outputs(&problem, &exact(&moved), i));
            prop_assert!(wide.iter().zip(&at).all(|(w, z)| w.lo() <= z.hi() && z.lo() <= w.hi()));
            let (wide, at) = (loss(&problem, &balls, i), loss(&problem, &exact(&moved), i));
            prop_assert!(wide.lo() <= at.hi() && at.lo() <= wide.hi());
        }
    }
}
