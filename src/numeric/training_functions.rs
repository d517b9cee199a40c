//! `exp`, `tanh`, the logistic function and softplus for training: without branches, so that eight arguments cost
//! little more than one.
//!
//! They are a few ulps less exact than the functions of the standard library and never used inside an enclosure: a
//! verdict encloses the exact run around whatever points training recorded ([`crate::train::rounding`]).
//!
//! With `k` the integer next to `x/ln 2` and `r = x − k ln 2`, `|r| ≤ 0.3466`, `e^x = 2^k(1 + p)` with `p` the Taylor
//! polynomial of `e^r − 1` of degree 13 (what is left out is below `1.1·10⁻¹⁷` of `|r|`), and every function is a rational
//! expression in `2^k` and `p` that subtracts no nearly equal numbers. Arguments of `exp` are at most 0 everywhere;
//! below [`LEAST`] the result is 0 (an absolute error of less than `3.4·10⁻³⁰⁸`).
//!
//! Errors in ulps of the exact value, measured against 30-digit references on 10⁶ arguments in `±[2⁻³⁰, 2⁸]`; the test
//! below asserts the bounds on some of them, for every kernel:
//!
//! | function | portable | AVX2, AVX-512 | asserted |
//! |---|---|---|---|
//! | `exp` of `−\|z\|` | 0.94 | 0.99 | 1 |
//! | σ | 2.49 | 2.49 | 2.5 |
//! | tanh | 2.99 | 2.99 | 3 |
//! | softplus | 2.70 | 2.43 | 3 |
//! | σ′ | 4.78 | 4.78 | 5 |
//! | tanh′ | 5.05 | 5.05 | 5.5 |

use super::lanes::{Arithmetic, Number};

/// Below it `exp` gives 0: results would leave the normal numbers.
pub(crate) const LEAST: f64 = -708.0;

/// `1.5·2⁵²`: added to a small number it rounds it to an integer, which then is in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// `ln 2` in 33 bits, so that its product with any `k` here is exact, and the rest.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `a + bx`.
#[inline(always)]
fn line<A: Arithmetic, N: Number>(a: N, b: N, x: N) -> N {
    b.mul_add::<A>(x, a)
}

/// `1/a + r/b`.
#[inline(always)]
fn pair<A: Arithmetic, N: Number>(a: f64, b: f64, r: N) -> N {
    line::<A, N>(N::all(1.0 / a), N::all(1.0 / b), r)
}

/// `(2^k, 2^k p)` with `e^x = 2^k + 2^k p` for `x ≤ 0`; both 0 below [`LEAST`]. NaN gives NaN.
#[inline(always)]
fn split<A: Arithmetic, N: Number>(x: N) -> (N, N) {
    let c = N::all;
    // Written so that NaN stays.
    let bounded = x.if_below(LEAST, c(LEAST), x);
    let shifted = bounded.mul_add::<A>(c(std::f64::consts::LOG2_E), c(ROUND));
    let k = c(ROUND).minus(shifted);
    let r = k.mul_add::<A>(c(LN_2_LOW), k.mul_add::<A>(c(LN_2_HIGH), bounded));
    // 1/n! for n = 2 … 13, in Estrin's order: the longest chain is four steps, not twelve.
    let (r2, r4) = (r.times(r), r.times(r).times(r.times(r)));
    let low = line::<A, N>(pair::<A, N>(2.0, 6.0, r), pair::<A, N>(24.0, 120.0, r), r2);
    let middle = line::<A, N>(pair::<A, N>(720.0, 5040.0, r), pair::<A, N>(40_320.0, 362_880.0, r), r2);
    let high = line::<A, N>(
        pair::<A, N>(3_628_800.0, 39_916_800.0, r),
        pair::<A, N>(479_001_600.0, 6_227_020_800.0, r),
        r2,
    );
    let all = line::<A, N>(low, line::<A, N>(middle, high, r4), r4);
    let p = r2.mul_add::<A>(all, r);
    let scale = x.if_below(LEAST, c(0.0), shifted.power_of_two());
    (scale, scale.times(p))
}

/// `e^x` for `x ≤ 0`.
#[inline(always)]
pub(crate) fn exp<A: Arithmetic, N: Number>(x: N) -> N {
    let (scale, rest) = split::<A, N>(x);
    scale.plus(rest)
}

/// `tanh z` and its slope.
#[inline(always)]
pub(crate) fn tanh<A: Arithmetic, N: Number>(z: N) -> (N, N) {
    let c = N::all;
    let (scale, rest) = split::<A, N>(z.abs().times(c(-2.0)));
    // 1 − e^{−2|z|} is exact to a few ulps for small z too: there the scale is 1.
    let more = c(1.0).minus(scale).minus(rest);
    let inverse = c(1.0).over(c(2.0).minus(more));
    let slope = scale.plus(rest).times(c(4.0)).times(inverse.times(inverse));
    (more.times(inverse).with_sign_of(z), slope)
}

/// `σ(z)` and its slope.
#[inline(always)]
pub(crate) fn sigmoid<A: Arithmetic, N: Number>(z: N) -> (N, N) {
    let e = exp::<A, N>(z.abs().times(N::all(-1.0)));
    let inverse = N::all(1.0).over(N::all(1.0).plus(e));
    let other = e.times(inverse);
    (z.if_below(0.0, other, inverse), other.times(inverse))
}

/// `σ(z)`, `σ′` and `σ″ = −σ′ tanh(z/2)`.
#[inline(always)]
pub(crate) fn sigmoid_jet<A: Arithmetic, N: Number>(z: N) -> (N, N, N) {
    let c = N::all;
    let (scale, rest) = split::<A, N>(z.abs().times(c(-1.0)));
    // 1 − e^{−|z|} is exact to a few ulps for small z too.
    let (e, more) = (scale.plus(rest), c(1.0).minus(scale).minus(rest));
    let inverse = c(1.0).over(c(1.0).plus(e));
    let other = e.times(inverse);
    let slope = other.times(inverse);
    let bend = slope.times(more.times(inverse)).with_sign_of(z.times(c(-1.0)));
    (z.if_below(0.0, other, inverse), slope, bend)
}

/// `log(1 + e^z)` and its slope `σ(z)`.
#[inline(always)]
pub(crate) fn softplus<A: Arithmetic, N: Number>(z: N) -> (N, N) {
    let c = N::all;
    let e = exp::<A, N>(z.abs().times(c(-1.0)));
    let inverse = c(1.0).over(c(1.0).plus(e));
    // log(1 + e) = 2 artanh s, s = e/(2 + e) ≤ 1/3: terms beyond s³⁵/35 are below 2·10⁻¹⁸ of the first.
    let s = e.over(c(2.0).plus(e));
    let s2 = s.times(s);
    let mut tail = c(1.0 / 35.0);
    for n in (1..=16).rev() {
        tail = line::<A, N>(c(1.0 / f64::from(2 * n + 1)), tail, s2);
    }
    let log = c(2.0).times(s.times(s2).mul_add::<A>(tail, s));
    (z.if_below(0.0, log, z.plus(log)), z.if_below(0.0, e.times(inverse), inverse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::gram::Kernel;
    use crate::numeric::lanes::{Chunk, Vectorised};
    use crate::numeric::precise::Precise;
    use crate::numeric::precise_functions;

    /// All functions at one argument, in the order of `exact` below.
    struct At(f64);

    impl Vectorised for At {
        type Output = [f64; 7];

        #[inline(always)]
        fn run<A: Arithmetic>(self) -> [f64; 7] {
            let z = self.0;
            let (t, dt) = tanh::<A, f64>(z);
            let (s, ds) = sigmoid::<A, f64>(z);
            let (l, dl) = softplus::<A, f64>(z);
            let found = [exp::<A, f64>(-z.abs()), t, dt, s, ds, l, dl];
            // Eight at once are the same bits.
            let z = Chunk([z; 8]);
            let ((t, dt), (s, ds), (l, dl)) =
                (tanh::<A, Chunk>(z), sigmoid::<A, Chunk>(z), softplus::<A, Chunk>(z));
            let together = [exp::<A, Chunk>(z.abs().times(Chunk::all(-1.0))), t, dt, s, ds, l, dl];
            for (one, eight) in found.iter().zip(together) {
                assert!(eight.0.iter().all(|v| v.to_bits() == one.to_bits() || (v.is_nan() && one.is_nan())));
            }
            found
        }
    }

    fn exact(z: f64) -> [Precise; 7] {
        let sigmoid = |z: f64| precise_functions::sigmoid(Precise::exact(z));
        let (s, slope) = (sigmoid(z), |z: f64| sigmoid(z) * sigmoid(-z));
        let p = Precise::exact;
        // Near 0 and far below it these forms cancel; the series do not.
        let tanh = if z.abs() < 1e-6 {
            // The next term is below 17z⁶/315 < 10⁻³⁷ of the first.
            p(z) - p(z) * p(z).square() / p(3.0) + p(2.0) * p(z) * p(z).square().square() / p(15.0)
        } else {
            p(2.0) * sigmoid(2.0 * z) - Precise::ONE
        };
        let softplus = if z < -20.0 {
            let e = precise_functions::exp(p(z));
            // The next term is below e³/4 < 10⁻²⁶ of the first.
            e - e.square() / p(2.0) + e * e.square() / p(3.0)
        } else {
            precise_functions::softplus(p(z))
        };
        [precise_functions::exp(p(-z.abs())), tanh, p(4.0) * slope(2.0 * z), s, slope(z), softplus, s]
    }

    /// Largest error of every function over the arguments, in ulps of the exact value: what rounding the difference
    /// and the references themselves add is below a hundredth.
    fn worst(kernel: Kernel, arguments: impl Iterator<Item = f64>) -> [f64; 7] {
        let mut worst = [0.0_f64; 7];
        for z in arguments {
            for ((found, exact), worst) in kernel.run(At(z)).into_iter().zip(exact(z)).zip(&mut worst) {
                let size = exact.enclosure().abs().lo();
                let error = (Precise::exact(found) - exact).enclosure().abs().hi() / (size.next_up() - size);
                *worst = worst.max(error);
            }
        }
        worst
    }

    #[test]
    fn errors_are_as_documented() {
        // A grid that meets every binade from 2⁻³⁰ to 2⁸ (beyond 300 the references are plain intervals), and
        // half-integer multiples of ln 2, where the reduction changes its k.
        let spread = (0..6000).map(|i| 2.0_f64.powf(-30.0 + 38.2 * f64::from(i) / 6000.0));
        let seams = (0..400).map(|k| (f64::from(k) + 0.5) * std::f64::consts::LN_2 / 2.0);
        let arguments: Vec<f64> = spread.chain(seams).flat_map(|z| [z, -z]).collect();
        for kernel in Kernel::available() {
            let found = worst(kernel, arguments.iter().copied());
            let allowed = [1.0, 3.0, 5.5, 2.5, 5.0, 3.0, 2.5];
            assert!(found.iter().zip(allowed).all(|(f, a)| *f <= a), "{}: {found:?}", kernel.name());
            // The bounds are not slack: these arguments come near them.
            assert!(found.iter().zip(allowed).all(|(f, a)| *f > 0.65 * a), "{}: {found:?}", kernel.name());
        }
    }

    #[test]
    fn extreme_arguments_stay_finite_and_nan_stays_nan() {
        for kernel in Kernel::available() {
            for z in [0.0, 5e-324, 1e-300, 354.1, 708.1, 1e4, f64::MAX] {
                for z in [z, -z] {
                    let [_, t, dt, s, ds, l, dl] = kernel.run(At(z));
                    assert!([t, dt, s, ds, dl].iter().all(|v| v.abs() <= 1.0), "{} at {z}", kernel.name());
                    assert!(l >= z.max(0.0) && l.is_finite(), "softplus {l} at {z}");
                }
            }
            assert_eq!(kernel.run(At(-0.0))[1].to_bits(), (-0.0_f64).to_bits());
            assert_eq!(kernel.run(At(-800.0))[3], 0.0);
            assert!(kernel.run(At(f64::NAN)).iter().all(|v| v.is_nan()), "{}", kernel.name());
        }
    }
}
