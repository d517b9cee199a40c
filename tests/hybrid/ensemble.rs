//! Drawn ensembles and histories of requests.

use proptest::collection::vec;
use proptest::prelude::*;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::objective::Problem;
use unlearn::sisa::blueprint::{Blueprint, Settings};
use unlearn::sisa::schedule::Epochs;
use unlearn::train::optimiser::Optimiser;
use unlearn::train::plan::Schedule;

/// Rows of the drawn data.
pub(crate) const ROWS: usize = 24;

/// An ensemble and what is asked of it, one list of rows after the other.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) blueprint: Blueprint,
    pub(crate) requests: Vec<Vec<usize>>,
}

/// Small ensembles of linear models, every setting drawn.
pub(crate) fn drawn() -> impl Strategy<Value = Drawn> {
    let sizes = (1..=3usize, 1..=3usize, 2..=4usize, 2..=6usize, 1..=2usize);
    let kinds = (0..3usize, any::<bool>(), 0..8u64, 1..=10i32, 0..=4i32);
    let entries = (vec(-8..=8i32, ROWS * 2), vec(0..6usize, ROWS));
    (sizes, kinds, entries, vec(vec(0..ROWS, 1..=3), 1..=4)).prop_map(assemble)
}

/// As [`drawn`], half of them in runs of full batches that come near their ends, decay always above 0.
pub(crate) fn drawn_for_amendment() -> impl Strategy<Value = Drawn> {
    let full = (1..=2usize, 1..=3usize, 20..=120usize, Just(ROWS), 1..=2usize);
    let mini = (1..=3usize, 1..=3usize, 2..=4usize, 2..=6usize, 1..=2usize);
    let sizes = prop_oneof![full, mini];
    let kinds = (0..3usize, prop::bool::weighted(0.2), 0..8u64, 1..=20i32, 1..=4i32);
    let entries = (vec(-8..=8i32, ROWS * 2), vec(0..6usize, ROWS));
    let requests = vec(vec(0..ROWS, 1..=3), 1..=3);
    (sizes, kinds, entries, requests).prop_map(assemble)
}

type Sizes = (usize, usize, usize, usize, usize);
type Kinds = (usize, bool, u64, i32, i32);

type Entries = (Vec<i32>, Vec<usize>);

fn assemble((sizes, kinds, (x, y), requests): (Sizes, Kinds, Entries, Vec<Vec<usize>>)) -> Drawn {
    let (shards, slices, epochs, batch, inputs) = sizes;
    let (loss, momentum, seed, rate, decay) = kinds;
    let loss = [Loss::Logistic, Loss::Squared, Loss::Softmax][loss];
    let x = x[..ROWS * inputs].iter().map(|v| f64::from(*v) / 4.0).collect();
    let y = y.iter().map(|v| match loss {
        Loss::Logistic => (v % 2) as f64,
        Loss::Squared => *v as f64 / 2.0 - 1.0,
        Loss::Softmax => (v % 3) as f64,
    });
    let data = Dataset::new("drawn", Design::dense(ROWS, inputs, x).unwrap(), y.collect()).unwrap();
    let outputs = if loss == Loss::Softmax { 3 } else { 1 };
    let model = Model::linear(inputs, outputs, loss, true).unwrap();
    let problem = Problem::new(data.into(), model, 0.1 * f64::from(decay)).unwrap();
    let settings = Settings {
        epochs: Epochs::Floor { unsliced: epochs },
        batch,
        rate: Schedule::Constant { rate: 0.01 * f64::from(rate) },
        optimiser: Optimiser::Sgd { momentum: if momentum { 0.5 } else { 0.0 } },
        weight_decay: None,
        seed,
    };
    let blueprint = Blueprint::uniform(problem, shards, slices, settings).unwrap();
    let requests = requests.into_iter().map(|mut r| {
        r.sort_unstable();
        r.dedup();
        r
    });
    Drawn { blueprint, requests: requests.collect() }
}

pub(crate) fn rows(rows: &[usize]) -> RowSet {
    RowSet::new(ROWS, rows.to_vec()).unwrap()
}
