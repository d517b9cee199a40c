//! Where the run of a shard ends, without running it: [`crate::bound::amended`] for one shard of an ensemble.

use crate::bound::amended::{Tail, contraction};
use crate::bound::ledger::distance;
use crate::constants::{Constants, LocalConstants, Region};
use crate::data::RowSet;
use crate::error::Result;
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::enclosed::exact;
use crate::sisa::blueprint::Blueprint;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::optimiser::Optimiser;
use crate::unlearn::slice_fine_tune::ShardObjective;
use nalgebra::DVector;
use std::collections::HashMap;

/// The run of a shard without the rows that are gone, seen from a point near the minimiser of its objective.
pub(super) struct RunEnd<'a> {
    blueprint: &'a Blueprint,
    shard: usize,
    coupling: Coupling<'a>,
    local: LocalConstants<'a>,
    /// Which of the different batches each step takes.
    batches: Vec<usize>,
    whole: ShardObjective<'a>,
    constants: Constants,
}

/// `μ` and `L` of a batch, and at least (or about) its noise.
type Seen = (f64, f64, Interval);

impl<'a> RunEnd<'a> {
    /// With `F_R`, the objective on all rows kept of the shard. `Err` says why nothing is known.
    ///
    /// # Errors
    /// As [`ShardObjective::new`].
    pub(super) fn new(
        blueprint: &'a Blueprint,
        shard: usize,
        gone: &'a RowSet,
    ) -> Result<std::result::Result<RunEnd<'a>, String>> {
        match blueprint.settings().optimiser {
            Optimiser::Sgd { momentum: 0.0 } => {}
            Optimiser::Sgd { momentum } => {
                return Ok(Err(format!(
                    "where a run with momentum {momentum} ends is not known beforehand, and there is no update with a bound"
                )));
            }
            Optimiser::Adam { .. } => return Ok(Err("where Adam ends is not known beforehand".into())),
        }
        let (problem, shard_plan) = (blueprint.problem(), blueprint.plan(shard));
        let plan = &shard_plan.plan;
        let all: Vec<usize> = (0..shard_plan.slices.len()).collect();
        let whole = ShardObjective::new(problem, shard_plan, &all, gone)?;
        let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
        let batch = |rows: &[usize]| {
            let mut rows = rows.to_vec();
            rows.sort_unstable();
            let next = known.len();
            *known.entry(rows).or_insert(next)
        };
        let batches = plan.steps.iter().map(|s| s.rows.as_slice()).map(batch).collect();
        let coupling = Coupling { problem, plan, forget: gone, normalisation: Normalisation::Fixed };
        let local = LocalConstants::new(problem, Region::Everywhere);
        let constants = whole.constants();
        Ok(Ok(RunEnd { blueprint, shard, coupling, local, batches, whole, constants }))
    }

    /// At most the distance of the end of the exact run from `θ`, which is within `delta` of the minimiser; infinity as soon as it is
    /// known to be above `limit`.
    pub(super) fn distance(&self, theta: &DVector<f64>, delta: Interval, limit: f64) -> f64 {
        let at = exact::<Interval>(theta);
        let noise =
            |k: usize, l: f64| norm(&self.coupling.keep_enclosed(k, &at)) + Interval::point(l) * delta;
        match self.tail((Interval::point(limit) - delta).hi(), noise) {
            Some(tail) => {
                let start = distance(&self.blueprint.start(self.shard).theta, theta) + delta;
                (delta + tail.of(start)).hi()
            }
            None => f64::INFINITY,
        }
    }

    /// About that distance for the minimiser itself, guessed from a `θ` near it: not a bound. What `∇g_k − ∇F_R` makes of the way
    /// to the minimiser is left out.
    pub(super) fn forecast(&self, theta: &DVector<f64>, limit: f64) -> f64 {
        let mean = self.whole.objective().gradient(theta);
        let noise = |k: usize, _| Interval::point((self.coupling.keep(k, theta) - &mean).norm());
        match self.tail(limit, noise) {
            Some(tail) => tail.of(distance(&self.blueprint.start(self.shard).theta, theta)).mid(),
            None => f64::INFINITY,
        }
    }

    /// What all steps make of a distance at the start; `None` when their noise alone is above `limit`.
    fn tail(&self, limit: f64, noise: impl Fn(usize, f64) -> Interval) -> Option<Tail> {
        let mut seen: Vec<Option<Seen>> = vec![None; self.batches.len()];
        let mut tail = Tail::NONE;
        for (k, step) in self.coupling.plan.steps.iter().enumerate().rev() {
            let (mu, l, noise) = *seen[self.batches[k]].get_or_insert_with(|| self.see(k, &noise));
            let eta = Interval::point(step.eta);
            // Only upper ends matter.
            tail.before(eta, Interval::point(contraction(eta, mu, l).hi()), Interval::point(noise.hi()));
            if tail.noise().lo() > limit {
                return None;
            }
        }
        Some(tail)
    }

    fn see(&self, k: usize, noise: impl Fn(usize, f64) -> Interval) -> Seen {
        let plan = self.blueprint.plan(self.shard);
        let batch = plan.plan.steps[k].rows.len();
        let stage = plan.stages.partition_point(|&end| end <= k);
        let rows = |stage: usize| plan.slices[..=stage].iter().map(Vec::len).sum::<usize>();
        if batch == rows(plan.slices.len() - 1) {
            // All rows of the shard, each once: the gradient of F_R itself.
            return (self.constants.strong_convexity, self.constants.smoothness, Interval::ZERO);
        }
        let sums = self.coupling.constants(k, &self.local);
        let (mut mu, mut l) = (sums.keep_strong, sums.keep_lipschitz);
        if batch == rows(stage) {
            // Eigenvalues, once per stage: by sums over rows its steps may seem not to contract. Where none of its rows is left
            // the sums are sharp.
            let seen: Vec<usize> = (0..=stage).collect();
            let (problem, gone) = (self.coupling.problem, self.coupling.forget);
            if let Ok(sharp) = ShardObjective::new(problem, plan, &seen, gone).map(|f| f.constants()) {
                (mu, l) = (mu.max(sharp.strong_convexity), l.min(sharp.smoothness));
            }
        }
        (mu, l, noise(k, l))
    }
}
