//! A rigorous interval `tanh`, with relative accuracy down to the smallest float.
//!
//! `tanh |x| = (1 − e)/(1 + e)` with `e = e^{−2|x|}`. The kernel of `e` is right to `2⁻⁸⁰`, so for `|x| ≥ 2⁻²⁰` the
//! numerator, at least `2⁻²⁰`, is right to a relative `2⁻⁶⁰`. Nearer to 0 the Taylor series takes over.
//!
//! Source: Taylor's theorem; the error bounds are derived here.

use super::elementary::{exponential, outwards, power_of_two};
use super::interval::Interval;
use super::twofold::Twofold;

/// `tanh x` for `x ≥ 0`.
fn tanh_of_nonnegative(x: f64) -> Interval {
    if x == 0.0 {
        return Interval::ZERO;
    }
    // 2e^−38 < 2⁻⁵³: between 1 and the float below.
    if x >= 19.0 {
        return Interval::new(1.0_f64.next_down(), 1.0);
    }
    // x(1 − x²/3) < tanh x < x, and x²/3 < 2⁻⁵⁷: above the float below x.
    if x < 2.0_f64.powi(-28) {
        return Interval::new(x.next_down(), x);
    }
    if x < 2.0_f64.powi(-20) {
        // The next term of the alternating series, 17x⁶/315, is below 2⁻¹²⁰. The coefficient −1/3 is right to
        // 2⁻¹⁰⁷, the next one as a float to 2⁻⁵³ of a term below 2⁻⁸².
        let square = Twofold::point(x).times(Twofold::point(x));
        let third = Twofold::new(-0.3333333333333333, -1.850371707708594e-17);
        let series = third.plus(square.times(Twofold::point(2.0 / 15.0)));
        let (lo, hi) = outwards(Twofold::point(x).times(Twofold::point(1.0).plus(square.times(series))));
        return Interval::new(lo, hi);
    }
    let one = Twofold::point(1.0);
    let (m, k) = exponential(-2.0 * x);
    let e = m.scaled(power_of_two(k));
    let (lo, hi) = outwards(one.plus(e.scaled(-1.0)).over(one.plus(e)));
    Interval::new(lo, hi.min(1.0))
}

fn tanh_at(x: f64) -> Interval {
    if x < 0.0 { -tanh_of_nonnegative(-x) } else { tanh_of_nonnegative(x) }
}

/// An enclosure of `{tanh x}`; at a point its relative width is at most `2ε`, or two subnormals.
///
/// ```
/// use unlearn::numeric::{hyperbolic::tanh, interval::Interval};
/// assert!(tanh(Interval::ONE).contains(0.761594155955764888));
/// assert_eq!(tanh(Interval::ENTIRE), Interval::new(-1.0, 1.0));
/// assert_eq!(tanh(Interval::ZERO), Interval::ZERO);
/// let tiny = tanh(Interval::point(1e-300)); // relative accuracy everywhere
/// assert!(tiny.hi() == 1e-300 && tiny.lo() == 1e-300_f64.next_down());
/// ```
pub fn tanh(x: Interval) -> Interval {
    Interval::new(tanh_at(x.lo()).lo(), tanh_at(x.hi()).hi())
}
