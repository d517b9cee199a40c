//! The tests are only as good as what is drawn: every kind of case is met, and the oracle's scale is
//! small enough for its tolerance to mean something.

use crate::common::case::{Case, Weights};
use crate::common::compare::Expected;
use crate::common::generate::Family;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use unlearn::loss::Loss;
use unlearn::model::Activation;
use unlearn::objective::Reduction;

fn drawn(count: usize) -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    let strategy = Family::all().cases();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Start of a layer's weights, their number, and the number of biases after them.
fn layers(case: &Case) -> Vec<(usize, usize, usize)> {
    let mut start = 0;
    let layer = |w: &[usize]| {
        let at = (start, w[0] * w[1], if case.network.bias { w[1] } else { 0 });
        start += at.1 + at.2;
        at
    };
    case.network.widths.windows(2).map(layer).collect()
}

fn kinds(case: &Case) -> Vec<String> {
    let network = &case.network;
    let depth = network.widths.len() - 1;
    let mut kinds = vec![format!("{} {} {depth}", network.loss, network.activation)];
    let pruned = |range: std::ops::Range<usize>| !range.is_empty() && !case.keep[range].contains(&true);
    let mut say = |met: bool, kind: &str| met.then(|| kinds.push(kind.to_string()));
    say(case.sparse, "compressed rows");
    say(!case.sparse, "dense rows");
    say(network.bias, "biases");
    say(!network.bias, "no biases");
    say(!case.keep.contains(&false), "nothing pruned");
    let layers = layers(case);
    say(layers.iter().any(|&(s, w, _)| pruned(s..s + w)), "a layer reads nothing");
    say(
        depth > 1 && layers.iter().skip(1).any(|&(s, w, _)| pruned(s..s + w)),
        "an inner layer reads nothing",
    );
    say(layers.iter().all(|&(s, w, b)| pruned(s + w..s + w + b)), "all biases pruned");
    let unit_dead = layers.iter().zip(&network.widths).any(|(&(s, w, b), &fan_in)| {
        (0..w / fan_in).any(|j| {
            pruned(s + j * fan_in..s + (j + 1) * fan_in) && (b == 0 || !case.keep[s + w + j]) && w > fan_in
        })
    });
    say(unit_dead, "a unit is dead");
    say(case.reduction == Reduction::Mean, "mean");
    say(case.reduction == Reduction::Sum, "sum");
    match &case.weights {
        Weights::Full => say(true, "all rows"),
        Weights::Retained(_) => say(true, "rows forgotten"),
        Weights::Arbitrary(w) => {
            say(w.iter().any(|&w| w < 0.0), "a negative weight");
            say(w.contains(&0.0), "a zero weight")
        }
    };
    say(case.ridge == 0.0, "no ridge");
    say(case.ridge > 0.0, "ridge");
    say(case.perturbation.is_some(), "perturbation");
    say(case.perturbation.is_none(), "no perturbation");
    say(network.loss == Loss::Logistic && case.target.contains(&-1.0), "labels −1/+1");
    say(network.loss == Loss::Logistic && case.target.contains(&0.0), "labels 0/1");
    kinds
}

#[test]
fn every_kind_of_case_is_drawn() {
    let met: BTreeSet<String> = drawn(2000).iter().flat_map(kinds).collect();
    let mut wanted: Vec<String> = Vec::new();
    for loss in Loss::ALL {
        for activation in Activation::ALL {
            wanted.extend((1..=4).map(|depth| format!("{loss} {activation} {depth}")));
        }
    }
    let others = [
        "compressed rows",
        "dense rows",
        "biases",
        "no biases",
        "nothing pruned",
        "a layer reads nothing",
        "an inner layer reads nothing",
        "all biases pruned",
        "a unit is dead",
        "mean",
        "sum",
        "all rows",
        "rows forgotten",
        "a negative weight",
        "a zero weight",
        "no ridge",
        "ridge",
        "perturbation",
        "no perturbation",
        "labels −1/+1",
        "labels 0/1",
    ];
    wanted.extend(others.map(String::from));
    let missing: Vec<_> = wanted.iter().filter(|kind| !met.contains(*kind)).collect();
    assert!(missing.is_empty(), "never drawn: {missing:?}");
}

/// A tolerance follows the oracle's own rounding; were that rounding large, nothing would be tested.
#[test]
fn tolerances_are_tight() {
    let relative = |e: Expected| if e.entries.amax() > 0.0 { e.scale / e.entries.amax() } else { 1.0 };
    let mut scales: Vec<f64> = drawn(300).iter().map(|case| relative(case.expected_hessian(true))).collect();
    scales.sort_by(f64::total_cmp);
    // In units of ε: with the comparator's factor 8, half of all Hessians are held to 2e-13 of their
    // largest entry and nineteen in twenty to 2e-12.
    let (half, most) = (scales[150], scales[285]);
    assert!(half < 100.0 && most < 1_000.0, "median {half}, 95th percentile {most}");
}
