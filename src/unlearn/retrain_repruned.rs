//! Retraining the whole pipeline: prune again without the forgotten rows, then retrain on that mask.
//!
//! [`super::retrain`] takes the mask as given, although magnitudes of a model that saw the forgotten rows chose it.
//! Here the dense model is trained without them from the same start, pruned by the same rule to the same number of
//! parameters, and trained again on the mask that comes out. That mask is the result's own ([`Unlearned::mask`]):
//! parameters are compared with those of other methods as vectors of all `d`, zeros at pruned places.
//!
//! The dense start is what the recorded run started from where its mask keeps it, and elsewhere what
//! [`crate::train::start::start`] draws from the seed (with the seed of the training: the same start). The rule is not
//! recorded in a mask; say which one it was. A dense model is retrained as it is.
//!
//! Guaranteed: equal to retraining when the mask comes out the same, otherwise nothing: it is the reference for
//! forgetting in the pipeline, not for forgetting on the given mask.

use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, settings};
use crate::error::Result;
use crate::mask::{Mask, Scope};
use crate::train::pipeline::{Pipeline, Recipe, Training};
use crate::train::pruning::{Pruned, Pruner};
use crate::train::start::start;
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetrainRepruned {
    /// The rule that chose the mask; by default OMP, which the paper prefers (Jia et al. 2023, arXiv 2304.04934;
    /// recalled).
    pub pruner: Pruner,
    /// Seed of the start at places that were pruned.
    pub seed: u64,
    /// Seed of rules that draw.
    pub pruner_seed: u64,
}

impl Unlearner for RetrainRepruned {
    fn name(&self) -> &'static str {
        "retrain-repruned"
    }

    /// Cost: the trainings that the rule needs (OMP: one dense training) and one on the new mask.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, mask::Mask, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::train::pruning::Pruner;
    /// use unlearn::unlearn::{Request, Trained, Unlearner, retrain_repruned::RetrainRepruned};
    /// // Orthogonal columns: the third row makes the first weight the larger one; without it the second is.
    /// let x = Design::dense(3, 2, vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0]).unwrap();
    /// let data = Dataset::new("three", x, vec![1.0, 2.0, 9.0]).unwrap();
    /// let model = Model::linear(2, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 0.5).unwrap();
    /// let pruned = problem.with_mask(Mask::new(&[true, false]).unwrap()).unwrap();
    /// let fit = minimise(&pruned.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(3, vec![2]).unwrap();
    /// let request = Request { problem: &pruned, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// let out = RetrainRepruned { pruner: Pruner::Omp, seed: 0, pruner_seed: 0 }.remove(&request).unwrap();
    /// assert_eq!(out.mask.as_ref().unwrap().active(), [1]);
    /// // ½·½(θ−2)² + ½·½θ²: θ = 1.
    /// assert!((out.embed(&pruned)[1] - 1.0).abs() < 1e-15);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let problem = request.problem;
        let begun = Instant::now();
        let dense = problem.clone().with_mask(Mask::full(problem.model().parameters()))?;
        let mut initial = start(&dense, self.seed).as_slice().to_vec();
        let recipe = match request.trained {
            Trained::Minimiser(_) => Recipe::Minimiser,
            Trained::Run { plan, trajectory, normalisation } => {
                for (&j, &v) in problem.mask().active().iter().zip(trajectory.start().iter()) {
                    initial[j] = v;
                }
                Recipe::Run { plan, normalisation }
            }
        };
        let everything = Pipeline::new(problem, initial, recipe)?;
        let pipeline = everything.without(request.forget)?;
        let Pruned { mask, mut row_visits, mut flops } = if problem.mask().is_full() {
            Pruned { mask: problem.mask().clone(), row_visits: 0.0, flops: 0.0 }
        } else {
            let (scope, kept) = Scope::of(problem.model(), problem.mask());
            self.pruner.prune_to(&pipeline, kept, scope, self.pruner_seed)?
        };
        let Training { parameters, row_visits: visits, flops: operations } = pipeline.train(&mask)?;
        row_visits += visits;
        flops += operations;
        let theta = mask.restrict(&parameters)?;
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        Ok(Unlearned { theta, guarantee: self.guarantee(request, &mask), cost, mask: Some(mask) })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("pruner", self.pruner.to_string()),
            ("seed", self.seed.to_string()),
            ("pruner-seed", self.pruner_seed.to_string()),
        ]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "pruner" => self.pruner = value.parse()?,
            "seed" => self.seed = settings::seed(name, value)?,
            "pruner-seed" => self.pruner_seed = settings::seed(name, value)?,
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}

impl RetrainRepruned {
    fn guarantee(&self, request: &Request<'_>, mask: &Mask) -> Guarantee {
        let unique = match request.trained {
            // A network's minimiser depends on where Newton's method starts.
            Trained::Minimiser(_) => request.problem.model().is_linear(),
            Trained::Run { .. } => true,
        };
        if mask == request.problem.mask() && unique {
            return Guarantee::Exact { theorem: "by definition; the mask came out the same" };
        }
        Guarantee::None {
            why: if mask == request.problem.mask() {
                "a network has many minimisers".into()
            } else {
                format!(
                    "pruning again by {} chose another mask; this is the whole pipeline without the forgotten rows",
                    self.pruner
                )
            },
        }
    }
}
