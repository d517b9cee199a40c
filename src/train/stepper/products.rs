//! Products of a layer's weights with vectors, group by group.

use super::groups::Group;
use super::layout::Layer;
use crate::numeric::lanes::{Arithmetic, Chunk};

/// Does something to chunks `at..at + N` of `length` with `N` known to the compiler, which then keeps them in registers:
/// eight at a time, then four, three, two and one.
macro_rules! by_parts {
    ($length:expr, |$at:ident, $n:ident| $body:expr) => {{
        let (mut $at, length) = (0, $length);
        while $at + 8 <= length {
            const $n: usize = 8;
            $body;
            $at += 8;
        }
        if $at + 4 <= length {
            const $n: usize = 4;
            $body;
            $at += 4;
        }
        if $at + 3 == length {
            const $n: usize = 3;
            $body;
            $at += 3;
        }
        if $at + 2 <= length {
            const $n: usize = 2;
            $body;
            $at += 2;
        }
        if $at < length {
            const $n: usize = 1;
            $body;
        }
    }};
}
pub(super) use by_parts;

/// `z += W a`.
#[inline(always)]
pub(super) fn weigh<A: Arithmetic>(
    layer: &Layer,
    theta: &[Chunk],
    a: &[Chunk],
    (gathered, sums): (&mut [Chunk], &mut [Chunk]),
    z: &mut [Chunk],
) {
    for group in layer.groups.iter().filter(|g| g.length > 0) {
        let a = match &group.list {
            None => a,
            Some(list) => {
                let to = &mut gathered[group.gathered..][..group.length];
                for (c, (to, inputs)) in to.iter_mut().zip(&list.inputs).enumerate() {
                    // In registers first: eight numbers written one by one are slow to read as a vector.
                    let mut x = Chunk::ZERO;
                    for i in 0..8 {
                        x.0[i] = a[inputs[i] as usize / 8].0[inputs[i] as usize % 8];
                    }
                    *to = A::keep(list.lanes(c), &x);
                }
                &gathered[group.gathered..][..group.length]
            }
        };
        let weights = group.weights(theta);
        if let [j] = group.units[..] {
            z[j as usize / 8].0[j as usize % 8] += inner::<A>(weights, a);
            continue;
        }
        // Written to memory and read again: where both loops are one, compilers add up across units, with a shuffle
        // for every product.
        by_parts!(group.length, |at, N| accumulate::<A, N>(weights, group.length, at, a, sums));
        for (s, &j) in sums.iter().zip(&group.units) {
            z[j as usize / 8].0[j as usize % 8] += s.sum();
        }
    }
}

/// Adds chunks `at..at + N` of every unit's weights times the inputs to its partial sums; begins them at 0.
#[inline(always)]
fn accumulate<A: Arithmetic, const N: usize>(
    weights: &[Chunk],
    length: usize,
    at: usize,
    a: &[Chunk],
    sums: &mut [Chunk],
) {
    let x = *a[at..].first_chunk::<N>().expect("a part of the inputs");
    for (w, sum) in weights.chunks_exact(length).zip(sums) {
        let w = w[at..].first_chunk::<N>().expect("a part of the weights");
        let mut s = if at == 0 { Chunk::ZERO } else { *sum };
        for l in 0..N {
            s.add_product::<A>(&w[l], &x[l]);
        }
        *sum = s;
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
pub(super) fn spread<A: Arithmetic>(layer: &Layer, theta: &[Chunk], delta: &[Chunk], out: &mut [Chunk]) {
    out.fill(Chunk::ZERO);
    for group in &layer.groups {
        match &group.list {
            None => by_parts!(group.length, |at, N| {
                let out = out[at..].first_chunk_mut::<N>().expect("a part of the inputs");
                spread_part::<A, N>(group, theta, delta, at, out);
            }),
            Some(list) => {
                for (c, inputs) in list.inputs.iter().enumerate() {
                    let mut s = [Chunk::ZERO];
                    spread_part::<A, 1>(group, theta, delta, c, &mut s);
                    for (s, &i) in s[0].0.iter().zip(&inputs[..(list.count - 8 * c).min(8)]) {
                        out[i as usize / 8].0[i as usize % 8] += s;
                    }
                }
            }
        }
    }
}

/// Adds chunks `at..at + N` of what the units of a group give.
#[inline(always)]
fn spread_part<A: Arithmetic, const N: usize>(
    group: &Group,
    theta: &[Chunk],
    delta: &[Chunk],
    at: usize,
    out: &mut [Chunk; N],
) {
    let mut s = *out;
    for (w, &j) in group.weights(theta).chunks_exact(group.length).zip(&group.units) {
        let w = w[at..].first_chunk::<N>().expect("a part of the weights");
        let d = delta[j as usize / 8].0[j as usize % 8];
        for l in 0..N {
            s[l].add_scaled::<A>(d, &w[l]);
        }
    }
    *out = s;
}
