//! From a dense model to a mask: the pruners with the training that they need.
//!
//! | pruner | looks at | training |
//! |---|---|---|
//! | `omp` | the magnitudes of the trained dense model | one dense training |
//! | `imp` | the same, in rounds of 20 % of what is left, rewound in between | one per round |
//! | `synflow` | the initial parameters only | none |
//! | `random` | nothing | none |
//!
//! OMP and IMP look at data, the forgotten rows included, so a model "retrained on its mask" still knows
//! something of them. [`Pipeline::without`] is the same pipeline without those rows; [`crate::mask::Agreement`]
//! says how much the mask changes.

use super::pipeline::{Pipeline, Rewinding, Training};
use super::start::drawn;
use crate::error::{Error, Result};
use crate::mask::{Mask, Scope, iterative, magnitude, random, synflow};
use std::fmt;
use std::str::FromStr;

/// A mask and what choosing it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Pruned {
    /// The mask.
    pub mask: Mask,
    /// Row visits of the training that the pruner needed.
    pub row_visits: f64,
    /// Their operations (see [`super::flops`]).
    pub flops: f64,
}

/// A rule that chooses a mask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pruner {
    /// One-shot global magnitude of the trained model.
    Omp,
    /// Iterative magnitude pruning.
    Imp {
        /// The share of what is left that a round prunes.
        rate: f64,
        /// Where a round starts: after this share of the steps of the first, dense run (rounded down). A
        /// minimiser does not depend on where its training starts, as far as it is unique; networks trained
        /// to a minimiser start anew.
        rewind: f64,
    },
    /// Synaptic flow.
    Synflow {
        /// Rounds.
        rounds: usize,
    },
    /// Drawn from the seed.
    Random,
}

impl Pruner {
    /// All pruners with their published settings: 20 % per round rewound to epoch 8 of 182, and 100 rounds
    /// (read in the released code of Jia et al. 2023, arXiv 2304.04934).
    pub const ALL: [Pruner; 4] = [
        Pruner::Omp,
        Pruner::Imp { rate: iterative::RATE, rewind: 8.0 / 182.0 },
        Pruner::Synflow { rounds: synflow::ROUNDS },
        Pruner::Random,
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Pruner::Omp => "omp",
            Pruner::Imp { .. } => "imp",
            Pruner::Synflow { .. } => "synflow",
            Pruner::Random => "random",
        }
    }

    /// Does the mask depend on the data, hence on rows that may have to be forgotten?
    pub fn sees_data(self) -> bool {
        matches!(self, Pruner::Omp | Pruner::Imp { .. })
    }

    /// The mask of a sparsity: the share `s` of the parameters in scope that is pruned, rounded as in
    /// [`Scope::kept`]. Only `random` and, where the pipeline starts at zero, `synflow` draw from the seed.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::{loss::Loss, mask::Scope, model::Model, objective::Problem};
    /// use unlearn::train::{pipeline::{Pipeline, Recipe}, pruning::Pruner};
    /// // Least squares on orthogonal columns: θ = (2, 0.5) with targets along the columns.
    /// let x = Design::dense(2, 2, vec![1.0, 0.0, 0.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![2.0, 0.5]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(2, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
    /// let pipeline = Pipeline::new(&problem, vec![0.0; 2], Recipe::Minimiser).unwrap();
    /// let pruned = Pruner::Omp.prune(&pipeline, 0.5, Scope::Weights, 0).unwrap();
    /// assert_eq!(pruned.mask.active(), [0]);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a sparsity or setting out of range, and when a layer collapses (the text names
    /// the layer and a sparsity that works); whatever training raises.
    pub fn prune(self, pipeline: &Pipeline<'_>, sparsity: f64, scope: Scope, seed: u64) -> Result<Pruned> {
        let kept = scope.kept(pipeline.problem().model(), sparsity)?;
        self.prune_to(pipeline, kept, scope, seed)
    }

    /// The mask that keeps exactly this many of the parameters in scope.
    ///
    /// # Errors
    /// As [`Pruner::prune`].
    pub fn prune_to(self, pipeline: &Pipeline<'_>, kept: usize, scope: Scope, seed: u64) -> Result<Pruned> {
        let model = pipeline.problem().model();
        let untrained = |mask| Pruned { mask, row_visits: 0.0, flops: 0.0 };
        match self {
            Pruner::Omp => {
                let Training { parameters, row_visits, flops } =
                    pipeline.train(&Mask::full(model.parameters()))?;
                let mask = magnitude::prune(model, &parameters, scope, kept)?;
                Ok(Pruned { mask, row_visits, flops })
            }
            Pruner::Imp { rate, rewind } => {
                let mut rewinding = Rewinding::new(pipeline, rewind)?;
                let (mut row_visits, mut flops) = (0.0, 0.0);
                let mask = iterative::prune(model, scope, kept, rate, |mask| {
                    let trained = rewinding.train(mask)?;
                    row_visits += trained.row_visits;
                    flops += trained.flops;
                    Ok(trained.parameters)
                })?;
                Ok(Pruned { mask, row_visits, flops })
            }
            Pruner::Synflow { rounds } => {
                if scope == Scope::All {
                    return Err(Error::Invalid(
                        "synflow scores weights only: biases carry no flow from the inputs and are kept"
                            .into(),
                    ));
                }
                let at_zero = pipeline.start().iter().all(|v| *v == 0.0);
                let drawn = at_zero.then(|| drawn(model, seed));
                let initial = drawn.as_deref().unwrap_or(pipeline.start());
                Ok(untrained(synflow::prune(model, initial, kept, rounds)?))
            }
            Pruner::Random => Ok(untrained(random::prune(model, scope, kept, seed)?)),
        }
    }
}

impl fmt::Display for Pruner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Pruner {
    type Err = Error;
    fn from_str(s: &str) -> Result<Pruner> {
        let names = Pruner::ALL.map(Pruner::name).join(", ");
        let found = Pruner::ALL.into_iter().find(|p| p.name() == s);
        found.ok_or_else(|| Error::Invalid(format!("unknown pruner '{s}'; choose one of {names}")))
    }
}
