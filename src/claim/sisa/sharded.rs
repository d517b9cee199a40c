//! Ensembles made from a case, and evidence about their models.

use super::super::case::SMALLEST_SIZE;
use super::super::{Case, Evidence, Outcome};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::sisa::blueprint::{Blueprint, Settings};
use crate::sisa::checkpoint::{Memory, Store};
use crate::sisa::ensemble::Ensemble;
use crate::sisa::partition::Partition;
use crate::sisa::schedule::Epochs;
use crate::train::optimiser::{Optimiser, State, advance};
use crate::train::plan::Schedule;
use nalgebra::DVector;

/// Most rows of a case that are used.
const MOST_ROWS: usize = 24;

/// An ensemble made from a case, and the rows of its forget set that are in it.
pub(in crate::claim) struct Sharded {
    pub(in crate::claim) blueprint: Blueprint,
    pub(in crate::claim) forget: RowSet,
}

impl Sharded {
    /// Shards of consecutive rows, slices of consecutive rows; fewer of either where rows are few.
    pub(in crate::claim) fn new(
        case: &Case,
        optimiser: Optimiser,
        shards: usize,
        slices: usize,
    ) -> Result<Sharded> {
        let total = case.problem.rows();
        let forgotten = case.forget.rows().iter().copied().take(MOST_ROWS / 4);
        let mut rows: Vec<usize> = forgotten.collect();
        let forget = RowSet::new(total, rows.clone())?;
        let room = MOST_ROWS - rows.len();
        rows.extend((0..total).filter(|&i| !case.forget.contains(i)).take(room));
        rows.sort_unstable();
        let part = |rows: &[usize], parts: usize| -> Vec<Vec<usize>> {
            rows.chunks(rows.len().div_ceil(parts)).map(<[usize]>::to_vec).collect()
        };
        let shards = part(&rows, shards).iter().map(|rows| part(rows, slices)).collect();
        let rate = match optimiser {
            Optimiser::Sgd { .. } => case.plan.steps[0].eta,
            // Adam's steps have about this length whatever the problem's scale.
            Optimiser::Adam { .. } => 0.25,
        };
        let settings = Settings {
            epochs: Epochs::Floor { unsliced: slices },
            batch: case.plan.steps[0].rows.len(),
            rate: Schedule::Constant { rate },
            optimiser,
            weight_decay: None,
            seed: 0,
        };
        let partition = Partition::new(total, shards)?;
        Ok(Sharded { blueprint: Blueprint::new(case.problem.clone(), partition, settings)?, forget })
    }

    pub(in crate::claim) fn train(&self, store: &mut Memory) -> Result<Ensemble> {
        Ok(Ensemble::train(self.blueprint.clone(), None, store)?.0)
    }

    /// Training without the rows from nothing.
    pub(in crate::claim) fn scratch(&self, deleted: &RowSet) -> Result<Vec<DVector<f64>>> {
        let trained = Ensemble::train(self.blueprint.clone(), Some(deleted), &mut Memory::default())?;
        Ok(trained.0.models().to_vec())
    }

    /// The forgotten rows in a slice of the first shard.
    pub(in crate::claim) fn in_slice(&self, slice: usize) -> Option<RowSet> {
        let rows = self.blueprint.plan(0).slices.get(slice)?;
        let rows = rows.iter().copied().filter(|&i| self.forget.contains(i));
        RowSet::new(self.forget.total(), rows.collect()).ok()
    }

    /// The state of the first shard after a stage of training on all rows.
    pub(in crate::claim) fn state(&self, stage: usize) -> Result<State> {
        let mut store = Memory::default();
        self.train(&mut store)?;
        let stored = store.get(&self.blueprint.provenance(0, stage, None).key())?;
        Ok(stored.expect("every stage was stored").state)
    }

    /// The first shard trained on from a state, stage `stage` first, without some rows.
    pub(in crate::claim) fn go_on(
        &self,
        state: State,
        stage: usize,
        without: &RowSet,
    ) -> Result<DVector<f64>> {
        let plan = self.blueprint.plan(0);
        let from = if stage == 0 { 0 } else { plan.stages[stage - 1] };
        let optimiser = self.blueprint.settings().optimiser;
        let steps = from..plan.plan.len();
        Ok(advance(self.blueprint.problem(), &plan.plan, optimiser, Some(without), state, steps)?.0.theta)
    }
}

pub(in crate::claim) fn optimisers(case: &Case) -> [Optimiser; 2] {
    [Optimiser::Sgd { momentum: case.plan.momentum }, Optimiser::ADAM]
}

/// A run whose parameters overflow says nothing.
pub(in crate::claim) fn applicable(outcome: Result<Outcome>) -> Result<Outcome> {
    match outcome {
        Err(e @ Error::NotConverged { .. }) => Ok(Outcome::NotApplicable(e.to_string())),
        other => super::super::sgd::applicable(other),
    }
}

/// Evidence that a whole number is 0.
pub(in crate::claim) fn none(count: u64) -> Outcome {
    Outcome::Compared(Evidence::identity(Interval::point(count as f64), 1.0))
}

/// Evidence that two parameter vectors are the same.
pub(in crate::claim) fn same(a: &DVector<f64>, b: &DVector<f64>) -> Outcome {
    let distance = Located::at(a).distance(&Located::at(b));
    Outcome::Compared(Evidence::identity(distance, a.norm() + b.norm() + SMALLEST_SIZE))
}

/// How many parameters differ in their bits.
pub(in crate::claim) fn differing(a: &[DVector<f64>], b: &[DVector<f64>]) -> u64 {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.iter().zip(b.iter()));
    pairs.filter(|(x, y)| x.to_bits() != y.to_bits()).count() as u64
}
