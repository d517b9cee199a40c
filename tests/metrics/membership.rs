//! The attacks on membership: scikit-learn's machine, and definitions written out.

use proptest::prelude::*;
use std::collections::BTreeMap;
use unlearn::metric::membership::svm::{PUBLISHED, Parameters, Svm};
use unlearn::metric::membership::{Confidences, svm_attack, threshold_attack};

type Columns = BTreeMap<String, Vec<f64>>;

fn golden() -> BTreeMap<String, Columns> {
    let mut reader = csv::Reader::from_path("datasets/golden/svm.csv").unwrap();
    let mut found = BTreeMap::<String, Columns>::new();
    for row in reader.records().map(Result::unwrap) {
        let column = found.entry(row[0].into()).or_default().entry(row[1].into()).or_default();
        assert_eq!(column.len(), row[2].parse::<usize>().unwrap());
        column.push(row[3].parse().unwrap());
    }
    assert_eq!(found.len(), 7);
    found
}

fn fit(p: &Columns, parameters: Parameters) -> Svm {
    Svm::fit(&p["member"], &p["other"], parameters).unwrap()
}

/// LIBSVM keeps its kernel in single precision: every entry is off by up to 6e-8, and 120 multipliers of up to 3
/// add that up to 2e-5 at most.
const SINGLE_PRECISION: f64 = 2e-5;

fn worst(p: &Columns, svm: &Svm) -> f64 {
    p["at"].iter().zip(&p["decision"]).map(|(x, d)| (svm.decision(*x) - d).abs()).fold(0.0, f64::max)
}

#[test]
fn decisions_are_those_of_scikit_learn() {
    for (name, p) in golden() {
        let difference = worst(&p, &fit(&p, Parameters { tolerance: 1e-9, ..PUBLISHED }));
        assert!(difference <= SINGLE_PRECISION, "{name}: {difference:e}");
    }
}

#[test]
fn other_parameters_are_noticed() {
    for (name, p) in golden() {
        for wrong in [Parameters { gamma: 1.1, ..PUBLISHED }, Parameters { c: 0.5, ..PUBLISHED }] {
            assert!(worst(&p, &fit(&p, wrong)) > 100.0 * SINGLE_PRECISION, "{name} {wrong:?}");
        }
    }
}

/// With the published tolerance, but where the machine is on the fence.
#[test]
fn published_predictions_are_those_of_scikit_learn() {
    let mut compared = 0;
    for (name, p) in golden() {
        let svm = fit(&p, PUBLISHED);
        let rows: Vec<f64> = p["member"].iter().chain(&p["other"]).copied().collect();
        for (x, says) in p["at"].iter().zip(&p["published"]).chain(rows.iter().zip(&p["published on rows"])) {
            // Both stop when the optimality conditions hold to 1e-3.
            if svm.decision(*x).abs() > 2e-3 {
                assert_eq!(svm.decision(*x) > 0.0, *says == 1.0, "{name} at {x}");
                compared += 1;
            }
        }
    }
    assert!(compared > 600, "{compared}");
}

fn shares(least: usize) -> impl Strategy<Value = Vec<f64>> {
    // Eighths, so that ties happen.
    prop::collection::vec((0..=8u8).prop_map(|k| f64::from(k) / 8.0), least..12)
}

fn seen() -> impl Strategy<Value = Confidences> {
    (shares(1), shares(1), shares(1)).prop_map(|(members, others, forgotten)| Confidences {
        members,
        others,
        forgotten,
    })
}

fn share(values: &[f64], is: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|v| is(**v)).count() as f64 / values.len() as f64
}

proptest! {
    /// No threshold anywhere is better, and the score is the share below it.
    #[test]
    fn the_calibrated_threshold_is_the_best(seen in seen()) {
        let found = threshold_attack(&seen);
        let balanced = |t: f64| 0.5 * (share(&seen.members, |p| p >= t) + share(&seen.others, |p| p < t));
        let candidates: Vec<f64> = (-1..=19).map(|k| f64::from(k) / 16.0).collect();
        let best = candidates.iter().map(|t| balanced(*t)).fold(0.0, f64::max);
        prop_assert!((found.balanced_accuracy - best).abs() < 1e-12);
        let scores: Vec<f64> = candidates
            .iter()
            .filter(|t| (balanced(**t) - best).abs() < 1e-12)
            .map(|t| share(&seen.forgotten, |p| p < *t))
            .collect();
        prop_assert!(scores.contains(&found.score));
        prop_assert!(found.balanced_accuracy >= 0.5);
    }

    /// E10: the score of the published attack is TN/|F|, whatever else is forgotten beside.
    #[test]
    fn the_published_score_counts_rows_one_by_one(seen in seen()) {
        let Ok(whole) = svm_attack(&seen) else { return Err(TestCaseError::fail("no fit")) };
        let called = |p: f64| {
            let alone = Confidences { forgotten: vec![p], ..seen.clone() };
            svm_attack(&alone).unwrap().score
        };
        let sum: f64 = seen.forgotten.iter().map(|p| called(*p)).sum();
        prop_assert!((whole.score - sum / seen.forgotten.len() as f64).abs() < 1e-12);
    }
}

#[test]
fn what_cannot_be_attacked_is_refused() {
    for (members, others) in [(vec![], vec![0.5]), (vec![0.5], vec![]), (vec![f64::NAN], vec![0.5])] {
        assert!(Svm::fit(&members, &others, PUBLISHED).is_err());
    }
    assert!(Svm::fit(&[1.0], &[0.0], Parameters { c: 0.0, ..PUBLISHED }).is_err());
    // Rows that cannot be told apart are no reason to fail.
    let same = Svm::fit(&[0.5; 40], &[0.5; 40], PUBLISHED).unwrap();
    assert!(same.decision(0.5).is_finite());
}
