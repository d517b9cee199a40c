//! Q7 and the lasso: its certificate, its special cases, and datamodels of outputs that are additive or are not.

use super::{data, linear, off, seeds, some_rows, uniform};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use unlearn::loss::Loss;
use unlearn::neighbour::lasso::{Datamodels, Lasso, Observations, observe};
use unlearn::objective::Reduction;
use unlearn::train::newton::minimise;
use unlearn::unlearn::datamodel;
use unlearn::unlearn::features::features;

fn lasso(penalty: f64, intercept: bool) -> Lasso {
    Lasso { penalty, intercept, tolerance: 1e-12, most_sweeps: 100_000 }
}

/// 0/1 masks, each half full.
fn masks(m: usize, n: usize, seed: u64) -> DMatrix<f64> {
    let mut out = DMatrix::zeros(m, n);
    for j in 0..m {
        some_rows(n, n / 2, seed.wrapping_add(j as u64)).rows().iter().for_each(|&i| out[(j, i)] = 1.0);
    }
    out
}

fn objective(design: &DMatrix<f64>, f: &DVector<f64>, penalty: f64, w: &DVector<f64>, b: f64) -> f64 {
    ((design * w).add_scalar(b) - f).norm_squared() / f.len() as f64 + penalty * w.lp_norm(1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Nothing nearby, and nothing at random, is better by more than the gap; the subgradient conditions hold.
    #[test]
    fn the_gap_certifies_the_minimum(
        m in 3usize..30, p in 1usize..8, penalty in 0.0..0.5f64, intercept in any::<bool>(), seed in seeds(),
    ) {
        let design = uniform(m, p, seed);
        let f = uniform(m, 1, !seed).column(0).into_owned();
        // Without penalty the minimum needs more rows than columns to be reached fast.
        prop_assume!(penalty > 0.01 || m > 3 * p);
        let fit = lasso(penalty.max(1e-6), intercept).fit(&design, &f).unwrap();
        let penalty = penalty.max(1e-6);
        let at = |w: &DVector<f64>, b| objective(&design, &f, penalty, w, b);
        let found = at(&fit.weights, fit.intercept);
        prop_assert!((found - fit.objective).abs() <= 1e-12 * (1.0 + found));
        for s in 0..10 {
            let move_by = uniform(p, 1, seed ^ s).column(0) * 10.0_f64.powi(-(s as i32));
            let b = if intercept { fit.intercept + 0.01 * move_by[0] } else { 0.0 };
            prop_assert!(at(&(&fit.weights + move_by), b) >= found - fit.gap - 1e-13);
        }
        let rest = (&design * &fit.weights).add_scalar(fit.intercept) - &f;
        let slope = design.tr_mul(&rest) * (2.0 / m as f64);
        // The gap bounds the distance of gradients from the subdifferential by its root: 1e-12 leaves about 1e-5.
        for j in 0..p {
            let wrong = if fit.weights[j] == 0.0 { slope[j].abs() - penalty } else { (slope[j] + penalty * fit.weights[j].signum()).abs() };
            prop_assert!(wrong < 1e-5, "{j}: {wrong:e}");
        }
    }

    /// Q7: outputs that are additive in the rows. The lasso finds the support, least squares on it the weights; the
    /// outputs without any rows are then exact.
    #[test]
    fn additive_outputs_are_recovered(n in 4usize..16, intercept in any::<bool>(), seed in seeds()) {
        let subsets = masks(20 * n, n, seed);
        // Weights of size 1 to 2, a third of them 0.
        let beta = uniform(n, 1, seed).column(0).map(|v| if v.abs() < 0.33 { 0.0 } else { v.signum() * (1.0 + v.abs()) });
        let outputs = (&subsets * &beta).add_scalar(if intercept { 0.7 } else { 0.0 });
        // Halves of exactly n/2 rows: with an intercept a constant shift of all weights is not seen.
        let subsets = if intercept {
            let mut free = subsets;
            (0..free.nrows()).for_each(|j| free[(j, j % n)] = 1.0);
            free
        } else {
            subsets
        };
        let outputs = if intercept { (&subsets * &beta).add_scalar(0.7) } else { outputs };
        let seen = Observations { outputs: DMatrix::from_column_slice(outputs.len(), 1, outputs.as_slice()), subsets };
        let found = Datamodels::fit(&seen, &lasso(1e-4, intercept), true).unwrap();
        prop_assert!(off(&found.weights.column(0).into_owned(), &beta) < 1e-8);
        let forget = some_rows(n, 2, seed ^ 5);
        let all = beta.sum() + if intercept { 0.7 } else { 0.0 };
        let without = all - forget.rows().iter().map(|&i| beta[i]).sum::<f64>();
        let direct = found.direct(&DVector::from_element(1, all), &forget, 1.0).unwrap();
        prop_assert!((direct[0] - without).abs() < 1e-8);
        // Shrinkage alone is not exact.
        let shrunk = Datamodels::fit(&seen, &lasso(0.05, intercept), false).unwrap();
        prop_assert!(off(&shrunk.weights.column(0).into_owned(), &beta) > 1e-3);
    }
}

/// Ridge regression is not additive: estimated datamodels beat doing nothing on average, and are not exact.
#[test]
fn estimated_datamodels_of_ridge_regression() {
    let problem = linear(data(16, 3, Loss::Squared, 5), Loss::Squared, 2.0, Reduction::Sum);
    let rows: Vec<usize> = (0..16).collect();
    let seen = observe(&problem, &rows, 600, 0.5, 3).unwrap();
    assert_eq!(seen, observe(&problem, &rows, 600, 0.5, 3).unwrap());
    assert!(seen.subsets.row_iter().all(|s| s.sum() == 8.0));
    // One subset, trained again from its definition.
    let without = unlearn::data::RowSet::new(
        16,
        rows.iter().copied().filter(|&i| seen.subsets[(7, i)] == 0.0).collect(),
    )
    .unwrap();
    let theta = minimise(&problem.retained(&without).unwrap(), DVector::zeros(4)).unwrap().theta;
    let x = features(&problem, &rows).unwrap();
    assert!(off(&seen.outputs.row(7).transpose(), &x.tr_mul(&theta)) < 1e-12);
    let estimated = Datamodels::fit(&seen, &lasso(1e-3, true), false).unwrap();
    let full = minimise(&problem.full(), DVector::zeros(4)).unwrap().theta;
    let outputs = x.tr_mul(&full);
    let (mut direct, mut noop) = (0.0, 0.0);
    for i in rows {
        let one = unlearn::data::RowSet::new(16, vec![i]).unwrap();
        let exact = datamodel::Datamodels::new(&problem, &full, &one).unwrap().oracle();
        let exact = x.tr_mul(&exact);
        direct += (estimated.direct(&outputs, &one, 1.0).unwrap() - &exact).norm_squared();
        noop += (&outputs - &exact).norm_squared();
    }
    // On half as many rows each weighs about twice as much: estimates from halves overshoot for the whole.
    let scaled = direct / noop;
    assert!(scaled > 1e-3 && scaled < 2.0, "{scaled}");
}

#[test]
fn broken_input_is_refused() {
    let (m, f) = (uniform(4, 2, 1), DVector::zeros(4));
    assert!(lasso(-1.0, false).fit(&m, &f).is_err() && lasso(f64::NAN, false).fit(&m, &f).is_err());
    assert!(Lasso { tolerance: 0.0, ..lasso(0.1, false) }.fit(&m, &f).is_err());
    assert!(lasso(0.1, false).fit(&m, &DVector::zeros(3)).is_err());
    assert!(lasso(0.1, true).fit(&DMatrix::zeros(0, 2), &DVector::zeros(0)).is_err());
    assert!(lasso(0.1, true).fit(&m, &DVector::from_element(4, f64::INFINITY)).is_err());
    let some = DVector::from_vec(vec![1.0, -2.0, 0.5, 3.0]);
    let hasty = Lasso { most_sweeps: 1, tolerance: 1e-15, ..lasso(0.01, false) };
    assert!(hasty.fit(&m, &some).unwrap_err().to_string().contains("lasso"));
    // Constant outputs with an intercept: nothing is left to explain.
    let flat = lasso(0.1, true).fit(&m, &DVector::from_element(4, 2.0)).unwrap();
    assert_eq!((flat.weights.amax(), flat.intercept, flat.gap), (0.0, 2.0, 0.0));
    let problem = linear(data(6, 2, Loss::Squared, 1), Loss::Squared, 1.0, Reduction::Sum);
    assert!(observe(&problem, &[0], 0, 0.5, 1).is_err() && observe(&problem, &[0], 5, 1.0, 1).is_err());
    assert!(observe(&problem, &[6], 5, 0.5, 1).is_err());
    let softmax = linear(data(6, 2, Loss::Softmax, 1), Loss::Softmax, 1.0, Reduction::Sum);
    assert!(observe(&softmax, &[0], 5, 0.5, 1).is_err());
}
