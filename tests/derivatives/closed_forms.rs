//! Oracle 2 for linear models: the matrix formulas of the textbooks, biases as a column of ones.

use crate::common::case::Case;
use crate::common::compare::{assert_close, column};
use crate::common::generate::{Family, settings};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use unlearn::loss::Loss;
use unlearn::numeric::tolerance::tol;

/// θ as `outputs × (inputs + 1 with a bias)`, and where each entry stands in the parameter vector:
/// all weights output by output, then the biases.
fn place(case: &Case, output: usize, input: usize) -> usize {
    let (inputs, outputs) = (case.network.widths[0], case.network.widths[1]);
    if input < inputs { output * inputs + input } else { outputs * inputs + output }
}

/// `Σ wᵢ gᵢ ⊗ xᵢ + λθ + b` and `Σ wᵢ Sᵢ ⊗ xᵢxᵢᵀ + λI` restricted to the kept parameters.
fn assemble(
    case: &Case,
    slopes: &[DVector<f64>],
    curvatures: &[DMatrix<f64>],
) -> (DVector<f64>, DMatrix<f64>) {
    let x = case.design_with_ones();
    let w = DVector::from_vec(case.row_weights());
    let outputs = case.network.widths[1];
    let d = case.keep.len();
    let (mut g, mut h) = (DVector::zeros(d), DMatrix::zeros(d, d));
    for a in 0..outputs {
        let s = DVector::from_iterator(w.len(), slopes.iter().map(|s| s[a]));
        let part = x.transpose() * w.component_mul(&s);
        (0..x.ncols()).for_each(|i| g[place(case, a, i)] = part[i]);
        for b in 0..outputs {
            let s = DVector::from_iterator(w.len(), curvatures.iter().map(|s| s[(a, b)]));
            let block = x.transpose() * DMatrix::from_diagonal(&w.component_mul(&s)) * &x;
            for i in 0..x.ncols() {
                for j in 0..x.ncols() {
                    h[(place(case, a, i), place(case, b, j))] = block[(i, j)];
                }
            }
        }
    }
    for j in 0..d {
        g[j] += case.ridge * case.theta[j] + case.perturbation.as_ref().map_or(0.0, |b| b[j]);
        h[(j, j)] += case.ridge;
    }
    let active = case.active();
    let restricted = h.select_rows(&active).select_columns(&active);
    (DVector::from_iterator(active.len(), active.iter().map(|&j| g[j])), restricted)
}

/// Outputs `Θ(x, 1)`, one column per row of the data.
fn outputs(case: &Case) -> DMatrix<f64> {
    let x = case.design_with_ones();
    let theta = DMatrix::from_fn(case.network.widths[1], x.ncols(), |a, i| case.theta[place(case, a, i)]);
    theta * x.transpose()
}

fn check(case: &Case, slopes: &[DVector<f64>], curvatures: &[DMatrix<f64>]) {
    let (g, h) = assemble(case, slopes, curvatures);
    let problem = case.problem();
    let (f, theta) = (case.objective(&problem), case.point());
    let x = case.design_with_ones();
    // Every entry is a sum over rows of |w| |x|² times a slope or curvature; an output is a sum over
    // features, which the exponentials turn into a relative error of |z|.
    let z = outputs(case).amax();
    let weight: f64 = case.row_weights().iter().map(|w| w.abs()).sum();
    let size = 1.0 + slopes.iter().map(|s| s.amax()).fold(0.0, f64::max);
    let theta_size = case.ridge * theta.amax() + case.perturbation.as_ref().map_or(0.0, |_| 2.0);
    let scale = weight * size * (1.0 + x.amax()).powi(2) + case.ridge + theta_size;
    let tolerance = tol(x.nrows() + x.ncols(), 1.0 + z);
    assert_close("gradient", &column(&f.gradient(&theta)), &column(&g), scale, tolerance);
    assert_close("Hessian", &f.hessian(&theta), &h, scale, tolerance);
    assert_close("Gauss-Newton of a linear model", &f.gauss_newton(&theta), &h, scale, tolerance);
}

proptest! {
    #![proptest_config(settings())]

    /// `Xᵀ(Xθ − y) + λθ` and `XᵀX + λI`.
    #[test]
    fn ridge_regression(case in Family::linear(Loss::Squared).cases()) {
        let z = outputs(&case);
        let slopes: Vec<_> = case
            .target
            .iter()
            .enumerate()
            .map(|(i, y)| DVector::from_element(1, z[(0, i)] - y))
            .collect();
        let curvatures = vec![DMatrix::from_element(1, 1, 1.0); slopes.len()];
        check(&case, &slopes, &curvatures);
    }

    /// `Xᵀ(p − y) + λθ` and `XᵀDX + λI` with `D = diag p(1−p)`.
    #[test]
    fn logistic_regression(case in Family::linear(Loss::Logistic).cases()) {
        let p = outputs(&case).map(|z| 1.0 / (1.0 + (-z).exp()));
        let labels = case.labels();
        let slopes: Vec<_> =
            labels.iter().enumerate().map(|(i, y)| DVector::from_element(1, p[(0, i)] - y)).collect();
        let curvatures: Vec<_> = p.iter().map(|p| DMatrix::from_element(1, 1, p * (1.0 - p))).collect();
        check(&case, &slopes, &curvatures);
    }

    /// `Σ wᵢ (pᵢ − e_y) ⊗ xᵢ` and the Kronecker form `Σ wᵢ (diag pᵢ − pᵢpᵢᵀ) ⊗ xᵢxᵢᵀ`.
    #[test]
    fn softmax_regression(case in Family::linear(Loss::Softmax).cases()) {
        let z = outputs(&case);
        let probabilities: Vec<DVector<f64>> = z
            .column_iter()
            .map(|z| {
                let e = z.map(f64::exp);
                &e / e.sum()
            })
            .collect();
        let slopes: Vec<_> = probabilities
            .iter()
            .zip(&case.target)
            .map(|(p, &y)| {
                let mut s = p.clone();
                s[y as usize] -= 1.0;
                s
            })
            .collect();
        let curvatures: Vec<_> =
            probabilities.iter().map(|p| DMatrix::from_diagonal(p) - p * p.transpose()).collect();
        check(&case, &slopes, &curvatures);
    }
}
