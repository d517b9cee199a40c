//! Interval functions against a table with 40 digits: containment, sharpness, inclusion.

mod common;

use common::decimal::Decimal;
use proptest::prelude::*;
use std::path::Path;
use unlearn::numeric::elementary::{exp, sigmoid, softmax, softplus};
use unlearn::numeric::interval::Interval;
use unlearn::numeric::product::{Ball, Sum, dot};

type Function = fn(Interval) -> Interval;

/// Each function with its stated relative width at a point, in units of ε.
const FUNCTIONS: [(&str, Function, f64); 3] =
    [("exp", exp, 3.0), ("sigmoid", sigmoid, 8.0), ("softplus", softplus, 4.0)];

fn rows(table: &str) -> Vec<(String, Vec<f64>, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/golden").join(table);
    let read = |r: csv::StringRecord| {
        let arguments = r[1].split(' ').map(|a| a.parse().unwrap()).collect();
        (r[0].to_owned(), arguments, r[2].to_owned())
    };
    csv::Reader::from_path(path).unwrap().records().map(|r| read(r.unwrap())).collect()
}

fn contains(x: Interval, value: &str) -> bool {
    // The table is rounded after 30 or 40 digits; 28 of them are those of the value itself.
    let value = Decimal::parse(value).leading(28);
    let end = |x: f64| Decimal::of(x).leading(28);
    end(x.lo()) <= value && (x.hi() == f64::INFINITY || value <= end(x.hi()))
}

#[test]
fn enclosures_contain_the_table_and_are_sharp() {
    let mut seen = [0; 3];
    for table in ["elementary.csv", "scalars.csv"] {
        for (name, z, value) in rows(table) {
            let Some(f) = FUNCTIONS.iter().position(|f| f.0 == name) else { continue };
            let y = FUNCTIONS[f].1(Interval::point(z[0]));
            assert!(contains(y, &value), "{name}({:?}) = {value} is not in {y:?}", z[0]);
            // Two more subnormals where the result is one.
            let most = FUNCTIONS[f].2 * f64::EPSILON * y.lo() + 4.0 * f64::from_bits(1);
            let overflows = y.hi() == f64::INFINITY;
            assert!(overflows || y.hi() - y.lo() <= most, "{name}({:?}) in {y:?} is too wide", z[0]);
            seen[f] += 1;
        }
    }
    assert!(seen.iter().all(|n| *n > 200), "{seen:?}");
}

#[test]
fn an_enclosure_without_width_would_be_noticed() {
    for (name, f, _) in FUNCTIONS {
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
    for (_, f, _) in FUNCTIONS {
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
                let z = f(inner);
                prop_assert!(y.lo() <= z.lo() && z.hi() <= y.hi(), "{} of {:?} in {:?}", name, inner, outer);
            }
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
