//! A checkpoint is found for what it is the result of, and for nothing else: every ingredient changes its key.

use nalgebra::DVector;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::objective::{Problem, Reduction};
use unlearn::sisa::blueprint::{Blueprint, Settings};
use unlearn::sisa::checkpoint::{Digest, Key};
use unlearn::sisa::partition::Partition;
use unlearn::sisa::schedule::Epochs;
use unlearn::train::optimiser::Optimiser;
use unlearn::train::plan::Schedule;

/// Six rows; rows 0 and 1 are the same.
const FEATURES: [f64; 12] = [1.0, 2.0, 1.0, 2.0, -1.0, 0.5, 0.25, 3.0, -2.0, 1.0, 0.5, 0.5];
const TARGETS: [f64; 6] = [1.0, 1.0, 0.0, 1.0, 0.0, 0.0];

fn data(features: [f64; 12], targets: [f64; 6], sparse: bool) -> Dataset {
    let design = Design::dense(6, 2, features.to_vec()).unwrap();
    Dataset::new("six", if sparse { design.to_sparse() } else { design }, targets.to_vec()).unwrap()
}

fn problem(data: Dataset, widths: &[usize], activation: Activation, loss: Loss, bias: bool) -> Problem {
    let model = Model::new(widths.to_vec(), activation, loss, bias).unwrap();
    Problem::new(data.into(), model, 0.125).unwrap()
}

fn settings() -> Settings {
    Settings {
        epochs: Epochs::Each(vec![1, 1]),
        batch: 2,
        rate: Schedule::Constant { rate: 0.5 },
        optimiser: Optimiser::Adam { beta1: 0.5, beta2: 0.75, epsilon: 0.5 },
        weight_decay: None,
        seed: 1,
    }
}

fn partition(shards: [[&[usize]; 2]; 2]) -> Partition {
    Partition::new(6, shards.iter().map(|s| s.iter().map(|r| r.to_vec()).collect()).collect()).unwrap()
}

fn key(blueprint: &Blueprint, shard: usize, stage: usize, deleted: &[usize]) -> Key {
    let deleted = RowSet::new(6, deleted.to_vec()).ok();
    blueprint.provenance(shard, stage, deleted.as_ref()).key()
}

#[test]
fn every_ingredient_counts() {
    use Activation::{Sigmoid, Tanh};
    use Loss::{Logistic, Squared};
    let net =
        |activation, loss, bias| problem(data(FEATURES, TARGETS, false), &[2, 2, 1], activation, loss, bias);
    let base = net(Tanh, Logistic, true);
    let parts = || partition([[&[0, 1, 2], &[3]], [&[4], &[5]]]);
    let with = |problem: Problem, settings: Settings| Blueprint::new(problem, parts(), settings).unwrap();
    let set = |change: &dyn Fn(&mut Settings)| {
        let mut s = settings();
        change(&mut s);
        with(base.clone(), s)
    };
    let mask = |pruned: usize| {
        let flags: Vec<bool> = (0..9).map(|j| j != pruned).collect();
        with(base.clone().with_mask(Mask::new(&flags).unwrap()).unwrap(), settings())
    };
    // All linear models start at 0: only the mask tells them apart.
    let linear = problem(data(FEATURES, TARGETS, false), &[2, 1], Activation::Identity, Logistic, true);
    let linear_mask =
        |flags: [bool; 3]| with(linear.clone().with_mask(Mask::new(&flags).unwrap()).unwrap(), settings());
    let (mut features, mut targets) = (FEATURES, TARGETS);
    features[4] = 4.0;
    targets[2] = 1.0;
    let of = |data: Dataset| with(problem(data, &[2, 2, 1], Tanh, Logistic, true), settings());
    let wide = problem(data(FEATURES, TARGETS, false), &[2, 3, 1], Tanh, Logistic, true);
    let blueprints = [
        with(base.clone(), settings()),
        with(net(Sigmoid, Logistic, true), settings()),
        with(net(Tanh, Squared, true), settings()),
        with(net(Tanh, Logistic, false), settings()),
        with(wide, settings()),
        with(base.clone().with_reduction(Reduction::Sum), settings()),
        with(base.clone().with_ridge(0.25).unwrap(), settings()),
        with(base.clone().with_perturbation(DVector::from_element(9, 0.5)).unwrap(), settings()),
        mask(0),
        mask(1),
        linear_mask([true, false, true]),
        linear_mask([true, true, false]),
        of(data(features, TARGETS, false)),
        of(data(FEATURES, targets, false)),
        of(data(FEATURES, TARGETS, true)),
        set(&|s| s.epochs = Epochs::Each(vec![2, 1])),
        set(&|s| s.epochs = Epochs::Each(vec![1, 2])),
        set(&|s| s.batch = 1),
        set(&|s| s.rate = Schedule::Constant { rate: 0.25 }),
        set(&|s| s.weight_decay = Some(0.5)),
        set(&|s| s.seed = 2),
        set(&|s| s.optimiser = Optimiser::Sgd { momentum: 0.0 }),
        set(&|s| s.optimiser = Optimiser::Sgd { momentum: 0.5 }),
        set(&|s| s.optimiser = Optimiser::Adam { beta1: 0.75, beta2: 0.75, epsilon: 0.5 }),
        set(&|s| s.optimiser = Optimiser::Adam { beta1: 0.5, beta2: 0.5, epsilon: 0.5 }),
        set(&|s| s.optimiser = Optimiser::Adam { beta1: 0.5, beta2: 0.75, epsilon: 0.25 }),
        Blueprint::new(base.clone(), partition([[&[0, 1, 2], &[4]], [&[3], &[5]]]), settings()).unwrap(),
    ];
    let mut keys: Vec<Key> = blueprints.iter().map(|b| key(b, 0, 0, &[])).collect();
    let base = &blueprints[0];
    // Places and deletions of one blueprint; without row 0 and without row 1, whose contents are the same.
    keys.extend([key(base, 0, 1, &[]), key(base, 1, 0, &[]), key(base, 1, 1, &[])]);
    keys.extend([&[0][..], &[1], &[2], &[0, 1], &[0, 1, 2]].map(|deleted| key(base, 0, 0, deleted)));
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
    // Deletions that the state has not seen change nothing: other slices, other shards.
    assert_eq!(key(base, 0, 0, &[]), key(base, 0, 0, &[3, 4, 5]));
    assert_eq!(key(base, 1, 1, &[]), key(base, 1, 1, &[0, 1, 2, 3]));
    // The same twice, and read back from its text.
    let again = with(base.problem().clone(), settings());
    assert_eq!(key(base, 0, 1, &[2]), key(&again, 0, 1, &[2]));
    assert_eq!(key(base, 0, 0, &[]).to_string().parse::<Digest>().unwrap(), key(base, 0, 0, &[]));
    for text in ["", "0", &"g".repeat(64), &"A".repeat(64), &"0".repeat(63), &"é".repeat(32)] {
        assert!(text.parse::<Digest>().is_err(), "{text}");
    }
}
