//! Strategies that draw every hyper-parameter and every entry, so that failures shrink and replay.
//!
//! Entries come from pools of fixed length that do not depend on the sizes: sizes stand first in
//! the tuple, hence shrink first, and shrinking them leaves the entries where they were.

use super::case::{Case, Weights};
use super::textbook::Textbook;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use unlearn::loss::Loss;
use unlearn::model::Activation;
use unlearn::objective::Reduction;

/// Most rows, inputs, units of a hidden layer, classes.
const MOST: (usize, usize, usize, usize) = (6, 4, 3, 4);
/// Parameters of the widest, deepest network with biases.
const MOST_PARAMETERS: usize = 5 * 3 + 4 * 3 + 4 * 3 + 4 * 4;

/// What a family of cases is drawn from. Simplest first: shrinking moves towards the front.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    pub(crate) losses: Vec<Loss>,
    pub(crate) activations: Vec<Activation>,
    pub(crate) most_hidden_layers: usize,
    /// Draw only whole numbers and no mean, so that squared, identity arithmetic is exact.
    pub(crate) integers: bool,
}

impl Family {
    /// Everything.
    pub(crate) fn all() -> Family {
        Family {
            losses: vec![Loss::Squared, Loss::Logistic, Loss::Softmax],
            activations: vec![
                Activation::Identity,
                Activation::Tanh,
                Activation::Sigmoid,
                Activation::Softplus,
            ],
            most_hidden_layers: 3,
            integers: false,
        }
    }

    /// Problems on which all arithmetic is exact.
    pub(crate) fn exact() -> Family {
        Family {
            losses: vec![Loss::Squared],
            activations: vec![Activation::Identity],
            integers: true,
            ..Family::all()
        }
    }

    /// Linear models of one loss.
    pub(crate) fn linear(loss: Loss) -> Family {
        Family { losses: vec![loss], most_hidden_layers: 0, ..Family::all() }
    }

    /// The strategy.
    pub(crate) fn cases(self) -> impl Strategy<Value = Case> {
        let (rows, inputs, units, classes) = MOST;
        let sizes = (1..=rows, 1..=inputs, 0..=self.most_hidden_layers, vec(1..=units, 3), 2..=classes);
        let kinds = (select(self.losses), select(self.activations), any::<bool>(), any::<bool>());
        let pruning =
            (rarely(), rarely(), rarely(), rarely(), 0..64usize, vec(weighted_true(), MOST_PARAMETERS));
        let counting = (
            select(if self.integers { vec![Reduction::Sum] } else { vec![Reduction::Sum, Reduction::Mean] }),
            0..3usize,
            vec(any::<bool>(), rows),
        );
        // Powers of two keep every entry dyadic; parameters are small so that deep softplus and
        // identity networks stay within the range of exp.
        let (coarse, fine) = if self.integers { (1, 1) } else { (4, 8) };
        let most = if self.integers { 2 } else { 8 };
        let entries = (
            vec(grid(most, fine), MOST_PARAMETERS),
            vec(prop_oneof![1 => Just(0.0), 3 => grid(most, coarse)], rows * inputs),
            vec(0..12i32, rows),
            vec(grid(most, coarse), rows),
            vec(grid(most, coarse), MOST_PARAMETERS),
            vec(grid(most, coarse), MOST_PARAMETERS),
            prop_oneof![1 => Just(0.0), 2 => grid(most, coarse).prop_map(f64::abs)],
            any::<bool>(),
        );
        (sizes, kinds, pruning, counting, entries).prop_map(assemble)
    }
}

/// Whole multiples of `1/denominator`, up to `most` of them.
pub(crate) fn grid(most: i32, denominator: i32) -> impl Strategy<Value = f64> + Clone {
    (-most..=most).prop_map(move |k| f64::from(k) / f64::from(denominator))
}

fn rarely() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.3)
}

fn weighted_true() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.7)
}

type Sizes = (usize, usize, usize, Vec<usize>, usize);
type Kinds = (Loss, Activation, bool, bool);
type Pruning = (bool, bool, bool, bool, usize, Vec<bool>);
type Counting = (Reduction, usize, Vec<bool>);
type Entries = (Vec<f64>, Vec<f64>, Vec<i32>, Vec<f64>, Vec<f64>, Vec<f64>, f64, bool);

fn assemble((sizes, kinds, pruning, counting, entries): (Sizes, Kinds, Pruning, Counting, Entries)) -> Case {
    let (n, inputs, depth, hidden, classes) = sizes;
    let (loss, activation, bias, sparse) = kinds;
    let (theta, x, labels, weights, direction, perturbation, ridge, perturbed) = entries;
    let mut widths = vec![inputs];
    widths.extend(&hidden[..depth]);
    widths.push(if loss == Loss::Softmax { classes } else { 1 });
    let network = Textbook { widths, activation, loss, bias };
    let keep = keep(&network, pruning);
    let on_kept = |pool: &[f64]| -> Vec<f64> {
        keep.iter().zip(pool).map(|(&k, &v)| if k { v } else { 0.0 }).collect()
    };
    let target = labels[..n].iter().map(|&label| match loss {
        Loss::Squared => f64::from(label - 6),
        // An odd first label chooses the −1/+1 convention, so that both are met.
        Loss::Logistic if labels[0] % 2 == 1 => f64::from(label % 2) * 2.0 - 1.0,
        Loss::Logistic => f64::from(label % 2),
        Loss::Softmax => f64::from(label % classes as i32),
    });
    let (reduction, which, flags) = counting;
    let forget: Vec<usize> = (0..n).filter(|&i| flags[i]).collect();
    let weights = match which {
        1 if !forget.is_empty() && forget.len() < n => Weights::Retained(forget),
        2 => Weights::Arbitrary(weights[..n].to_vec()),
        _ => Weights::Full,
    };
    Case {
        sparse,
        rows: (0..n).map(|i| x[i * MOST.1..i * MOST.1 + inputs].to_vec()).collect(),
        target: target.collect(),
        reduction,
        weights,
        ridge,
        perturbation: perturbed.then(|| on_kept(&perturbation)),
        theta: on_kept(&theta),
        direction: on_kept(&direction),
        network,
        keep,
    }
}

/// A mask: full, or any of scattered holes, a dead unit, a layer that reads nothing, no biases.
fn keep(network: &Textbook, pruning: Pruning) -> Vec<bool> {
    let (scattered, dead_unit, dead_layer, no_bias, pick, flags) = pruning;
    let mut keep: Vec<bool> = flags[..network.parameters()].to_vec();
    if !scattered {
        keep.fill(true);
    }
    let layers = network.widths.len() - 1;
    let mut start = 0;
    for l in 0..layers {
        let (fan_in, fan_out) = (network.widths[l], network.widths[l + 1]);
        let biases = start + fan_in * fan_out;
        if dead_layer && pick % layers == l {
            keep[start..biases].fill(false);
        }
        if dead_unit && (pick / 4) % layers == l {
            let unit = (pick / 16) % fan_out;
            keep[start + unit * fan_in..start + (unit + 1) * fan_in].fill(false);
            if network.bias {
                keep[biases + unit] = false;
            }
        }
        start = biases;
        if network.bias {
            if no_bias {
                keep[biases..biases + fan_out].fill(false);
            }
            start += fan_out;
        }
    }
    if !keep.contains(&true) {
        let lucky = pick % keep.len();
        keep[lucky] = true;
    }
    keep
}

/// `PROPTEST_CASES` when set, 64 otherwise; failures are kept beside the test.
pub(crate) fn settings() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|v| v.parse().ok()).unwrap_or(64);
    let persistence = proptest::test_runner::FileFailurePersistence::WithSource("regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(persistence)), ..ProptestConfig::default() }
}
