//! Amending a shard: fine-tuned on its affected slices, with the distance from the retrained shard.
//!
//! The retrained shard `θ′` is its run without the rows that are gone, and two theorems say how far an amended one, `θ`, is
//! from it; the smaller bound counts.
//!
//! - *The way.* From the update `θ_u` that the carried vectors give, with its bound `B_u`: `‖θ − θ′‖ ≤ B_u + ‖θ − θ_u‖`. It
//!   grows with the rows deleted, and never falls below `B_u`.
//! - *The end of the run.* By [`crate::bound::amended`], with `F = F_R`, the objective on the rows kept in the whole shard:
//!   `δ = ‖∇F_R(θ)‖/μ_R`, what its steps leave of the distance of its start, and the noise of its batches. It
//!   does not depend on how many rows were deleted, but on the steps of the last stage; batches that do not hold
//!   the whole shard make it large, and so does an amendment that leaves slices out (`δ`). For gradient descent
//!   without momentum.
//!
//! Everything is computed when the request is planned: only the amended shard itself tells its bound. Where there is a
//! limit (what retraining visits) fine-tuning stops there, so that planning never takes more than that in vain, and a
//! comparison of the two is one of counted visits, not of guesses. Where a bound is asked for that the run's own noise and
//! length do not allow, by a forecast from the update, it is not begun.

use super::moves::{Amending, NoAmendment};
use super::run_end::RunEnd;
use super::shard::Log;
use super::tolerance::Tolerance;
use crate::bound::amended::{MOVED, THEOREM};
use crate::bound::ledger::{Reference, distance};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::sisa::blueprint::Blueprint;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::optimiser::Optimiser;
use crate::unlearn::addback::{addback, drop_visits};
use crate::unlearn::slice_fine_tune::{Amendment, Ended, Scope, ShardObjective, Start, tune};
use nalgebra::DVector;

/// An amendment is not begun when its bound is forecast to be this many times what is asked for: forecasts are not that far
/// off where they matter, and one that is only makes the answer dearer.
const FORECAST: f64 = 2.0;

/// An amended shard that could be taken.
#[derive(Clone)]
pub(super) struct Amended {
    pub(super) theta: DVector<f64>,
    pub(super) estimate: Amending,
}

/// What is asked of an amendment.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub(super) amendment: Amendment,
    /// Row visits that it must stay below.
    pub(super) limit: Option<u64>,
    /// The bound without which it is of no use.
    pub(super) within: Option<Tolerance>,
}

/// Where fine-tuning starts, and what it took to get there.
struct From {
    theta: DVector<f64>,
    coordinates: u64,
    visits: u64,
}

impl Log {
    /// The shard without all rows that are gone, amended as wished; or why not.
    pub(super) fn amend(
        &self,
        blueprint: &Blueprint,
        shard: usize,
        gone: &RowSet,
        wish: Wish,
    ) -> Result<std::result::Result<Amended, NoAmendment>> {
        let rows = RowSet::new(gone.total(), self.since_exact(blueprint, shard, gone))?;
        if let Some(known) = self.amended_before(&rows, wish.amendment)
            && wish.limit.is_none_or(|most| known.estimate.visits < most)
        {
            return Ok(Ok(known));
        }
        // Whatever is missing, retraining may still be possible.
        let refuse = |why: Error| NoAmendment { why: why.to_string(), visits: 0, dearer: false };
        Ok(match self.amend_anew(blueprint, shard, (gone, &rows), wish) {
            Ok(Ok(made)) => {
                self.remember(&rows, wish.amendment, &made);
                Ok(made)
            }
            Ok(Err(visits)) => Err(NoAmendment {
                why: format!("stopped after {visits} row visits: it takes as many as retraining, or more"),
                visits,
                dearer: true,
            }),
            Err(why) => Err(refuse(why)),
        })
    }

    /// `Err(visits)` when it was stopped.
    fn amend_anew(
        &self,
        blueprint: &Blueprint,
        shard: usize,
        (gone, rows): (&RowSet, &RowSet),
        Wish { amendment, limit, within }: Wish,
    ) -> Result<std::result::Result<Amended, u64>> {
        let (problem, plan) = (blueprint.problem(), blueprint.plan(shard));
        let hit: Vec<bool> =
            plan.slices.iter().map(|slice| slice.iter().any(|i| rows.contains(*i))).collect();
        let slices = amendment.scope.slices(&hit);
        let objective = ShardObjective::new(problem, plan, &slices, gone)?;
        // Before anything is computed: a gradient alone may be too much.
        if limit.is_some_and(|most| objective.kept() >= most) {
            return Ok(Err(0));
        }
        let update = self.offer(blueprint, shard, gone)?;
        let end = RunEnd::new(blueprint, shard, gone)?;
        if let (Some(within), Ok(offer), Ok(end)) = (within, &update, &end) {
            let most = FORECAST * within.distance();
            let found = end.forecast(&offer.theta, most);
            if found > most {
                return Err(Error::Invalid(format!(
                    "not begun: by forecast the run itself ends more than {most:.1e} from the minimiser, which no residual \
                     changes (batches that do not hold the whole shard, or a short last stage)"
                )));
            }
        }
        let from = match (amendment.start, &update) {
            (Start::Carried, Ok(offer)) => {
                From { theta: offer.theta.clone(), coordinates: offer.estimate.coordinates, visits: 0 }
            }
            (Start::Carried, Err(why)) => {
                return Err(Error::Invalid(format!("it is to start from carried vectors: {why}")));
            }
            (Start::Subtracted, _) => self.subtracted(blueprint, shard, rows)?,
            (Start::Nothing, _) => {
                From { theta: self.base_model(blueprint, shard)?, coordinates: 0, visits: 0 }
            }
        };
        let left = match limit {
            Some(most) if from.visits >= most => return Ok(Err(from.visits)),
            limit => limit.map(|most| most - from.visits),
        };
        let done = match tune(&objective, from.theta, amendment.residual, amendment.method, left)? {
            Ended::Tuned(done) => done,
            Ended::Dearer { visits } => return Ok(Err(from.visits + visits)),
        };
        let all: Vec<usize> = (0..plan.slices.len()).collect();
        let whole = ShardObjective::new(problem, plan, &all, gone)?;
        let to_shard_minimiser = whole.to_minimiser(&done.theta)?;
        let way = update.ok().and_then(|offer| {
            let moved = distance(&done.theta, &offer.theta);
            Some((Interval::point(offer.estimate.bound?) + moved).hi())
        });
        let delta = to_shard_minimiser.value;
        let end = end.map(|end| end.distance(&done.theta, delta, way.unwrap_or(f64::INFINITY)));
        let (bound, because) = match (way, end) {
            (Some(way), Ok(end)) if way <= end => (Some(way), MOVED.to_owned()),
            (Some(way), Err(_)) => (Some(way), MOVED.to_owned()),
            (_, Ok(end)) => (Some(end), THEOREM.to_owned()),
            (None, Err(why)) => (None, why),
        };
        let estimate = Amending {
            slices: slices.len(),
            steps: done.steps,
            predicted: from.visits + done.predicted,
            visits: from.visits + done.visits(),
            coordinates: from.coordinates,
            residual: done.residual.hi(),
            to_minimiser: done.to_minimiser.value.hi(),
            to_shard_minimiser: delta.hi(),
            bound: bound.filter(|b| b.is_finite()),
            because: match (amendment.scope, because) {
                (Scope::All, because) => because,
                (_, because) if slices.len() == plan.slices.len() => because,
                (_, because) => format!(
                    "{because}; {} of {} slices are left out, whose minimiser is another",
                    plan.slices.len() - slices.len(),
                    plan.slices.len()
                ),
            },
        };
        Ok(Ok(Amended { theta: done.theta, estimate }))
    }

    /// With what the rows contributed to the last exact run subtracted.
    fn subtracted(&self, blueprint: &Blueprint, shard: usize, rows: &RowSet) -> Result<From> {
        if !matches!(blueprint.settings().optimiser, Optimiser::Sgd { .. }) {
            return Err(Error::Invalid(
                "contributions are subtracted from gradient descent; this ensemble is trained by Adam".into(),
            ));
        }
        let run = self.base_run(blueprint, shard)?;
        let (problem, plan) = (blueprint.problem(), &blueprint.plan(shard).plan);
        // With fixed divisors what a row contributed does not depend on the rows that the run was without.
        let coupling = Coupling::new(problem, plan, rows, Normalisation::Fixed)?;
        let theta = addback(&coupling, &run, Reference::Recorded);
        Ok(From { theta, coordinates: 0, visits: drop_visits(&coupling) as u64 })
    }
}
