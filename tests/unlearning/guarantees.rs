//! Every result is within what its guarantee says: hand-made cases, small networks, drawn problems.

use super::*;

#[test]
fn ridge_deletion_promises_nothing_exact_from_other_parameters() {
    // θ = 100 is not the minimiser 2 of ½(θ−1)² + ½(θ−5)² + ½θ²; retraining gives ½.
    let data = Dataset::new("two", Design::dense(2, 1, vec![1.0, 1.0]).unwrap(), vec![1.0, 5.0]).unwrap();
    let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0)
        .unwrap()
        .with_reduction(Reduction::Sum);
    let fit = Fit { theta: dvector![100.0], residual: 294.0, rounding: 1e-12, iterations: 0 };
    let out = remove(&problem, &rows(2, &[1]), Trained::Minimiser(&fit), "ridge-deletion").unwrap();
    let Guarantee::Within { distance, .. } = out.guarantee else { panic!("{:?}", out.guarantee) };
    let error = (out.theta[0] - 0.5).abs();
    assert!(error > 100.0 && distance >= error && distance < error * (1.0 + 1e-9), "{error}, {distance}");
}

#[test]
fn a_run_on_tiny_numbers_stays_within_its_guarantee() {
    // Squares of such numbers vanish; norms and rounding allowances made of squares would vanish too.
    let x = [1.0, 0.5, -0.5, 2.0, 0.25, -1.0, 1.5, 1.0].map(|v| v * 1e-300).to_vec();
    let y = vec![1.0, 0.0, 1.0, 1.0];
    let data = Dataset::new("tiny", Design::dense(4, 2, x).unwrap(), y).unwrap();
    let model = Model::linear(2, 1, Loss::Logistic, false).unwrap();
    let problem = Problem::new(data.into(), model, 1e-3).unwrap();
    let batches = Batches { rows: 4, size: 2, epochs: 3, seed: 1 };
    let plan = Plan::shuffled(batches, Schedule::Constant { rate: 10.0 }, 0.0, 1e-3).unwrap();
    let run = sgd::train(&problem, &plan, DVector::zeros(2)).unwrap();
    let forget = rows(4, &[1]);
    for normalisation in NORMALISATIONS {
        let start = run.start().clone();
        let again = sgd::retrain(&problem, &plan, start, &forget, normalisation).unwrap();
        let trained = Trained::Run { plan: &plan, trajectory: &run, normalisation };
        for name in ["noop", "addback-start", "addback-end", "addback-recorded", "recollection"] {
            let out = remove(&problem, &forget, trained, name).unwrap();
            let error = Interval::norm((&out.theta - again.last()).as_slice());
            let Guarantee::Within { distance, .. } = out.guarantee else { panic!("{name}") };
            assert!(error.lo() <= distance, "{name}: {error:?} against {distance:e}");
        }
    }
}

#[test]
fn a_run_whose_constants_overflow_is_measured_without_a_panic() {
    let data = Dataset::new("one", Design::dense(2, 1, vec![1.0, 1.0]).unwrap(), vec![0.0, 0.0]).unwrap();
    let model = Model::new(vec![1, 1, 1], Activation::Identity, Loss::Squared, false).unwrap();
    let problem = Problem::new(data.into(), model, 0.0).unwrap();
    let steps = vec![Step { rows: vec![0], eta: 1e-200 }, Step { rows: vec![1], eta: 1e-200 }];
    let plan = Plan::new(steps, 0.0, 0.0).unwrap();
    let start = dvector![1e160, 1e-160];
    let case = Case::new("overflow", problem, rows(2, &[0]), plan, start, Normalisation::Fixed);
    assert_eq!(case.rerun_enclosure().unwrap().last(), f64::INFINITY);
    assert_eq!(case.distance_to_rerun(case.run().unwrap().last()).unwrap().hi(), f64::INFINITY);
}

/// A small network trained by few small steps.
fn small_network() -> (Problem, Plan, DVector<f64>) {
    let model = Model::new(vec![2, 2, 1], Activation::Tanh, Loss::Squared, true).unwrap();
    let problem = Problem::new(six_rows().into(), model, 0.01).unwrap();
    let batches = Batches { rows: 6, size: 3, epochs: 2, seed: 1 };
    let plan = Plan::shuffled(batches, Schedule::Constant { rate: 0.01 }, 0.0, 0.01).unwrap();
    let start = DVector::from_fn(problem.active(), |j, _| 0.3 * (j as f64 + 1.0).sin());
    (problem, plan, start)
}

#[test]
fn a_network_run_gets_a_certificate_without_retraining() {
    let (problem, plan, start) = small_network();
    let run = sgd::train(&problem, &plan, start.clone()).unwrap();
    let forget = rows(6, &[2]);
    let rerun = sgd::retrain(&problem, &plan, start, &forget, Normalisation::Fixed).unwrap();
    let trained = Trained::Run { plan: &plan, trajectory: &run, normalisation: Normalisation::Fixed };
    let distance_of = |name: &str| {
        let out = remove(&problem, &forget, trained, name).unwrap();
        let Guarantee::Within { distance, .. } = out.guarantee else { panic!("{name}: {:?}", out.guarantee) };
        let measured = (out.theta - rerun.last()).norm();
        assert!(measured <= distance, "{name}: {measured:e} exceeds {distance:e}");
        distance
    };
    let noop = distance_of("noop");
    // Not vacuous: the certificate knows that adding back helps, and recollection more.
    assert!(distance_of("addback-recorded") < noop);
    assert!(distance_of("recollection") < 0.1 * noop);
    distance_of("addback-start");
    distance_of("addback-end");
}

#[test]
fn a_network_at_a_minimum_is_compared_without_claiming_an_enclosure() {
    let (problem, _, start) = small_network();
    let fit = minimise(&problem.full(), start).unwrap();
    let forget = rows(6, &[1]);
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    let table = report::compare(&request, &["retrain"], 0).unwrap();
    assert!(table.iter().all(|r| !r.enclosed));
    assert!(matches!(table[0].guarantee, Guarantee::None { .. }));
}

/// What is known about the distance of a result from retraining, if retraining itself succeeds.
fn measured(case: &Case, minimiser: bool, theta: &DVector<f64>) -> Option<Interval> {
    if !minimiser {
        return case.distance_to_rerun(theta).ok();
    }
    case.problem.model().is_linear().then(|| case.distance_to_refit(theta).ok()).flatten()
}

/// The rounding that an exact method may show: relative, times the condition of what it solves.
fn exact_allowance(case: &Case, minimiser: bool, name: &str) -> f64 {
    if !minimiser {
        return 1e-9 * case.run_size().expect("both runs exist");
    }
    let constants = |objective: &Objective<'_>| Constants::of(objective, Region::Everywhere);
    let retained = constants(&case.problem.retained(&case.forget).unwrap());
    let full = constants(&case.problem.full());
    let kappa = match name {
        // Solves with A and with S = I − X_F A⁻¹X_Fᵀ, whose inverse I + X_F A_R⁻¹X_Fᵀ is at most
        // L/μ_R: forgetting rows that nearly determine the model loses digits.
        "ridge-deletion" => (full.smoothness / retained.strong_convexity).powi(2),
        _ => retained.smoothness / retained.strong_convexity,
    };
    // Gradients of forgotten rows may cancel where both minimisers are 0: what they could move counts.
    let mass = case.problem.full().gradient_mass(&case.fit().unwrap().theta);
    tol(case.problem.rows() + 8, kappa) * (case.fit_size().unwrap() + mass / full.strong_convexity)
}

fn guarantees_hold(case: &Case) -> Result<(), TestCaseError> {
    let mut trained = Vec::new();
    if let Ok(fit) = case.fit() {
        trained.push(Trained::Minimiser(fit));
    }
    if let Ok(run) = case.run() {
        trained.push(Trained::Run { plan: &case.plan, trajectory: run, normalisation: case.normalisation });
    }
    for trained in trained {
        let minimiser = matches!(trained, Trained::Minimiser(_));
        for name in NAMES {
            let out = match remove(&case.problem, &case.forget, trained, name) {
                Ok(out) => out,
                Err(e) => {
                    prop_assert!(!e.to_string().is_empty());
                    continue;
                }
            };
            prop_assert_eq!(out.theta.len(), case.problem.active());
            prop_assert!(out.theta.iter().all(|v| v.is_finite()), "{}", name);
            prop_assert!(out.cost.row_visits >= 0.0 && out.cost.seconds >= 0.0);
            let Some(measured) = measured(case, minimiser, &out.theta) else { continue };
            let allowed = match out.guarantee {
                Guarantee::None { why } => {
                    prop_assert!(!why.is_empty());
                    continue;
                }
                Guarantee::Exact { .. } => exact_allowance(case, minimiser, name),
                Guarantee::Within { distance, .. } => distance,
            };
            prop_assert!(
                measured.lo() <= allowed,
                "{} is {:e} away, guaranteed {:e} (minimiser: {})",
                name,
                measured.lo(),
                allowed,
                minimiser
            );
        }
    }
    Ok(())
}

const ANY: Domain =
    Domain { losses: &Loss::ALL, depth: Depth::Any, masks: true, momentum: true, run: true, wide: false };

proptest! {
    #[test]
    fn every_guarantee_holds_and_nothing_panics(case in strategy::cases(ANY)) {
        guarantees_hold(&case)?;
    }

    #[test]
    fn every_guarantee_holds_for_linear_models(case in strategy::cases(Domain { depth: Depth::Linear, run: false, ..ANY })) {
        guarantees_hold(&case)?;
    }
}
