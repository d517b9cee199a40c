//! What is said of sparsity and unlearning, tested over the seeds of a study.
//!
//! A claim is a family of statements "the left side lies above the right side", each with one pair per seed. It is
//! tested by the exact sign-flip test, one-sided, with Holm's correction over the family, and comes out as
//! supported, contradicted (the opposite is significant) or undecided. Statements of several parts, "better than
//! every other", need all their parts.
//!
//! Seeds stand for new splits, starts and orders on *one* data set and one model: a verdict generalises over those
//! and over nothing else. Gaps are between two random models; the gap of a perfect method is that of
//! `retrain-uncoupled`, not 0.
//!
//! | claim | left | right |
//! |---|---|---|
//! | `gap-closes` | \|gap to Retrain\|, dense | the same, sparse |
//! | `reference-moves` | accuracy of Retrain, dense | the same, sparse |
//! | `fine-tune-gains-most` | fall of the mean of \|gap\| of fine-tuning | that of every other method |
//! | `decreasing-schedule-best` | mean of \|gap\| of ℓ1-sparse, γ constant; growing | γ decreasing |
//! | `mask-depends-less-than-imp` | agreement of a pruner's masks with and without the forgotten rows | that of IMP |
//! | `trojan-success-falls` | success of the Trojan after unlearning, dense | the same, sparse |
//! | `error-falls`, `bound-falls` | distance from exact retraining; its bound; dense | the same, sparse |
//!
//! | file | what |
//! |---|---|
//! | [`permutation`], [`holm`] | the test and the correction |
//! | [`finding`] | from pairs to verdicts |
//! | [`claims`] | which pairs |
//! | [`text`] | verdicts as tables |

pub mod claims;
pub mod finding;
pub mod holm;
pub mod permutation;
pub mod text;

use super::config::Config;
use super::record::Record;
pub use finding::{Finding, Verdict};

/// Every claim that the records of a study can speak about, tested; drawn where drawing is needed from the study's
/// seed.
pub fn findings(config: &Config, records: &[Record]) -> Vec<Finding> {
    claims::claims(config, records).iter().flat_map(|claim| claim.findings(config.seed)).collect()
}
