//! Interval functions against a table with 40 digits: containment, sharpness, inclusion.

mod common;

use common::golden::{contains, records};
use proptest::prelude::*;
use unlearn::numeric::elementary::{exp, sigmoid, softmax, softplus};
use unlearn::numeric::hyperbolic::tanh;
use unlearn::numeric::interval::Interval;
use unlearn::numeric::logarithm::log1p;
use unlearn::numeric::logistic::{bend, jerk, slope};
use unlearn::numeric::product::{Ball, Sum, dot};

type Function = fn(Interval) -> Interval;

/// Each function with its stated relative width at a point, in units of ε.
const FUNCTIONS: [(&str, Function, f64); 5] = [
    ("exp", exp, 3.0),
    ("sigmoid", sigmoid, 8.0),
    ("softplus", softplus, 4.0),
    ("tanh", tanh, 2.0),
    ("log1p", log1p, 2.0),
];

/// The derivatives of the logistic function: they rise and fall. The third has zeros, near which the width is
/// relative to the first (2.5 times an eighth).
const DERIVATIVES: [(&str, Function, f64, f64); 3] =
    [("slope", slope, 20.0, 0.0), ("bend", bend, 32.0, 0.0), ("jerk", jerk, 60.0, 20.0)];

fn rows(table: &str) -> Vec<(String, Vec<f64>, String)> {
    let read = |r: csv::StringRecord| {
        let arguments = r[1].split(' ').map(|a| a.parse().unwrap()).collect();
        (r[0].to_owned(), arguments, r[2].to_owned())
    };
    records(table).into_iter().map(read).collect()
}

/// Looks at every row of both tables that the function has; `widest` is the width allowed.
fn check_table(name: &str, f: Function, widest: impl Fn(f64, Interval) -> f64) -> usize {
    let mut seen = 0;
    for table in ["elementary.csv", "scalars.csv"] {
        for (_, z, value) in rows(table).into_iter().filter(|r| r.0 == name) {
            let y = f(Interval::point(z[0]));
            assert!(contains(y, &value), "{name}({:?}) = {value} is not in {y:?}", z[0]);
            let overflows = y.hi() == f64::INFINITY;
            // A few more subnormals where the result is one: each operation may lose one at each side.
            let most = widest(z[0], y) + 16.0 * f64::from_bits(1);
            assert!(overflows || y.hi() - y.lo() <= most, "{name}({:?}) in {y:?} is too wide", z[0]);
            seen += 1;
        }
    }
    seen
}

#[test]
fn enclosures_contain_the_table_and_are_sharp() {
    for (name, f, units) in FUNCTIONS {
        let seen = check_table(name, f, |_, y| units * f64::EPSILON * y.abs().lo());
        assert!(seen > 200, "{name}: {seen}");
    }
    for (name, f, units, of_slope) in DERIVATIVES {
        let widest = |z: f64, y: Interval| {
            f64::EPSILON * (units * y.abs().lo() + of_slope * slope(Interval::point(z)).hi())
        };
        let seen = check_table(name, f, widest);
        assert!(seen > 200, "{name}: {seen}");
    }
}

#[test]
fn an_enclosure_without_width_would_be_noticed() {
    let derivatives = DERIVATIVES.map(|(name, f, ..)| (name, f));
    for (name, f) in FUNCTIONS.map(|(name, f, _)| (name, f)).into_iter().chain(derivatives) {
        let missed = |z: f64, value: &str| !contains(Interval::point(f(Interval::point(z)).mid()), value);
        assert!(rows("elementary.csv").iter().any(|r| r.0 == name && missed(r.1[0], &r.2)), "{name}");
    }
}

#[test]
fn softmax_contains_the_table() {
    let mut seen = 0;
    for (name, z, value) in rows("scalars.csv") {
        let Some(class) = name.strip_prefix("softmax.") else { continue };
        let class: usize = class.parse().unwrap();
        let z: Vec<Interval> = z.into_iter().map(Interval::point).collect();
        let s = softmax(&z, class);
        assert!(contains(s.probabilities[class], &value), "{name}{z:?}: {:?}", s.probabilities[class]);
        let sum = s.probabilities[class] + s.complement;
        assert!(sum.contains(1.0) && sum.hi() - sum.lo() < 1e-14, "{z:?}");
        seen += 1;
    }
    assert!(seen >= 30);
}

#[test]
fn unbounded_arguments() {
    for (_, f, _) in &FUNCTIONS[..3] {
        let y = f(Interval::ENTIRE);
        assert_eq!(y.lo(), 0.0);
        assert!(f(Interval::point(-1e300)).hi() <= f64::from_bits(1));
        assert_eq!(f(Interval::new(-1.0, f64::INFINITY)).hi(), y.hi());
    }
    assert_eq!(exp(Interval::ENTIRE).hi(), f64::INFINITY);
    assert_eq!(softplus(Interval::ENTIRE).hi(), f64::INFINITY);
    assert_eq!(sigmoid(Interval::ENTIRE).hi(), 1.0);
    for z in [vec![Interval::ENTIRE; 3], vec![Interval::point(f64::MAX), Interval::point(-f64::MAX)]] {
        let s = softmax(&z, 0);
        assert!(s.probabilities.iter().all(|p| p.lo() >= 0.0 && p.hi() <= 1.0));
    }
}

#[test]
fn the_ends_of_tanh_log1p_and_the_derivatives() {
    let (least, most) = (Interval::point(f64::MIN), Interval::point(f64::MAX));
    assert_eq!(tanh(Interval::ENTIRE), Interval::new(-1.0, 1.0));
    assert_eq!((tanh(least).lo(), tanh(most).hi()), (-1.0, 1.0));
    let smallest = f64::from_bits(1);
    assert_eq!(tanh(Interval::point(smallest)), Interval::new(0.0, smallest));
    assert_eq!(log1p(Interval::point(-smallest)), Interval::new(-f64::from_bits(2), -smallest));
    assert_eq!(log1p(Interval::ENTIRE), Interval::ENTIRE);
    assert_eq!(log1p(Interval::new(0.0, f64::INFINITY)), Interval::new(0.0, f64::INFINITY));
    assert_eq!(log1p(least), Interval::ENTIRE);
    assert!(log1p(Interval::point((-1.0_f64).next_up())).contains(-36.7368005696771));
    for (_, f, ..) in DERIVATIVES {
        for far in [least, most] {
            let y = f(far);
            assert!(y.contains(0.0) && y.hi() - y.lo() <= 8.0 * smallest, "{y:?}");
        }
    }
    assert_eq!(slope(Interval::ENTIRE), Interval::new(0.0, 0.25));
    // 1/(6√3) and 1/24.
    let (b, j) = (bend(Interval::ENTIRE), jerk(Interval::ENTIRE));
    assert!(
        b.hi() - 0.0962250448649376 < 1e-15 && b == -b && j.lo() == -0.125 && j.hi() - 1.0 / 24.0 < 1e-15
    );
}

/// Numbers of every size, and neighbours of one another.
fn argument() -> impl Strategy<Value = f64> {
    prop_oneof![
        -760.0..760.0,
        -3.0..3.0,
        any::<f64>().prop_filter("a number", |x| !x.is_nan()),
        (-4i32..4).prop_map(f64::from),
    ]
}

/// `x` moved by a few floats.
fn moved(x: f64, steps: i8) -> f64 {
    (0..steps.unsigned_abs()).fold(x, |x, _| if steps < 0 { x.next_down() } else { x.next_up() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn inclusion(a in argument(), b in argument(), s in -3i8..4, t in 0.0f64..1.0, close in any::<bool>()) {
        let b = if close { moved(a, s) } else { b };
        let outer = Interval::new(a.min(b), a.max(b));
        let x = (outer.lo() + t * (outer.hi() - outer.lo())).clamp(outer.lo(), outer.hi());
        // A NaN arises from infinite ends alone.
        let x = if x.is_nan() { outer.lo() } else { x };
        for (name, f, _) in FUNCTIONS {
            let y = f(outer);
            for inner in [Interval::point(x), Interval::new(outer.lo(), x), Interval::new(x, outer.hi())] {
                // The logarithm is nowhere defined there, and gives the whole line.
                if name == "log1p" && inner.hi() <= -1.0 {
                    continue;
                }
                let z = f(inner);
                prop_assert!(y.lo() <= z.lo() && z.hi() <= y.hi(), "{} of {:?} in {:?}", name, inner, outer);
            }
        }
        // Near a turning point the ends of these move by rounding, within the stated width.
        for (name, f, units, of_slope) in DERIVATIVES {
            let (y, z) = (f(outer), f(Interval::point(x)));
            let slack = f64::EPSILON * (units * z.abs().hi() + of_slope * 0.25) + 16.0 * f64::from_bits(1);
            let inside = y.lo() <= z.lo() + slack && z.hi() <= y.hi() + slack;
            prop_assert!(inside && y.lo() <= z.hi() && z.lo() <= y.hi(), "{} of {} in {:?}", name, x, outer);
        }
    }

    /// Integers of up to 26 bits: the exact product sum fits into 128 bits.
    #[test]
    fn dot_products_of_scaled_integers(
        terms in prop::collection::vec((-(1i64 << 26)..1 << 26, -(1i64 << 26)..1 << 26), 1..200),
        shift in -300i32..300,
        cancel in any::<bool>(),
    ) {
        let mut terms = terms;
        if cancel {
            let mirrored: Vec<(i64, i64)> = terms.iter().map(|(x, y)| (-x, *y)).collect();
            terms.extend(mirrored);
            terms.push((1, 1));
        }
        let scale = 2.0_f64.powi(shift);
        let exact: i128 = terms.iter().map(|(x, y)| i128::from(*x) * i128::from(*y)).sum();
        let size: i128 = terms.iter().map(|(x, y)| (i128::from(*x) * i128::from(*y)).abs()).sum();
        let (a, b): (Vec<f64>, Vec<f64>) = terms.iter().map(|(x, y)| (*x as f64 * scale, *y as f64)).unzip();
        let d = dot(&a, &b);
        // Below 2⁶² sums are exact as floats or rounded once; compare as integers.
        let (lo, hi) = ((d.lo() / scale).floor(), (d.hi() / scale).ceil());
        prop_assert!(lo as i128 <= exact && exact <= hi as i128, "{} not in {:?}", exact, d);
        let widest = 8.0 * f64::EPSILON * size as f64;
        prop_assert!((d.hi() - d.lo()) / scale <= widest + 1e-300);
    }
}

/// What subnormals lose is accounted for: each product here is a quarter of the smallest float.
#[test]
fn underflowing_products() {
    let d = dot(&[2.0_f64.powi(-538); 1000], &[2.0_f64.powi(-538); 1000]);
    assert!(d.hi() >= 250.0 * f64::from_bits(1) && d.hi() < 4000.0 * f64::from_bits(1));
}

#[test]
fn long_sums_are_tight_and_overflow_is_unbounded() {
    let n = 100_000;
    let x: Vec<f64> = (0..n).map(|i| 1.0 + f64::from(i % 7)).collect();
    let d = dot(&x, &vec![0.1; n as usize]);
    assert!((d.hi() - d.lo()) / d.lo() < 2e-15);
    assert_eq!(dot(&[f64::MAX, -f64::MAX], &[2.0, 2.0]), Interval::ENTIRE);
    let mut vague = Sum::default();
    vague.add(-3.0, Ball { mid: 1.0, radius: 0.25 });
    let d = vague.enclosure();
    assert!(d.lo() <= -3.75 && d.hi() >= -2.25 && d.hi() - d.lo() < 1.5 + 1e-14);
}
