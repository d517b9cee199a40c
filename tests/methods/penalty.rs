//! The l1 penalty: exact zeros, schedules, fixed points.

use super::{bits, forget, plan, problems};
use nalgebra::{DVector, dvector};
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::objective::Problem;
use unlearn::train::epochs::Settings;
use unlearn::train::newton::Fit;
use unlearn::train::proximal::PenaltySchedule;
use unlearn::train::sgd;
use unlearn::train::start::start;
use unlearn::unlearn::fine_tune::FineTune;
use unlearn::unlearn::l1_sparse::L1Sparse;
use unlearn::unlearn::{Request, Trained, Unlearner};

/// A request on a problem from given parameters.
fn removed(method: &dyn Unlearner, problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> DVector<f64> {
    let at = Fit { theta: theta.clone(), residual: 0.0, rounding: 0.0, iterations: 0 };
    method.remove(&Request { problem, forget, trained: Trained::Minimiser(&at) }).unwrap().theta
}

// E7.
#[test]
fn the_penalty_gives_exact_zeros_and_without_it_fine_tuning() {
    for problem in problems() {
        let forget = forget(&problem);
        let run = sgd::train(&problem, &plan(&problem), start(&problem, 3)).unwrap();
        let theta = run.last().clone();
        let zeros = |theta: &DVector<f64>| theta.iter().filter(|v| **v == 0.0).count();
        let mut sparse = L1Sparse { gamma: 0.4, schedule: PenaltySchedule::Constant, ..L1Sparse::new(1) };
        sparse.run.rate = 0.05;
        let found = removed(&sparse, &problem, &theta, &forget);
        assert!(zeros(&found) > 0 && zeros(&theta) == 0, "{found}");
        for schedule in PenaltySchedule::ALL {
            let none = L1Sparse { gamma: 0.0, schedule, run: sparse.run };
            let tuned = FineTune { run: sparse.run };
            let (a, b) =
                (removed(&none, &problem, &theta, &forget), removed(&tuned, &problem, &theta, &forget));
            assert_eq!(bits(&a), bits(&b), "{schedule}");
        }
        // As released: the subgradient γ·sign(θ) in the gradient. It comes near 0 and hits it never.
        let objective = problem.retained(&forget).unwrap();
        let mut subgradient = theta.clone();
        for _ in 0..500 {
            let g = objective.gradient(&subgradient) + subgradient.map(|v: f64| 0.4 * v.signum());
            subgradient.axpy(-0.05, &g, 1.0);
        }
        assert_eq!(zeros(&subgradient), 0);
        // The schedules lead to different models.
        let ends = PenaltySchedule::ALL.map(|schedule| {
            removed(&L1Sparse { schedule, gamma: 0.05, ..sparse }, &problem, &theta, &forget)
        });
        assert!(ends[0] != ends[1] && ends[1] != ends[2] && ends[0] != ends[2]);
    }
}

#[test]
fn momentum_does_not_change_what_the_penalty_converges_to() {
    // One row kept, ½(θ−1)² + γ|θ|: θ = 1 − γ.
    let data = Dataset::new("two", Design::dense(2, 1, vec![1.0, 1.0]).unwrap(), vec![1.0, -5.0]).unwrap();
    let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
    let forget = RowSet::new(2, vec![1]).unwrap();
    let gamma = 0.25;
    for momentum in [0.0, 0.5, 0.9] {
        let run = Settings { epochs: 2000, rate: 0.1, batch: 1, momentum, weight_decay: None, seed: 0 };
        let method = L1Sparse { run, gamma, schedule: PenaltySchedule::Constant };
        let found = removed(&method, &problem, &dvector![-2.0], &forget)[0];
        assert!((found - (1.0 - gamma)).abs() < 1e-10, "{momentum}: {found}");
        // Thresholding by ηγ alone would converge to 1 − (1−β)γ.
        let unscaled = 1.0 - (1.0 - momentum) * gamma;
        assert!(momentum == 0.0 || (found - unscaled).abs() > 0.1);
    }
}
