//! The ways to serve a request on a model that was trained to a minimiser, and what each costs.

use crate::train::flops;
use std::fmt;

/// A way to serve a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Branch {
    /// Leave the model as it is.
    Noop,
    /// One step with the Hessian on all rows, whose factor is kept from training ([`crate::unlearn::influence`]).
    Influence,
    /// The closed form for ridge regression ([`crate::unlearn::ridge_deletion`]).
    RidgeDeletion,
    /// Steps with gradient and Hessian on the rows kept ([`crate::unlearn::newton`]).
    Newton {
        /// How many at most: it stops as soon as its certificate is within the tolerance.
        steps: usize,
    },
    /// Train again without the rows.
    Retrain,
}

impl Branch {
    /// The method's name.
    pub fn method(self) -> &'static str {
        match self {
            Branch::Noop => "noop",
            Branch::Influence => "influence",
            Branch::RidgeDeletion => "ridge-deletion",
            Branch::Newton { .. } => "newton",
            Branch::Retrain => "retrain",
        }
    }

    /// Is the work known before it is done? Newton's steps may end earlier, never later. How many retraining takes from 0
    /// is not known: as many as training took is a forecast. `STREAMS.md` has the errors measured.
    pub fn is_foreseen(self) -> bool {
        self != Branch::Retrain
    }
}

/// `newton x2` for two steps.
impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Branch::Newton { steps } if *steps > 1 => f.pad(&format!("newton x{steps}")),
            other => f.pad(other.method()),
        }
    }
}

/// What a branch will cost, before it is run. The evaluation of certificates is not part of it, as everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Workload {
    /// Rows whose gradient is taken.
    pub gradients: u64,
    /// Rows whose Hessian is taken.
    pub hessians: u64,
    /// Factorisations with a solve.
    pub factors: u64,
    /// Solves with a factor that is there.
    pub solves: u64,
}

impl Workload {
    /// Of a branch for `forgotten` of `rows` rows; `iterations` are the Newton steps that retraining is expected to take.
    /// Exact for every branch but retraining, where it is a forecast ([`Branch::is_foreseen`]).
    ///
    /// ```
    /// use unlearn::hybrid::{Branch, Workload};
    /// // Ten rows, two forgotten: two Newton steps visit the eight others twice each.
    /// assert_eq!(Workload::of(Branch::Newton { steps: 2 }, 10, 2, 5).visits(), 2 * 2 * 8);
    /// assert_eq!(Workload::of(Branch::Influence, 10, 2, 5).visits(), 2);
    /// // Retraining: the five steps, and the look that finds the last point stationary.
    /// assert_eq!(Workload::of(Branch::Retrain, 10, 2, 5).visits(), 2 * 6 * 8);
    /// ```
    pub fn of(branch: Branch, rows: usize, forgotten: usize, iterations: usize) -> Workload {
        let (n, m) = (rows as u64, forgotten as u64);
        let newton = |steps: u64| Workload {
            gradients: steps * (n - m),
            hessians: steps * (n - m),
            factors: steps,
            solves: 0,
        };
        match branch {
            Branch::Noop => Workload::default(),
            Branch::Influence => Workload { gradients: m, solves: 1, ..Workload::default() },
            // As counted by the method: the Hessian on all rows, the forgotten ones once more.
            Branch::RidgeDeletion => Workload { gradients: m, hessians: n, factors: 2, solves: m },
            Branch::Newton { steps } => newton(steps as u64),
            Branch::Retrain => newton(iterations as u64 + 1),
        }
    }

    /// Row visits: gradients and Hessians of a row count one each.
    pub fn visits(&self) -> u64 {
        self.gradients + self.hessians
    }

    /// Nominal operations on `k` kept parameters ([`crate::train::flops`]).
    pub fn flops(&self, k: usize) -> f64 {
        self.gradients as f64 * flops::gradient(k)
            + self.hessians as f64 * flops::hessian(k)
            + self.factors as f64 * flops::solve(k)
            + self.solves as f64 * 2.0 * (k * k) as f64
    }
}
