//! Exact Hessians: dense against pruned, in one run, on the digits data (n = 1797, d = 64).
//!
//! Useful work per row is about k²/2 multiply-adds for k kept parameters, so the time should fall with
//! the square of the density until the fixed work per row (forward and tangent sweeps) dominates. The share of the
//! limit counts n·k² operations, what the lower triangle takes entry by entry: sums over pairs of units need fewer when
//! nothing is pruned, so it may exceed what the kernel reaches.

mod limit;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nalgebra::DVector;
use std::hint::black_box;
use std::time::{Duration, Instant};
use unlearn::data::builtin;
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::numeric::threads;
use unlearn::objective::Problem;

/// Parameters without a pattern and without randomness.
fn parameters(d: usize) -> Vec<f64> {
    (0..d).map(|j| 0.1 * (1.0 + j as f64).sin()).collect()
}

/// Prints how much sooner two threads are done than one, measured alternately: trust it only where nothing else runs.
fn two_threads(name: &str, mut work: impl FnMut()) {
    let mut best = [Duration::MAX; 2];
    for _ in 0..10 {
        for (threads, best) in [1, 2].into_iter().zip(&mut best) {
            threads::allow(threads);
            let start = Instant::now();
            work();
            *best = (*best).min(start.elapsed());
        }
    }
    threads::allow(1);
    let [one, two] = best.map(|t| t.as_secs_f64());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{name}: {:.3} ms by one thread, {:.3} ms by two: {:.2} times as fast ({cores} cores)",
        one * 1e3,
        two * 1e3,
        one / two
    );
}

fn hessians(c: &mut Criterion) {
    let data = std::sync::Arc::new(builtin::load("digits").expect("an embedded data set"));
    let models = [
        ("linear softmax 64-10", Model::linear(64, 10, Loss::Softmax, true)),
        ("mlp 64-32-10", Model::new(vec![64, 32, 10], Activation::Tanh, Loss::Softmax, true)),
        ("mlp 64-32-16-10", Model::new(vec![64, 32, 16, 10], Activation::Tanh, Loss::Softmax, true)),
    ];
    for (name, model) in models {
        let problem = Problem::new(data.clone(), model.expect("valid widths"), 0.01).expect("sizes agree");
        let d = problem.model().parameters();
        let mut group = c.benchmark_group(format!("hessian {name}, d = {d}"));
        group.sample_size(10);
        for percent in [100, 50, 20, 10, 5, 1] {
            let mask = Mask::magnitude(&parameters(d), d * percent / 100).expect("something is kept");
            let theta: DVector<f64> = mask.restrict(&parameters(d)).expect("sizes agree");
            let pruned = problem.clone().with_mask(mask).expect("sizes agree");
            let f = pruned.full();
            let work = (f.support().count() * f.active() * f.active()) as f64;
            limit::report(&format!("{name}, {percent} % kept, k = {}", f.active()), work, || {
                drop(black_box(f.hessian(black_box(&theta))));
            });
            group.bench_function(BenchmarkId::new("kept percent", percent), |b| {
                b.iter(|| black_box(f.hessian(black_box(&theta))));
            });
        }
        group.finish();
        let f = problem.full();
        let theta = DVector::from_vec(parameters(d));
        two_threads(name, || drop(black_box(f.hessian(black_box(&theta)))));
        // A multiplication and an addition per parameter forward, backward and in the sum; twice that along a direction.
        let work = (6 * f.support().count() * d) as f64;
        limit::report(&format!("gradient, {name}"), work, || drop(black_box(f.gradient(black_box(&theta)))));
        limit::report(&format!("product with the hessian, {name}"), 2.0 * work, || {
            drop(black_box(f.hvp(black_box(&theta), &theta)));
        });
    }
}

criterion_group!(benches, hessians);
criterion_main!(benches);
