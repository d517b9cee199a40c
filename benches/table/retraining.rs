//! Retraining many times: without each of many forget sets, in lock-step; minimisers without each, by downdates.

use crate::frame::case::arguments;
use crate::frame::{Bench, Case, Role, Target};
use crate::hessian::{RIDGE, parameters, problem};
use crate::sgd::{RATE, SEED, epochs, labelled, order};
use nalgebra::{DMatrix, DVector};
use serde_json::json;
use std::hint::black_box;
use unlearn::data::RowSet;
use unlearn::loss::Loss;
use unlearn::objective::Problem;
use unlearn::train::coupling::Normalisation;
use unlearn::train::{lockstep, newton, sgd};
use unlearn::unlearn::leave_out_sweep::Sweep;

/// Kind by kind.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Retraining many times",
        "Logistic regression on 64 features without each of many sets of 10 rows: coupled runs of four epochs in lock-step \
         beside one run after the other, and minimisers by steps from the factored whole beside Newton's method from the \
         trained parameters.",
    );
    lock_step(bench);
    leave_out(bench);
}

fn forget_sets(rows: usize, count: usize) -> Vec<RowSet> {
    let set = |m: usize| (0..10).map(|r| (m + r * rows / 10) % rows).collect();
    (0..count).map(|m| RowSet::new(rows, set(m)).expect("distinct rows")).collect()
}

fn lock_step(bench: &mut Bench) {
    const MODELS: usize = 32;
    let problem = problem(labelled(), &[64, 1], Loss::Logistic);
    let (plan, start) = (epochs(&problem), parameters(problem.active()));
    let (n, forgets) = (problem.rows(), forget_sets(problem.rows(), MODELS));
    // The bias is the weight of a column of ones.
    let rows = DMatrix::from_row_slice(n, 64, problem.data().design().values()).insert_column(64, 1.0);
    let kept = DMatrix::from_fn(n, MODELS, |i, m| if forgets[m].contains(i) { 0.0 } else { 1.0 });
    let given = arguments([
        ("x", bench.matrix(&rows)),
        ("y", bench.vector(problem.target())),
        ("order", bench.vector(&order(&plan))),
        ("start", bench.vector(start.as_slice())),
        ("models", bench.matrix(&kept)),
        ("rate", json!(RATE)),
        ("ridge", json!(RIDGE)),
    ]);
    let mut case = Case::new(format!("{MODELS} runs in lock-step"), format!("n = {n}, k = 65, seed {SEED}"))
        .against("jax", "sgd_models", Role::Tuned, given);
    case.units = Some(((plan.len() * MODELS) as f64, "model-steps"));
    case.targets = vec![Target::Rate(60e6)];
    let normalisation = Normalisation::Fixed;
    let one =
        |f: &RowSet| sgd::retrain_final(&problem, &plan, start.clone(), f, normalisation).expect("runs");
    let singly = || drop(black_box(forgets.iter().map(one).collect::<Vec<_>>()));
    bench.measure(
        case,
        Vec::new(),
        |ends| {
            *ends = lockstep::retrain(&problem, &plan, &start, &forgets, normalisation).expect("runs");
        },
        // A parameter per row, a model per column, in row order.
        |ends: &Vec<DVector<f64>>| (0..65).flat_map(|j| ends.iter().map(move |e| e[j])).collect(),
        vec![("one by one", Box::new(singly))],
    );
}

fn leave_out(bench: &mut Bench) {
    let problem: Problem = problem(labelled(), &[64, 1], Loss::Logistic);
    let forgets = forget_sets(problem.rows(), 100);
    let zero = DVector::zeros(problem.active());
    let theta = newton::minimise(&problem.full(), zero).expect("convex").theta;
    let size = format!("n = {}, k = 65, seed {SEED}", problem.rows());
    let mut case = Case::new("100 minimisers without 10 rows", size);
    case.units = Some((forgets.len() as f64, "minimisers"));
    case.targets = vec![Target::Within("refits", 1.0)];
    let refit = |f: &RowSet| {
        newton::minimise(&problem.retained(f).expect("rows are left"), theta.clone()).expect("convex")
    };
    let refits = || drop(black_box(forgets.iter().map(refit).collect::<Vec<_>>()));
    bench.measure(
        case,
        Vec::new(),
        |ends| {
            let mut sweep = Sweep::new(&problem, &theta).expect("a convex problem");
            *ends = forgets.iter().map(|f| sweep.leave_out(f).expect("convex").theta).collect();
        },
        |_: &Vec<DVector<f64>>| Vec::new(),
        vec![("refits", Box::new(refits))],
    );
}
