//! Runs in epochs: no-ops, ascent against add-back, stopping and continuing.

use super::{bits, fit, forget, linear, network, plan, problems, pruned};
use nalgebra::DVector;
use unlearn::loss::Loss;
use unlearn::train::coupling::Normalisation;
use unlearn::train::epochs::State;
use unlearn::train::newton::Fit;
use unlearn::train::sgd;
use unlearn::train::start::start;
use unlearn::unlearn::fine_tune::FineTune;
use unlearn::unlearn::gradient_ascent::GradientAscent;
use unlearn::unlearn::l1_sparse::L1Sparse;
use unlearn::unlearn::{Request, Trained, Unlearner, configured};

// E1.
#[test]
fn a_step_size_of_zero_changes_no_bit() {
    for problem in problems() {
        let forget = forget(&problem);
        // Zeros of both signs included.
        let mut theta = start(&problem, 2);
        (theta[0], theta[1]) = (-0.0, 0.0);
        let at = Fit { theta: theta.clone(), residual: 0.0, rounding: 0.0, iterations: 0 };
        let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&at) };
        for name in ["fine-tune", "gradient-ascent", "l1-sparse"] {
            let with = |rate| configured(name, 1, &[("rate", rate)]).unwrap().remove(&request).unwrap();
            let still = with("0");
            assert_eq!(bits(&still.theta), bits(&theta), "{name}");
            assert_eq!(still.cost.row_visits, 0.0);
            assert_ne!(bits(&with("0.001").theta), bits(&theta), "{name} moves otherwise");
        }
        let quiet = configured("fisher", 1, &[("alpha", "0")]).unwrap().remove(&request).unwrap();
        assert_eq!(quiet.theta, theta);
    }
}

// E2.
#[test]
fn ascent_is_not_the_add_back() {
    let problem = network(Loss::Softmax);
    let (plan, forget) = (plan(&problem), forget(&problem));
    let run = sgd::train(&problem, &plan, start(&problem, 3)).unwrap();
    let trained = Trained::Run { plan: &plan, trajectory: &run, normalisation: Normalisation::Fixed };
    let request = Request { problem: &problem, forget: &forget, trained };
    let end =
        |name: &str, settings: &[_]| configured(name, 0, settings).unwrap().remove(&request).unwrap().theta;
    let ascent = end("gradient-ascent", &[("rate", "0.02")]);
    for name in ["addback-start", "addback-end", "addback-recorded", "noop"] {
        assert!((end(name, &[]) - &ascent).norm() > 1e-6, "{name}");
    }
    // Where they do the same (one full ascent step of the size that was taken) they agree.
    let visits = plan.steps.iter().flat_map(|s| &s.rows).filter(|&&i| forget.contains(i)).count();
    let step = 0.02 * visits as f64 / 8.0;
    let settings = [
        ("epochs", "1"),
        ("momentum", "0"),
        ("weight-decay", "0"),
        ("batch", "4"),
        ("rate", &step.to_string()),
    ];
    let once = end("gradient-ascent", &settings);
    assert!((once - end("addback-end", &[])).norm() < 1e-12);
}

#[test]
fn a_run_that_is_stopped_and_continued_gives_the_same_bits() {
    for problem in [linear(Loss::Logistic), pruned(&network(Loss::Softmax))] {
        let (fit, forget) = (fit(&problem), forget(&problem));
        let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
        let tuned = FineTune::new(2);
        let ascent = GradientAscent::new(2);
        let sparse = L1Sparse { gamma: 0.05, ..L1Sparse::new(2) };
        type Advance<'a> = Box<dyn Fn(State, usize) -> State + 'a>;
        let runs: [(&dyn Unlearner, usize, Advance<'_>); 3] = [
            (&tuned, 10, Box::new(|s, e| tuned.advance(&request, s, e).unwrap())),
            (&ascent, 5, Box::new(|s, e| ascent.advance(&request, s, e).unwrap())),
            (&sparse, 10, Box::new(|s, e| sparse.advance(&request, s, e).unwrap())),
        ];
        for (method, epochs, advance) in runs {
            let whole = method.remove(&request).unwrap().theta;
            for stop in 0..=epochs {
                let half = advance(State::start(fit.theta.clone()), stop);
                assert_eq!(half.epoch, stop);
                assert_eq!(
                    bits(&advance(half.clone(), epochs).theta),
                    bits(&whole),
                    "{} at {stop}",
                    method.name()
                );
                if stop > 0 && stop < epochs {
                    // A fresh optimiser is not a continuation.
                    let fresh = State { velocity: DVector::zeros(whole.len()), ..half };
                    assert_ne!(bits(&advance(fresh, epochs).theta), bits(&whole));
                }
            }
        }
    }
}

#[test]
fn an_epoch_visits_every_row_once_in_an_order_of_its_own() {
    let settings = FineTune::new(7).run;
    let rows = [3, 5, 8, 9, 11];
    let (first, second) = (settings.order(&rows, 0), settings.order(&rows, 1));
    let sorted = |mut v: Vec<usize>| {
        v.sort_unstable();
        v
    };
    assert_eq!(sorted(first.clone()), rows);
    assert_eq!(sorted(second.clone()), rows);
    assert_ne!(first, second);
    assert_eq!(second, settings.order(&rows, 1), "whatever came before");
}

#[test]
fn ascent_without_end_is_an_error() {
    let problem = linear(Loss::Squared);
    let (fit, forget) = (fit(&problem), forget(&problem));
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    let settings = [("epochs", "100000"), ("rate", "10")];
    let e = configured("gradient-ascent", 0, &settings).unwrap().remove(&request).unwrap_err();
    assert!(e.to_string().contains("smaller rate"), "{e}");
}
