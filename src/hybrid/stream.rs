//! A stream of requests to a sharded ensemble, each answered shard by shard by retraining or by an update.
//!
//! The exact branch is SISA's: the shards that a request hits go back to the last checkpoint that saw none of the deleted
//! rows and train again ([`Ensemble::forget`]). The update adds the vectors that the forgotten rows were given along
//! the shard's recorded run ([`crate::unlearn::precomputed`]): no row is visited, and for a linear model the distance
//! from the retrained shard is bounded.
//!
//! An update starts from the shard's last exact model (its *base*) and covers every row deleted since, so its bound is
//! about all of them; retraining a shard, for a later request or to heal it, leaves nothing of them. A shard is
//! [`Status::Exact`], [`Status::Within`] a bound or [`Status::Unknown`]; the ensemble is as good as its worst shard.
//! Tolerances are about each shard's parameters.
//!
//! The framework of exact and approximate branches is that of Li et al. 2024 (arXiv 2412.14505, abstract only): a
//! reconstruction. Carried vectors, bounds and the certified boundary are not from there.

use super::policy::Policy;
use super::shard::Log;
use super::tolerance::Tolerance;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::sisa::blueprint::Blueprint;
use crate::sisa::checkpoint::Store;
use crate::sisa::ensemble::{Ensemble, Status, Update};
use crate::sisa::workload::{Redo, Workload, nominal};

/// What is done with a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Trained again from its last clean checkpoint.
    Retrain,
    /// Its carried vectors are added.
    Update,
    /// Left as it is, with nothing known: only where any distance is allowed and there are no vectors.
    Leave,
}

impl Move {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Move::Retrain => "retrain",
            Move::Update => "update",
            Move::Leave => "leave",
        }
    }
}

/// One shard that a request hits.
#[derive(Debug, Clone, PartialEq)]
pub struct ShardPlan {
    /// The shard.
    pub shard: usize,
    /// What retraining it would take: exactly.
    pub redo: Redo,
    /// What updating it would take and give, or why that is not possible.
    pub update: std::result::Result<Estimate, String>,
    /// What to do.
    pub choice: Move,
}

/// An update before it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Vectors that are read: one per row deleted since the shard was exact.
    pub vectors: usize,
    /// Coordinates that are read.
    pub coordinates: u64,
    /// Row visits (a gradient or a Hessian–vector product each) that it took to carry them for this plan; 0 when they
    /// were carried beforehand ([`Stream::prepare`]).
    pub carried: u64,
    /// The bound on the distance from the retrained shard, for all rows deleted since.
    pub bound: Option<f64>,
    /// What it rests on, or why there is none.
    pub because: String,
}

/// How a request would be answered.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamPlan {
    /// The rows that are new.
    pub rows: Vec<usize>,
    /// The shards that are hit.
    pub shards: Vec<ShardPlan>,
    /// What retraining all of them would take, counted on the rows that are left.
    pub workload: Workload,
    /// `ρ`, counted on the original sizes.
    pub share: f64,
    /// Who decided.
    pub policy: Policy,
    /// In words.
    pub why: String,
}

impl StreamPlan {
    /// Row visits of the shards that are retrained: what the answer will take.
    pub fn visits(&self) -> u64 {
        self.shards.iter().filter(|s| s.choice == Move::Retrain).map(|s| s.redo.visits).sum()
    }

    /// Row visits that carrying vectors for this plan took: what a store kept ready would have saved.
    pub fn carried(&self) -> u64 {
        self.shards.iter().filter_map(|s| s.update.as_ref().ok()).map(|u| u.carried).sum()
    }

    /// Coordinates that updates read.
    pub fn coordinates(&self) -> u64 {
        let updated = self.shards.iter().filter(|s| s.choice == Move::Update);
        updated.filter_map(|s| s.update.as_ref().ok()).map(|u| u.coordinates).sum()
    }
}

/// What an answer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Row visits, predicted.
    pub predicted: u64,
    /// Row visits, counted.
    pub visits: u64,
    /// Coordinates read by updates.
    pub coordinates: u64,
}

/// An ensemble that answers requests.
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
        let blueprint = self.ensemble.blueprint();
        let mut visits = 0;
        for (k, log) in self.logs.iter_mut().enumerate() {
            visits += log.prepare(blueprint, k)?;
        }
        Ok(visits)
    }

    /// How a request would be answered; nothing is changed (vectors that are carried for it are kept).
    ///
    /// # Errors
    /// As [`Ensemble::workload`] and [`Policy::check`]; [`Error::Invalid`] when no row would be left.
    pub fn plan(&mut self, request: &RowSet, policy: Policy) -> Result<StreamPlan> {
        let policy = policy.check()?;
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
            shards.push(ShardPlan { shard: redo.shard, redo: *redo, update, choice: Move::Retrain });
        }
        let why = decide(policy, share, &workload, &mut shards);
        Ok(StreamPlan { rows, shards, workload, share, policy, why })
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
            updates.push(self.logs[k].again(blueprint, k, &gone, shard.choice, Some(known))?);
        }
        let partition = blueprint.partition();
        let retrained: Vec<usize> =
            plan.shards.iter().filter(|s| s.choice == Move::Retrain).map(|s| s.shard).collect();
        let is_retrained = |i: usize| partition.place(i).is_some_and(|(k, _)| retrained.contains(&k));
        let part = |wanted: bool| {
            RowSet::new(total, plan.rows.iter().copied().filter(|&i| is_retrained(i) == wanted).collect())
        };
        let mut spent = Spent { predicted: plan.visits(), visits: 0, coordinates: plan.coordinates() };
        let (first, second) = (part(false), part(true));
        if let Ok(rows) = first {
            self.ensemble.record_update(&rows, updates.clone(), &mut self.store)?;
        }
        if let Ok(rows) = second {
            spent.visits = self.ensemble.forget(&rows, &mut self.store)?.visits;
        }
        self.rebase(&retrained);
        Ok((spent, updates))
    }

    /// Plans and answers.
    ///
    /// # Errors
    /// As [`Stream::plan`] and [`Stream::carry_out`].
    pub fn answer(&mut self, request: &RowSet, policy: Policy) -> Result<(StreamPlan, Spent)> {
        let plan = self.plan(request, policy)?;
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

/// Sets the choices, and says why.
fn decide(policy: Policy, share: f64, workload: &Workload, shards: &mut [ShardPlan]) -> String {
    let all = |shards: &mut [ShardPlan], update: bool| {
        for s in shards.iter_mut() {
            s.choice = if update && s.update.is_ok() { Move::Update } else { Move::Retrain };
        }
    };
    match policy {
        Policy::Threshold { share: most } => {
            all(shards, share > most);
            let (sign, what) = if share > most { (">", "update") } else { ("<=", "retrain") };
            format!("the share of a full retraining is {share:.4} {sign} {most}: {what}")
        }
        Policy::Calibrated { visit, coordinate } => {
            let retrain = visit * workload.visits as f64;
            let read: u64 = shards.iter().filter_map(|s| s.update.as_ref().ok()).map(|u| u.coordinates).sum();
            let update = coordinate * read as f64;
            all(shards, retrain > update);
            let (sign, what) = if retrain > update { (">", "update") } else { ("<=", "retrain") };
            format!(
                "retraining is expected to take {retrain:.3e} s {sign} {update:.3e} s of updating: {what}"
            )
        }
        Policy::Certified(tolerance) => {
            for s in shards.iter_mut() {
                let bound = s.update.as_ref().ok().and_then(|u| u.bound);
                s.choice = match (tolerance, bound) {
                    (Tolerance::EXACT, _) => Move::Retrain,
                    (Tolerance::ANY, _) if s.update.is_err() => Move::Leave,
                    (Tolerance::ANY, _) => Move::Update,
                    // An update visits no row; a shard with nothing to retrain is retrained for nothing.
                    (t, Some(b)) if t.holds(b) && s.redo.visits > 0 => Move::Update,
                    _ => Move::Retrain,
                };
            }
            if tolerance == Tolerance::EXACT {
                "tolerance 0: only retraining gives the retrained shard itself".into()
            } else {
                let updated = shards.iter().filter(|s| s.choice == Move::Update).count();
                format!(
                    "{updated} of {} hit shards are updated: the bound for all rows deleted since they were exact is within \
                     {tolerance}",
                    shards.len()
                )
            }
        }
    }
}
