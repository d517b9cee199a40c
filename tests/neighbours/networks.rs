//! MUSO's alternation and oracle matching on a small network: smoke tests of approximations, and formulas that can be
//! checked by themselves.

use super::{data, some_rows, uniform};
use nalgebra::{DMatrix, DVector};
use unlearn::data::RowSet;
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::neighbour::head::{Settings, alternate, project};
use unlearn::objective::Problem;
use unlearn::train::epochs::{self, Direction, State};
use unlearn::train::start::start;
use unlearn::unlearn::oracle_matching::{Matching, Steps, match_outputs};

fn network(bias: bool) -> Problem {
    let data = data(60, 4, Loss::Softmax, 3);
    let model = Model::new(vec![4, 6, 3], Activation::Tanh, Loss::Softmax, bias).unwrap();
    Problem::new(data.into(), model, 0.0).unwrap()
}

fn run(epochs: usize) -> epochs::Settings {
    epochs::Settings { epochs, rate: 0.1, batch: 10, momentum: 0.5, weight_decay: None, seed: 2 }
}

fn train(problem: &Problem, rows: &[usize], epochs: usize) -> DVector<f64> {
    let from = State::start(start(problem, 1));
    run(epochs).advance(problem, rows, Direction::Descent, |_| 0.0, from, epochs).unwrap().theta
}

/// The projector through either Gram matrix; the form of the later code is 1/ε times too large.
#[test]
fn the_projector_is_a_projector() {
    let (z, v) = (uniform(6, 4, 1), uniform(6, 3, 2));
    let epsilon = 1e-8;
    let small = z.tr_mul(&z) + DMatrix::identity(4, 4) * epsilon;
    let other = &z * small.clone().try_inverse().unwrap() * z.tr_mul(&v);
    let found = project(&z, &v, epsilon).unwrap();
    assert!((&found - &other).norm() < 1e-6 * v.norm());
    assert!((project(&z, &found, epsilon).unwrap() - &found).norm() < 1e-6 * v.norm());
    let later = &z * (z.tr_mul(&z) + DMatrix::identity(4, 4)).try_inverse().unwrap() * z.tr_mul(&v) / epsilon;
    assert!((later - found).norm() > 1e3 * v.norm());
}

#[test]
fn the_alternation_runs_and_repeats() {
    for bias in [true, false] {
        let problem = network(bias);
        let initial = start(&problem, 1);
        let all: Vec<usize> = (0..60).collect();
        let trained = train(&problem, &all, 40);
        let forget = some_rows(60, 6, 4);
        let settings = Settings { run: run(3), share: 0.2, epsilon: 1e-8 };
        let out = alternate(&problem, &initial, &trained, &forget, &settings).unwrap();
        assert_eq!(out, alternate(&problem, &initial, &trained, &forget, &settings).unwrap());
        assert_eq!((out.labels.len(), out.visits), (3, 3 * (11 + 6 + 60)));
        assert!(out.labels.iter().flatten().all(|y| [0.0, 1.0, 2.0].contains(y)) && out.theta != trained);
        // The whole of the rows kept and a head that never moved: labels are the trained model's own predictions.
        let still = Settings { run: run(1), share: 1.0, ..settings };
        let same = alternate(&problem, &trained, &trained, &forget, &still).unwrap();
        let outputs = problem.full().outputs(&trained);
        let own = forget.rows().iter().map(|&i| Loss::Softmax.predict(outputs.column(i).as_slice()));
        assert_eq!(same.labels[0], own.collect::<Vec<_>>());
        let none =
            alternate(&problem, &initial, &trained, &forget, &Settings { run: run(0), ..settings }).unwrap();
        assert_eq!((none.theta, none.visits), (trained.clone(), 0));
        for bad in [
            Settings { share: 0.0, ..settings },
            Settings { epsilon: 0.0, ..settings },
            Settings { run: epochs::Settings { batch: 0, ..run(1) }, ..settings },
        ] {
            assert!(alternate(&problem, &initial, &trained, &forget, &bad).is_err(), "{bad:?}");
        }
        assert!(alternate(&problem, &DVector::zeros(3), &trained, &forget, &settings).is_err());
        let every = RowSet::new(60, all).unwrap();
        assert!(alternate(&problem, &initial, &trained, &every, &settings).is_err());
    }
    let linear = Model::linear(4, 3, Loss::Softmax, true).unwrap();
    let linear = Problem::new(data(60, 4, Loss::Softmax, 3).into(), linear, 0.1).unwrap();
    let zero = DVector::zeros(15);
    let settings = Settings { run: run(1), share: 0.2, epsilon: 1e-8 };
    assert!(alternate(&linear, &zero, &zero, &some_rows(60, 6, 4), &settings).is_err());
}

/// Pruned parameters stay pruned.
#[test]
fn masks_are_respected() {
    let dense = network(true);
    let keep: Vec<bool> = (0..dense.model().parameters()).map(|j| j % 4 != 1).collect();
    let problem = dense.with_mask(Mask::new(&keep).unwrap()).unwrap();
    let all: Vec<usize> = (0..60).collect();
    let trained = train(&problem, &all, 20);
    let settings = Settings { run: run(2), share: 0.5, epsilon: 1e-8 };
    let out = alternate(&problem, &start(&problem, 1), &trained, &some_rows(60, 6, 4), &settings).unwrap();
    assert_eq!(out.theta.len(), problem.active());
}

/// The gradient that matching follows is that of `Σ‖f − aim‖²`: one step against central differences.
#[test]
fn matching_follows_its_objective() {
    let problem = network(true);
    let aims = uniform(3, 60, 5);
    let theta = start(&problem, 1);
    let forget = some_rows(60, 59, 4);
    let rate = 1e-3;
    // One epoch, one batch of all rows.
    let matching = Matching {
        epochs: 1,
        rate,
        batch: 60,
        retain: 1.0,
        resample: true,
        forgotten: true,
        steps: Steps::Gradient,
        seed: 1,
    };
    let out = match_outputs(&problem, &aims, &forget, theta.clone(), &matching).unwrap();
    let gradient = (&theta - out.theta) / rate;
    let value = |t: &DVector<f64>| (problem.full().outputs(t) - &aims).norm_squared() / 60.0;
    let h = 1e-5;
    for j in 0..theta.len() {
        let (mut up, mut down) = (theta.clone(), theta.clone());
        up[j] += h;
        down[j] -= h;
        // Central differences are good to about h² plus ε/h.
        assert!(((value(&up) - value(&down)) / (2.0 * h) - gradient[j]).abs() < 1e-7, "{j}");
    }
}

/// Matching a retrained network's outputs brings the outputs on the forgotten rows nearer to it.
#[test]
fn matching_a_retrained_network_helps() {
    let problem = network(true);
    let all: Vec<usize> = (0..60).collect();
    let forget = some_rows(60, 8, 4);
    let (trained, retrained) = (train(&problem, &all, 60), train(&problem, &forget.complement(), 60));
    let aims = problem.full().outputs(&retrained);
    let matching = Matching {
        epochs: 60,
        rate: 0.01,
        batch: 16,
        retain: 4.0,
        resample: true,
        forgotten: true,
        steps: Steps::Adam,
        seed: 1,
    };
    let out = match_outputs(&problem, &aims, &forget, trained.clone(), &matching).unwrap();
    let off = |theta: &DVector<f64>| (problem.full().outputs(theta) - &aims).norm();
    assert!(off(&out.theta) < 0.5 * off(&trained), "{} of {}", off(&out.theta), off(&trained));
}
