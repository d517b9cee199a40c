//! Removal methods: exact where they say so, within what they guarantee everywhere, and never a panic.

use nalgebra::{DVector, dvector};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::claim::{Case, Depth, Domain};
use unlearn::constants::{Constants, Region};
use unlearn::data::{Dataset, Design, RowSet, Standardizer, builtin};
use unlearn::error::Error;
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::numeric::interval::Interval;
use unlearn::numeric::tolerance::tol;
use unlearn::objective::{Objective, Problem, Reduction};
use unlearn::train::coupling::Normalisation;
use unlearn::train::newton::{Fit, minimise};
use unlearn::train::plan::{Batches, Plan, Schedule, Step};
use unlearn::train::sgd::{self, Trajectory};
use unlearn::unlearn::newton::Newton;
use unlearn::unlearn::{Guarantee, Request, Trained, Unlearned, Unlearner, method, methods, report};
use unlearn::verify::strategy;

const NAMES: [&str; 25] = [
    "noop",
    "retrain",
    "retrain-uncoupled",
    "retrain-repruned",
    "addback-start",
    "addback-end",
    "addback-recorded",
    "amnesiac",
    "recollection",
    "precomputed",
    "deltagrad",
    "direct-fine-tune",
    "influence",
    "influence-boolean",
    "influence-cg",
    "woodfisher",
    "newton",
    "ridge-deletion",
    "datamodel",
    "muso",
    "oracle-matching",
    "fine-tune",
    "gradient-ascent",
    "fisher",
    "l1-sparse",
];

const REDUCTIONS: [Reduction; 2] = [Reduction::Mean, Reduction::Sum];
const NORMALISATIONS: [Normalisation; 2] = [Normalisation::Fixed, Normalisation::Renormalised];

/// Six rows with two features; row 5 is zero. Targets for regression.
fn six_rows() -> Dataset {
    let x = vec![1.0, 0.5, -0.5, 2.0, 0.25, -1.0, 1.5, 1.0, -2.0, 0.75, 0.0, 0.0];
    Dataset::new("six", Design::dense(6, 2, x).unwrap(), vec![1.0, -0.5, 2.0, 0.5, -1.0, 3.0]).unwrap()
}

fn ridge_problem(reduction: Reduction, ridge: f64) -> Problem {
    let model = Model::linear(2, 1, Loss::Squared, false).unwrap();
    Problem::new(six_rows().into(), model, ridge).unwrap().with_reduction(reduction)
}

fn fit(problem: &Problem) -> Fit {
    minimise(&problem.full(), DVector::zeros(problem.active())).unwrap()
}

fn rows(total: usize, rows: &[usize]) -> RowSet {
    RowSet::new(total, rows.to_vec()).unwrap()
}

fn remove(problem: &Problem, forget: &RowSet, trained: Trained<'_>, name: &str) -> Result<Unlearned, Error> {
    method(name, 5).unwrap().remove(&Request { problem, forget, trained })
}

fn bits(v: &DVector<f64>) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

/// Normwise agreement of solutions of a system of condition `κ` in `n` terms.
fn assert_close(a: &DVector<f64>, b: &DVector<f64>, n: usize, kappa: f64) {
    let (error, allowed) = ((a - b).norm(), tol(n, kappa) * (a.norm() + b.norm()));
    assert!(error <= allowed, "{a} and {b} differ by {error:e}, {} times the allowance", error / allowed);
}

#[test]
fn the_registry_has_every_name_once() {
    assert_eq!(methods(0).iter().map(|m| m.name()).collect::<Vec<_>>(), NAMES);
    let text = method("sisa", 0).err().unwrap().to_string();
    assert!(NAMES.iter().all(|n| text.contains(n)), "{text}");
}

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

/// Rows 0–4 in two epochs; row 5 and row 4 never used.
fn run_without(last: usize) -> Plan {
    let batches = Batches { rows: last, size: 2, epochs: 2, seed: 3 };
    Plan::shuffled(batches, Schedule::Constant { rate: 0.125 }, 0.5, 0.25).unwrap()
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

#[test]
fn a_comparison_always_shows_doing_nothing_and_the_floor() {
    let problem = ridge_problem(Reduction::Mean, 0.5);
    let (fit, forget) = (fit(&problem), rows(6, &[0]));
    let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    let table = report::compare(&request, &["newton", "noop", "influence", "newton"], 1).unwrap();
    let names: Vec<_> = table.iter().map(|r| r.method).collect();
    assert_eq!(names, ["noop", "retrain-uncoupled", "newton", "influence"]);
    assert!(table[0].ratio == 1.0 && table[0].distance.lo() > 0.0);
    // One minimiser: the floor is rounding.
    assert!(table[1].distance.hi() < tol(6, 100.0) && table[2].distance.hi() < tol(6, 100.0));
    assert!(table[3].ratio > 1e-6 && table.iter().all(|r| r.enclosed));
    assert!(report::compare(&request, &["nothing"], 1).is_err());

    // A run: other batches lead elsewhere, and the seed decides where.
    let plan = run_without(6);
    let run = sgd::train(&problem, &plan, dvector![0.5, -0.25]).unwrap();
    let trained = Trained::Run { plan: &plan, trajectory: &run, normalisation: Normalisation::Fixed };
    let request = Request { problem: &problem, forget: &forget, trained };
    let floor = |seed| report::compare(&request, &["retrain"], seed).unwrap()[1].distance;
    assert!(floor(1).lo() > 1e-6 && floor(1) == floor(1) && floor(1) != floor(2));
    assert_eq!(report::compare(&request, &["retrain"], 1).unwrap()[2].distance.lo(), 0.0);
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
