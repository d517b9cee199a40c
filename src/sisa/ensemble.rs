//! Training shards, forgetting by retraining, and answers of another kind.
//!
//! A request is forgotten by retraining the shards that it hits ([`Ensemble::forget`]), or was answered in another way, by
//! changing their parameters ([`Ensemble::record_update`]). After either, no checkpoint that saw a deleted row is left
//! in the store. A shard that was updated is not exact until it is retrained, because a later request hits it or
//! because it is healed ([`Ensemble::heal`]); then it equals training from scratch bit for bit, whatever happened
//! before.

mod checks;
mod view;

use super::blueprint::Blueprint;
use super::checkpoint::{Checkpoint, Key, Store, purge};
use super::workload::{Redo, Workload};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::train::optimiser::{Visits, advance};
use nalgebra::DVector;

/// How the model of a shard relates to training from scratch on the rows kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Status {
    /// Equal, bit for bit.
    Exact,
    /// At most this far away in the Euclidean norm, says whoever updated it.
    Within(f64),
    /// Nothing is known.
    Unknown,
}

/// The answer that a request got in one shard when the shard was not retrained.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The shard.
    pub shard: usize,
    /// Its new parameters.
    pub theta: DVector<f64>,
    /// A bound on their distance from what retraining the shard without all rows deleted so far gives; `None` when none
    /// is known.
    pub bound: Option<f64>,
}

/// The models of all shards, the rows deleted so far and what is known of each shard.
#[derive(Debug, Clone)]
pub struct Ensemble {
    blueprint: Blueprint,
    models: Vec<DVector<f64>>,
    status: Vec<Status>,
    deleted: Option<RowSet>,
    /// The stage from which a shard that is not exact has to be trained again.
    pending: Vec<Option<usize>>,
    /// Is it certain that no checkpoint of these runs saw a deleted row?
    clean: bool,
}

impl Ensemble {
    /// Trains all shards without the deleted rows, as far as their checkpoints are not in the store already, and stores
    /// the new ones. Checkpoints of these runs that saw a deleted row are removed first.
    ///
    /// With an empty store this is training from scratch; with the store of an earlier run (killed or not) it goes on
    /// where that ended, to the same bits.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// use unlearn::sisa::blueprint::{Blueprint, Settings};
    /// use unlearn::sisa::{checkpoint::Memory, ensemble::Ensemble, schedule::Epochs};
    /// use unlearn::train::{optimiser::Optimiser, plan::Schedule};
    /// # fn main() -> unlearn::error::Result<()> {
    /// let x = Design::dense(8, 1, (1..9).map(f64::from).collect())?;
    /// let data = Dataset::new("eight", x, vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0])?;
    /// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Logistic, true)?, 0.01)?;
    /// let settings = Settings {
    ///     epochs: Epochs::Even { unsliced: 3 },
    ///     batch: 2,
    ///     rate: Schedule::Constant { rate: 0.1 },
    ///     optimiser: Optimiser::ADAM,
    ///     weight_decay: None,
    ///     seed: 7,
    /// };
    /// let blueprint = Blueprint::uniform(problem, 2, 2, settings)?;
    /// let mut store = Memory::default();
    /// let (mut ensemble, work) = Ensemble::train(blueprint.clone(), None, &mut store)?;
    /// assert_eq!(work.visits, 2 * (2 * 2 + 2 * 4));       // two epochs on 2 rows, two on 4, in two shards
    /// let request = RowSet::new(8, vec![5])?;
    /// let predicted = ensemble.workload(&request)?;
    /// assert_eq!(ensemble.forget(&request, &mut store)?.visits, predicted.visits);
    /// // Bit for bit what training without row 5 gives.
    /// let (scratch, _) = Ensemble::train(blueprint, Some(&request), &mut Memory::default())?;
    /// assert_eq!(ensemble.models(), scratch.models());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`crate::objective::Problem::check_forget`] and [`advance`]; [`Error::Invalid`] when no row of any shard would
    /// be left; those of the store.
    pub fn train(
        blueprint: Blueprint,
        deleted: Option<&RowSet>,
        store: &mut dyn Store,
    ) -> Result<(Ensemble, Workload)> {
        Ensemble::restore(blueprint, deleted, Vec::new(), store)
    }

    /// As [`Ensemble::train`], but shards with an update take its parameters and are left as they are: an ensemble
    /// whose history is known, continued in another process.
    ///
    /// # Errors
    /// As [`Ensemble::train`] and [`Ensemble::record_update`].
    pub fn restore(
        blueprint: Blueprint,
        deleted: Option<&RowSet>,
        updates: Vec<Update>,
        store: &mut dyn Store,
    ) -> Result<(Ensemble, Workload)> {
        let shards = blueprint.shards();
        let mut ensemble = Ensemble {
            models: (0..shards).map(|k| blueprint.start(k).theta.clone()).collect(),
            status: vec![Status::Unknown; shards],
            deleted: deleted.cloned(),
            pending: vec![Some(0); shards],
            clean: false,
            blueprint,
        };
        if let Some(deleted) = deleted {
            ensemble.check_deleted(deleted)?;
        }
        ensemble.check_updates(&updates)?;
        ensemble.sweep(store)?;
        let untouched: Vec<usize> = (0..shards).filter(|&k| updates.iter().all(|u| u.shard != k)).collect();
        for update in updates {
            let (stage, _) = ensemble.latest(update.shard, store)?;
            ensemble.pending[update.shard] = Some(stage);
            ensemble.apply(update);
        }
        let work = ensemble.retrain(&untouched, store)?;
        Ok((ensemble, work))
    }

    /// Forgets rows by retraining the shards they are in from the last checkpoint that saw none of them. Rows deleted
    /// before are passed over. One request or many at once, in any order, give the same bits.
    ///
    /// The deletion counts from the moment of the call: when training or the store fails, the rows are deleted, their
    /// checkpoints gone, and the shards not yet retrained have [`Status::Unknown`] until they are healed.
    ///
    /// # Errors
    /// As [`Ensemble::train`] and [`super::partition::Partition::first_hit`].
    pub fn forget(&mut self, request: &RowSet, store: &mut dyn Store) -> Result<Workload> {
        let hit = self.delete(request, store)?;
        self.retrain(&hit, store)
    }

    /// Records that a request was answered by changing parameters. There must be one update for each shard that the
    /// request hits (none for others); rows deleted before hit nothing. The shards are not exact from here on, and
    /// the checkpoints that saw the rows are removed.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a missing, superfluous or repeated update or one that is not finite or has a negative
    /// bound, [`Error::Shape`] for one of another length; as [`Ensemble::forget`]. Nothing has changed when the updates
    /// are refused.
    pub fn record_update(
        &mut self,
        request: &RowSet,
        updates: Vec<Update>,
        store: &mut dyn Store,
    ) -> Result<()> {
        self.check_updates(&updates)?;
        let hit = self.hit(request)?;
        let mut given: Vec<usize> = updates.iter().map(|u| u.shard).collect();
        given.sort_unstable();
        if given != hit {
            return Err(Error::Invalid(format!(
                "the request hits shards {hit:?} and there are updates for {given:?}: one for each is needed"
            )));
        }
        // Refused before anything changes; from here on only the store can fail, and the deletion counts.
        self.deleted_after(request)?;
        let deleted = self.delete(request, store);
        updates.into_iter().for_each(|update| self.apply(update));
        deleted.map(|_| ())
    }

    /// Retrains the shards that are not exact.
    ///
    /// # Errors
    /// As [`Ensemble::forget`].
    pub fn heal(&mut self, store: &mut dyn Store) -> Result<Workload> {
        let shards: Vec<usize> =
            (0..self.models.len()).filter(|&k| self.status[k] != Status::Exact).collect();
        self.heal_shards(&shards, store)
    }

    /// Retrains those of the given shards that are not exact.
    ///
    /// # Errors
    /// As [`Ensemble::forget`]; [`Error::Invalid`] when there is no such shard.
    pub fn heal_shards(&mut self, shards: &[usize], store: &mut dyn Store) -> Result<Workload> {
        if let Some(k) = shards.iter().find(|&&k| k >= self.models.len()) {
            return Err(Error::Invalid(format!("shard {k} of an ensemble with {}", self.models.len())));
        }
        if !self.clean {
            self.sweep(store)?;
        }
        let mut shards: Vec<usize> =
            shards.iter().copied().filter(|&k| self.status[k] != Status::Exact).collect();
        shards.sort_unstable();
        shards.dedup();
        self.retrain(&shards, store)
    }

    fn apply(&mut self, update: Update) {
        self.models[update.shard] = update.theta;
        self.status[update.shard] = update.bound.map_or(Status::Unknown, Status::Within);
    }

    /// Deletes the rows: no checkpoint that saw one is left, and the shards hit, which are returned, are known to be
    /// stale.
    fn delete(&mut self, request: &RowSet, store: &mut dyn Store) -> Result<Vec<usize>> {
        let first = self.first_hit(request)?;
        let hit: Vec<usize> = (0..first.len()).filter(|&k| first[k].is_some()).collect();
        if hit.is_empty() {
            return Ok(hit);
        }
        let deleted = self.deleted_after(request)?;
        let mut tainted: Vec<Key> = Vec::new();
        for &k in &hit {
            let from = first[k].expect("the shard is hit");
            for stage in from..self.blueprint.plan(k).stages.len() {
                tainted.push(self.blueprint.provenance(k, stage, self.deleted.as_ref()).key());
            }
            self.pending[k] = Some(self.pending[k].map_or(from, |stage| stage.min(from)));
            self.status[k] = Status::Unknown;
        }
        self.deleted = Some(deleted);
        if self.clean {
            // Until all are gone it is not certain that none is left.
            self.clean = false;
            for key in tainted {
                store.remove(&key)?;
            }
            self.clean = true;
        } else {
            self.sweep(store)?;
        }
        Ok(hit)
    }

    /// Looks through the whole store for checkpoints that saw a deleted row, and removes them.
    fn sweep(&mut self, store: &mut dyn Store) -> Result<()> {
        if let Some(deleted) = &self.deleted {
            purge(store, self.blueprint.configurations(), |i| deleted.contains(i))?;
        }
        self.clean = true;
        Ok(())
    }

    /// The latest stored state of a shard that saw exactly the rows kept, and the stage that follows it.
    fn latest(&self, shard: usize, store: &dyn Store) -> Result<(usize, Option<Checkpoint>)> {
        for stage in (0..self.blueprint.plan(shard).stages.len()).rev() {
            let provenance = self.blueprint.provenance(shard, stage, self.deleted.as_ref());
            if let Some(found) = store.get(&provenance.key())? {
                return Ok((stage + 1, Some(found)));
            }
        }
        Ok((0, None))
    }

    /// Trains the shards to their ends, each from its latest stored state; a shard counts as exact once it is there.
    fn retrain(&mut self, shards: &[usize], store: &mut dyn Store) -> Result<Workload> {
        let mut done = Vec::new();
        for &k in shards {
            let (stage, found) = self.latest(k, store)?;
            let plan = self.blueprint.plan(k);
            let mut state = found.map_or_else(|| self.blueprint.start(k).clone(), |c| c.state);
            let mut visits: Visits = 0;
            for stage in stage..plan.stages.len() {
                let (next, more) = advance(
                    self.blueprint.problem(),
                    &plan.plan,
                    self.blueprint.settings().optimiser,
                    self.deleted.as_ref(),
                    state,
                    plan.steps(stage),
                )?;
                visits += more;
                let provenance = self.blueprint.provenance(k, stage, self.deleted.as_ref());
                let checkpoint = Checkpoint { provenance, state: next };
                store.put(&checkpoint)?;
                state = checkpoint.state;
            }
            self.models[k] = state.theta;
            self.status[k] = Status::Exact;
            self.pending[k] = None;
            done.push(Redo { shard: k, stage, visits });
        }
        let full = self.count(&vec![None; self.models.len()], |i| self.is_deleted(i))?.full;
        Ok(Workload { visits: done.iter().map(|r| r.visits).sum(), shards: done, full })
    }
}
