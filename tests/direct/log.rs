//! Logs of updates.

use super::{ANY, QUADRATIC, case, drawn, rows, shuffled, size};
use nalgebra::DVector;
use proptest::prelude::*;
use unlearn::bound::ledger::Reference;
use unlearn::loss::Loss;
use unlearn::train::coupling::Normalisation;
use unlearn::train::log::{Storage, UnitLog, UpdateLog};
use unlearn::train::units::Units;
use unlearn::unlearn::addback::addback;
use unlearn::verify::strategy;

proptest! {
    /// A1: 8·T·u·max‖θ‖, since each of T sums and differences rounds once.
    #[test]
    fn updates_add_up_and_a_suffix_is_taken_back(case in strategy::cases(ANY)) {
        let Ok(run) = case.run() else { return Ok(()) };
        let t = case.plan.len();
        let largest = run.points.iter().map(|p| p.norm()).fold(0.0, f64::max);
        let allowed = 8.0 * t as f64 * f64::EPSILON * largest;
        let log = UpdateLog::new(&case.plan, run).unwrap();
        prop_assert!((log.replay().unwrap() - run.last()).norm() <= allowed);
        for m in 0..=t {
            let off = (log.before(m).unwrap() - &run.points[t - m]).norm();
            prop_assert!(off <= allowed, "{m} of {t}: {off:e} > {allowed:e}");
        }
        prop_assert!(log.before(t + 1).is_err());
        // Taking back one update too few is noticed, unless nothing moved.
        let moved = (&run.points[t] - &run.points[t - 1]).norm();
        prop_assert!(moved <= 2.0 * allowed || (log.before(0).unwrap() - &run.points[t - 1]).norm() > allowed);
    }

    /// Per-unit sums of samples are what add-back adds, whatever the units.
    #[test]
    fn sums_of_samples_are_add_back(case in strategy::cases(QUADRATIC), coarse in any::<bool>()) {
        prop_assume!(case.normalisation == Normalisation::Fixed);
        let run = case.run().unwrap();
        let n = case.problem.rows();
        let units = if coarse {
            let kept = case.forget.complement();
            Units::new(n, vec![case.forget.rows().to_vec(), kept]).unwrap()
        } else {
            Units::rows(n)
        };
        let log = UnitLog::of_samples(&case.problem, &case.plan, run, &units).unwrap();
        let expected = addback(&case.coupling().unwrap(), run, Reference::Recorded);
        let off = (log.without(&case.forget).unwrap() - expected).norm();
        // Rounding of at most 60 sums on numbers of this size.
        prop_assert!(off <= 1e-12 * size(&case), "{off:e}");
        prop_assert_eq!(log.storage().coordinates, ((units.len() + 1) * case.problem.active()) as u128);
    }
}

#[test]
fn storage_is_counted() {
    let problem = drawn(Loss::Squared, 24, 5, 0.1, 1);
    let plan = shuffled(&problem, 4, 3, 0.05, 2);
    let forget = rows(24, [3, 7]);
    let case = case(problem, plan, forget);
    let run = case.run().unwrap();
    let log = UpdateLog::new(&case.plan, run).unwrap();
    // 18 updates of 5 numbers, the start and the end; 18 step numbers and 72 row numbers.
    assert_eq!(log.storage(), Storage { coordinates: 20 * 5, indices: 18 + 72 });
    assert_eq!(log.storage().bytes(), 8 * 190);
    assert_eq!(Storage::updates(18, 5).coordinates, 90);
    assert_eq!(Storage::checkpoints(4, 3, 5).coordinates, 60);
    let sensitive = UpdateLog::of_sensitive(&case.plan, run, &case.forget).unwrap();
    let touched = log.touched(&case.forget);
    assert_eq!(sensitive.updates().len(), touched.len());
    assert_eq!(sensitive.without(&sensitive.touched(&case.forget)), log.without(&touched));
    assert!(sensitive.replay().unwrap_err().to_string().contains("log all of them"));
}

#[test]
fn batches_that_are_the_same_in_every_epoch_make_units() {
    let problem = drawn(Loss::Logistic, 12, 3, 0.1, 3);
    let one = shuffled(&problem, 4, 1, 0.05, 2);
    let mut plan = one.clone();
    (0..4).for_each(|_| plan.steps.extend(one.steps.clone()));
    let units = Units::new(12, one.steps.iter().map(|s| s.rows.clone()).collect()).unwrap();
    let forget = rows(12, one.steps[1].rows.clone());
    let case = case(problem, plan, forget);
    let run = case.run().unwrap();
    let log = UnitLog::of_batches(&case.plan, run, &units).unwrap();
    assert_eq!(log.storage().coordinates, 4 * 3); // ⌈N/B⌉ sums and the end
    let by_batch = UpdateLog::new(&case.plan, run).unwrap();
    let expected = by_batch.without(&by_batch.touched(&case.forget));
    assert!((log.without(&case.forget).unwrap() - &expected).norm() <= 1e-14 * expected.norm());
    // Everything subtracted is the start.
    let all: DVector<f64> = log.sums().iter().sum();
    assert!((run.last() - all - run.start()).norm() <= 1e-14 * run.last().norm());
    let straddling = Units::new(12, vec![(0..6).collect(), (6..12).collect()]).unwrap();
    let e = UnitLog::of_batches(&case.plan, run, &straddling).unwrap_err().to_string();
    assert!(e.contains("several units"), "{e}");
}
