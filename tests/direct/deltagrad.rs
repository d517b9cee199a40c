//! DeltaGrad.

use super::{ANY, STILL, case, drawn, full, rows, shuffled};
use nalgebra::{DMatrix, DVector, dvector};
use proptest::prelude::*;
use unlearn::claim::Case;
use unlearn::data::{Dataset, Design};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::numeric::lbfgs::Lbfgs;
use unlearn::objective::Problem;
use unlearn::train::log::Storage;
use unlearn::unlearn::deltagrad::{Cache, DeltaGrad, Replay};
use unlearn::verify::strategy;

fn replay(case: &Case, method: DeltaGrad) -> Replay {
    let run = case.run().unwrap();
    let cache = Cache::new(&case.problem, &case.plan, run).unwrap();
    assert_eq!(cache.storage(), Storage::deltagrad(case.plan.len(), case.problem.active()));
    method.replay(&case.coupling().unwrap(), run, &cache).unwrap()
}

fn error(case: &Case, period: usize, burn_in: usize) -> f64 {
    let found = replay(case, DeltaGrad { period, burn_in, memory: 2 });
    (found.trajectory.last() - case.rerun().unwrap().last()).norm()
}

proptest! {
    /// D1. (With momentum the recorded gradients carry the velocity to the first forgotten row, to rounding only.)
    #[test]
    fn explicit_steps_are_retraining_bit_for_bit(case in strategy::cases(STILL), memory in 1..4usize) {
        let (Ok(run), Ok(rerun)) = (case.run(), case.rerun()) else { return Ok(()) };
        let found = replay(&case, DeltaGrad { period: 1, burn_in: 0, memory });
        prop_assert_eq!(&found.trajectory.points, &rerun.points);
        prop_assert_eq!(found.explicit, found.replayed);
        // A row that was left in is noticed.
        let met = case.meets_forget_set() && run.points != rerun.points;
        prop_assert!(!met || found.trajectory.points != run.points);
    }

    /// D2: with no removed row the guess is the recorded gradient, whatever the period.
    #[test]
    fn nothing_removed_is_the_original_path(case in strategy::cases(ANY), period in 1..7usize, burn_in in 0..4usize) {
        let Ok(run) = case.run() else { return Ok(()) };
        let mut plan = case.plan.clone();
        let kept = case.forget.complement();
        plan.steps.iter_mut().flat_map(|s| &mut s.rows).for_each(|i| *i = kept[*i % kept.len()]);
        let case = Case::new("D2", case.problem.clone(), case.forget.clone(), plan, run.start().clone(), case.normalisation);
        let Ok(run) = case.run() else { return Ok(()) };
        let found = replay(&case, DeltaGrad { period, burn_in, memory: 2 });
        prop_assert_eq!(&found.trajectory.points, &run.points);
        prop_assert_eq!((found.row_visits, found.explicit), (0, 0));
    }

    /// The recursion is the compact form `B = σI − [Y σS] M⁻¹ [Yᵀ; σSᵀ]`, `M = [[−D, Lᵀ], [L, σSᵀS]]`.
    #[test]
    fn the_product_is_that_of_the_compact_form(
        entries in proptest::collection::vec(-8..=8i32, 16),
        pairs in proptest::collection::vec(-8..=8i32, 12),
        v in proptest::collection::vec(-8..=8i32, 4),
    ) {
        let root = DMatrix::from_fn(4, 4, |r, c| f64::from(entries[4 * r + c]) / 8.0);
        let h = &root * root.transpose() + DMatrix::identity(4, 4);
        let s = DMatrix::from_fn(4, 3, |r, c| f64::from(pairs[3 * r + c]) / 8.0);
        prop_assume!((s.transpose() * &s).determinant() > 1e-3);
        let y = &h * &s;
        let mut bent = Lbfgs::new(3);
        for j in 0..3 {
            prop_assert!(bent.add(s.column(j).into_owned(), y.column(j).into_owned()));
        }
        let sy = s.transpose() * &y;
        let sigma = (sy[(2, 2)] / s.column(2).norm_squared()).max(1e-3);
        let ss = s.transpose() * &s;
        let m = DMatrix::from_fn(6, 6, |r, c| match (r < 3, c < 3) {
            (true, true) => if r == c { -sy[(r, r)] } else { 0.0 },
            (false, true) => if r - 3 > c { sy[(r - 3, c)] } else { 0.0 },
            (true, false) => if c - 3 > r { sy[(c - 3, r)] } else { 0.0 },
            (false, false) => sigma * ss[(r - 3, c - 3)],
        });
        let mut wide = DMatrix::zeros(4, 6);
        wide.columns_mut(0, 3).copy_from(&y);
        wide.columns_mut(3, 3).copy_from(&(&s * sigma));
        let v = DVector::from_iterator(4, v.into_iter().map(f64::from));
        let solved = m.lu().solve(&(wide.transpose() * &v)).expect("independent pairs");
        let expected = &v * sigma - wide * solved;
        // The condition of M: entries up to 16, a determinant of SᵀS of 10⁻³ at least.
        prop_assert!((bent.product(&v) - &expected).norm() <= 1e-9 * (1.0 + expected.norm()));
        prop_assert!((bent.product(&s.column(2).into_owned()) - y.column(2)).norm() <= 1e-9);
    }
}

/// One parameter: `B` is the curvature itself. Two: the newest pair does not know the other direction.
#[test]
fn one_parameter_is_exact_and_two_are_not() {
    let least_squares = |cols: usize, x: Vec<f64>| {
        let data = Dataset::new("rows", Design::dense(3, cols, x).unwrap(), vec![1.0; 3]).unwrap();
        let problem =
            Problem::new(data.into(), Model::linear(cols, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
        let plan = full(&problem, 4, 0.25);
        case(problem, plan, rows(3, [2]))
    };
    let one = least_squares(1, vec![1.0, 2.0, 0.5]);
    let two = least_squares(2, vec![1.0, 0.0, 0.0, 2.0, 1.0, 1.0]);
    assert!(error(&one, 3, 0) <= 1e-15);
    assert!(error(&two, 3, 0) > 1e-3);
    assert!(error(&two, 1, 0) == 0.0);
}

fn apart(case: &Case) -> f64 {
    (case.run().unwrap().last() - case.rerun().unwrap().last()).norm()
}

/// Gradient descent on a drawn problem of 300 rows, of which `count` are forgotten.
fn descent(loss: Loss, d: usize, ridge: f64, seed: u64, steps: usize, count: usize) -> Case {
    let problem = drawn(loss, 300, d, ridge, seed);
    let plan = full(&problem, steps, 0.3);
    case(problem, plan, rows(300, (0..count).map(|i| 7 * i)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// D3, and why: not because the guess is exact for quadratics, but because both runs have converged.
    #[test]
    fn quadratics_agree_once_converged_and_not_before(
        seed in any::<u64>(), d in 4..=10usize, ridge in 0.02..0.2f64, period in 3..=5usize, count in 1..=3usize,
    ) {
        let long = descent(Loss::Squared, d, ridge, seed, 200, count);
        for period in [1, 2, period] {
            let off = error(&long, period, 10);
            prop_assert!(off <= 1e-10, "period {}: {:e}", period, off);
        }
        let short = descent(Loss::Squared, d, ridge, seed, 12, count);
        let early = error(&short, period, 2);
        prop_assert!(early > 1e-9 * apart(&short), "{:e} of {:e}", early, apart(&short));
    }

    /// D4: for r/n of one percent at most, below a hundredth of what separates the runs.
    #[test]
    fn logistic_errors_are_of_smaller_order(
        seed in any::<u64>(), d in 2..=10usize, ridge in 0.02..0.2f64, period in 2..=10usize, count in 1..=3usize,
    ) {
        let case = descent(Loss::Logistic, d, ridge, seed, 200, count);
        let off = error(&case, period, 10);
        prop_assert!(off <= 1e-2 * apart(&case), "{:e} of {:e}", off, apart(&case));
    }
}

/// The table of the reference, qualitatively: errors far below what separates the runs, growing with the period.
#[test]
fn errors_grow_with_the_period() {
    for (loss, counts) in [(Loss::Squared, &[3][..]), (Loss::Logistic, &[1, 3, 10, 30])] {
        for &count in counts {
            let case = descent(loss, 10, 0.05, 6, 200, count);
            let errors = [1, 2, 5, 10].map(|period| error(&case, period, 10));
            println!("{loss:?}, r = {count}: apart {:.1e}, T0 = 1, 2, 5, 10: {errors:?}", apart(&case));
            assert!(errors[0] == 0.0 && errors[1] <= errors[3] && errors[3] < 0.05 * apart(&case));
        }
    }
}

/// The share of explicit steps is the formula's, and row visits follow from it.
#[test]
fn explicit_steps_and_visits_are_counted() {
    let problem = drawn(Loss::Squared, 40, 3, 0.05, 7);
    let case = case(problem.clone(), full(&problem, 200, 0.1), rows(40, [1, 2]));
    for (period, share) in [(1, 1.0), (2, 0.525), (5, 0.24), (10, 0.145)] {
        let method = DeltaGrad { period, burn_in: 10, memory: 2 };
        let found = replay(&case, method);
        assert_eq!((found.explicit, found.replayed), (method.explicit_steps(200), 200));
        assert_eq!(found.explicit as f64 / 200.0, share);
        assert_eq!(found.row_visits, found.explicit * 40 + (200 - found.explicit) * 2);
    }
    // Without any pair a step that cannot be guessed is explicit.
    let forced = replay(&case, DeltaGrad { period: 1000, burn_in: 0, memory: 2 });
    assert_eq!(forced.explicit, 2);
    let mini = super::case(problem.clone(), shuffled(&problem, 8, 5, 0.1, 3), rows(40, [1, 2]));
    let apart = (mini.run().unwrap().last() - mini.rerun().unwrap().last()).norm();
    let off = error(&mini, 3, 5);
    println!("mini-batches: apart {apart:.2e}, error {off:.2e}");
    assert!(off < apart);
}

#[test]
fn pairs_without_curvature_are_left_out() {
    let mut bent = Lbfgs::new(2);
    assert!(!bent.add(dvector![0.0, 0.0], dvector![1.0, 0.0]) && bent.is_empty());
    assert!(!bent.add(dvector![1.0, 0.0], dvector![0.0, 1.0]) && bent.is_empty());
    assert!(!bent.add(dvector![1.0, 0.0], dvector![f64::NAN, 1.0]) && bent.is_empty());
    // Twice the same direction: both secant equations agree, nothing is divided by 0.
    assert!(bent.add(dvector![1.0, 0.0], dvector![2.0, 0.0]));
    assert!(bent.add(dvector![1.0, 0.0], dvector![2.0, 0.0]));
    assert_eq!(bent.product(&dvector![1.0, 0.0]), dvector![2.0, 0.0]);
}
