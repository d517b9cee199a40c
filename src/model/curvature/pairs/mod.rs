//! The matrix by pairs of units: what dense designs use.
//!
//! By Bishop's recursion the entries of the units `(l, j)` and `(m, u)`, `l ≤ m`, are
//!
//! `H[(l,j,i), (m,u,i′)] = Σ_rows w (∂^{(l,j)}δ_{m,u} · ã_i ã_{i′} + [l < m] δ_{m,u} · ∂^{(l,j)}ã_{i′} · ã_i)`
//!
//! with `ã_i` of layer `l − 1` and `ã_{i′}` of layer `m − 1`: per row one coefficient for every *pair of units* and one
//! product for every *pair of inputs*. So the first term of all units together is one product of matrices,
//! (pairs of inputs × rows) by (rows × pairs of units), and within a layer every symmetric pair is computed once, on both
//! sides: `½n·(units)²·(inputs)²` operations where the lower triangle entry by entry takes `n·(units)²·(inputs)²`.
//! Pruned layers sum their kept entries instead ([`shape`] counts which is cheaper). Of the second term, which is smaller
//! by a factor of the inputs for neighbouring layers, only what moves is summed.
//!
//! Per row and unit, one tangent sweep gives the coefficients; rows are handled in blocks, each quantity of a block as a
//! run of numbers. The order of all operations depends on the sizes and the kernel alone.
//!
//! Source: Bishop 1992, "Exact calculation of the Hessian matrix for the multilayer perceptron"; the arrangement by
//! pairs is derived here.

mod assemble;
mod gradient;
mod rows;
mod runs;
mod shape;
mod sweep;
mod tangent;
mod task;
mod wiring;

pub(crate) use gradient::{add_gradient, add_hvp};
pub(crate) use rows::{outputs, row_gradients};
pub(crate) use shape::Form;

use super::Kind;
use crate::data::Design;
use crate::model::network::Network;
use crate::numeric::gram::{Kernel, Packed};
use crate::numeric::threads;
use nalgebra::DMatrix;
use runs::{UNIT, run};
use sweep::Sweep;
use task::{Scratch, Shared, tasks};
use wiring::Stage;

/// Most rows handled together: their runs, eleven at a time, stay in the first-level cache.
const MOST_ROWS: usize = 384;

/// Most numbers held for one block of rows; wide networks get fewer rows.
const MOST_NUMBERS: usize = 1 << 23;

/// Rows of a block, all blocks about equally long.
fn rows_per_block(stages: &[Stage], rows: usize) -> usize {
    // Of a unit: its runs in the sweep (9) and in a tangent (3), and its pairs with one other unit, packed and not.
    let per_row: usize = stages.iter().map(|s| s.width + 14 * s.units.len()).sum();
    let most = (MOST_NUMBERS / per_row.max(1)).clamp(UNIT, MOST_ROWS);
    rows.div_ceil(rows.div_ceil(most).max(1))
}

/// The matrix for a dense design; `only` forces one form where it exists.
pub(super) fn second_order(
    net: &Network,
    kind: Kind,
    theta: &[f64],
    (design, target): (&Design, &[f64]),
    weights: &[f64],
    only: Option<Form>,
) -> DMatrix<f64> {
    let kernel = Kernel::best();
    let stages = wiring::wire(net);
    let live: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] != 0.0).collect();
    let room = rows_per_block(&stages, live.len()).max(1);
    let layers = stages.len();
    let form = |l: usize, m: usize| match only {
        Some(Form::Gram) if l != m => Form::Pairs,
        Some(form) => form,
        None => shape::cheapest(&stages, l, m, room),
    };
    let forms: Vec<Form> =
        (0..layers * layers).map(|at| form((at / layers).min(at % layers), at % layers)).collect();
    let mut tasks = tasks(kind, &stages, &forms);
    let mut sweep = Sweep::new(net, &stages, room);
    let mut lefts: Vec<Packed> = forms.iter().map(|_| Packed::default()).collect();
    for rows in live.chunks(room) {
        sweep.fill(kernel, net, &stages, kind, theta, (design, target), weights, rows);
        pack(kernel, &stages, &forms, &sweep, &mut lefts);
        let shared = Shared { kernel, kind, stages: &stages, theta, sweep: &sweep, lefts: &lefts };
        let scratch = || Scratch::new(&stages, sweep.stride);
        threads::each(&mut tasks, scratch, |scratch, _, task| task.add(&shared, scratch));
    }
    assemble::assemble(&stages, &tasks, net.active())
}

/// The left sides that all units of a layer have in common.
fn pack(kernel: Kernel, stages: &[Stage], forms: &[Form], sweep: &Sweep, lefts: &mut [Packed]) {
    let layers = stages.len();
    let input = |l: usize, slot: usize| run(&sweep.inputs[l], sweep.stride, slot);
    for l in 0..layers {
        let ones = input(l, stages[l].inputs.len());
        for m in l..layers {
            let left = &mut lefts[l * layers + m];
            match forms[l * layers + m] {
                Form::Entries => {}
                Form::Gram => {
                    left.interleave_left(kernel, (stages[l].width, sweep.samples), |i| (input(l, i), ones));
                }
                Form::Pairs => {
                    let (width, across) = (stages[l].width, stages[m].width);
                    let pairs: Vec<(usize, usize)> = (0..width)
                        .flat_map(|a| (if l == m { a } else { 0 }..across).map(move |b| (a, b)))
                        .collect();
                    left.interleave_left(kernel, (pairs.len(), sweep.samples), |q| {
                        (input(l, pairs[q].0), input(m, pairs[q].1))
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
