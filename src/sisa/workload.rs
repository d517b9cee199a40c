//! What a request costs, in row visits, before any work is done.
//!
//! With `n_{k,j}` the rows kept in slice `j` of shard `k` and `r_k` the first slice that is hit,
//!
//! `W = Σ_{k hit} Σ_{i ≥ r_k} e_i Σ_{j ≤ i} n_{k,j}`, `W_full = Σ_k Σ_i e_i Σ_{j ≤ i} n_{k,j}`, `ρ = W/W_full`.
//!
//! Exact integers; [`super::ensemble::Ensemble::forget`] visits exactly `W` rows. Derived here from Bourtoule et al. 2021
//! (arXiv 1912.03817); as the estimate of the hybrid framework of Li et al. 2024 (arXiv 2412.14505) it is a
//! reconstruction.

use super::partition::Partition;
use super::schedule::Epochs;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::train::optimiser::Visits;

/// What is done again in one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redo {
    /// The shard.
    pub shard: usize,
    /// The first stage that is trained again; the number of stages when none is.
    pub stage: usize,
    /// Row visits.
    pub visits: Visits,
}

/// What a request costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// The shards that are hit, increasing.
    pub shards: Vec<Redo>,
    /// `W`.
    pub visits: Visits,
    /// `W_full`: training everything from scratch without the rows.
    pub full: Visits,
}

impl Workload {
    /// `ρ = W/W_full`, between 0 and 1; 0 when there is nothing left to train on.
    pub fn share(&self) -> f64 {
        if self.full == 0 { 0.0 } else { self.visits as f64 / self.full as f64 }
    }
}

/// The cost of forgetting `request` by retraining after `deleted` was forgotten so too. Rows already deleted cost nothing
/// again.
///
/// ```
/// use unlearn::data::RowSet;
/// use unlearn::sisa::{partition::Partition, schedule::Epochs, workload::workload};
/// // One shard of slices {0, 1}, {2}, another of {3}, {4}; one epoch per stage.
/// let p = Partition::new(5, vec![vec![vec![0, 1], vec![2]], vec![vec![3], vec![4]]]).unwrap();
/// let request = RowSet::new(5, vec![2]).unwrap();
/// let w = workload(&p, &Epochs::Each(vec![1, 1]), None, &request).unwrap();
/// assert_eq!((w.shards[0].shard, w.shards[0].stage), (0, 1));
/// assert_eq!((w.visits, w.full), (2, (2 + 2) + (1 + 2)));
/// ```
///
/// # Errors
/// As [`Partition::first_hit`] and [`Epochs::per_stage`]; [`Error::Invalid`] when the visits cannot be counted in 64 bits.
pub fn workload(
    partition: &Partition,
    epochs: &Epochs,
    deleted: Option<&RowSet>,
    request: &RowSet,
) -> Result<Workload> {
    let before = |i: usize| deleted.is_some_and(|d| d.contains(i));
    let first = match fresh(deleted, request) {
        Some(fresh) => partition.first_hit(&fresh)?,
        None => vec![None; partition.shards().len()],
    };
    redo(partition, epochs, &first, |i| before(i) || request.contains(i))
}

/// The cost counted on the original sizes, as if nothing had been deleted: `n_{k,j} = |D_{k,j}|`.
///
/// With this count `ρ` only grows when a request grows, so that a threshold on it changes its mind at most once along
/// nested requests. With the rows subtracted ([`workload`]) that is false: more deletions in a shard that is
/// hit anyway make `W` and `W_full` smaller by the same amount.
///
/// ```
/// use unlearn::data::RowSet;
/// use unlearn::sisa::{partition::Partition, schedule::Epochs, workload::{nominal, workload}};
/// let p = Partition::new(4, vec![vec![vec![0, 1]], vec![vec![2, 3]]]).unwrap();
/// let (one, epochs) = (Epochs::Each(vec![1]), |rows: &[usize]| RowSet::new(4, rows.to_vec()).unwrap());
/// let share = |rows: &[usize]| workload(&p, &one, None, &epochs(rows)).unwrap().share();
/// assert!(share(&[0]) == 1.0 / 3.0 && share(&[0, 1]) == 0.0);
/// assert_eq!(nominal(&p, &one, &epochs(&[0])).unwrap().share(), 0.5);
/// assert_eq!(nominal(&p, &one, &epochs(&[0, 1])).unwrap().share(), 0.5);
/// ```
///
/// # Errors
/// As [`workload`].
pub fn nominal(partition: &Partition, epochs: &Epochs, request: &RowSet) -> Result<Workload> {
    redo(partition, epochs, &partition.first_hit(request)?, |_| false)
}

/// The rows of the request that were not deleted before.
pub(super) fn fresh(deleted: Option<&RowSet>, request: &RowSet) -> Option<RowSet> {
    let rows = request.rows().iter().copied().filter(|&i| deleted.is_none_or(|d| !d.contains(i)));
    RowSet::new(request.total(), rows.collect()).ok()
}

/// The cost of training shard `k` again from stage `from[k]` on, without the rows that are gone.
pub(super) fn redo(
    partition: &Partition,
    epochs: &Epochs,
    from: &[Option<usize>],
    gone: impl Fn(usize) -> bool,
) -> Result<Workload> {
    let overflow = || Error::Invalid("more row visits than 64 bits count; use fewer epochs".into());
    let mut out = Workload { shards: Vec::new(), visits: 0, full: 0 };
    for (shard, slices) in partition.shards().iter().enumerate() {
        let (mut kept, mut again) = (0u64, 0u64);
        for (stage, e) in epochs.per_stage(slices.len())?.into_iter().enumerate() {
            kept += slices[stage].iter().filter(|&&i| !gone(i)).count() as u64;
            let visits = kept.checked_mul(e as u64).ok_or_else(overflow)?;
            out.full = out.full.checked_add(visits).ok_or_else(overflow)?;
            if from[shard].is_some_and(|r| stage >= r) {
                again += visits;
            }
        }
        if let Some(stage) = from[shard] {
            out.shards.push(Redo { shard, stage, visits: again });
            out.visits += again;
        }
    }
    Ok(out)
}
