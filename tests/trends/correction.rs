//! Holm's correction against its definition by closed testing, and statements of several parts.

use proptest::prelude::*;
use unlearn::study::trend::finding::{Claim, Finding, Group, Part, Unit, Verdict};
use unlearn::study::trend::holm::holm;

/// Closed testing with Bonferroni's test of every intersection: the largest `min(1, |S|·min_S p)` over the sets `S`
/// that contain `k`.
fn closed(p: &[f64], k: usize) -> f64 {
    let sets = (0..1_usize << p.len()).filter(|s| s >> k & 1 == 1);
    let one = |set: usize| {
        let inside: Vec<f64> = (0..p.len()).filter(|i| set >> i & 1 == 1).map(|i| p[i]).collect();
        (inside.len() as f64 * inside.iter().copied().fold(f64::INFINITY, f64::min)).min(1.0)
    };
    sets.map(one).fold(0.0, f64::max)
}

proptest! {
    #[test]
    fn holm_is_closed_testing(p in prop::collection::vec(0.0..1.0_f64, 1..7)) {
        for (k, adjusted) in holm(&p).into_iter().enumerate() {
            prop_assert_eq!(adjusted, closed(&p, k));
        }
    }
}

#[test]
fn the_textbook_example() {
    // 0.005·4, 0.01·3, 0.03·2, and 0.04·1, raised to its predecessor.
    assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
    assert_eq!(holm(&[]), [0.0; 0]);
}

/// Seven seeds on which left − right is `d` and a little more on each.
fn part(name: &str, d: f64) -> Part {
    let pairs = (0..7).map(|i| (0.1 * f64::from(i) + d * (1.0 + 0.1 * f64::from(i)), 0.1 * f64::from(i)));
    Part { name: name.into(), pairs: pairs.collect() }
}

fn findings(unit: Unit, groups: Vec<(&str, Vec<Part>)>) -> Vec<Finding> {
    let groups = groups.into_iter().map(|(name, parts)| Group { name: name.into(), parts }).collect();
    Claim { id: "planted", statement: "left above right".into(), source: "here", unit, groups }.findings(1)
}

#[test]
fn all_parts_must_hold() {
    let verdict = |parts| findings(Unit::Share, vec![("all", parts)])[0].verdict;
    assert_eq!(verdict(vec![part("a", 0.1), part("b", 0.2)]), Verdict::Supported);
    assert_eq!(verdict(vec![part("a", 0.1), part("b", -0.2)]), Verdict::Contradicted);
    assert_eq!(verdict(vec![part("a", 0.1), part("b", 0.0)]), Verdict::Undecided);
    let weakest = &findings(Unit::Share, vec![("all", vec![part("a", 0.1), part("b", 0.0)])])[0];
    assert_eq!(weakest.part, "all (weakest: b)");
    assert_eq!((weakest.p, weakest.differing), (1.0, 0));
}

/// What is 1/128 alone is not enough among ten.
#[test]
fn families_pay_for_their_size() {
    let family = |n: usize| {
        let groups = (0..n).map(|k| ("one", vec![part("x", if k == 0 { 0.1 } else { 0.0 })])).collect();
        findings(Unit::Share, groups).swap_remove(0)
    };
    assert_eq!((family(1).adjusted, family(1).verdict), (1.0 / 128.0, Verdict::Supported));
    assert_eq!((family(10).adjusted, family(10).verdict), (10.0 / 128.0, Verdict::Undecided));
    assert_eq!((family(10).needs, family(1).needs), (8, 5));
}

#[test]
fn rounding_is_no_difference() {
    let pairs = (0..8).map(|i| (0.3 - 0.1 + f64::from(i) * 0.0, 0.2)).collect();
    let found = &findings(Unit::Share, vec![("one", vec![Part { name: "x".into(), pairs }])])[0];
    assert_eq!((found.seeds, found.differing, found.p), (8, 0, 1.0));
    assert_ne!(0.3 - 0.1, 0.2);
}

#[test]
fn ratios_leave_zeros_out() {
    let pairs = vec![(2.0, 1.0), (8.0, 4.0), (0.0, 1.0), (1.0, 0.0)];
    let found = &findings(Unit::Ratio, vec![("one", vec![Part { name: "x".into(), pairs }])])[0];
    assert_eq!((found.seeds, found.p), (2, 0.25));
    // Logarithms and back: a few roundings.
    let close =
        |x: Option<f64>, y: f64| (x.unwrap() - y).abs() <= unlearn::numeric::tolerance::tol(8, 1.0) * y;
    assert!(close(found.effect, 2.0) && close(found.left, 4.0) && close(found.right, 2.0), "{found:?}");
}

#[test]
fn findings_read_back() {
    let found = &findings(Unit::Share, vec![("one", vec![part("x", 0.1)])])[0];
    assert_eq!(&serde_json::from_str::<Finding>(&found.line()).unwrap(), found);
}
