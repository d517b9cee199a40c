//! Bounds: one file per theorem. Hypotheses are checked, constants are explicit, and what comes out is
//! an interval around the right-hand side, with the name of the theorem that justifies it.

pub mod audit;
pub mod continuation;
pub mod influence;
pub mod kantorovich;
pub mod ledger;
pub mod localisation;
pub mod momentum;
pub mod newton;
pub mod recollection;
pub mod residual;
pub mod sgd;

use crate::numeric::interval::Interval;

/// A bound on an error, evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The theorem's name in the proof development, or what justifies the bound instead.
    pub theorem: &'static str,
    /// An enclosure of the right-hand side. The error is at most `value.hi()`.
    pub value: Interval,
}

/// Relative allowance for the rounding of a vector that was summed over a recorded run: 10⁻¹² is
/// several thousand units of rounding, more than any run here accumulates relative to its result.
pub(crate) const SUM_ROUNDING: Interval = Interval::relative(1e-12);
