//! What ties the derivatives to each other whatever their values: sums over rows, linearity in the
//! weights, mean against sum, ridge and perturbation as the terms they are.

use crate::common::case::{Case, Weights};
use crate::common::compare::{assert_close, column};
use crate::common::generate::{Family, settings};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use unlearn::numeric::tolerance::tol;
use unlearn::objective::{Problem, Reduction};

/// Size of the row gradients and of the row Hessians: sums are compared relative to their terms.
fn sizes(problem: &Problem, theta: &DVector<f64>) -> (f64, f64) {
    let n = problem.rows();
    let rows = problem.full().row_gradients(theta).amax();
    let single = |i: usize| {
        let weights = (0..n).map(|r| f64::from(u8::from(r == i))).collect();
        problem.weighted(weights).unwrap().risk_hessian(theta).amax()
    };
    (rows, (0..n).map(single).fold(0.0, f64::max))
}

fn total(weights: &[f64]) -> f64 {
    weights.iter().map(|w| w.abs()).sum()
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn weighted_row_gradients_add_up_to_the_risk_gradient(case in Family::all().cases()) {
        let problem = case.problem();
        let (f, theta) = (case.objective(&problem), case.point());
        let rows = f.row_gradients(&theta);
        let sum = &rows * DVector::from_column_slice(f.weights());
        let scale = rows.amax() * total(f.weights());
        let (n, risk) = (problem.rows(), column(&f.risk_gradient(&theta)));
        assert_close("sum of rows", &column(&sum), &risk, scale, tol(n, 1.0));
        let mut full = sum + &theta * case.ridge;
        if let Some(b) = problem.perturbation() {
            full += b;
        }
        let scale = scale + case.ridge * theta.amax() + 2.0;
        assert_close("with ridge and b", &column(&full), &column(&f.gradient(&theta)), scale, tol(n, 1.0));
    }

    #[test]
    fn the_empirical_fisher_is_the_sum_of_outer_products(case in Family::all().cases()) {
        let problem = case.problem();
        let (f, theta) = (case.objective(&problem), case.point());
        let rows = f.row_gradients(&theta);
        let weighted = &rows * DMatrix::from_diagonal(&DVector::from_column_slice(f.weights()));
        let scale = rows.amax() * rows.amax() * total(f.weights());
        // Row gradients meet cancellation inside a row: products of two layers of width three and weights up to one.
        let tolerance = tol(problem.rows(), 1.0);
        let found = f.empirical_fisher(&theta);
        assert_close("empirical Fisher", &found, &(&weighted * rows.transpose()), 64.0 * scale, tolerance);
        prop_assert_eq!(&found, &found.transpose());
    }

    #[test]
    fn products_with_the_hessian_agree_with_the_hessian(case in Family::all().cases()) {
        let problem = case.problem();
        let (f, theta) = (case.objective(&problem), case.point());
        let (h, v) = (f.hessian(&theta), case.restrict(&case.direction));
        let (_, row) = sizes(&problem, &theta);
        // Row Hessians meet cancellation inside a row too; the back-propagated terms are at most a
        // product of layers, each of width three and weights at most one: 4³ covers them.
        let scale = 64.0 * (row * total(f.weights()) + row + case.ridge) * v.lp_norm(1);
        let hv = column(&f.hvp(&theta, &v));
        let gradients = problem.full().row_gradients(&theta).amax() * (1.0 + total(f.weights()));
        let tolerance = tol(h.nrows() + problem.rows(), 1.0);
        assert_close("H v", &hv, &column(&(&h * &v)), scale + 64.0 * gradients * v.lp_norm(1), tolerance);
    }

    #[test]
    fn everything_is_linear_in_the_weights(
        case in Family::all().cases(),
        other in proptest::collection::vec(-4..=4i32, 6),
        factor in -3..=3i32,
    ) {
        // Ridge and perturbation are not weighted: without them the objective is linear.
        let mut case = Case { perturbation: None, ..case };
        case.ridge = 0.0;
        let (problem, theta, c) = (case.problem(), case.point(), f64::from(factor));
        let u = case.row_weights();
        let v: Vec<f64> = other[..u.len()].iter().map(|&k| f64::from(k)).collect();
        let mixed = u.iter().zip(&v).map(|(u, v)| u + c * v).collect();
        let [fu, fv, fm] = [u.clone(), v.clone(), mixed].map(|w| problem.weighted(w).unwrap());
        let (gradient, hessian) = sizes(&problem, &theta);
        let weight = total(&u) + c.abs() * total(&v);
        let tolerance = tol(problem.rows(), 1.0);
        let combine = |a: DMatrix<f64>, b: DMatrix<f64>| a + b * c;
        let linear = combine(column(&fu.gradient(&theta)), column(&fv.gradient(&theta)));
        assert_close("gradient", &column(&fm.gradient(&theta)), &linear, weight * gradient, tolerance);
        let linear = combine(fu.hessian(&theta), fv.hessian(&theta));
        assert_close("Hessian", &fm.hessian(&theta), &linear, weight * hessian, tolerance);
        let linear = fu.value(&theta) + c * fv.value(&theta);
        let rows: f64 = (0..u.len())
            .map(|i| {
                let one = (0..u.len()).map(|r| f64::from(u8::from(r == i))).collect();
                problem.weighted(one).unwrap().value(&theta)
            })
            .sum();
        prop_assert!((fm.value(&theta) - linear).abs() <= tolerance * weight * rows);
    }

    /// The mean over n rows is the sum divided by n, ridge and perturbation untouched.
    #[test]
    fn a_mean_is_a_sum_over_n(case in Family::all().cases()) {
        let case = Case { weights: Weights::Full, perturbation: None, ..case };
        let n = case.rows.len() as f64;
        let mean = Case { reduction: Reduction::Mean, ..case.clone() }.problem();
        let sum = Case { reduction: Reduction::Sum, ridge: 0.0, ..case.clone() }.problem();
        let theta = case.point();
        let (gradient, hessian) = sizes(&sum, &theta);
        let tolerance = tol(case.rows.len(), 1.0);
        let want = sum.full().gradient(&theta) / n + &theta * case.ridge;
        let scale = gradient + case.ridge * theta.amax();
        assert_close("gradient", &column(&mean.full().gradient(&theta)), &column(&want), scale, tolerance);
        let identity = DMatrix::identity(theta.len(), theta.len()) * case.ridge;
        let want = sum.full().hessian(&theta) / n + identity;
        assert_close("Hessian", &mean.full().hessian(&theta), &want, hessian + case.ridge, tolerance);
    }
}
