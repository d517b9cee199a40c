//! LegoNet, MUSO, datamodel matching, KLoM and the ascent control: what is exact is exact, what the literature
//! says beyond that fails where it must, and the checkers of the claims notice planted faults.

#[macro_use]
#[path = "../common/weakened.rs"]
mod weakening;

mod ascent;
mod datamodels;
mod klom;
mod lasso;
mod legonet;
mod matching;
mod muso;
mod networks;
mod weakened;

use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::objective::{Problem, Reduction};

/// Entries uniform in [−1, 1].
fn uniform(rows: usize, cols: usize, seed: u64) -> DMatrix<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    DMatrix::from_fn(rows, cols, |_, _| rng.random_range(-1.0..1.0))
}

/// Uniform rows; real targets, or labels that depend on the row.
fn data(rows: usize, cols: usize, loss: Loss, seed: u64) -> Dataset {
    let x = uniform(cols, rows, seed);
    let noise = uniform(rows, 1, seed ^ 0x5eed);
    let target = |i: usize| {
        let z = x.column(i).sum() + noise[i];
        match loss {
            Loss::Squared => z,
            Loss::Logistic => f64::from(u8::from(z > 0.0)),
            Loss::Softmax => f64::from(u8::from(z > 0.4)) + f64::from(u8::from(z > -0.4)),
        }
    };
    let target = (0..rows).map(target).collect();
    Dataset::new("drawn", Design::dense(rows, cols, x.as_slice().to_vec()).unwrap(), target).unwrap()
}

fn linear(data: Dataset, loss: Loss, ridge: f64, reduction: Reduction) -> Problem {
    let outputs = if loss == Loss::Softmax { 3 } else { 1 };
    let model = Model::linear(data.cols(), outputs, loss, true).unwrap();
    Problem::new(data.into(), model, ridge).unwrap().with_reduction(reduction)
}

/// The first `m` rows in an order drawn from the seed.
fn some_rows(total: usize, m: usize, seed: u64) -> RowSet {
    let mut order: Vec<usize> = (0..total).collect();
    rand::seq::SliceRandom::shuffle(order.as_mut_slice(), &mut ChaCha8Rng::seed_from_u64(seed));
    RowSet::new(total, order[..m].to_vec()).unwrap()
}

/// `‖a − b‖` relative to the larger of both and 1.
fn off(a: &DVector<f64>, b: &DVector<f64>) -> f64 {
    (a - b).norm() / a.norm().max(b.norm()).max(1.0)
}

fn seeds() -> impl Strategy<Value = u64> {
    any::<u64>()
}
