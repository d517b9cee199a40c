//! When a recorded run needs no recomputation: batches that never held the deleted rows.
//!
//! If no stored batch holds a deleted row, the run is what training on the remaining rows computes, and a
//! uniform `m`-subset that avoids the deleted rows is a uniform `m`-subset of the rest: the stored output
//! is an exact sample of retraining (Ullah et al., COLT 2021, arXiv 2102.13179, Algorithms 3 and 4).

use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::train::plan::{Plan, Step};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// How batches were drawn: `steps` times a uniform subset of `batch` of the `rows` rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// `n`.
    pub rows: usize,
    /// `m`, at most `n`.
    pub batch: usize,
    /// `T`.
    pub steps: usize,
}

impl Sampling {
    /// Checks `1 ≤ m ≤ n`.
    ///
    /// # Errors
    /// [`Error::Invalid`] otherwise.
    pub fn new(rows: usize, batch: usize, steps: usize) -> Result<Sampling> {
        if batch == 0 || batch > rows {
            return Err(Error::Invalid(format!(
                "batches of {batch} rows out of {rows}: choose between 1 and {rows}"
            )));
        }
        Ok(Sampling { rows, batch, steps })
    }

    /// The probability that some batch holds one of `deleted` rows, so that deletion must recompute:
    /// `1 − (C(n−u, m)/C(n, m))^T`, for one row `1 − (1 − m/n)^T`.
    ///
    /// ```
    /// use unlearn::unlearn::minibatch::Sampling;
    /// let p = Sampling::new(4, 1, 2).unwrap().recompute_probability(1).unwrap();
    /// assert!(p.contains(7.0 / 16.0) && p.hi() - p.lo() < 1e-14);       // 1 − (3/4)²
    /// // Two rows of three, both deleted candidates: a pair always meets {0, 1}.
    /// assert!(Sampling::new(3, 2, 1).unwrap().recompute_probability(2).unwrap().contains(1.0));
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when more rows are deleted than there are.
    pub fn recompute_probability(&self, deleted: usize) -> Result<Interval> {
        if deleted > self.rows {
            return Err(Error::Invalid(format!("{deleted} rows deleted out of {}", self.rows)));
        }
        // A batch of m avoids u rows exactly as the u rows avoid the batch:
        // Π_{j<u} (n−m−j)/(n−j), 0 as soon as they cannot.
        let mut avoid = Interval::ONE;
        for j in 0..deleted {
            if self.rows - j <= self.batch {
                avoid = Interval::ZERO;
                break;
            }
            let free = Interval::point((self.rows - self.batch - j) as f64);
            avoid = avoid * free / Interval::point((self.rows - j) as f64);
        }
        let mut all = Interval::ONE;
        for _ in 0..self.steps {
            all = all * avoid;
        }
        Ok((Interval::ONE - all).nonnegative().min(Interval::ONE))
    }

    /// The bound `min(1, u·m·T/n)` on [`Sampling::recompute_probability`] (Ullah et al. for `u = 1`).
    pub fn recompute_bound(&self, deleted: usize) -> Interval {
        let uses = Interval::point(deleted as f64)
            * Interval::point(self.batch as f64)
            * Interval::point(self.steps as f64);
        (uses / Interval::point(self.rows as f64)).min(Interval::ONE)
    }

    /// `T` batches drawn from the seed.
    pub fn draw(&self, seed: u64) -> Vec<Vec<usize>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..self.steps)
            .map(|_| rand::seq::index::sample(&mut rng, self.rows, self.batch).into_vec())
            .collect()
    }
}

/// The same plan for the data without the deleted rows: indices shift down past them. `None` when some
/// batch holds a deleted row, so that the run has to be recomputed.
///
/// ```
/// use unlearn::data::RowSet;
/// use unlearn::train::plan::{Plan, Step};
/// use unlearn::unlearn::minibatch::without_unused;
/// let plan = Plan::new(vec![Step { rows: vec![0, 2], eta: 0.1 }], 0.0, 0.0).unwrap();
/// let kept = without_unused(&plan, &RowSet::new(3, vec![1]).unwrap()).unwrap();
/// assert_eq!(kept.steps[0].rows, [0, 1]);
/// assert!(without_unused(&plan, &RowSet::new(3, vec![2]).unwrap()).is_none());
/// ```
pub fn without_unused(plan: &Plan, deleted: &RowSet) -> Option<Plan> {
    let shift = |i: usize| match deleted.rows().binary_search(&i) {
        Ok(_) => None,
        Err(before) => Some(i - before),
    };
    let steps: Option<Vec<Step>> = plan
        .steps
        .iter()
        .map(|s| {
            let rows: Option<Vec<usize>> = s.rows.iter().map(|&i| shift(i)).collect();
            rows.map(|rows| Step { rows, eta: s.eta })
        })
        .collect();
    steps.map(|steps| Plan { steps, ..*plan })
}
