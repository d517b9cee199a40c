//! Influence steps: which Hessian, which weights, and how it is inverted.

use super::{data, fit, forget, linear, network, problems, pruned};
use nalgebra::{DMatrix, DVector, dvector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::constants::{Constants, Region};
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::error::Error;
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::tolerance::tol;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::newton::{Fit, minimise};
use unlearn::train::start::start;
use unlearn::unlearn::woodfisher::inverse_times;
use unlearn::unlearn::{Request, Trained, configured, method};

// I1–I3.
#[test]
fn influence_steps_are_told_apart_from_each_other_and_from_the_refit() {
    let model = Model::linear(5, 1, Loss::Squared, false).unwrap();
    let problem = Problem::new(data(100, 5, Loss::Squared, 6).into(), model, 0.0).unwrap();
    let forget = RowSet::new(100, (0..10).map(|i| 9 * i).collect()).unwrap();
    let fit = minimise(&problem.full(), DVector::zeros(5)).unwrap();
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    let step = |name: &str| method(name, 0).unwrap().remove(&request).unwrap().theta - &fit.theta;
    let (simplex, boolean) = (step("influence"), step("influence-boolean"));
    for j in 0..5 {
        assert!((simplex[j] / boolean[j] - 100.0 / 90.0).abs() < 1e-10, "I1");
    }
    let refit = minimise(&problem.retained(&forget).unwrap(), DVector::zeros(5)).unwrap().theta - &fit.theta;
    let relative = |step: &DVector<f64>| (step - &refit).norm() / refit.norm();
    let hessian = problem.full().hessian(&fit.theta);
    let c = Constants::of(&problem.full(), Region::Everywhere);
    assert!(relative(&step("newton")) < tol(100, c.smoothness / c.strong_convexity), "I2");
    assert!(relative(&simplex) > 1e-3 && relative(&boolean) > 1e-3, "I3: influence is not the refit");
    // I4 for squared loss, Q = 0: the residual after Newton's step is 0, after the influence step it is not.
    let retained = problem.retained(&forget).unwrap();
    let residual = |step: &DVector<f64>| retained.gradient(&(&fit.theta + step)).norm();
    let floor = tol(100, 1.0) * hessian.norm() * fit.theta.norm();
    assert!(residual(&step("newton")) <= floor && residual(&simplex) > 1e6 * floor);
}

// I4.
#[test]
fn the_residual_after_a_newton_step_is_quadratic_in_the_step_and_no_better() {
    for seed in 0..5 {
        let model = Model::linear(3, 1, Loss::Logistic, true).unwrap();
        let problem = Problem::new(data(30, 3, Loss::Logistic, seed).into(), model, 0.02).unwrap();
        let fit = minimise(&problem.full(), DVector::zeros(4)).unwrap();
        let (residual, distance) = newton_ratios(&problem, &RowSet::new(30, vec![1, 5, 6]).unwrap(), &fit);
        assert!(residual <= 1.0 && distance <= 1.0, "{residual}, {distance}");
    }
    // One row at the place where the third derivative of the logistic loss is largest, σ(θ) = ½ + 1/√12, with
    // the ridge that makes it stationary: both bounds are nearly attained, and half of either would be refuted.
    let sigma = 0.5 + 12.0_f64.sqrt().recip();
    let peak = (sigma / (1.0 - sigma)).ln();
    let data = Dataset::new("peak", Design::dense(2, 1, vec![1.0; 2]).unwrap(), vec![1.0; 2]).unwrap();
    let model = Model::linear(1, 1, Loss::Logistic, false).unwrap();
    let problem = Problem::new(data.into(), model, (1.0 - sigma) / peak).unwrap();
    let near = Fit { theta: dvector![peak + 0.01], residual: 0.0, rounding: 0.0, iterations: 0 };
    let (residual, _) = newton_ratios(&problem, &RowSet::new(2, vec![1]).unwrap(), &near);
    assert!(residual <= 1.0 && residual > 0.9, "{residual}");
}

/// `‖∇F_R(θ+Δ)‖` and `‖θ+Δ−θ_r‖` after Newton's step over `(Q/2)‖Δ‖²` and `(Q/2μ)‖Δ‖²`.
fn newton_ratios(problem: &Problem, forget: &RowSet, fit: &Fit) -> (f64, f64) {
    let request = Request { problem, forget, trained: Trained::Minimiser(fit) };
    let retained = problem.retained(forget).unwrap();
    let c = Constants::of(&retained, Region::Everywhere);
    let refit = minimise(&retained, fit.theta.clone()).unwrap();
    let theta = method("newton", 0).unwrap().remove(&request).unwrap().theta;
    let bound = 0.5 * c.hessian_lipschitz * (&theta - &fit.theta).norm_squared();
    let distance = (&theta - &refit.theta).norm();
    (retained.gradient(&theta).norm() / bound, distance * c.strong_convexity / bound)
}

// I5, I6.
#[test]
fn woodfisher_inverts_and_one_auxiliary_vector_does_not() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    // k ≤ n keeps the inverse, k > n the factors.
    for (n, k) in [(30, 6), (12, 12), (7, 20)] {
        let g = DMatrix::from_fn(k, n, |_, _| rng.random_range(-1.0..1.0));
        let v = DVector::from_fn(k, |_, _| rng.random_range(-1.0..1.0));
        let (damping, weight) = (0.1, 1.0 / n as f64);
        let fisher = &g * g.transpose() * weight + DMatrix::identity(k, k) * damping;
        let kappa = (g.norm_squared() * weight + damping) / damping;
        let exact = Cholesky::new(fisher, "F").unwrap().solve(&v);
        let found =
            inverse_times(&v, n, |i, out: &mut DVector<f64>| out.copy_from(&g.column(i)), weight, damping);
        assert!((&found - &exact).norm() <= tol(n + k, kappa) * exact.norm(), "{n}, {k}");
        // As released: the auxiliary vector starts as g₁ and is only ever rescaled.
        let (mut carried, mut result) = (g.column(0).clone_owned(), &v / damping);
        for i in 1..n {
            let column = g.column(i);
            let divisor = 1.0 / weight + carried.dot(&column);
            result.axpy(-column.dot(&result) / divisor, &carried, 1.0);
            carried *= (1.0 / weight) / divisor;
        }
        let moved = &result - &v / damping;
        let cosine = moved.dot(&g.column(0)) / (moved.norm() * g.column(0).norm());
        assert!(cosine.abs() >= 1.0 - 1e-12, "its result is v − c·g₁");
        assert!((result - &exact).norm() > 0.5 * exact.norm(), "and no inverse");
    }
}

#[test]
fn woodfisher_removes_with_the_empirical_fisher() {
    for problem in problems() {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let problem = problem.clone().with_reduction(reduction);
            let forget = forget(&problem);
            let theta = start(&problem, 8).map(|v| v + 0.1);
            let at = Fit { theta: theta.clone(), residual: 0.0, rounding: 0.0, iterations: 0 };
            let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&at) };
            let found =
                configured("woodfisher", 0, &[("damping", "0.5")]).unwrap().remove(&request).unwrap().theta;
            let full = problem.full();
            let mut fisher = full.empirical_fisher(&theta);
            (0..theta.len()).for_each(|j| fisher[(j, j)] += 0.5);
            // −∇F_R·|R|/n + ∇F of the simplex weights is the contrast of the forgotten rows.
            let (n, m) = (40.0, 4.0);
            let retained = problem.retained(&forget).unwrap();
            let v = match reduction {
                Reduction::Mean => {
                    (full.gradient(&theta) * n - retained.gradient(&theta) * (n - m)) / (n - m)
                }
                Reduction::Sum => full.gradient(&theta) - retained.gradient(&theta),
            };
            let kappa = fisher.norm() / 0.5;
            let exact = &theta + Cholesky::new(fisher.clone(), "F").unwrap().solve(&v);
            let size = theta.norm() + v.norm() / 0.5 + full.gradient(&theta).norm();
            assert!((&found - &exact).norm() <= tol(60, kappa) * size);
            // Another damping is another step.
            let other =
                configured("woodfisher", 0, &[("damping", "0.6")]).unwrap().remove(&request).unwrap().theta;
            assert!((other - exact).norm() > 1e-6);
        }
    }
}

#[test]
fn conjugate_gradients_take_the_influence_step() {
    for problem in [linear(Loss::Logistic), pruned(&linear(Loss::Softmax)), pruned(&network(Loss::Squared))] {
        let (fit, forget) = (fit(&problem), forget(&problem));
        let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
        let step = |name, settings: &[_]| {
            configured(name, 0, settings).unwrap().remove(&request).unwrap().theta - &fit.theta
        };
        let exact = step("influence", &[]);
        // A residual of 1e-10 leaves an error of that times the condition, at most about 1e3 here.
        assert!((step("influence-cg", &[]) - &exact).norm() < 1e-7 * exact.norm());
        assert!((step("influence-cg", &[("damping", "0.1")]) - &exact).norm() > 1e-3 * exact.norm());
        assert!(matches!(
            configured("influence-cg", 0, &[("products", "1")]).unwrap().remove(&request),
            Err(Error::NotConverged { .. })
        ));
    }
    // A saddle: the error says what helps, and it does.
    let problem = network(Loss::Squared);
    let theta = start(&problem, 1) * 3.0;
    let at = Fit { theta, residual: 0.0, rounding: 0.0, iterations: 0 };
    let forget = forget(&problem);
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&at) };
    let e = method("influence-cg", 0).unwrap().remove(&request).unwrap_err();
    assert!(e.to_string().contains("raise the ridge or the damping"), "{e}");
    assert!(configured("influence-cg", 0, &[("damping", "100")]).unwrap().remove(&request).is_ok());
}
