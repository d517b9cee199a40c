//! Who answers a stream of requests to minimisers.

use crate::error::{Error, Result};
use crate::hybrid::Tolerance;
use std::fmt;

/// A strategy; see the table in [`super`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strategy {
    /// One model, retrained from 0.
    Full,
    /// One model, served within a tolerance.
    Update(Tolerance),
    /// One model, one Newton step per request.
    Step,
    /// Shards retrained from 0.
    Sisa,
    /// Shards retrained from their last minimisers.
    Warm,
    /// Shards served within a tolerance.
    Hybrid(Tolerance),
}

impl Strategy {
    /// The strategies of a study with these tolerances.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no tolerance, or one that is 0 or infinite.
    pub fn all(tolerances: &[f64]) -> Result<Vec<Strategy>> {
        let mut within = Vec::new();
        for &t in tolerances {
            let tolerance = Tolerance::new(t)?;
            if [Tolerance::EXACT, Tolerance::ANY].contains(&tolerance) {
                return Err(Error::Invalid(format!(
                    "tolerance {t}: 0 is the strategy sisa and infinity would do nothing at all; name finite ones above 0"
                )));
            }
            if !within.contains(&tolerance) {
                within.push(tolerance);
            }
        }
        if within.is_empty() {
            return Err(Error::Invalid("name at least one tolerance".into()));
        }
        let mut all = vec![Strategy::Full];
        all.extend(within.iter().map(|t| Strategy::Update(*t)));
        all.extend([Strategy::Step, Strategy::Sisa, Strategy::Warm]);
        all.extend(within.iter().map(|t| Strategy::Hybrid(*t)));
        Ok(all)
    }

    /// Is there one model?
    pub fn is_single(self) -> bool {
        matches!(self, Strategy::Full | Strategy::Update(_) | Strategy::Step)
    }

    /// What every answer that was not retrained must be certified to be within; `None` where nothing is promised.
    pub fn promise(self) -> Option<Tolerance> {
        match self {
            Strategy::Full | Strategy::Sisa | Strategy::Warm => Some(Tolerance::EXACT),
            Strategy::Update(t) | Strategy::Hybrid(t) => Some(t),
            Strategy::Step => None,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Strategy::Full => f.write_str("full"),
            Strategy::Update(t) => write!(f, "update:{t}"),
            Strategy::Step => f.write_str("update"),
            Strategy::Sisa => f.write_str("sisa"),
            Strategy::Warm => f.write_str("sisa:warm"),
            Strategy::Hybrid(t) => write!(f, "hybrid:{t}"),
        }
    }
}
