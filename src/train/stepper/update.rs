//! What a step does to parameters and velocities once `δ` is known.
//!
//! A row's gradient is never formed: its outer products go straight to where they are added. Every entry sees the
//! same roundings in the same order whether a step is done in one sweep ([`fused`]) or in three, so that the way
//! chosen changes no bit.

use super::groups::Group;
use super::layout::{Layer, Layout};
use super::pass::Pass;
use super::products::by_parts;
use crate::data::Row;
use crate::numeric::lanes::{Arithmetic, Chunk, Number};

/// `v ← βv + γθ + g`, `θ ← θ − ηv`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) eta: f64,
    pub(super) momentum: f64,
    pub(super) decay: f64,
}

impl Rule {
    /// `1 − ηγ`.
    fn keep(self) -> f64 {
        1.0 - self.eta * self.decay
    }

    /// By what the gradients of the losses are multiplied where they are added.
    pub(super) fn factor(self, scale: f64) -> f64 {
        if self.momentum == 0.0 { -(self.eta * scale) } else { scale }
    }
}

/// The whole step for one dense row; `velocity` is not touched without momentum.
#[inline(always)]
pub(super) fn fused<A: Arithmetic>(
    layout: &Layout,
    rule: Rule,
    factor: f64,
    pass: &Pass,
    theta: &mut [Chunk],
    velocity: &mut [Chunk],
) {
    if rule.momentum != 0.0 {
        each_product::<A>(layout, pass, factor, &mut Heavy { rule, theta, velocity });
    } else if rule.keep() != 1.0 {
        each_product::<A>(layout, pass, factor, &mut Light { keep: rule.keep(), theta });
    } else {
        each_product::<A>(layout, pass, factor, &mut Plain { out: theta });
    }
}

/// Where the gradient `s·x` of `N` chunks of parameters from `at` on goes. A trait instead of closures: those are not
/// always compiled into their caller, and would then miss its instructions.
trait Sink {
    /// Must units be visited whose gradient is 0?
    const DEAD: bool;

    fn add<A: Arithmetic, const N: usize>(&mut self, at: usize, s: f64, x: &[Chunk; N]);
}

struct Plain<'a> {
    out: &'a mut [Chunk],
}

struct Light<'a> {
    keep: f64,
    theta: &'a mut [Chunk],
}

struct Heavy<'a> {
    rule: Rule,
    theta: &'a mut [Chunk],
    velocity: &'a mut [Chunk],
}

/// `N` chunks from `at` on.
#[inline(always)]
fn part<const N: usize>(chunks: &mut [Chunk], at: usize) -> &mut [Chunk; N] {
    chunks[at..].first_chunk_mut().expect("parameters of a unit")
}

impl Sink for Plain<'_> {
    const DEAD: bool = false;

    #[inline(always)]
    fn add<A: Arithmetic, const N: usize>(&mut self, at: usize, s: f64, x: &[Chunk; N]) {
        let out = part::<N>(self.out, at);
        for l in 0..N {
            out[l] = x[l].mul_add::<A>(Chunk::all(s), out[l]);
        }
    }
}

impl Sink for Light<'_> {
    const DEAD: bool = true;

    #[inline(always)]
    fn add<A: Arithmetic, const N: usize>(&mut self, at: usize, s: f64, x: &[Chunk; N]) {
        let theta = part::<N>(self.theta, at);
        for l in 0..N {
            theta[l] = x[l].mul_add::<A>(Chunk::all(s), theta[l].scaled(self.keep));
        }
    }
}

impl Sink for Heavy<'_> {
    const DEAD: bool = true;

    #[inline(always)]
    fn add<A: Arithmetic, const N: usize>(&mut self, at: usize, s: f64, x: &[Chunk; N]) {
        let (theta, velocity) = (part::<N>(self.theta, at), part::<N>(self.velocity, at));
        for l in 0..N {
            // Both are read before either is written: compilers do not know that they lie apart.
            let (w, v) = (theta[l], velocity[l]);
            let kept = v.mul_add::<A>(Chunk::all(self.rule.momentum), w.scaled(self.rule.decay));
            let v = x[l].mul_add::<A>(Chunk::all(s), kept);
            velocity[l] = v;
            theta[l] = v.mul_add::<A>(Chunk::all(-self.rule.eta), w);
        }
    }
}

/// `out ← (1 − ηγ)θ − ηb`; with momentum `v ← βv + γθ + b`.
#[inline(always)]
pub(super) fn prepare<A: Arithmetic>(rule: Rule, b: Option<&[Chunk]>, theta: &[Chunk], out: &mut [Chunk]) {
    if rule.momentum != 0.0 {
        for (v, w) in out.iter_mut().zip(theta) {
            *v = v.mul_add::<A>(Chunk::all(rule.momentum), w.scaled(rule.decay));
        }
    } else {
        let keep = rule.keep();
        for (o, w) in out.iter_mut().zip(theta) {
            *o = w.scaled(keep);
        }
    }
    if let Some(b) = b {
        let s = rule.factor(1.0);
        for (o, b) in out.iter_mut().zip(b) {
            o.add_scaled::<A>(s, b);
        }
    }
}

/// As [`prepare`] without momentum, from `θ` to `θ`: nothing to do without decay, however many parameters there are.
#[inline(always)]
pub(super) fn prepare_in_place<A: Arithmetic>(rule: Rule, b: Option<&[Chunk]>, theta: &mut [Chunk]) {
    let keep = rule.keep();
    if keep != 1.0 {
        for w in theta.iter_mut() {
            *w = w.scaled(keep);
        }
    }
    if let Some(b) = b {
        let s = rule.factor(1.0);
        for (w, b) in theta.iter_mut().zip(b) {
            w.add_scaled::<A>(s, b);
        }
    }
}

/// `θ ← θ − ηv`.
#[inline(always)]
pub(super) fn travel<A: Arithmetic>(eta: f64, velocity: &[Chunk], theta: &mut [Chunk]) {
    for (w, v) in theta.iter_mut().zip(velocity) {
        w.add_scaled::<A>(-eta, v);
    }
}

/// `out += factor·∇ℓ`.
#[inline(always)]
pub(super) fn add<A: Arithmetic>(layout: &Layout, factor: f64, pass: &Pass, row: Row<'_>, out: &mut [Chunk]) {
    let mut sink = Plain { out };
    match row {
        Row::Dense(_) => each_product::<A>(layout, pass, factor, &mut sink),
        Row::Sparse(columns, values) => {
            let layer = &layout.layers[0];
            for &j in &layer.live {
                let (unit, s) = (&layer.units[j as usize], factor * lane(&pass.deltas[0], j));
                for (&c, &x) in columns.iter().zip(values) {
                    if let Some((chunk, lane)) = unit.place(c as usize) {
                        let o = &mut sink.out[chunk].0[lane];
                        *o = A::mul_add(s, x, *o);
                    }
                }
            }
            biases::<A>(layer, &pass.deltas[0], factor, &mut sink);
            for l in 1..layout.layers.len() {
                products::<A>(layout, l, pass, factor, &mut sink);
            }
        }
    }
}

#[inline(always)]
fn each_product<A: Arithmetic>(layout: &Layout, pass: &Pass, factor: f64, sink: &mut impl Sink) {
    for l in 0..layout.layers.len() {
        products::<A>(layout, l, pass, factor, sink);
    }
}

/// Sends `factor·∇ℓ` of a layer's parameters to `sink`: a few inputs stay in registers while all units pass.
#[inline(always)]
fn products<A: Arithmetic>(layout: &Layout, l: usize, pass: &Pass, factor: f64, sink: &mut impl Sink) {
    let layer = &layout.layers[l];
    let (input, delta) = (if l == 0 { &pass.input } else { &pass.values[l - 1] }, &pass.deltas[l]);
    for group in &layer.groups {
        let x =
            if group.list.is_none() { &input[..] } else { &pass.gathered[group.gathered..][..group.length] };
        match group.masks {
            None => by_parts!(group.length, |at, N| each::<A, N>(group, at, (factor, delta), x, sink)),
            Some(first) => {
                let masks = &layout.masks[first..][..group.units.len() * group.length];
                by_parts!(group.length, |at, N| each_kept::<A, N>(
                    group,
                    at,
                    (factor, delta),
                    x,
                    masks,
                    sink
                ));
            }
        }
    }
    if dead(sink) {
        layer.dead.clone().for_each(|at| sink.add::<A, 1>(at, 0.0, &[Chunk::ZERO]));
    }
    biases::<A>(layer, delta, factor, sink);
}

/// Entry `j`.
#[inline(always)]
fn lane(chunks: &[Chunk], j: u32) -> f64 {
    chunks[j as usize / 8].0[j as usize % 8]
}

/// Sends `s·x` for chunks `at..at + N` of the inputs to all units of a group.
#[inline(always)]
fn each<A: Arithmetic, const N: usize>(
    group: &Group,
    at: usize,
    (factor, delta): (f64, &[Chunk]),
    x: &[Chunk],
    sink: &mut impl Sink,
) {
    let x = *x[at..].first_chunk::<N>().expect("a part of the inputs");
    for (p, &j) in group.units.iter().enumerate() {
        sink.add::<A, N>(group.first + p * group.length + at, factor * lane(delta, j), &x);
    }
}

/// As [`each`] where the bit of the mask is 1; elsewhere 0.
#[inline(always)]
fn each_kept<A: Arithmetic, const N: usize>(
    group: &Group,
    at: usize,
    (factor, delta): (f64, &[Chunk]),
    x: &[Chunk],
    masks: &[u8],
    sink: &mut impl Sink,
) {
    let x = *x[at..].first_chunk::<N>().expect("a part of the inputs");
    for ((p, &j), masks) in group.units.iter().enumerate().zip(masks.chunks_exact(group.length)) {
        let masks = masks[at..].first_chunk::<N>().expect("a part of the masks");
        let mut kept = [Chunk::ZERO; N];
        for l in 0..N {
            kept[l] = A::keep(masks[l], &x[l]);
        }
        sink.add::<A, N>(group.first + p * group.length + at, factor * lane(delta, j), &kept);
    }
}

#[inline(always)]
fn biases<A: Arithmetic>(layer: &Layer, delta: &[Chunk], factor: f64, sink: &mut impl Sink) {
    for (c, (d, m)) in delta.iter().zip(&layer.bias_mask).enumerate() {
        sink.add::<A, 1>(layer.bias + c, factor, &[d.times(*m)]);
    }
}

#[inline(always)]
fn dead<S: Sink>(_: &S) -> bool {
    S::DEAD
}
