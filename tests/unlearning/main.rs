//! Removal methods: exact where they say so, within what they guarantee everywhere, and never a panic.

mod exact;
mod guarantees;
mod refusals;

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

/// Rows 0–4 in two epochs; row 5 and row 4 never used.
fn run_without(last: usize) -> Plan {
    let batches = Batches { rows: last, size: 2, epochs: 2, seed: 3 };
    Plan::shuffled(batches, Schedule::Constant { rate: 0.125 }, 0.5, 0.25).unwrap()
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
