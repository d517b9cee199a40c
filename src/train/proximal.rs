//! The proximal map of the ℓ1 norm, which gives exact zeros, and penalty weights over the epochs.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// `argmin_u ½(u−v)² + τ|u|` in every entry: `v − τ` above `τ`, `v + τ` below `−τ`, and exactly 0 between.
/// `τ = 0` changes no bit.
///
/// ```
/// let mut v = [3.0, -0.5, -3.0];
/// unlearn::train::proximal::soft_threshold(&mut v, 1.0);
/// assert_eq!(v, [2.0, 0.0, -2.0]);
/// ```
pub fn soft_threshold(v: &mut [f64], threshold: f64) {
    if threshold == 0.0 {
        return;
    }
    for x in v {
        *x = if *x > threshold {
            *x - threshold
        } else if *x < -threshold {
            *x + threshold
        } else if x.is_nan() {
            // An overflow stays visible to whoever checks for it.
            *x
        } else {
            0.0
        };
    }
}

/// How the weight of a penalty changes over `E` epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PenaltySchedule {
    /// `γ` in every epoch.
    Constant,
    /// `γ(e+1)/E`: up to `γ` in the last epoch; the mirror image of [`PenaltySchedule::Decreasing`].
    Growing,
    /// `γ(1 − e/E)`: from `γ` down to `γ/E`, as read in the released code of Jia et al. 2023 (arXiv
    /// 2304.04934); reported there as the best of the three.
    #[default]
    Decreasing,
}

impl PenaltySchedule {
    /// All schedules.
    pub const ALL: [PenaltySchedule; 3] =
        [PenaltySchedule::Constant, PenaltySchedule::Growing, PenaltySchedule::Decreasing];

    /// The weight in epoch `e` (from 0) of `epochs`.
    ///
    /// ```
    /// use unlearn::train::proximal::PenaltySchedule;
    /// let weights = |s: PenaltySchedule| [0, 1, 2, 3].map(|e| s.weight(2.0, e, 4));
    /// assert_eq!(weights(PenaltySchedule::Constant), [2.0, 2.0, 2.0, 2.0]);
    /// assert_eq!(weights(PenaltySchedule::Growing), [0.5, 1.0, 1.5, 2.0]);
    /// assert_eq!(weights(PenaltySchedule::Decreasing), [2.0, 1.5, 1.0, 0.5]);
    /// ```
    pub fn weight(self, gamma: f64, epoch: usize, epochs: usize) -> f64 {
        let epochs = epochs.max(1) as f64;
        match self {
            PenaltySchedule::Constant => gamma,
            PenaltySchedule::Growing => gamma * (epoch as f64 + 1.0) / epochs,
            PenaltySchedule::Decreasing => gamma * (1.0 - epoch as f64 / epochs),
        }
    }

    fn name(self) -> &'static str {
        match self {
            PenaltySchedule::Constant => "constant",
            PenaltySchedule::Growing => "growing",
            PenaltySchedule::Decreasing => "decreasing",
        }
    }
}

impl fmt::Display for PenaltySchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PenaltySchedule {
    type Err = Error;
    fn from_str(s: &str) -> Result<PenaltySchedule> {
        let found = PenaltySchedule::ALL.into_iter().find(|p| p.name() == s);
        found.ok_or_else(|| {
            Error::Invalid(format!("unknown schedule '{s}'; choose constant, growing or decreasing"))
        })
    }
}
