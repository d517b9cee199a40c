//! The gradient of the risk and its derivative along a direction, by the runs of whole blocks of rows.
//!
//! With `δ_l = ∂ℓ/∂z_l`, the gradient of unit `u` of layer `l` is `Σ_rows w δ_{l,u} ã_{l−1}`: sums over runs, where
//! row by row every parameter is read and written once per row. Along `θ + tv` (Pearlmutter 1994),
//!
//! `∂z_l = V_l ã_{l−1} + W_l ∂a_{l−1}`, `∂a_l = φ′(z_l) ∘ ∂z_l`, `∂δ_L = ∇²ℓ ∂z_L`,
//! `∂δ_l = φ′(z_l) ∘ (W_{l+1}ᵀ ∂δ_{l+1} + V_{l+1}ᵀ δ_{l+1}) + φ″(z_l) ∘ W_{l+1}ᵀ δ_{l+1} ∘ ∂z_l`,
//!
//! and the product with the Hessian is `Σ_rows w (∂δ_l ãᵀ_{l−1} + δ_l ∂ãᵀ_{l−1})`. The order of all operations depends
//! on the sizes and the kernel alone.

use super::super::Kind;
use super::rows_per_block;
use super::runs::{combine, run};
use super::sweep::Sweep;
use super::wiring::{self, Stage};
use crate::data::Design;
use crate::model::network::Network;
use crate::numeric::gram::{Kernel, Sums};
use crate::numeric::lanes::{Arithmetic, Work};

/// `Σ w ∇ℓ` over the rows of a dense design.
pub(crate) fn add_gradient(
    net: &Network,
    theta: &[f64],
    data: (&Design, &[f64]),
    weights: &[f64],
    out: &mut [f64],
) {
    let kernel = Kernel::best();
    let mut sums = Layers::default();
    over_blocks(kernel, net, Kind::GaussNewton, theta, data, weights, |stages, sweep| {
        for (l, stage) in stages.iter().enumerate() {
            sums.add(kernel, stage, sweep, (&sweep.weighted[l], &sweep.inputs[l]), true, out);
        }
    });
}

/// `Σ w ∇²ℓ v` over the rows of a dense design.
pub(crate) fn add_hvp(
    net: &Network,
    theta: &[f64],
    v: &[f64],
    data: (&Design, &[f64]),
    weights: &[f64],
    out: &mut [f64],
) {
    let kernel = Kernel::best();
    let mut sums = Layers::default();
    let mut along = None;
    over_blocks(kernel, net, Kind::Hessian, theta, data, weights, |stages, sweep| {
        let along = along.get_or_insert_with(|| Along::new(stages, sweep.stride));
        kernel.work::<Tangents, _>((&mut *along, stages, sweep, theta, v));
        for (l, stage) in stages.iter().enumerate() {
            sums.add(kernel, stage, sweep, (&along.delta[l], &sweep.inputs[l]), true, out);
            if l > 0 {
                sums.add(kernel, stage, sweep, (&sweep.weighted[l], &along.a[l - 1]), false, out);
            }
        }
    });
}

fn over_blocks(
    kernel: Kernel,
    net: &Network,
    kind: Kind,
    theta: &[f64],
    data: (&Design, &[f64]),
    weights: &[f64],
    mut work: impl FnMut(&[Stage], &Sweep),
) {
    let stages = wiring::wire(net);
    let live: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] != 0.0).collect();
    let room = rows_per_block(&stages, live.len()).max(1);
    let mut sweep = Sweep::new(net, &stages, room);
    for rows in live.chunks(room) {
        sweep.fill(kernel, net, &stages, kind, theta, data, weights, rows);
        work(&stages, &sweep);
    }
}

/// Sums of one layer, kept between blocks so that none allocates.
#[derive(Default)]
struct Layers {
    sums: Vec<f64>,
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Layers {
    /// Adds `Σ_r delta_u[r] inputs_i[r]` for the parameters of all units of a layer, those of the biases `with_bias`.
    fn add(
        &mut self,
        kernel: Kernel,
        stage: &Stage,
        sweep: &Sweep,
        (delta, inputs): (&[f64], &[f64]),
        with_bias: bool,
        out: &mut [f64],
    ) {
        let stride = sweep.stride;
        let ones = run(&sweep.inputs[0], stride, sweep.inputs[0].len() / stride - 1);
        let mut first = 0;
        while first < stage.units.len() {
            // Units that read the same are summed together.
            let unit = &stage.units[first];
            let reads = &unit.slots[..unit.weights];
            let alike = stage.units[first..].iter().take_while(|u| u.slots[..u.weights] == *reads).count();
            let height = reads.len();
            if height > 0 {
                self.left.clear();
                self.left.extend(reads.iter().map(|s| s * stride));
                self.right.clear();
                self.right.extend((first..first + alike).map(|u| u * stride));
                self.sums.clear();
                self.sums.resize(height * alike, 0.0);
                let (left, right) = ((inputs, &self.left[..]), (delta, &self.right[..]));
                Sums { kernel, weights: ones, left, right }.add(&mut self.sums, height);
                for (unit, sums) in stage.units[first..].iter().zip(self.sums.chunks_exact(height)) {
                    for ((_, p), s) in unit.weights().zip(sums) {
                        out[p] += s;
                    }
                }
            }
            first += alike;
        }
        if with_bias {
            for (unit, delta) in stage.units.iter().zip(delta.chunks_exact(stride)) {
                if let Some(b) = unit.bias() {
                    out[b] += delta.iter().sum::<f64>();
                }
            }
        }
    }
}

/// Everything along `θ + tv`, by runs.
struct Along {
    /// `w ∂δ_l`.
    delta: Vec<Vec<f64>>,
    /// `∂a_l`.
    a: Vec<Vec<f64>>,
    z: Vec<Vec<f64>>,
    other: Vec<f64>,
    shift: Vec<f64>,
}

/// What a sweep needs: where it goes, the network, its block, the parameters and the direction.
type Arguments<'a> = (&'a mut Along, &'a [Stage], &'a Sweep, &'a [f64], &'a [f64]);

/// [`Along::sweep`].
struct Tangents;

impl Work<Arguments<'_>> for Tangents {
    type Output = ();

    #[inline(always)]
    fn work<A: Arithmetic>(arguments: Arguments<'_>) {
        Along::sweep::<A>(arguments);
    }
}

impl Along {
    fn new(stages: &[Stage], stride: usize) -> Along {
        let room = || stages.iter().map(|s| vec![0.0; s.units.len() * stride]).collect::<Vec<_>>();
        Along { delta: room(), a: room(), z: room(), other: vec![0.0; stride], shift: vec![0.0; 2 * stride] }
    }

    #[inline(always)]
    fn sweep<A: Arithmetic>((along, stages, sweep, theta, v): Arguments<'_>) {
        let (stride, last) = (sweep.stride, stages.len() - 1);
        for (l, stage) in stages.iter().enumerate() {
            let (below, here) = along.a.split_at_mut(l);
            for (u, unit) in stage.units.iter().enumerate() {
                let z = &mut along.z[l][u * stride..(u + 1) * stride];
                let start = unit.bias().map_or(0.0, |b| v[b]);
                combine::<A>(z, start, &sweep.inputs[l], unit.weights().map(|(s, p)| (s, v[p])));
                if l > 0 {
                    let terms = unit.weights().map(|(s, p)| (s, theta[p]));
                    combine::<A>(&mut along.other, 0.0, &below[l - 1], terms);
                    (0..stride).for_each(|r| z[r] += along.other[r]);
                }
                if l < last {
                    let slope = run(&sweep.slope[l], stride, u);
                    let a = &mut here[0][u * stride..(u + 1) * stride];
                    (0..stride).for_each(|r| a[r] = slope[r] * z[r]);
                }
            }
        }
        sweep.curvature.times(stride, &along.z[last], &mut along.shift, &mut along.delta[last]);
        for l in (0..last).rev() {
            let (below, above) = along.delta.split_at_mut(l + 1);
            for (i, delta) in below[l].chunks_exact_mut(stride).enumerate() {
                let readers = &stages[l + 1].readers[i];
                combine::<A>(delta, 0.0, &above[0], readers.iter().map(|&(u, p)| (u, theta[p])));
                let terms = readers.iter().map(|&(u, p)| (u, v[p]));
                combine::<A>(&mut along.other, 0.0, &sweep.weighted[l + 1], terms);
                let (slope, bent) = (run(&sweep.slope[l], stride, i), run(&sweep.bent[l], stride, i));
                let z = run(&along.z[l], stride, i);
                for r in 0..stride {
                    delta[r] = slope[r] * (delta[r] + along.other[r]) + bent[r] * z[r];
                }
            }
        }
    }
}
