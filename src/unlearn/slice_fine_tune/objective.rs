//! The objective of a shard's run on some of its slices.

use crate::bound::{Bound, residual};
use crate::constants::{Constants, Region};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::enclosed::exact;
use crate::objective::{Objective, Problem, Reduction};
use crate::sisa::schedule::ShardPlan;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::plan::{Plan, Step};
use nalgebra::DVector;

/// `F_A` of a shard without the rows that are gone.
#[derive(Debug, Clone)]
pub struct ShardObjective<'a> {
    problem: &'a Problem,
    /// With the run's weight decay for a ridge, and the perturbation of a batch mean.
    own: Problem,
    weights: Vec<f64>,
    /// One step on one batch: all rows of the slices.
    whole: Plan,
    gone: &'a RowSet,
    kept: u64,
}

impl<'a> ShardObjective<'a> {
    /// On the given slices.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the model has hidden layers (nothing is known of the distance to a minimiser then), when
    /// there is no such slice, or when none of their rows is left; as [`Problem::check_forget`].
    pub fn new(
        problem: &'a Problem,
        shard: &ShardPlan,
        slices: &[usize],
        gone: &'a RowSet,
    ) -> Result<ShardObjective<'a>> {
        if !problem.model().is_linear() {
            return Err(Error::Invalid(
                "fine-tuning to a stated residual needs a linear model: with hidden layers a small gradient says \
                 nothing about the distance to a minimiser"
                    .into(),
            ));
        }
        if let Some(s) = slices.iter().find(|&&s| s >= shard.slices.len()) {
            return Err(Error::Invalid(format!("slice {s} of a shard with {}", shard.slices.len())));
        }
        problem.check_forget(gone)?;
        let mut rows: Vec<usize> = slices.iter().flat_map(|&s| shard.slices[s].iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        let weight = 1.0 / rows.len() as f64;
        let mut weights = vec![0.0; problem.rows()];
        let mut kept = 0;
        for &i in rows.iter().filter(|i| !gone.contains(**i)) {
            weights[i] = weight;
            kept += 1;
        }
        if kept == 0 {
            return Err(Error::Invalid(
                "no row is left in the slices to fine-tune on; retrain the shard".into(),
            ));
        }
        let decay = shard.plan.weight_decay;
        let mut own = problem.clone().with_ridge(decay)?;
        if let (Some(b), Reduction::Sum) = (problem.perturbation(), problem.reduction()) {
            own = own.with_perturbation(b / problem.rows() as f64)?;
        }
        let whole = Plan::new(vec![Step { rows, eta: 1.0 }], 0.0, decay)?;
        Ok(ShardObjective { problem, own, weights, whole, gone, kept })
    }

    pub(super) fn problem(&self) -> &'a Problem {
        self.problem
    }

    /// The rows that are kept: what a gradient visits.
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// In floating point.
    pub fn objective(&self) -> Objective<'_> {
        self.own.weighted(self.weights.clone()).expect("one finite weight per row")
    }

    /// `L`, `μ` and `Q`, valid everywhere.
    pub fn constants(&self) -> Constants {
        Constants::of(&self.objective(), Region::Everywhere)
    }

    /// An enclosure of `‖∇F_A(θ)‖` in exact arithmetic.
    pub fn gradient_norm(&self, theta: &DVector<f64>) -> Interval {
        let (problem, plan, forget) = (self.problem, &self.whole, self.gone);
        let coupling = Coupling { problem, plan, forget, normalisation: Normalisation::Fixed };
        norm(&coupling.keep_enclosed(0, &exact::<Interval>(theta)))
    }

    /// At least the distance from `θ` to the minimiser.
    ///
    /// # Errors
    /// [`Error::Hypothesis`] when strong convexity is not known.
    pub fn to_minimiser(&self, theta: &DVector<f64>) -> Result<Bound> {
        residual::distance(self.gradient_norm(theta), self.constants().strong_convexity)
    }
}
