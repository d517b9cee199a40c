//! Optimisers whose runs stop and go on, against the recorded runs and against a textbook Adam.

use super::setup::*;
use nalgebra::DVector;
use proptest::prelude::*;
use unlearn::numeric::tolerance::tol;
use unlearn::train::coupling::{Coupling, Normalisation};
use unlearn::train::optimiser::{Optimiser, State, advance};
use unlearn::train::plan::Plan;
use unlearn::train::sgd;
use unlearn::verify::strategy;

/// Adam as it is written: moments and their corrections as weighted sums over all past gradients.
fn textbook_adam(gradients: &[DVector<f64>], beta1: f64, beta2: f64, epsilon: f64, eta: f64) -> DVector<f64> {
    let t = gradients.len();
    let average = |beta: f64, f: &dyn Fn(f64) -> f64| {
        let mut sum = gradients[0].map(|_| 0.0);
        for (i, g) in gradients.iter().enumerate() {
            sum += g.map(f) * ((1.0 - beta) * beta.powi((t - 1 - i) as i32));
        }
        sum / (1.0 - beta.powi(t as i32))
    };
    let (m, v) = (average(beta1, &|g| g), average(beta2, &|g| g * g));
    m.zip_map(&v, |m, v| -eta * m / (v.sqrt() + epsilon))
}

proptest! {
    #![proptest_config(cases(128))]

    /// In any pieces, through bytes: bit for bit the recorded run and coupled retraining.
    #[test]
    fn sgd_is_the_recorded_run(
        case in strategy::cases(ANY),
        cut in any::<prop::sample::Index>(),
        without in any::<bool>(),
    ) {
        let (problem, plan) = (&case.problem, &case.plan);
        let sgd = Optimiser::Sgd { momentum: plan.momentum };
        let forget = without.then_some(&case.forget);
        let run = match forget {
            Some(forget) => sgd::retrain(problem, plan, case.start.clone(), forget, Normalisation::Fixed),
            None => sgd::train(problem, plan, case.start.clone()),
        };
        let run = run.map_err(|_| TestCaseError::reject("the run overflows"))?;
        let cut = cut.index(plan.len() + 1);
        let start = State::start(case.start.clone(), sgd);
        let (half, first) = advance(problem, plan, sgd, forget, start, 0..cut).unwrap();
        prop_assert_eq!(bits(&half.theta), bits(&run.points[cut]));
        let half = State::from_bytes(&half.to_bytes()).unwrap();
        let (end, rest) = advance(problem, plan, sgd, forget, half, cut..plan.len()).unwrap();
        prop_assert_eq!(bits(&end.theta), bits(run.last()));
        let kept = |i: &&usize| forget.is_none_or(|f| !f.contains(**i));
        let visits = plan.steps.iter().flat_map(|s| &s.rows).filter(kept).count() as u64;
        prop_assert_eq!(first + rest, visits);
    }

    /// Adam in any pieces has the same bits, and is the textbook's up to rounding.
    #[test]
    fn adam_is_adam(
        case in strategy::cases(ANY),
        cut in any::<prop::sample::Index>(),
        (beta1, beta2, epsilon) in (0.0..0.95f64, 0.0..0.9995f64, prop::sample::select(vec![1e-8, 1e-3, 1.0])),
        eta in prop::sample::select(vec![0.001, 0.03125, 0.5]),
        without in any::<bool>(),
    ) {
        let problem = &case.problem;
        let mut steps = case.plan.steps.clone();
        steps.iter_mut().for_each(|s| s.eta = eta);
        let plan = Plan::new(steps, 0.0, case.plan.weight_decay).unwrap();
        let adam = Optimiser::Adam { beta1, beta2, epsilon };
        let forget = without.then_some(&case.forget);
        let start = State::start(case.start.clone(), adam);
        let (whole, _) = advance(problem, &plan, adam, forget, start.clone(), 0..plan.len()).unwrap();
        let cut = cut.index(plan.len() + 1);
        let (half, _) = advance(problem, &plan, adam, forget, start.clone(), 0..cut).unwrap();
        let half = State::from_bytes(&half.to_bytes()).unwrap();
        let (pieces, _) = advance(problem, &plan, adam, forget, half, cut..plan.len()).unwrap();
        prop_assert_eq!(whole.to_bytes(), pieces.to_bytes());
        // The gradients at the library's own points; the steps from the textbook.
        let coupling = forget.map(|f| Coupling::new(problem, &plan, f, Normalisation::Fixed).unwrap());
        let (mut gradients, mut state) = (Vec::new(), start);
        for k in 0..plan.len() {
            let g = match &coupling {
                Some(c) => c.keep(k, &state.theta),
                None => {
                    let c = Coupling::new(problem, &plan, &case.forget, Normalisation::Fixed).unwrap();
                    c.keep(k, &state.theta) + c.drop(k, &state.theta)
                }
            };
            gradients.push(g);
            let step = textbook_adam(&gradients, beta1, beta2, epsilon, eta);
            let wanted = &state.theta + &step;
            state = advance(problem, &plan, adam, forget, state, k..k + 1).unwrap().0;
            // A coordinate whose gradients cancel divides rounding by ε or by a tiny √v̂: compared where they do not.
            let mass: f64 = gradients.iter().map(|g| g.norm()).sum();
            let kappa = 1.0 + mass / epsilon;
            let allowed = tol(64, kappa.min(1e9)) * (state.theta.norm() + eta * (k + 1) as f64);
            let clear = |j: usize| gradients.iter().all(|g| g[j].abs() > 1e-6 * mass || g[j] == 0.0);
            for j in (0..wanted.len()).filter(|&j| clear(j)) {
                prop_assert!((wanted[j] - state.theta[j]).abs() <= allowed, "step {}: {} for {}", k, state.theta[j], wanted[j]);
            }
        }
    }

    /// No bytes make it panic; a changed byte of the frame, a missing or an added one is refused.
    #[test]
    fn bytes_are_read_defensively(
        numbers in prop::collection::vec(any::<f64>().prop_filter("finite", |x| x.is_finite()), 1..6),
        adam in any::<bool>(),
        step in any::<u64>(),
        noise in prop::collection::vec(any::<u8>(), 0..80),
        at in any::<prop::sample::Index>(),
    ) {
        let optimiser = if adam { Optimiser::ADAM } else { Optimiser::Sgd { momentum: 0.5 } };
        let mut state = State::start(DVector::from_vec(numbers), optimiser);
        state.first = state.theta.map(|x| -x);
        state.step = step;
        let bytes = state.to_bytes();
        prop_assert_eq!(State::from_bytes(&bytes).unwrap().to_bytes(), bytes.clone());
        prop_assert!(State::from_bytes(&bytes[..at.index(bytes.len())]).is_err());
        let mut longer = bytes.clone();
        longer.extend_from_slice(&noise);
        prop_assert_eq!(State::from_bytes(&longer).is_err(), !noise.is_empty());
        let mut other = bytes.clone();
        other[at.index(24)] ^= 1;
        prop_assert!(State::from_bytes(&other).is_err());
        let mut headed = bytes[..8].to_vec();
        headed.extend_from_slice(&noise);
        let _ = State::from_bytes(&headed);
        prop_assert!(State::from_bytes(&noise).is_err());
    }
}

/// A state at the wrong place of the plan, of the wrong size, of another optimiser: never a silent wrong run.
#[test]
fn states_that_do_not_fit_are_refused() {
    use unlearn::data::{Dataset, Design};
    use unlearn::train::plan::Step;
    use unlearn::{loss::Loss, model::Model, objective::Problem};
    let data = Dataset::new("one", Design::dense(1, 1, vec![1.0]).unwrap(), vec![1.0]).unwrap();
    let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    let problem = Problem::new(data.into(), model, 0.0).unwrap();
    let plan =
        |rows: Vec<usize>, momentum| Plan::new(vec![Step { rows, eta: 0.5 }; 2], momentum, 0.0).unwrap();
    let sgd = Optimiser::Sgd { momentum: 0.0 };
    let start = |optimiser| State::start(DVector::zeros(1), optimiser);
    let run = |plan: &Plan, optimiser, state, steps| {
        advance(&problem, plan, optimiser, None, state, steps).unwrap_err().to_string()
    };
    for (text, why) in [
        (run(&plan(vec![0], 0.0), sgd, start(sgd), 1..2), "after 0 steps; step 1"),
        (run(&plan(vec![0], 0.0), sgd, start(sgd), 0..3), "of a plan with 2"),
        #[allow(clippy::reversed_empty_ranges)]
        (run(&plan(vec![0], 0.0), sgd, start(sgd), 1..0), "steps 1 to 0"),
        (run(&plan(vec![0], 0.5), sgd, start(sgd), 0..1), "momentum 0.5"),
        (run(&plan(vec![0], 0.0), Optimiser::ADAM, start(sgd), 0..1), "second moment"),
        (run(&plan(vec![0], 0.0), sgd, start(Optimiser::ADAM), 0..1), "second moment"),
        (run(&plan(vec![1], 0.0), sgd, start(sgd), 0..1), "row 1"),
        (run(&plan(vec![0], 0.0), Optimiser::Sgd { momentum: 1.0 }, start(sgd), 0..1), "momentum 1"),
        (
            run(
                &plan(vec![0], 0.0),
                Optimiser::Adam { beta1: 0.9, beta2: 0.9, epsilon: 0.0 },
                start(Optimiser::ADAM),
                0..1,
            ),
            "epsilon 0",
        ),
    ] {
        assert!(text.contains(why), "{text}");
    }
}
