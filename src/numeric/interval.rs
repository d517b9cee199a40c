//! Closed f64 intervals with outward rounding.
//!
//! Every operation returns an interval that contains the exact result for all points of its
//! arguments: the endpoints are rounded to nearest and then moved one float outwards
//! (`next_down` / `next_up`), which covers the half unit of rounding. Endpoints may be infinite
//! (unbounded above or below); NaN never is an endpoint: an undefined operation gives the whole line.
//!
//! Source: standard interval arithmetic (Moore 1966; IEEE 1788-2015), restricted to what bounds need.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// The set of reals `x` with `lo ≤ x ≤ hi`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    lo: f64,
    hi: f64,
}

fn down(x: f64) -> f64 {
    if x.is_nan() { f64::NEG_INFINITY } else { x.next_down() }
}

fn up(x: f64) -> f64 {
    if x.is_nan() { f64::INFINITY } else { x.next_up() }
}

impl Interval {
    /// The whole real line.
    pub const ENTIRE: Interval = Interval { lo: f64::NEG_INFINITY, hi: f64::INFINITY };
    /// The single point 0.
    pub const ZERO: Interval = Interval { lo: 0.0, hi: 0.0 };
    /// The single point 1.
    pub const ONE: Interval = Interval { lo: 1.0, hi: 1.0 };

    /// The interval `[lo, hi]`. Panics when `lo > hi` or an endpoint is NaN.
    pub fn new(lo: f64, hi: f64) -> Self {
        assert!(lo <= hi, "interval endpoints out of order: {lo} > {hi}");
        Interval { lo, hi }
    }

    /// The point `x` as an interval; NaN gives the whole line (nothing is known).
    pub fn point(x: f64) -> Self {
        if x.is_nan() { Interval::ENTIRE } else { Interval { lo: x, hi: x } }
    }

    /// `x` with `|error| ≤ radius`, rounded outwards. A NaN in either gives the whole line.
    ///
    /// ```
    /// use unlearn::numeric::interval::Interval;
    /// let x = Interval::around(1.0, 0.5);
    /// assert!(x.lo() <= 0.5 && 1.5 <= x.hi());
    /// ```
    pub fn around(x: f64, radius: f64) -> Self {
        if x.is_nan() || radius.is_nan() {
            return Interval::ENTIRE;
        }
        Interval::point(x) + Interval { lo: -radius.abs(), hi: radius.abs() }
    }

    /// The factor `[1 − r, 1 + r]`: multiplying by it allows a relative error `r`.
    pub(crate) const fn relative(r: f64) -> Self {
        Interval { lo: 1.0 - r, hi: 1.0 + r }
    }

    /// Lower endpoint.
    pub fn lo(self) -> f64 {
        self.lo
    }

    /// Upper endpoint.
    pub fn hi(self) -> f64 {
        self.hi
    }

    /// A float near the middle.
    pub fn mid(self) -> f64 {
        if self.lo == self.hi {
            self.lo
        } else if self.lo.is_infinite() || self.hi.is_infinite() {
            if self.lo.is_finite() {
                self.lo
            } else if self.hi.is_finite() {
                self.hi
            } else {
                0.0
            }
        } else {
            0.5 * self.lo + 0.5 * self.hi
        }
    }

    /// Is `x` inside?
    pub fn contains(self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }

    /// Are both endpoints finite?
    pub fn is_finite(self) -> bool {
        self.lo.is_finite() && self.hi.is_finite()
    }

    /// The part at or above zero: used for quantities that are norms. A wholly negative interval
    /// becomes `[0, 0]`.
    pub fn nonnegative(self) -> Self {
        Interval { lo: self.lo.max(0.0), hi: self.hi.max(0.0) }
    }

    /// Elementwise maximum `{max(x, y)}`.
    pub fn max(self, other: Interval) -> Interval {
        Interval { lo: self.lo.max(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Elementwise minimum `{min(x, y)}`.
    pub fn min(self, other: Interval) -> Interval {
        Interval { lo: self.lo.min(other.lo), hi: self.hi.min(other.hi) }
    }

    /// `{|x|}`.
    pub fn abs(self) -> Interval {
        if self.lo >= 0.0 {
            self
        } else if self.hi <= 0.0 {
            -self
        } else {
            Interval { lo: 0.0, hi: self.hi.max(-self.lo) }
        }
    }

    /// `{x²}`, never negative.
    pub fn square(self) -> Interval {
        let a = self.abs();
        Interval { lo: down(a.lo * a.lo).max(0.0), hi: up(a.hi * a.hi) }
    }

    /// `{√x}` over the nonnegative part.
    ///
    /// ```
    /// use unlearn::numeric::interval::Interval;
    /// let r = Interval::point(2.0).sqrt();
    /// assert!(r.lo() < std::f64::consts::SQRT_2 && std::f64::consts::SQRT_2 <= r.hi());
    /// ```
    pub fn sqrt(self) -> Interval {
        let s = self.nonnegative();
        Interval { lo: down(s.lo.sqrt()).max(0.0), hi: up(s.hi.sqrt()) }
    }

    /// Euclidean norm of a vector of floats taken as exact reals.
    ///
    /// Formula: `‖v‖ = √Σ vᵢ²`. The sum is scaled by a power of two so that neither overflow nor
    /// underflow is possible, then widened by `(n+2)·ε` relative, the bound of recursive summation
    /// of nonnegative terms (Higham 2002, §3.1).
    ///
    /// ```
    /// use unlearn::numeric::interval::Interval;
    /// let n = Interval::norm(&[3.0, 4.0]);
    /// assert!(n.contains(5.0) && n.hi() - n.lo() < 1e-14);
    /// assert!(Interval::norm(&[3e200, 4e200]).contains(5e200));
    /// ```
    pub fn norm(v: &[f64]) -> Interval {
        if v.iter().any(|x| !x.is_finite()) {
            return Interval { lo: 0.0, hi: f64::INFINITY };
        }
        let largest = v.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        if largest == 0.0 {
            return Interval::ZERO;
        }
        let scale = power_of_two_at_most(largest);
        // The inverse of a power of two is exact, also where it is subnormal.
        let inverse = 1.0 / scale;
        let sum: f64 = v.iter().map(|x| (x * inverse) * (x * inverse)).sum();
        // Terms below 2⁻⁵⁰⁰ of the largest may underflow; each loses at most one subnormal.
        let slack = (v.len() + 2) as f64 * f64::EPSILON * sum + v.len() as f64 * f64::MIN_POSITIVE;
        Interval::around(sum, slack).sqrt() * Interval::point(scale)
    }
}

/// The largest power of two that is at most `x`, for finite positive `x`.
fn power_of_two_at_most(x: f64) -> f64 {
    let exponent = (x.to_bits() >> 52) & 0x7ff;
    if exponent == 0 { f64::MIN_POSITIVE } else { f64::from_bits(exponent << 52) }
}

impl Neg for Interval {
    type Output = Interval;
    fn neg(self) -> Interval {
        Interval { lo: -self.hi, hi: -self.lo }
    }
}

impl Add for Interval {
    type Output = Interval;
    fn add(self, o: Interval) -> Interval {
        Interval { lo: down(self.lo + o.lo), hi: up(self.hi + o.hi) }
    }
}

impl Sub for Interval {
    type Output = Interval;
    fn sub(self, o: Interval) -> Interval {
        self + (-o)
    }
}

impl Mul for Interval {
    type Output = Interval;
    fn mul(self, o: Interval) -> Interval {
        // 0·∞ is 0 here: an infinite endpoint stands for "unbounded", never for a value.
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let p =
            [product(self.lo, o.lo), product(self.lo, o.hi), product(self.hi, o.lo), product(self.hi, o.hi)];
        let least = p.iter().copied().fold(f64::INFINITY, f64::min);
        let most = p.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // An exact zero needs no widening, which keeps norms nonnegative.
        let exact_zero = (self.lo == 0.0 && self.hi == 0.0) || (o.lo == 0.0 && o.hi == 0.0);
        if exact_zero {
            return Interval::ZERO;
        }
        let nonnegative = self.lo >= 0.0 && o.lo >= 0.0;
        let lo = if nonnegative { down(least).max(0.0) } else { down(least) };
        Interval { lo, hi: up(most) }
    }
}

impl Div for Interval {
    type Output = Interval;
    fn div(self, o: Interval) -> Interval {
        if o.lo <= 0.0 && o.hi >= 0.0 {
            // A divisor that may be zero: only the sign can still be known.
            return if self.lo >= 0.0 && o.lo >= 0.0 && o.hi > 0.0 {
                Interval { lo: down(self.lo / o.hi).max(0.0), hi: f64::INFINITY }
            } else {
                Interval::ENTIRE
            };
        }
        let quotient = |a: f64, b: f64| {
            if a == 0.0 || (b.is_infinite() && a.is_finite()) { 0.0 } else { a / b }
        };
        let q = [
            quotient(self.lo, o.lo),
            quotient(self.lo, o.hi),
            quotient(self.hi, o.lo),
            quotient(self.hi, o.hi),
        ];
        if q.iter().any(|x| x.is_nan()) {
            return Interval::ENTIRE;
        }
        let least = q.iter().copied().fold(f64::INFINITY, f64::min);
        let most = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let nonnegative = self.lo >= 0.0 && o.lo > 0.0;
        Interval { lo: if nonnegative { down(least).max(0.0) } else { down(least) }, hi: up(most) }
    }
}

impl From<f64> for Interval {
    fn from(x: f64) -> Self {
        Interval::point(x)
    }
}

impl std::iter::Sum for Interval {
    fn sum<I: Iterator<Item = Interval>>(terms: I) -> Interval {
        terms.fold(Interval::ZERO, |a, b| a + b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenth_times_three_contains_three_tenths() {
        let tenth = Interval::ONE / Interval::point(10.0);
        let x = tenth * Interval::point(3.0);
        assert!(x.lo() < 0.3 && x.hi() > 0.3);
        assert!(x.hi() - x.lo() < 1e-15);
    }

    #[test]
    fn signs_of_products_and_quotients() {
        let a = Interval::new(-2.0, 3.0);
        let b = Interval::new(-5.0, -4.0);
        assert!((a * b).contains(-15.0) && (a * b).contains(10.0));
        assert!((a / b).contains(0.5) && (a / b).contains(-0.75));
        assert_eq!(a / a, Interval::ENTIRE);
    }

    #[test]
    fn overflow_is_unbounded_not_wrong() {
        let huge = Interval::point(f64::MAX);
        assert_eq!((huge + huge).hi(), f64::INFINITY);
        assert!((huge * huge).lo() >= f64::MAX.next_down());
        // A zero after the NaN must not hide it.
        for unknown in [[f64::NAN, 1.0], [f64::NAN, 0.0], [0.0, f64::NAN], [f64::INFINITY, 0.0]] {
            assert_eq!(Interval::norm(&unknown).hi(), f64::INFINITY);
        }
    }

    #[test]
    fn norms_of_subnormals() {
        let x = f64::from_bits(3);
        let y = f64::from_bits(4);
        let five = f64::from_bits(5);
        assert!(Interval::norm(&[x, y]).contains(five));
    }
}
