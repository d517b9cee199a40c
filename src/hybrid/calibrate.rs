//! Row visits in seconds on this machine.

use super::branch::Workload;
use crate::error::Result;
use crate::numeric::factor::Cholesky;
use crate::objective::Problem;
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
const TRIALS: usize = 3;

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
