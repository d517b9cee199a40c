//! How far subtracting the updates of some batches is from training without them.
//!
//! `θˢ_T − (θ_T − Σ_{t ∈ S} Δ_t) = Σ_{t ∈ S} (I − P_t)Δ_t` with `P_t = Π_{s > t, s ∉ S}(I − η_s H̄_s)`
//! ([`crate::unlearn::subtraction`]). With convex losses, `0 ⪯ η_s H̄_s ⪯ x_s = η_s L_s ≤ 2`, every factor has norm at most 1 and
//! differs from `I` by at most `x_s`, so that
//!
//! `‖θˢ_T − θ_u‖ ≤ Σ_{t ∈ S} min{ Σ_{s > t, s ∉ S} x_s, 2 } ‖Δ_t‖`,
//!
//! which is `ηL Σ m_t‖Δ_t‖` for constant `η`, `L`, with `m_t` later steps kept. Derived here; no paper states it. Without
//! convexity the factor is `Π(1 + x_s) − 1`.

use super::Bound;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;

/// What justifies it.
pub const THEOREM: &str = "subtracted batches (derived in bound::skipping)";

/// A step of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Taken by both runs: `x_s = η_s L_s`.
    Kept(Interval),
    /// Skipped, its update subtracted: `‖Δ_t‖`.
    Skipped(Interval),
}

/// The bound on the distance between the model without the updates and the run without the steps.
///
/// ```
/// use unlearn::bound::skipping::{Step, skipping_error};
/// use unlearn::numeric::interval::Interval;
/// let half = Interval::point(0.5);
/// let b = skipping_error(&[Step::Skipped(Interval::ONE), Step::Kept(half), Step::Kept(half)], true).unwrap();
/// assert!(b.value.contains(1.0));
/// let suffix = skipping_error(&[Step::Kept(half), Step::Skipped(Interval::ONE)], true).unwrap();
/// assert!(suffix.value.hi() < 1e-300); // 0, rounded upwards
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] for convex losses and a kept step with `ηL > 2`.
pub fn skipping_error(steps: &[Step], convex: bool) -> Result<Bound> {
    let two = Interval::point(2.0);
    let (mut sum, mut product, mut total) = (Interval::ZERO, Interval::ONE, Interval::ZERO);
    for (k, step) in steps.iter().enumerate().rev() {
        match *step {
            Step::Skipped(change) if convex => total = total + sum.min(two) * change,
            Step::Skipped(change) => total = total + (product - Interval::ONE) * change,
            Step::Kept(x) if convex && x.hi() > 2.0 => {
                let why = format!("step {k}: η·L = {} exceeds 2", x.hi());
                return Err(Error::Hypothesis { theorem: THEOREM, why });
            }
            Step::Kept(x) => {
                sum = sum + x;
                product = product * (Interval::ONE + x);
            }
        }
    }
    Ok(Bound { theorem: THEOREM, value: total })
}
