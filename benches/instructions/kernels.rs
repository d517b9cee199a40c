//! What is counted: one call each of the kernels that everything else spends its time in, small enough for valgrind.

use nalgebra::{DMatrix, DVector};
use std::hint::black_box;
use std::sync::Arc;
use unlearn::bound::audit::audit;
use unlearn::data::{Generate, RowSet, Task};
use unlearn::enclosure::{Enclosed, exact};
use unlearn::loss::Loss;
use unlearn::mask::{Scope, random};
use unlearn::model::{Activation, Model};
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::gram::{Columns, Kernel, add_lower};
use unlearn::numeric::woodbury::Woodbury;
use unlearn::numeric::{elementary, interval::Interval, product};
use unlearn::objective::Problem;
use unlearn::train::coupling::Normalisation;
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::{lockstep, newton, newton_cg, sgd};

const SEED: u64 = 4;

/// Every kernel.
pub(crate) const NAMES: [&str; 16] = [
    "gram-192",
    "hessian-linear",
    "hessian-network",
    "hessian-deep",
    "hessian-pruned",
    "hessian-sparse-rows",
    "cholesky-256",
    "solve-256",
    "removal-256",
    "newton-cg",
    "sgd-logistic",
    "sgd-network",
    "lock-step",
    "interval-dot",
    "gradient-enclosed",
    "audit-logistic",
];

/// Prepares the kernel's input and calls it.
pub(crate) fn call(name: &str, calls: usize) -> Result<(), String> {
    let kernel: Box<dyn Fn()> = match name {
        "gram-192" => gram(192, 300),
        "hessian-linear" => hessian(&problem(&[20, 5], 300, 1.0)),
        "hessian-network" => hessian(&problem(&[20, 8, 3], 200, 1.0)),
        "hessian-deep" => hessian(&problem(&[12, 8, 6, 3], 100, 1.0)),
        "hessian-pruned" => hessian(&pruned(&problem(&[20, 16, 3], 300, 1.0), 0.9)),
        "hessian-sparse-rows" => hessian(&problem(&[400, 1], 2000, 0.01)),
        "cholesky-256" => cholesky(256),
        "solve-256" => solve(256),
        "removal-256" => removal(256),
        "newton-cg" => conjugate(problem(&[3000, 1], 200, 0.01)),
        "sgd-logistic" => epoch(problem(&[64, 1], 1000, 1.0)),
        "sgd-network" => epoch(problem(&[20, 16, 3], 300, 1.0)),
        "lock-step" => lock_step(problem(&[64, 1], 500, 1.0)),
        "interval-dot" => dots(),
        "gradient-enclosed" => gradient(problem(&[20, 8, 3], 50, 1.0)),
        "audit-logistic" => audited(problem(&[10, 1], 200, 1.0)),
        _ => return Err(format!("no kernel is called '{name}'")),
    };
    (0..calls).for_each(|_| kernel());
    Ok(())
}

fn problem(widths: &[usize], rows: usize, density: f64) -> Problem {
    let classes = widths[widths.len() - 1];
    let (task, loss) = match classes {
        1 => (Task::Binary, Loss::Logistic),
        c => (Task::Multiclass(c), Loss::Softmax),
    };
    let recipe = Generate { task, density, ..Generate::new(rows, widths[0]) };
    let data = Arc::new(recipe.build(SEED).expect("a valid recipe"));
    let model = match widths {
        [inputs, outputs] => Model::linear(*inputs, *outputs, loss, true),
        _ => Model::new(widths.to_vec(), Activation::Tanh, loss, true),
    };
    Problem::new(data, model.expect("valid widths"), 0.01).expect("sizes agree")
}

fn pruned(problem: &Problem, sparsity: f64) -> Problem {
    let kept = Scope::Weights.kept(problem.model(), sparsity).expect("a share");
    let mask = random::prune(problem.model(), Scope::Weights, kept, SEED).expect("something is kept");
    problem.clone().with_mask(mask).expect("sizes agree")
}

fn parameters(k: usize) -> DVector<f64> {
    DVector::from_fn(k, |j, _| 0.2 * (1.0 + 1.7 * j as f64).sin())
}

fn gram(d: usize, n: usize) -> Box<dyn Fn()> {
    let x: Vec<f64> = (0..n * d).map(|i| (i as f64).sin()).collect();
    let w: Vec<f64> = (0..n).map(|r| 1.5 + (r as f64).cos()).collect();
    Box::new(move || {
        let p = Columns::new(d, &x);
        let mut out = DMatrix::zeros(d, d);
        add_lower(Kernel::best(), n, &p, &p.weighted(&w), &mut out);
        black_box(out);
    })
}

fn hessian(problem: &Problem) -> Box<dyn Fn()> {
    let problem = problem.clone();
    let theta = parameters(problem.active());
    Box::new(move || drop(black_box(problem.full().hessian(&theta))))
}

fn definite(k: usize) -> DMatrix<f64> {
    DMatrix::from_fn(k, k, |i, j| {
        let off = ((i * j) as f64).sin() / (k as f64);
        if i == j { 2.0 + off } else { off }
    })
}

fn cholesky(k: usize) -> Box<dyn Fn()> {
    let a = definite(k);
    Box::new(move || drop(black_box(Cholesky::new(a.clone(), "A").expect("diagonally dominant"))))
}

fn solve(k: usize) -> Box<dyn Fn()> {
    let factor = Cholesky::new(definite(k), "A").expect("diagonally dominant");
    let b = DMatrix::from_fn(k, 16, |i, j| ((i + 3 * j) as f64).sin());
    Box::new(move || drop(black_box(factor.solve_matrix(&b))))
}

fn removal(k: usize) -> Box<dyn Fn()> {
    let factor = Cholesky::new(definite(k), "A").expect("diagonally dominant");
    let rows = DMatrix::from_fn(k, 8, |i, j| 0.01 * ((i + 5 * j) as f64).sin());
    let b = parameters(k);
    Box::new(move || {
        let without = Woodbury::new(&factor, &rows, &[1.0; 8], "A").expect("positive definite");
        black_box(without.solve(&b));
        let mut changed = factor.clone();
        changed.remove_rows(&rows, &[1.0; 8], "A").expect("positive definite");
        black_box(changed);
    })
}

fn conjugate(problem: Problem) -> Box<dyn Fn()> {
    let start = DVector::zeros(problem.active());
    Box::new(move || drop(black_box(newton_cg::minimise(&problem.full(), start.clone()).expect("λ > 0"))))
}

fn epoch(problem: Problem) -> Box<dyn Fn()> {
    let batches = Batches { rows: problem.rows(), size: 1, epochs: 1, seed: SEED };
    let plan = Plan::shuffled(batches, Schedule::Constant { rate: 0.01 }, 0.0, 0.01).expect("a valid plan");
    let start = parameters(problem.active());
    Box::new(move || drop(black_box(sgd::train_final(&problem, &plan, start.clone()).expect("no overflow"))))
}

fn lock_step(problem: Problem) -> Box<dyn Fn()> {
    let batches = Batches { rows: problem.rows(), size: 1, epochs: 1, seed: SEED };
    let plan = Plan::shuffled(batches, Schedule::Constant { rate: 0.01 }, 0.0, 0.01).expect("a valid plan");
    let start = parameters(problem.active());
    let forgets: Vec<RowSet> =
        (0..32).map(|m| RowSet::new(problem.rows(), vec![m, m + 100]).expect("rows of the data")).collect();
    let run = Normalisation::Fixed;
    Box::new(move || {
        black_box(lockstep::retrain(&problem, &plan, &start, &forgets, run).expect("no overflow"));
    })
}

fn dots() -> Box<dyn Fn()> {
    let a: Vec<f64> = (0..1000).map(|i| f64::from(i).sin()).collect();
    Box::new(move || {
        for _ in 0..100 {
            black_box(product::dot(black_box(&a), &a));
        }
        for v in &a {
            black_box(elementary::exp(Interval::point(*v)));
        }
    })
}

fn gradient(problem: Problem) -> Box<dyn Fn()> {
    let balls = exact(&parameters(problem.active()));
    Box::new(move || drop(black_box(Enclosed::new(&problem, None).expect("rows").gradient(&balls))))
}

fn audited(problem: Problem) -> Box<dyn Fn()> {
    let theta = newton::minimise(&problem.full(), DVector::zeros(problem.active())).expect("convex").theta;
    let forget = RowSet::new(problem.rows(), vec![3, 17]).expect("rows of the data");
    Box::new(move || drop(black_box(audit(&problem, Some(&forget), &theta).expect("λ > 0"))))
}
