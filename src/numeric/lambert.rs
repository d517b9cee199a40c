//! Lambert's function `W₀(x) ≥ −1`: the solution of `w·e^w = x` for `x ≥ −1/e`.
//!
//! A few Halley iterations (Corless, Gonnet, Hare, Jeffrey, Knuth 1996, eq. 5.9, recalled) give a float; the enclosure
//! does not trust it: `w ↦ w·e^w` increases on `[−1, ∞)`, so that `l·e^l ≤ x ≤ u·e^u` in interval arithmetic
//! proves `l ≤ W₀(x) ≤ u`.

use super::elementary::exp;
use super::interval::Interval;

/// Halley's iteration triples the digits each time; from the start below four steps reach rounding.
const MOST_STEPS: usize = 12;

/// `W₀(x)`; NaN for `x < −1/e` and NaN.
///
/// Error: at most 4 units of rounding for `x ≥ 0` (tested against [`enclosed`]). Near the branch point `−1/e`, where the
/// derivative is infinite, `√ε` of the value.
///
/// ```
/// use unlearn::numeric::lambert::w0;
/// assert_eq!(w0(0.0), 0.0);
/// assert!((w0(std::f64::consts::E) - 1.0).abs() < 1e-15);
/// assert!((w0(2.0 * 2.0_f64.exp()) - 2.0).abs() < 1e-15);
/// assert!(w0(-1.0).is_nan());
/// ```
pub fn w0(x: f64) -> f64 {
    let least = -(-1.0_f64).exp();
    if x.is_nan() || x < least {
        return f64::NAN;
    }
    if x == 0.0 || x == f64::INFINITY {
        return x;
    }
    // Around the branch point −1 + p − p²/3 with p = √(2(ex + 1)); elsewhere ln(1 + x), less ln ln x when x is large.
    let mut w = if x < -0.25 {
        let p = (2.0 * (std::f64::consts::E * x + 1.0)).max(0.0).sqrt();
        -1.0 + p - p * p / 3.0
    } else if x < std::f64::consts::E {
        x.ln_1p() * (1.0 - x.ln_1p() / (2.0 + x.ln_1p()) * 0.5)
    } else {
        x.ln() - x.ln().ln()
    };
    for _ in 0..MOST_STEPS {
        // f = w − x·e^{−w} has the same root as w·e^w − x, and does not overflow for x ≥ −1/e.
        let f = w - x * (-w).exp();
        if w <= -1.0 || f == 0.0 {
            break;
        }
        let step = f / (w + 1.0 - (w + 2.0) * f / (2.0 * w + 2.0));
        let next = w - step;
        if !next.is_finite() || next == w {
            break;
        }
        w = next;
        if step.abs() <= 2.0 * f64::EPSILON * w.abs() {
            break;
        }
    }
    w
}

/// An enclosure of `{W₀(x)}` for `x ≥ 0`; an interval that reaches below 0 gives the whole line.
///
/// ```
/// use unlearn::numeric::{interval::Interval, lambert::enclosed};
/// let omega = enclosed(Interval::ONE);
/// assert!(omega.contains(0.5671432904097838) && omega.hi() - omega.lo() < 1e-15);
/// assert_eq!(enclosed(Interval::new(-1.0, 1.0)), Interval::ENTIRE);
/// ```
pub fn enclosed(x: Interval) -> Interval {
    if x.lo() < 0.0 {
        return Interval::ENTIRE;
    }
    Interval::new(bound(x.lo(), false), bound(x.hi(), true))
}

/// A proved upper (or lower) bound on `W₀(x)`, `x ≥ 0`.
fn bound(x: f64, upper: bool) -> f64 {
    if x == 0.0 || x == f64::INFINITY {
        return x;
    }
    let proved = |w: f64| {
        let image = Interval::point(w) * exp(Interval::point(w));
        if upper { image.lo() >= x } else { image.hi() <= x }
    };
    let w = w0(x);
    // Doubling a step of one unit of rounding until the proof succeeds: a few tries.
    let mut widen = f64::EPSILON;
    while widen < 1.0 {
        let next =
            if upper { (w * (1.0 + widen)).next_up() } else { (w * (1.0 - widen)).next_down().max(0.0) };
        if proved(next) {
            return next;
        }
        widen *= 2.0;
    }
    // 0 ≤ W₀(x) ≤ x.
    if upper { x } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_inverts_and_its_enclosure_is_narrow() {
        let mut x = 1e-300;
        while x < 1e300 {
            let e = enclosed(Interval::point(x));
            let w = w0(x);
            assert!(e.lo() <= w && w <= e.hi(), "{x}: {w} in {e:?}");
            assert!(e.hi() - e.lo() <= 16.0 * f64::EPSILON * w, "{x}: {e:?}");
            x *= 1.37;
        }
    }

    #[test]
    fn it_inverts_between_the_branch_point_and_zero() {
        for w in [-0.999, -0.9, -0.5, -0.25, -0.01, -1e-9] {
            let found = w0(w * f64::exp(w));
            // Relative to the derivative 1/(e^w(1 + w)) of the inverse.
            assert!((found - w).abs() <= 8.0 * f64::EPSILON / (1.0 + w), "{w}: {found}");
        }
        assert!((w0(-(-1.0_f64).exp()) + 1.0).abs() < 1e-7);
        assert!(w0(f64::NAN).is_nan() && w0(-0.4).is_nan());
        assert_eq!(w0(f64::INFINITY), f64::INFINITY);
    }
}
