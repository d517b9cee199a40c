//! From the sums of pairs to the matrix: every column is written by one thread, both triangles at once.

use super::shape::Form;
use super::task::{Products, Task, partners, position};
use super::wiring::{Stage, Wired};
use crate::numeric::memory::zero_matrix;
use crate::numeric::threads;
use nalgebra::DMatrix;

/// The columns of one unit.
struct Columns<'a> {
    layer: usize,
    unit: usize,
    columns: Vec<&'a mut [f64]>,
}

/// Where the pairs of a unit are.
struct Index<'a> {
    stages: &'a [Stage],
    tasks: &'a [Task],
    /// Per layer and unit: its task and its place there.
    home: Vec<Vec<(usize, usize)>>,
}

/// The `k × k` matrix; parameters that reach no output have zeros.
pub(super) fn assemble(stages: &[Stage], tasks: &[Task], k: usize) -> DMatrix<f64> {
    let mut home: Vec<Vec<(usize, usize)>> = stages.iter().map(|s| vec![(0, 0); s.units.len()]).collect();
    for (t, task) in tasks.iter().enumerate() {
        for (place, &j) in task.units.iter().enumerate() {
            home[task.layer][j] = (t, place);
        }
    }
    let index = Index { stages, tasks, home };
    let mut h = zero_matrix(k, k);
    let mut columns: Vec<Option<&mut [f64]>> = h.as_mut_slice().chunks_exact_mut(k).map(Some).collect();
    let mut units = Vec::new();
    for (layer, stage) in stages.iter().enumerate() {
        for &unit in &stage.trained {
            let taken = stage.units[unit].parameters.iter().map(|&p| columns[p].take());
            let columns = taken.map(|c| c.expect("a parameter belongs to one unit")).collect();
            units.push(Columns { layer, unit, columns });
        }
    }
    threads::each(&mut units, Vec::new, |block, _, columns| index.write(block, columns));
    h
}

impl Index<'_> {
    fn write(&self, block: &mut Vec<f64>, to: &mut Columns<'_>) {
        let here = (to.layer, to.unit);
        let own = &self.stages[to.layer].units[to.unit];
        for (m, stage) in self.stages.iter().enumerate() {
            for &u in &stage.trained {
                let other = &stage.units[u];
                if here <= (m, u) {
                    self.expand(block, here, (m, u));
                    for (column, values) in to.columns.iter_mut().zip(block.chunks_exact(other.len())) {
                        scatter(other, column, values.iter());
                    }
                } else {
                    self.expand(block, (m, u), here);
                    for (c, column) in to.columns.iter_mut().enumerate() {
                        scatter(other, column, block[c..].iter().step_by(own.len()));
                    }
                }
            }
        }
    }

    /// The block of `(l, j) ≤ (m, u)`: for every parameter of the first, those of the second.
    fn expand(&self, block: &mut Vec<f64>, (l, j): (usize, usize), (m, u): (usize, usize)) {
        let (task, place) = self.home[l][j];
        let products = &self.tasks[task].products[m - l];
        let offset = self.stages[m].place[u] - if l == m { self.stages[l].place[j] } else { 0 };
        debug_assert_eq!(partners(self.stages, l, j, m)[offset], u);
        let p = products.begin[place] + offset;
        let (own, other) = (&self.stages[l].units[j], &self.stages[m].units[u]);
        let sums = &products.first[products.at[p]..products.at[p + 1]];
        block.clear();
        let width = self.stages[m].width;
        match products.form {
            Form::Entries if (l, j) == (m, u) => {
                // (cx)y and (cy)x round differently: both triangles take the same one.
                let size = own.len();
                block.extend((0..size * size).map(|at| {
                    let (a, b) = (at / size, at % size);
                    sums[a.min(b) * size + a.max(b)]
                }));
            }
            Form::Entries => block.extend_from_slice(sums),
            Form::Pairs if l < m => {
                for &a in &own.slots {
                    gather(block, other, &sums[a * width..(a + 1) * width]);
                }
            }
            Form::Pairs => {
                // The products of input a with those from a on begin here; before a, look in their rows.
                let row = |a: usize| a * (2 * width + 1 - a) / 2;
                for &a in &own.slots {
                    let before = other.slots.partition_point(|&b| b < a);
                    block.extend(other.slots[..before].iter().map(|&b| sums[row(b) + a - b]));
                    let after = &sums[row(a)..row(a + 1)];
                    block.extend(other.slots[before..].iter().map(|&b| after[b - a]));
                }
            }
            Form::Gram => {
                for &a in &own.slots {
                    let entry = |&b: &usize| sums[a.min(b) * width + a.max(b)];
                    block.extend(other.slots.iter().map(entry));
                }
            }
        }
        add_second(block, products, p, (own, other), j, m - l);
    }
}

/// What a unit keeps of a row of sums.
fn gather(block: &mut Vec<f64>, unit: &Wired, row: &[f64]) {
    if unit.len() == row.len() {
        block.extend_from_slice(row);
    } else {
        block.extend(unit.slots.iter().map(|&b| row[b]));
    }
}

/// Adds the part of moving inputs.
fn add_second(
    block: &mut [f64],
    products: &Products,
    p: usize,
    (own, other): (&Wired, &Wired),
    j: usize,
    above: usize,
) {
    let second = &products.second[products.second_at[p]..products.second_at[p + 1]];
    if second.is_empty() {
        return;
    }
    debug_assert_eq!(block.len(), own.len() * other.len());
    let rows = block.chunks_exact_mut(other.len());
    if above == 1 {
        let reads = position(other.weights(), j).expect("only units that read it have a second term");
        rows.zip(second).for_each(|(row, s)| row[reads] += s);
    } else {
        for (row, second) in rows.zip(second.chunks_exact(other.weights)) {
            row.iter_mut().zip(second).for_each(|(b, s)| *b += s);
        }
    }
}

/// Writes one value per parameter of the unit.
fn scatter<'v>(unit: &Wired, column: &mut [f64], values: impl Iterator<Item = &'v f64>) {
    let first = unit.parameters[0];
    let mut values = values;
    let weights = if unit.weights > 0 { &mut column[first..first + unit.weights] } else { &mut [] };
    weights.iter_mut().zip(values.by_ref()).for_each(|(c, v)| *c = *v);
    if let (Some(b), Some(v)) = (unit.bias(), values.next()) {
        column[b] = *v;
    }
}
