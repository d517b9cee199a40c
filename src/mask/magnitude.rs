//! One-shot magnitude pruning (OMP): keep the largest parameters of a trained model, over all layers.

use super::{Mask, Scope};
use crate::error::{Error, Result};
use crate::model::Model;

impl Mask {
    /// Keeps the `k` parameters of largest magnitude, biases like weights (ties keep the lower index).
    ///
    /// ```
    /// use unlearn::mask::Mask;
    /// let m = Mask::magnitude(&[0.1, -3.0, 2.0], 2).unwrap();
    /// assert_eq!(m.active(), [1, 2]);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when `k` is 0 or exceeds the number of parameters.
    pub fn magnitude(parameters: &[f64], k: usize) -> Result<Mask> {
        if k == 0 || k > parameters.len() {
            return Err(Error::Invalid(format!("keep {k} of {} parameters: out of range", parameters.len())));
        }
        let mut order: Vec<usize> = (0..parameters.len()).collect();
        order.sort_by(|&a, &b| parameters[b].abs().total_cmp(&parameters[a].abs()).then(a.cmp(&b)));
        let mut active = order[..k].to_vec();
        active.sort_unstable();
        Ok(Mask { parameters: parameters.len(), active })
    }
}

/// Keeps the `kept` prunable parameters of largest magnitude in the `d` trained parameters, over all
/// layers at once; equal magnitudes keep the lower index.
///
/// ```
/// use unlearn::{loss::Loss, mask::{Scope, magnitude::prune}, model::Model};
/// let model = Model::linear(3, 1, Loss::Squared, true).unwrap();
/// // Two weights of equal size: the first is kept; the bias is not asked.
/// let mask = prune(&model, &[0.5, -2.0, -0.5, 0.0], Scope::Weights, 2).unwrap();
/// assert_eq!(mask.active(), [0, 1, 3]);
/// ```
///
/// # Errors
/// [`Error::Shape`] for another number of parameters, [`Error::Invalid`] for a count that is out of range,
/// or when no path is left from the inputs to the outputs.
pub fn prune(model: &Model, parameters: &[f64], scope: Scope, kept: usize) -> Result<Mask> {
    Error::check_shape("parameters", model.parameters(), parameters.len())?;
    let ranking = scope.ranking(model, |j| parameters[j].abs());
    check_count(kept, ranking.len())?;
    scope.keep_first(model, &ranking, kept)
}

pub(super) fn check_count(kept: usize, prunable: usize) -> Result<()> {
    if kept == 0 || kept > prunable {
        return Err(Error::Invalid(format!("keep {kept} of {prunable} prunable parameters: out of range")));
    }
    Ok(())
}
