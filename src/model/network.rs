//! The masked network, compiled: which inputs each unit still reads and where its weights lie
//! among the `k` kept parameters. Per-row value, gradient and Hessian–vector products.
//!
//! Notation for one row: `z_l = W_l ã_{l−1}` with `ã = (a, 1)` when there is a bias, `a_l = φ(z_l)`,
//! `δ_l = ∂ℓ/∂z_l`. Then `∂ℓ/∂W_l[j,i] = δ_{l,j} ã_{l−1,i}`.

use super::{Activation, Model};
use crate::data::Row;
use crate::loss::Loss;
use crate::mask::Mask;
use crate::numeric::dot::dot;

/// One output unit of a layer: the inputs it reads and where its parameters are.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Position (among the kept parameters) of its first weight; the others follow.
    pub(crate) start: usize,
    /// Kept inputs, increasing.
    pub(crate) inputs: Vec<u32>,
    /// Position of its bias, if kept.
    pub(crate) bias: Option<usize>,
}

/// One affine layer after masking.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) fan_in: usize,
    pub(crate) units: Vec<Unit>,
}

impl Unit {
    /// Position of the weight on `input`, if it is kept.
    pub(crate) fn position(&self, input: usize, fan_in: usize) -> Option<usize> {
        if self.inputs.len() == fan_in {
            Some(self.start + input)
        } else {
            self.inputs.binary_search(&(input as u32)).ok().map(|p| self.start + p)
        }
    }

    fn weights<'t>(&self, theta: &'t [f64]) -> &'t [f64] {
        &theta[self.start..self.start + self.inputs.len()]
    }

    /// Position of the unit's `c`-th parameter: the kept weights in order, then the bias.
    pub(crate) fn parameter(&self, c: usize) -> usize {
        if c < self.inputs.len() {
            self.start + c
        } else {
            self.bias.expect("the parameter past the weights is the bias")
        }
    }

    /// `w · v` over the kept inputs.
    pub(crate) fn weigh(&self, theta: &[f64], v: &[f64]) -> f64 {
        let w = self.weights(theta);
        if w.len() == v.len() {
            dot(w, v)
        } else {
            w.iter().zip(&self.inputs).map(|(w, &i)| w * v[i as usize]).sum()
        }
    }

    /// `out += s · w` at the kept inputs.
    pub(crate) fn spread(&self, theta: &[f64], s: f64, out: &mut [f64]) {
        let w = self.weights(theta);
        if w.len() == out.len() {
            out.iter_mut().zip(w).for_each(|(o, w)| *o += s * w);
        } else {
            w.iter().zip(&self.inputs).for_each(|(w, &i)| out[i as usize] += s * w);
        }
    }

    /// `out = s · x` at the kept inputs.
    pub(crate) fn gather(&self, x: &[f64], s: f64, out: &mut [f64]) {
        if out.len() == x.len() {
            out.iter_mut().zip(x).for_each(|(o, x)| *o = s * x);
        } else {
            out.iter_mut().zip(&self.inputs).for_each(|(o, &i)| *o = s * x[i as usize]);
        }
    }

    /// `out = s · x + t · y` at the kept inputs.
    pub(crate) fn gather_two(&self, (x, s): (&[f64], f64), (y, t): (&[f64], f64), out: &mut [f64]) {
        if out.len() == x.len() {
            out.iter_mut().zip(x).zip(y).for_each(|((o, x), y)| *o = s * x + t * y);
        } else {
            out.iter_mut().zip(&self.inputs).for_each(|(o, &i)| *o = s * x[i as usize] + t * y[i as usize]);
        }
    }

    /// `w · a + b` for dense inputs.
    fn affine(&self, theta: &[f64], a: &[f64]) -> f64 {
        self.weigh(theta, a) + self.bias.map_or(0.0, |b| theta[b])
    }

    /// `w · x + b` for the data row.
    fn affine_row(&self, theta: &[f64], x: Row<'_>, fan_in: usize) -> f64 {
        match x {
            Row::Dense(a) => self.affine(theta, a),
            Row::Sparse(columns, values) => {
                let mut sum = 0.0;
                for (&c, &v) in columns.iter().zip(values) {
                    if let Some(p) = self.position(c as usize, fan_in) {
                        sum += theta[p] * v;
                    }
                }
                sum + self.bias.map_or(0.0, |b| theta[b])
            }
        }
    }

    /// `out += s · (a, 1)` at this unit's positions.
    fn scatter(&self, s: f64, a: &[f64], with_bias: bool, out: &mut [f64]) {
        let to = &mut out[self.start..self.start + self.inputs.len()];
        if to.len() == a.len() {
            to.iter_mut().zip(a).for_each(|(o, a)| *o += s * a);
        } else {
            to.iter_mut().zip(&self.inputs).for_each(|(o, &i)| *o += s * a[i as usize]);
        }
        if let (true, Some(b)) = (with_bias, self.bias) {
            out[b] += s;
        }
    }

    /// As [`Unit::scatter`] for the data row.
    fn scatter_row(&self, s: f64, x: Row<'_>, fan_in: usize, out: &mut [f64]) {
        match x {
            Row::Dense(a) => self.scatter(s, a, true, out),
            Row::Sparse(columns, values) => {
                for (&c, &v) in columns.iter().zip(values) {
                    if let Some(p) = self.position(c as usize, fan_in) {
                        out[p] += s * v;
                    }
                }
                if let Some(b) = self.bias {
                    out[b] += s;
                }
            }
        }
    }

    /// `‖(x restricted to the kept inputs, 1 if the bias is kept)‖²`.
    pub(crate) fn input_norm_squared(&self, x: Row<'_>, fan_in: usize) -> f64 {
        let mut sum = if self.bias.is_some() { 1.0 } else { 0.0 };
        x.for_each(|c, v| {
            if self.position(c, fan_in).is_some() {
                sum += v * v;
            }
        });
        sum
    }
}

/// A model restricted to the kept parameters of a mask.
#[derive(Debug, Clone)]
pub struct Network {
    pub(crate) layers: Vec<Layer>,
    pub(crate) activation: Activation,
    pub(crate) loss: Loss,
    active: usize,
}

/// Buffers for one row; made once, reused for every row.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// `z_l` per layer.
    pub(crate) z: Vec<Vec<f64>>,
    /// `a_l` per hidden layer (the last entry is unused for the output layer).
    pub(crate) a: Vec<Vec<f64>>,
    /// `W_{l+1}ᵀ δ_{l+1}` per hidden layer.
    pub(crate) back: Vec<Vec<f64>>,
    /// `δ_l` per layer.
    pub(crate) delta: Vec<Vec<f64>>,
    /// Tangents of `z`, `a`, `back`, `delta`.
    rz: Vec<Vec<f64>>,
    ra: Vec<Vec<f64>>,
    rback: Vec<Vec<f64>>,
    rdelta: Vec<Vec<f64>>,
    /// What `∇²ℓ` in the outputs is made of, see [`Loss::gradient_and_factors`].
    pub(crate) factors: Vec<f64>,
}

impl Network {
    /// Compiles a model under a mask. Panics when the mask is for another number of parameters.
    pub fn new(model: &Model, mask: &Mask) -> Network {
        assert_eq!(
            mask.parameters(),
            model.parameters(),
            "mask and model differ in their number of parameters"
        );
        let active = mask.active();
        // Weights of one unit are consecutive in the layout, hence also among the kept ones.
        let mut next = 0;
        let mut layers = Vec::with_capacity(model.layers());
        for l in 0..model.layers() {
            let (fan_in, fan_out) = (model.widths()[l], model.widths()[l + 1]);
            let start = model.layer_start(l);
            let mut units = Vec::with_capacity(fan_out);
            for j in 0..fan_out {
                let first = next;
                let row = start + j * fan_in;
                let mut inputs = Vec::new();
                while next < active.len() && active[next] < row + fan_in {
                    inputs.push((active[next] - row) as u32);
                    next += 1;
                }
                units.push(Unit { start: first, inputs, bias: None });
            }
            if model.has_bias() {
                let row = start + fan_out * fan_in;
                while next < active.len() && active[next] < row + fan_out {
                    units[active[next] - row].bias = Some(next);
                    next += 1;
                }
            }
            layers.push(Layer { fan_in, units });
        }
        Network { layers, activation: model.activation(), loss: model.loss(), active: active.len() }
    }

    /// Number of kept parameters `k`.
    pub fn active(&self) -> usize {
        self.active
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].units.len()
    }

    /// Fresh buffers for one row.
    pub fn workspace(&self) -> Workspace {
        let zeros = || self.layers.iter().map(|l| vec![0.0; l.units.len()]).collect::<Vec<_>>();
        Workspace {
            z: zeros(),
            a: zeros(),
            back: zeros(),
            delta: zeros(),
            rz: zeros(),
            ra: zeros(),
            rback: zeros(),
            rdelta: zeros(),
            factors: vec![0.0; self.outputs()],
        }
    }

    /// Runs the row forward; the returned slice holds the outputs.
    pub fn forward<'w>(&self, theta: &[f64], x: Row<'_>, ws: &'w mut Workspace) -> &'w [f64] {
        let last = self.layers.len() - 1;
        for (l, layer) in self.layers.iter().enumerate() {
            for (j, unit) in layer.units.iter().enumerate() {
                ws.z[l][j] = if l == 0 {
                    unit.affine_row(theta, x, layer.fan_in)
                } else {
                    unit.affine(theta, &ws.a[l - 1])
                };
            }
            if l < last {
                for j in 0..layer.units.len() {
                    ws.a[l][j] = self.activation.value(ws.z[l][j]);
                }
            }
        }
        &ws.z[last]
    }

    /// Runs the row backward after [`Network::forward`]: fills `δ` for the target `y`.
    pub(crate) fn backward(&self, theta: &[f64], y: f64, ws: &mut Workspace) {
        let last = self.layers.len() - 1;
        self.loss.gradient_and_factors(&ws.z[last], y, &mut ws.delta[last], &mut ws.factors);
        self.propagate(theta, ws);
    }

    /// Takes the `δ` of the output layer, whatever loss it came from, to the layers below.
    pub(crate) fn propagate(&self, theta: &[f64], ws: &mut Workspace) {
        for l in (0..self.layers.len() - 1).rev() {
            ws.back[l].fill(0.0);
            for (j, unit) in self.layers[l + 1].units.iter().enumerate() {
                unit.spread(theta, ws.delta[l + 1][j], &mut ws.back[l]);
            }
            for j in 0..ws.z[l].len() {
                ws.delta[l][j] = self.activation.slope(ws.z[l][j]) * ws.back[l][j];
            }
        }
    }

    /// `out += s · ∇ℓ` after [`Network::backward`].
    pub(crate) fn add_gradient(&self, s: f64, x: Row<'_>, ws: &Workspace, out: &mut [f64]) {
        for (l, layer) in self.layers.iter().enumerate() {
            for (j, unit) in layer.units.iter().enumerate() {
                let s = s * ws.delta[l][j];
                if l == 0 {
                    unit.scatter_row(s, x, layer.fan_in, out);
                } else {
                    unit.scatter(s, &ws.a[l - 1], true, out);
                }
            }
        }
    }

    /// `out += s · ∇²ℓ · v` after [`Network::backward`], by the R-operator (Pearlmutter 1994).
    pub(crate) fn add_hvp(
        &self,
        s: f64,
        theta: &[f64],
        v: &[f64],
        x: Row<'_>,
        ws: &mut Workspace,
        out: &mut [f64],
    ) {
        let last = self.layers.len() - 1;
        for (l, layer) in self.layers.iter().enumerate() {
            for (j, unit) in layer.units.iter().enumerate() {
                ws.rz[l][j] = if l == 0 {
                    unit.affine_row(v, x, layer.fan_in)
                } else {
                    unit.affine(v, &ws.a[l - 1]) + unit.weigh(theta, &ws.ra[l - 1])
                };
            }
            if l < last {
                for j in 0..layer.units.len() {
                    ws.ra[l][j] = self.activation.slope(ws.z[l][j]) * ws.rz[l][j];
                }
            }
        }
        self.loss.curvature_times(&ws.factors, &ws.rz[last], &mut ws.rdelta[last]);
        for l in (0..last).rev() {
            ws.rback[l].fill(0.0);
            for (j, unit) in self.layers[l + 1].units.iter().enumerate() {
                let (d, rd) = (ws.delta[l + 1][j], ws.rdelta[l + 1][j]);
                for ((w, w_dot), &i) in unit.weights(theta).iter().zip(unit.weights(v)).zip(&unit.inputs) {
                    ws.rback[l][i as usize] += rd * w + d * w_dot;
                }
            }
            for j in 0..ws.z[l].len() {
                let z = ws.z[l][j];
                ws.rdelta[l][j] = self.activation.bend(z) * ws.rz[l][j] * ws.back[l][j]
                    + self.activation.slope(z) * ws.rback[l][j];
            }
        }
        for (l, layer) in self.layers.iter().enumerate() {
            for (j, unit) in layer.units.iter().enumerate() {
                let rd = s * ws.rdelta[l][j];
                if l == 0 {
                    unit.scatter_row(rd, x, layer.fan_in, out);
                } else {
                    unit.scatter(rd, &ws.a[l - 1], true, out);
                    unit.scatter(s * ws.delta[l][j], &ws.ra[l - 1], false, out);
                }
            }
        }
    }
}
