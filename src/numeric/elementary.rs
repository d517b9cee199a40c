//! Rigorous interval versions of `exp`, the logistic function and softplus.
//!
//! No function of the system's mathematics library enters: the kernels here are additions, multiplications
//! and divisions of floats, which IEEE 754 rounds correctly, with every error bounded where it is made. A
//! kernel works on about 80 bits, so that moving its result one float outwards encloses the value.
//!
//! The functions increase, so the image of `[a, b]` is enclosed by the lower end at `a` and the upper end at
//! `b`. Infinite ends mean "unbounded"; the results are then `0`, `1` or unbounded likewise.
//!
//! Source: argument reduction and Taylor's theorem; the error bounds are derived here.

use super::interval::Interval;
use super::twofold::Twofold;

/// Beyond these `e^x` overflows, is below half the smallest float, and is the logistic function but for a factor
/// `1 − 2⁻⁵⁷`.
const EXP_OVERFLOWS: f64 = 709.79;
const EXP_UNDERFLOWS: f64 = -745.14;
const SATURATES: f64 = -40.0;

/// `log₂ e`, rounded.
const LOG2_E: f64 = std::f64::consts::LOG2_E;

/// `ln 2 = A + B + C + δ`, `|δ| < 2⁻¹⁴⁰`; `A` and `B` have at most 42 bits, so that their products with an integer
/// below `2¹¹` are exact.
const LN_2: [f64; 3] = [
    f64::from_bits(0x3fe6_2e42_fefa_3800),
    f64::from_bits(0x3d2e_f357_93c7_6000),
    f64::from_bits(0x3a8c_c01f_97b5_7a08),
];

/// `1/n!` for `n = 0, …, 8`, each to within `2⁻¹⁰⁷` of itself.
const INVERSE_FACTORIALS: [Twofold; 9] = [
    Twofold::point(1.0),
    Twofold::point(1.0),
    Twofold::point(0.5),
    Twofold::new(0.16666666666666666, 9.25185853854297e-18),
    Twofold::new(0.041666666666666664, 2.3129646346357427e-18),
    Twofold::new(0.008333333333333333, 1.1564823173178714e-19),
    Twofold::new(0.001388888888888889, -5.300543954373577e-20),
    Twofold::new(0.0001984126984126984, 1.7209558293420705e-22),
    Twofold::new(2.48015873015873e-5, 2.1511947866775882e-23),
];

/// `1/n!` rounded, for `n = 9, …, 21`.
const SMALL_INVERSE_FACTORIALS: [f64; 13] = [
    2.7557319223985893e-6,
    2.755731922398589e-7,
    2.505210838544172e-8,
    2.08767569878681e-9,
    1.6059043836821613e-10,
    1.1470745597729725e-11,
    7.647163731819816e-13,
    4.779477332387385e-14,
    2.8114572543455206e-15,
    1.5619206968586225e-16,
    8.22063524662433e-18,
    4.110317623312165e-19,
    1.9572941063391263e-20,
];

/// `e^x = m·2^k` with `0.7 < m < 1.42`, for `|x| ≤ 746`: `m` to a relative error below `2⁻⁸⁰`.
pub(super) fn exponential(x: f64) -> (Twofold, i32) {
    // |k| ≤ 1077. The product rounds by less than 10⁻¹², so |x − k·ln 2| ≤ (ln 2)/2 + 10⁻¹² < 0.3466.
    let k = (x * LOG2_E).round_ties_even();
    // x − kA and then − kB lose nothing; −kC is below 2⁻⁷⁵ and rounds by 2⁻¹²⁸, the sum of the low parts
    // (below 2⁻⁵³) by 2⁻¹⁰⁶; k·δ is below 2⁻¹²⁹. So r is right to 2⁻¹⁰⁴.
    let high = Twofold::sum_of(x, -(k * LN_2[0]));
    let next = Twofold::sum_of(high.hi, -(k * LN_2[1]));
    let r = Twofold::sum_of(next.hi, next.lo + (high.lo - k * LN_2[2]));
    // T = Σ_{n=9}^{21} r^{n−9}/n!, in floats at the high part of r: an error below 8u·|T|, |T| < 2⁻¹⁸. It
    // enters multiplied by |r|⁹ < 2⁻¹³: below 2⁻⁸¹. What Taylor's series has after n = 21 is below
    // 1.02·0.3466²²/22! < 2⁻¹⁰³.
    let tail = SMALL_INVERSE_FACTORIALS.iter().rev().fold(0.0, |t, c| t * r.hi + c);
    // Nine steps of Horner's rule, each wrong by at most 16u²·2 = 2⁻¹⁰¹ and passed on with factors |r| < 1.
    let m = INVERSE_FACTORIALS.iter().rev().fold(Twofold::point(tail), |m, c| m.times(r).plus(*c));
    // Together below 2⁻⁸¹ + 2⁻⁹⁷ + 2⁻¹⁰³ ≤ 0.7·2⁻⁸⁰.
    (m, k as i32)
}

/// `2^e` for `−1022 ≤ e ≤ 1023`.
pub(super) fn power_of_two(e: i32) -> f64 {
    f64::from_bits(((e + 1023) as u64) << 52)
}

/// The floats around a number known to a relative error below `2⁻⁵⁶`: its nearest float is `x.hi`, and one step
/// outwards covers half a unit of rounding (a quarter below a power of two) and the error.
pub(super) fn outwards(x: Twofold) -> (f64, f64) {
    (x.hi.next_down(), x.hi.next_up())
}

fn exp_at(x: f64) -> Interval {
    // e^709.79 exceeds the largest float (its logarithm is 709.7827…); e^−745.14 is below half the smallest
    // (−744.44…, and 745.13… for the half).
    if x > EXP_OVERFLOWS {
        return Interval::new(f64::MAX, f64::INFINITY);
    }
    if x < EXP_UNDERFLOWS {
        return Interval::new(0.0, f64::from_bits(1));
    }
    let (m, k) = exponential(x);
    let (lo, hi) = outwards(m);
    if k >= -1021 {
        // Two exact factors, since 2¹⁰²⁴ is no float. An overflowing lower end is above the largest float.
        let (a, b) = (power_of_two(k / 2), power_of_two(k - k / 2));
        return Interval::new((lo * a * b).min(f64::MAX), hi * a * b);
    }
    // Subnormal: the last product rounds to a multiple of the smallest float; one more step covers it.
    let (a, b) = (power_of_two(k + 100), power_of_two(-100));
    Interval::new((lo * a * b).next_down().max(0.0), (hi * a * b).next_up())
}

/// An enclosure of `{e^x}`; two units of rounding wide at a point.
///
/// ```
/// use unlearn::numeric::{elementary::exp, interval::Interval};
/// let e = exp(Interval::ONE);
/// assert!(e.contains(std::f64::consts::E) && e.hi() - e.lo() < 1e-15);
/// assert_eq!(exp(Interval::ENTIRE).lo(), 0.0);
/// assert_eq!(exp(Interval::point(1e9)).hi(), f64::INFINITY);
/// ```
pub fn exp(x: Interval) -> Interval {
    Interval::new(exp_at(x.lo()).lo(), exp_at(x.hi()).hi())
}

fn sigmoid_at(z: f64) -> Interval {
    if z < SATURATES {
        // e^z(1 − e^z) < σ(z) < e^z, and e^−40 < 2⁻⁵⁷: one float down covers the factor.
        let e = exp_at(z);
        return Interval::new(e.lo().next_down().max(0.0), e.hi());
    }
    // Each operation is monotone in its ends, so the result is too.
    (Interval::ONE / (Interval::ONE + exp_at(-z))).min(Interval::ONE)
}

/// An enclosure of the logistic function `{1/(1 + e^−z)}`; at a point its relative width is at most `8ε`.
///
/// ```
/// use unlearn::numeric::{elementary::sigmoid, interval::Interval};
/// assert!(sigmoid(Interval::ZERO).contains(0.5));
/// let tail = sigmoid(Interval::point(-800.0)); // 3.7·10⁻³⁴⁸, below the smallest float
/// assert_eq!((tail.lo(), tail.hi()), (0.0, f64::from_bits(1)));
/// ```
pub fn sigmoid(z: Interval) -> Interval {
    Interval::new(sigmoid_at(z.lo()).lo(), sigmoid_at(z.hi()).hi())
}

/// `log(1 + t)` for `2⁻⁹⁰ < t ≤ 1.01`, known to a relative error below `2⁻⁵⁶`.
fn log_of_one_plus(t: Twofold) -> Twofold {
    // 2⁻²⁰: the next term of the alternating series, t⁵/5, is below 2⁻⁸² of the sum.
    if t.hi < 9.5e-7 {
        let third = Twofold::new(0.3333333333333333, 1.850371707708594e-17);
        let s = third.plus(t.times(Twofold::point(-0.25)));
        return t.times(Twofold::point(1.0).plus(t.times(Twofold::point(-0.5).plus(t.times(s)))));
    }
    // An approximation y by log((1+s)/(1−s)) = 2Σ s^(2j+1)/(2j+1), s = t/(2+t) < 0.34; it need not be good:
    // what it misses is added below. With eleven terms it misses less than 2⁻³⁰.
    let s = t.hi / (2.0 + t.hi);
    let y = (0..11).rev().fold(0.0, |sum, j| sum * s * s + 2.0 / (2.0 * f64::from(j) + 1.0)) * s;
    // log(1+t) = y + log(1+q), q = (1+t)e^−y − 1, right to 2⁻⁷⁸; |q| < 2⁻³⁰, so q⁴/4 is below 2⁻¹²². The
    // result is above 2⁻²¹: a relative error below 2⁻⁵⁷.
    let (m, k) = exponential(-y);
    let one = Twofold::point(1.0);
    let q = one.plus(t).times(m.scaled(power_of_two(k))).plus(Twofold::point(-1.0));
    let correction = one.plus(q.times(Twofold::point(-0.5).plus(q.times(Twofold::point(1.0 / 3.0)))));
    Twofold::point(y).plus(q.times(correction))
}

fn softplus_at(z: f64) -> Interval {
    if z < SATURATES {
        // e^z(1 − e^z/2) < log(1 + e^z) < e^z.
        let e = exp_at(z);
        return Interval::new(e.lo().next_down().max(0.0), e.hi());
    }
    if z > 60.0 {
        // z < log(1 + e^z) < z + e^−60, far below the distance to the next float.
        return Interval::new(z, z.next_up());
    }
    let (m, k) = exponential(-z.abs());
    let rest = log_of_one_plus(m.scaled(power_of_two(k)));
    let (lo, hi) = outwards(Twofold::point(z.max(0.0)).plus(rest));
    Interval::new(lo, hi)
}

/// An enclosure of `{log(1 + e^z)}`; at a point its relative width is at most `4ε`.
///
/// ```
/// use unlearn::numeric::{elementary::softplus, interval::Interval};
/// let at_zero = softplus(Interval::ZERO);
/// assert!(at_zero.contains(std::f64::consts::LN_2) && at_zero.hi() - at_zero.lo() < 1e-15);
/// ```
pub fn softplus(z: Interval) -> Interval {
    Interval::new(softplus_at(z.lo()).lo(), softplus_at(z.hi()).hi())
}

/// Enclosures of the softmax probabilities `e^{z_c}/Σ e^{z_j}` and of their complements `1 − p_c`, which are
/// sums of the others and keep their relative accuracy where `p_c` is near 1.
///
/// ```
/// use unlearn::numeric::{elementary::softmax, interval::Interval};
/// let p = softmax(&[Interval::ZERO, Interval::point(60.0)], 1);
/// assert!(p.probabilities[0].contains(8.756510762696521e-27)); // 1/(1 + e⁶⁰)
/// assert!(p.complement.contains(8.756510762696521e-27));
/// ```
///
/// Panics when there is no logit `class`.
pub fn softmax(z: &[Interval], class: usize) -> Softmax {
    assert!(class < z.len(), "class {class} of {}", z.len());
    // A shift by any finite number is exact in the quotient; near the largest logit nothing overflows.
    let top = z.iter().map(|z| z.mid()).fold(f64::MIN, f64::max).min(f64::MAX);
    let e: Vec<Interval> = z.iter().map(|z| exp(*z - Interval::point(top))).collect();
    let others: Interval = (0..e.len()).filter(|&j| j != class).map(|j| e[j]).sum::<Interval>().nonnegative();
    let all = others + e[class];
    let share = |part: Interval| (part / all).max(Interval::ZERO).min(Interval::ONE);
    Softmax { probabilities: e.iter().map(|e| share(*e)).collect(), complement: share(others) }
}

/// What [`softmax`] encloses.
#[derive(Debug, Clone, PartialEq)]
pub struct Softmax {
    /// `p_c` for every class.
    pub probabilities: Vec<Interval>,
    /// `1 − p_c` for the class asked for.
    pub complement: Interval,
}
