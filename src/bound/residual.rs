//! T-residual: what a gradient norm says about the distance to the minimiser.
//!
//! For `F` with `⟨∇F(x) − ∇F(y), x − y⟩ ≥ μ‖x − y‖²`, `μ > 0`, and `∇F(θ*) = 0`:
//!
//! - `‖θ − θ*‖ ≤ ‖∇F(θ)‖/μ`: `μ‖θ−θ*‖² ≤ ⟨∇F(θ), θ−θ*⟩ ≤ ‖∇F(θ)‖‖θ−θ*‖`;
//! - `F(θ) − F(θ*) ≤ ‖∇F(θ)‖²/(2μ)`: minimise the quadratic lower bound of `F` at `θ`;
//! - `‖θ − θ*‖ ≥ ‖∇F(θ)‖/L` when `∇F` is `L`-Lipschitz.
//!
//! Folklore (Nesterov 2004, §2.1). Invariant under `F → cF`, so it does not matter whether rows are
//! summed or averaged as long as gradient and constants belong to the same objective.

use super::Bound;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::enclosed::{Enclosed, exact};
use nalgebra::DVector;

/// The theorem on the distance.
pub const THEOREM: &str = "Unlearn.Convex.residual_bound";
/// The theorem on the distance from below.
pub const LOWER: &str = "Unlearn.Convex.residual_lower_bound";
/// The theorem on the loss.
pub const GAP: &str = "Unlearn.Convex.loss_gap";

/// Checks `μ > 0` (NaN fails).
///
/// # Errors
/// [`Error::Hypothesis`] with the number.
pub fn check_strong(theorem: &'static str, mu: f64) -> Result<()> {
    if mu > 0.0 && mu < f64::INFINITY {
        return Ok(());
    }
    let why = format!("the objective is not known to be strongly convex (μ = {mu}); use a ridge above 0");
    Err(Error::Hypothesis { theorem, why })
}

/// An enclosure of `‖∇F(θ)‖` at a vector of floats.
pub(crate) fn gradient_norm(objective: &Enclosed<'_>, theta: &DVector<f64>) -> Interval {
    norm(&objective.gradient(&exact::<Interval>(theta)))
}

/// `ρ ≥ ‖HΔ + ∇F(θ)‖` for the exact step `Δ = end − θ` between two vectors of floats, with `H` the Hessian of
/// `curved` at `θ` and the gradient that of `objective`: how far the step is from solving `HΔ = −∇F(θ)`.
pub(crate) fn linear_residual(
    curved: &Enclosed<'_>,
    objective: &Enclosed<'_>,
    theta: &DVector<f64>,
    end: &DVector<f64>,
) -> f64 {
    let at = exact::<Interval>(theta);
    let left = curved.hvp(&at, &difference(end, theta));
    let right = objective.gradient(&at);
    norm(&left.into_iter().zip(right).map(|(a, b)| a + b).collect::<Vec<_>>()).hi()
}

/// `a − b`, coordinate by coordinate.
pub(crate) fn difference(a: &DVector<f64>, b: &DVector<f64>) -> Vec<Interval> {
    a.iter().zip(b).map(|(a, b)| Interval::point(*a) - Interval::point(*b)).collect()
}

/// `‖θ − θ*‖ ≤ ‖∇F(θ)‖/μ`.
///
/// ```
/// use unlearn::bound::residual::distance;
/// use unlearn::numeric::interval::Interval;
/// // F = θ²: the gradient at 3 is 6, μ = 2, and the minimiser is 3 away.
/// let b = distance(Interval::point(6.0), 2.0).unwrap();
/// assert!(b.value.contains(3.0));
/// assert!(distance(Interval::point(6.0), 0.0).is_err());
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] unless `μ > 0`.
pub fn distance(gradient: Interval, mu: f64) -> Result<Bound> {
    check_strong(THEOREM, mu)?;
    Ok(Bound { theorem: THEOREM, value: gradient / Interval::point(mu) })
}

/// `‖θ − θ*‖ ≥ ‖∇F(θ)‖/L`.
///
/// # Errors
/// [`Error::Hypothesis`] unless `L` is positive and finite.
pub fn distance_from_below(gradient: Interval, smoothness: f64) -> Result<Bound> {
    if !(smoothness > 0.0 && smoothness.is_finite()) {
        let why = format!("the gradient has no positive finite Lipschitz constant (L = {smoothness})");
        return Err(Error::Hypothesis { theorem: LOWER, why });
    }
    Ok(Bound { theorem: LOWER, value: gradient / Interval::point(smoothness) })
}

/// `F(θ) − F(θ*) ≤ ‖∇F(θ)‖²/(2μ)`.
///
/// # Errors
/// [`Error::Hypothesis`] unless `μ > 0`.
pub fn loss_gap(gradient: Interval, mu: f64) -> Result<Bound> {
    check_strong(GAP, mu)?;
    let value = gradient.square() / (Interval::point(2.0) * Interval::point(mu));
    Ok(Bound { theorem: GAP, value })
}
