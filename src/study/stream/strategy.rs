//! Who answers a stream of requests.

use crate::error::{Error, Result};
use crate::hybrid::{Policy, Terms, Tolerance};
use crate::unlearn::slice_fine_tune::Amendment;
use std::fmt;

/// A strategy; see the table in [`super`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strategy {
    /// One model, trained from scratch for every request.
    Full,
    /// One model, updated within a tolerance or trained from scratch; infinity: always updated.
    Update(Tolerance),
    /// Shards and slices, retrained.
    Sisa,
    /// Shards and slices, updated within a tolerance or retrained.
    Hybrid(Tolerance),
    /// Shards and slices, retrained when that is a small share of a full training, otherwise updated.
    Threshold(f64),
    /// The same with updates amended: the affected slices of the shard are fine-tuned to a gradient residual.
    Amended {
        /// Up to this share of a full training it retrains.
        threshold: f64,
        /// The residual.
        residual: f64,
    },
}

impl Strategy {
    /// The strategies of a study with these tolerances, threshold and residuals of amended updates; the first is the
    /// reference.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no tolerance, one that is 0 or infinite (those are `sisa` and `update`), a threshold
    /// outside `[0, 1]`, or a residual that is not finite and above 0.
    pub fn all(tolerances: &[f64], threshold: f64, residuals: &[f64]) -> Result<Vec<Strategy>> {
        let mut within = Vec::new();
        for &t in tolerances {
            let tolerance = Tolerance::new(t)?;
            if tolerance == Tolerance::EXACT || tolerance == Tolerance::ANY {
                return Err(Error::Invalid(format!(
                    "tolerance {t}: 0 is the strategy sisa and infinity the strategy update, which are there anyway"
                )));
            }
            within.push(tolerance);
        }
        if within.is_empty() {
            return Err(Error::Invalid("name at least one tolerance".into()));
        }
        let _ = Policy::Threshold { share: threshold }.check()?;
        let mut all = vec![Strategy::Full];
        all.extend(within.iter().map(|t| Strategy::Update(*t)));
        all.extend([Strategy::Update(Tolerance::ANY), Strategy::Sisa]);
        all.extend(within.iter().map(|t| Strategy::Hybrid(*t)));
        all.push(Strategy::Threshold(threshold));
        for &residual in residuals {
            let _ = Amendment::new(residual)?;
            all.push(Strategy::Amended { threshold, residual });
        }
        Ok(all)
    }

    /// Is there one model, in one slice?
    pub fn is_single(self) -> bool {
        matches!(self, Strategy::Full | Strategy::Update(_))
    }

    /// The tolerance of a strategy that chooses shard by shard.
    pub fn hybrid(self) -> Option<Tolerance> {
        match self {
            Strategy::Hybrid(tolerance) => Some(tolerance),
            _ => None,
        }
    }

    /// Does it carry vectors?
    pub fn updates(self) -> bool {
        !matches!(self, Strategy::Full | Strategy::Sisa)
    }

    /// How it decides.
    ///
    /// Panics for an amended strategy with a residual that [`Strategy::all`] refuses.
    pub fn terms(self) -> Terms {
        match self {
            Strategy::Full | Strategy::Sisa => Policy::Certified(Tolerance::EXACT).into(),
            Strategy::Update(t) | Strategy::Hybrid(t) => Policy::Certified(t).into(),
            Strategy::Threshold(share) => Policy::Threshold { share }.into(),
            Strategy::Amended { threshold, residual } => {
                let amendment = Amendment::new(residual).expect("checked: a residual above 0");
                Policy::Threshold { share: threshold }.amended(amendment)
            }
        }
    }

    /// What every answer must be within, where the strategy promises that.
    pub fn promise(self) -> Option<Tolerance> {
        match self {
            Strategy::Full | Strategy::Sisa => Some(Tolerance::EXACT),
            Strategy::Update(t) | Strategy::Hybrid(t) => Some(t),
            Strategy::Threshold(_) | Strategy::Amended { .. } => None,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Strategy::Full => f.write_str("full"),
            Strategy::Update(Tolerance::ANY) => f.write_str("update"),
            Strategy::Update(t) => write!(f, "update:{t}"),
            Strategy::Sisa => f.write_str("sisa"),
            Strategy::Hybrid(t) => write!(f, "hybrid:{t}"),
            Strategy::Threshold(share) => write!(f, "threshold:{share}"),
            Strategy::Amended { residual, .. } => write!(f, "amended:{residual:e}"),
        }
    }
}
