//! T-newton: how far one Newton step on the rows kept is from retraining.
//!
//! `F_R` has a `μ`-strongly monotone gradient and a `Q`-Lipschitz Hessian, `θ_r` is its minimiser, `Δ`
//! solves `∇²F_R(θ)Δ = −∇F_R(θ)` up to a vector of norm at most `ρ`. With `u = θ_r − θ`:
//!
//! | quantity | bound |
//! |---|---|
//! | `‖∇F_R(θ+Δ)‖` | `(Q/2)‖Δ‖² + ρ` |
//! | `‖θ+Δ−θ_r‖` (a posteriori) | `((Q/2)‖Δ‖² + ρ)/μ` |
//! | `‖θ+Δ−θ_r‖` (a priori) | `((Q/2)‖u‖² + ρ)/μ` |
//! | the same | `((Q/2)(‖∇F_R(θ)‖/μ)² + ρ)/μ` |
//! | after more exact steps | `e ← (Q/2μ)e²` each |
//!
//! The first line is Taylor's remainder: `∇F_R(θ+Δ) = ∇F_R(θ) + ∇²F_R(θ)Δ + r`, `‖r‖ ≤ (Q/2)‖Δ‖²`. The
//! second is T-residual. For the third, `e = Δ − u` obeys `∇²F_R(θ)e = s + r(u)` with `‖s‖ ≤ ρ` and
//! `‖r(u)‖ ≤ (Q/2)‖u‖²`, and `μ‖e‖ ≤ ‖∇²F_R(θ)e‖`. Classical; the constants are derived here. With
//! `Q = 0` (squared loss, linear model) the step is exact.
//!
//! `μ` and `Q` are those of the objective on the rows *kept*, on a region that holds `θ` and `θ_r`.

use super::{Bound, residual};
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;

/// The theorem on the residual after the step.
pub const RESIDUAL: &str = "Unlearn.Newton.newton_residual";
/// The theorem on the distance, from the step.
pub const A_POSTERIORI: &str = "Unlearn.Newton.newton_aposteriori";
/// The theorem on the distance, from where the step began.
pub const A_PRIORI: &str = "Unlearn.Newton.newton_apriori";

const HALF: f64 = 0.5;

/// `Q`, checked.
fn lipschitz(theorem: &'static str, q: f64) -> Result<Interval> {
    if q >= 0.0 && q.is_finite() {
        return Ok(Interval::point(q));
    }
    Err(Error::Hypothesis { theorem, why: format!("the Hessian has no finite Lipschitz constant (Q = {q})") })
}

/// `‖∇F_R(θ+Δ)‖ ≤ (Q/2)‖Δ‖² + ρ`.
///
/// ```
/// use unlearn::bound::newton::residual_after;
/// use unlearn::numeric::interval::Interval;
/// let b = residual_after(Interval::point(2.0), 0.0, 3.0).unwrap();
/// assert!(b.value.contains(6.0)); // (3/2)·2²
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] unless `Q` is finite.
pub fn residual_after(step: Interval, linear_residual: f64, q: f64) -> Result<Bound> {
    let q = lipschitz(RESIDUAL, q)?;
    let value = Interval::point(HALF) * q * step.square() + Interval::point(linear_residual);
    Ok(Bound { theorem: RESIDUAL, value })
}

/// `‖θ+Δ−θ_r‖ ≤ ((Q/2)‖Δ‖² + ρ)/μ`: needs no retraining.
///
/// # Errors
/// [`Error::Hypothesis`] unless `μ > 0` and `Q` is finite.
pub fn a_posteriori(step: Interval, linear_residual: f64, q: f64, mu: f64) -> Result<Bound> {
    residual::check_strong(A_POSTERIORI, mu)?;
    let residual = residual_after(step, linear_residual, q)?;
    Ok(Bound { theorem: A_POSTERIORI, value: residual.value / Interval::point(mu) })
}

/// `‖θ+Δ−θ_r‖ ≤ ((Q/2)‖θ−θ_r‖² + ρ)/μ`. With `‖∇F_R(θ)‖/μ` for the distance it needs no retraining.
///
/// # Errors
/// As [`a_posteriori`].
pub fn a_priori(distance: Interval, linear_residual: f64, q: f64, mu: f64) -> Result<Bound> {
    residual::check_strong(A_PRIORI, mu)?;
    let q = lipschitz(A_PRIORI, q)?;
    let residual = Interval::point(HALF) * q * distance.square() + Interval::point(linear_residual);
    Ok(Bound { theorem: A_PRIORI, value: residual / Interval::point(mu) })
}

/// The bound `e` on a distance after `more` further exact Newton steps: `e ← (Q/2μ)e²` each. It only
/// shrinks where `(Q/2μ)e < 1`.
///
/// ```
/// use unlearn::bound::newton::after_steps;
/// use unlearn::numeric::interval::Interval;
/// // Q = μ = 1: ½ → ⅛ → 1/128.
/// let b = after_steps(Interval::point(0.5), 2, 1.0, 1.0).unwrap();
/// assert!(b.value.contains(1.0 / 128.0));
/// ```
///
/// # Errors
/// As [`a_posteriori`].
pub fn after_steps(distance: Interval, more: usize, q: f64, mu: f64) -> Result<Bound> {
    let mut e = distance;
    for _ in 0..more {
        e = a_priori(e, 0.0, q, mu)?.value;
    }
    Ok(Bound { theorem: A_PRIORI, value: e })
}
