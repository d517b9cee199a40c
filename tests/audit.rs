//! Certified distances: they contain distances computed with many digits or with integers, they are narrow,
//! and weaker versions of the certificate fail.

mod common;

use common::golden::{contains_to, records};
use nalgebra::{DVector, dvector};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use unlearn::bound::audit::{Audit, Certifier, LocalCertifier, audit};
use unlearn::data::{Dataset, Design, RowSet, builtin};
use unlearn::error::Error;
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::numeric::interval::Interval;
use unlearn::objective::{Problem, Reduction};

/// A problem of the table `datasets/golden/audit.csv`.
struct Golden {
    name: String,
    problem: Problem,
    forget: Option<RowSet>,
    theta: DVector<f64>,
    /// Distance, gradient norm and output gaps with 45 digits.
    values: BTreeMap<String, String>,
}

fn golden(sparse: bool) -> Vec<Golden> {
    let mut tables: Vec<(String, BTreeMap<String, Vec<String>>)> = Vec::new();
    for record in records("audit.csv") {
        if tables.last().is_none_or(|t| t.0 != record[0]) {
            tables.push((record[0].to_owned(), BTreeMap::new()));
        }
        let table = &mut tables.last_mut().unwrap().1;
        // The forgotten rows are named by their index.
        let value = if &record[1] == "forget" { &record[2] } else { &record[4] };
        table.entry(record[1].to_owned()).or_default().push(value.to_owned());
    }
    tables.into_iter().map(|(name, table)| read(name, &table, sparse)).collect()
}

fn read(name: String, table: &BTreeMap<String, Vec<String>>, sparse: bool) -> Golden {
    let one = |key: &str| table[key][0].as_str();
    let numbers = |key: &str| -> Vec<f64> {
        table.get(key).into_iter().flatten().map(|v| v.parse().unwrap()).collect()
    };
    let data = if table.contains_key("rows") {
        let rows: Vec<usize> = (0..20).collect();
        assert_eq!(one("rows"), "wdbc 20");
        builtin::load("wdbc").unwrap().select(&rows).unwrap()
    } else {
        let (x, y) = (numbers("x"), numbers("y"));
        Dataset::new("golden", Design::dense(y.len(), x.len() / y.len(), x).unwrap(), y).unwrap()
    };
    let data = if sparse { data.with_design(data.design().to_sparse()).unwrap() } else { data };
    let loss: Loss = one("loss").parse().unwrap();
    let model =
        Model::linear(data.cols(), one("outputs").parse().unwrap(), loss, one("bias") == "1").unwrap();
    let keep: Vec<bool> = table["keep"].iter().map(|v| v == "1").collect();
    let rows = data.rows();
    let mut problem = Problem::new(data.into(), model, one("ridge").parse().unwrap())
        .unwrap()
        .with_reduction(one("reduction").parse().unwrap())
        .with_mask(Mask::new(&keep).unwrap())
        .unwrap();
    if table.contains_key("perturbation") {
        problem = problem.with_perturbation(DVector::from_vec(numbers("perturbation"))).unwrap();
    }
    let forget = table.get("forget").map(|f| {
        RowSet::new(rows, f.iter().map(|i| i.parse().unwrap()).collect()).expect("rows of the problem")
    });
    let values = ["distance", "gradient_norm", "gap", "retained_gap"];
    let values = values.map(|key| (key.to_owned(), one(key).to_owned())).into();
    Golden { name, problem, forget, theta: DVector::from_vec(numbers("theta")), values }
}

impl Golden {
    fn audit(&self) -> Audit {
        audit(&self.problem, self.forget.as_ref(), &self.theta).unwrap()
    }

    fn holds(&self, key: &str, x: Interval) -> bool {
        contains(x, &self.values[key])
    }
}

/// The table's values are rounded after 45 digits; 43 of them are those of the value itself.
fn contains(x: Interval, value: &str) -> bool {
    contains_to(43, x, value)
}

fn width(x: Interval) -> f64 {
    (x.hi() - x.lo()) / x.lo()
}

#[test]
fn intervals_contain_the_table_and_are_narrow() {
    for sparse in [false, true] {
        let all = golden(sparse);
        assert!(all.len() >= 18);
        let mut narrow = 0;
        for g in &all {
            let a = g.audit();
            let sides = [
                ("distance", a.distance),
                ("gradient_norm", a.gradient_norm),
                ("gap", a.output_gap),
                ("retained_gap", a.retained_output_gap),
            ];
            for (key, x) in sides {
                assert!(g.holds(key, x), "{}: {key} {} is not in {x:?}", g.name, g.values[key]);
            }
            assert!(a.strong_convexity.lo() >= g.problem.ridge() && a.smoothness > a.strong_convexity.lo());
            // Absolutely, the width is rounding of the gradient over λ; raw features up to 2000 and λ = 10⁻⁴ show.
            let well_conditioned = a.smoothness < 1e3 * a.strong_convexity.lo();
            assert!(
                !well_conditioned || a.distance.hi() - a.distance.lo() < 1e-12,
                "{}: {:?}",
                g.name,
                a.distance
            );
            narrow += usize::from(width(a.distance) < 1e-9);
        }
        assert!(narrow >= 10, "{narrow}");
    }
}

#[test]
fn a_millionth_is_reported_as_a_millionth_and_nothing_as_nothing() {
    let mut seen = 0;
    for g in golden(false) {
        let a = g.audit();
        if g.name == "logistic-moved-a-millionth" {
            assert!(a.distance.lo() > 1.3e-6 && width(a.distance) < 1e-7, "{:?}", a.distance);
            seen += 1;
        }
        if g.name.ends_with("-retrained") {
            // The nearest floats to the exact minimiser: half a unit of rounding per coordinate away.
            assert!(a.distance.hi() < 1e-13, "{}: {:?}", g.name, a.distance);
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}

/// What a careless implementation would report, on the table. Each must miss a true distance.
#[test]
fn weaker_certificates_fail() {
    let without_radius = golden(false)
        .iter()
        .filter(|g| {
            let moved = Interval::norm((&g.theta - &g.audit().reference).as_slice());
            !g.holds("distance", moved)
        })
        .count();
    assert!(without_radius >= 5, "{without_radius}");
    // The float gradient vanishes here although the float is not the minimiser: taken at its word, it
    // would certify a distance of 0.
    let (problem, theta) = fifth();
    let a = Certifier::new(&problem, None).unwrap().certify(&theta, &theta).unwrap();
    let plain = Interval::norm(problem.full().gradient(&theta).as_slice()) / a.strong_convexity;
    assert!(!contains(plain, FIFTH_AWAY), "{plain:?}");
    assert!(contains(a.distance, FIFTH_AWAY) && a.gradient_norm.hi() > 0.0, "{:?}", a.distance);
}

/// `½(θ − 1)² + 2θ²`, least at ⅕, with θ the float nearest to ⅕.
fn fifth() -> (Problem, DVector<f64>) {
    let data = Dataset::new("one", Design::dense(1, 1, vec![1.0]).unwrap(), vec![1.0]).unwrap();
    let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    (Problem::new(data.into(), model, 4.0).unwrap(), dvector![0.2])
}

/// `fl(⅕) − ⅕ = 2⁻⁵⁴/5`, all digits.
const FIFTH_AWAY: &str = "1.1102230246251565404236316680908203125e-17";

/// For `½λ‖θ‖²`-like objectives `ρ` is the distance of `θ̂` itself: half of it does not reach.
#[test]
fn half_the_radius_fails() {
    let (problem, _) = fifth();
    // θ̂ = 1 is 4/5 from the minimiser, θ = 2 is 9/5 from it and 1 from θ̂.
    let a = Certifier::new(&problem, None).unwrap().certify(&dvector![2.0], &dvector![1.0]).unwrap();
    assert!((a.radius - 0.8).abs() < 1e-14 && a.distance.contains(1.8), "{a:?}");
    let half = 1.0 + 0.5 * a.radius;
    assert!(half < 1.8);
    // Any reference is as good as its gradient: both ends are still certified, and wider.
    let near = audit(&problem, None, &dvector![2.0]).unwrap();
    assert!(near.distance.contains(1.8) && width(near.distance) < 1e-14);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Ridge regression on two features with small integer data: the retrained parameters are fractions of
    /// integers (Cramer's rule), and so is the squared distance.
    #[test]
    fn ridge_regression_in_integers(
        rows in prop::collection::vec((-9i128..10, -9i128..10, -9i128..10), 2..7),
        forget in any::<bool>(),
        sum in any::<bool>(),
        lambda in 1i128..17,
        theta in (-4096i128..4097, -4096i128..4097),
    ) {
        let kept = if forget { &rows[1..] } else { &rows[..] };
        // 8·|R|·F (mean) or 8·F (sum) with λ = lambda/8 has integer coefficients.
        let weight = if sum { 1 } else { kept.len() as i128 };
        let entry = |f: fn(&(i128, i128, i128)) -> i128| 8 * kept.iter().map(f).sum::<i128>();
        let (a, b, c) = (entry(|r| r.0 * r.0), entry(|r| r.0 * r.1), entry(|r| r.1 * r.1));
        let (p, q) = (entry(|r| r.0 * r.2), entry(|r| r.1 * r.2));
        let (a, c) = (a + lambda * weight, c + lambda * weight);
        let det = a * c - b * b;
        let best = (p * c - b * q, a * q - b * p);
        // θ = t/64: θ − θ_r = (t·det − 64·best)/(64·det).
        let apart = (theta.0 * det - 64 * best.0, theta.1 * det - 64 * best.1);
        let x = rows.iter().flat_map(|r| [r.0 as f64, r.1 as f64]).collect();
        let y = rows.iter().map(|r| r.2 as f64).collect();
        let data = Dataset::new("integers", Design::dense(rows.len(), 2, x).unwrap(), y).unwrap();
        let model = Model::linear(2, 1, Loss::Squared, false).unwrap();
        let reduction = if sum { Reduction::Sum } else { Reduction::Mean };
        let problem = Problem::new(data.into(), model, lambda as f64 / 8.0).unwrap().with_reduction(reduction);
        let forget = forget.then(|| RowSet::new(rows.len(), vec![0]).unwrap());
        let theta = dvector![theta.0 as f64 / 64.0, theta.1 as f64 / 64.0];
        let a = audit(&problem, forget.as_ref(), &theta).unwrap();
        let exact = exact_norm(apart, 64 * det);
        prop_assert!(a.distance.lo() <= exact.1 && exact.0 <= a.distance.hi(), "{:?} {:?}", a.distance, exact);
        // Condition numbers here are below 10⁵.
        prop_assert!(exact.0 < 1e-6 || width(a.distance) < 1e-9, "{:?}", a.distance);
        prop_assert!(a.output_gap.hi() >= a.retained_output_gap.hi());
    }

    /// Logistic and softmax on drawn data: the interval agrees with the one by way of another, poorer
    /// reference, and with the distances of points it has certified itself.
    #[test]
    fn intervals_by_different_references_agree(
        entries in prop::collection::vec(-3.0f64..3.0, 24),
        theta in prop::collection::vec(-2.0f64..2.0, 9),
        poor in prop::collection::vec(-1e-3f64..1e-3, 9),
        softmax in any::<bool>(),
        ridge in 0.01f64..2.0,
    ) {
        let (loss, outputs) = if softmax { (Loss::Softmax, 3) } else { (Loss::Logistic, 1) };
        let y = (0..12).map(|i| f64::from(i % if softmax { 3 } else { 2 })).collect();
        let data = Dataset::new("drawn", Design::dense(12, 2, entries).unwrap(), y).unwrap();
        let problem =
            Problem::new(data.into(), Model::linear(2, outputs, loss, true).unwrap(), ridge).unwrap();
        let forget = RowSet::new(12, vec![0, 5]).unwrap();
        let theta = DVector::from_column_slice(&theta[..problem.active()]);
        let a = audit(&problem, Some(&forget), &theta).unwrap();
        prop_assert!(width(a.distance) < 1e-9 || a.distance.hi() < 1e-4, "{:?}", a.distance);
        let poor = &a.reference + DVector::from_column_slice(&poor[..problem.active()]);
        let certifier = Certifier::new(&problem, Some(&forget)).unwrap();
        let b = certifier.certify(&theta, &poor).unwrap();
        prop_assert!(a.distance.lo() <= b.distance.hi() && b.distance.lo() <= a.distance.hi());
        prop_assert!(b.radius >= (&poor - &a.reference).norm() - a.radius);
        // Triangle inequality through the poor point.
        let c = certifier.certify(&poor, &a.reference).unwrap();
        let step = (&theta - &poor).norm();
        prop_assert!(c.distance.hi() + step >= a.distance.lo() * (1.0 - 1e-12));
    }
}

/// `‖(x, y)‖/d` between two floats: the integer square root of the exact sum of squares, scaled up.
fn exact_norm(v: (i128, i128), d: i128) -> (f64, f64) {
    // |v| < 2⁶³: the squares fit.
    let n = v.0 * v.0 + v.1 * v.1;
    // √(4ˢn) lies in [fine, fine + 1): one part in 2⁶¹.
    let shift = (n.unsigned_abs().leading_zeros() / 2 * 2).saturating_sub(2);
    let fine = integer_root(n.unsigned_abs() << shift);
    let half = 2.0_f64.powi(shift as i32 / 2);
    let quotient = |r: u128| Interval::point(r as f64) / (Interval::point(d as f64) * Interval::point(half));
    (quotient(fine).lo().next_down(), quotient(fine + 1).hi().next_up())
}

fn integer_root(n: u128) -> u128 {
    let mut r = (n as f64).sqrt() as u128;
    for _ in 0..4 {
        r = if r == 0 { 0 } else { (r + n / r) / 2 };
    }
    while r * r > n {
        r -= 1;
    }
    while (r + 1) * (r + 1) <= n {
        r += 1;
    }
    r
}

/// Seven thousand rows: the weight 1/|R| is no float, and the sums are long.
#[test]
fn many_rows() {
    let n = 7001;
    let x: Vec<f64> = (0..2 * n).map(|i| f64::from((i * 7919) % 1000) / 500.0 - 1.0).collect();
    let y = (0..n).map(|i| f64::from((i * 31) % 97 < 40)).collect();
    let data = Dataset::new("long", Design::dense(n as usize, 2, x).unwrap(), y).unwrap();
    let model = Model::linear(2, 1, Loss::Logistic, true).unwrap();
    let problem = Problem::new(data.into(), model, 0.01).unwrap();
    let a = audit(&problem, None, &dvector![0.5, -0.5, 0.25]).unwrap();
    assert!(width(a.distance) < 1e-9, "{:?}", a.distance);
    assert_eq!((a.retained, a.forgotten), (n as usize, 0));
}

#[test]
fn what_cannot_be_certified_is_refused() {
    let data: Arc<Dataset> =
        Dataset::new("two", Design::dense(2, 2, vec![1.0, 2.0, 2.0, 4.0]).unwrap(), vec![0.0, 1.0])
            .unwrap()
            .into();
    let linear =
        |loss, ridge| Problem::new(data.clone(), Model::linear(2, 1, loss, false).unwrap(), ridge).unwrap();
    let theta = dvector![0.0, 0.0];
    for problem in [linear(Loss::Logistic, 0.0), linear(Loss::Squared, 0.0)] {
        let error = audit(&problem, None, &theta).unwrap_err();
        assert!(matches!(&error, Error::Hypothesis { .. }) && error.to_string().contains("ridge"), "{error}");
    }
    let problem = linear(Loss::Logistic, 1.0);
    assert!(matches!(audit(&problem, None, &dvector![1.0]), Err(Error::Shape { .. })));
    assert!(matches!(audit(&problem, None, &dvector![1.0, f64::NAN]), Err(Error::Invalid(_))));
    let other = RowSet::new(3, vec![0]).unwrap();
    assert!(matches!(audit(&problem, Some(&other), &theta), Err(Error::Shape { .. })));
}

/// A network of one unit: `½(v tanh(u) − 1)² + (λ/2)(u² + v²)`, with `λ` either side of where 0 stops being its minimum
/// (the Hessian there is `λI` with −1 off the diagonal).
fn unit(ridge: f64) -> Problem {
    let data = Dataset::new("one", Design::dense(1, 1, vec![1.0]).unwrap(), vec![1.0]).unwrap();
    let model = Model::new(vec![1, 1, 1], Activation::Tanh, Loss::Squared, false).unwrap();
    Problem::new(data.into(), model, ridge).unwrap()
}

#[test]
fn a_network_is_certified_where_its_hessian_is_positive_and_refused_where_not() {
    // λ = 2: 0 is a strict local minimum with curvature λ − 1.
    let problem = unit(2.0);
    let a = audit(&problem, None, &dvector![0.03, -0.04]).unwrap();
    let local = a.local.unwrap();
    assert!(a.distance.contains(0.05) && width(a.distance) < 1e-9, "{:?}", a.distance);
    assert!(a.strong_convexity.lo() > 0.99 && a.strong_convexity.lo() <= 1.0);
    assert!(
        local.contraction < 1.0 && local.uniqueness > 0.01 && a.output_gap.contains(0.04 * 0.03_f64.tanh())
    );
    // λ = ½: 0 is a saddle point, where Newton's method stays.
    let saddle = unit(0.5);
    let certifier = LocalCertifier::new(&saddle, None).unwrap();
    let error = certifier.certify(&dvector![0.0, 0.0], &dvector![0.0, 0.0]).unwrap_err();
    assert!(error.to_string().contains("not positive"), "{error}");
    // From elsewhere it finds a minimum, of which there are two: the ball of uniqueness holds one.
    let a = audit(&saddle, None, &dvector![1.0, 1.0]).unwrap();
    assert!(a.local.unwrap().uniqueness < 2.0 * a.reference.norm() && a.distance.lo() > 0.1);
    // A point that is not polished has no contraction, and says so with its numbers.
    let far = &a.reference + dvector![0.05, 0.0];
    let error = LocalCertifier::new(&saddle, None).unwrap().certify(&far, &far).unwrap_err();
    assert!(error.to_string().contains("exceeds 1/4"), "{error}");
    // Nearer it has one, a wider interval, and the same truth.
    let near = &a.reference + dvector![1e-5, 0.0];
    let b = LocalCertifier::new(&saddle, None).unwrap().certify(&near, &near).unwrap();
    assert!(b.distance.contains(1e-5) && b.radius >= 1e-5 - a.radius && b.radius < 1e-3, "{b:?}");
}

#[test]
fn networks_too_large_are_refused_at_once() {
    let data = builtin::load("digits").unwrap();
    let model = Model::new(vec![64, 32, 10], Activation::Tanh, Loss::Softmax, true).unwrap();
    let problem = Problem::new(data.into(), model, 0.1).unwrap();
    let error = audit(&problem, None, &DVector::zeros(problem.active())).unwrap_err();
    assert!(error.to_string().contains("2410 parameters"), "{error}");
}

/// A contraction that does not hold is not used: halving `K` or the step certifies what is false.
#[test]
fn weaker_contractions_would_be_wrong() {
    use unlearn::bound::kantorovich::{Start, locate};
    // F′ = x² + 1 has no zero; at x = 1 it is 2, F″ = 2 and K = 2.
    let none = Start::of_minimum(2.0, 2.0);
    assert!(locate(none, |_| 2.0).is_err());
    assert!(locate(none, |_| 0.4).is_ok(), "with a fifth of K it would be certified");
    for bad in [
        Start { step: f64::NAN, defect: 0.0, inverse: 1.0 },
        Start { step: f64::INFINITY, defect: 0.0, inverse: 1.0 },
        Start { step: 1e-9, defect: 1.0, inverse: 1.0 },
        Start { step: 1e-9, defect: f64::NAN, inverse: 1.0 },
        Start { step: 1e-9, defect: 0.0, inverse: f64::INFINITY },
    ] {
        assert!(locate(bad, |_| 1.0).is_err(), "{bad:?}");
    }
    assert!(locate(Start::of_minimum(1e-9, 1.0), |_| f64::NAN).is_err());
    // A defect costs its share: η/(1 − κ₀) with κ₀ = ½.
    let half = locate(Start { step: 1e-3, defect: 0.5, inverse: 1.0 }, |_| 1.0).unwrap();
    assert!(half.radius >= 2e-3 && half.radius < 2.1e-3);
}

/// With λ far below the curvature the radius is that of the curvature, not of λ.
#[test]
fn localisation_narrows_the_interval() {
    let n = 40;
    let x: Vec<f64> = (0..2 * n).map(|i| f64::from((i * 7919) % 100) / 50.0 - 1.0).collect();
    let y = (0..n).map(|i| f64::from((i * 31) % 7 < 3)).collect();
    let data = Dataset::new("drawn", Design::dense(n as usize, 2, x).unwrap(), y).unwrap();
    let problem =
        Problem::new(data.into(), Model::linear(2, 1, Loss::Logistic, true).unwrap(), 1e-8).unwrap();
    let a = audit(&problem, None, &dvector![0.5, -0.5, 0.25]).unwrap();
    assert_eq!(a.theorem, unlearn::bound::localisation::LOGISTIC);
    assert!(width(a.distance) < 1e-11, "{:?}", a.distance);
    let plain = Certifier::new(&problem, None).unwrap().certify(&a.reference, &a.reference).unwrap();
    assert!(a.radius < 1e-5 * (plain.gradient_norm.hi() / 1e-8));
}

/// Parameters and data of every size: no panic, and an interval that is one.
#[test]
fn extreme_numbers() {
    for scale in [1e-300, 1e-160, 1e-8, 1e8, 1e150, 1e300] {
        for loss in [Loss::Squared, Loss::Logistic] {
            let x = Design::dense(2, 1, vec![scale, -2.0 * scale]).unwrap();
            let data = Dataset::new("scaled", x, vec![0.0, 1.0]).unwrap();
            let problem = Problem::new(data.into(), Model::linear(1, 1, loss, true).unwrap(), 0.1).unwrap();
            for theta in [0.0, 1.0, 1e-310, -1e200, f64::MAX] {
                match audit(&problem, None, &dvector![theta, -theta]) {
                    Ok(a) => assert!(a.distance.lo() >= 0.0 && a.distance.lo() <= a.distance.hi()),
                    Err(Error::Hypothesis { .. }) => {}
                    Err(other) => panic!("{scale} {loss} {theta}: {other}"),
                }
            }
        }
    }
}
