//! What can be done with a shard, what each would take, and which it is to be.

use super::policy::Policy;
use crate::sisa::workload::{Redo, Workload};
use crate::unlearn::slice_fine_tune::Amendment;

/// What is done with a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Trained again from its last clean checkpoint.
    Retrain,
    /// Its carried vectors are added.
    Update,
    /// Fine-tuned on its affected slices to a stated residual, from the carried vectors or another start.
    Amend,
    /// Left as it is, with nothing known: only where any distance is allowed and there are no vectors.
    Leave,
}

impl Move {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Move::Retrain => "retrain",
            Move::Update => "update",
            Move::Amend => "amend",
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
    /// What amending it takes and gives, or why that is not possible, or was not looked at.
    pub amend: std::result::Result<Amending, NoAmendment>,
    /// What to do.
    pub choice: Move,
}

/// An amendment, computed while planning: its bound cannot be known before.
#[derive(Debug, Clone, PartialEq)]
pub struct Amending {
    /// How many slices are fine-tuned on.
    pub slices: usize,
    /// Steps of fine-tuning.
    pub steps: usize,
    /// Row visits as predicted ([`crate::unlearn::slice_fine_tune::Tuned::predicted`]).
    pub predicted: u64,
    /// Row visits, counted: gradients and Hessians of a row, one each.
    pub visits: u64,
    /// Coordinates of carried vectors that the start reads.
    pub coordinates: u64,
    /// The gradient norm at the end, from above: at most what was stated.
    pub residual: f64,
    /// At least the distance to the minimiser on those slices.
    pub to_minimiser: f64,
    /// At least the distance to the minimiser on the rows kept in the whole shard.
    pub to_shard_minimiser: f64,
    /// The bound on the distance from the retrained shard.
    pub bound: Option<f64>,
    /// What it rests on, or why there is none.
    pub because: String,
}

/// Why a shard is not amended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAmendment {
    /// In words.
    pub why: String,
    /// Row visits until it was stopped; 0 where it was not begun or failed.
    pub visits: u64,
    /// Was it stopped, or not begun, because retraining takes no more?
    pub dearer: bool,
}

impl NoAmendment {
    pub(super) fn not_looked_at(why: &str) -> NoAmendment {
        NoAmendment { why: format!("not looked at: {why}"), visits: 0, dearer: false }
    }
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
    /// How updates are amended.
    pub amendment: Option<Amendment>,
    /// In words.
    pub why: String,
}

impl StreamPlan {
    /// Row visits of the shards that are retrained or amended: what the answer takes.
    pub fn visits(&self) -> u64 {
        self.sum(|a| a.visits)
    }

    /// The same with the visits of amendments as they were predicted.
    pub fn predicted(&self) -> u64 {
        self.sum(|a| a.predicted)
    }

    /// Row visits of the shards that are amended.
    pub fn amended_visits(&self) -> u64 {
        let amended = self.shards.iter().filter(|s| s.choice == Move::Amend);
        amended.filter_map(|s| s.amend.as_ref().ok()).map(|a| a.visits).sum()
    }

    fn sum(&self, amending: impl Fn(&Amending) -> u64) -> u64 {
        let of = |s: &ShardPlan| match s.choice {
            Move::Retrain => s.redo.visits,
            Move::Amend => s.amend.as_ref().map_or(0, &amending),
            Move::Update | Move::Leave => 0,
        };
        self.shards.iter().map(of).sum()
    }

    /// Row visits of fine-tuning while planning that the answer does not use.
    pub fn in_vain(&self) -> u64 {
        let of = |s: &ShardPlan| match &s.amend {
            Ok(_) if s.choice == Move::Amend => 0,
            Ok(a) => a.visits,
            Err(none) => none.visits,
        };
        self.shards.iter().map(of).sum()
    }

    /// Row visits that carrying vectors for this plan took: what a store kept ready would have saved.
    pub fn carried(&self) -> u64 {
        self.shards.iter().filter_map(|s| s.update.as_ref().ok()).map(|u| u.carried).sum()
    }

    /// Coordinates that updates, amended or not, read.
    pub fn coordinates(&self) -> u64 {
        let of = |s: &ShardPlan| match s.choice {
            Move::Update => s.update.as_ref().map_or(0, |u| u.coordinates),
            Move::Amend => s.amend.as_ref().map_or(0, |a| a.coordinates),
            Move::Retrain | Move::Leave => 0,
        };
        self.shards.iter().map(of).sum()
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
