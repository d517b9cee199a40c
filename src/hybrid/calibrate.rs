//! Row visits in seconds on this machine: for one model ([`Rates`]) and for a stream ([`StreamRates`]).

use super::branch::Workload;
use super::policy::Policy;
use super::stream::{Move, ShardPlan, Stream, StreamPlan};
use super::terms::Terms;
use super::tolerance::Tolerance;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::factor::Cholesky;
use crate::objective::Problem;
use crate::sisa::checkpoint::Store;
use crate::unlearn::slice_fine_tune::Amendment;
use cpu_time::ThreadTime;
use nalgebra::DVector;
use std::hint::black_box;
use std::time::Instant;

/// Measured seconds of the operations that branches are made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// The gradient of one row.
    pub gradient: f64,
    /// The Hessian of one row.
    pub hessian: f64,
    /// A factorisation and a solve.
    pub factor: f64,
    /// A solve.
    pub solve: f64,
}

/// Each measurement is the least of so many: what else runs on the machine only adds.
pub(crate) const TRIALS: usize = 3;

/// The seconds that work takes.
pub(super) fn fastest<T>(mut work: impl FnMut() -> T) -> f64 {
    let timed = |_| {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed().as_secs_f64()
    };
    (0..TRIALS).map(timed).fold(f64::INFINITY, f64::min)
}

impl Rates {
    /// Measures at `θ` on all rows: a few passes.
    ///
    /// # Errors
    /// [`crate::error::Error::Indefinite`] when the Hessian at `θ` cannot be factored.
    pub fn measure(problem: &Problem, theta: &DVector<f64>) -> Result<Rates> {
        let (full, n) = (problem.full(), problem.rows() as f64);
        let hessian = full.hessian(theta);
        let factor = Cholesky::new(hessian.clone(), "the Hessian on all rows")?;
        Ok(Rates {
            gradient: fastest(|| full.gradient(theta)) / n,
            hessian: fastest(|| full.hessian(theta)) / n,
            factor: fastest(|| Cholesky::new(hessian.clone(), "the Hessian").map(|f| f.solve(theta))),
            solve: fastest(|| factor.solve(theta)),
        })
    }

    /// The seconds that a workload takes.
    ///
    /// ```
    /// use unlearn::hybrid::{Workload, calibrate::Rates};
    /// let rates = Rates { gradient: 1.0, hessian: 3.0, factor: 10.0, solve: 2.0 };
    /// let work = Workload { gradients: 4, hessians: 2, factors: 1, solves: 0 };
    /// assert_eq!(rates.seconds(&work), 4.0 + 6.0 + 10.0);
    /// ```
    pub fn seconds(&self, work: &Workload) -> f64 {
        work.gradients as f64 * self.gradient
            + work.hessians as f64 * self.hessian
            + work.factors as f64 * self.factor
            + work.solves as f64 * self.solve
    }
}

/// Measured seconds of what answering a stream of requests ([`crate::hybrid::Stream`]) is made of, on one of its shards.
///
/// A shard that is retrained takes `retrain + visit·(row visits)`, an update that is looked at (its bound is evaluated,
/// whether it is taken or not) `update + vector·(vectors read)`, fine-tuning `tune·(row visits)`. Both lines go through two measured answers each, so that
/// what does not grow with the work (checkpoints, the ledger of the bound) is not taken for work: small batches make a
/// visit of training several times as dear as one in a pass of gradients. Seconds are processor time of the thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamRates {
    /// Retraining a shard, whatever its visits.
    pub retrain: f64,
    /// A row visit of retraining.
    pub visit: f64,
    /// Evaluating an update of a shard, whatever its vectors.
    pub update: f64,
    /// A vector read.
    pub vector: f64,
    /// A row visit of fine-tuning an amended update; 0 where it was not measured.
    pub tune: f64,
    /// A row visit of carrying vectors; 0 where none can be carried.
    pub carry: f64,
}

/// Vectors of the larger of the two updates that are measured.
const VECTORS: usize = 64;

impl StreamRates {
    /// Measures on copies of a stream without deletions: nothing changes. The first shard is retrained from its first and
    /// from its last slice on, gets all its vectors, and is updated by one and by several of them; each the least of
    /// three trials but for the vectors, which are carried once.
    ///
    /// # Errors
    /// As [`Stream::answer`]; [`Error::Invalid`] for a stream whose rows are gone in part.
    pub fn measure<S: Store + Clone>(
        stream: &Stream<S>,
        amendment: Option<Amendment>,
    ) -> Result<StreamRates> {
        let ensemble = stream.ensemble();
        if ensemble.deleted().is_some() {
            return Err(Error::Invalid("measure before the first request: rows are gone already".into()));
        }
        let (slices, total) =
            (ensemble.blueprint().partition().shards()[0].clone(), ensemble.blueprint().problem().rows());
        let rows = slices.concat();
        // The last row of a partition's only shard cannot be forgotten.
        let most = VECTORS.min(rows.len().saturating_sub(1)).max(1);
        let set = |rows: &[usize]| RowSet::new(total, rows.to_vec());
        let (exact, any) = (Policy::Certified(Tolerance::EXACT), Policy::Certified(Tolerance::ANY));
        let all = answered(stream, &set(&rows[..1])?, exact)?;
        let last = answered(stream, &set(&slices[slices.len() - 1][..1])?, exact)?;
        let (retrain, visit) = line(last, all);
        let mut ready = stream.clone();
        let begun = ThreadTime::now();
        let visits = ready.prepare_rows(&set(&rows)?)?;
        let carry = if visits > 0 { begun.elapsed().as_secs_f64() / visits as f64 } else { 0.0 };
        let (_, one) = answered(&ready, &set(&rows[..1])?, any)?;
        let (_, several) = answered(&ready, &set(&rows[..most])?, any)?;
        let (update, vector) = line((1.0, one), (most as f64, several));
        let tune = match amendment {
            Some(amendment) => {
                let always = Policy::Threshold { share: 0.0 }.amended(amendment);
                let (visits, seconds) = answered(&ready, &set(&rows[..1])?, always)?;
                (seconds - one).max(0.0) / visits.max(1.0)
            }
            None => 0.0,
        };
        Ok(StreamRates { retrain, visit, update, vector, tune, carry })
    }

    /// The seconds that answering as planned takes, with vectors carried beforehand.
    pub fn seconds(&self, plan: &StreamPlan) -> f64 {
        let looked =
            |s: &ShardPlan| s.update.as_ref().map_or(0.0, |u| self.update + self.vector * u.vectors as f64);
        let trained = |s: &ShardPlan| match s.choice {
            Move::Retrain => self.retrain + self.visit * s.redo.visits as f64,
            Move::Amend => self.tune * s.amend.as_ref().map_or(0.0, |a| a.predicted as f64),
            Move::Update | Move::Leave => 0.0,
        };
        plan.shards.iter().map(|s| looked(s) + trained(s)).sum()
    }
}

/// Row visits and seconds of an answer from a copy.
fn answered<S: Store + Clone>(
    stream: &Stream<S>,
    request: &RowSet,
    terms: impl Into<Terms>,
) -> Result<(f64, f64)> {
    let terms = terms.into();
    let (mut visits, mut least) = (0.0, f64::INFINITY);
    for _ in 0..TRIALS {
        let mut copy = stream.clone();
        let begun = ThreadTime::now();
        let (_, spent) = copy.answer(request, terms)?;
        least = least.min(begun.elapsed().as_secs_f64());
        visits = spent.visits as f64;
    }
    Ok((visits, least))
}

/// The line through two points `(work, seconds)`, as seconds at no work and per unit of work, neither below 0; where the
/// work is the same, or more of it took less time, the line through the origin and the second.
fn line(few: (f64, f64), many: (f64, f64)) -> (f64, f64) {
    let slope = (many.1 - few.1) / (many.0 - few.0);
    let start = few.1 - slope * few.0;
    if slope.is_finite() && slope > 0.0 && start >= 0.0 {
        (start, slope)
    } else {
        (0.0, many.1 / many.0.max(1.0))
    }
}
