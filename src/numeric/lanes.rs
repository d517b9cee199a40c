//! Eight numbers at a time: what code is written in that compilers are to vectorise, for whatever instructions
//! the processor turns out to have.
//!
//! A computation is a [`Vectorised`] task, generic over an [`Arithmetic`]; `Kernel::run` compiles it once per set
//! of instructions and picks the best at run time. Everything a task calls must be `#[inline(always)]`: a function of
//! its own, and a closure is one, may be compiled for the oldest processor, where a fused multiply–add is a slow call. No `unsafe` and no intrinsics are needed here.

use std::marker::PhantomData;

/// How sums of products are rounded.
pub(crate) trait Arithmetic: Copy {
    /// `a·b + c`, rounded once or twice.
    fn mul_add(a: f64, b: f64, c: f64) -> f64;

    /// `x` where the bit of the lane is 1, else 0.
    #[inline(always)]
    fn keep(bits: u8, x: &Chunk) -> Chunk {
        let (low, high) = (&HALVES[bits as usize & 15], &HALVES[bits as usize >> 4]);
        let mut out = *x;
        for i in 0..4 {
            out.0[i] = f64::from_bits(x.0[i].to_bits() & low[i]);
            out.0[4 + i] = f64::from_bits(x.0[4 + i].to_bits() & high[i]);
        }
        out
    }
}

/// Four bits, all bits of a number each.
const HALVES: [[u64; 4]; 16] = {
    let mut halves = [[0; 4]; 16];
    let mut at = 0;
    while at < 64 {
        halves[at / 4][at % 4] = if (at / 4) >> (at % 4) & 1 == 1 { u64::MAX } else { 0 };
        at += 1;
    }
    halves
};

/// Any processor: the product is rounded, then the sum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounded;

/// Fused multiply–add.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fused;

impl Arithmetic for Rounded {
    #[inline(always)]
    fn mul_add(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
}

impl Arithmetic for Fused {
    #[inline(always)]
    fn mul_add(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

/// A computation that is compiled once per set of instructions.
pub(crate) trait Vectorised {
    /// What it returns.
    type Output;

    /// Computes; must be `#[inline(always)]`.
    fn run<A: Arithmetic>(self) -> Self::Output;
}

/// The same for a computation with many arguments. A method of a type, not a function that is handed over: the call of
/// such a function is one that compilers need not inline, and then compile for the oldest processor (measured: two
/// numbers at a time instead of eight).
pub(crate) trait Work<T> {
    /// What it returns.
    type Output;

    /// Computes; must be `#[inline(always)]`.
    fn work<A: Arithmetic>(arguments: T) -> Self::Output;
}

/// Some work and its arguments.
pub(crate) struct Task<W, T>(pub(crate) PhantomData<W>, pub(crate) T);

impl<T, W: Work<T>> Vectorised for Task<W, T> {
    type Output = W::Output;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> W::Output {
        W::work::<A>(self.1)
    }
}

/// Entry by entry.
macro_rules! entrywise {
    (|$i:ident| $value:expr) => {{
        let mut out = [0.0; 8];
        for $i in 0..8 {
            out[$i] = $value;
        }
        Chunk(out)
    }};
}

/// Eight numbers in one line of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C, align(64))]
pub(crate) struct Chunk(pub(crate) [f64; 8]);

impl Chunk {
    /// Zeros.
    pub(crate) const ZERO: Chunk = Chunk([0.0; 8]);

    /// `self += a·b`, entry by entry.
    #[inline(always)]
    pub(crate) fn add_product<A: Arithmetic>(&mut self, a: &Chunk, b: &Chunk) {
        for i in 0..8 {
            self.0[i] = A::mul_add(a.0[i], b.0[i], self.0[i]);
        }
    }

    /// `self += s·b`.
    #[inline(always)]
    pub(crate) fn add_scaled<A: Arithmetic>(&mut self, s: f64, b: &Chunk) {
        for i in 0..8 {
            self.0[i] = A::mul_add(s, b.0[i], self.0[i]);
        }
    }

    /// `s·self`.
    #[inline(always)]
    pub(crate) fn scaled(self, s: f64) -> Chunk {
        entrywise!(|i| s * self.0[i])
    }

    /// The same with a zero at `lane`, if there is such a lane.
    #[inline(always)]
    pub(crate) fn without(self, lane: usize) -> Chunk {
        entrywise!(|i| if i == lane { 0.0 } else { self.0[i] })
    }

    /// The sum, always in the order of [`crate::numeric::dot::dot`].
    #[inline(always)]
    pub(crate) fn sum(&self) -> f64 {
        let s = &self.0;
        ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    }
}

/// One number or eight: what formulas are written in that serve both.
pub(crate) trait Number: Copy {
    /// A constant.
    fn all(v: f64) -> Self;
    /// `self·b + c`.
    fn mul_add<A: Arithmetic>(self, b: Self, c: Self) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn over(self, other: Self) -> Self;
    fn abs(self) -> Self;
    fn with_sign_of(self, other: Self) -> Self;
    /// `yes` where it is below `bound`, else (NaN too) `no`.
    fn if_below(self, bound: f64, yes: Self, no: Self) -> Self;
    /// `2^k` where it is `1.5·2⁵² + k`, `|k| ≤ 1022`.
    fn power_of_two(self) -> Self;
}

impl Number for f64 {
    #[inline(always)]
    fn all(v: f64) -> f64 {
        v
    }
    #[inline(always)]
    fn mul_add<A: Arithmetic>(self, b: f64, c: f64) -> f64 {
        A::mul_add(self, b, c)
    }
    #[inline(always)]
    fn plus(self, other: f64) -> f64 {
        self + other
    }
    #[inline(always)]
    fn minus(self, other: f64) -> f64 {
        self - other
    }
    #[inline(always)]
    fn times(self, other: f64) -> f64 {
        self * other
    }
    #[inline(always)]
    fn over(self, other: f64) -> f64 {
        self / other
    }
    #[inline(always)]
    fn abs(self) -> f64 {
        self.abs()
    }
    #[inline(always)]
    fn with_sign_of(self, other: f64) -> f64 {
        self.copysign(other)
    }
    #[inline(always)]
    fn if_below(self, bound: f64, yes: f64, no: f64) -> f64 {
        if self < bound { yes } else { no }
    }
    #[inline(always)]
    fn power_of_two(self) -> f64 {
        f64::from_bits(self.to_bits().wrapping_add(1023) << 52)
    }
}

impl Number for Chunk {
    #[inline(always)]
    fn all(v: f64) -> Chunk {
        Chunk([v; 8])
    }
    #[inline(always)]
    fn mul_add<A: Arithmetic>(self, b: Chunk, c: Chunk) -> Chunk {
        entrywise!(|i| A::mul_add(self.0[i], b.0[i], c.0[i]))
    }
    #[inline(always)]
    fn plus(self, other: Chunk) -> Chunk {
        entrywise!(|i| self.0[i] + other.0[i])
    }
    #[inline(always)]
    fn minus(self, other: Chunk) -> Chunk {
        entrywise!(|i| self.0[i] - other.0[i])
    }
    #[inline(always)]
    fn times(self, other: Chunk) -> Chunk {
        entrywise!(|i| self.0[i] * other.0[i])
    }
    #[inline(always)]
    fn over(self, other: Chunk) -> Chunk {
        entrywise!(|i| self.0[i] / other.0[i])
    }
    #[inline(always)]
    fn abs(self) -> Chunk {
        entrywise!(|i| self.0[i].abs())
    }
    #[inline(always)]
    fn with_sign_of(self, other: Chunk) -> Chunk {
        entrywise!(|i| self.0[i].copysign(other.0[i]))
    }
    #[inline(always)]
    fn if_below(self, bound: f64, yes: Chunk, no: Chunk) -> Chunk {
        entrywise!(|i| if self.0[i] < bound { yes.0[i] } else { no.0[i] })
    }
    #[inline(always)]
    fn power_of_two(self) -> Chunk {
        entrywise!(|i| self.0[i].power_of_two())
    }
}

/// How many chunks hold `n` numbers.
pub(crate) fn chunks(n: usize) -> usize {
    n.div_ceil(8)
}

/// Copies `values` to the front of `to`; what follows is left as it is.
#[inline(always)]
pub(crate) fn put(values: &[f64], to: &mut [Chunk]) {
    let (whole, rest) = values.as_chunks::<8>();
    for (to, v) in to.iter_mut().zip(whole) {
        to.0 = *v;
    }
    if !rest.is_empty() {
        to[whole.len()].0[..rest.len()].copy_from_slice(rest);
    }
}

/// Copies the front of `from` to `values`.
#[inline(always)]
pub(crate) fn take(from: &[Chunk], values: &mut [f64]) {
    let (whole, rest) = values.as_chunks_mut::<8>();
    for (v, from) in whole.iter_mut().zip(from) {
        *v = from.0;
    }
    if !rest.is_empty() {
        let n = rest.len();
        rest.copy_from_slice(&from[whole.len()].0[..n]);
    }
}
