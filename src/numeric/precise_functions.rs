//! `exp`, the logistic function and softplus of precise numbers, to about 27 digits: squaring six times costs two of those that a precise number has.

use super::elementary;
use super::interval::Interval;
use super::precise::Precise;
use super::twofold::Twofold;
use std::sync::LazyLock;

/// `ln 2`: two floats miss 5.8·10⁻³⁴.
const LN_2: (Twofold, f64) = (Twofold::new(std::f64::consts::LN_2, 2.3190468138462996e-17), 5.8e-34);
/// Arguments are halved this often; `|s| ≤ (ln 2)/2/2⁶ < 0.0055`.
const HALVINGS: i32 = 6;
/// Terms of Taylor's series after the constant one: what follows is below `1.01·0.0055¹³/13! < 7·10⁻³⁹`.
const TERMS: usize = 12;
/// Beyond it the plain interval function is used: results near overflow and underflow need no digits.
const LARGE: f64 = 600.0;

static INVERSES: LazyLock<[Precise; TERMS + 1]> =
    LazyLock::new(|| std::array::from_fn(|n| Precise::ONE / Precise::exact(n.max(1) as f64)));

/// `e^x`.
pub(crate) fn exp(x: Precise) -> Precise {
    // Written so that NaN takes this branch.
    if !(x.float().abs() < LARGE && x.radius() <= 1.0) {
        return Precise::covering(elementary::exp(x.enclosure()));
    }
    let k = (x.float() * std::f64::consts::LOG2_E).round_ties_even();
    let ln_2 = Precise::twofold(LN_2.0, LN_2.1);
    let s = (x.middle() - ln_2 * Precise::exact(k)).scaled(2.0_f64.powi(-HALVINGS));
    // Horner: 1 + s(1 + s/2(1 + s/3(…))).
    let mut e =
        (1..=TERMS).rev().fold(Precise::ONE, |e, n| Precise::ONE + s * INVERSES[n] * e).widened(7e-39);
    for _ in 0..HALVINGS {
        e = e.square();
    }
    // e^(m ± r) lies within e^m(e^r − 1) of e^m, and e^r − 1 ≤ r + r² for r ≤ 1.
    let r = Interval::point(x.radius());
    let e = e.scaled(2.0_f64.powi(k as i32));
    e.widened((e.enclosure().abs() * (r + r.square())).hi())
}

/// `1/(1 + e^−z)`.
pub(crate) fn sigmoid(z: Precise) -> Precise {
    let e = exp(if z.float() < 0.0 { z } else { -z });
    let (small, all) = (e, Precise::ONE + e);
    (if z.float() < 0.0 { small } else { Precise::ONE }) / all
}

/// `log(1 + e^z)`.
pub(crate) fn softplus(z: Precise) -> Precise {
    if !(z.float().abs() < LARGE && z.radius() <= 0.5) {
        return Precise::covering(elementary::softplus(z.enclosure()));
    }
    let positive = z.float() > 0.0;
    let t = exp(if positive { -z } else { z });
    // log w for w = 1 + t from an approximation y: y + log(1 + q), q = we^−y − 1. Its middle first; the
    // radius afterwards, since the logarithm has slope at most 1 for w ≥ 1.
    let w = Precise::ONE + t.middle();
    let y = w.float().ln();
    let q = w * exp(-Precise::exact(y)) - Precise::ONE;
    let size = q.enclosure().abs().hi();
    if size > 1e-3 {
        return Precise::covering(elementary::softplus(z.enclosure()));
    }
    // log(1 + q) = q − q²/2 + q³/3 − …, alternating up to sign: the rest is below q⁴.
    let tail = q * (Precise::exact(-0.5) + q * INVERSES[3]);
    let rest = (Interval::point(size).square().square()).hi();
    let log = (Precise::exact(y) + q * (Precise::ONE + tail)).widened(rest).widened(t.radius());
    if positive { z + log } else { log }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is the number `hi + lo`, to 10⁻²⁷ of itself?
    fn is(x: Precise, hi: f64, lo: f64) -> bool {
        let off = (x - Precise::exact(hi) - Precise::exact(lo)).enclosure().abs().hi();
        off < 1e-27 * hi.abs() && x.radius() < 1e-27 * hi.abs()
    }

    /// Values to 50 digits, split into two floats.
    #[test]
    fn functions_have_twenty_seven_digits() {
        assert!(is(exp(Precise::ONE), EXP_1.0, EXP_1.1));
        assert!(is(exp(Precise::exact(-30.5)), EXP_LOW.0, EXP_LOW.1));
        assert!(is(sigmoid(Precise::exact(0.75)), SIGMOID.0, SIGMOID.1));
        assert!(is(sigmoid(Precise::exact(-20.0)), SIGMOID_LOW.0, SIGMOID_LOW.1));
        assert!(is(softplus(Precise::exact(1.5)), SOFTPLUS.0, SOFTPLUS.1));
        assert!(is(softplus(Precise::exact(-2.25)), SOFTPLUS_LOW.0, SOFTPLUS_LOW.1));
    }

    const EXP_1: (f64, f64) = (std::f64::consts::E, 1.4456468917292502e-16);
    const EXP_LOW: (f64, f64) = (5.675685232632723e-14, -2.744021414416088e-30);
    const SIGMOID: (f64, f64) = (0.679178699175393, -1.5920503191692054e-18);
    const SIGMOID_LOW: (f64, f64) = (2.0611536181902037e-09, -1.573719952885692e-25);
    const SOFTPLUS: (f64, f64) = (1.7014132779827524, -2.715722760620657e-17);
    const SOFTPLUS_LOW: (f64, f64) = (0.10020655891674721, 4.617843949796547e-18);

    /// Wherever they are evaluated, they meet the interval functions.
    #[test]
    fn they_agree_with_the_interval_functions() {
        for i in -1600..1600 {
            let z = 0.53 * f64::from(i);
            for radius in [0.0, 1e-20, 0.25, 3.0] {
                let p = Precise::exact(z).widened(radius);
                let x = Interval::around(z, radius);
                for (a, b) in [
                    (exp(p).enclosure(), elementary::exp(x)),
                    (sigmoid(p).enclosure(), elementary::sigmoid(x)),
                    (softplus(p).enclosure(), elementary::softplus(x)),
                ] {
                    assert!(a.lo() <= b.hi() && b.lo() <= a.hi(), "{z} ± {radius}: {a:?} and {b:?}");
                }
            }
        }
    }
}
