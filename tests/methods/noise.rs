//! Fisher forgetting: whose squares, and noise that pruning does not touch.

use super::{forget, linear, problems};
use nalgebra::DVector;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Coordinate, Model};
use unlearn::numeric::tolerance::tol;
use unlearn::objective::Problem;
use unlearn::train::newton::Fit;
use unlearn::train::start::start;
use unlearn::unlearn::fisher::{Fisher, Variant, diagonal};
use unlearn::unlearn::{Request, Trained, Unlearner};

// E5.
#[test]
fn the_fisher_diagonal_is_that_of_row_gradients() {
    for problem in problems() {
        let theta = start(&problem, 5).map(|v| v + 0.2);
        let rows: Vec<usize> = (5..40).collect();
        let weights = (0..40).map(|i| if i >= 5 { 1.0 / 35.0 } else { 0.0 }).collect();
        let objective = problem.weighted(weights).unwrap();
        let empirical = objective.empirical_fisher(&theta).diagonal();
        for (variant, closed) in
            [(Variant::Expected, objective.fisher(&theta).diagonal()), (Variant::Empirical, empirical)]
        {
            let found = diagonal(&problem, &rows, &theta, variant);
            assert!((&found - &closed).norm() <= tol(100, 1.0) * closed.norm(), "{variant}");
            // As released: squares of batch means.
            let batch = |rows: &[usize]| {
                let w =
                    (0..40).map(|i| if rows.contains(&i) { 1.0 / rows.len() as f64 } else { 0.0 }).collect();
                problem.weighted(w).unwrap().risk_gradient(&theta).map(|v| v * v)
            };
            let means = rows.chunks(7).map(batch).sum::<DVector<f64>>() / 5.0;
            assert!((means - &closed).norm() > 1e-3 * closed.norm(), "batch means are another matrix");
        }
    }
}

// E6.
#[test]
fn noise_on_what_is_kept_does_not_depend_on_what_is_pruned() {
    // Linear least squares: the Fisher information of a weight is the mean square of its feature.
    let dense = linear(Loss::Squared);
    let theta = DVector::from_fn(6, |j, _| 0.1 * j as f64);
    let noise = |problem: &Problem| {
        let kept = problem.mask().restrict(theta.as_slice()).unwrap();
        let at = Fit { theta: kept.clone(), residual: 0.0, rounding: 0.0, iterations: 0 };
        let forget = forget(problem);
        let request = Request { problem, forget: &forget, trained: Trained::Minimiser(&at) };
        let out = Fisher { alpha: 0.01, ..Fisher::new(3) }.remove(&request).unwrap();
        problem.mask().embed(&out.theta)
    };
    let full = noise(&dense);
    for keep in [[true, false, false, false, false, true], [true, true, false, true, false, true]] {
        let problem = dense.clone().with_mask(Mask::new(&keep).unwrap()).unwrap();
        let some = noise(&problem);
        for j in 0..6 {
            assert_eq!(some[j].to_bits(), if keep[j] { full[j].to_bits() } else { 0 }, "{j}");
        }
    }
    // As released: variances averaged over the inputs of a unit, pruned ones at the cap among them.
    let rows: Vec<usize> = (0..40).collect();
    let method = Fisher { power: 1.0, ..Fisher::new(3) };
    let variances = method.deviations(&diagonal(&dense, &rows, &theta, Variant::Expected)).map(|s| s * s);
    let averaged =
        |kept: usize| (variances.rows(0, kept).sum() + (5 - kept) as f64 * 1e3 * method.alpha) / 5.0;
    assert!(averaged(2) > 10.0 * averaged(5), "which makes survivors noisier the more is pruned");
}

// E6.
#[test]
fn no_classifier_row_is_wiped_because_of_a_count() {
    // Ten classes and 4,500 forgotten rows: released code sets a row of the classifier to 0.
    let n = 4600;
    let x = (0..n).map(|i| (i % 23) as f64 / 23.0).collect();
    let y = (0..n).map(|i| (i % 10) as f64).collect();
    let data = Dataset::new("counted", Design::dense(n, 1, x).unwrap(), y).unwrap();
    let problem = Problem::new(data.into(), Model::linear(1, 10, Loss::Softmax, true).unwrap(), 0.1).unwrap();
    let theta = DVector::from_fn(20, |j, _| 1.0 + 0.1 * j as f64);
    let at = Fit { theta: theta.clone(), residual: 0.0, rounding: 0.0, iterations: 0 };
    let forget = RowSet::new(n, (0..4500).collect()).unwrap();
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&at) };
    let method = Fisher { alpha: 1e-8, ..Fisher::new(1) };
    let out = method.remove(&request).unwrap().theta;
    let sigma = method.deviations(&diagonal(&problem, &forget.complement(), &theta, Variant::Expected));
    for j in 0..20 {
        // A normal number exceeds 6 once in 10⁹ draws.
        assert!((out[j] - theta[j]).abs() <= 6.0 * sigma[j] && sigma[j] < 0.01, "{j}");
    }
    let wiped = Coordinate { layer: 0, unit: 9, input: Some(0) };
    assert!(theta[problem.model().index(wiped)] > 6.0 * sigma[9], "a wiped row would have been seen");
}
