//! A rigorous interval `log(1 + x)`, with relative accuracy near 0.
//!
//! `1 + x = 2ᵏf` as a sum of two floats, `0.7 < f < 1.42`. For any float `y`, however it was found,
//! `log(1 + x) = y + log(1 + q)` with `q = (1 + x)e^{−y} − 1`; with `y` near the logarithm `q` is tiny. The kernel
//! of the exponential is right to `2⁻⁸⁰`, so is `q` absolutely. Where the result is below `2⁻²¹` the series of the
//! logarithm is used instead.
//!
//! Source: argument reduction and Taylor's theorem; the error bounds are derived here.

use super::elementary::{exponential, outwards, power_of_two};
use super::interval::Interval;
use super::twofold::Twofold;

/// `log(1 + x)` for finite `x > −1`.
fn log1p_at(x: f64) -> Interval {
    // x − x²/2 < log(1 + x) ≤ x for x ≥ 0, and x − x² < log(1 + x) ≤ x for −½ < x < 0.
    if x.abs() < 2.0_f64.powi(-60) {
        return if x == 0.0 { Interval::ZERO } else { Interval::new(x.next_down(), x) };
    }
    if x.abs() < 2.0_f64.powi(-20) {
        // What the series has after x⁴/4 is below 2⁻⁸² of the sum; the coefficient 1/3 is right to 2⁻¹⁰⁷.
        let t = Twofold::point(x);
        let third = Twofold::new(0.3333333333333333, 1.850371707708594e-17);
        let s = third.plus(t.times(Twofold::point(-0.25)));
        let s = Twofold::point(1.0).plus(t.times(Twofold::point(-0.5).plus(t.times(s))));
        let (lo, hi) = outwards(t.times(s));
        return Interval::new(lo, hi);
    }
    // Exact: x is no larger than 2¹⁰²⁴ and 1 + x no smaller than 2⁻⁵³.
    let sum = Twofold::sum_of(1.0, x);
    let mut k = ((sum.hi.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    if sum.hi * power_of_two(-k / 2) * power_of_two(-k - -k / 2) >= 1.42 {
        k += 1;
    }
    // In two exact steps, since 2⁻¹⁰²⁴ is subnormal. The low part is below 2⁻⁵³ of the high one, and 0 where
    // scaling could lose anything of it.
    let f = sum.scaled(power_of_two(-k / 2)).scaled(power_of_two(-k - -k / 2));
    // log f = 2Σ s^(2j+1)/(2j+1), s = (f−1)/(f+1), |s| < 0.18: fifteen terms miss less than 2⁻⁷⁰.
    let s = ((f.hi - 1.0) + f.lo) / (f.hi + 1.0);
    let series = (0..15).rev().fold(0.0, |sum, j| sum * s * s + 2.0 / (2.0 * f64::from(j) + 1.0)) * s;
    let y = f64::from(k) * std::f64::consts::LN_2 + series;
    // y misses by rounding only, below 2⁻⁴²; q is right to 2⁻⁷⁹ and |q| < 2⁻⁴¹, so that q³/3 is below 2⁻¹²³. The
    // result is above 2⁻²¹ in size: a relative error below 2⁻⁵⁷.
    let (m, j) = exponential(-y);
    let one = Twofold::point(1.0);
    let q = f.times(m.scaled(power_of_two(k + j))).plus(Twofold::point(-1.0));
    let correction = one.plus(q.times(Twofold::point(-0.5).plus(q.times(Twofold::point(1.0 / 3.0)))));
    let (lo, hi) = outwards(Twofold::point(y).plus(q.times(correction)));
    Interval::new(lo, hi)
}

/// An enclosure of `{log(1 + x) : x > −1}`; at a point its relative width is at most `2ε`, or one subnormal. An interval
/// without a point above −1 gives the whole line.
///
/// ```
/// use unlearn::numeric::{interval::Interval, logarithm::log1p};
/// assert!(log1p(Interval::ONE).contains(std::f64::consts::LN_2));
/// assert_eq!(log1p(Interval::new(-1.0, 0.0)), Interval::new(f64::NEG_INFINITY, 0.0));
/// assert_eq!(log1p(Interval::point(-2.0)), Interval::ENTIRE);
/// assert!(log1p(Interval::point(f64::MAX)).contains(709.782712893384));
/// ```
pub fn log1p(x: Interval) -> Interval {
    if x.hi() <= -1.0 {
        return Interval::ENTIRE;
    }
    // An infinite end above stands for any number at all below, and likewise at the other side.
    let lo = if x.lo() <= -1.0 { f64::NEG_INFINITY } else { log1p_at(x.lo().min(f64::MAX)).lo() };
    let hi = if x.hi() == f64::INFINITY { f64::INFINITY } else { log1p_at(x.hi()).hi() };
    Interval::new(lo, hi)
}
