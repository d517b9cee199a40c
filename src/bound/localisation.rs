//! T-localisation: how far the minimiser can be, from the gradient and the curvature at one point.
//!
//! For a linear model with logistic or softmax loss, nonnegative weights, ridge `λ`, rows of norm at most `R` where they
//! count: the curvature falls no faster than `e^{−κR‖v‖}` (self-concordance, `κ = 1` for logistic and `√2` for softmax
//! loss). So with `m ≤ λ_min(∇²F(θ))`, `m ≥ λ`, any `ρ` with
//!
//! `λρ + (m − λ)(1 − e^{−κRρ})/(κR) ≥ ‖∇F(θ)‖` has `‖θ − θ*‖ ≤ ρ`.
//!
//! Near the minimiser this is about `‖∇F(θ)‖/m`, where the residual bound has `‖∇F(θ)‖/λ`.
//!
//! Source: Kuang and Xia, Minimax Gaussian mechanisms for continual machine unlearning (S.2, logistic); softmax derived
//! here. Proved as [`LOGISTIC`] and [`SOFTMAX`].

use super::Bound;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::elementary::exp;
use crate::numeric::interval::Interval;

/// The theorem for logistic loss.
pub const LOGISTIC: &str = "Unlearn.Localisation.logistic_distance";
/// The theorem for softmax loss.
pub const SOFTMAX: &str = "Unlearn.Localisation.softmax_distance";

/// The theorem for a loss, if there is one (for the squared loss the curvature is the same everywhere).
pub fn theorem(loss: Loss) -> Option<&'static str> {
    match loss {
        Loss::Logistic => Some(LOGISTIC),
        Loss::Softmax => Some(SOFTMAX),
        Loss::Squared => None,
    }
}

/// A lower bound on the left side at `ρ`.
fn reach(rho: f64, ridge: f64, least: f64, decay: Interval) -> f64 {
    let (rho, ridge) = (Interval::point(rho), Interval::point(ridge));
    let t = decay * rho;
    // 1 − e^−t ≥ t − t²/2 keeps the digits where t is small.
    let near = rho * (Interval::ONE - t / Interval::point(2.0));
    let far = (Interval::ONE - exp(-t)) / decay;
    let gained = Interval::point(near.lo().max(far.lo()).max(0.0));
    (ridge * rho + (Interval::point(least) - ridge).nonnegative() * gained).lo()
}

/// The distance of the minimiser, given upper bounds on `‖∇F(θ)‖` and `R`, and a lower bound `m` on `λ_min(∇²F(θ))`.
///
/// ```
/// use unlearn::bound::localisation::distance;
/// use unlearn::loss::Loss;
/// // λ = 0.01, curvature 1 at θ, rows of norm 1, gradient 10⁻⁶: about 10⁻⁶ instead of 10⁻⁴.
/// let b = distance(Loss::Logistic, 1e-6, 0.01, 1.0, 1.0).unwrap();
/// assert!(b.value.hi() > 1e-6 && b.value.hi() < 1.00001e-6);
/// // The root of ρ/100 + 0.99(1 − e^−ρ) = 0.5 is 0.69….
/// let b = distance(Loss::Logistic, 0.5, 0.01, 1.0, 1.0).unwrap();
/// assert!(b.value.hi() > 0.68 && b.value.hi() < 0.70);
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] for the squared loss, unless `m > 0` and `m ≥ λ`, or when no `ρ` is found.
pub fn distance(loss: Loss, gradient: f64, ridge: f64, least: f64, rows: f64) -> Result<Bound> {
    let Some(theorem) = theorem(loss) else {
        let why = "the curvature of the squared loss is the same everywhere: use the residual bound".into();
        return Err(Error::Hypothesis { theorem: super::residual::THEOREM, why });
    };
    let refused = |why: String| Err(Error::Hypothesis { theorem, why });
    if !(least > 0.0 && least >= ridge && (0.0..f64::INFINITY).contains(&rows)) {
        return refused(format!("curvature {least} at the parameters, ridge {ridge}, rows of norm {rows}"));
    }
    let kappa = Interval::point(loss.constants().self_concordance);
    let decay = kappa * Interval::point(rows.max(f64::MIN_POSITIVE));
    let mut rho = (Interval::point(gradient) / Interval::point(least)).hi();
    // The left side grows slower than linearly, so each step is below the root; the factor lets it land above.
    for _ in 0..200 {
        let reached = reach(rho, ridge, least, decay);
        if reached >= gradient {
            return Ok(Bound { theorem, value: Interval::new(0.0, rho) });
        }
        if !(reached > 0.0 && rho < f64::INFINITY) {
            break;
        }
        rho = rho * (gradient / reached) * (1.0 + 1e-9);
    }
    refused(format!("the gradient {gradient} is too large for a curvature of {least} that decays"))
}
