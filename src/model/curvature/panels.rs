//! The two sides of a unit's product: its inputs, and the tangents of the gradients.

use super::Kind;
use super::block::{Block, Tangent};
use crate::data::{Design, Row};
use crate::model::network::{Network, Unit};
use crate::numeric::gram::Panel;

/// The kept inputs of one unit (and 1 for its bias), over a block of rows.
pub(super) struct Inputs<'a> {
    pub(super) design: &'a Design,
    pub(super) block: &'a Block,
    pub(super) layer: usize,
    pub(super) fan_in: usize,
    pub(super) unit: &'a Unit,
}

/// What a layer reads in row `r` of the block; only for dense designs or hidden layers.
fn read<'a>(design: &'a Design, block: &'a Block, layer: usize, fan_in: usize, r: usize) -> &'a [f64] {
    if layer > 0 {
        return &block.a[layer - 1][r * fan_in..(r + 1) * fan_in];
    }
    match design.row(block.rows[r]) {
        Row::Dense(x) => x,
        Row::Sparse(..) => unreachable!("the first layer of a sparse design is summed entry by entry"),
    }
}

impl Panel for Inputs<'_> {
    fn rows(&self) -> usize {
        self.unit.inputs.len() + usize::from(self.unit.bias.is_some())
    }

    fn scale(&self, _: usize) -> f64 {
        1.0
    }

    fn values<'s>(&'s self, sample: usize, scratch: &'s mut [f64]) -> &'s [f64] {
        let x = read(self.design, self.block, self.layer, self.fan_in, sample);
        let kept = self.unit.inputs.len();
        if kept == x.len() && self.unit.bias.is_none() {
            return x;
        }
        self.unit.gather(x, 1.0, &mut scratch[..kept]);
        if self.unit.bias.is_some() {
            scratch[kept] = 1.0;
        }
        &scratch[..self.rows()]
    }
}

/// `w ∂^{(l,j)}g` over a block of rows, from the first parameter of unit `(l, j)` on.
pub(super) struct TangentGradients<'a> {
    net: &'a Network,
    kind: Kind,
    design: &'a Design,
    block: &'a Block,
    tangent: &'a Tangent,
    layer: usize,
    unit: usize,
    first: usize,
}

impl<'a> TangentGradients<'a> {
    pub(super) fn new(
        net: &'a Network,
        kind: Kind,
        design: &'a Design,
        block: &'a Block,
        tangent: &'a Tangent,
        layer: usize,
        unit: usize,
    ) -> TangentGradients<'a> {
        let first = net.layers[layer].units[unit].start;
        TangentGradients { net, kind, design, block, tangent, layer, unit, first }
    }

    /// Position of the first parameter.
    pub(super) fn first(&self) -> usize {
        self.first
    }

    /// Writes the entries of the layers from `from` on.
    pub(super) fn write(&self, sample: usize, from: usize, out: &mut [f64]) {
        for m in from..self.net.layers.len() {
            let layer = &self.net.layers[m];
            let (units, fan_in) = (layer.units.len(), layer.fan_in);
            let x = read(self.design, self.block, m, fan_in, sample);
            let change = &self.tangent.delta[m][sample * units..(sample + 1) * units];
            // The second term of the product rule, where the inputs move as well.
            let moving = (m > self.layer && self.kind == Kind::Hessian).then(|| {
                let delta = &self.block.delta[m][sample * units..(sample + 1) * units];
                (delta, &self.tangent.a[m - 1][sample * fan_in..(sample + 1) * fan_in])
            });
            for (u, unit) in layer.units.iter().enumerate() {
                if let Some(b) = unit.bias {
                    out[b - self.first] = change[u];
                }
                // Weights of earlier units of the layer lie before the first parameter.
                if m == self.layer && u < self.unit {
                    continue;
                }
                let out = &mut out[unit.start - self.first..][..unit.inputs.len()];
                match moving {
                    None => unit.gather(x, change[u], out),
                    Some((delta, dx)) => unit.gather_two((x, change[u]), (dx, delta[u]), out),
                }
            }
        }
    }

    /// `∂^{(l,j)}δ` of the unit's own layer in row `sample`.
    pub(super) fn own_layer(&self, sample: usize) -> &[f64] {
        let units = self.net.layers[self.layer].units.len();
        &self.tangent.delta[self.layer][sample * units..(sample + 1) * units]
    }
}

impl Panel for TangentGradients<'_> {
    fn rows(&self) -> usize {
        self.net.active() - self.first
    }

    fn scale(&self, sample: usize) -> f64 {
        self.block.weights[sample]
    }

    fn values<'s>(&'s self, sample: usize, scratch: &'s mut [f64]) -> &'s [f64] {
        self.write(sample, self.layer, scratch);
        scratch
    }
}
