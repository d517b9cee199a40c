//! Rigorous interval versions of the normal distribution's functions: density `φ`, Mills' ratio
//! `M(t) = Φ(−t)/φ(t)` and distribution function `Φ`. Relative accuracy is kept in the tails.
//!
//! **Mills' ratio for `t ≥ 1`**: Laplace's continued fraction `M(t) = 1/(t + 1/(t + 2/(t + 3/(t + …))))`. Let
//! `I_k(t) = ∫_t^∞ (s−t)^k/k! φ(s) ds > 0`, `I_{−1} = φ`, `I_0 = Φ(−t)`. Integrating `(s−t)^k/k!·sφ(s)` by parts
//! gives `I_{k−1} = t I_k + (k+1)I_{k+1}`, so `T_k = k I_k/I_{k−1} > 0` obeys `T_k = k/(t + T_{k+1})` and
//! `M = 1/(t + T_1)`. Starting the recursion with the interval `T_{N+1} ∈ [0, ∞)` therefore encloses `M`.
//!
//! **For `0 ≤ t < 1`**: `M(t) = √(π/2)·e^{t²/2} − Σ_{k≥0} t^{2k+1}/(2k+1)!!` (the derivative of both sides is
//! `tM − 1`). From term to term the series shrinks by `t²/(2k+3) ≤ 1/3`, so its tail is at most 3/2 of
//! the first term left out.
//!
//! Source: classical (Laplace; Abramowitz and Stegun, 7.1.6 and 7.1.14); the proofs above are complete.

use super::elementary::exp;
use super::interval::Interval;

/// `π`, which lies between this float and the next.
fn pi() -> Interval {
    Interval::new(std::f64::consts::PI, std::f64::consts::PI.next_up())
}

/// An enclosure of the density `φ(x) = e^{−x²/2}/√(2π)`.
///
/// ```
/// use unlearn::numeric::{interval::Interval, normal::density};
/// assert!(density(Interval::ZERO).contains(0.3989422804014327));
/// ```
pub fn density(x: Interval) -> Interval {
    exp(-(x.square() / Interval::point(2.0))) / (Interval::point(2.0) * pi()).sqrt()
}

fn mills_at(t: f64) -> Interval {
    let x = Interval::point(t);
    if t < 1.0 {
        let half = Interval::point(0.5);
        let whole = (pi() * half).sqrt() * exp(half * x.square());
        let (mut term, mut series) = (x, Interval::ZERO);
        // 1/41!! < 10⁻²⁴: below every rounding above.
        for k in 0..20 {
            series = series + term;
            term = term * x.square() / Interval::point(f64::from(2 * k + 3));
        }
        let tail = Interval::new(0.0, (Interval::point(1.5) * term).hi());
        return (whole - series - tail).nonnegative();
    }
    // N(t) terms bring the bracket below rounding: it shrinks like e^{−2t√(2N)}.
    let terms = 24 + (260.0 / (t * t)).ceil() as u32;
    let mut rest = Interval::new(0.0, f64::INFINITY);
    for k in (1..=terms).rev() {
        rest = Interval::point(f64::from(k)) / (x + rest);
    }
    Interval::ONE / (x + rest)
}

/// An enclosure of Mills' ratio `Φ(−t)/φ(t)` for `t ≥ 0`; it decreases. The part of an argument below 0
/// is ignored.
///
/// ```
/// use unlearn::numeric::{interval::Interval, normal::mills};
/// let at_zero = mills(Interval::ZERO); // ½·√(2π)
/// assert!(at_zero.contains(1.2533141373155003) && at_zero.hi() - at_zero.lo() < 1e-14);
/// assert!(mills(Interval::point(1e9)).contains(1e-9)); // 1/t − 1/t³ + …
/// ```
pub fn mills(t: Interval) -> Interval {
    let t = t.nonnegative();
    Interval::new(mills_at(t.hi()).lo(), mills_at(t.lo()).hi())
}

fn distribution_at(x: f64) -> Interval {
    let t = Interval::point(x);
    if x <= 0.0 { density(t) * mills(-t) } else { (Interval::ONE - density(t) * mills(t)).min(Interval::ONE) }
}

/// An enclosure of the distribution function `Φ(x)`.
///
/// ```
/// use unlearn::numeric::{interval::Interval, normal::distribution};
/// assert!(distribution(Interval::ZERO).contains(0.5));
/// let tail = distribution(Interval::point(-10.0)); // 7.6198530241605260660e−24
/// assert!(tail.contains(7.61985302416052606e-24) && tail.hi() / tail.lo() < 1.0 + 1e-13);
/// ```
pub fn distribution(x: Interval) -> Interval {
    Interval::new(distribution_at(x.lo()).lo(), distribution_at(x.hi()).hi())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `√(π/2)·e^{t²/2}·erfc(t/√2)`, computed with 40 digits by mpmath.
    const REFERENCE: [(f64, f64); 8] = [
        (0.0, 1.2533141373155003),
        (0.5, 0.8763644564536923),
        (0.999, 0.6560240186188256),
        (1.0, 0.6556795424187985),
        (2.0, 0.4213692292880545),
        (5.0, 0.19280810471531577),
        (10.0, 0.09902859647173192),
        (37.5, 0.02664774401489855),
    ];

    #[test]
    fn mills_ratio_encloses_reference_values_tightly() {
        for (t, value) in REFERENCE {
            let m = mills(Interval::point(t));
            let slack = 1e-15 * value;
            assert!(m.lo() <= value + slack && value - slack <= m.hi(), "{t}: {m:?} and {value}");
            assert!(m.hi() / m.lo() < 1.0 + 5e-14, "{t}: {m:?}");
        }
    }

    #[test]
    fn both_formulas_meet_and_infinities_are_defined() {
        let (below, above) = (mills_at(1.0_f64.next_down()), mills_at(1.0));
        assert!(below.lo() <= above.hi() && above.lo() <= below.hi());
        assert_eq!(distribution(Interval::ENTIRE), Interval::new(0.0, distribution_at(f64::INFINITY).hi()));
        assert!(distribution_at(f64::INFINITY).contains(1.0));
        assert!(mills_at(f64::INFINITY).contains(0.0));
    }
}
