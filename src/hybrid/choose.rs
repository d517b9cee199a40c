//! The rule: the cheapest branch whose error is certified, or forecast, to be within the tolerance.
//!
//! Tolerance 0 retrains, and an infinite one takes the cheapest branch of all.

use super::branch::Branch;
use super::estimate::Estimate;
use super::tolerance::Tolerance;

/// What is to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its place among the estimates.
    pub index: usize,
    /// Is its error certified beforehand, or only forecast?
    pub certain: bool,
    /// In words.
    pub why: String,
}

/// Chooses among branches in the order of their cost, of which the last resort is retraining.
///
/// Panics when retraining is not among them.
pub fn choose(estimates: &[Estimate], tolerance: Tolerance) -> Choice {
    let retrain = estimates.iter().position(|e| e.branch == Branch::Retrain);
    let retrain = retrain.expect("retraining is always an option");
    if tolerance == Tolerance::EXACT {
        let why = "tolerance 0: only retraining gives the retrained model itself".into();
        return Choice { index: retrain, certain: true, why };
    }
    if tolerance == Tolerance::ANY {
        let why = "any distance is allowed: the cheapest branch".into();
        return Choice { index: 0, certain: true, why };
    }
    let within = |e: &Estimate| {
        // Exact arithmetic bounds Newton's step and ridge deletion; rounding must leave room too.
        let certain = e.bound.is_some_and(|b| tolerance.holds(b));
        let expected = e.forecast.is_some_and(|f| tolerance.holds(f));
        (certain && (expected || e.forecast.is_none()), expected)
    };
    for (index, e) in estimates.iter().enumerate() {
        if e.branch == Branch::Retrain {
            continue;
        }
        // Past retraining, an update has nothing to offer.
        if index > retrain {
            break;
        }
        match within(e) {
            (true, _) => {
                let why = "the cheapest branch whose error is certified to be within the tolerance".into();
                return Choice { index, certain: true, why };
            }
            (_, true) => {
                let why = "the cheapest branch whose certificate is forecast to be within the tolerance; no theorem says \
                           so beforehand, so the certificate of the result decides, and the next dearer branch follows if \
                           it fails"
                    .into();
                return Choice { index, certain: false, why };
            }
            _ => {}
        }
    }
    let why = "no cheaper branch is certified or forecast to end within the tolerance".into();
    Choice { index: retrain, certain: true, why }
}
