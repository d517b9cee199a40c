//! What is exact: rows without effect, replays, closed forms, and Newton's steps towards the minimiser.

use super::*;

#[test]
fn a_row_without_gradient_leaves_the_model_as_it_is() {
    let problem = ridge_problem(Reduction::Sum, 0.5);
    let fit = fit(&problem);
    let zero_row = rows(6, &[5]);
    for name in ["noop", "influence", "influence-boolean", "ridge-deletion"] {
        let out = remove(&problem, &zero_row, Trained::Minimiser(&fit), name).unwrap();
        assert_eq!(bits(&out.theta), bits(&fit.theta), "{name}");
    }
    for name in ["newton", "retrain", "retrain-uncoupled"] {
        let out = remove(&problem, &zero_row, Trained::Minimiser(&fit), name).unwrap();
        assert_close(&out.theta, &fit.theta, 6, 20.0);
    }
}

#[test]
fn a_row_the_run_never_used_is_forgotten_bitwise() {
    let plan = run_without(4);
    for (reduction, normalisation) in REDUCTIONS.into_iter().zip(NORMALISATIONS) {
        let problem = ridge_problem(reduction, 0.25);
        let run = sgd::train(&problem, &plan, dvector![0.5, -0.25]).unwrap();
        let unused = rows(6, &[4, 5]);
        let trained = Trained::Run { plan: &plan, trajectory: &run, normalisation };
        for name in ["noop", "retrain", "addback-start", "addback-end", "addback-recorded", "recollection"] {
            let out = remove(&problem, &unused, trained, name).unwrap();
            assert_eq!(bits(&out.theta), bits(run.last()), "{name}");
            assert!(matches!(out.guarantee, Guarantee::Exact { .. }), "{name}: {:?}", out.guarantee);
        }
    }
}

#[test]
fn a_run_replays_bit_for_bit() {
    let problem = ridge_problem(Reduction::Mean, 0.25);
    let plan = run_without(6);
    let again = run_without(6);
    let first = sgd::train(&problem, &plan, dvector![0.5, -0.25]).unwrap();
    let second = sgd::train(&problem, &again, dvector![0.5, -0.25]).unwrap();
    assert_eq!(first, second);
    let other = Batches { rows: 6, size: 2, epochs: 2, seed: 4 };
    let other = Plan::shuffled(other, Schedule::Constant { rate: 0.125 }, 0.5, 0.25).unwrap();
    assert_ne!(first, sgd::train(&problem, &other, dvector![0.5, -0.25]).unwrap());
}

#[test]
fn coupled_retraining_without_a_forgotten_row_in_a_batch_is_the_run_itself() {
    let problem = ridge_problem(Reduction::Mean, 0.25);
    let plan = run_without(4);
    let run = sgd::train(&problem, &plan, dvector![0.5, -0.25]).unwrap();
    for normalisation in NORMALISATIONS {
        let again = sgd::retrain(&problem, &plan, dvector![0.5, -0.25], &rows(6, &[4, 5]), normalisation);
        assert_eq!(again.unwrap().points, run.points);
        let touched = sgd::retrain(&problem, &plan, dvector![0.5, -0.25], &rows(6, &[1]), normalisation);
        assert_ne!(touched.unwrap().points, run.points);
    }
}

#[test]
fn ridge_deletion_does_not_depend_on_the_order_of_removals() {
    let problem = ridge_problem(Reduction::Sum, 0.5);
    let model = || Model::linear(2, 1, Loss::Squared, false).unwrap();
    let start = fit(&problem);
    let at_once =
        remove(&problem, &rows(6, &[1, 3]), Trained::Minimiser(&start), "ridge-deletion").unwrap().theta;
    for (first, second_row, second) in [(1, 3, 2), (3, 1, 1)] {
        // After the first removal the rows behind it move up by one.
        let one = remove(&problem, &rows(6, &[first]), Trained::Minimiser(&start), "ridge-deletion").unwrap();
        let left: Vec<usize> = (0..6).filter(|&i| i != first).collect();
        assert_eq!(left[second], second_row);
        let data = six_rows().select(&left).unwrap();
        let smaller = Problem::new(data.into(), model(), 0.5).unwrap().with_reduction(Reduction::Sum);
        let between = Fit { theta: one.theta, ..start.clone() };
        let two =
            remove(&smaller, &rows(5, &[second]), Trained::Minimiser(&between), "ridge-deletion").unwrap();
        assert_close(&two.theta, &at_once, 6, 40.0);
    }
}

#[test]
fn closed_forms_equal_retraining_for_squared_loss() {
    for reduction in REDUCTIONS {
        let problem = ridge_problem(reduction, 0.5);
        let (fit, forget) = (fit(&problem), rows(6, &[0, 3]));
        let exact = remove(&problem, &forget, Trained::Minimiser(&fit), "retrain").unwrap().theta;
        let newton = remove(&problem, &forget, Trained::Minimiser(&fit), "newton").unwrap();
        assert_close(&newton.theta, &exact, 6, 40.0);
        assert!(matches!(newton.guarantee, Guarantee::Exact { .. }));
        let closed = remove(&problem, &forget, Trained::Minimiser(&fit), "ridge-deletion");
        match reduction {
            Reduction::Sum => assert_close(&closed.unwrap().theta, &exact, 6, 40.0),
            Reduction::Mean => assert!(closed.unwrap_err().to_string().contains("sum reduction")),
        }
        let influence = remove(&problem, &forget, Trained::Minimiser(&fit), "influence").unwrap();
        assert!((influence.theta - &exact).norm() > 1e-3 * exact.norm(), "influence is not exact");
    }
    // Without a ridge the mean differs from the sum by a factor only.
    let problem = ridge_problem(Reduction::Mean, 0.0);
    let (fit, forget) = (fit(&problem), rows(6, &[0, 3]));
    let exact = remove(&problem, &forget, Trained::Minimiser(&fit), "retrain").unwrap().theta;
    let closed = remove(&problem, &forget, Trained::Minimiser(&fit), "ridge-deletion").unwrap().theta;
    assert_close(&closed, &exact, 6, 40.0);
}

#[test]
fn more_newton_steps_come_closer_and_none_is_refused() {
    let x = vec![1.0, 0.5, -0.5, 2.0, 0.25, -1.0, 1.5, 1.0, -2.0, 0.75, 0.0, 1.0];
    let data = Dataset::new("labels", Design::dense(6, 2, x).unwrap(), vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    let model = Model::linear(2, 1, Loss::Logistic, true).unwrap();
    let problem = Problem::new(data.unwrap().into(), model, 0.125).unwrap();
    let (fit, forget) = (fit(&problem), rows(6, &[0, 3]));
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    let refit = minimise(&problem.retained(&forget).unwrap(), fit.theta.clone()).unwrap();
    let mut last = f64::INFINITY;
    for steps in 1..=3 {
        let out = Newton { steps }.remove(&request).unwrap();
        let Guarantee::Within { distance, .. } = out.guarantee else { panic!("{:?}", out.guarantee) };
        let measured = (out.theta - &refit.theta).norm();
        // Quadratic convergence: at least two digits a step here, until rounding.
        assert!(measured <= distance && measured < 0.01 * last, "{steps}: {measured:e}, {distance:e}");
        assert_eq!(out.cost.row_visits, 8.0 * steps as f64);
        last = measured.max(1e-12);
    }
    assert!(Newton { steps: 0 }.remove(&request).is_err());
}

#[test]
fn influence_weights_differ_by_exactly_the_share_kept() {
    let problem = ridge_problem(Reduction::Mean, 0.5);
    let (fit, forget) = (fit(&problem), rows(6, &[0, 3]));
    let step = |name| remove(&problem, &forget, Trained::Minimiser(&fit), name).unwrap().theta - &fit.theta;
    assert_close(&step("influence"), &(step("influence-boolean") * (6.0 / 4.0)), 6, 10.0);
}
