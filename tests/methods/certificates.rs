//! Every method on every model; what results carry; what retraining was given.

use super::{NEW, bits, fit, forget, linear, plan, problems, pruned};
use nalgebra::DVector;
use unlearn::data::RowSet;
use unlearn::error::Error;
use unlearn::loss::Loss;
use unlearn::train::coupling::Normalisation;
use unlearn::train::newton::minimise;
use unlearn::train::sgd;
use unlearn::train::start::start;
use unlearn::unlearn::report::compare;
use unlearn::unlearn::{Guarantee, Request, Trained, configured, method};

#[test]
fn every_method_serves_every_model_and_the_same_seed_gives_the_same_bits() {
    for problem in problems() {
        let forget = forget(&problem);
        let (fit, plan) = (fit(&problem), plan(&problem));
        let run = sgd::train(&problem, &plan, start(&problem, 3)).unwrap();
        let normalisation = Normalisation::Fixed;
        let recorded = Trained::Run { plan: &plan, trajectory: &run, normalisation };
        for trained in [Trained::Minimiser(&fit), recorded] {
            for name in NEW {
                let request = Request { problem: &problem, forget: &forget, trained };
                // After two epochs a network's Hessian is not positive definite.
                let bend = name == "influence-cg" && !problem.model().is_linear();
                let settings: &[_] = if bend { &[("damping", "10")] } else { &[] };
                let remove = |seed| configured(name, seed, settings).unwrap().remove(&request);
                let out = match remove(4) {
                    Ok(out) => out,
                    // Newton's method may not settle on a network from a random start.
                    Err(Error::NotConverged { .. }) if name == "retrain-repruned" => continue,
                    Err(e) => panic!("{name}: {e}"),
                };
                assert_eq!(bits(&out.theta), bits(&remove(4).unwrap().theta), "{name} replays");
                assert!(out.theta.len() == problem.active() && out.theta.iter().all(|v| v.is_finite()));
                assert!(
                    out.cost.row_visits > 0.0 && out.cost.flops > out.cost.row_visits,
                    "{name}: {:?}",
                    out.cost
                );
                let full = out.embed(&problem);
                let flags = out.mask.as_ref().unwrap_or(problem.mask()).flags();
                assert!(
                    full.iter().zip(flags).all(|(v, kept)| kept || *v == 0.0),
                    "{name} keeps to the mask"
                );
                let draws = ["fine-tune", "gradient-ascent", "fisher", "l1-sparse"].contains(&name);
                if draws && name != "gradient-ascent" {
                    assert_ne!(
                        bits(&out.theta),
                        bits(&remove(5).unwrap().theta),
                        "{name} draws from its seed"
                    );
                }
                if let Guarantee::None { why } = &out.guarantee {
                    assert!(!why.is_empty());
                } else {
                    let known = problem.model().is_linear() || matches!(trained, Trained::Run { .. });
                    assert!(known, "{name} promises something of a network at a minimum");
                }
            }
        }
    }
}

#[test]
fn a_result_on_a_strongly_convex_problem_carries_its_residual_certificate() {
    let problem = pruned(&linear(Loss::Logistic));
    let (fit, forget) = (fit(&problem), forget(&problem));
    let refit = minimise(&problem.retained(&forget).unwrap(), fit.theta.clone()).unwrap();
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    for name in NEW.into_iter().skip(1) {
        let out = method(name, 2).unwrap().remove(&request).unwrap();
        let Guarantee::Within { distance, theorem } = out.guarantee else {
            panic!("{name}: {:?}", out.guarantee)
        };
        let measured = (&out.theta - &refit.theta).norm();
        assert!(measured <= distance && theorem == "Unlearn.Convex.residual_bound", "{name}");
        // A certificate ten thousand times smaller would be false.
        assert!(measured > 1e-4 * distance, "{name}: {measured:e} of {distance:e} is vacuous");
    }
    // Fine-tuning to stationarity is retraining.
    let long = [("epochs", "3000"), ("rate", "0.5"), ("batch", "40"), ("momentum", "0.5")];
    let out = configured("fine-tune", 2, &long).unwrap().remove(&request).unwrap();
    assert!((out.theta - refit.theta).norm() < 1e-10);
}

// E4.
#[test]
fn retraining_says_that_the_mask_was_given_and_pruning_again_reports_its_own() {
    let (dense, problem) = (linear(Loss::Softmax), pruned(&linear(Loss::Softmax)));
    let forget = RowSet::new(40, (0..16).collect()).unwrap();
    let (dense_fit, fit) = (fit(&dense), fit(&problem));
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    let exact = |request: &Request<'_>, name: &str| {
        let out = method(name, 3).unwrap().remove(request).unwrap();
        match out.guarantee {
            Guarantee::Exact { theorem } => Some((theorem, out.theta)),
            _ => None,
        }
    };
    assert_eq!(exact(&request, "retrain").unwrap().0, "by definition, given the mask");
    let out = method("retrain-repruned", 3).unwrap().remove(&request).unwrap();
    let mask = out.mask.clone().unwrap();
    assert!(mask != *problem.mask() && mask.len() == problem.active());
    assert!(matches!(&out.guarantee, Guarantee::None { why } if why.contains("omp chose another mask")));
    // It is what it says: the minimiser on its own mask, without the rows.
    let own = dense.clone().with_mask(mask.clone()).unwrap();
    let refit = minimise(&own.retained(&forget).unwrap(), DVector::zeros(mask.len())).unwrap();
    assert!((&out.theta - &refit.theta).norm() < 1e-9);
    // The comparison is of all parameters, not of the k numbers that happen to stand side by side.
    let rows = compare(&request, &["retrain-repruned"], 3).unwrap();
    let given = exact(&request, "retrain").unwrap().1;
    let apart = (out.embed(&problem) - problem.mask().embed(&given)).norm();
    assert!((rows[2].distance.mid() - apart).abs() < 1e-6);
    assert!(((&out.theta - &given).norm() - apart).abs() > 1e-3);
    // A dense model has nothing to prune again.
    let request = Request { problem: &dense, forget: &forget, trained: Trained::Minimiser(&dense_fit) };
    assert_eq!(exact(&request, "retrain").unwrap().0, "by definition");
    let again = exact(&request, "retrain-repruned").unwrap();
    assert!((again.1 - exact(&request, "retrain").unwrap().1).norm() < 1e-9);
}
