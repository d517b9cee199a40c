//! How cases are drawn. Every number comes from proptest's strategy, entries included, so that a
//! failure replays from its seed and shrinks: sizes first, then hyper-parameters, then entries on a
//! small dyadic grid.

use crate::claim::{Case, Depth, Domain};
use crate::constants::{LocalConstants, Region};
use crate::data::{Dataset, Design, RowSet};
use crate::loss::Loss;
use crate::mask::Mask;
use crate::model::{Activation, Model};
use crate::objective::{Problem, Reduction};
use crate::train::coupling::Normalisation;
use crate::train::plan::{Plan, Step};
use nalgebra::DVector;
use proptest::prelude::*;

const MOST_ROWS: usize = 12;
const MOST_COLS: usize = 4;
const MOST_STEPS: usize = 12;
const MOST_BATCH: usize = 4;
const MOST_PARAMETERS: usize = 64;

/// Step sizes as multiples of 1/L, and momenta; all exact in binary where the theory allows it.
const RATES: [f64; 5] = [0.01, 0.1, 0.5, 1.0, 1.9];
const MOMENTA: [f64; 4] = [0.0, 0.5, 0.875, 0.25];
/// Exponents of λ = 2^e; 0 stands for λ = 0 where the domain allows it.
const RIDGE_EXPONENTS: std::ops::Range<i32> = -10..2;

/// The raw numbers of one case. Fields are in the order in which they shrink.
#[derive(Debug, Clone)]
struct Draw {
    sizes: (usize, usize, usize, usize, usize),
    hidden: Vec<usize>,
    kind: (usize, usize, usize, bool),
    ridge: Option<i32>,
    flags: (bool, bool, bool, bool, bool, bool),
    rate: usize,
    decay: bool,
    momentum: usize,
    mask: Vec<bool>,
    forget: Vec<bool>,
    order: Vec<usize>,
    entries: Vec<i32>,
    targets: Vec<i32>,
    start: Vec<i32>,
}

/// Cases of a domain.
pub fn cases(domain: Domain) -> impl Strategy<Value = std::rc::Rc<Case>> {
    // Twice as many columns for at most a third of the rows: the same number of entries.
    let (rows, cols) = if domain.wide {
        (2..=MOST_ROWS / 3, MOST_ROWS / 3 + 1..=2 * MOST_COLS)
    } else {
        (2..=MOST_ROWS, 1..=MOST_COLS)
    };
    let sizes = (rows, cols, 2usize..=3, 1..=MOST_STEPS, 1..=MOST_BATCH);
    let depth = match domain.depth {
        Depth::Linear => 0..=0,
        Depth::Hidden => 1..=2,
        Depth::Any => 0..=2,
    };
    let hidden = proptest::collection::vec(1usize..=3, depth);
    let kind = (0..domain.losses.len(), 0..Activation::ALL.len(), 0..2usize, any::<bool>());
    let ridge = if domain.run {
        prop_oneof![1 => Just(None), 5 => RIDGE_EXPONENTS.prop_map(Some)].boxed()
    } else {
        RIDGE_EXPONENTS.prop_map(Some).boxed()
    };
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let momentum = if domain.momentum { 0..MOMENTA.len() } else { 0..1 };
    let pruned = if domain.masks { any::<bool>().boxed() } else { Just(true).boxed() };
    let shape = (sizes, hidden, kind, ridge, flags);
    let run = (0..RATES.len(), any::<bool>(), momentum);
    let numbers = (
        proptest::collection::vec(pruned, MOST_PARAMETERS),
        proptest::collection::vec(any::<bool>(), MOST_ROWS),
        proptest::collection::vec(0..MOST_ROWS, MOST_STEPS * MOST_BATCH),
        proptest::collection::vec(-8..=8i32, MOST_ROWS * MOST_COLS),
        proptest::collection::vec(-8..=8i32, MOST_ROWS),
        proptest::collection::vec(-8..=8i32, MOST_PARAMETERS),
    );
    (shape, run, numbers).prop_map(move |(shape, run, numbers)| {
        let (sizes, hidden, kind, ridge, flags) = shape;
        let (rate, decay, momentum) = run;
        let (mask, forget, order, entries, targets, start) = numbers;
        let draw = Draw {
            sizes,
            hidden,
            kind,
            ridge,
            flags,
            rate,
            decay,
            momentum,
            mask,
            forget,
            order,
            entries,
            targets,
            start,
        };
        std::rc::Rc::new(build(&domain, &draw))
    })
}

fn build(domain: &Domain, draw: &Draw) -> Case {
    let (rows, cols, classes, steps, batch) = draw.sizes;
    let (loss, activation, reduction, renormalise) = draw.kind;
    let (bias, masked, sparse, outlier, duplicate, from_zero) = draw.flags;
    let loss = domain.losses[loss];
    let activation = Activation::ALL[activation];
    let data = dataset(loss, classes, rows, cols, (sparse, outlier, duplicate), draw);
    let outputs = if loss == Loss::Softmax { classes } else { 1 };
    let mut widths = vec![cols];
    widths.extend(&draw.hidden);
    widths.push(outputs);
    let model = Model::new(widths, activation, loss, bias).expect("drawn widths are valid");
    let ridge = draw.ridge.map_or(0.0, |e| 2.0_f64.powi(e));
    let reduction = [Reduction::Mean, Reduction::Sum][reduction];
    let mut problem =
        Problem::new(data.into(), model, ridge).expect("a drawn problem is valid").with_reduction(reduction);
    if domain.masks && masked {
        let mut keep: Vec<bool> =
            (0..problem.model().parameters()).map(|j| draw.mask[j % MOST_PARAMETERS]).collect();
        if !keep.contains(&true) {
            keep[0] = true;
        }
        problem = problem.with_mask(Mask::new(&keep).expect("something is kept")).expect("sizes agree");
    }
    let k = problem.active();
    let linear = problem.model().is_linear();
    // Networks never start at 0, where symmetric units make everything degenerate.
    let start = if from_zero && linear {
        DVector::zeros(k)
    } else {
        DVector::from_fn(k, |j, _| f64::from(draw.start[j % MOST_PARAMETERS]) / 8.0)
    };
    let forget = forget_set(rows, &draw.forget);
    let plan = plan(&problem, &start, draw, rows, steps, batch, linear);
    let normalisation = if renormalise { Normalisation::Renormalised } else { Normalisation::Fixed };
    Case::new("generated", problem, forget, plan, start, normalisation)
}

fn dataset(
    loss: Loss,
    classes: usize,
    rows: usize,
    cols: usize,
    (sparse, outlier, duplicate): (bool, bool, bool),
    draw: &Draw,
) -> Dataset {
    let mut values: Vec<f64> = (0..rows * cols).map(|i| f64::from(draw.entries[i]) / 4.0).collect();
    if outlier {
        values[..cols].iter_mut().for_each(|v| *v *= 8.0);
    }
    if duplicate {
        let (first, rest) = values.split_at_mut(cols);
        rest[..cols].copy_from_slice(first);
    }
    let target = |i: usize| {
        let t = draw.targets[i];
        match loss {
            Loss::Squared => f64::from(t) / 4.0,
            Loss::Logistic => f64::from(t.rem_euclid(2)),
            Loss::Softmax => f64::from(t.rem_euclid(classes as i32)),
        }
    };
    let design = Design::dense(rows, cols, values).expect("sizes agree");
    let design = if sparse { design.to_sparse() } else { design };
    Dataset::new("generated", design, (0..rows).map(target).collect()).expect("drawn numbers are finite")
}

fn forget_set(rows: usize, flags: &[bool]) -> RowSet {
    let mut forgotten: Vec<usize> = (0..rows).filter(|&i| flags[i]).collect();
    if forgotten.len() == rows {
        forgotten.pop();
    }
    if forgotten.is_empty() {
        forgotten.push(0);
    }
    RowSet::new(rows, forgotten).expect("distinct rows in range")
}

fn plan(
    problem: &Problem,
    start: &DVector<f64>,
    draw: &Draw,
    rows: usize,
    steps: usize,
    batch: usize,
    linear: bool,
) -> Plan {
    let decay = match problem.reduction() {
        Reduction::Mean => problem.ridge(),
        Reduction::Sum => problem.ridge() / rows as f64,
    };
    let region = if linear { Region::Everywhere } else { Region::Ball { center: start, radius: 1.0 } };
    let local = LocalConstants::new(problem, region);
    let largest = (0..rows).map(|i| local.row(i).smoothness).fold(f64::MIN_POSITIVE, f64::max) + decay;
    // A power of two at most 1/L: step sizes print short and scale exactly.
    let unit = 2.0_f64.powi((-largest.log2()).floor().clamp(-40.0, 40.0) as i32);
    let steps = (0..steps)
        .map(|k| {
            let rows = (0..batch).map(|b| draw.order[k * MOST_BATCH + b] % rows).collect();
            let shrink = if draw.decay { 1.0 / (1 + k) as f64 } else { 1.0 };
            Step { rows, eta: unit * RATES[draw.rate] * shrink }
        })
        .collect();
    Plan::new(steps, MOMENTA[draw.momentum], decay).expect("drawn plans are valid")
}
