//! What cannot be answered is an error that says why.

use super::*;

#[test]
fn singular_data_without_ridge_is_an_error() {
    // Two equal columns: no unique minimiser.
    let x = Design::dense(3, 2, vec![1.0, 1.0, 2.0, 2.0, 3.0, 3.0]).unwrap();
    let data = Dataset::new("equal columns", x, vec![1.0, 2.0, 2.0]).unwrap();
    let model = Model::linear(2, 1, Loss::Squared, false).unwrap();
    for reduction in REDUCTIONS {
        let problem =
            Problem::new(data.clone().into(), model.clone(), 0.0).unwrap().with_reduction(reduction);
        let fit = Fit { theta: dvector![0.5, 0.25], residual: 0.0, rounding: 0.0, iterations: 0 };
        for name in
            ["retrain", "retrain-uncoupled", "influence", "influence-boolean", "newton", "ridge-deletion"]
        {
            let e = remove(&problem, &rows(3, &[0]), Trained::Minimiser(&fit), name).unwrap_err();
            assert!(matches!(e, Error::Indefinite { .. }), "{name}: {e}");
        }
        let out = remove(&problem, &rows(3, &[0]), Trained::Minimiser(&fit), "noop").unwrap();
        assert!(matches!(out.guarantee, Guarantee::None { .. }), "no strong convexity, no bound");
    }
}

#[test]
fn data_singular_up_to_rounding_without_ridge_is_an_error() {
    // Six columns of which one depends on two others, and fewer rows than parameters: rounding makes every
    // computed Hessian regular, and solutions would differ by more than they have in common.
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (n, cols) in [(200, 6), (20, 30)].repeat(20) {
        let mut x: Vec<f64> = (0..n * cols).map(|_| rng.random_range(-1.0..1.0)).collect();
        x.chunks_exact_mut(cols).for_each(|r| r[5] = 0.3 * r[0] + 0.7 * r[1] - 0.2);
        let y = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
        let data = Dataset::new("dependent", Design::dense(n, cols, x).unwrap(), y).unwrap();
        let model = Model::linear(cols, 1, Loss::Squared, true).unwrap();
        let problem = Problem::new(data.into(), model, 0.0).unwrap();
        let e = minimise(&problem.full(), DVector::zeros(cols + 1)).unwrap_err();
        assert!(matches!(e, Error::Indefinite { .. }), "{e}");
        // Parameters from elsewhere get a step, if the factorisation allows it, but no promise.
        let fit = Fit { theta: DVector::zeros(cols + 1), residual: 0.0, rounding: 0.0, iterations: 0 };
        for name in ["newton", "ridge-deletion"] {
            if let Ok(out) = remove(&problem, &rows(n, &[0]), Trained::Minimiser(&fit), name) {
                assert!(matches!(out.guarantee, Guarantee::None { .. }), "{name}: {:?}", out.guarantee);
            }
        }
    }
}

#[test]
fn labels_separated_on_some_rows_without_ridge_are_an_error() {
    // The first class of iris can be told from the others: the loss has no minimiser, although its gradient
    // gets down to rounding.
    let data = builtin::load("iris").unwrap();
    let all: Vec<usize> = (0..data.rows()).collect();
    let data = Standardizer::fit(&data, &all).unwrap().apply(&data).unwrap();
    let model = Model::linear(4, 3, Loss::Softmax, true).unwrap();
    let every_third: Vec<bool> = (0..model.parameters()).map(|j| j % 3 == 0).collect();
    let problem = Problem::new(data.into(), model, 0.0).unwrap();
    let problem = problem.with_mask(Mask::new(&every_third).unwrap()).unwrap();
    let e = minimise(&problem.full(), DVector::zeros(problem.active())).unwrap_err();
    assert!(e.to_string().contains("ridge"), "{e}");
    // Two rows, started so far out that their gradients are below what a norm can see.
    let data = Dataset::new("two", Design::dense(2, 1, vec![1.0, -1.0]).unwrap(), vec![1.0, 0.0]).unwrap();
    let problem =
        Problem::new(data.into(), Model::linear(1, 1, Loss::Logistic, false).unwrap(), 0.0).unwrap();
    for far in [0.0, 200.0, 354.0, 400.0, 1000.0] {
        let e = minimise(&problem.full(), dvector![far]).unwrap_err();
        assert!(e.to_string().contains("ridge"), "from {far}: {e}");
    }
}

#[test]
fn the_last_row_that_determines_the_model_cannot_be_deleted_in_closed_form() {
    // One feature, λ = 0, only row 0 is nonzero: its leverage is 1.
    let x = Design::dense(2, 1, vec![1.0, 0.0]).unwrap();
    let data = Dataset::new("lever", x, vec![1.0, 2.0]).unwrap();
    let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    let problem = Problem::new(data.into(), model, 0.0).unwrap().with_reduction(Reduction::Sum);
    let fit = fit(&problem);
    let e = remove(&problem, &rows(2, &[0]), Trained::Minimiser(&fit), "ridge-deletion").unwrap_err();
    // By leverage or by the Hessian on the rows kept, whichever is cheaper.
    assert!(e.to_string().contains("not positive definite"), "{e}");
}

#[test]
fn requests_that_do_not_fit_together_are_errors_for_every_method() {
    let problem = ridge_problem(Reduction::Sum, 0.5);
    let fit = fit(&problem);
    let plan = run_without(6);
    let run = sgd::train(&problem, &plan, dvector![0.0, 0.0]).unwrap();
    let trained = |plan, trajectory| Trained::Run { plan, trajectory, normalisation: Normalisation::Fixed };
    let short = Trajectory { points: run.points[..2].to_vec() };
    let narrow = Trajectory { points: vec![dvector![0.0]; run.points.len()] };
    let stray = Plan::new(vec![Step { rows: vec![9], eta: 0.1 }; plan.len()], 0.0, 0.0).unwrap();
    let wrong = Fit { theta: dvector![1.0], ..fit.clone() };
    let broken = Fit { theta: dvector![1.0, f64::NAN], ..fit.clone() };
    let (good, foreign, all) = (rows(6, &[1]), rows(7, &[1]), rows(6, &[0, 1, 2, 3, 4, 5]));
    let requests = [
        (&foreign, Trained::Minimiser(&fit)),
        (&all, Trained::Minimiser(&fit)),
        (&all, trained(&plan, &run)),
        (&good, Trained::Minimiser(&wrong)),
        (&good, Trained::Minimiser(&broken)),
        (&good, trained(&plan, &short)),
        (&good, trained(&plan, &narrow)),
        (&good, trained(&stray, &run)),
    ];
    for (n, (forget, trained)) in requests.into_iter().enumerate() {
        for name in NAMES {
            let out = remove(&problem, forget, trained, name);
            assert!(out.is_err_and(|e| !e.to_string().is_empty()), "request {n}, {name}");
        }
        assert!(report::compare(&Request { problem: &problem, forget, trained }, &[], 0).is_err());
    }
}
