//! Direct updates of a recorded run: logs, plain and propagated subtraction, vectors carried in advance, DeltaGrad,
//! fine-tuning to a stated residual.

mod carried;
mod deltagrad;
mod log;
mod statistics;
mod subtraction;
mod weakened;

use nalgebra::DVector;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::claim::{Case, Depth, Domain};
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::objective::Problem;
use unlearn::train::coupling::Normalisation;
use unlearn::train::plan::{Batches, Plan, Schedule, Step};

pub(crate) const ANY: Domain =
    Domain { losses: &Loss::ALL, depth: Depth::Any, masks: true, momentum: true, run: true, wide: false };
pub(crate) const STILL: Domain = Domain { momentum: false, ..ANY };
pub(crate) const LINEAR: Domain = Domain { depth: Depth::Linear, ..ANY };
pub(crate) const QUADRATIC: Domain = Domain { losses: &[Loss::Squared], ..LINEAR };

/// The size of a drawn case's runs.
pub(crate) fn size(case: &Case) -> f64 {
    case.run_size().expect("both runs exist")
}

pub(crate) fn rows(total: usize, rows: impl IntoIterator<Item = usize>) -> RowSet {
    RowSet::new(total, rows.into_iter().collect()).expect("distinct rows in range")
}

/// Gaussian-like features, a linear truth with noise, from a seed.
pub(crate) fn drawn(loss: Loss, n: usize, d: usize, ridge: f64, seed: u64) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // A sum of twelve uniform numbers minus six: mean 0, variance 1.
    let mut normal = || (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0;
    let truth: Vec<f64> = (0..d).map(|_| normal()).collect();
    let x: Vec<f64> = (0..n * d).map(|_| normal()).collect();
    let target = x.chunks_exact(d).map(|row| {
        let z = row.iter().zip(&truth).map(|(x, w)| x * w).sum::<f64>() + 0.5 * normal();
        if loss == Loss::Squared { z } else { f64::from(u8::from(z > 0.0)) }
    });
    let target = target.collect();
    let data = Dataset::new("drawn", Design::dense(n, d, x).expect("sizes"), target).expect("finite");
    Problem::new(data.into(), Model::linear(d, 1, loss, false).expect("one output"), ridge).expect("valid")
}

/// Shuffled batches from the start 0.
pub(crate) fn shuffled(problem: &Problem, batch: usize, epochs: usize, eta: f64, seed: u64) -> Plan {
    let batches = Batches { rows: problem.rows(), size: batch, epochs, seed };
    Plan::shuffled(batches, Schedule::Constant { rate: eta }, 0.0, problem.ridge()).expect("valid")
}

/// Gradient descent on all rows.
pub(crate) fn full(problem: &Problem, steps: usize, eta: f64) -> Plan {
    let step = Step { rows: (0..problem.rows()).collect(), eta };
    Plan::new(vec![step; steps], 0.0, problem.ridge()).expect("valid")
}

pub(crate) fn case(problem: Problem, plan: Plan, forget: RowSet) -> Case {
    let start = DVector::zeros(problem.active());
    Case::new("drawn", problem, forget, plan, start, Normalisation::Fixed)
}
