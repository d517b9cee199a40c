//! How long each stage trains, and the run of one shard that follows from it.

use crate::error::{Error, Result};
use crate::train::epochs::MOST_EPOCHS;
use crate::train::plan::{Plan, Schedule, Step};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// Most row visits of one shard's run: a plan holds each in memory.
pub const MOST_VISITS: u64 = 1 << 28;

/// Epochs of the stages.
///
/// Stage `i` of `R` (from 1) sees `i` slices, so that `e_i = 2e′/(R+1)` epochs in every stage visit as many rows as `e′`
/// epochs without slices: `Σ_i e_i·iD/R = e′D` (Bourtoule et al. 2021, equation (1)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Epochs {
    /// Stage `s` (from 0) trains `⌊(s+1)a⌋ − ⌊sa⌋` epochs, `a = 2e′/(R+1)`: the rule of the authors' code (in whole
    /// numbers, where the code rounds `a`). Stages may have 0 epochs.
    Floor {
        /// `e′`.
        unsliced: usize,
    },
    /// `e_i = 2e′/(R+1)` exactly.
    Even {
        /// `e′`; `2e′` must be a multiple of `R + 1`.
        unsliced: usize,
    },
    /// Written out, one number per stage.
    Each(Vec<usize>),
}

impl Epochs {
    /// Epochs of each of `slices` stages.
    ///
    /// ```
    /// use unlearn::sisa::schedule::Epochs;
    /// assert_eq!(Epochs::Even { unsliced: 5 }.per_stage(4).unwrap(), [2, 2, 2, 2]);
    /// assert_eq!(Epochs::Floor { unsliced: 3 }.per_stage(4).unwrap(), [1, 1, 1, 1]); // a = 6/5: 1, 2, 3, 4
    /// assert_eq!(Epochs::Floor { unsliced: 4 }.per_stage(4).unwrap(), [1, 2, 1, 2]); // a = 8/5: 1, 3, 4, 6
    /// assert!(Epochs::Even { unsliced: 3 }.per_stage(4).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for no slice, an even schedule that does not come out in whole epochs, a written one of
    /// another length, more than [`MOST_EPOCHS`] epochs, or no epoch at all.
    pub fn per_stage(&self, slices: usize) -> Result<Vec<usize>> {
        let refuse = |why: String| Err(Error::Invalid(why));
        if slices == 0 {
            return refuse("0 slices: a shard needs at least one".into());
        }
        let stages = match self {
            Epochs::Floor { unsliced } => {
                if *unsliced > MOST_EPOCHS {
                    return refuse(format!("epochs {unsliced}: at most {MOST_EPOCHS}"));
                }
                let done = |s: usize| (2 * *unsliced as u128 * s as u128 / (slices as u128 + 1)) as usize;
                (0..slices).map(|s| done(s + 1) - done(s)).collect()
            }
            Epochs::Even { unsliced } => {
                if *unsliced > MOST_EPOCHS {
                    return refuse(format!("epochs {unsliced}: at most {MOST_EPOCHS}"));
                }
                if 2 * unsliced % (slices + 1) != 0 {
                    return refuse(format!(
                        "2·{unsliced}/({slices}+1) epochs per stage are not whole; use a multiple of {}, or the \
                         floor rule",
                        if slices.is_multiple_of(2) { slices + 1 } else { slices.div_ceil(2) }
                    ));
                }
                vec![2 * unsliced / (slices + 1); slices]
            }
            Epochs::Each(stages) => {
                Error::check_shape("epochs written out (one number per slice)", slices, stages.len())?;
                stages.clone()
            }
        };
        if let Some(e) = stages.iter().find(|&&e| e > MOST_EPOCHS) {
            return refuse(format!("{e} epochs in a stage: at most {MOST_EPOCHS}"));
        }
        if stages.iter().all(|&e| e == 0) {
            return refuse("no stage trains an epoch; use more epochs".into());
        }
        Ok(stages)
    }
}

/// How a shard's run is cut into batches and steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steps {
    /// Rows per batch; the last batch of an epoch may be smaller.
    pub batch: usize,
    /// Step sizes over the steps of the shard's whole run.
    pub rate: Schedule,
    /// Momentum of the plan.
    pub momentum: f64,
    /// Coefficient of `θ` in every batch gradient.
    pub weight_decay: f64,
    /// Seed of the orders.
    pub seed: u64,
}

/// The run of one shard: one plan over global rows, and where its stages end.
#[derive(Debug, Clone, PartialEq)]
pub struct ShardPlan {
    /// All steps of all stages.
    pub plan: Plan,
    /// The end of each stage: the number of steps done after it.
    pub stages: Vec<usize>,
    /// Epochs of each stage.
    pub epochs: Vec<usize>,
    /// Rows of each slice.
    pub slices: Vec<Vec<usize>>,
}

impl ShardPlan {
    /// Stage `i` visits the rows of slices `0 … i` in `e_i` fresh orders. The orders depend on the seed, `shard` and the
    /// original slices alone, never on what was deleted.
    ///
    /// ```
    /// use unlearn::sisa::schedule::{ShardPlan, Steps};
    /// use unlearn::train::plan::Schedule;
    /// let rate = Schedule::Constant { rate: 0.1 };
    /// let steps = Steps { batch: 2, rate, momentum: 0.0, weight_decay: 0.0, seed: 1 };
    /// let shard = ShardPlan::new(vec![vec![4, 2], vec![7]], vec![1, 2], steps, 0).unwrap();
    /// assert_eq!(shard.stages, [1, 5]);            // 2 rows; then 2 + 1 rows, twice
    /// assert_eq!(shard.plan.visits(), 2 + 2 * 3);
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when epochs and slices differ in number; [`Error::Invalid`] for more than [`MOST_VISITS`]
    /// visits, and as [`Plan::new`].
    pub fn new(slices: Vec<Vec<usize>>, epochs: Vec<usize>, steps: Steps, shard: usize) -> Result<ShardPlan> {
        Error::check_shape("epochs (one number per slice)", slices.len(), epochs.len())?;
        if steps.batch == 0 {
            return Err(Error::Invalid("batch 0: a batch needs at least one row".into()));
        }
        let (mut seen, mut visits, mut total) = (0u64, 0u64, 0usize);
        for (rows, &e) in slices.iter().zip(&epochs) {
            seen += rows.len() as u64;
            visits = visits.saturating_add(seen.saturating_mul(e as u64));
            if visits > MOST_VISITS {
                return Err(Error::Invalid(format!(
                    "a shard would be trained for more than {MOST_VISITS} row visits; use fewer epochs or more shards"
                )));
            }
            total += (seen as usize).div_ceil(steps.batch) * e;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(steps.seed);
        rng.set_stream(shard as u64);
        let (mut order, mut all, mut stages) = (Vec::new(), Vec::with_capacity(total), Vec::new());
        for (rows, &e) in slices.iter().zip(&epochs) {
            order.extend_from_slice(rows);
            for _ in 0..e {
                order.shuffle(&mut rng);
                for batch in order.chunks(steps.batch) {
                    let eta = steps.rate.rate(all.len(), total);
                    all.push(Step { rows: batch.to_vec(), eta });
                }
            }
            stages.push(all.len());
        }
        let plan = Plan::new(all, steps.momentum, steps.weight_decay)?;
        Ok(ShardPlan { plan, stages, epochs, slices })
    }

    /// The steps of a stage.
    pub fn steps(&self, stage: usize) -> Range<usize> {
        let start = if stage == 0 { 0 } else { self.stages[stage - 1] };
        start..self.stages[stage]
    }

    /// The rows that a run has seen after a stage, increasing.
    pub fn seen(&self, stage: usize) -> Vec<usize> {
        let mut rows = self.slices[..=stage].concat();
        rows.sort_unstable();
        rows
    }
}
