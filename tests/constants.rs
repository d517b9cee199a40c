//! The closed-form constants are upper bounds wherever they claim to be, and not idle ones.

use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use std::cell::Cell;
use unlearn::constants::{Constants, LocalConstants, Region};
use unlearn::data::{Dataset, Design};
use unlearn::loss::Loss;
use unlearn::model::{Activation, Model};
use unlearn::objective::{Objective, Problem};

/// A problem with one row, a centre, a radius and two points of the ball around it.
#[derive(Debug, Clone)]
struct Drawn {
    problem: Problem,
    center: DVector<f64>,
    radius: f64,
    points: [DVector<f64>; 2],
}

fn drawn(hidden: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Drawn> {
    let shape =
        (1usize..=3, proptest::collection::vec(1usize..=3, hidden), 0..3usize, 0..4usize, any::<bool>());
    let numbers = (
        proptest::collection::vec(-8..=8i32, 3),
        proptest::collection::vec(-12..=12i32, 64),
        proptest::collection::vec(-8..=8i32, 128),
        -8..=8i32,
        0..=4i32,
    );
    (shape, numbers).prop_map(|((cols, hidden, loss, activation, bias), (x, center, ways, y, radius))| {
        let loss = Loss::ALL[loss];
        let outputs = if loss == Loss::Softmax { 2 } else { 1 };
        let mut widths = vec![cols];
        widths.extend(hidden);
        widths.push(outputs);
        let model = Model::new(widths, Activation::ALL[activation], loss, bias).unwrap();
        let x = x[..cols].iter().map(|v| f64::from(*v) / 4.0).collect();
        let y = if loss == Loss::Squared { f64::from(y) / 4.0 } else { f64::from(y.rem_euclid(2)) };
        let data = Dataset::new("drawn", Design::dense(1, cols, x).unwrap(), vec![y]).unwrap();
        let problem = Problem::new(data.into(), model, 0.0).unwrap();
        let k = problem.active();
        let center = DVector::from_fn(k, |j, _| f64::from(center[j % 64]) / 8.0);
        let radius = 2.0_f64.powi(-radius);
        let point = |offset: usize| {
            let way = DVector::from_fn(k, |j, _| f64::from(ways[(offset + j) % 128]));
            let length = way.norm();
            if length == 0.0 { center.clone() } else { &center + way * (radius / length) }
        };
        let points = [point(0), point(64)];
        Drawn { problem, center, radius, points }
    })
}

fn norm(m: &DMatrix<f64>) -> f64 {
    m.clone().symmetric_eigenvalues().iter().fold(0.0, |a, b| a.max(b.abs()))
}

/// The measured shares of the three bounds at the drawn points; all must be at most 1.
fn shares(d: &Drawn) -> [f64; 3] {
    let f: Objective<'_> = d.problem.full();
    let region = Region::Ball { center: &d.center, radius: d.radius };
    let c = LocalConstants::new(&d.problem, region).row(0);
    let [p, q] = &d.points;
    let g = f.gradient(p).norm().max(f.gradient(q).norm());
    let (hp, hq) = (f.hessian(p), f.hessian(q));
    let apart = (p - q).norm();
    let third = if apart > 0.0 { norm(&(&hp - &hq)) / apart } else { 0.0 };
    // Shares of a vanishing bound mean nothing: identity networks without input have no derivative.
    let share = |a: f64, b: f64| if a < 1e-12 { 0.0 } else { a / b };
    [share(g, c.gradient), share(norm(&hp).max(norm(&hq)), c.smoothness), share(third, c.hessian_lipschitz)]
}

/// Runs the property and returns the largest shares seen.
fn largest_shares(hidden: std::ops::RangeInclusive<usize>) -> [f64; 3] {
    let most = Cell::new([0.0_f64; 3]);
    proptest!(|(d in drawn(hidden))| {
        let s = shares(&d);
        for v in s {
            prop_assert!(v <= 1.0 + 1e-9, "share of the bound: {s:?}");
        }
        let m = most.get();
        most.set([m[0].max(s[0]), m[1].max(s[1]), m[2].max(s[2])]);
    });
    most.get()
}

#[test]
fn linear_constants_bound_and_are_attained() {
    let m = largest_shares(0..=0);
    // Attained by a logistic row with z near 0; a drawn one comes close.
    assert!(m[1] > 0.9, "smoothness is idle: {m:?}");
}

#[test]
fn one_hidden_layer_bounds_hold_and_are_near() {
    let m = largest_shares(1..=1);
    // The worst cases are sharp for one unit; a few hundred draws reach at least a quarter of each.
    assert!(m[0] > 0.25 && m[1] > 0.25, "bounds are idle: {m:?}");
}

#[test]
fn deeper_bounds_hold() {
    largest_shares(2..=3);
}

/// The recursion reproduces the closed form for one hidden layer and one output, with the squared loss
/// at a point (radius 0): G = √(B₁²V²X² + hB₀² + 1) when nothing sharper is known about the activations.
#[test]
fn one_hidden_layer_matches_the_closed_form() {
    // Large weights saturate tanh, so that ‖a‖ ≈ √h·B₀ and the range bound is the sharp one.
    let model = Model::new(vec![2, 2, 1], Activation::Tanh, Loss::Logistic, true).unwrap();
    let data = Dataset::new("one", Design::dense(1, 2, vec![3.0, 4.0]).unwrap(), vec![1.0]).unwrap();
    let problem = Problem::new(data.into(), model, 0.0).unwrap();
    let center = DVector::from_vec(vec![90.0, 90.0, 90.0, -90.0, 10.0, 10.0, 0.6, 0.8, 0.5]);
    let c = LocalConstants::new(&problem, Region::Ball { center: &center, radius: 0.0 }).row(0);
    let (x2, v, h) = (26.0_f64, 1.0, 2.0);
    let g = (v * v * x2 + h + 1.0_f64).sqrt();
    let b2 = 4.0 / (3.0 * 3.0_f64.sqrt());
    let (a, b) = (b2 * 0.8 * x2, x2.sqrt());
    let h2 = (a + (a * a + 4.0 * b * b).sqrt()) / 2.0;
    assert!((c.gradient / g - 1.0).abs() < 1e-9, "{} against {g}", c.gradient);
    let smooth = 0.25 * g * g + h2;
    assert!((c.smoothness / smooth - 1.0).abs() < 1e-9, "{} against {smooth}", c.smoothness);
}

/// The spectral constants of a whole objective bound its Hessian, and for the squared loss enclose it.
#[test]
fn objective_constants_enclose_the_ridge_hessian() {
    let x = vec![1.0, 2.0, -1.0, 0.5, 3.0, 1.0, 0.0, 1.0];
    let data = Dataset::new("four", Design::dense(4, 2, x).unwrap(), vec![1.0, 0.0, 2.0, 1.0]).unwrap();
    let model = Model::linear(2, 1, Loss::Squared, true).unwrap();
    let problem = Problem::new(data.into(), model, 0.5).unwrap();
    let f = problem.full();
    let c = Constants::of(&f, Region::Everywhere);
    let e = f.hessian(&DVector::zeros(3)).symmetric_eigenvalues();
    assert!(c.smoothness >= e.max() - 1e-13 && c.smoothness < e.max() + 1e-9);
    assert!(c.strong_convexity <= e.min() + 1e-13 && c.strong_convexity > e.min() - 1e-9);
    assert_eq!(c.hessian_lipschitz, 0.0);
}

/// z = 0.1·(w₁ − w₂) cancels: what is computed is far off in relative terms, and the bound must know it.
#[test]
fn a_gradient_bound_survives_cancellation_in_the_forward_pass() {
    let model = Model::new(vec![1, 2, 1], Activation::Identity, Loss::Squared, false).unwrap();
    let data = Dataset::new("one", Design::dense(1, 1, vec![0.1]).unwrap(), vec![0.0]).unwrap();
    let problem = Problem::new(data.into(), model, 0.0).unwrap();
    for gap in 1..8 {
        // Neighbouring numbers: their difference is exact, that of the products with 0.1 is not.
        let (a, b) = (100_040_000.0_f64, 100_040_000.0 + f64::from(gap) * 2.0_f64.powi(-26));
        let center = DVector::from_vec(vec![a, b, 1.0, -1.0]);
        let c = LocalConstants::new(&problem, Region::Ball { center: &center, radius: 0.0 }).row(0);
        let exact = 0.1 * (b - a) * (0.02 + 0.01 * (a * a + b * b)).sqrt();
        assert!(exact <= c.gradient * (1.0 + 1e-12), "gap {gap}: {exact} against {}", c.gradient);
    }
}
