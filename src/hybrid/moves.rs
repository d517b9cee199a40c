//! What can be done with a shard, what each would take, and which it is to be.

use super::policy::Policy;
use super::tolerance::Tolerance;
use crate::sisa::workload::{Redo, Workload};

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
    /// were carried beforehand ([`crate::hybrid::Stream::prepare`]).
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

/// Sets the choices, and says why.
pub(super) fn decide(policy: Policy, share: f64, workload: &Workload, shards: &mut [ShardPlan]) -> String {
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
