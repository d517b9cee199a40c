//! One model trained to a minimiser.

use nalgebra::DVector;
use proptest::prelude::*;
use unlearn::bound::audit::audit;
use unlearn::claim::{Depth, Domain};
use unlearn::data::{RowSet, Standardizer, builtin};
use unlearn::hybrid::{Branch, Prepared, Tolerance, estimate::estimate, serve};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::newton::{Fit, minimise};
use unlearn::unlearn::{Guarantee, Request, Trained, Unlearner, retrain::Retrain};
use unlearn::verify::strategy;

const LINEAR: Domain = Domain {
    losses: &[Loss::Squared, Loss::Logistic, Loss::Softmax],
    depth: Depth::Linear,
    masks: true,
    momentum: false,
    run: false,
    wide: false,
};

fn bits(v: &DVector<f64>) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

fn wdbc(ridge: f64) -> Problem {
    let data = builtin::load("wdbc").unwrap();
    let all: Vec<usize> = (0..data.rows()).collect();
    let data = Standardizer::fit(&data, &all).unwrap().apply(&data).unwrap();
    let model = Model::linear(data.cols(), 1, Loss::Logistic, true).unwrap();
    Problem::new(data.into(), model, ridge).unwrap()
}

fn fit(problem: &Problem) -> Fit {
    minimise(&problem.full(), DVector::zeros(problem.active())).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is drawn and allowed: what comes back is within the tolerance by an audit that knows nothing of how it was
    /// made, or it is the retrained model, bit for bit; and the cost is what was predicted.
    #[test]
    fn never_outside_the_tolerance(case in strategy::cases(LINEAR), exponent in -17.0..1.0f64) {
        let problem = &case.problem;
        let Ok(fit) = minimise(&problem.full(), DVector::zeros(problem.active())) else { return Ok(()) };
        let prepared = Prepared::new(problem, &fit).unwrap();
        let request = Request { problem, forget: &case.forget, trained: Trained::Minimiser(&fit) };
        let Ok(retrained) = Retrain.remove(&request) else { return Ok(()) };
        for tolerance in [0.0, 10f64.powf(exponent), f64::INFINITY] {
            let tolerance = Tolerance::new(tolerance).unwrap();
            let answer = serve(&prepared, &case.forget, tolerance).unwrap();
            if answer.branch == Branch::Retrain {
                prop_assert_eq!(bits(&answer.theta), bits(&retrained.theta));
                prop_assert!(tolerance != Tolerance::ANY);
                let exact = matches!(answer.guarantee, Guarantee::Exact { .. });
                prop_assert!(exact);
            } else {
                prop_assert!(tolerance != Tolerance::EXACT);
            }
            if tolerance != Tolerance::ANY && answer.branch != Branch::Retrain {
                let distance = answer.certified.unwrap().distance;
                prop_assert!(tolerance.holds(distance.hi()));
                // The audit's interval meets the certificate's; its lower end proves nothing is outside.
                let audited = audit(problem, Some(&case.forget), &answer.theta).unwrap();
                prop_assert!(tolerance.holds(audited.distance.lo()), "{:?} {:?}", audited.distance, tolerance);
                prop_assert!(audited.distance.lo() <= distance.hi() && distance.lo() <= audited.distance.hi());
            }
            // Predicted and measured visits agree for all branches but the one whose steps are not known.
            for attempt in &answer.tried {
                if attempt.branch == Branch::Retrain { continue }
                let estimates = &answer.plan.estimates;
                let predicted = estimates.iter().find(|e| e.branch == attempt.branch).unwrap().work.visits();
                let before = match attempt.branch {
                    Branch::Newton { steps } => (steps as u64 - 1) * predicted / steps as u64,
                    _ => 0,
                };
                prop_assert_eq!(attempt.visits, predicted - before);
            }
        }
    }

    /// Bounds that are certified beforehand hold for what the branches then return.
    #[test]
    fn bounds_hold_beforehand(case in strategy::cases(LINEAR)) {
        let problem = &case.problem;
        let Ok(fit) = minimise(&problem.full(), DVector::zeros(problem.active())) else { return Ok(()) };
        let prepared = Prepared::new(problem, &fit).unwrap();
        let plan = estimate(&prepared, &case.forget, Tolerance::EXACT).unwrap();
        let request = Request { problem, forget: &case.forget, trained: Trained::Minimiser(&fit) };
        for estimate in &plan.estimates {
            let Some(bound) = estimate.bound else { continue };
            let settings = match estimate.branch {
                Branch::Newton { steps } => vec![("steps", steps.to_string())],
                Branch::Retrain => continue,
                _ => Vec::new(),
            };
            let settings: Vec<_> = settings.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let method = unlearn::unlearn::configured(estimate.branch.method(), 0, &settings).unwrap();
            let Ok(result) = method.remove(&request) else { continue };
            let audited = audit(problem, Some(&case.forget), &result.theta);
            let Ok(audited) = audited else { continue };
            // Exact arithmetic for the last two: rounding of the step is what the result's certificate is for.
            let rounding = audited.radius + 1e3 * f64::EPSILON * (1.0 + result.theta.norm());
            let slack = if matches!(estimate.branch, Branch::Noop) { 0.0 } else { rounding };
            prop_assert!(audited.distance.lo() <= bound + slack, "{}: {:?} > {bound}", estimate.branch, audited.distance);
        }
    }
}

/// On real data every tolerance gets the branch that measured costs recommend.
#[test]
fn the_cheapest_branch_within_the_tolerance_is_taken() {
    for ridge in [0.1, 0.01] {
        let problem = wdbc(ridge);
        let fit = fit(&problem);
        let prepared = Prepared::new(&problem, &fit).unwrap();
        let mut seen = Vec::new();
        for rows in [vec![3], (0..20).collect(), (0..120).step_by(2).collect::<Vec<_>>()] {
            let forget = RowSet::new(problem.rows(), rows).unwrap();
            // What each branch costs and is certified to, measured.
            let measured: Vec<(u64, f64)> = [Branch::Noop, Branch::Influence]
                .into_iter()
                .chain((1..=4).map(|steps| Branch::Newton { steps }))
                .map(|branch| {
                    let plan = estimate(&prepared, &forget, Tolerance::EXACT).unwrap();
                    let work = plan.estimates.iter().find(|e| e.branch == branch).unwrap().work.visits();
                    let steps = match branch {
                        Branch::Newton { steps } => steps.to_string(),
                        _ => String::new(),
                    };
                    let settings: &[(&str, &str)] = if steps.is_empty() { &[] } else { &[("steps", &steps)] };
                    let method = unlearn::unlearn::configured(branch.method(), 0, settings).unwrap();
                    let request =
                        Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
                    let theta = method.remove(&request).unwrap().theta;
                    (work, audit(&problem, Some(&forget), &theta).unwrap().gradient_norm.hi() / ridge)
                })
                .collect();
            for exponent in -17..=0 {
                let tolerance = Tolerance::new(10f64.powi(exponent)).unwrap();
                let answer = serve(&prepared, &forget, tolerance).unwrap();
                seen.push(answer.branch);
                // A factor of two, for rounding that differs from run to run.
                let within = measured.iter().filter(|(_, certificate)| tolerance.holds(2.0 * certificate));
                if let Some(best) = within.map(|(visits, _)| *visits).min() {
                    let tried = &answer.tried;
                    assert!(answer.cost.row_visits <= 1.1 * best as f64, "{tolerance}: {best} {tried:?}");
                }
            }
        }
        assert!(seen.contains(&Branch::Noop) && seen.contains(&Branch::Influence), "{seen:?}");
        assert!(seen.contains(&Branch::Newton { steps: 1 }) && seen.contains(&Branch::Retrain), "{seen:?}");
    }
}

/// A larger tolerance is never dearer.
#[test]
fn costs_fall_as_the_tolerance_grows() {
    let problem = wdbc(0.05).with_reduction(Reduction::Mean);
    let fit = fit(&problem);
    let prepared = Prepared::new(&problem, &fit).unwrap();
    let forget = RowSet::new(problem.rows(), (5..50).collect()).unwrap();
    let visits = |exponent: i32| {
        let tolerance = Tolerance::new(10f64.powi(exponent)).unwrap();
        estimate(&prepared, &forget, tolerance).unwrap().chosen().work.visits()
    };
    let costs: Vec<u64> = (-16..4).map(visits).collect();
    assert!(costs.windows(2).all(|w| w[0] >= w[1]), "{costs:?}");
    assert_eq!(*costs.last().unwrap(), 0);
}

/// Where nothing can be certified only retraining is within a tolerance.
#[test]
fn without_certificates_it_retrains() {
    let problem = wdbc(0.01).with_ridge(0.0).unwrap();
    let theta = DVector::from_element(problem.active(), 0.1);
    let fit = Fit { theta, residual: 1.0, rounding: 1e-12, iterations: 9 };
    let prepared = Prepared::new(&problem, &fit).unwrap();
    let forget = RowSet::new(problem.rows(), vec![0]).unwrap();
    let plan = estimate(&prepared, &forget, Tolerance::new(1e9).unwrap()).unwrap();
    assert_eq!(plan.chosen().branch, Branch::Retrain);
    assert!(plan.estimates[0].bound.is_none() && plan.estimates[0].because.contains("ridge"));
    assert_eq!(estimate(&prepared, &forget, Tolerance::ANY).unwrap().chosen().branch, Branch::Noop);
}
