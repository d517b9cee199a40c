//! Iterative magnitude pruning (IMP): train, prune a share of what is left, rewind, and again.
//!
//! Frankle, Carbin 2019 (arXiv 1803.03635); rewinding to an early point of training instead of its start:
//! Frankle et al. 2020 (arXiv 1912.05671). Both recalled; 20 % per round as read in the released code of Jia
//! et al. 2023 (arXiv 2304.04934).

use super::magnitude::check_count;
use super::{Mask, Scope, path};
use crate::error::{Error, Result};
use crate::model::Model;

/// The share of the remaining weights that a round prunes.
pub const RATE: f64 = 0.2;

/// How many of `prunable` parameters are kept after each round: `c ← c − round(rate·c)`, at least one
/// pruned per round, and never below `kept`, which the last round meets exactly.
///
/// ```
/// use unlearn::mask::iterative::counts;
/// assert_eq!(counts(125, 64, 0.2), [100, 80, 64]);      // 125·0.8³
/// assert_eq!(counts(125, 70, 0.2), [100, 80, 70]);
/// assert!(counts(7, 7, 0.2).is_empty());
/// ```
pub fn counts(prunable: usize, kept: usize, rate: f64) -> Vec<usize> {
    let mut rounds = Vec::new();
    let mut count = prunable;
    while count > kept {
        let pruned = ((rate * count as f64).round() as usize).max(1);
        count = count.saturating_sub(pruned).max(kept);
        rounds.push(count);
    }
    rounds
}

/// Prunes in rounds. `train` trains the model under a mask, from the rewound parameters, and returns all
/// `d` trained parameters; the first call gets the full mask.
///
/// # Errors
/// [`Error::Invalid`] for a rate outside `(0, 1)` or a count that is out of range, or when a round leaves
/// no path from the inputs to the outputs (the rounds before it are what still works); whatever `train`
/// raises.
pub fn prune(
    model: &Model,
    scope: Scope,
    kept: usize,
    rate: f64,
    mut train: impl FnMut(&Mask) -> Result<Vec<f64>>,
) -> Result<Mask> {
    let prunable = scope.coordinates(model).len();
    check_count(kept, prunable)?;
    if !(rate > 0.0 && rate < 1.0) {
        return Err(Error::Invalid(format!(
            "rate {rate}: a round must prune a share between 0 and 1 of what is left"
        )));
    }
    let mut mask = Mask::full(model.parameters());
    let mut before = prunable;
    for count in counts(prunable, kept, rate) {
        let trained = train(&mask)?;
        Error::check_shape("trained parameters", model.parameters(), trained.len())?;
        let flags = mask.flags();
        // What is pruned already ranks last, also behind a trained zero.
        let ranking = scope.ranking(model, |j| if flags[j] { trained[j].abs() } else { -1.0 });
        mask = scope.keep(model, &ranking[..count])?;
        if let Some(collapse) = path::collapse(model, &mask) {
            // The same rounds up to here reach the count before exactly.
            return Err(collapse.error(kept, prunable, before));
        }
        before = count;
    }
    Ok(mask)
}
