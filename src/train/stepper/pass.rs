//! One row forward and backward through a network in chunks.

use super::layout::Layout;
use super::products::{spread, weigh};
use crate::data::Row;
use crate::loss::Loss;
use crate::model::Activation;
use crate::numeric::lanes::{Arithmetic, Chunk, Number, chunks, put};
use crate::numeric::training_functions::{exp, sigmoid, softplus, tanh};

/// Buffers for one row.
#[derive(Debug, Clone)]
pub(super) struct Pass {
    /// The row, all features, where it is dense.
    pub(super) input: Vec<Chunk>,
    /// `z_l`; of the output layer: the outputs.
    z: Vec<Vec<Chunk>>,
    /// `a_l` and `φ′(z_l)` of the hidden layers; 0 beyond the last unit.
    pub(super) values: Vec<Vec<Chunk>>,
    slopes: Vec<Vec<Chunk>>,
    /// `δ_l = ∂ℓ/∂z_l`; 0 beyond the last unit.
    pub(super) deltas: Vec<Vec<Chunk>>,
    /// What groups read that list their inputs.
    pub(super) gathered: Vec<Chunk>,
    /// Eight partial sums of every unit of a group.
    sums: Vec<Chunk>,
}

impl Pass {
    pub(super) fn new(layout: &Layout) -> Pass {
        let zeros = || -> Vec<Vec<Chunk>> {
            layout.layers.iter().map(|l| vec![Chunk::ZERO; chunks(l.units.len())]).collect()
        };
        let groups = layout.layers.iter().flat_map(|l| &l.groups);
        let largest = groups.map(|g| g.units.len()).max().unwrap_or(0);
        Pass {
            input: vec![Chunk::ZERO; layout.layers[0].inputs],
            z: zeros(),
            values: zeros(),
            slopes: zeros(),
            deltas: zeros(),
            gathered: vec![Chunk::ZERO; layout.gathered],
            sums: vec![Chunk::ZERO; largest],
        }
    }

    /// Fills `δ` for the row and its target.
    #[inline(always)]
    pub(super) fn run<A: Arithmetic>(
        &mut self,
        layout: &Layout,
        (activation, loss): (Activation, Loss),
        theta: &[Chunk],
        row: Row<'_>,
        y: f64,
    ) {
        let last = layout.layers.len() - 1;
        for (l, layer) in layout.layers.iter().enumerate() {
            let z = &mut self.z[l];
            z.copy_from_slice(&theta[layer.bias..][..layer.bias_mask.len()]);
            match row {
                Row::Dense(x) if l == 0 => {
                    put(x, &mut self.input);
                    weigh::<A>(layer, theta, &self.input, (&mut self.gathered, &mut self.sums), z);
                }
                Row::Sparse(columns, values) if l == 0 => {
                    for (j, unit) in layer.live.iter().map(|&j| (j as usize, &layer.units[j as usize])) {
                        for (&c, &v) in columns.iter().zip(values) {
                            if let Some((chunk, lane)) = unit.place(c as usize) {
                                z[j / 8].0[j % 8] = A::mul_add(theta[chunk].0[lane], v, z[j / 8].0[j % 8]);
                            }
                        }
                    }
                }
                _ => {
                    let buffers = (&mut self.gathered[..], &mut self.sums[..]);
                    weigh::<A>(layer, theta, &self.values[l - 1], buffers, z);
                }
            }
            if l < last {
                activate::<A>(activation, layer.units.len(), z, &mut self.values[l], &mut self.slopes[l]);
            }
        }
        slope::<A>(loss, layout.layers[last].units.len(), &self.z[last], y, &mut self.deltas[last]);
        for l in (0..last).rev() {
            let (here, above) = self.deltas.split_at_mut(l + 1);
            spread::<A>(&layout.layers[l + 1], theta, &above[0], &mut here[l]);
            for (d, s) in here[l].iter_mut().zip(&self.slopes[l]) {
                *d = d.times(*s);
            }
        }
    }
}

#[inline(always)]
fn activate<A: Arithmetic>(
    activation: Activation,
    units: usize,
    z: &[Chunk],
    values: &mut [Chunk],
    slopes: &mut [Chunk],
) {
    for ((z, value), slope) in z.iter().zip(values.iter_mut()).zip(slopes) {
        (*value, *slope) = match activation {
            Activation::Tanh => tanh::<A, Chunk>(*z),
            Activation::Sigmoid => sigmoid::<A, Chunk>(*z),
            Activation::Softplus => softplus::<A, Chunk>(*z),
            Activation::Identity => (*z, Chunk::all(1.0)),
        };
    }
    clear_beyond(units, values);
}

/// `∇ℓ` in the outputs.
#[inline(always)]
fn slope<A: Arithmetic>(loss: Loss, outputs: usize, z: &[Chunk], y: f64, out: &mut [Chunk]) {
    match loss {
        Loss::Squared => out[0].0[0] = z[0].0[0] - y,
        Loss::Logistic => {
            let sign = if y > 0.5 { -1.0 } else { 1.0 };
            out[0].0[0] = sign * sigmoid::<A, f64>(sign * z[0].0[0]).0;
        }
        Loss::Softmax => {
            let class = y as usize;
            // Any finite shift near the largest output will do; a NaN shows in the sum whatever is subtracted.
            let top = largest(outputs, z);
            for (z, o) in z.iter().zip(out.iter_mut()) {
                *o = exp::<A, Chunk>(z.minus(Chunk::all(top)));
            }
            clear_beyond(outputs, out);
            let own = out[class / 8].0[class % 8];
            // What the other classes have: 1 − p_y without a difference of nearly equal numbers.
            let mut others = Chunk::ZERO;
            for (c, o) in out.iter_mut().enumerate() {
                *o = o.without(class.wrapping_sub(8 * c));
                others = others.plus(*o);
            }
            let others = others.sum();
            let inverse = 1.0 / (own + others);
            for o in out.iter_mut() {
                *o = o.scaled(inverse);
            }
            out[class / 8].0[class % 8] = -others * inverse;
        }
    }
}

/// The largest of the outputs.
#[inline(always)]
fn largest(outputs: usize, z: &[Chunk]) -> f64 {
    let mut top = Chunk::all(f64::NEG_INFINITY);
    for (c, z) in z.iter().enumerate() {
        let used = outputs - 8 * c;
        for i in 0..8 {
            let v = if i < used { z.0[i] } else { f64::NEG_INFINITY };
            top.0[i] = if v > top.0[i] { v } else { top.0[i] };
        }
    }
    let max = |a: f64, b: f64| if a > b { a } else { b };
    let t = &top.0;
    max(max(max(t[0], t[4]), max(t[2], t[6])), max(max(t[1], t[5]), max(t[3], t[7])))
}

#[inline(always)]
fn clear_beyond(units: usize, values: &mut [Chunk]) {
    let used = units % 8;
    if used > 0 {
        let last = &mut values[units / 8];
        for i in 0..8 {
            last.0[i] = if i < used { last.0[i] } else { 0.0 };
        }
    }
}
