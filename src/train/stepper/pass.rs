//! One row forward and backward through a network in chunks.

use super::layout::{Block, Layer, Layout, Reads};
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
    /// What listed units read, in the places of their weights.
    pub(super) gathered: Vec<Chunk>,
}

impl Pass {
    pub(super) fn new(layout: &Layout) -> Pass {
        let zeros = || -> Vec<Vec<Chunk>> {
            layout.layers.iter().map(|l| vec![Chunk::ZERO; chunks(l.units.len())]).collect()
        };
        let listed = |l: &Layer| l.units.iter().any(|u| matches!(u.reads, Reads::Listed(_)));
        let gathered = if layout.layers.iter().any(listed) { layout.length } else { 0 };
        Pass {
            input: vec![Chunk::ZERO; layout.layers[0].inputs],
            z: zeros(),
            values: zeros(),
            slopes: zeros(),
            deltas: zeros(),
            gathered: vec![Chunk::ZERO; gathered],
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
                    weigh::<A>(layer, theta, &self.input, &mut self.gathered, z);
                }
                Row::Sparse(columns, values) if l == 0 => {
                    for (j, unit) in layer.units.iter().enumerate().filter(|(_, u)| u.live) {
                        for (&c, &v) in columns.iter().zip(values) {
                            if let Some((chunk, lane)) = unit.place(c as usize, &layout.masks) {
                                z[j / 8].0[j % 8] = A::mul_add(theta[chunk].0[lane], v, z[j / 8].0[j % 8]);
                            }
                        }
                    }
                }
                _ => weigh::<A>(layer, theta, &self.values[l - 1], &mut self.gathered, z),
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

/// `z += W a`.
#[inline(always)]
fn weigh<A: Arithmetic>(
    layer: &Layer,
    theta: &[Chunk],
    a: &[Chunk],
    gathered: &mut [Chunk],
    z: &mut [Chunk],
) {
    for block in &layer.blocks {
        match *block {
            Block::Four(j) => {
                let w = |j: usize| &theta[layer.units[j].start..][..a.len()];
                let mut s = [Chunk::ZERO; 4];
                let rows = w(j).iter().zip(w(j + 1)).zip(w(j + 2)).zip(w(j + 3));
                for (a, (((w0, w1), w2), w3)) in a.iter().zip(rows) {
                    s[0].add_product::<A>(w0, a);
                    s[1].add_product::<A>(w1, a);
                    s[2].add_product::<A>(w2, a);
                    s[3].add_product::<A>(w3, a);
                }
                for (i, s) in s.iter().enumerate() {
                    z[(j + i) / 8].0[(j + i) % 8] += s.sum();
                }
            }
            Block::One(j) => {
                let w = &theta[layer.units[j].start..][..a.len()];
                z[j / 8].0[j % 8] += inner::<A>(w, a);
            }
            Block::Listed(j) => {
                let unit = &layer.units[j];
                let Reads::Listed(inputs) = &unit.reads else { unreachable!("a listed unit") };
                let range = unit.start..unit.start + unit.length;
                for (g, inputs) in gathered[range.clone()].iter_mut().zip(inputs.chunks(8)) {
                    for (g, &i) in g.0.iter_mut().zip(inputs) {
                        *g = a[i as usize / 8].0[i as usize % 8];
                    }
                }
                z[j / 8].0[j % 8] += inner::<A>(&theta[range.clone()], &gathered[range]);
            }
        }
    }
}

#[inline(always)]
fn inner<A: Arithmetic>(w: &[Chunk], a: &[Chunk]) -> f64 {
    let mut s = Chunk::ZERO;
    for (w, a) in w.iter().zip(a) {
        s.add_product::<A>(w, a);
    }
    s.sum()
}

/// `out = Wᵀδ`, unit by unit in their order.
#[inline(always)]
fn spread<A: Arithmetic>(layer: &Layer, theta: &[Chunk], delta: &[Chunk], out: &mut [Chunk]) {
    for (c, out) in out.iter_mut().enumerate() {
        let mut s = Chunk::ZERO;
        for block in &layer.blocks {
            let (first, count) = match *block {
                Block::Four(j) => (j, 4),
                Block::One(j) => (j, 1),
                Block::Listed(_) => continue,
            };
            for j in first..first + count {
                s.add_scaled::<A>(delta[j / 8].0[j % 8], &theta[layer.units[j].start + c]);
            }
        }
        *out = s;
    }
    for block in &layer.blocks {
        let Block::Listed(j) = *block else { continue };
        let (unit, d) = (&layer.units[j], delta[j / 8].0[j % 8]);
        let Reads::Listed(inputs) = &unit.reads else { unreachable!("a listed unit") };
        for (w, inputs) in theta[unit.start..].iter().zip(inputs.chunks(8)) {
            for (w, &i) in w.0.iter().zip(inputs) {
                let o = &mut out[i as usize / 8].0[i as usize % 8];
                *o = A::mul_add(d, *w, *o);
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
            let mut top = f64::NEG_INFINITY;
            for c in 0..outputs {
                top = top.max(z[c / 8].0[c % 8]);
            }
            for (z, o) in z.iter().zip(out.iter_mut()) {
                *o = exp::<A, Chunk>(z.minus(Chunk::all(top)));
            }
            clear_beyond(outputs, out);
            let own = out[class / 8].0[class % 8];
            out[class / 8].0[class % 8] = 0.0;
            // What the other classes have: 1 − p_y without a difference of nearly equal numbers.
            let mut others = Chunk::ZERO;
            for o in out.iter() {
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
