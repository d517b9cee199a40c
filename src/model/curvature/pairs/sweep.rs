//! What one forward and one backward sweep leave behind for a block of rows, as *runs*: the values of one quantity over
//! the rows lie together, so that every operation is one on vectors.

use super::super::Kind;
use super::runs::{Affine, Jets, UNIT, combine, run};
use super::wiring::Stage;
use crate::data::{Design, Row};
use crate::loss::{Loss, likeliest};
use crate::model::network::Network;
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Arithmetic, Work};
use crate::numeric::scalar::complement;

/// One block of rows. Per layer, run after run; rows past the last one have the weight 0.
pub(super) struct Sweep {
    /// Rows of the block.
    pub(super) samples: usize,
    /// Numbers from one run to the next.
    pub(super) stride: usize,
    /// What each layer reads, by slot; the last run holds ones.
    pub(super) inputs: Vec<Vec<f64>>,
    /// `φ′(z)` of the live units of each hidden layer.
    pub(super) slope: Vec<Vec<f64>>,
    /// `w φ″(z) ∘ Wᵀδ`.
    pub(super) bent: Vec<Vec<f64>>,
    /// `δ` of the live units.
    pub(super) delta: Vec<Vec<f64>>,
    /// `w δ`.
    pub(super) weighted: Vec<Vec<f64>>,
    /// What `∇²ℓ` in the outputs is made of; never `∇²ℓ` itself, which for 10 000 classes has 10⁸ entries per row.
    pub(super) curvature: Curvature,
    weights: Vec<f64>,
    z: Vec<Vec<f64>>,
    scratch: Vec<f64>,
}

/// `w ∇²ℓ` in the outputs: for softmax `w(diag(p) − ppᵀ)`, for one output a number per row.
pub(super) struct Curvature {
    pub(super) softmax: bool,
    /// `p`, by runs; for one output `∇²ℓ`.
    pub(super) p: Vec<f64>,
    /// `w p`.
    pub(super) weighted: Vec<f64>,
    /// `w p(1 − p)`, the diagonal; nothing for one output.
    pub(super) diagonal: Vec<f64>,
    /// Where in the runs the likeliest class of each row is.
    pub(super) likeliest: Vec<usize>,
}

impl Curvature {
    /// `out ← w ∇²ℓ z`, for softmax `wp((z − z_t) − Σ p(z − z_t))`, measured from the likeliest class `t` of each row: what
    /// is left of a confident row keeps its digits. `shift` has room for two runs.
    #[inline(always)]
    pub(super) fn times(&self, stride: usize, z: &[f64], shift: &mut [f64], out: &mut [f64]) {
        if !self.softmax {
            (0..stride).for_each(|r| out[r] = self.weighted[r] * z[r]);
            return;
        }
        let (base, mean) = shift.split_at_mut(stride);
        base.iter_mut().zip(&self.likeliest).for_each(|(b, &at)| *b = z[at]);
        mean.fill(0.0);
        for (z, p) in z.chunks_exact(stride).zip(self.p.chunks_exact(stride)) {
            (0..stride).for_each(|r| mean[r] += p[r] * (z[r] - base[r]));
        }
        for (c, out) in out.chunks_exact_mut(stride).enumerate() {
            let (z, weighted) = (run(z, stride, c), run(&self.weighted, stride, c));
            (0..stride).for_each(|r| out[r] = weighted[r] * ((z[r] - base[r]) - mean[r]));
        }
    }
}

impl Sweep {
    /// Room for blocks of up to `rows` rows.
    pub(super) fn new(net: &Network, stages: &[Stage], rows: usize) -> Sweep {
        let stride = rows.next_multiple_of(UNIT);
        let room = || stages.iter().map(|s| vec![0.0; s.units.len() * stride]).collect::<Vec<_>>();
        let outputs = stages.last().map_or(0, |s| s.units.len());
        let inputs = stages.iter().map(|s| {
            let mut runs = vec![0.0; (s.inputs.len() + 1) * stride];
            runs[s.inputs.len() * stride..].fill(1.0);
            runs
        });
        Sweep {
            samples: 0,
            stride,
            inputs: inputs.collect(),
            slope: room(),
            bent: room(),
            delta: room(),
            weighted: room(),
            curvature: Curvature {
                softmax: net.loss == Loss::Softmax,
                p: vec![0.0; outputs * stride],
                weighted: vec![0.0; outputs * stride],
                diagonal: vec![0.0; outputs * stride],
                likeliest: vec![0; stride],
            },
            weights: vec![0.0; stride],
            z: room(),
            scratch: vec![0.0; 3 * outputs],
        }
    }

    /// Numbers held.
    #[cfg(test)]
    pub(super) fn numbers(&self) -> usize {
        let runs = [&self.inputs, &self.slope, &self.bent, &self.delta, &self.weighted, &self.z];
        let Curvature { p, weighted, diagonal, likeliest, .. } = &self.curvature;
        let per_output = p.len() + weighted.len() + diagonal.len() + likeliest.len();
        runs.into_iter().flatten().map(Vec::len).sum::<usize>() + per_output + self.scratch.len()
    }

    /// Sweeps the rows forward and backward.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn fill(
        &mut self,
        kernel: Kernel,
        net: &Network,
        stages: &[Stage],
        kind: Kind,
        theta: &[f64],
        (design, target): (&Design, &[f64]),
        weights: &[f64],
        rows: &[usize],
    ) {
        self.samples = rows.len();
        self.weights.fill(0.0);
        for (w, &i) in self.weights.iter_mut().zip(rows) {
            *w = weights[i];
        }
        self.read(&stages[0], design, rows);
        self.forward(kernel, net, stages, theta);
        self.outputs(net, target, rows);
        kernel.work::<Backward, _>((self, stages, kind, theta));
    }

    fn read(&mut self, stage: &Stage, design: &Design, rows: &[usize]) {
        let (stride, runs) = (self.stride, &mut self.inputs[0]);
        let row = |i: &usize| match design.row(*i) {
            Row::Dense(x) => x,
            Row::Sparse(..) => unreachable!("sparse designs are summed by units"),
        };
        // Eight rows together: what is written lies together too.
        let (eights, rest) = rows.as_chunks::<8>();
        for (e, eight) in eights.iter().enumerate() {
            let x = eight.each_ref().map(row);
            for (s, &c) in stage.inputs.iter().enumerate() {
                let to = runs[s * stride + 8 * e..].first_chunk_mut::<8>().expect("room for every row");
                *to = std::array::from_fn(|r| x[r][c]);
            }
        }
        for (r, x) in (8 * eights.len()..).zip(rest.iter().map(row)) {
            for (s, &c) in stage.inputs.iter().enumerate() {
                runs[s * stride + r] = x[c];
            }
        }
        // Left over from a longer block.
        for s in 0..stage.inputs.len() {
            runs[s * stride + rows.len()..(s + 1) * stride].fill(0.0);
        }
    }

    fn forward(&mut self, kernel: Kernel, net: &Network, stages: &[Stage], theta: &[f64]) {
        let (stride, last) = (self.stride, stages.len() - 1);
        for (l, stage) in stages.iter().enumerate() {
            let (z, inputs) = (&mut self.z[l], &self.inputs[l]);
            kernel.work::<Affine, _>((stage, theta, &inputs[..], stride, &mut z[..]));
            if l < last {
                let (slope, bent) = (&mut self.slope[l], &mut self.bent[l]);
                let a = &mut self.inputs[l + 1];
                kernel.run(Jets { activation: net.activation, z: &self.z[l], a, slope, bent });
            }
        }
    }

    /// Sweeps the rows forward alone: what is left of the backward sweep is not theirs.
    pub(super) fn fill_forward(
        &mut self,
        kernel: Kernel,
        net: &Network,
        stages: &[Stage],
        theta: &[f64],
        design: &Design,
        rows: &[usize],
    ) {
        self.samples = rows.len();
        self.read(&stages[0], design, rows);
        self.forward(kernel, net, stages, theta);
    }

    /// The run of output `c`.
    pub(super) fn output(&self, c: usize) -> &[f64] {
        run(&self.z[self.z.len() - 1], self.stride, c)
    }

    /// `δ` and the curvature of the outputs, row by row.
    fn outputs(&mut self, net: &Network, target: &[f64], rows: &[usize]) {
        let (stride, last) = (self.stride, self.z.len() - 1);
        let outputs = net.outputs();
        let (z, rest) = self.scratch.split_at_mut(outputs);
        let (gradient, p) = rest.split_at_mut(outputs);
        let curvature = &mut self.curvature;
        for r in 0..stride {
            let Some(&i) = rows.get(r) else {
                self.delta[last][r..].iter_mut().step_by(stride).for_each(|d| *d = 0.0);
                for runs in [&mut curvature.p, &mut curvature.weighted, &mut curvature.diagonal] {
                    runs[r..].iter_mut().step_by(stride).for_each(|v| *v = 0.0);
                }
                curvature.likeliest[r] = r;
                continue;
            };
            z.iter_mut().enumerate().for_each(|(c, z)| *z = self.z[last][c * stride + r]);
            net.loss.gradient_and_factors(z, target[i], gradient, p);
            let w = self.weights[r];
            for c in 0..outputs {
                let at = c * stride + r;
                self.delta[last][at] = gradient[c];
                curvature.p[at] = p[c];
                curvature.weighted[at] = w * p[c];
                if curvature.softmax {
                    curvature.diagonal[at] = w * p[c] * complement(p, c);
                }
            }
            curvature.likeliest[r] = likeliest(p) * stride + r;
        }
    }

    #[inline(always)]
    fn backward<A: Arithmetic>((sweep, stages, kind, theta): (&mut Sweep, &[Stage], Kind, &[f64])) {
        let (stride, last) = (sweep.stride, stages.len() - 1);
        for l in (0..last).rev() {
            let (below, above) = sweep.delta.split_at_mut(l + 1);
            let runs = below[l].chunks_exact_mut(stride).zip(sweep.bent[l].chunks_exact_mut(stride));
            for (v, (delta, bent)) in runs.enumerate() {
                let terms = stages[l + 1].readers[v].iter().map(|&(u, p)| (u, theta[p]));
                combine::<A>(delta, 0.0, &above[0], terms);
                let slope = run(&sweep.slope[l], stride, v);
                for r in 0..stride {
                    bent[r] = if kind == Kind::Hessian { bent[r] * delta[r] * sweep.weights[r] } else { 0.0 };
                    delta[r] *= slope[r];
                }
            }
        }
        for (weighted, delta) in sweep.weighted.iter_mut().zip(&sweep.delta) {
            let runs = weighted.chunks_exact_mut(stride).zip(delta.chunks_exact(stride));
            for (weighted, delta) in runs {
                for r in 0..stride {
                    weighted[r] = sweep.weights[r] * delta[r];
                }
            }
        }
    }
}

/// [`Sweep::backward`].
struct Backward;

impl Work<(&mut Sweep, &[Stage], Kind, &[f64])> for Backward {
    type Output = ();

    #[inline(always)]
    fn work<A: Arithmetic>(arguments: (&mut Sweep, &[Stage], Kind, &[f64])) {
        Sweep::backward::<A>(arguments);
    }
}
