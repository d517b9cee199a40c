//! What stochastic gradient descent will do, written down before it runs: the batches, the step
//! sizes, momentum and weight decay. The same plan always gives the same bits.

use crate::data::RowSet;
use crate::error::{Error, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// One step: the rows of its batch and its step size `η`.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Row indices of the batch, in the order their gradients are added.
    pub rows: Vec<usize>,
    /// Step size.
    pub eta: f64,
}

/// A whole run: `v ← βv + g`, `θ ← θ − ηv`, where `g` is the batch mean of the loss gradients plus
/// `weight_decay · θ` (the convention of `torch.optim.SGD` without dampening or Nesterov).
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// `β`, in `[0, 1)`.
    pub momentum: f64,
    /// Coefficient of `θ` in every batch gradient; λ for the mean reduction.
    pub weight_decay: f64,
}

/// Step sizes as a function of the step number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    /// `η`.
    Constant {
        /// `η`.
        rate: f64,
    },
    /// `η / (1 + decay·k)`.
    InverseTime {
        /// `η` at step 0.
        rate: f64,
        /// Decay per step.
        decay: f64,
    },
    /// `η · factor^⌊k/every⌋`.
    Steps {
        /// `η` at step 0.
        rate: f64,
        /// Steps between two drops.
        every: usize,
        /// Factor of each drop.
        factor: f64,
    },
    /// From `η` at step 0 down to `last` at the final step, along half a cosine.
    Cosine {
        /// `η` at step 0.
        rate: f64,
        /// `η` at the final step.
        last: f64,
    },
}

impl Schedule {
    /// The step size of step `k` of `total`.
    ///
    /// ```
    /// use unlearn::train::plan::Schedule;
    /// assert_eq!(Schedule::InverseTime { rate: 1.0, decay: 0.5 }.rate(2, 10), 0.5);
    /// assert_eq!(Schedule::Steps { rate: 1.0, every: 3, factor: 0.1 }.rate(3, 10), 0.1);
    /// ```
    pub fn rate(self, k: usize, total: usize) -> f64 {
        match self {
            Schedule::Constant { rate } => rate,
            Schedule::InverseTime { rate, decay } => rate / (1.0 + decay * k as f64),
            Schedule::Steps { rate, every, factor } => rate * factor.powi((k / every.max(1)) as i32),
            Schedule::Cosine { rate, last } => {
                let done = k as f64 / (total.max(2) - 1) as f64;
                last + 0.5 * (rate - last) * (1.0 + (std::f64::consts::PI * done).cos())
            }
        }
    }
}

/// How batches are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batches {
    /// Rows in the data.
    pub rows: usize,
    /// Rows per batch; the last batch of an epoch may be smaller.
    pub size: usize,
    /// Passes over the data, each in a fresh order.
    pub epochs: usize,
    /// Seed of the orders.
    pub seed: u64,
}

impl Plan {
    /// Epochs over all rows, each shuffled anew from the seed and cut into batches.
    ///
    /// ```
    /// use unlearn::train::plan::{Batches, Plan, Schedule};
    /// let batches = Batches { rows: 5, size: 2, epochs: 2, seed: 7 };
    /// let plan = Plan::shuffled(batches, Schedule::Constant { rate: 0.1 }, 0.0, 0.01).unwrap();
    /// assert_eq!(plan.steps.len(), 6);                       // 2 + 2 + 1 rows, twice
    /// let mut seen: Vec<usize> = plan.steps[..3].iter().flat_map(|s| s.rows.clone()).collect();
    /// seen.sort();
    /// assert_eq!(seen, [0, 1, 2, 3, 4]);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty batch, a step size that is not positive and finite, a momentum
    /// outside `[0, 1)` or a negative weight decay.
    pub fn shuffled(batches: Batches, schedule: Schedule, momentum: f64, weight_decay: f64) -> Result<Plan> {
        if batches.size == 0 || batches.rows == 0 {
            return Err(Error::Invalid("a batch needs at least one row".into()));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(batches.seed);
        let per_epoch = batches.rows.div_ceil(batches.size);
        let total = per_epoch.saturating_mul(batches.epochs);
        let mut order: Vec<usize> = (0..batches.rows).collect();
        let mut steps = Vec::new();
        for _ in 0..batches.epochs {
            order.shuffle(&mut rng);
            for rows in order.chunks(batches.size) {
                steps.push(Step { rows: rows.to_vec(), eta: schedule.rate(steps.len(), total) });
            }
        }
        Plan::new(steps, momentum, weight_decay)
    }

    /// A plan from explicit steps.
    ///
    /// # Errors
    /// As [`Plan::shuffled`].
    pub fn new(steps: Vec<Step>, momentum: f64, weight_decay: f64) -> Result<Plan> {
        if let Some(k) = steps.iter().position(|s| s.rows.is_empty()) {
            return Err(Error::Invalid(format!("step {k} has an empty batch")));
        }
        if let Some(s) = steps.iter().find(|s| !(s.eta > 0.0 && s.eta.is_finite())) {
            return Err(Error::Invalid(format!("step size {}: it must be positive and finite", s.eta)));
        }
        if !(0.0..1.0).contains(&momentum) {
            return Err(Error::Invalid(format!("momentum {momentum}: it must be in [0, 1)")));
        }
        if !(weight_decay >= 0.0 && weight_decay.is_finite()) {
            return Err(Error::Invalid(format!("weight decay {weight_decay}: it must be 0 or larger")));
        }
        Ok(Plan { steps, momentum, weight_decay })
    }

    /// Number of steps `t`.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Has the plan no step?
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Row visits of the whole run: the cost of retraining from scratch.
    pub fn visits(&self) -> usize {
        self.steps.iter().map(|s| s.rows.len()).sum()
    }

    /// `κ_k(t) = Σ_{i=k}^{t−1} η_i β^{i−k}` of every step: how far a gradient of size 1 at step `k` has moved the end
    /// of the run (`η_k` without momentum), by `κ_k = η_k + βκ_{k+1}` from the last step backwards.
    ///
    /// ```
    /// use unlearn::train::plan::{Plan, Step};
    /// let step = Step { rows: vec![0], eta: 1.0 };
    /// assert_eq!(Plan::new(vec![step.clone(), step], 0.5, 0.0).unwrap().kernel(), [1.5, 1.0]);
    /// ```
    pub fn kernel(&self) -> Vec<f64> {
        let mut kernel: Vec<f64> = self.steps.iter().map(|s| s.eta).collect();
        for k in (0..kernel.len().saturating_sub(1)).rev() {
            kernel[k] += self.momentum * kernel[k + 1];
        }
        kernel
    }

    /// The share `ρ_k` of batch `k` that is to be forgotten.
    pub fn share(&self, k: usize, forget: &RowSet) -> f64 {
        let rows = &self.steps[k].rows;
        rows.iter().filter(|&&i| forget.contains(i)).count() as f64 / rows.len() as f64
    }
}
