//! The exact Hessian (or Gauss–Newton matrix) of the weighted empirical risk, block by block.
//!
//! A unit change of `W_l[j,i]` changes `z_l` by `ã_{l−1,i} e_j`. So with `∂^{(l,j)}` the derivative
//! along `z_l ↦ z_l + e_j`, for `l ≤ m`
//!
//! `H[(l,j,i),(m,j′,i′)] = Σ_rows w · ã_{l−1,i} · (∂^{(l,j)}δ_{m,j′} · ã_{m−1,i′} + δ_{m,j′} · ∂^{(l,j)}ã_{m−1,i′})`,
//!
//! where the second term vanishes for `m = l`. Per row this needs one tangent sweep per *unit*, not
//! one Hessian–vector product per parameter; the rest is a product of two blocks of samples per pair
//! of units, restricted to the inputs each unit has kept. Nothing larger than `k × k` is formed.
//!
//! Source: Bishop 1992, "Exact calculation of the Hessian matrix for the multilayer perceptron";
//! the arrangement by pairs of units is derived here.

use super::network::{Network, Unit, Workspace};
use crate::data::{Design, Row};
use crate::numeric::gram::add_product;
use nalgebra::DMatrix;

/// Most samples handled together: large enough for the products, small enough to stay in cache.
const MOST_ROWS: usize = 128;

/// Most numbers held as tangents of one block; wide networks get fewer rows per block.
const MOST_TANGENTS: usize = 1 << 22;

/// Which second-order matrix to form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `Σ w ∇²ℓ`.
    Hessian,
    /// `Σ w Jᵀ (∇²ℓ in the outputs) J`.
    GaussNewton,
}

/// Sensitivities of one block of rows to a unit change of each pre-activation.
struct Tangents {
    /// `delta[(l, j)][m]`: `∂^{(l,j)}δ_m`, units × rows, for m ≥ l; empty below.
    delta: Vec<Vec<DMatrix<f64>>>,
    /// `activation[(l, j)][m]`: `∂^{(l,j)}a_m`, units × rows, for m ≥ l; empty below.
    activation: Vec<Vec<DMatrix<f64>>>,
}

/// Activations and back-propagated gradients of one block of rows.
struct Block {
    rows: Vec<usize>,
    weights: Vec<f64>,
    /// `a_l`, units × rows.
    a: Vec<DMatrix<f64>>,
    /// `δ_l`, units × rows.
    delta: Vec<DMatrix<f64>>,
    tangents: Tangents,
}

impl Network {
    /// The `k × k` matrix `Σ wᵢ Mᵢ` over the rows with nonzero weight (no ridge).
    pub(crate) fn second_order(
        &self,
        kind: Kind,
        theta: &[f64],
        design: &Design,
        target: &[f64],
        weights: &[f64],
    ) -> DMatrix<f64> {
        let mut h = DMatrix::zeros(self.active(), self.active());
        let mut ws = self.workspace();
        let live: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] != 0.0).collect();
        let units: usize = self.layers.iter().map(|l| l.units.len()).sum();
        for rows in live.chunks((MOST_TANGENTS / (units * units)).clamp(1, MOST_ROWS)) {
            let block = self.block(kind, theta, design, target, weights, rows, &mut ws);
            self.add_block(kind, design, &block, &mut h);
        }
        h.fill_upper_triangle_with_lower_triangle();
        h
    }

    #[allow(clippy::too_many_arguments)]
    fn block(
        &self,
        kind: Kind,
        theta: &[f64],
        design: &Design,
        target: &[f64],
        weights: &[f64],
        rows: &[usize],
        ws: &mut Workspace,
    ) -> Block {
        let n = rows.len();
        let matrices =
            || self.layers.iter().map(|l| DMatrix::zeros(l.units.len(), n)).collect::<Vec<DMatrix<f64>>>();
        let (mut a, mut delta) = (matrices(), matrices());
        let units: usize = self.layers.iter().map(|l| l.units.len()).sum();
        let mut tangents = Tangents { delta: vec![matrices(); units], activation: vec![matrices(); units] };
        for (r, &i) in rows.iter().enumerate() {
            self.forward(theta, design.row(i), ws);
            self.backward(theta, target[i], ws);
            let last = self.layers.len() - 1;
            self.loss.curvature(&ws.z[last], &mut ws.curvature);
            for l in 0..self.layers.len() {
                a[l].column_mut(r).copy_from_slice(&ws.a[l]);
                delta[l].column_mut(r).copy_from_slice(&ws.delta[l]);
            }
            self.unit_tangents(kind, theta, ws, r, &mut tangents);
        }
        Block { rows: rows.to_vec(), weights: rows.iter().map(|&i| weights[i]).collect(), a, delta, tangents }
    }

    /// One tangent sweep per unit for row `r` of the block.
    fn unit_tangents(&self, kind: Kind, theta: &[f64], ws: &Workspace, r: usize, out: &mut Tangents) {
        let last = self.layers.len() - 1;
        let outputs = self.outputs();
        let phi = self.activation;
        let mut unit_index = 0;
        for l in 0..=last {
            for j in 0..self.layers[l].units.len() {
                let (rd, ra) = (&mut out.delta[unit_index], &mut out.activation[unit_index]);
                unit_index += 1;
                // Forward: z_l += e_j; rz of the layer at hand.
                let mut rz: Vec<Vec<f64>> = vec![Vec::new(); last + 1];
                rz[l] = vec![0.0; self.layers[l].units.len()];
                rz[l][j] = 1.0;
                for m in l..=last {
                    if m > l {
                        let below = ra[m - 1].column(r);
                        rz[m] =
                            self.layers[m].units.iter().map(|u| through(u, theta, |i| below[i])).collect();
                    }
                    if m < last {
                        for u in 0..rz[m].len() {
                            ra[m][(u, r)] = phi.slope(ws.z[m][u]) * rz[m][u];
                        }
                    }
                }
                // Backward: rdelta at the outputs, then down to layer l.
                for c in 0..outputs {
                    let row = &ws.curvature[c * outputs..(c + 1) * outputs];
                    rd[last][(c, r)] = row.iter().zip(&rz[last]).map(|(h, z)| h * z).sum();
                }
                for m in (l..last).rev() {
                    let mut back = vec![0.0; self.layers[m].units.len()];
                    for (u, unit) in self.layers[m + 1].units.iter().enumerate() {
                        let s = rd[m + 1][(u, r)];
                        for (p, &i) in unit.inputs.iter().enumerate() {
                            back[i as usize] += s * theta[unit.start + p];
                        }
                    }
                    for u in 0..back.len() {
                        let z = ws.z[m][u];
                        let bent = match kind {
                            Kind::Hessian => phi.bend(z) * rz[m][u] * ws.back[m][u],
                            Kind::GaussNewton => 0.0,
                        };
                        rd[m][(u, r)] = bent + phi.slope(z) * back[u];
                    }
                }
            }
        }
    }

    /// Adds the block's share to the lower triangle of `h`.
    fn add_block(&self, kind: Kind, design: &Design, block: &Block, h: &mut DMatrix<f64>) {
        let mut first_of_layer = vec![0];
        for layer in &self.layers {
            first_of_layer.push(first_of_layer[first_of_layer.len() - 1] + layer.units.len());
        }
        for l in 0..self.layers.len() {
            for (j, p) in self.layers[l].units.iter().enumerate() {
                if p.inputs.is_empty() && p.bias.is_none() {
                    continue;
                }
                let tangent = first_of_layer[l] + j;
                let left = Inputs::gather(self, design, block, l, p, |_| 1.0, None);
                for m in l..self.layers.len() {
                    for (j2, q) in self.layers[m].units.iter().enumerate() {
                        // Within a layer each pair of units is met once; the block is symmetric in them.
                        if (m == l && j2 > j) || (q.inputs.is_empty() && q.bias.is_none()) {
                            continue;
                        }
                        let d = &block.tangents.delta[tangent][m];
                        let scale = |r: usize| block.weights[r] * d[(j2, r)];
                        let through = (m > l && kind == Kind::Hessian).then(|| {
                            let da = &block.tangents.activation[tangent][m - 1];
                            Through { delta: &block.delta[m], unit: j2, weights: &block.weights, da }
                        });
                        let right = Inputs::gather(self, design, block, m, q, scale, through);
                        left.add_outer(p, &right, q, h);
                    }
                }
            }
        }
    }
}

/// `Σ w_i v(i)` over the kept inputs of a unit.
fn through(unit: &Unit, theta: &[f64], v: impl Fn(usize) -> f64) -> f64 {
    unit.inputs.iter().enumerate().map(|(p, &i)| theta[unit.start + p] * v(i as usize)).sum()
}

/// The second term of a mixed block: `w δ_{m,j′} ∂ã_{m−1}`.
struct Through<'a> {
    delta: &'a DMatrix<f64>,
    unit: usize,
    weights: &'a [f64],
    da: &'a DMatrix<f64>,
}

/// The inputs of one unit over a block of rows, scaled per row.
enum Inputs {
    /// (kept inputs, then the bias) × rows.
    Dense(DMatrix<f64>),
    /// Per row: positions of the kept parameters with their values.
    Sparse(Vec<Vec<(usize, f64)>>),
}

impl Inputs {
    fn gather(
        net: &Network,
        design: &Design,
        block: &Block,
        layer: usize,
        unit: &Unit,
        scale: impl Fn(usize) -> f64,
        extra: Option<Through<'_>>,
    ) -> Inputs {
        let fan_in = net.layers[layer].fan_in;
        if layer == 0 && design.is_sparse() {
            let rows = block.rows.iter().enumerate().map(|(r, &i)| {
                let s = scale(r);
                let mut row = Vec::new();
                design.row(i).for_each(|c, v| {
                    if let Some(p) = unit.position(c, fan_in) {
                        row.push((p, s * v));
                    }
                });
                row.extend(unit.bias.map(|b| (b, s)));
                row
            });
            return Inputs::Sparse(rows.collect());
        }
        let kept = unit.inputs.len();
        let mut out = DMatrix::zeros(kept + usize::from(unit.bias.is_some()), block.rows.len());
        for (r, &i) in block.rows.iter().enumerate() {
            let s = scale(r);
            let mut column = out.column_mut(r);
            if layer == 0 {
                let Row::Dense(x) = design.row(i) else { unreachable!("sparse designs return above") };
                unit.inputs.iter().enumerate().for_each(|(p, &c)| column[p] = s * x[c as usize]);
            } else {
                let a = block.a[layer - 1].column(r);
                unit.inputs.iter().enumerate().for_each(|(p, &c)| column[p] = s * a[c as usize]);
            }
            if let Some(t) = &extra {
                let s = t.weights[r] * t.delta[(t.unit, r)];
                let da = t.da.column(r);
                unit.inputs.iter().enumerate().for_each(|(p, &c)| column[p] += s * da[c as usize]);
            }
            if unit.bias.is_some() {
                column[kept] = s;
            }
        }
        Inputs::Dense(out)
    }

    /// `h[p, q] += Σ_rows self ⊗ right` into the lower triangle.
    fn add_outer(&self, p: &Unit, right: &Inputs, q: &Unit, h: &mut DMatrix<f64>) {
        let mut put = |a: usize, b: usize, v: f64| h[if a >= b { (a, b) } else { (b, a) }] += v;
        // Within one unit, (a, b) and (b, a) are the same entry of the triangle: keep one.
        let same = p.start == q.start && p.inputs.len() == q.inputs.len() && p.bias == q.bias;
        match (self, right) {
            (Inputs::Dense(x), Inputs::Dense(y)) => {
                let mut product = DMatrix::zeros(x.nrows(), y.nrows());
                add_product(x, y, &mut product);
                for b in 0..y.nrows() {
                    let qb = position(q, b);
                    for a in if same { b } else { 0 }..x.nrows() {
                        put(position(p, a), qb, product[(a, b)]);
                    }
                }
            }
            (Inputs::Sparse(x), Inputs::Sparse(y)) => {
                for (x, y) in x.iter().zip(y) {
                    for &(a, va) in x {
                        for &(b, vb) in y {
                            if !same || a >= b {
                                put(a, b, va * vb);
                            }
                        }
                    }
                }
            }
            (Inputs::Sparse(x), Inputs::Dense(y)) => {
                for (r, x) in x.iter().enumerate() {
                    for &(a, va) in x {
                        for b in 0..y.nrows() {
                            put(a, position(q, b), va * y[(b, r)]);
                        }
                    }
                }
            }
            (Inputs::Dense(_), Inputs::Sparse(_)) => {
                unreachable!("the right unit is never in an earlier layer than the left one")
            }
        }
    }
}

/// Position of entry `b` of a gathered block among the kept parameters.
fn position(unit: &Unit, b: usize) -> usize {
    if b < unit.inputs.len() {
        unit.start + b
    } else {
        unit.bias.expect("an entry past the weights is the bias")
    }
}
