//! The methods of prune-then-unlearn: each does what its formula says, and the nearest wrong formula, most of
//! them from released code, is told apart.

use nalgebra::{DMatrix, DVector, dvector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::constants::{Constants, Region};
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::error::Error;
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Coordinate, Model};
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::tolerance::tol;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::coupling::Normalisation;
use unlearn::train::epochs::{Settings, State};
use unlearn::train::newton::{Fit, minimise};
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::proximal::PenaltySchedule;
use unlearn::train::sgd;
use unlearn::train::start::start;
use unlearn::unlearn::fine_tune::FineTune;
use unlearn::unlearn::fisher::{Fisher, Variant, diagonal};
use unlearn::unlearn::gradient_ascent::GradientAscent;
use unlearn::unlearn::l1_sparse::L1Sparse;
use unlearn::unlearn::report::compare;
use unlearn::unlearn::woodfisher::inverse_times;
use unlearn::unlearn::{Guarantee, Request, Trained, Unlearner, configured, method, methods};

/// Methods of this file: approximations without a theorem of their own, and re-pruning.
const NEW: [&str; 7] =
    ["retrain-repruned", "influence-cg", "woodfisher", "fine-tune", "gradient-ascent", "fisher", "l1-sparse"];

/// Random features, labels that depend on them.
fn data(rows: usize, cols: usize, loss: Loss, seed: u64) -> Dataset {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x: Vec<f64> = (0..rows * cols).map(|_| rng.random_range(-1.0..1.0)).collect();
    let target = |row: &[f64]| {
        let noise: f64 = rng.random_range(-0.3..0.3);
        let z: f64 = row.iter().enumerate().map(|(j, v)| v * (j as f64 + 1.0).sin()).sum::<f64>() + noise;
        match loss {
            Loss::Squared => z,
            Loss::Logistic => f64::from(u8::from(z > 0.0)),
            Loss::Softmax => f64::from(u8::from(z > 0.3)) + f64::from(u8::from(z > -0.3)),
        }
    };
    let y: Vec<f64> = x.chunks_exact(cols).map(target).collect();
    Dataset::new("drawn", Design::dense(rows, cols, x).unwrap(), y).unwrap()
}

fn outputs(loss: Loss) -> usize {
    if loss == Loss::Softmax { 3 } else { 1 }
}

fn linear(loss: Loss) -> Problem {
    let model = Model::linear(5, outputs(loss), loss, true).unwrap();
    Problem::new(data(40, 5, loss, 1).into(), model, 0.05).unwrap()
}

fn network(loss: Loss) -> Problem {
    let model = Model::new(vec![5, 4, outputs(loss)], Activation::Tanh, loss, true).unwrap();
    Problem::new(data(40, 5, loss, 1).into(), model, 0.05).unwrap()
}

/// Every third weight pruned.
fn pruned(problem: &Problem) -> Problem {
    let model = problem.model();
    let keep: Vec<bool> =
        (0..model.parameters()).map(|j| model.coordinate(j).input.is_none() || j % 3 != 1).collect();
    problem.clone().with_mask(Mask::new(&keep).unwrap()).unwrap()
}

fn forget(problem: &Problem) -> RowSet {
    RowSet::new(problem.rows(), vec![0, 7, 13, 22]).unwrap()
}

/// A fit near the start, or wherever Newton's method ends up.
fn fit(problem: &Problem) -> Fit {
    minimise(&problem.full(), start(problem, 3)).unwrap()
}

fn plan(problem: &Problem) -> Plan {
    let batches = Batches { rows: problem.rows(), size: 8, epochs: 2, seed: 1 };
    Plan::shuffled(batches, Schedule::Constant { rate: 0.02 }, 0.0, 0.05).unwrap()
}

fn bits(v: &DVector<f64>) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

/// Everything to compare methods on: linear and network, dense and pruned.
fn problems() -> Vec<Problem> {
    let mut all = Vec::new();
    for loss in Loss::ALL {
        for dense in [linear(loss), network(loss)] {
            all.push(pruned(&dense));
            all.push(dense);
        }
    }
    all
}

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

// I1–I3.
#[test]
fn influence_steps_are_told_apart_from_each_other_and_from_the_refit() {
    let model = Model::linear(5, 1, Loss::Squared, false).unwrap();
    let problem = Problem::new(data(100, 5, Loss::Squared, 6).into(), model, 0.0).unwrap();
    let forget = RowSet::new(100, (0..10).map(|i| 9 * i).collect()).unwrap();
    let fit = minimise(&problem.full(), DVector::zeros(5)).unwrap();
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    let step = |name: &str| method(name, 0).unwrap().remove(&request).unwrap().theta - &fit.theta;
    let (simplex, boolean) = (step("influence"), step("influence-boolean"));
    for j in 0..5 {
        assert!((simplex[j] / boolean[j] - 100.0 / 90.0).abs() < 1e-10, "I1");
    }
    let refit = minimise(&problem.retained(&forget).unwrap(), DVector::zeros(5)).unwrap().theta - &fit.theta;
    let relative = |step: &DVector<f64>| (step - &refit).norm() / refit.norm();
    let hessian = problem.full().hessian(&fit.theta);
    let c = Constants::of(&problem.full(), Region::Everywhere);
    assert!(relative(&step("newton")) < tol(100, c.smoothness / c.strong_convexity), "I2");
    assert!(relative(&simplex) > 1e-3 && relative(&boolean) > 1e-3, "I3: influence is not the refit");
    // I4 for squared loss, Q = 0: the residual after Newton's step is 0, after the influence step it is not.
    let retained = problem.retained(&forget).unwrap();
    let residual = |step: &DVector<f64>| retained.gradient(&(&fit.theta + step)).norm();
    let floor = tol(100, 1.0) * hessian.norm() * fit.theta.norm();
    assert!(residual(&step("newton")) <= floor && residual(&simplex) > 1e6 * floor);
}

// I4.
#[test]
fn the_residual_after_a_newton_step_is_quadratic_in_the_step_and_no_better() {
    for seed in 0..5 {
        let model = Model::linear(3, 1, Loss::Logistic, true).unwrap();
        let problem = Problem::new(data(30, 3, Loss::Logistic, seed).into(), model, 0.02).unwrap();
        let fit = minimise(&problem.full(), DVector::zeros(4)).unwrap();
        let (residual, distance) = newton_ratios(&problem, &RowSet::new(30, vec![1, 5, 6]).unwrap(), &fit);
        assert!(residual <= 1.0 && distance <= 1.0, "{residual}, {distance}");
    }
    // One row at the place where the third derivative of the logistic loss is largest, σ(θ) = ½ + 1/√12, with
    // the ridge that makes it stationary: both bounds are nearly attained, and half of either would be refuted.
    let sigma = 0.5 + 12.0_f64.sqrt().recip();
    let peak = (sigma / (1.0 - sigma)).ln();
    let data = Dataset::new("peak", Design::dense(2, 1, vec![1.0; 2]).unwrap(), vec![1.0; 2]).unwrap();
    let model = Model::linear(1, 1, Loss::Logistic, false).unwrap();
    let problem = Problem::new(data.into(), model, (1.0 - sigma) / peak).unwrap();
    let near = Fit { theta: dvector![peak + 0.01], residual: 0.0, rounding: 0.0, iterations: 0 };
    let (residual, _) = newton_ratios(&problem, &RowSet::new(2, vec![1]).unwrap(), &near);
    assert!(residual <= 1.0 && residual > 0.9, "{residual}");
}

/// `‖∇F_R(θ+Δ)‖` and `‖θ+Δ−θ_r‖` after Newton's step over `(Q/2)‖Δ‖²` and `(Q/2μ)‖Δ‖²`.
fn newton_ratios(problem: &Problem, forget: &RowSet, fit: &Fit) -> (f64, f64) {
    let request = Request { problem, forget, trained: Trained::Minimiser(fit) };
    let retained = problem.retained(forget).unwrap();
    let c = Constants::of(&retained, Region::Everywhere);
    let refit = minimise(&retained, fit.theta.clone()).unwrap();
    let theta = method("newton", 0).unwrap().remove(&request).unwrap().theta;
    let bound = 0.5 * c.hessian_lipschitz * (&theta - &fit.theta).norm_squared();
    let distance = (&theta - &refit.theta).norm();
    (retained.gradient(&theta).norm() / bound, distance * c.strong_convexity / bound)
}

// I5, I6.
#[test]
fn woodfisher_inverts_and_one_auxiliary_vector_does_not() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    // k ≤ n keeps the inverse, k > n the factors.
    for (n, k) in [(30, 6), (12, 12), (7, 20)] {
        let g = DMatrix::from_fn(k, n, |_, _| rng.random_range(-1.0..1.0));
        let v = DVector::from_fn(k, |_, _| rng.random_range(-1.0..1.0));
        let (damping, weight) = (0.1, 1.0 / n as f64);
        let fisher = &g * g.transpose() * weight + DMatrix::identity(k, k) * damping;
        let kappa = (g.norm_squared() * weight + damping) / damping;
        let exact = Cholesky::new(fisher, "F").unwrap().solve(&v);
        let found =
            inverse_times(&v, n, |i, out: &mut DVector<f64>| out.copy_from(&g.column(i)), weight, damping);
        assert!((&found - &exact).norm() <= tol(n + k, kappa) * exact.norm(), "{n}, {k}");
        // As released: the auxiliary vector starts as g₁ and is only ever rescaled.
        let (mut carried, mut result) = (g.column(0).clone_owned(), &v / damping);
        for i in 1..n {
            let column = g.column(i);
            let divisor = 1.0 / weight + carried.dot(&column);
            result.axpy(-column.dot(&result) / divisor, &carried, 1.0);
            carried *= (1.0 / weight) / divisor;
        }
        let moved = &result - &v / damping;
        let cosine = moved.dot(&g.column(0)) / (moved.norm() * g.column(0).norm());
        assert!(cosine.abs() >= 1.0 - 1e-12, "its result is v − c·g₁");
        assert!((result - &exact).norm() > 0.5 * exact.norm(), "and no inverse");
    }
}

#[test]
fn woodfisher_removes_with_the_empirical_fisher() {
    for problem in problems() {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let problem = problem.clone().with_reduction(reduction);
            let forget = forget(&problem);
            let theta = start(&problem, 8).map(|v| v + 0.1);
            let at = Fit { theta: theta.clone(), residual: 0.0, rounding: 0.0, iterations: 0 };
            let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&at) };
            let found =
                configured("woodfisher", 0, &[("damping", "0.5")]).unwrap().remove(&request).unwrap().theta;
            let full = problem.full();
            let mut fisher = full.empirical_fisher(&theta);
            (0..theta.len()).for_each(|j| fisher[(j, j)] += 0.5);
            // −∇F_R·|R|/n + ∇F of the simplex weights is the contrast of the forgotten rows.
            let (n, m) = (40.0, 4.0);
            let retained = problem.retained(&forget).unwrap();
            let v = match reduction {
                Reduction::Mean => {
                    (full.gradient(&theta) * n - retained.gradient(&theta) * (n - m)) / (n - m)
                }
                Reduction::Sum => full.gradient(&theta) - retained.gradient(&theta),
            };
            let kappa = fisher.norm() / 0.5;
            let exact = &theta + Cholesky::new(fisher.clone(), "F").unwrap().solve(&v);
            let size = theta.norm() + v.norm() / 0.5 + full.gradient(&theta).norm();
            assert!((&found - &exact).norm() <= tol(60, kappa) * size);
            // Another damping is another step.
            let other =
                configured("woodfisher", 0, &[("damping", "0.6")]).unwrap().remove(&request).unwrap().theta;
            assert!((other - exact).norm() > 1e-6);
        }
    }
}

#[test]
fn conjugate_gradients_take_the_influence_step() {
    for problem in [linear(Loss::Logistic), pruned(&linear(Loss::Softmax)), pruned(&network(Loss::Squared))] {
        let (fit, forget) = (fit(&problem), forget(&problem));
        let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
        let step = |name, settings: &[_]| {
            configured(name, 0, settings).unwrap().remove(&request).unwrap().theta - &fit.theta
        };
        let exact = step("influence", &[]);
        // A residual of 1e-10 leaves an error of that times the condition, at most about 1e3 here.
        assert!((step("influence-cg", &[]) - &exact).norm() < 1e-7 * exact.norm());
        assert!((step("influence-cg", &[("damping", "0.1")]) - &exact).norm() > 1e-3 * exact.norm());
        assert!(matches!(
            configured("influence-cg", 0, &[("products", "1")]).unwrap().remove(&request),
            Err(Error::NotConverged { .. })
        ));
    }
    // A saddle: the error says what helps, and it does.
    let problem = network(Loss::Squared);
    let theta = start(&problem, 1) * 3.0;
    let at = Fit { theta, residual: 0.0, rounding: 0.0, iterations: 0 };
    let forget = forget(&problem);
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&at) };
    let e = method("influence-cg", 0).unwrap().remove(&request).unwrap_err();
    assert!(e.to_string().contains("raise the ridge or the damping"), "{e}");
    assert!(configured("influence-cg", 0, &[("damping", "100")]).unwrap().remove(&request).is_ok());
}

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

// E5.
#[test]
fn the_fisher_diagonal_is_that_of_row_gradients() {
    for problem in problems() {
        let theta = start(&problem, 5).map(|v| v + 0.2);
        let rows: Vec<usize> = (5..40).collect();
        let weights = (0..40).map(|i| if i >= 5 { 1.0 / 35.0 } else { 0.0 }).collect();
        let objective = problem.weighted(weights).unwrap();
        let empirical = objective.empirical_fisher(&theta).diagonal();
        for (variant, closed) in
            [(Variant::Expected, objective.fisher(&theta).diagonal()), (Variant::Empirical, empirical)]
        {
            let found = diagonal(&problem, &rows, &theta, variant);
            assert!((&found - &closed).norm() <= tol(100, 1.0) * closed.norm(), "{variant}");
            // As released: squares of batch means.
            let batch = |rows: &[usize]| {
                let w =
                    (0..40).map(|i| if rows.contains(&i) { 1.0 / rows.len() as f64 } else { 0.0 }).collect();
                problem.weighted(w).unwrap().risk_gradient(&theta).map(|v| v * v)
            };
            let means = rows.chunks(7).map(batch).sum::<DVector<f64>>() / 5.0;
            assert!((means - &closed).norm() > 1e-3 * closed.norm(), "batch means are another matrix");
        }
    }
}

// E6.
#[test]
fn noise_on_what_is_kept_does_not_depend_on_what_is_pruned() {
    // Linear least squares: the Fisher information of a weight is the mean square of its feature.
    let dense = linear(Loss::Squared);
    let theta = DVector::from_fn(6, |j, _| 0.1 * j as f64);
    let noise = |problem: &Problem| {
        let kept = problem.mask().restrict(theta.as_slice()).unwrap();
        let at = Fit { theta: kept.clone(), residual: 0.0, rounding: 0.0, iterations: 0 };
        let forget = forget(problem);
        let request = Request { problem, forget: &forget, trained: Trained::Minimiser(&at) };
        let out = Fisher { alpha: 0.01, ..Fisher::new(3) }.remove(&request).unwrap();
        problem.mask().embed(&out.theta)
    };
    let full = noise(&dense);
    for keep in [[true, false, false, false, false, true], [true, true, false, true, false, true]] {
        let problem = dense.clone().with_mask(Mask::new(&keep).unwrap()).unwrap();
        let some = noise(&problem);
        for j in 0..6 {
            assert_eq!(some[j].to_bits(), if keep[j] { full[j].to_bits() } else { 0 }, "{j}");
        }
    }
    // As released: variances averaged over the inputs of a unit, pruned ones at the cap among them.
    let rows: Vec<usize> = (0..40).collect();
    let method = Fisher { power: 1.0, ..Fisher::new(3) };
    let variances = method.deviations(&diagonal(&dense, &rows, &theta, Variant::Expected)).map(|s| s * s);
    let averaged =
        |kept: usize| (variances.rows(0, kept).sum() + (5 - kept) as f64 * 1e3 * method.alpha) / 5.0;
    assert!(averaged(2) > 10.0 * averaged(5), "which makes survivors noisier the more is pruned");
}

// E6.
#[test]
fn no_classifier_row_is_wiped_because_of_a_count() {
    // Ten classes and 4,500 forgotten rows: released code sets a row of the classifier to 0.
    let n = 4600;
    let x = (0..n).map(|i| (i % 23) as f64 / 23.0).collect();
    let y = (0..n).map(|i| (i % 10) as f64).collect();
    let data = Dataset::new("counted", Design::dense(n, 1, x).unwrap(), y).unwrap();
    let problem = Problem::new(data.into(), Model::linear(1, 10, Loss::Softmax, true).unwrap(), 0.1).unwrap();
    let theta = DVector::from_fn(20, |j, _| 1.0 + 0.1 * j as f64);
    let at = Fit { theta: theta.clone(), residual: 0.0, rounding: 0.0, iterations: 0 };
    let forget = RowSet::new(n, (0..4500).collect()).unwrap();
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&at) };
    let method = Fisher { alpha: 1e-8, ..Fisher::new(1) };
    let out = method.remove(&request).unwrap().theta;
    let sigma = method.deviations(&diagonal(&problem, &forget.complement(), &theta, Variant::Expected));
    for j in 0..20 {
        // A normal number exceeds 6 once in 10⁹ draws.
        assert!((out[j] - theta[j]).abs() <= 6.0 * sigma[j] && sigma[j] < 0.01, "{j}");
    }
    let wiped = Coordinate { layer: 0, unit: 9, input: Some(0) };
    assert!(theta[problem.model().index(wiped)] > 6.0 * sigma[9], "a wiped row would have been seen");
}

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

#[test]
fn settings_are_listed_read_back_and_refused() {
    for name in methods(3).iter().map(|m| m.name()) {
        let mut method = method(name, 3).unwrap();
        let before = method.settings();
        for (setting, value) in &before {
            method.set(setting, value).unwrap();
        }
        assert_eq!(method.settings(), before, "{name} reads what it writes");
        let e = method.set("temperature", "1").unwrap_err().to_string();
        assert!(e.contains(name) && e.contains("temperature"), "{e}");
        assert!(before.iter().all(|(setting, _)| e.contains(setting)), "{e} lists what there is");
        for (setting, _) in &before {
            for nonsense in ["", "-1", "NaN", "inf", "many"] {
                assert!(method.set(setting, nonsense).is_err(), "{name} takes {setting} = '{nonsense}'");
            }
            assert_eq!(method.settings(), before, "a refused value changes nothing");
        }
    }
    for (name, setting, value) in [
        ("fine-tune", "momentum", "1"),
        ("fine-tune", "batch", "0"),
        ("woodfisher", "damping", "0"),
        ("newton", "steps", "0"),
        ("l1-sparse", "gamma-schedule", "linear"),
        ("retrain-repruned", "pruner", "magnitude"),
    ] {
        assert!(configured(name, 0, &[(setting, value)]).is_err(), "{name} {setting} {value}");
    }
    let changed = configured("l1-sparse", 0, &[("gamma", "0.5"), ("gamma-schedule", "growing")]).unwrap();
    assert!(changed.settings().contains(&("gamma-schedule", "growing".into())));
}

#[test]
fn costs_follow_the_formulas_and_shrink_with_the_mask() {
    let (dense, small) = (network(Loss::Softmax), pruned(&network(Loss::Softmax)));
    let cost = |problem: &Problem, name: &str| {
        let (fit, forget) = (fit(problem), forget(problem));
        let request = Request { problem, forget: &forget, trained: Trained::Minimiser(&fit) };
        method(name, 0).unwrap().remove(&request).unwrap().cost
    };
    for problem in [&dense, &small] {
        let k = problem.active() as f64;
        // 36 rows kept, 4 forgotten, 3 classes.
        for (name, visits) in
            [("fine-tune", 360.0), ("gradient-ascent", 20.0), ("fisher", 108.0), ("l1-sparse", 360.0)]
        {
            let found = cost(problem, name);
            assert_eq!((found.row_visits, found.flops), (visits, visits * 6.0 * k), "{name}");
        }
        assert_eq!((cost(problem, "noop").row_visits, cost(problem, "noop").flops), (0.0, 0.0));
    }
    let (dense, small) = (linear(Loss::Softmax), pruned(&linear(Loss::Softmax)));
    for name in ["retrain", "influence", "newton", "woodfisher", "fine-tune"] {
        // Per row visit, since the number of Newton steps depends on the problem.
        let per_visit = |problem| cost(problem, name).flops / cost(problem, name).row_visits;
        assert!(per_visit(&small) < per_visit(&dense), "{name}");
    }
}
