//! The checkers of the claims are handed something wrong and must refute it.

use super::weakening::verdict;
use unlearn::claim::Verdict;
use unlearn::claim::sisa::cost::{combined, configurations, one_by_one, slices, together};
use unlearn::claim::sisa::retraining::{Order, forgotten, healed, resumed, stateless, visited};
use unlearn::numeric::interval::Interval;
use unlearn::sisa::cost::{sharding, slicing};

/// One bit of one parameter, the starts instead of the ends, an update left as it is.
#[test]
fn models_of_other_trainings() {
    refuted!("sisa-resume":
        |c| forgotten(c, Order::AtOnce, |e| {
            let mut models = e.models().to_vec();
            models[0][0] = models[0][0].next_up();
            models
        }),
        |c| forgotten(c, Order::AtOnce, |e| {
            (0..e.models().len()).map(|k| e.blueprint().start(k).theta.clone()).collect()
        }),
        |c| resumed(c, 1),
    );
    refuted!("sisa-order": |c| forgotten(c, Order::Backwards, |e| {
        let mut models = e.models().to_vec();
        models.iter_mut().for_each(|m| *m *= 1.0 + 2.0 * f64::EPSILON);
        models
    }));
    refuted!("sisa-healing": |c| healed(c, false));
}

/// With the fault taken out the claims that are false hold: it is the fault that refutes them.
#[test]
fn without_the_fault_the_false_claims_hold() {
    assert_eq!(verdict("sisa-late", |c| resumed(c, 0)), Verdict::Holds);
    assert_eq!(verdict("sisa-adam-stateless", |c| stateless(c, false)), Verdict::Holds);
    assert_eq!(verdict("sisa-cost-sign", |c| together(c, sharding::batch_exponential)), Verdict::Holds);
    assert_eq!(verdict("sisa-cost-continuous", |c| slices(c, None, slicing::batch)), Verdict::Holds);
    assert_eq!(
        verdict("sisa-cost-configuration", |c| {
            configurations(c, |s| Interval::ONE - Interval::ONE / Interval::point(s))
        }),
        Verdict::Holds
    );
}

#[test]
fn a_visit_more() {
    refuted!("sisa-workload": |c| visited(c, |w| w + 1), |c| visited(c, |w| w / 2));
}

#[test]
fn wrong_costs() {
    refuted!("sisa-cost-sequential":
        // The upper bound; deletions not subtracted.
        |c| one_by_one(c, |n, s, k| Ok((n * k) as f64 / s as f64)),
        |c| one_by_one(c, |n, s, k| Ok(sharding::sequential(n, s, k)? + 1e-6)),
    );
    refuted!("sisa-cost-batch":
        |c| together(c, |n, s, k| Ok(n as f64 * sharding::hit_fraction(s, k)?)),
        |c| together(c, |n, s, k| sharding::batch(n, s + 1, k)),
    );
    refuted!("sisa-cost-slice": |c| slices(c, Some(1), |work, r, _| Ok(work * (2.0 / 3.0 + 1.0 / (2.0 * r as f64)))));
    refuted!("sisa-cost-slices": |c| slices(c, None, slicing::batch_printed));
    refuted!("sisa-cost-combined":
        // Requests per shard taken for requests, shards for slices.
        |c| combined(c, |work, _, r, k| slicing::batch(work, r, k)),
        |c| combined(c, |work, s, r, k| slicing::combined(work, r, s, k)),
    );
}
