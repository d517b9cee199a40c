//! Up to 32 models in one pass over the rows of a step.
//!
//! Loops over parameters go in groups of eight chunks. Left as plain loops, compilers vectorise *across* chunks, with
//! gathers and scatters, at a quarter of the speed (measured with AVX-512).

use super::Run;
use crate::data::Row;
use crate::loss::Loss;
use crate::numeric::lanes::{Arithmetic, Chunk, Number, Vectorised};
use crate::numeric::training_functions::sigmoid;
use crate::objective::Problem;
use crate::train::coupling::Normalisation;
use crate::train::plan::Step;
use nalgebra::DVector;

/// Blocks of eight models that go together: 32 models with 64 parameters fill 16 KiB.
const BLOCKS: usize = 4;

/// Models that go together.
pub(super) const MODELS: usize = 8 * BLOCKS;

/// Models in training.
pub(super) struct Group {
    /// `k` chunks per block of eight models: parameter `j` of the block's models is chunk `j`.
    theta: Vec<Chunk>,
    /// Where a step on several rows builds the new parameters; the gradients still need the old ones.
    next: Vec<Chunk>,
    parameters: usize,
    blocks: usize,
    /// Bit `m` of row `i`: model `m` forgets it.
    forgotten: Vec<u32>,
    decay: [Chunk; BLOCKS],
    rate: [Chunk; BLOCKS],
}

impl Group {
    pub(super) fn new(problem: &Problem, runs: &[Run<'_>]) -> Group {
        let (parameters, blocks) = (problem.active(), runs.len().div_ceil(8));
        assert!(blocks <= BLOCKS, "{} models in a group of {MODELS}", runs.len());
        let mut theta = vec![Chunk::ZERO; parameters * blocks];
        let mut forgotten = vec![0; problem.rows()];
        let (mut decay, mut rate) = ([Chunk::ZERO; BLOCKS], [Chunk::ZERO; BLOCKS]);
        for (m, run) in runs.iter().enumerate() {
            for (j, v) in run.start.iter().enumerate() {
                theta[m / 8 * parameters + j].0[m % 8] = *v;
            }
            decay[m / 8].0[m % 8] = run.weight_decay;
            rate[m / 8].0[m % 8] = run.rate;
            run.forget.iter().flat_map(|f| f.rows()).for_each(|&i| forgotten[i] |= 1 << m);
        }
        Group { next: theta.clone(), theta, parameters, blocks, forgotten, decay, rate }
    }

    pub(super) fn is_finite(&self) -> bool {
        self.theta.iter().all(|c| c.0.iter().all(|v| v.is_finite()))
    }

    /// Where model `m` is.
    pub(super) fn end(&self, m: usize) -> DVector<f64> {
        DVector::from_fn(self.parameters, |j, _| self.theta[m / 8 * self.parameters + j].0[m % 8])
    }
}

/// Some steps of all models.
pub(super) struct Advance<'a> {
    pub(super) problem: &'a Problem,
    pub(super) steps: &'a [Step],
    pub(super) normalisation: Normalisation,
    pub(super) group: &'a mut Group,
}

impl Vectorised for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Advance { problem, steps, normalisation, group } = self;
        let (design, target) = (problem.data().design(), problem.target());
        let logistic = problem.model().loss() == Loss::Logistic;
        let Group { theta, next, parameters, blocks, forgotten, decay, rate } = group;
        let n = *parameters;
        for Step { rows, eta } in steps {
            let one = rows.len() == 1;
            let (mut keep, mut factor) = ([Chunk::ZERO; BLOCKS], [Chunk::ZERO; BLOCKS]);
            for b in 0..*blocks {
                let eta = Chunk::all(*eta).times(rate[b]);
                keep[b] = Chunk::all(1.0).minus(eta.times(decay[b]));
                let divisor = match normalisation {
                    Normalisation::Fixed => Chunk::all(rows.len() as f64),
                    Normalisation::Renormalised => count(rows, forgotten, b),
                };
                factor[b] = eta.times(Chunk::all(-1.0).over(divisor));
                if !one {
                    scale(keep[b], &theta[b * n..][..n], &mut next[b * n..][..n]);
                    keep[b] = Chunk::all(1.0);
                }
            }
            for &i in rows {
                let Row::Dense(x) = design.row(i) else { unreachable!("checked: rows are dense") };
                for b in 0..*blocks {
                    let z = outputs::<A>(x, &theta[b * n..][..n]);
                    let slope = if logistic {
                        let sign = Chunk::all(if target[i] > 0.5 { -1.0 } else { 1.0 });
                        sign.times(sigmoid::<A, Chunk>(sign.times(z)).0)
                    } else {
                        z.minus(Chunk::all(target[i]))
                    };
                    // A forgotten row must not count, even where its output overflows.
                    let seen = where_kept(forgotten[i] >> (8 * b), slope);
                    let into = if one { &mut *theta } else { &mut *next };
                    add::<A>(x, factor[b], seen, keep[b], &mut into[b * n..][..n]);
                }
            }
            if !one {
                std::mem::swap(theta, next);
            }
        }
    }
}

/// `v` where the model's bit is 0, else 0.
#[inline(always)]
fn where_kept(forgotten: u32, v: Chunk) -> Chunk {
    let mut out = Chunk::ZERO;
    for m in 0..8 {
        out.0[m] = if forgotten & (1 << m) == 0 { v.0[m] } else { 0.0 };
    }
    out
}

/// How many of the rows each model of block `b` keeps, at least 1.
#[inline(always)]
fn count(rows: &[usize], forgotten: &[u32], b: usize) -> Chunk {
    let mut kept = Chunk::ZERO;
    for &i in rows {
        kept = kept.plus(where_kept(forgotten[i] >> (8 * b), Chunk::all(1.0)));
    }
    kept.if_below(1.0, Chunk::all(1.0), kept)
}

/// `to = keep·from`.
#[inline(always)]
fn scale(keep: Chunk, from: &[Chunk], to: &mut [Chunk]) {
    let (groups, last) = from.as_chunks::<8>();
    let (into, rest) = to.as_chunks_mut::<8>();
    for (from, to) in groups.iter().zip(into) {
        for l in 0..8 {
            to[l] = keep.times(from[l]);
        }
    }
    for (from, to) in last.iter().zip(rest) {
        *to = keep.times(*from);
    }
}

/// `θ ← keep·θ + factor·δ·(x, 1)`, the 1 for a bias.
#[inline(always)]
fn add<A: Arithmetic>(x: &[f64], factor: Chunk, delta: Chunk, keep: Chunk, theta: &mut [Chunk]) {
    let s = factor.times(delta);
    let (weights, bias) = theta.split_at_mut(x.len());
    let (whole, rest) = x.as_chunks::<8>();
    let (groups, last) = weights.as_chunks_mut::<8>();
    for (x, w) in whole.iter().zip(groups) {
        for l in 0..8 {
            w[l] = s.mul_add::<A>(Chunk::all(x[l]), keep.times(w[l]));
        }
    }
    for (x, w) in rest.iter().zip(last) {
        *w = s.mul_add::<A>(Chunk::all(*x), keep.times(*w));
    }
    if let [bias] = bias {
        *bias = factor.mul_add::<A>(delta, keep.times(*bias));
    }
}

/// The outputs of eight models: eight partial sums each, added in the order of [`Chunk::sum`], then the bias.
#[inline(always)]
fn outputs<A: Arithmetic>(x: &[f64], theta: &[Chunk]) -> Chunk {
    let mut s = [Chunk::ZERO; 8];
    let (weights, bias) = theta.split_at(x.len());
    let (whole, rest) = x.as_chunks::<8>();
    let (groups, last) = weights.as_chunks::<8>();
    for (x, w) in whole.iter().zip(groups) {
        for l in 0..8 {
            s[l] = w[l].mul_add::<A>(Chunk::all(x[l]), s[l]);
        }
    }
    for (l, (x, w)) in rest.iter().zip(last).enumerate() {
        s[l] = w.mul_add::<A>(Chunk::all(*x), s[l]);
    }
    let even = s[0].plus(s[4]).plus(s[2].plus(s[6]));
    let odd = s[1].plus(s[5]).plus(s[3].plus(s[7]));
    let z = even.plus(odd);
    if let [bias] = bias { bias.plus(z) } else { z }
}
