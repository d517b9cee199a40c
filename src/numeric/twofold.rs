//! Unevaluated sums of two floats, about 106 bits: the working precision of the function kernels.
//!
//! Only what they need, for arguments far from overflow. The building blocks are exact (Dekker 1971; Knuth,
//! TAOCP 2, §4.2.2): `two_sum` and `two_product` return a rounded result and its error as a float.

/// The number `hi + lo`, with `hi` the float nearest to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Twofold {
    pub(super) hi: f64,
    pub(super) lo: f64,
}

/// `a + b = s + e` exactly.
pub(super) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let shared = s - a;
    (s, (a - (s - shared)) + (b - shared))
}

/// `a = h + l` exactly, each with at most 26 bits.
fn halves(a: f64) -> (f64, f64) {
    let c = 134_217_729.0 * a; // 2²⁷ + 1
    let h = c - (c - a);
    (h, a - h)
}

/// `a·b = p + e`, exactly unless `e` underflows (then up to a subnormal).
pub(super) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    let ((ah, al), (bh, bl)) = (halves(a), halves(b));
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

impl Twofold {
    pub(super) const fn new(hi: f64, lo: f64) -> Self {
        Twofold { hi, lo }
    }

    pub(super) const fn point(x: f64) -> Self {
        Twofold { hi: x, lo: 0.0 }
    }

    /// `a + b`, exact up to rounding the sum to 106 bits.
    pub(super) fn sum_of(a: f64, b: f64) -> Self {
        let (hi, lo) = two_sum(a, b);
        Twofold { hi, lo }
    }

    /// `self + o`. Three roundings of low parts, each of numbers at most `2u(|self| + |o|)`: the error is below
    /// `4u²(|self| + |o|)`, `u = 2⁻⁵³`.
    pub(super) fn plus(self, o: Twofold) -> Twofold {
        let (s, e) = two_sum(self.hi, o.hi);
        Twofold::sum_of(s, e + (self.lo + o.lo))
    }

    /// `self · o`. The product of the low parts is left out (`u²`), the two mixed ones and their sums round
    /// (`7u²` together): the error is below `9u²|self·o|`, and 2⁻¹⁰⁶⁸ where a partial product underflows.
    pub(super) fn times(self, o: Twofold) -> Twofold {
        let (p, e) = two_product(self.hi, o.hi);
        Twofold::sum_of(p, e + (self.hi * o.lo + self.lo * o.hi))
    }

    /// `self / o`. The quotient of the high parts misses by less than `4u`; the remainder is right to `16u²|self|` and
    /// its quotient to `4u` of itself: the error is below `64u²|self/o|`.
    pub(super) fn over(self, o: Twofold) -> Twofold {
        let q = self.hi / o.hi;
        let rest = self.plus(o.times(Twofold::point(-q)));
        Twofold::sum_of(q, rest.hi / o.hi)
    }

    /// Times a power of two (or its negative), exact away from overflow and underflow.
    pub(super) fn scaled(self, power: f64) -> Twofold {
        Twofold { hi: self.hi * power, lo: self.lo * power }
    }
}
