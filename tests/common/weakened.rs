//! A checker that accepts everything proves nothing: a claim's own campaign with another check, which must refute.

use unlearn::claim::{self, Case, Claim, Outcome, Verdict};
use unlearn::error::Result;
use unlearn::verify::campaign;

const CASES: usize = 48;

/// The claim's own domain and campaign, with another check.
pub(crate) fn verdict(id: &str, check: fn(&Case) -> Result<Outcome>) -> Verdict {
    let claim = claim::all().into_iter().find(|c| c.id == id).expect("the claim is registered");
    campaign::on_generated(&Claim { check, directed: Vec::new, ..claim }, CASES, 11, || {}).verdict
}

/// `refuted!("claim": check, …)`: each check must be refuted.
macro_rules! refuted {
    ($id:literal: $($check:expr),+ $(,)?) => {
        $(assert_eq!(
            $crate::weakening::verdict($id, $check),
            unlearn::claim::Verdict::Refuted,
            "{}: {}",
            $id,
            stringify!($check)
        );)+
    };
}
