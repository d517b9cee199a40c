//! Numbers known to about 30 digits: an unevaluated sum of two floats and a proved radius.
//!
//! For what double precision leaves open: a solution whose condition eats ten digits still has twenty. Every
//! operation works on the middles (errors as proved in `twofold.rs`, `u = 2⁻⁵³`) and adds what the radii of its
//! arguments can do; quotients are proved afterwards, by their residual. An absolute `2⁻¹⁰²²` covers
//! underflow. Overflow gives an infinite radius, never a wrong number. Derived here.

use super::interval::Interval;
use super::twofold::{Twofold, two_product, two_sum};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `16u²`: twice what an addition or multiplication of two twofolds loses, relative to the sizes it adds.
const UNIT: f64 = 1.0 / (1u128 << 102) as f64;
/// Beyond it the splitting of factors overflows; a number of this size counts as unknown.
const HUGE: f64 = 1e290;

/// The reals within `radius` of `mid`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Precise {
    mid: Twofold,
    radius: f64,
}

/// A sum of at most 16 nonnegative terms, raised above its rounding.
fn raised(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * (1.0 + 1e-14) + f64::MIN_POSITIVE }
}

impl Precise {
    pub(crate) const ZERO: Precise = Precise::exact(0.0);
    pub(crate) const ONE: Precise = Precise::exact(1.0);
    const UNKNOWN: Precise = Precise { mid: Twofold::point(0.0), radius: f64::INFINITY };

    /// A float as it is.
    pub(crate) const fn exact(x: f64) -> Precise {
        Precise { mid: Twofold::point(x), radius: 0.0 }
    }

    /// A sum of two floats as it is.
    pub(super) fn twofold(mid: Twofold, radius: f64) -> Precise {
        // Written so that NaN counts as unknown.
        if mid.hi.abs() < HUGE && radius < f64::INFINITY { Precise { mid, radius } } else { Precise::UNKNOWN }
    }

    /// All reals of an interval.
    pub(crate) fn covering(x: Interval) -> Precise {
        let mid = x.mid();
        let m = Interval::point(mid);
        let radius = if x.lo() == x.hi() { 0.0 } else { (x - m).abs().hi() };
        Precise::twofold(Twofold::point(mid), radius)
    }

    /// The float nearest to the middle.
    pub(crate) fn float(self) -> f64 {
        self.mid.hi
    }

    /// The middle alone, as an exact number.
    pub(crate) fn middle(self) -> Precise {
        Precise { radius: 0.0, ..self }
    }

    /// `|x − mid| ≤ radius`.
    pub(crate) fn radius(self) -> f64 {
        self.radius
    }

    /// The same number, known less well.
    pub(crate) fn widened(self, by: f64) -> Precise {
        Precise::twofold(self.mid, raised(self.radius + by))
    }

    /// How far the number can be from the float nearest to the middle.
    pub(crate) fn spread(self) -> f64 {
        raised(self.mid.lo.abs() + self.radius)
    }

    pub(crate) fn enclosure(self) -> Interval {
        if self.radius == f64::INFINITY {
            return Interval::ENTIRE;
        }
        if self.mid.lo == 0.0 && self.radius == 0.0 {
            return Interval::point(self.mid.hi);
        }
        Interval::point(self.mid.hi) + Interval::point(self.mid.lo) + Interval::new(-self.radius, self.radius)
    }

    /// Certainly 0?
    fn is_zero(self) -> bool {
        self.mid.hi == 0.0 && self.radius == 0.0
    }

    /// Times a power of two.
    pub(super) fn scaled(self, power: f64) -> Precise {
        Precise::twofold(self.mid.scaled(power), raised(self.radius * power))
    }

    pub(crate) fn square(self) -> Precise {
        self * self
    }
}

impl Neg for Precise {
    type Output = Precise;
    fn neg(self) -> Precise {
        Precise { mid: self.mid.scaled(-1.0), radius: self.radius }
    }
}

impl Add for Precise {
    type Output = Precise;
    fn add(self, o: Precise) -> Precise {
        let lost = UNIT * (self.mid.hi.abs() + o.mid.hi.abs());
        Precise::twofold(self.mid.plus(o.mid), raised(self.radius + o.radius + lost))
    }
}

impl Sub for Precise {
    type Output = Precise;
    fn sub(self, o: Precise) -> Precise {
        self + -o
    }
}

impl Mul for Precise {
    type Output = Precise;
    fn mul(self, o: Precise) -> Precise {
        if self.is_zero() || o.is_zero() {
            return Precise::ZERO;
        }
        let (a, b) = (self.mid.hi.abs(), o.mid.hi.abs());
        // The high parts stand for the sizes: 1 % more covers the low ones.
        let moved = 1.01 * (a * o.radius + b * self.radius) + self.radius * o.radius;
        let radius = raised(moved + UNIT * (a * b) + f64::MIN_POSITIVE);
        Precise::twofold(self.mid.times(o.mid), radius)
    }
}

impl Div for Precise {
    type Output = Precise;
    fn div(self, o: Precise) -> Precise {
        let least = o.enclosure().abs().lo();
        if least <= 0.0 {
            return Precise::UNKNOWN;
        }
        let mut q = Twofold::point(0.0);
        for _ in 0..3 {
            let rest = self.mid.plus(q.times(o.mid).scaled(-1.0));
            q = q.plus(Twofold::point(rest.hi / o.mid.hi));
        }
        // |a/b − q| = |a − qb|/|b|.
        let q = Precise::twofold(q, 0.0);
        let off = (self - q * o).enclosure().abs() / Interval::point(least);
        q.widened(off.hi())
    }
}

/// A running sum of products with floats.
///
/// A product and its error are exact; `s` and the float sum are exact; what rounds is the low part: at most
/// `6u²` of the running magnitudes `Σ|xᵢyᵢ|` per term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sum {
    mid: Twofold,
    size: f64,
    spread: f64,
    terms: f64,
}

impl Default for Sum {
    fn default() -> Sum {
        Sum { mid: Twofold::point(0.0), size: 0.0, spread: 0.0, terms: 0.0 }
    }
}

impl Sum {
    /// Adds `x·y`.
    pub(crate) fn add(&mut self, x: f64, y: Precise) {
        let (p, e) = two_product(x, y.mid.hi);
        let (s, t) = two_sum(self.mid.hi, p);
        let low = self.mid.lo + (t + (e + x * y.mid.lo));
        let (hi, lo) = two_sum(s, low);
        self.mid = Twofold::new(hi, lo);
        self.size += p.abs();
        self.spread += x.abs() * y.radius;
        self.terms += 1.0;
    }

    /// The exact sum.
    pub(crate) fn total(&self) -> Precise {
        if self.terms == 0.0 {
            return Precise::ZERO;
        }
        // The sums of magnitudes round themselves: 1 % covers 10¹³ terms.
        let lost = UNIT * (self.terms + 2.0) * self.size;
        let radius = 1.01 * (lost + self.spread) + self.terms * f64::MIN_POSITIVE;
        if self.size < HUGE { Precise::twofold(self.mid, raised(radius)) } else { Precise::UNKNOWN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x` contains the exact value of a fraction, judged in integers: `|den·(hi + lo) − num| ≤ den·radius`.
    fn is_fraction(x: Precise, num: f64, den: f64) -> bool {
        let off = x * Precise::exact(den) - Precise::exact(num);
        off.enclosure().contains(0.0) && x.radius() < 1e-29 * (num / den).abs()
    }

    #[test]
    fn quotients_and_products_are_enclosed_tightly() {
        for (a, b) in [(1.0, 3.0), (-7.0, 1e5 + 1.0), (1e200, 7.0), (3.0, 1e-200)] {
            assert!(is_fraction(Precise::exact(a) / Precise::exact(b), a, b), "{a}/{b}");
        }
    }

    #[test]
    fn sums_keep_what_floats_cancel() {
        let mut sum = Sum::default();
        for (x, y) in [(1e16, 1.0), (1.0, 1e-10), (-1e16, 1.0), (3.0, 1.0)] {
            sum.add(x, Precise::exact(y));
        }
        let off = sum.total() - Precise::exact(3.0) - Precise::exact(1e-10);
        assert!(off.enclosure().contains(0.0) && off.radius() < 1e-13);
    }

    #[test]
    fn overflow_and_division_by_what_may_vanish_are_unknown() {
        let huge = Precise::exact(1e280);
        assert_eq!((huge * huge).enclosure(), Interval::ENTIRE);
        let vague = Precise::exact(1.0).widened(2.0);
        assert_eq!((Precise::ONE / vague).enclosure(), Interval::ENTIRE);
        assert_eq!((Precise::exact(f64::NAN) + Precise::ONE).enclosure(), Interval::ENTIRE);
    }
}
