//! What a step does to parameters and velocities once `δ` is known.
//!
//! A row's gradient is never formed: its outer products go straight to where they are added. Every entry sees the
//! same roundings in the same order whether a step is done in one sweep ([`fused`]) or in three, so that the way
//! chosen changes no bit.

use super::layout::{Layer, Layout, Reads};
use super::pass::Pass;
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

/// Where the gradient `s·x` of a chunk of parameters goes. A trait instead of closures: those are not always compiled
/// into their caller, and would then miss its instructions.
trait Sink {
    /// Must units be visited whose gradient is 0?
    const DEAD: bool;

    fn add<A: Arithmetic>(&mut self, chunk: usize, s: f64, x: &Chunk);
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

impl Sink for Plain<'_> {
    const DEAD: bool = false;

    #[inline(always)]
    fn add<A: Arithmetic>(&mut self, chunk: usize, s: f64, x: &Chunk) {
        self.out[chunk] = x.mul_add::<A>(Chunk::all(s), self.out[chunk]);
    }
}

impl Sink for Light<'_> {
    const DEAD: bool = true;

    #[inline(always)]
    fn add<A: Arithmetic>(&mut self, chunk: usize, s: f64, x: &Chunk) {
        self.theta[chunk] = x.mul_add::<A>(Chunk::all(s), self.theta[chunk].scaled(self.keep));
    }
}

impl Sink for Heavy<'_> {
    const DEAD: bool = true;

    #[inline(always)]
    fn add<A: Arithmetic>(&mut self, chunk: usize, s: f64, x: &Chunk) {
        // Both are read before either is written: compilers do not know that they lie apart.
        let (w, v) = (self.theta[chunk], self.velocity[chunk]);
        let kept = v.mul_add::<A>(Chunk::all(self.rule.momentum), w.scaled(self.rule.decay));
        let v = x.mul_add::<A>(Chunk::all(s), kept);
        self.velocity[chunk] = v;
        self.theta[chunk] = v.mul_add::<A>(Chunk::all(-self.rule.eta), w);
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
            for (j, unit) in layer.units.iter().enumerate().filter(|(_, u)| u.live) {
                let s = factor * pass.deltas[0][j / 8].0[j % 8];
                for (&c, &x) in columns.iter().zip(values) {
                    if let Some((chunk, lane)) = unit.place(c as usize, &layout.masks) {
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

/// Sends `factor·∇ℓ` of a layer's parameters to `sink`, chunk by chunk.
#[inline(always)]
fn products<A: Arithmetic>(layout: &Layout, l: usize, pass: &Pass, factor: f64, sink: &mut impl Sink) {
    let layer = &layout.layers[l];
    let (input, delta) = (if l == 0 { &pass.input } else { &pass.values[l - 1] }, &pass.deltas[l]);
    for (j, unit) in layer.units.iter().enumerate() {
        // A unit on which no output depends has the gradient 0.
        if !(unit.live || dead(sink)) {
            continue;
        }
        let (s, at) = (factor * delta[j / 8].0[j % 8], unit.start);
        match &unit.reads {
            Reads::All => each::<A>(at, s, input, sink),
            Reads::Masked(mask) => each_kept::<A>(at, s, input, &layout.masks[*mask..], sink),
            Reads::Listed(_) => each::<A>(at, s, &pass.gathered[at..at + unit.length], sink),
        }
    }
    biases::<A>(layer, delta, factor, sink);
}

/// Chunks per turn of a loop over them. One by one, compilers are tempted to vectorise across chunks.
const GROUP: usize = 8;

/// Sends `s·x` to the chunks from `at` on.
#[inline(always)]
fn each<A: Arithmetic>(at: usize, s: f64, x: &[Chunk], sink: &mut impl Sink) {
    let (groups, last) = x.as_chunks::<GROUP>();
    for (g, x) in groups.iter().enumerate() {
        for (l, x) in x.iter().enumerate() {
            sink.add::<A>(at + GROUP * g + l, s, x);
        }
    }
    for (l, x) in last.iter().enumerate() {
        sink.add::<A>(at + GROUP * groups.len() + l, s, x);
    }
}

/// As [`each`] where the mask is 1; elsewhere 0.
#[inline(always)]
fn each_kept<A: Arithmetic>(at: usize, s: f64, x: &[Chunk], masks: &[Chunk], sink: &mut impl Sink) {
    let (groups, last) = x.as_chunks::<GROUP>();
    let (kept, rest) = masks[..x.len()].as_chunks::<GROUP>();
    for (g, (x, m)) in groups.iter().zip(kept).enumerate() {
        for l in 0..GROUP {
            sink.add::<A>(at + GROUP * g + l, s, &x[l].times(m[l]));
        }
    }
    for (l, (x, m)) in last.iter().zip(rest).enumerate() {
        sink.add::<A>(at + GROUP * groups.len() + l, s, &x.times(*m));
    }
}

#[inline(always)]
fn biases<A: Arithmetic>(layer: &Layer, delta: &[Chunk], factor: f64, sink: &mut impl Sink) {
    for (c, (d, m)) in delta.iter().zip(&layer.bias_mask).enumerate() {
        sink.add::<A>(layer.bias + c, factor, &d.times(*m));
    }
}

#[inline(always)]
fn dead<S: Sink>(_: &S) -> bool {
    S::DEAD
}
