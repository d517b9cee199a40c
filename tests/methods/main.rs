//! The methods of prune-then-unlearn: each does what its formula says, and the nearest wrong formula, most of
//! them from released code, is told apart.

mod certificates;
mod epochs;
mod influence;
mod interface;
mod noise;
mod penalty;

use nalgebra::DVector;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::objective::Problem;
use unlearn::train::newton::{Fit, minimise};
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::start::start;

/// The methods in question: approximations without a theorem of their own, and re-pruning.
pub(crate) const NEW: [&str; 7] =
    ["retrain-repruned", "influence-cg", "woodfisher", "fine-tune", "gradient-ascent", "fisher", "l1-sparse"];

/// Random features, labels that depend on them.
pub(crate) fn data(rows: usize, cols: usize, loss: Loss, seed: u64) -> Dataset {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x: Vec<f64> = (0..rows * cols).map(|_| rng.random_range(-1.0..1.0)).collect();
    let target = |row: &[f64]| {
        let noise: f64 = rng.random_range(-0.3..0.3);
        let z: f64 = row.iter().enumerate().map(|(j, v)| v * (j as f64 + 1.0).sin()).sum::<f64>() + noise;
        match loss {
            Loss::Squared => z,
            Loss::Logistic => f64::from(u8::from(z > 0.0)),
            Loss::Softmax => f64::from(u8::from(z > 0.3)) + f64::from(u8::from(z > -0.3)),
        }
    };
    let y: Vec<f64> = x.chunks_exact(cols).map(target).collect();
    Dataset::new("drawn", Design::dense(rows, cols, x).unwrap(), y).unwrap()
}

pub(crate) fn outputs(loss: Loss) -> usize {
    if loss == Loss::Softmax { 3 } else { 1 }
}

pub(crate) fn linear(loss: Loss) -> Problem {
    let model = Model::linear(5, outputs(loss), loss, true).unwrap();
    Problem::new(data(40, 5, loss, 1).into(), model, 0.05).unwrap()
}

pub(crate) fn network(loss: Loss) -> Problem {
    let model = Model::new(vec![5, 4, outputs(loss)], Activation::Tanh, loss, true).unwrap();
    Problem::new(data(40, 5, loss, 1).into(), model, 0.05).unwrap()
}

/// Every third weight pruned.
pub(crate) fn pruned(problem: &Problem) -> Problem {
    let model = problem.model();
    let keep: Vec<bool> =
        (0..model.parameters()).map(|j| model.coordinate(j).input.is_none() || j % 3 != 1).collect();
    problem.clone().with_mask(Mask::new(&keep).unwrap()).unwrap()
}

pub(crate) fn forget(problem: &Problem) -> RowSet {
    RowSet::new(problem.rows(), vec![0, 7, 13, 22]).unwrap()
}

/// A fit near the start, or wherever Newton's method ends up.
pub(crate) fn fit(problem: &Problem) -> Fit {
    minimise(&problem.full(), start(problem, 3)).unwrap()
}

pub(crate) fn plan(problem: &Problem) -> Plan {
    let batches = Batches { rows: problem.rows(), size: 8, epochs: 2, seed: 1 };
    Plan::shuffled(batches, Schedule::Constant { rate: 0.02 }, 0.0, 0.05).unwrap()
}

pub(crate) fn bits(v: &DVector<f64>) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

/// Everything to compare methods on: linear and network, dense and pruned.
pub(crate) fn problems() -> Vec<Problem> {
    let mut all = Vec::new();
    for loss in Loss::ALL {
        for dense in [linear(loss), network(loss)] {
            all.push(pruned(&dense));
            all.push(dense);
        }
    }
    all
}
