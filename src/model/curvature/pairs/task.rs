//! The products of a few units of one layer with everything above them: a task writes its own sums, so tasks may run
//! side by side.

use super::super::Kind;
use super::runs::run;
use super::shape::{Form, input_pairs};
use super::sweep::Sweep;
use super::tangent::Tangent;
use super::wiring::Stage;
use crate::numeric::gram::{Kernel, Left, Packed, Part, Sums, add_packed};

/// Pairs of units of one task, at least: fewer would be padded too much, and every task reads all pairs of inputs.
const PAIRS: usize = 256;

/// What a task does with one layer.
pub(super) struct Products {
    pub(super) form: Form,
    /// Per unit of the task: its first pair.
    pub(super) begin: Vec<usize>,
    /// Pairs of units in all.
    pub(super) pairs: usize,
    /// Where the sums of each pair begin in `first`; one more than pairs.
    pub(super) at: Vec<usize>,
    /// `Σ c ã ã′`.
    pub(super) first: Vec<f64>,
    /// Where the second terms of each pair begin in `second`.
    pub(super) second_at: Vec<usize>,
    /// `Σ w δ ∂ã ã′`, the part of moving inputs: for the layer next above one column, for higher ones a block.
    pub(super) second: Vec<f64>,
}

/// Some units of one layer.
pub(super) struct Task {
    pub(super) layer: usize,
    /// Their slots.
    pub(super) units: Vec<usize>,
    /// For this layer and every one above.
    pub(super) products: Vec<Products>,
}

/// Buffers of one thread.
pub(super) struct Scratch {
    tangent: Tangent,
    coefficients: Vec<Vec<f64>>,
    right: Packed,
    offsets: (Vec<usize>, Vec<usize>),
}

impl Scratch {
    pub(super) fn new(stages: &[Stage], stride: usize) -> Scratch {
        Scratch {
            tangent: Tangent::new(stages, stride),
            coefficients: vec![Vec::new(); stages.len()],
            right: Packed::default(),
            offsets: (Vec::new(), Vec::new()),
        }
    }
}

/// Everything that tasks read.
pub(super) struct Shared<'a> {
    pub(super) kernel: Kernel,
    pub(super) kind: Kind,
    pub(super) stages: &'a [Stage],
    pub(super) theta: &'a [f64],
    pub(super) sweep: &'a Sweep,
    /// Per pair of layers (`l · layers + m`): the left side of its products, if they have a common one.
    pub(super) lefts: &'a [Packed],
}

/// The units of `m` with parameters that are paired with unit `j` of `l`.
pub(super) fn partners(stages: &[Stage], l: usize, j: usize, m: usize) -> &[usize] {
    let skip = if l == m { stages[l].place[j] } else { 0 };
    &stages[m].trained[skip..]
}

/// The units of a network in tasks.
pub(super) fn tasks(kind: Kind, stages: &[Stage], forms: &[Form]) -> Vec<Task> {
    let mut found = Vec::new();
    for l in 0..stages.len() {
        let mut units = Vec::new();
        let mut pairs = 0;
        for &j in &stages[l].trained {
            units.push(j);
            pairs += (l..stages.len()).map(|m| partners(stages, l, j, m).len()).sum::<usize>();
            if pairs >= PAIRS {
                found.push(Task::new(kind, stages, forms, l, std::mem::take(&mut units)));
                pairs = 0;
            }
        }
        if !units.is_empty() {
            found.push(Task::new(kind, stages, forms, l, units));
        }
    }
    found
}

impl Task {
    fn new(kind: Kind, stages: &[Stage], forms: &[Form], layer: usize, units: Vec<usize>) -> Task {
        let products = (layer..stages.len())
            .map(|m| Products::new(kind, stages, forms[layer * stages.len() + m], layer, &units, m))
            .collect();
        Task { layer, units, products }
    }

    /// Adds what the block of rows contributes.
    pub(super) fn add(&mut self, shared: &Shared<'_>, scratch: &mut Scratch) {
        let Shared { kernel, kind, stages, theta, sweep, lefts } = *shared;
        let (l, stride) = (self.layer, sweep.stride);
        scratch.coefficients.iter_mut().for_each(Vec::clear);
        for (index, &j) in self.units.iter().enumerate() {
            scratch.tangent.fill(kernel, stages, sweep, kind, theta, (l, j));
            let Scratch { tangent, coefficients, right, offsets } = scratch;
            for (m, products) in (l..).zip(&mut self.products) {
                for (p, &u) in (products.begin[index]..).zip(partners(stages, l, j, m)) {
                    let coefficient = run(&tangent.delta[m], stride, u);
                    let sums = &mut products.first[products.at[p]..products.at[p + 1]];
                    match products.form {
                        Form::Pairs => coefficients[m].extend_from_slice(coefficient),
                        Form::Gram => {
                            let inputs = &sweep.inputs[l];
                            let width = stages[l].width;
                            let row = |i| (coefficient, run(inputs, stride, i));
                            right.interleave_right(kernel, (width, sweep.samples), row);
                            let left = Left::Packed(&lefts[l * stages.len() + l]);
                            let part = Part::LowerTriangle;
                            add_packed(kernel, sweep.samples, left, right, part, sums, (width, 0), |c| c);
                        }
                        Form::Entries => {
                            let (left, right) = (&stages[m].units[u].slots, &stages[l].units[j].slots);
                            offsets.0.clear();
                            offsets.1.clear();
                            offsets.0.extend(left.iter().map(|s| s * stride));
                            offsets.1.extend(right.iter().map(|s| s * stride));
                            let left = (&sweep.inputs[m][..], &offsets.0[..]);
                            let right = (&sweep.inputs[l][..], &offsets.1[..]);
                            Sums { kernel, weights: coefficient, left, right }.add(sums, left.1.len());
                        }
                    }
                    products.add_second(shared, tangent, offsets, (l, j), (m, u), p);
                }
            }
        }
        for (m, products) in (l..).zip(&mut self.products) {
            if products.form == Form::Pairs && products.pairs > 0 {
                let runs = &scratch.coefficients[m];
                let ones = run(&sweep.inputs[l], stride, stages[l].inputs.len());
                let right = &mut scratch.right;
                right.interleave_right(kernel, (products.pairs, sweep.samples), |p| {
                    (run(runs, stride, p), ones)
                });
                let left = &lefts[l * stages.len() + m];
                let height = input_pairs(stages, l, m);
                let out = &mut products.first;
                add_packed(
                    kernel,
                    sweep.samples,
                    Left::Packed(left),
                    right,
                    Part::All,
                    out,
                    (height, 0),
                    |c| c,
                );
            }
        }
    }
}

impl Products {
    fn new(kind: Kind, stages: &[Stage], form: Form, l: usize, units: &[usize], m: usize) -> Products {
        let (mut begin, mut at, mut second_at) = (Vec::new(), vec![0], vec![0]);
        for &j in units {
            begin.push(at.len() - 1);
            let own = stages[l].units[j].len();
            for &u in partners(stages, l, j, m) {
                let other = &stages[m].units[u];
                let first = match form {
                    Form::Pairs => input_pairs(stages, l, m),
                    Form::Gram => stages[l].width * stages[l].width,
                    Form::Entries => own * other.len(),
                };
                let second = match m - l {
                    _ if kind != Kind::Hessian => 0,
                    0 => 0,
                    1 => own * usize::from(position(other.weights(), j).is_some()),
                    _ => own * other.weights,
                };
                at.push(at[at.len() - 1] + first);
                second_at.push(second_at[second_at.len() - 1] + second);
            }
        }
        let (sums, seconds) = (at[at.len() - 1], second_at[second_at.len() - 1]);
        Products {
            form,
            pairs: at.len() - 1,
            begin,
            first: vec![0.0; sums],
            at,
            second: vec![0.0; seconds],
            second_at,
        }
    }

    /// `Σ w δ_{m,u} ∂^{(l,j)}ã_{i′} ã_i`.
    fn add_second(
        &mut self,
        shared: &Shared<'_>,
        tangent: &Tangent,
        offsets: &mut (Vec<usize>, Vec<usize>),
        (l, j): (usize, usize),
        (m, u): (usize, usize),
        p: usize,
    ) {
        let Shared { kernel, stages, sweep, .. } = *shared;
        let out = &mut self.second[self.second_at[p]..self.second_at[p + 1]];
        if out.is_empty() {
            return;
        }
        let stride = sweep.stride;
        let weights = run(&sweep.weighted[m], stride, u);
        offsets.1.clear();
        offsets.1.extend(stages[l].units[j].slots.iter().map(|s| s * stride));
        let right = (&sweep.inputs[l][..], &offsets.1[..]);
        if m == l + 1 {
            // Only the unit itself moves, by its slope.
            let left = (&sweep.slope[l][..], &[j * stride][..]);
            Sums { kernel, weights, left, right }.add(out, 1);
            return;
        }
        let height = stages[m].units[u].weights;
        // A weight whose input does not move has no second term, and its run holds something else.
        for (i, (s, _)) in stages[m].units[u].weights().enumerate() {
            if tangent.moves[m - 1][s] {
                offsets.0.clear();
                offsets.0.push(s * stride);
                let left = (&tangent.a[m - 1][..], &offsets.0[..]);
                Sums { kernel, weights, left, right }.add(&mut out[i..], height);
            }
        }
    }
}

/// Which of the weights reads the slot.
pub(super) fn position(mut weights: impl Iterator<Item = (usize, usize)>, slot: usize) -> Option<usize> {
    weights.position(|(s, _)| s == slot)
}
