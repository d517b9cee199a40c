//! The boundary between retraining and updating a shard.
//!
//! Li et al. 2024 (arXiv 2412.14505, abstract only) retrain when the workload of a request is light and update
//! otherwise; their workload formula and their boundary are not public. What stands here is a reconstruction: the exact
//! workload of SISA ([`crate::sisa::workload`]) against a threshold or against measured costs, and a third boundary, derived
//! here, that asks for a certificate.

use super::calibrate::fastest;
use super::tolerance::Tolerance;
use crate::error::{Error, Result};
use crate::objective::Problem;
use nalgebra::{DMatrix, DVector};
use std::fmt;
use std::str::FromStr;

/// Vectors that are added up to measure what a coordinate costs.
const VECTORS: usize = 256;

/// Who decides between retraining and updating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// Retrain when `ρ ≤ τ`, the share of a full retraining counted on the original sizes, so that along nested
    /// requests the branch changes at most once. A reconstruction.
    Threshold {
        /// `τ`, from 0 to 1.
        share: f64,
    },
    /// Retrain when `c_s W ≤ c_d d·(vectors read) + c_s·(rows visited by fine-tuning)`: seconds of a row visit against seconds
    /// of a stored coordinate. Fine-tuning visits none unless updates are amended ([`crate::hybrid::Terms`]). A reconstruction.
    Calibrated {
        /// `c_s`: seconds per row visit.
        visit: f64,
        /// `c_d`: seconds per coordinate read.
        coordinate: f64,
    },
    /// Per shard: update when its error is certified to be within the tolerance, retrain otherwise. 0 always retrains,
    /// infinity never.
    Certified(Tolerance),
}

impl Policy {
    /// [`Policy::Calibrated`] with costs measured on this machine, each the least of a few trials: a pass of gradients over
    /// all rows, and vectors of as many coordinates added up.
    pub fn measured(problem: &Problem) -> Policy {
        let (objective, k) = (problem.full(), problem.active());
        let theta = DVector::zeros(k);
        let vectors = DMatrix::from_element(k, VECTORS, 0.5);
        let add = || {
            let mut sum = theta.clone();
            vectors.column_iter().for_each(|v| sum += v);
            sum
        };
        // A clock that did not move is no measurement; nothing is faster than this.
        let least = |seconds: f64| seconds.max(1e-9);
        Policy::Calibrated {
            visit: least(fastest(|| objective.gradient(&theta))) / problem.rows() as f64,
            coordinate: least(fastest(add)) / (k.max(1) * VECTORS) as f64,
        }
    }

    /// Checks the domain.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a share outside `[0, 1]`, or costs that are not positive and finite.
    pub fn check(self) -> Result<Policy> {
        let refuse = |why: String| Err(Error::Invalid(why));
        match self {
            Policy::Threshold { share } if !(0.0..=1.0).contains(&share) => {
                refuse(format!("a threshold of {share}: the share of a full retraining is between 0 and 1"))
            }
            Policy::Calibrated { visit, coordinate }
                if !(visit > 0.0 && coordinate > 0.0 && visit.is_finite() && coordinate.is_finite()) =>
            {
                refuse(format!(
                    "{visit} seconds per row visit and {coordinate} per coordinate: both must be positive and finite"
                ))
            }
            policy => Ok(policy),
        }
    }
}

/// `threshold:τ`, `calibrated:VISIT:COORDINATE` (seconds) or `certified:ε`.
///
/// ```
/// use unlearn::hybrid::{Policy, Tolerance};
/// assert_eq!("threshold:0.25".parse(), Ok(Policy::Threshold { share: 0.25 }));
/// assert_eq!("certified:inf".parse(), Ok(Policy::Certified(Tolerance::ANY)));
/// assert!("threshold:2".parse::<Policy>().is_err() && "sometimes".parse::<Policy>().is_err());
/// ```
impl FromStr for Policy {
    type Err = Error;
    fn from_str(text: &str) -> Result<Policy> {
        let number = |t: &str| {
            t.parse::<f64>()
                .map_err(|_| Error::Invalid(format!("'{t}' in the policy '{text}' is not a number")))
        };
        let policy = match text.split(':').collect::<Vec<_>>().as_slice() {
            ["threshold", share] => Policy::Threshold { share: number(share)? },
            ["calibrated", visit, coordinate] => {
                Policy::Calibrated { visit: number(visit)?, coordinate: number(coordinate)? }
            }
            ["certified", tolerance] => Policy::Certified(tolerance.parse()?),
            _ => {
                return Err(Error::Invalid(format!(
                    "a policy of '{text}': write threshold:SHARE, calibrated:SECONDS-PER-VISIT:SECONDS-PER-COORDINATE or \
                     certified:TOLERANCE"
                )));
            }
        };
        policy.check()
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Policy::Threshold { share } => write!(f, "threshold:{share}"),
            Policy::Calibrated { visit, coordinate } => write!(f, "calibrated:{visit:e}:{coordinate:e}"),
            Policy::Certified(tolerance) => write!(f, "certified:{tolerance}"),
        }
    }
}
