//! One right-hand side: as fast as the factor can be read.

use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Arithmetic, Vectorised};

/// Columns that pass together, so that the right-hand side is read and written once for all of them.
const TOGETHER: usize = 8;

/// `x ← L⁻¹x` for the lower triangle of `l`, stored by columns.
pub(in crate::numeric) fn solve_one_lower(l: &[f64], x: &mut [f64]) {
    Kernel::best().run(Lower { l, x });
}

/// `x ← L⁻ᵀx`.
pub(in crate::numeric) fn solve_one_transposed(l: &[f64], x: &mut [f64]) {
    Kernel::best().run(Transposed { l, x });
}

struct Lower<'a> {
    l: &'a [f64],
    x: &'a mut [f64],
}

struct Transposed<'a> {
    l: &'a [f64],
    x: &'a mut [f64],
}

/// Rows `end..` of the columns from `first` on.
#[inline(always)]
fn columns(l: &[f64], k: usize, first: usize, end: usize) -> [&[f64]; TOGETHER] {
    std::array::from_fn(|c| &l[(first + c) * k + end..(first + c + 1) * k])
}

impl Vectorised for Lower<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Lower { l, x } = self;
        let k = x.len();
        for first in (0..k).step_by(TOGETHER) {
            let end = k.min(first + TOGETHER);
            let (known, below) = x[first..].split_at_mut(end - first);
            for j in 0..known.len() {
                let column = &l[(first + j) * k + first..][..known.len()];
                known[j] /= column[j];
                for i in j + 1..known.len() {
                    known[i] = A::mul_add(-known[j], column[i], known[i]);
                }
            }
            if below.is_empty() {
                break;
            }
            let f: [f64; TOGETHER] = std::array::from_fn(|c| -known[c]);
            let l = columns(l, k, first, end);
            let l = l.map(|l| &l[..below.len()]);
            for i in 0..below.len() {
                // Two chains of four.
                let mut s = [below[i], 0.0];
                for c in 0..TOGETHER {
                    s[c % 2] = A::mul_add(f[c], l[c][i], s[c % 2]);
                }
                below[i] = s[0] + s[1];
            }
        }
    }
}

impl Vectorised for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Transposed { l, x } = self;
        let k = x.len();
        for first in (0..k).step_by(TOGETHER).rev() {
            let end = k.min(first + TOGETHER);
            let (known, below) = x[first..].split_at_mut(end - first);
            if !below.is_empty() {
                let sums = dots::<A>(columns(l, k, first, end), below);
                known.iter_mut().zip(sums).for_each(|(x, s)| *x -= s);
            }
            for j in (0..known.len()).rev() {
                let column = &l[(first + j) * k + first..][..known.len()];
                let mut sum = known[j];
                for i in j + 1..known.len() {
                    sum = A::mul_add(-column[i], known[i], sum);
                }
                known[j] = sum / column[j];
            }
        }
    }
}

/// Inner products of columns with `x`, each in eight partial sums.
#[inline(always)]
fn dots<A: Arithmetic>(l: [&[f64]; TOGETHER], x: &[f64]) -> [f64; TOGETHER] {
    let (whole, rest) = x.as_chunks::<8>();
    let l = l.map(|l| l[..x.len()].as_chunks::<8>());
    let chunks = l.map(|(chunks, _)| &chunks[..whole.len()]);
    let mut s = [[0.0; 8]; TOGETHER];
    for (r, x) in whole.iter().enumerate() {
        for c in 0..TOGETHER {
            for i in 0..8 {
                s[c][i] = A::mul_add(chunks[c][r][i], x[i], s[c][i]);
            }
        }
    }
    std::array::from_fn(|c| {
        let s = &s[c];
        let sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        l[c].1.iter().zip(rest).fold(sum, |sum, (l, x)| A::mul_add(*l, *x, sum))
    })
}
