//! On which terms a request is answered: who decides between retraining and updating, and whether updates are amended.

use super::policy::Policy;
use crate::error::{Error, Result};
use crate::unlearn::slice_fine_tune::Amendment;
use std::fmt;
use std::str::FromStr;

/// What separates the two when they are written in one line.
const AMEND: &str = " amend:";

/// A policy, and how updates are amended if they are.
///
/// A [`Policy`] alone is terms without amendment, so that what takes terms takes a policy. Written `POLICY` or
/// `POLICY amend:RESIDUAL:SCOPE:METHOD:START`.
///
/// ```
/// use unlearn::hybrid::{Policy, Terms, Tolerance};
/// use unlearn::unlearn::slice_fine_tune::Amendment;
/// let plain: Terms = Policy::Certified(Tolerance::ANY).into();
/// let amended = Policy::Threshold { share: 0.5 }.amended(Amendment::new(1e-6).unwrap());
/// assert!(plain.amendment.is_none() && plain.to_string() == "certified:inf");
/// assert_eq!(amended.to_string(), "threshold:0.5 amend:1e-6:affected:newton:carried");
/// assert_eq!(amended.to_string().parse(), Ok(amended));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Who decides.
    pub policy: Policy,
    /// How updates are amended; `None`: they are not.
    ///
    /// [`Policy::Threshold`] and [`Policy::Calibrated`] then amend every shard that they would update;
    /// [`Policy::Certified`] amends a shard that an update alone does not bring within the tolerance, where that takes
    /// fewer row visits than retraining.
    pub amendment: Option<Amendment>,
}

impl Terms {
    /// Checks the domains.
    ///
    /// # Errors
    /// As [`Policy::check`] and [`Amendment::check`].
    pub fn check(self) -> Result<Terms> {
        Ok(Terms {
            policy: self.policy.check()?,
            amendment: self.amendment.map(Amendment::check).transpose()?,
        })
    }
}

impl Policy {
    /// This policy with updates amended.
    pub fn amended(self, amendment: Amendment) -> Terms {
        Terms { policy: self, amendment: Some(amendment) }
    }
}

impl From<Policy> for Terms {
    fn from(policy: Policy) -> Terms {
        Terms { policy, amendment: None }
    }
}

impl FromStr for Terms {
    type Err = Error;
    fn from_str(text: &str) -> Result<Terms> {
        let Some((policy, amendment)) = text.split_once(AMEND) else {
            return text.parse().map(|policy: Policy| policy.into());
        };
        Ok(policy.parse::<Policy>()?.amended(amendment.parse()?))
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.amendment {
            Some(amendment) => write!(f, "{}{AMEND}{amendment}", self.policy),
            None => write!(f, "{}", self.policy),
        }
    }
}
