//! Bounds: one file per theorem. Hypotheses are checked, constants are explicit, and what comes out is
//! an interval around the right-hand side, with the name of the theorem that justifies it.

pub mod additive;
pub mod amended;
pub mod audit;
pub mod chebyshev;
pub mod continuation;
pub mod guo;
pub mod influence;
pub mod kantorovich;
pub mod ladder;
pub mod ledger;
pub mod localisation;
pub mod momentum;
pub mod newton;
pub mod recollection;
pub mod removal;
pub mod residual;
pub mod sgd;
pub mod skipping;
pub mod warnecke;
pub mod zhang;

use crate::numeric::interval::Interval;

/// A bound on an error, evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The theorem's name in the proof development, or what justifies the bound instead.
    pub theorem: &'static str,
    /// An enclosure of the right-hand side. The error is at most `value.hi()`.
    pub value: Interval,
}
