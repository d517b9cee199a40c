//! Which move each shard gets, and why.

use super::moves::{Move, ShardPlan};
use super::policy::Policy;
use super::tolerance::Tolerance;
use crate::sisa::workload::Workload;

/// Sets the choices of shards whose moves were looked at on the given terms; `amended` when updates are to be amended.
pub(super) fn decide(
    policy: Policy,
    amended: bool,
    share: f64,
    workload: &Workload,
    shards: &mut [ShardPlan],
) -> String {
    let all = |shards: &mut [ShardPlan], update: bool| {
        for s in shards.iter_mut() {
            s.choice = match update {
                true if amended && s.amend.is_ok() => Move::Amend,
                true if !amended && s.update.is_ok() => Move::Update,
                _ => Move::Retrain,
            };
        }
    };
    let verb = if amended { "amend" } else { "update" };
    match policy {
        Policy::Threshold { share: most } => {
            all(shards, share > most);
            let (sign, what) = if share > most { (">", verb) } else { ("<=", "retrain") };
            format!("the share of a full retraining is {share:.4} {sign} {most}: {what}")
        }
        Policy::Calibrated { visit, coordinate } => {
            let retrain = visit * workload.visits as f64;
            let update = seconds(shards, amended, visit, coordinate);
            all(shards, retrain > update);
            let (sign, what) = if retrain > update { (">", verb) } else { ("<=", "retrain") };
            let told = if update == f64::INFINITY {
                "as much of amending, which was stopped there".to_owned()
            } else {
                format!("{update:.3e} s of {}", if amended { "updating and fine-tuning" } else { "updating" })
            };
            format!("retraining is expected to take {retrain:.3e} s {sign} {told}: {what}")
        }
        Policy::Certified(tolerance) => {
            shards.iter_mut().for_each(|s| s.choice = certified(tolerance, s));
            if tolerance == Tolerance::EXACT {
                return "tolerance 0: only retraining gives the retrained shard itself".into();
            }
            let count = |m: Move| shards.iter().filter(|s| s.choice == m).count();
            let how = match count(Move::Amend) {
                0 => format!("{} of {} hit shards are updated", count(Move::Update), shards.len()),
                a => {
                    format!("{} updated and {a} amended of {} hit shards", count(Move::Update), shards.len())
                }
            };
            format!("{how}: the bound for all rows deleted since they were exact is within {tolerance}")
        }
    }
}

/// Seconds of the update branch: coordinates read, and rows visited by fine-tuning. Infinite where fine-tuning was
/// stopped because it takes what retraining takes.
fn seconds(shards: &[ShardPlan], amended: bool, visit: f64, coordinate: f64) -> f64 {
    if !amended {
        let read: u64 = shards.iter().filter_map(|s| s.update.as_ref().ok()).map(|u| u.coordinates).sum();
        return coordinate * read as f64;
    }
    let of = |s: &ShardPlan| match &s.amend {
        Ok(a) => coordinate * a.coordinates as f64 + visit * a.visits as f64,
        Err(none) if none.dearer => f64::INFINITY,
        // Retrained on either side.
        Err(_) => 0.0,
    };
    shards.iter().map(of).sum()
}

/// The cheapest move whose certificate is within the tolerance. An update visits no row; a shard with nothing to
/// retrain is retrained for nothing.
fn certified(tolerance: Tolerance, s: &ShardPlan) -> Move {
    let updated = s.update.as_ref().ok().and_then(|u| u.bound);
    let amended = s.amend.as_ref().ok().and_then(|a| a.bound.map(|b| (b, a.visits)));
    match tolerance {
        Tolerance::EXACT => Move::Retrain,
        Tolerance::ANY if s.update.is_err() => Move::Leave,
        Tolerance::ANY => Move::Update,
        t if s.redo.visits > 0 && updated.is_some_and(|b| t.holds(b)) => Move::Update,
        t if amended.is_some_and(|(b, visits)| t.holds(b) && visits < s.redo.visits) => Move::Amend,
        _ => Move::Retrain,
    }
}
