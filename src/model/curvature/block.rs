//! What one forward and one backward sweep leave behind, for a block of rows, and how it changes with one
//! pre-activation.

use super::Kind;
use crate::data::Design;
use crate::model::network::{Network, Workspace};

/// Most rows handled together: as many as one packed block of a product.
const MOST_ROWS: usize = 256;

/// Most numbers held for one block; wide networks get fewer rows.
const MOST_NUMBERS: usize = 1 << 22;

/// Activations and back-propagated gradients of one block of rows; per layer, the units of one row lie together.
pub(super) struct Block {
    /// The rows of the data.
    pub(super) rows: Vec<usize>,
    /// Their weights.
    pub(super) weights: Vec<f64>,
    /// `a_l`.
    pub(super) a: Vec<Vec<f64>>,
    /// `δ_l`.
    pub(super) delta: Vec<Vec<f64>>,
    /// `φ′(z_l)`.
    slope: Vec<Vec<f64>>,
    /// `φ″(z_l) ∘ W_{l+1}ᵀδ_{l+1}`; 0 for the Gauss–Newton matrix.
    bent: Vec<Vec<f64>>,
    /// What `∇²ℓ` in the outputs is made of.
    factors: Vec<f64>,
    workspace: Workspace,
}

/// Rows of a block for this network.
pub(super) fn rows_per_block(net: &Network) -> usize {
    let units: usize = net.layers.iter().map(|l| l.units.len()).sum();
    (MOST_NUMBERS / (8 * units)).clamp(1, MOST_ROWS)
}

impl Block {
    /// Room for blocks of up to `rows` rows.
    pub(super) fn new(net: &Network, rows: usize) -> Block {
        let room = || net.layers.iter().map(|l| vec![0.0; l.units.len() * rows]).collect::<Vec<_>>();
        Block {
            rows: Vec::with_capacity(rows),
            weights: Vec::with_capacity(rows),
            a: room(),
            delta: room(),
            slope: room(),
            bent: room(),
            factors: vec![0.0; net.outputs() * rows],
            workspace: net.workspace(),
        }
    }

    /// Sweeps the rows forward and backward.
    pub(super) fn fill(
        &mut self,
        net: &Network,
        kind: Kind,
        theta: &[f64],
        (design, target): (&Design, &[f64]),
        weights: &[f64],
        rows: &[usize],
    ) {
        self.rows.clear();
        self.weights.clear();
        let last = net.layers.len() - 1;
        let outputs = net.outputs();
        let phi = net.activation;
        for (r, &i) in rows.iter().enumerate() {
            self.rows.push(i);
            self.weights.push(weights[i]);
            let ws = &mut self.workspace;
            net.forward(theta, design.row(i), ws);
            net.backward(theta, target[i], ws);
            self.factors[r * outputs..(r + 1) * outputs].copy_from_slice(&ws.factors);
            for l in 0..=last {
                let units = ws.z[l].len();
                let at = r * units..(r + 1) * units;
                self.delta[l][at.clone()].copy_from_slice(&ws.delta[l]);
                if l < last {
                    self.a[l][at.clone()].copy_from_slice(&ws.a[l]);
                    for u in 0..units {
                        self.slope[l][r * units + u] = phi.slope(ws.z[l][u]);
                        self.bent[l][r * units + u] = match kind {
                            Kind::Hessian => phi.bend(ws.z[l][u]) * ws.back[l][u],
                            Kind::GaussNewton | Kind::EmpiricalFisher => 0.0,
                        };
                    }
                }
            }
        }
    }
}

/// Derivatives of a block along `z_l ↦ z_l + e_j`, laid out as in [`Block`]; layers below `l` are not touched.
pub(super) struct Tangent {
    /// `∂δ_m`.
    pub(super) delta: Vec<Vec<f64>>,
    /// `∂a_m`.
    pub(super) a: Vec<Vec<f64>>,
    z: Vec<f64>,
    back: Vec<f64>,
}

impl Tangent {
    /// Room for blocks of up to `rows` rows.
    pub(super) fn new(net: &Network, rows: usize) -> Tangent {
        let room = || net.layers.iter().map(|l| vec![0.0; l.units.len() * rows]).collect::<Vec<_>>();
        let widest = net.layers.iter().map(|l| l.units.len()).max().unwrap_or(0);
        Tangent { delta: room(), a: room(), z: vec![0.0; widest], back: vec![0.0; widest] }
    }

    /// One tangent sweep per row of the block, along unit `j` of layer `l`.
    pub(super) fn fill(&mut self, net: &Network, theta: &[f64], block: &Block, l: usize, j: usize) {
        for r in 0..block.rows.len() {
            self.forward(net, theta, block, l, j, r);
            self.backward(net, theta, block, l, j, r);
        }
    }

    /// Leaves `∂z` of the outputs in `z`.
    fn forward(&mut self, net: &Network, theta: &[f64], block: &Block, l: usize, j: usize, r: usize) {
        let last = net.layers.len() - 1;
        self.z.fill(0.0);
        self.z[j] = 1.0;
        for m in l..=last {
            let layer = &net.layers[m];
            let units = layer.units.len();
            if m > l {
                let below = &self.a[m - 1][r * layer.fan_in..(r + 1) * layer.fan_in];
                for (z, unit) in self.z.iter_mut().zip(&layer.units) {
                    *z = if m == l + 1 {
                        // Only unit j of the layer below moves.
                        unit.position(j, layer.fan_in).map_or(0.0, |p| theta[p] * below[j])
                    } else {
                        unit.weigh(theta, below)
                    };
                }
            }
            if m < last {
                let slope = &block.slope[m][r * units..(r + 1) * units];
                let a = &mut self.a[m][r * units..(r + 1) * units];
                a.iter_mut().zip(slope).zip(&self.z).for_each(|((a, s), z)| *a = s * z);
            }
        }
    }

    fn backward(&mut self, net: &Network, theta: &[f64], block: &Block, l: usize, j: usize, r: usize) {
        let last = net.layers.len() - 1;
        let outputs = net.outputs();
        let factors = &block.factors[r * outputs..(r + 1) * outputs];
        let rd = &mut self.delta[last][r * outputs..(r + 1) * outputs];
        if l == last {
            net.loss.curvature_column(factors, j, rd);
        } else {
            net.loss.curvature_times(factors, &self.z[..outputs], rd);
        }
        for m in (l..last).rev() {
            let units = net.layers[m].units.len();
            let above = net.layers[m + 1].units.len();
            let back = &mut self.back[..units];
            back.fill(0.0);
            for (unit, &s) in net.layers[m + 1].units.iter().zip(&self.delta[m + 1][r * above..]) {
                unit.spread(theta, s, back);
            }
            let slope = &block.slope[m][r * units..(r + 1) * units];
            let rd = &mut self.delta[m][r * units..(r + 1) * units];
            for ((rd, back), slope) in rd.iter_mut().zip(back.iter()).zip(slope) {
                *rd = slope * back;
            }
            let bent = &block.bent[m][r * units..(r + 1) * units];
            if m == l {
                rd[j] += bent[j];
            } else {
                // ∂z = ∂a/φ′ is not kept; φ″·∂z·back with ∂z from the layer below.
                let below = &self.a[m - 1][r * net.layers[m].fan_in..(r + 1) * net.layers[m].fan_in];
                for ((rd, unit), bent) in rd.iter_mut().zip(&net.layers[m].units).zip(bent) {
                    *rd += bent * unit.weigh(theta, below);
                }
            }
        }
    }
}
