//! Strong convexity and smoothness of the retained objective of a linear model.
//!
//! With the Gram matrix `G = Σ_{i∈R} x̃ᵢx̃ᵢᵀ` on the inputs that any output keeps: the Hessian is
//! `w Σ JᵢᵀSᵢJᵢ + λI` with `0 ≤ Sᵢ ≤ c₂I`, so `L = w·c₂·λ_max(G) + λ`. For the squared loss the Hessian is
//! `wG + λI` at every θ, so `μ = w·λ_min(G) + λ`. For logistic and softmax losses `Sᵢ` tends to 0 along a generic ray,
//! so the best constant valid everywhere is `μ = λ`. On more columns than eigenvalues can be had for, `L` comes from the
//! stored entries alone and `μ = λ` for every loss.

use crate::constants::{kept_inputs, kept_rows, too_wide};
use crate::loss::Loss;
use crate::numeric::enclosure::eigenvalues;
use crate::numeric::gram::add_product;
use crate::numeric::interval::Interval;
use crate::numeric::nonnegative;
use crate::numeric::spectrum::gamma;
use crate::objective::Objective;
use nalgebra::DMatrix;

/// `(μ, L)`: an enclosure and an upper bound. The weight is given as the real number it is; the objective
/// only says which rows count.
pub(super) fn constants(objective: &Objective<'_>, weight: Interval) -> (Interval, f64) {
    let problem = objective.problem();
    let loss = problem.model().loss();
    let ridge = Interval::point(problem.ridge());
    let (least, most) = if too_wide(objective) {
        largest_eigenvalue(objective)
    } else {
        let (columns, rows, weights) = kept_inputs(objective);
        extreme_eigenvalues(columns, rows, weights.len())
    };
    let smoothness = weight * Interval::point(loss.constants().curvature) * most + ridge;
    let strong = match loss {
        // The product is nonnegative: λ itself is a lower bound without rounding.
        Loss::Squared => (weight * least + ridge).max(ridge),
        Loss::Logistic | Loss::Softmax => ridge,
    };
    (strong, smoothness.hi())
}

/// Enclosures of the same for a wide matrix, by its stored entries: the smaller one is only known to be between 0 and the
/// larger, and to be 0 where there are fewer rows than columns.
fn largest_eigenvalue(objective: &Objective<'_>) -> (Interval, Interval) {
    let (rows, _) = kept_rows(objective);
    let most = nonnegative::gram_norm_upper(&rows, &vec![1.0; rows.rows()]);
    let longest = (0..rows.rows()).map(|i| Interval::norm(rows.row(i).1).square().lo()).fold(0.0, f64::max);
    let least = if rows.rows() < rows.cols() { 0.0 } else { most };
    (Interval::new(0.0, least), Interval::new(longest.min(most), most))
}

/// Enclosures of `λ_min(G)` and `λ_max(G)`.
fn extreme_eigenvalues(columns: usize, rows: Vec<f64>, n: usize) -> (Interval, Interval) {
    let x = DMatrix::from_vec(columns, n, rows);
    let mut gram = DMatrix::zeros(columns, columns);
    add_product(&x, &x, &mut gram);
    // Entry by entry the sums are wrong by at most γ_n Σᵢ|xᵢⱼ||xᵢₗ| + nη, in Frobenius norm by at most
    // γ_n Σᵢ‖xᵢ‖² + k·nη; by Weyl's theorem the eigenvalues move by no more.
    let mass = Interval::norm(x.as_slice()).square();
    let underflow = Interval::point((columns * n) as f64) * Interval::point(f64::from_bits(1));
    let moved = (Interval::point(gamma(n)) * mass + underflow).hi();
    let slack = Interval::new(-moved, moved);
    let enclosed = eigenvalues(&gram);
    let end = |l: Option<&Interval>| l.map_or(Interval::ZERO, |l| (*l + slack).nonnegative());
    (end(enclosed.first()), end(enclosed.last()))
}
