//! Which parameters pruning may remove, and how many a sparsity leaves.

use super::Mask;
use crate::error::{Error, Result};
use crate::model::Model;
use std::cmp::Ordering;

/// Which parameters pruning may remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// The weights of every layer, the last one included. Biases are kept: there are few, and none of the
    /// published recipes prunes them.
    #[default]
    Weights,
    /// Weights and biases.
    All,
}

impl Scope {
    /// The prunable coordinates, increasing.
    ///
    /// ```
    /// use unlearn::{loss::Loss, mask::Scope, model::Model};
    /// let model = Model::linear(2, 1, Loss::Squared, true).unwrap();
    /// assert_eq!(Scope::Weights.coordinates(&model), [0, 1]);
    /// assert_eq!(Scope::All.coordinates(&model), [0, 1, 2]);
    /// ```
    pub fn coordinates(self, model: &Model) -> Vec<usize> {
        let everything = 0..model.parameters();
        match self {
            Scope::All => everything.collect(),
            Scope::Weights => everything.filter(|&j| model.coordinate(j).input.is_some()).collect(),
        }
    }

    /// How many of the `w` prunable parameters a sparsity keeps: `w − round(s·w)`, halves rounded away
    /// from zero, so 90 % of 25 prunes 23.
    ///
    /// ```
    /// use unlearn::{loss::Loss, mask::Scope, model::Model};
    /// let model = Model::linear(25, 1, Loss::Squared, true).unwrap();
    /// assert_eq!(Scope::Weights.kept(&model, 0.9).unwrap(), 2);
    /// assert!(Scope::Weights.kept(&model, 0.99).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a sparsity outside `[0, 1)` or one that rounds to keeping nothing.
    pub fn kept(self, model: &Model, sparsity: f64) -> Result<usize> {
        if !(0.0..1.0).contains(&sparsity) {
            return Err(Error::Invalid(format!(
                "sparsity {sparsity}: it must be at least 0 and below 1, the share of weights to prune"
            )));
        }
        let prunable = self.coordinates(model).len();
        let kept = prunable - ((sparsity * prunable as f64).round() as usize).min(prunable);
        if kept == 0 {
            return Err(Error::Invalid(format!(
                "sparsity {sparsity} prunes all {prunable} weights; {} keeps one",
                1.0 - 1.0 / prunable as f64
            )));
        }
        Ok(kept)
    }

    /// The scope and the count that describe a mask: its kept weights when it keeps every bias, otherwise
    /// everything it keeps.
    ///
    /// Panics when the mask is for another number of parameters.
    pub fn of(model: &Model, mask: &Mask) -> (Scope, usize) {
        assert_eq!(mask.parameters(), model.parameters(), "mask and model differ in their parameters");
        let biases = model.parameters() - Scope::Weights.coordinates(model).len();
        let bias = |j: &&usize| model.coordinate(**j).input.is_none();
        if mask.active().iter().filter(bias).count() == biases && mask.len() > biases {
            (Scope::Weights, mask.len() - biases)
        } else {
            (Scope::All, mask.len())
        }
    }

    /// The prunable coordinates from the one to keep longest to the one to prune first: by falling score,
    /// equal scores by rising index.
    ///
    /// `score` is asked for every prunable coordinate.
    pub fn ranking(self, model: &Model, score: impl Fn(usize) -> f64) -> Vec<usize> {
        let mut order = self.coordinates(model);
        let falling = |a: &usize, b: &usize| -> Ordering { score(*b).total_cmp(&score(*a)).then(a.cmp(b)) };
        order.sort_by(falling);
        order
    }

    /// The mask that keeps these prunable coordinates and everything outside the scope.
    ///
    /// # Errors
    /// As [`Mask::new`].
    pub fn keep(self, model: &Model, coordinates: &[usize]) -> Result<Mask> {
        let mut flags = vec![true; model.parameters()];
        self.coordinates(model).into_iter().for_each(|j| flags[j] = false);
        coordinates.iter().for_each(|&j| flags[j] = true);
        Mask::new(&flags)
    }

    /// The first `kept` coordinates of a ranking as a mask.
    ///
    /// # Errors
    /// When no path is left from the inputs to the outputs: [`Error::Invalid`] with the layer and the
    /// sparsity up to which this ranking still leaves one.
    pub(crate) fn keep_first(self, model: &Model, ranking: &[usize], kept: usize) -> Result<Mask> {
        let mask = self.keep(model, &ranking[..kept])?;
        let Some(collapse) = super::path::collapse(model, &mask) else { return Ok(mask) };
        // Masks of one ranking are nested, so a path that exists stays.
        let (mut broken, mut whole) = (kept, ranking.len());
        while whole - broken > 1 {
            let middle = broken + (whole - broken) / 2;
            match super::path::collapse(model, &self.keep(model, &ranking[..middle])?) {
                Some(_) => broken = middle,
                None => whole = middle,
            }
        }
        Err(collapse.error(kept, ranking.len(), whole))
    }
}
