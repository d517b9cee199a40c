//! T-influence: how far an influence (infinitesimal jackknife) step is from retraining.
//!
//! `F` is the objective on all rows, `H = ∇²F(θ_o)` its Hessian where the step begins, `F_R` the
//! objective on the rows kept, `H_R = ∇²F_R(θ_o)`, `u = θ_r − θ_o` the true displacement, and the step
//! solves `HΔ = −∇F_R(θ_o)` up to a vector `s` of norm at most `ρ`. By the mean value theorem
//! `−∇F_R(θ_o) = H̄u` with `H̄ = ∫₀¹ ∇²F_R(θ_o + tu) dt`, so
//!
//! `Δ − u = H⁻¹[(H̄ − H)u + s]`, and `‖H̄ − H_R‖ ≤ ∫₀¹ Q t‖u‖ dt = (Q/2)‖u‖`, whence
//!
//! `‖θ_o + Δ − θ_r‖ ≤ ((‖H_R − H‖ + (Q/2)‖u‖)‖u‖ + ρ)/μ`.
//!
//! Two different strong convexities are about: the `μ` above is a lower bound on the spectrum of the
//! *full-data* Hessian at `θ_o` only, while `‖u‖ ≤ ‖∇F_R(θ_o)‖/μ_R` needs the retained one along the
//! path. `Q` belongs to `F_R`. Derived here.
//!
//! The safe form compares with Newton's step `Δ_N` instead, `Δ_N − Δ = H_R⁻¹(H − H_R)Δ`, and needs no
//! knowledge of `u`:
//!
//! `‖θ_o + Δ − θ_r‖ ≤ ((Q/2)‖Δ_N‖² + ‖H − H_R‖‖Δ‖ + ρ)/μ_R`, `ρ` the linear residuals of both steps.
//!
//! Proved for approximate steps as `Unlearn.Influence.influence_error_safe`.
//!
//! Under the sum reduction `H − H_R` is the Hessian of the forgotten rows; under the mean it is not,
//! because the rows kept gain weight: it is `Σ (1/n − w_i)∇²ℓ_i`. Influence is *not* exact for the
//! squared loss: the first term remains, and it is of the order of the forgotten share.

use super::{Bound, residual};
use crate::constants::{LocalConstants, Region, kept_rows, too_wide};
use crate::error::Result;
use crate::numeric::interval::Interval;
use crate::numeric::nonnegative;
use crate::numeric::real::norm;
use crate::numeric::spectrum::{gamma, largest_eigenvalue_upper, smallest_eigenvalue_lower};
use crate::objective::Objective;
use crate::objective::enclosed::{self, exact};
use nalgebra::DVector;

/// The theorem's name.
pub const THEOREM: &str = "Unlearn.Influence.influence_error";
/// The theorem behind [`safe_error`].
pub const SAFE: &str = "Unlearn.Influence.influence_error_safe";

/// What the bound on `‖θ_o + Δ − θ_r‖` is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// An upper bound on `‖H_R − H‖` at `θ_o`.
    pub curvature_change: f64,
    /// `Q` of the objective on the rows kept.
    pub hessian_lipschitz: f64,
    /// `ρ`: how far `HΔ` is from `−∇F_R(θ_o)`.
    pub linear_residual: f64,
}

/// `((‖H_R − H‖ + (Q/2)‖u‖)‖u‖ + ρ)/μ`, `μ` that of the Hessian on all rows.
///
/// ```
/// use unlearn::bound::influence::{Terms, error};
/// use unlearn::numeric::interval::Interval;
/// // Ten rows x = 1 summed, λ = 1, one forgotten: H = 11, H_R = 10, so 1/11 of the displacement remains.
/// let terms = Terms { curvature_change: 1.0, hessian_lipschitz: 0.0, linear_residual: 0.0 };
/// let b = error(Interval::point(1.0), terms, 11.0).unwrap();
/// assert!(b.value.contains(1.0 / 11.0));
/// ```
///
/// # Errors
/// [`crate::error::Error::Hypothesis`] unless `μ > 0`.
pub fn error(distance: Interval, terms: Terms, mu_full: f64) -> Result<Bound> {
    residual::check_strong(THEOREM, mu_full)?;
    let q = Interval::point(terms.hessian_lipschitz);
    let factor = Interval::point(terms.curvature_change) + Interval::point(0.5) * q * distance;
    let value = (factor * distance + Interval::point(terms.linear_residual)) / Interval::point(mu_full);
    Ok(Bound { theorem: THEOREM, value })
}

/// `((Q/2)‖Δ_N‖² + ‖H − H_R‖‖Δ‖ + ρ)/μ_R`, with `ρ` the sum of both steps' linear residuals.
///
/// # Errors
/// [`crate::error::Error::Hypothesis`] unless `μ_R > 0`.
pub fn safe_error(newton_step: Interval, step: Interval, terms: Terms, mu_retained: f64) -> Result<Bound> {
    residual::check_strong(SAFE, mu_retained)?;
    let q = Interval::point(terms.hessian_lipschitz);
    let value = Interval::point(0.5) * q * newton_step.square()
        + Interval::point(terms.curvature_change) * step
        + Interval::point(terms.linear_residual);
    Ok(Bound { theorem: SAFE, value: value / Interval::point(mu_retained) })
}

/// An upper bound on `‖∇²F_v(θ) − ∇²F_w(θ)‖` for two weightings of the same linear problem: the norm of the
/// computed Hessian of the weight difference (the ridge cancels), and how far that can be from the exact one,
///
/// `Σ |vᵢ−wᵢ|‖x̃ᵢ‖²(‖S̃ᵢ − Sᵢ‖ + γ‖S̃ᵢ‖) + 2ε Σ(|vᵢ|+|wᵢ|)‖x̃ᵢ‖²‖Sᵢ‖`,
///
/// with the float curvature `S̃ᵢ` against the enclosed one, the rounding of the products, and weights that stand
/// for `1/n` and `1/|R|`.
///
/// On more columns than eigenvalues can be had for: `max(λ_max(Σ₊ aᵢx̃ᵢx̃ᵢᵀ), λ_max(Σ₋ aᵢx̃ᵢx̃ᵢᵀ))` with
/// `aᵢ = (|vᵢ−wᵢ| + 2ε(|vᵢ|+|wᵢ|))‖Sᵢ‖`, over the rows that gain and those that lose weight: a matrix between two positive
/// semidefinite ones, `−M₋ ≤ M ≤ M₊`, is no larger than the larger of them.
///
/// # Errors
/// As [`crate::objective::Problem::weighted`].
pub fn curvature_change(v: &Objective<'_>, w: &Objective<'_>, theta: &DVector<f64>) -> Result<f64> {
    let problem = v.problem();
    let loss = problem.model().loss();
    let difference: Vec<f64> = v.weights().iter().zip(w.weights()).map(|(a, b)| a - b).collect();
    let h = problem.weighted(difference)?;
    if too_wide(&h) {
        return wide_curvature_change(v, w, theta);
    }
    let matrix = h.risk_hessian(theta);
    let local = LocalConstants::new(problem, Region::Everywhere);
    let curvature = Interval::point(loss.constants().curvature);
    let products = Interval::point(gamma(problem.rows() + 8));
    let mut off = Interval::ZERO;
    let at = exact::<Interval>(theta);
    let mut ws = problem.network().workspace();
    let outputs = problem.network().outputs();
    let mut floats = vec![0.0; outputs * outputs];
    for i in 0..problem.rows() {
        let (a, b, weight) = (v.weights()[i], w.weights()[i], h.weights()[i]);
        if a == 0.0 && b == 0.0 {
            continue;
        }
        let x = problem.data().design().row(i);
        let size = Interval::point(local.row(i).smoothness) / curvature;
        loss.curvature(problem.network().forward(theta.as_slice(), x, &mut ws), &mut floats);
        let exact = enclosed::curvature(loss, &enclosed::forward(problem.network(), &at, x).outputs);
        let missed: Vec<Interval> = floats.iter().zip(exact).map(|(f, e)| Interval::point(*f) - e).collect();
        let rounded = norm(&missed) + products * Interval::norm(&floats);
        let weights = Interval::point(a).abs() + Interval::point(b).abs();
        let unit = Interval::point(2.0 * f64::EPSILON);
        off = off + size * (Interval::point(weight).abs() * rounded + unit * weights * curvature);
    }
    let top = largest_eigenvalue_upper(&matrix).max(-smallest_eigenvalue_lower(&matrix)).max(0.0);
    Ok((Interval::point(top) + off).hi())
}

fn wide_curvature_change(v: &Objective<'_>, w: &Objective<'_>, theta: &DVector<f64>) -> Result<f64> {
    let problem = v.problem();
    let at = exact::<Interval>(theta);
    let unit = Interval::point(2.0 * f64::EPSILON);
    let (mut gain, mut lose) = (vec![0.0; problem.rows()], vec![0.0; problem.rows()]);
    for i in 0..problem.rows() {
        let (a, b) = (Interval::point(v.weights()[i]), Interval::point(w.weights()[i]));
        let x = problem.data().design().row(i);
        let seen = enclosed::forward(problem.network(), &at, x).outputs;
        let curvature = norm(&enclosed::curvature(problem.model().loss(), &seen));
        if !curvature.hi().is_finite() {
            return Ok(f64::INFINITY);
        }
        let size = (((a - b).abs() + unit * (a.abs() + b.abs())) * curvature).hi();
        // Where the difference of the floats has the wrong sign, that of the weights is within the rounding.
        gain[i] = size;
        lose[i] = size;
        if v.weights()[i] > w.weights()[i] {
            lose[i] = (unit * (a.abs() + b.abs()) * curvature).hi();
        } else {
            gain[i] = (unit * (a.abs() + b.abs()) * curvature).hi();
        }
    }
    let bound = |sizes: Vec<f64>| -> Result<f64> {
        let (rows, weights) = kept_rows(&problem.weighted(sizes)?);
        Ok(nonnegative::gram_norm_upper(&rows, &weights))
    };
    Ok(bound(gain)?.max(bound(lose)?))
}
