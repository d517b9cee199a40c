//! What resuming, updating and healing lead to, against training from scratch.

use super::super::{Case, Outcome};
use super::sharded::{Sharded, applicable, differing, none, optimisers, same};
use crate::data::RowSet;
use crate::error::Result;
use crate::sisa::checkpoint::Memory;
use crate::sisa::ensemble::{Ensemble, Update};
use crate::train::optimiser::{Optimiser, State, advance};
use crate::train::plan::{Plan, Step};
use nalgebra::DVector;

/// How requests are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// All rows in one request.
    AtOnce,
    /// Row by row.
    Forwards,
    /// Row by row, the last first.
    Backwards,
}

impl Order {
    fn requests(self, forget: &RowSet) -> Result<Vec<RowSet>> {
        let each = forget.rows().iter().map(|&i| RowSet::new(forget.total(), vec![i]));
        match self {
            Order::AtOnce => Ok(vec![forget.clone()]),
            Order::Forwards => each.collect(),
            Order::Backwards => each.rev().collect(),
        }
    }
}

/// Are the models that an ensemble says it has, once it forgot, those of training from scratch? `read` is what is taken for
/// its models.
///
/// # Errors
/// Those of training, except overflow.
pub fn forgotten(case: &Case, order: Order, read: fn(&Ensemble) -> Vec<DVector<f64>>) -> Result<Outcome> {
    applicable((|| {
        let mut count = 0;
        for optimiser in optimisers(case) {
            let sharded = Sharded::new(case, optimiser, 2, 3)?;
            let mut store = Memory::default();
            let mut ensemble = sharded.train(&mut store)?;
            for request in order.requests(&sharded.forget)? {
                let (before, hit) = (ensemble.models().to_vec(), ensemble.hit(&request)?);
                ensemble.forget(&request, &mut store)?;
                for k in (0..before.len()).filter(|k| !hit.contains(k)) {
                    count += differing(&before[k..=k], &ensemble.models()[k..=k]);
                }
            }
            count += differing(&read(&ensemble), &sharded.scratch(&sharded.forget)?);
        }
        Ok(none(count))
    })())
}

/// Are the row visits of forgetting those predicted? `change` is applied to each prediction.
///
/// # Errors
/// Those of training, except overflow.
pub fn visited(case: &Case, change: fn(u64) -> u64) -> Result<Outcome> {
    applicable((|| {
        let sharded = Sharded::new(case, optimisers(case)[0], 2, 3)?;
        let mut store = Memory::default();
        let mut ensemble = sharded.train(&mut store)?;
        let mut off = 0;
        for request in Order::Forwards.requests(&sharded.forget)? {
            let predicted = change(ensemble.workload(&request)?.visits);
            off += ensemble.forget(&request, &mut store)?.visits.abs_diff(predicted);
        }
        Ok(none(off))
    })())
}

/// The first half of the rows answered by an update, the rest by retraining; what is left then healed, or not.
///
/// # Errors
/// Those of training, except overflow.
pub fn healed(case: &Case, heal: bool) -> Result<Outcome> {
    applicable((|| {
        let mut count = 0;
        for optimiser in optimisers(case) {
            let sharded = Sharded::new(case, optimiser, 2, 3)?;
            let mut store = Memory::default();
            let mut ensemble = sharded.train(&mut store)?;
            let requests = Order::Forwards.requests(&sharded.forget)?;
            let (updated, retrained) = requests.split_at(requests.len().div_ceil(2));
            for request in updated {
                let change = |&shard: &usize| Update {
                    shard,
                    theta: ensemble.models()[shard].map(|v| v + 1.0),
                    bound: None,
                };
                let updates = ensemble.hit(request)?.iter().map(change).collect();
                ensemble.record_update(request, updates, &mut store)?;
            }
            for request in retrained {
                ensemble.forget(request, &mut store)?;
            }
            if heal {
                ensemble.heal(&mut store)?;
            }
            count += differing(ensemble.models(), &sharded.scratch(&sharded.forget)?);
        }
        Ok(none(count))
    })())
}

/// Is going on `late` stages after the first slice hit, from the checkpoint there, training from scratch?
///
/// # Errors
/// Those of training, except overflow.
pub fn resumed(case: &Case, late: usize) -> Result<Outcome> {
    applicable((|| {
        let sharded = Sharded::new(case, optimisers(case)[0], 1, 2)?;
        let first = sharded.blueprint.partition().first_hit(&sharded.forget)?[0].expect("the shard is hit");
        let stage = (first + late).min(sharded.blueprint.plan(0).stages.len());
        let state = match stage {
            0 => sharded.blueprint.start(0).clone(),
            _ => sharded.state(stage - 1)?,
        };
        let theta = sharded.go_on(state, stage, &sharded.forget)?;
        Ok(same(&theta, &sharded.scratch(&sharded.forget)?[0]))
    })())
}

/// Is going on from the first checkpoint, with the state of the optimiser or (`lost`) without, training from scratch? Only
/// rows of the second slice are forgotten.
///
/// # Errors
/// Those of training, except overflow.
pub fn stateless(case: &Case, lost: bool) -> Result<Outcome> {
    applicable((|| {
        let sharded = Sharded::new(case, Optimiser::ADAM, 1, 2)?;
        let Some(forget) = sharded.in_slice(1) else {
            return Ok(Outcome::NotApplicable("no forgotten row is in the second slice".into()));
        };
        let mut state = sharded.state(0)?;
        if lost {
            state = State { step: state.step, ..State::start(state.theta, Optimiser::ADAM) };
        }
        Ok(same(&sharded.go_on(state, 1, &forget)?, &sharded.scratch(&forget)?[0]))
    })())
}

/// Do new batches of the rows kept train to what the original ones without the forgotten rows train to?
///
/// # Errors
/// Those of training, except overflow.
pub fn repacked(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let optimiser = optimisers(case)[0];
        let sharded = Sharded::new(case, optimiser, 1, 1)?;
        let (plan, batch) = (&sharded.blueprint.plan(0).plan, sharded.blueprint.settings().batch);
        let kept: Vec<usize> = plan
            .steps
            .iter()
            .flat_map(|s| s.rows.iter().copied())
            .filter(|&i| !sharded.forget.contains(i))
            .collect();
        let eta = plan.steps[0].eta;
        let steps = kept.chunks(batch).map(|rows| Step { rows: rows.to_vec(), eta }).collect();
        let packed = Plan::new(steps, plan.momentum, plan.weight_decay)?;
        let start = sharded.blueprint.start(0).clone();
        let (end, _) = advance(&case.problem, &packed, optimiser, None, start, 0..packed.len())?;
        Ok(same(&end.theta, &sharded.scratch(&sharded.forget)?[0]))
    })())
}

/// The rows of the first slice were answered by an update; those of the second resume from the checkpoint before it.
///
/// # Errors
/// Those of training, except overflow.
pub fn stale(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let sharded = Sharded::new(case, optimisers(case)[0], 1, 2)?;
        if sharded.in_slice(0).is_none() || sharded.in_slice(1).is_none() {
            return Ok(Outcome::NotApplicable("the forgotten rows are in one slice".into()));
        }
        let theta = sharded.go_on(sharded.state(0)?, 1, &sharded.forget)?;
        Ok(same(&theta, &sharded.scratch(&sharded.forget)?[0]))
    })())
}
