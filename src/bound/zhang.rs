//! A damped Newton step: Zhang et al. 2024, certified unlearning for deep networks.
//!
//! `θ` is the original and `θ_r` a *stationary* retrained point of an objective `F_R` whose Hessian is `M`-Lipschitz
//! on the segment between them, `H = ∇²F_R(θ)` with smallest eigenvalue at least `λ_min`, `κ > −λ_min` the damping, and
//! `(H + κI)Δ = −∇F_R(θ)` up to `ρ`. With `D = ‖θ − θ_r‖`:
//!
//! `‖θ + Δ − θ_r‖ ≤ (½MD² + κD + ρ)/(κ + λ_min)`,
//!
//! since `(H + κ)(θ+Δ−θ_r) = (H+κ)(θ−θ_r) − (∇F_R(θ) − ∇F_R(θ_r)) + s` and Taylor's remainder is at most `½MD²`. Derived here.
//! If `‖θ‖, ‖θ_r‖ ≤ C`, then `D ≤ 2C`, which gives the printed `2C(MC + κ)/(κ + λ_min)` (arXiv 2408.00920, Theorem 3.4, from two
//! secondary sources; the derivation agrees).
//!
//! The printed form is *larger than the trivial* `2C` unless `MC < λ_min`: never when `H` is indefinite. Stationarity of `θ_r`
//! is a hypothesis too: a retrained point on the boundary of the ball of radius `C`, as projected training
//! produces, need not have it.

use super::Bound;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;

/// What the sharper form is called.
pub const SHARPER: &str = "damped Newton step; derived here";
/// What the printed form is called.
pub const PRINTED: &str = "Zhang et al. 2024, Theorem 3.4";

/// `κ + λ_min`, proved positive.
fn damped(theorem: &'static str, damping: f64, least: f64) -> Result<Interval> {
    let sum = Interval::point(damping) + Interval::point(least);
    if sum.lo() > 0.0 {
        return Ok(sum);
    }
    let why = format!("the damping {damping} does not exceed -λ_min = {}; raise it", -least);
    Err(Error::Hypothesis { theorem, why })
}

/// `(½MD² + κD + ρ)/(κ + λ_min)`.
///
/// ```
/// use unlearn::bound::zhang::sharper;
/// use unlearn::numeric::interval::Interval;
/// // (½·2·1 + 1·1)/(1 + 1) = 1
/// assert!(sharper(Interval::ONE, 2.0, Interval::ZERO, 1.0, 1.0).unwrap().value.contains(1.0));
/// assert!(sharper(Interval::ONE, 2.0, Interval::ZERO, 1.0, -1.0).is_err());
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] unless `κ > −λ_min`.
pub fn sharper(
    distance: Interval,
    lipschitz: f64,
    linear_residual: Interval,
    damping: f64,
    least: f64,
) -> Result<Bound> {
    let below = damped(SHARPER, damping, least)?;
    let curved = Interval::point(0.5) * Interval::point(lipschitz) * distance.square();
    let value = (curved + Interval::point(damping) * distance + linear_residual) / below;
    Ok(Bound { theorem: SHARPER, value })
}

/// `2C(MC + κ)/(κ + λ_min)`.
///
/// ```
/// use unlearn::bound::zhang::printed;
/// use unlearn::numeric::interval::Interval;
/// // 2·(1·1 + 1)/(1 − ½) = 8, four times the trivial 2C = 2.
/// assert!(printed(Interval::ONE, Interval::ONE, 1.0, -0.5).unwrap().value.contains(8.0));
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] unless `κ > −λ_min`.
pub fn printed(radius: Interval, lipschitz: Interval, damping: f64, least: f64) -> Result<Bound> {
    let below = damped(PRINTED, damping, least)?;
    let value = Interval::point(2.0) * radius * (lipschitz * radius + Interval::point(damping)) / below;
    Ok(Bound { theorem: PRINTED, value })
}
