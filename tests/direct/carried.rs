//! Vectors carried per unit.

use super::{ANY, LINEAR, size};
use nalgebra::DVector;
use proptest::prelude::*;
use unlearn::claim::Case;
use unlearn::data::{RowSet, Standardizer, builtin};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::objective::Problem;
use unlearn::train::coupling::{Coupling, Normalisation};
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::units::Units;
use unlearn::unlearn::precomputed::Precomputed;
use unlearn::unlearn::{Guarantee, Request, Trained, method};
use unlearn::verify::strategy;

/// One unit carried by Hessian–vector products: the whole batch is what `F` keeps and what its complement keeps.
fn slowly(case: &Case, unit: &RowSet) -> DVector<f64> {
    let n = case.problem.rows();
    let rest = RowSet::new(n, unit.complement()).unwrap();
    let couple = |forget| Coupling::new(&case.problem, &case.plan, forget, Normalisation::Fixed).unwrap();
    let (own, other) = (couple(unit), couple(&rest));
    let run = case.run().unwrap();
    let mut v: DVector<f64> = DVector::zeros(case.problem.active());
    let mut p = v.clone();
    for (t, step) in case.plan.steps.iter().enumerate() {
        let theta = &run.points[t];
        let twice = &v * case.plan.weight_decay;
        let whole = own.keep_hvp(t, theta, &v) + other.keep_hvp(t, theta, &v) - twice;
        p = p * case.plan.momentum + whole - own.drop(t, theta);
        v.axpy(-step.eta, &p, 1.0);
    }
    v
}

proptest! {
    #[test]
    fn all_units_at_once_are_what_each_is_alone(case in strategy::cases(ANY)) {
        let Ok(run) = case.run() else { return Ok(()) };
        let n = case.problem.rows();
        let units = Units::rows(n);
        let Ok(stored) = Precomputed::new(&case.problem, &case.plan, run, &units) else { return Ok(()) };
        let Ok(all) = case.rerun().map(|_| size(&case)) else { return Ok(()) };
        for i in 0..n {
            let one = slowly(&case, &RowSet::new(n, vec![i]).unwrap());
            let largest = stored.norms(i).into_iter().fold(all + one.norm(), f64::max);
            let off = (stored.vector(i) - &one).norm();
            // Two orders of summation of at most 60 terms in 12 steps.
            prop_assert!(off <= 1e-12 * largest, "row {i}: {off:e} of {largest:e}");
            prop_assert!(stored.norms(i)[case.plan.len()] >= stored.vector(i).norm());
        }
        // Additive, and the same in any unit.
        let together = Units::new(n, vec![case.forget.rows().to_vec()]).unwrap();
        let summed: DVector<f64> = case.forget.rows().iter().map(|&i| stored.vector(i)).sum();
        let one = Precomputed::new(&case.problem, &case.plan, run, &together).unwrap();
        let largest: f64 = case.forget.rows().iter().flat_map(|&i| stored.norms(i)).fold(all, |a, b| a + b);
        prop_assert!((one.vector(0) - summed).norm() <= 1e-12 * largest);
    }

    /// Carried for some units first and for others later: what carrying all at once gives, and at the same cost.
    #[test]
    fn units_can_come_later(case in strategy::cases(ANY), first in 1..4usize) {
        let Ok(run) = case.run() else { return Ok(()) };
        let n = case.problem.rows();
        let first = first.min(n - 1);
        let part = |rows: std::ops::Range<usize>| Units::new(n, rows.map(|i| vec![i]).collect()).unwrap();
        let (plan, problem) = (&case.plan, &case.problem);
        let Ok(all) = Precomputed::new(problem, plan, run, &part(0..n)) else { return Ok(()) };
        let mut some = Precomputed::new(problem, plan, run, &part(0..first)).unwrap();
        some.extend(problem, plan, None, run, &part(first..n)).unwrap();
        prop_assert_eq!(some.units(), all.units());
        prop_assert_eq!(some.preparation().row_visits, all.preparation().row_visits);
        for i in 0..n {
            let largest = all.norms(i).into_iter().fold(f64::MIN_POSITIVE, f64::max);
            prop_assert!((some.vector(i) - all.vector(i)).norm() <= 1e-11 * largest);
        }
        if let (Ok(a), Ok(b)) = (some.bound(&case.forget), all.bound(&case.forget)) {
            let (a, b) = (a.value.hi(), b.value.hi());
            prop_assert!(a == b || (a - b).abs() <= 1e-9 * b, "{a:e} {b:e}");
        }
        // A row twice, and another run.
        prop_assert!(some.extend(problem, plan, None, run, &part(0..1)).is_err());
        let mut other = run.clone();
        other.points.iter_mut().for_each(|p| p.add_scalar_mut(1.0));
        let mut alone = Precomputed::new(problem, plan, run, &part(0..1)).unwrap();
        prop_assert!(alone.extend(problem, plan, None, &other, &part(1..n)).is_err());
    }

    /// The bound holds for the floats that are returned, grows with coarser norms, and belongs to the store as to the
    /// method.
    #[test]
    fn the_bound_holds_and_blocks_only_enlarge_it(case in strategy::cases(LINEAR), block in 1..8usize) {
        prop_assume!(case.normalisation == Normalisation::Fixed);
        let run = case.run().unwrap();
        let units = Units::rows(case.problem.rows());
        let fine = Precomputed::new(&case.problem, &case.plan, run, &units).unwrap();
        let coarse = Precomputed::with_blocks(&case.problem, &case.plan, run, &units, block).unwrap();
        let out = fine.remove(&case.forget).unwrap();
        prop_assert_eq!(&out.theta, &coarse.remove(&case.forget).unwrap().theta);
        let (near, far) = (fine.bound(&case.forget).unwrap(), coarse.bound(&case.forget).unwrap());
        prop_assert!(near.value.hi() <= far.value.hi() * (1.0 + 1e-12), "{near:?}, {far:?}");
        let measured = case.distance_to_rerun(&out.theta).unwrap();
        prop_assert!(measured.lo() <= near.value.hi(), "{measured:?} > {near:?}");
        let trained = Trained::Run { plan: &case.plan, trajectory: run, normalisation: Normalisation::Fixed };
        let request = Request { problem: &case.problem, forget: &case.forget, trained };
        let method = method("precomputed", 0).unwrap().remove(&request).unwrap();
        prop_assert!((method.theta - &out.theta).norm() <= 1e-12 * size(&case));
        prop_assert!(coarse.storage().coordinates <= fine.storage().coordinates);
        match out.guarantee {
            // Handing an interval on rounds it outwards once more.
            Guarantee::Within { distance, .. } => {
                prop_assert!(distance <= near.value.hi() * (1.0 + 1e-12) + 1e-300);
            }
            Guarantee::Exact { .. } => prop_assert!(!case.meets_forget_set()),
            Guarantee::None { why } => prop_assert!(near.value.hi() == f64::INFINITY, "{}", why),
        }
    }
}

/// On real data the bound is worth something: smaller than what is known of the untouched model, and above the error.
#[test]
fn the_bound_is_useful_on_wdbc() {
    let data = builtin::load("wdbc").unwrap();
    let all: Vec<usize> = (0..data.rows()).collect();
    let data = Standardizer::fit(&data, &all).unwrap().apply(&data).unwrap();
    let model = Model::linear(data.cols(), 1, Loss::Logistic, true).unwrap();
    let problem = Problem::new(data.into(), model, 0.05).unwrap();
    let batches = Batches { rows: problem.rows(), size: 32, epochs: 3, seed: 1 };
    let plan = Plan::shuffled(batches, Schedule::Constant { rate: 0.05 }, 0.0, 0.05).unwrap();
    let start = DVector::zeros(problem.active());
    let forget = |count: usize| RowSet::new(problem.rows(), (0..count).map(|i| 17 * i).collect()).unwrap();
    let case = |count| {
        Case::new("wdbc", problem.clone(), forget(count), plan.clone(), start.clone(), Normalisation::Fixed)
    };
    let first = case(1);
    let stored =
        Precomputed::new(&problem, &plan, first.run().unwrap(), &Units::rows(problem.rows())).unwrap();
    for count in [1, 4, 16] {
        let case = case(count);
        let out = stored.remove(&case.forget).unwrap();
        let error = case.distance_to_rerun(&out.theta).unwrap().hi();
        let bound = stored.bound(&case.forget).unwrap().value.hi();
        let untouched = case.distance_to_rerun(case.run().unwrap().last()).unwrap().lo();
        println!("wdbc, {count} rows: error {error:.2e}, bound {bound:.2e}, untouched {untouched:.2e}");
        assert!(error <= bound && error < 0.2 * untouched, "{error:e} {bound:e} {untouched:e}");
        assert!(bound < untouched || count > 1, "{bound:e} against {untouched:e}");
    }
}

#[test]
fn requests_that_cannot_be_served_are_errors() {
    let problem = super::drawn(Loss::Squared, 12, 3, 0.1, 1);
    let plan = super::shuffled(&problem, 4, 2, 0.05, 1);
    let case = super::case(problem, plan, super::rows(12, [0]));
    let run = case.run().unwrap();
    let units = Units::new(12, vec![vec![0, 1], vec![2]]).unwrap();
    let stored = Precomputed::new(&case.problem, &case.plan, run, &units).unwrap();
    let refused = |rows: &[usize]| stored.remove(&super::rows(12, rows.to_vec())).unwrap_err().to_string();
    assert!(refused(&[0]).contains("in part"));
    assert!(refused(&[5]).contains("retrain"));
    assert!(stored.remove(&super::rows(13, [2])).is_err());
    assert!(Precomputed::with_blocks(&case.problem, &case.plan, run, &units, 0).is_err());
    assert!(Units::new(3, vec![vec![0], vec![0]]).is_err() && Units::new(3, vec![vec![3]]).is_err());
    assert!(Units::new(3, vec![vec![]]).is_err());
    let trained =
        Trained::Run { plan: &case.plan, trajectory: run, normalisation: Normalisation::Renormalised };
    let request = Request { problem: &case.problem, forget: &case.forget, trained };
    assert!(
        method("precomputed", 0)
            .unwrap()
            .remove(&request)
            .unwrap_err()
            .to_string()
            .contains("fixed divisors")
    );
}
