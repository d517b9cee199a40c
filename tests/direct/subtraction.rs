//! Plain subtraction, and fine-tuning after it.

use super::{LINEAR, QUADRATIC, size};
use proptest::prelude::*;
use unlearn::bound::ledger::Reference;
use unlearn::claim::Domain;
use unlearn::constants::{Constants, LocalConstants, Region};
use unlearn::objective::Reduction;
use unlearn::train::log::UpdateLog;
use unlearn::train::sgd;
use unlearn::unlearn::addback::addback;
use unlearn::unlearn::direct_fine_tune::{DirectFineTune, Scope, Subtract, converge, enough_iterations};
use unlearn::unlearn::recollection::recollect;
use unlearn::unlearn::subtraction::{missed_by_batches, missed_by_rows, skipping};
use unlearn::unlearn::{Request, Trained, Unlearner};
use unlearn::verify::strategy;

const PLAIN: Domain = Domain { momentum: false, ..QUADRATIC };

proptest! {
    /// H5 and the first half of H6, with any momentum and either divisor.
    #[test]
    fn what_rows_miss_is_the_formula_and_propagation_misses_nothing(case in strategy::cases(QUADRATIC)) {
        let (coupling, run, rerun) = (case.coupling().unwrap(), case.run().unwrap(), case.rerun().unwrap());
        let subtracted = addback(&coupling, run, Reference::Recorded);
        let carried = recollect(&coupling, run);
        let largest = carried.iter().map(|v| v.norm()).fold(size(&case), f64::max);
        let missed = missed_by_rows(&coupling, run);
        let off = (&subtracted - rerun.last() - &missed).norm();
        prop_assert!(off <= 1e-12 * largest, "{off:e}");
        let off = (run.last() + &carried[carried.len() - 1] - rerun.last()).norm();
        prop_assert!(off <= 1e-12 * largest, "propagated: {off:e}");
        // Planted: half of what is missed is not it.
        let half = (&subtracted - rerun.last() - &missed * 0.5).norm();
        prop_assert!(missed.norm() <= 1e-11 * largest || half > 1e-12 * largest);
    }

    /// Batches: the identity, and A2 with constant `ηL ≤ 1`.
    #[test]
    fn what_batches_miss_is_the_formula_and_within_its_bound(case in strategy::cases(PLAIN)) {
        let run = case.run().unwrap();
        let missed = missed_by_batches(&case.problem, &case.plan, run, &case.forget).unwrap();
        let skipped = sgd::train(&case.problem, &skipping(&case.plan, &case.forget).unwrap(), case.start.clone()).unwrap();
        let log = UpdateLog::new(&case.plan, run).unwrap();
        let touched = log.touched(&case.forget);
        let error = skipped.last() - log.without(&touched);
        let moved: f64 = log.updates().iter().map(|u| u.change.norm()).sum();
        let scale = size(&case) + moved;
        prop_assert!((&error - &missed).norm() <= 1e-12 * scale, "{:e}", (&error - &missed).norm());
        let local = LocalConstants::new(&case.problem, Region::Everywhere);
        let smoothness = |rows: &[usize]| {
            rows.iter().map(|&i| local.row(i).smoothness).sum::<f64>() / rows.len() as f64 + case.plan.weight_decay
        };
        let l = case.plan.steps.iter().map(|s| smoothness(&s.rows)).fold(0.0, f64::max);
        let eta = case.plan.steps.iter().map(|s| s.eta).fold(0.0, f64::max);
        prop_assume!(eta * l <= 1.0);
        let bound: f64 = touched
            .iter()
            .map(|&t| {
                let later = (t + 1..case.plan.len()).filter(|s| !touched.contains(s)).count();
                eta * l * later as f64 * log.updates()[t].change.norm()
            })
            .sum();
        prop_assert!(error.norm() <= bound + 1e-12 * scale, "{:e} > {bound:e}", error.norm());
    }

    /// H4: within ε/μ of the minimiser, from wherever it began.
    #[test]
    fn fine_tuning_ends_within_its_tolerance_whatever_was_subtracted(
        case in strategy::cases(LINEAR),
        exponent in -8..-1i32,
    ) {
        prop_assume!(case.problem.ridge() > 0.0);
        let (coupling, run) = (case.coupling().unwrap(), case.run().unwrap());
        let tolerance = 10f64.powi(exponent);
        let objective = case.problem.retained(&case.forget).unwrap();
        let constants = Constants::of(&objective, Region::Everywhere);
        let mu = constants.strong_convexity;
        let mut ends = Vec::new();
        for start in [addback(&coupling, run, Reference::Recorded), run.last().clone(), case.start.clone()] {
            let first = objective.gradient(&start).norm();
            let Ok(done) = converge(&case.problem, &case.forget, start, tolerance, 2000) else { continue };
            let bound = done.to_minimiser.value.hi();
            prop_assert!(bound <= tolerance / mu * (1.0 + 1e-9) + 1e-12, "{bound:e} at {tolerance:e}");
            prop_assert!(case.distance_to_refit(&done.theta).unwrap().lo() <= bound);
            let enough = enough_iterations(mu, constants.smoothness, first, tolerance);
            // Rounding may cost an iteration.
            prop_assert!(done.iterations as f64 <= enough + 1.0, "{} > {enough}", done.iterations);
            ends.push(done.theta);
        }
        for pair in ends.windows(2) {
            prop_assert!((&pair[0] - &pair[1]).norm() <= 2.0 * tolerance / mu * (1.0 + 1e-9) + 1e-12);
        }
    }

    /// The affected rows are those that stood in a batch with a forgotten one, and fine-tuning ends at their mean's minimiser.
    #[test]
    fn fine_tuning_on_affected_rows_is_about_them(case in strategy::cases(LINEAR), exponent in -6..-1i32) {
        prop_assume!(case.problem.ridge() > 0.0);
        let mut hit = vec![false; case.problem.rows()];
        for step in &case.plan.steps {
            let touched = step.rows.iter().any(|i| case.forget.contains(*i));
            step.rows.iter().for_each(|&i| hit[i] |= touched);
        }
        let affected: Vec<usize> =
            (0..hit.len()).filter(|&i| hit[i] && !case.forget.contains(i)).collect();
        let tolerance = 10f64.powi(exponent);
        let method = DirectFineTune {
            scope: Scope::Affected,
            subtract: Subtract::Nothing,
            tolerance,
            iterations: 2000,
        };
        let (plan, trajectory) = (&case.plan, case.run().unwrap());
        let trained = Trained::Run { plan, trajectory, normalisation: case.normalisation };
        let request = Request { problem: &case.problem, forget: &case.forget, trained };
        let Ok(out) = method.converge(&request) else {
            let kept = affected.len();
            prop_assert!(kept > 0 || method.remove(&request).is_err());
            return Ok(());
        };
        let weight = match case.problem.reduction() {
            Reduction::Mean => 1.0 / affected.len() as f64,
            Reduction::Sum => 1.0,
        };
        let weights = (0..hit.len()).map(|i| if affected.contains(&i) { weight } else { 0.0 }).collect();
        let gradient = case.problem.weighted(weights).unwrap().gradient(&out.theta).norm();
        prop_assert!(gradient <= tolerance * (1.0 + 1e-9), "{gradient:e}");
        let cost = method.remove(&request).unwrap().cost.row_visits;
        prop_assert_eq!(cost, ((out.iterations + 1) * affected.len()) as f64);
    }
}
