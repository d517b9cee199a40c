//! Stochastic gradient descent and retraining many times, on fixed inputs: elements per second are row visits (steps of
//! one row), times the models where several go together.
//!
//! The slow side of each pair is the code path that the fast one replaces, in the same run: gradients formed row by
//! row (`formed`), runs one after the other, refits.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::DVector;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::numeric::gram::Kernel;
use unlearn::objective::Problem;
use unlearn::train::coupling::{Coupling, Normalisation};
use unlearn::train::lockstep;
use unlearn::train::newton::minimise;
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::sgd;
use unlearn::train::start::start;
use unlearn::train::stepper::Stepper;
use unlearn::unlearn::leave_out_sweep::Sweep;

/// Entries uniform in ±½, labels uniform over the classes.
fn problem(rows: usize, widths: Vec<usize>, loss: Loss) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    let values = (0..rows * inputs).map(|_| rng.random_range(-0.5..0.5)).collect();
    let classes = if loss == Loss::Softmax { outputs } else { 2 };
    let labels = (0..rows).map(|_| rng.random_range(0..classes) as f64).collect();
    let design = Design::dense(rows, inputs, values).expect("sizes agree");
    let data = Dataset::new("uniform", design, labels).expect("finite");
    let model = Model::new(widths, Activation::Tanh, loss, true).expect("valid widths");
    Problem::new(data.into(), model, 0.01).expect("sizes agree")
}

fn logistic() -> Problem {
    problem(1000, vec![64, 1], Loss::Logistic)
}

fn network() -> Problem {
    problem(1797, vec![64, 32, 10], Loss::Softmax)
}

/// A random share of the parameters pruned.
fn pruned(problem: &Problem, percent: usize) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let d = problem.model().parameters();
    let scores: Vec<f64> = (0..d).map(|_| rng.random_range(0.0..1.0)).collect();
    let mask = Mask::magnitude(&scores, d * (100 - percent) / 100).expect("in range");
    problem.clone().with_mask(mask).expect("sizes agree")
}

/// Two epochs of single rows.
fn plan(problem: &Problem, decay: f64) -> Plan {
    let batches = Batches { rows: problem.rows(), size: 1, epochs: 2, seed: 1 };
    Plan::shuffled(batches, Schedule::Constant { rate: 0.01 }, 0.0, decay).expect("a valid plan")
}

fn formed(problem: &Problem, plan: &Plan, mut theta: DVector<f64>) -> DVector<f64> {
    let none = RowSet::new(problem.rows(), vec![0]).expect("a row");
    let coupling = Coupling::new(problem, plan, &none, Normalisation::Fixed).expect("sizes agree");
    for (k, step) in plan.steps.iter().enumerate() {
        theta.axpy(-step.eta, &coupling.keep(k, &theta), 1.0);
    }
    theta
}

fn steps(c: &mut Criterion) {
    let net = network();
    let mut cases = vec![("logistic 64".to_owned(), logistic()), ("mlp 64-32-10".to_owned(), net.clone())];
    cases.extend([50, 80, 95].map(|p| (format!("mlp 64-32-10, {p} % pruned"), pruned(&net, p))));
    for (name, problem) in cases {
        let (plan, from) = (plan(&problem, 0.0), start(&problem, 1));
        let mut group = c.benchmark_group(format!("sgd, one row per step: {name}"));
        group.throughput(Throughput::Elements(plan.len() as u64));
        group.bench_function("formed", |b| b.iter(|| formed(&problem, black_box(&plan), from.clone())));
        group.bench_function("recorded", |b| {
            b.iter(|| sgd::train(&problem, black_box(&plan), from.clone()).expect("no overflow"));
        });
        group.bench_function("final", |b| {
            b.iter(|| sgd::train_final(&problem, black_box(&plan), from.clone()).expect("no overflow"));
        });
        for kernel in Kernel::available() {
            group.bench_function(BenchmarkId::new("steps", kernel.name()), |b| {
                let mut run =
                    Stepper::with_kernel(&problem, from.as_slice(), 0.0, 0.0, kernel).expect("sizes agree");
                b.iter(|| plan.steps.iter().for_each(|s| run.step(black_box(&s.rows), 1.0, s.eta)));
            });
        }
        group.finish();
    }
}

fn forget_sets(rows: usize, count: usize, size: usize) -> Vec<RowSet> {
    let set = |m| (0..size).map(|r| (m + r * rows / size) % rows).collect();
    (0..count).map(|m| RowSet::new(rows, set(m)).expect("distinct rows")).collect()
}

fn retrainings(c: &mut Criterion) {
    let problem = logistic();
    let (plan, from, forgets) = (plan(&problem, 0.01), start(&problem, 1), forget_sets(1000, 32, 10));
    let normalisation = Normalisation::Fixed;
    let mut group = c.benchmark_group("retraining without 32 forget sets: logistic 64");
    group.throughput(Throughput::Elements((plan.len() * forgets.len()) as u64));
    group.bench_function("one by one", |b| {
        let one =
            |f: &RowSet| sgd::retrain_final(&problem, &plan, from.clone(), f, normalisation).expect("runs");
        b.iter(|| forgets.iter().map(one).collect::<Vec<_>>());
    });
    group.bench_function("lock-step", |b| {
        b.iter(|| {
            lockstep::retrain(&problem, &plan, &from, black_box(&forgets), normalisation).expect("runs")
        });
    });
    group.finish();
}

fn leaving_out(c: &mut Criterion) {
    for loss in [Loss::Squared, Loss::Logistic] {
        let problem = problem(1000, vec![64, 1], loss);
        let forgets = forget_sets(1000, 100, 10);
        let fit = minimise(&problem.full(), start(&problem, 1)).expect("converges");
        let mut group = c.benchmark_group(format!("leaving out 100 sets of 10 rows: {loss} 64"));
        group.sample_size(10).throughput(Throughput::Elements(forgets.len() as u64));
        group.bench_function("refits", |b| {
            let refit = |f: &RowSet| {
                minimise(&problem.retained(f).expect("fits"), fit.theta.clone()).expect("converges")
            };
            b.iter(|| forgets.iter().map(refit).map(|f| f.theta[0]).sum::<f64>());
        });
        group.bench_function("sweep", |b| {
            b.iter(|| {
                let mut sweep = Sweep::new(&problem, &fit.theta).expect("fits");
                forgets.iter().map(|f| sweep.leave_out(f).expect("converges").theta[0]).sum::<f64>()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, steps, retrainings, leaving_out);
criterion_main!(benches);
