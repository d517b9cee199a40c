//! A stream of requests to a sharded ensemble, each answered shard by shard by retraining or by an update.
//!
//! The exact branch is SISA's: the shards that a request hits go back to the last checkpoint that saw none of the deleted
//! rows and train again ([`Ensemble::forget`]). The update adds the vectors that the forgotten rows were given along
//! the shard's recorded run ([`crate::unlearn::precomputed`]): no row is visited, and for a linear model the distance
//! from the retrained shard is bounded.
//!
//! On [`Terms`] with an amendment, updated shards are fine-tuned on their affected slices to a stated gradient residual
//! afterwards ([`crate::unlearn::slice_fine_tune`]): dearer than an update, cheaper than retraining, and where runs are long
//! and their batches full certified however many rows were deleted.
//!
//! An update, amended or not, starts from the shard's last exact model (its *base*) and covers every row deleted since, so its bound is
//! about all of them; retraining a shard, for a later request or to heal it, leaves nothing of them. A shard is
//! [`Status::Exact`], [`Status::Within`] a bound or [`Status::Unknown`]; the ensemble is as good as its worst shard.
//! Tolerances are about each shard's parameters.
//!
//! The framework of exact and approximate branches is that of Li et al. 2024 (arXiv 2412.14505, abstract only): a
//! reconstruction. Carried vectors, bounds and the certified boundary are not from there.

use super::amend::amendments;
use super::decide::decide;
pub use super::moves::{Amending, Estimate, Move, NoAmendment, ShardPlan, Spent, StreamPlan};
use super::policy::Policy;
use super::shard::Log;
use super::terms::Terms;
use super::tolerance::Tolerance;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::sisa::blueprint::Blueprint;
use crate::sisa::checkpoint::Store;
use crate::sisa::ensemble::{Ensemble, Status, Update};
use crate::sisa::workload::{Workload, nominal};

/// An ensemble that answers requests.
#[derive(Clone)]
pub struct Stream<S: Store> {
    ensemble: Ensemble,
    store: S,
    logs: Vec<Log>,
}

impl<S: Store> Stream<S> {
    /// Trains (or completes) the ensemble of a blueprint in a store.
    ///
    /// # Errors
    /// As [`Ensemble::train`].
    pub fn train(blueprint: Blueprint, mut store: S) -> Result<(Stream<S>, Workload)> {
        let (ensemble, work) = Ensemble::train(blueprint, None, &mut store)?;
        Ok((Stream::around(ensemble, store, None), work))
    }

    /// Continues: `deleted` are all rows deleted so far, `bases` per shard those that were deleted when it was last
    /// exact, `updates` the shards that were updated since.
    pub(crate) fn restore(
        blueprint: Blueprint,
        deleted: Option<&RowSet>,
        updates: Vec<Update>,
        bases: &[Vec<usize>],
        mut store: S,
    ) -> Result<(Stream<S>, Workload)> {
        let (ensemble, work) = Ensemble::restore(blueprint, deleted, updates, &mut store)?;
        Ok((Stream::around(ensemble, store, Some(bases)), work))
    }

    fn around(ensemble: Ensemble, store: S, bases: Option<&[Vec<usize>]>) -> Stream<S> {
        let base = |k: usize| bases.map_or_else(Vec::new, |b| b[k].clone());
        let logs = (0..ensemble.models().len()).map(|k| Log::new(base(k))).collect();
        Stream { ensemble, store, logs }
    }

    /// The ensemble.
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// Where its checkpoints are.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Carries the vectors of all rows of all shards beforehand, so that updates only read them; returns the row visits
    /// that took, a gradient and a Hessian–vector product each. Without it, an update carries the vectors of its rows
    /// when they are first asked for. The answers are the same.
    ///
    /// # Errors
    /// As [`crate::unlearn::precomputed::Precomputed::new`].
    pub fn prepare(&mut self) -> Result<u64> {
        self.carry(None)
    }

    /// As [`Stream::prepare`] for some rows only; vectors that are there already are kept.
    ///
    /// # Errors
    /// As [`Stream::prepare`].
    pub fn prepare_rows(&mut self, rows: &RowSet) -> Result<u64> {
        self.carry(Some(rows))
    }

    fn carry(&mut self, only: Option<&RowSet>) -> Result<u64> {
        let blueprint = self.ensemble.blueprint();
        let mut visits = 0;
        for (k, log) in self.logs.iter_mut().enumerate() {
            visits += log.prepare(blueprint, k, only)?;
        }
        Ok(visits)
    }

    /// The row visits that [`Stream::prepare`] would take now, shard by shard: of a shard whose last exact run makes `W`
    /// visits, `W` products for every row without a vector and a gradient for each visit of such a row.
    pub fn preparation(&self) -> Vec<u64> {
        let blueprint = self.ensemble.blueprint();
        self.logs.iter().enumerate().map(|(k, log)| log.preparation(blueprint, k)).collect()
    }

    /// How a request would be answered; nothing is changed (vectors and amendments that are computed for it are kept).
    /// A [`Policy`] will do for terms, when updates are not amended.
    ///
    /// # Errors
    /// As [`Ensemble::workload`] and [`Terms::check`]; [`Error::Invalid`] when no row would be left.
    pub fn plan(&mut self, request: &RowSet, terms: impl Into<Terms>) -> Result<StreamPlan> {
        let Terms { policy, amendment } = terms.into().check()?;
        let workload = self.ensemble.workload(request)?;
        let before = self.ensemble.deleted().map_or(Vec::new(), |d| d.rows().to_vec());
        let rows: Vec<usize> =
            request.rows().iter().copied().filter(|i| before.binary_search(i).is_err()).collect();
        let gone: Vec<usize> = before.into_iter().chain(rows.iter().copied()).collect();
        let gone = RowSet::new(request.total(), gone)?;
        self.ensemble.blueprint().problem().check_forget(&gone)?;
        let share = self.share(&workload, &gone)?;
        let mut shards = Vec::new();
        for redo in &workload.shards {
            let asked = policy != Policy::Certified(Tolerance::EXACT);
            let log = &mut self.logs[redo.shard];
            let update = match asked {
                true => log.offer(self.ensemble.blueprint(), redo.shard, &gone)?.map(|o| o.estimate),
                false => Err("not looked at: tolerance 0 retrains".into()),
            };
            let amend = Err(NoAmendment::not_looked_at("updates are not amended on these terms"));
            shards.push(ShardPlan { shard: redo.shard, redo: *redo, update, amend, choice: Move::Retrain });
        }
        if let Some(amendment) = amendment {
            let blueprint = self.ensemble.blueprint();
            amendments(&self.logs, blueprint, (policy, amendment), (&gone, share), &mut shards)?;
        }
        let why = decide(policy, amendment.is_some(), share, &workload, &mut shards);
        Ok(StreamPlan { rows, shards, workload, share, policy, amendment, why })
    }

    /// `ρ` on the original sizes, of the rows deleted since the shards that are hit were exact.
    fn share(&self, workload: &Workload, gone: &RowSet) -> Result<f64> {
        let blueprint = self.ensemble.blueprint();
        let (partition, epochs) = (blueprint.partition(), &blueprint.settings().epochs);
        let mut rows = Vec::new();
        for redo in &workload.shards {
            rows.extend(self.logs[redo.shard].since_exact(blueprint, redo.shard, gone));
        }
        match RowSet::new(gone.total(), rows) {
            Ok(rows) => Ok(nominal(partition, epochs, &rows)?.share()),
            // Nothing is hit.
            Err(_) => Ok(0.0),
        }
    }

    /// Answers a request as planned by [`Stream::plan`] for the state as it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the plan is of another state; as [`Ensemble::forget`].
    pub fn carry_out(&mut self, plan: &StreamPlan) -> Result<Spent> {
        self.carry_out_with(plan).map(|(spent, _)| spent)
    }

    /// Is the plan one for the state as it is?
    pub(crate) fn check(&self, plan: &StreamPlan) -> Result<()> {
        let total = self.ensemble.blueprint().problem().rows();
        match RowSet::new(total, plan.rows.clone()) {
            Ok(request) if self.ensemble.workload(&request)? != plan.workload => {
                Err(Error::Invalid("the plan is not of this state: plan again".into()))
            }
            _ => Ok(()),
        }
    }

    /// Also returns the updates that were made.
    pub(crate) fn carry_out_with(&mut self, plan: &StreamPlan) -> Result<(Spent, Vec<Update>)> {
        let total = self.ensemble.blueprint().problem().rows();
        self.check(plan)?;
        if plan.rows.is_empty() {
            return Ok((Spent::default(), Vec::new())); // all of it was forgotten before
        }
        let blueprint = self.ensemble.blueprint();
        let before = self.ensemble.deleted().map_or(Vec::new(), |d| d.rows().to_vec());
        let gone = RowSet::new(total, before.into_iter().chain(plan.rows.iter().copied()).collect())?;
        let mut updates = Vec::new();
        for shard in plan.shards.iter().filter(|s| s.choice != Move::Retrain) {
            let k = shard.shard;
            let known = Update { shard: k, theta: self.ensemble.models()[k].clone(), bound: None };
            let how = (shard.choice, plan.amendment);
            updates.push(self.logs[k].again(blueprint, k, &gone, how, Some(known))?);
        }
        let partition = blueprint.partition();
        let retrained: Vec<usize> =
            plan.shards.iter().filter(|s| s.choice == Move::Retrain).map(|s| s.shard).collect();
        let is_retrained = |i: usize| partition.place(i).is_some_and(|(k, _)| retrained.contains(&k));
        let part = |wanted: bool| {
            RowSet::new(total, plan.rows.iter().copied().filter(|&i| is_retrained(i) == wanted).collect())
        };
        // Amendments were counted when they were made; made again they take the same.
        let amended = plan.amended_visits();
        let mut spent =
            Spent { predicted: plan.predicted(), visits: amended, coordinates: plan.coordinates() };
        let (first, second) = (part(false), part(true));
        if let Ok(rows) = first {
            self.ensemble.record_update(&rows, updates.clone(), &mut self.store)?;
        }
        if let Ok(rows) = second {
            spent.visits += self.ensemble.forget(&rows, &mut self.store)?.visits;
        }
        self.rebase(&retrained);
        Ok((spent, updates))
    }

    /// Plans and answers.
    ///
    /// # Errors
    /// As [`Stream::plan`] and [`Stream::carry_out`].
    pub fn answer(&mut self, request: &RowSet, terms: impl Into<Terms>) -> Result<(StreamPlan, Spent)> {
        let plan = self.plan(request, terms)?;
        let spent = self.carry_out(&plan)?;
        Ok((plan, spent))
    }

    /// Retrains every shard that is not exact.
    ///
    /// # Errors
    /// As [`Ensemble::heal`].
    pub fn heal(&mut self) -> Result<Spent> {
        let stale = self.stale();
        let predicted = self.ensemble.healing()?.visits;
        let visits = self.ensemble.heal(&mut self.store)?.visits;
        self.rebase(&stale);
        Ok(Spent { predicted, visits, coordinates: 0 })
    }

    /// The shards that are not exact.
    pub fn stale(&self) -> Vec<usize> {
        let status = self.ensemble.status();
        (0..status.len()).filter(|&k| status[k] != Status::Exact).collect()
    }

    fn rebase(&mut self, shards: &[usize]) {
        let blueprint = self.ensemble.blueprint();
        for &k in shards {
            self.logs[k] = Log::new(Log::gone_from(blueprint, k, self.ensemble.deleted()));
        }
    }
}
