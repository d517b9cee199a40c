//! Random pruning: the control that every other rule has to beat.

use super::magnitude::check_count;
use super::{Mask, Scope};
use crate::error::Result;
use crate::model::Model;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Keeps `kept` prunable parameters drawn uniformly without replacement. Masks of one seed are nested:
/// more sparsity prunes more of the same.
///
/// ```
/// use unlearn::{loss::Loss, mask::{Scope, random::prune}, model::Model};
/// let model = Model::linear(10, 1, Loss::Squared, true).unwrap();
/// let (few, many) = (prune(&model, Scope::Weights, 3, 1).unwrap(), prune(&model, Scope::Weights, 6, 1).unwrap());
/// assert!(few.len() == 4 && many.len() == 7 && few.is_within(&many));
/// ```
///
/// # Errors
/// [`crate::error::Error::Invalid`] for a count that is out of range, or when no path is left from the
/// inputs to the outputs.
pub fn prune(model: &Model, scope: Scope, kept: usize, seed: u64) -> Result<Mask> {
    let mut order = scope.coordinates(model);
    check_count(kept, order.len())?;
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    scope.keep_first(model, &order, kept)
}
