//! Cholesky factorisation and 64 right-hand sides: time and share of the limit.

mod limit;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nalgebra::DMatrix;
use std::hint::black_box;
use unlearn::numeric::factor::Cholesky;

/// Right-hand sides solved together.
const SIDES: usize = 64;

fn matrix(d: usize) -> DMatrix<f64> {
    DMatrix::from_fn(d, d, |i, j| if i == j { d as f64 } else { (1.0 + (i * j) as f64).sin() })
}

fn factors(c: &mut Criterion) {
    let mut group = c.benchmark_group("cholesky");
    group.sample_size(10);
    for d in [64, 256, 512, 1024, 2048] {
        let (a, size) = (matrix(d), d as f64);
        let factor = Cholesky::new(a.clone(), "the bench matrix").expect("diagonally dominant enough");
        let b = DMatrix::from_fn(d, SIDES, |i, j| (1.0 + (i + j) as f64).cos());
        let mut run = || drop(black_box(Cholesky::of(&a, "the bench matrix")));
        limit::report(&format!("cholesky d = {d}"), size.powi(3) / 3.0, &mut run);
        let solve = || drop(black_box(factor.solve_matrix(&b)));
        limit::report(&format!("{SIDES} right-hand sides, d = {d}"), 2.0 * size * size * SIDES as f64, solve);
        group.bench_function(BenchmarkId::from_parameter(d), |b| b.iter(&mut run));
    }
    group.finish();
}

criterion_group!(benches, factors);
criterion_main!(benches);
