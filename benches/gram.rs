//! The weighted Gram matrix `Σ w x xᵀ`, lower triangle, from 16 to 1024 columns: time and share of the limit.

mod limit;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nalgebra::DMatrix;
use std::hint::black_box;
use unlearn::numeric::gram::{Columns, Kernel, add_lower};

/// Samples: enough for a few blocks, few enough for the last-level cache.
fn samples(d: usize) -> usize {
    (4_000_000 / (8 * d)).clamp(512, 4096)
}

/// Numbers without a pattern and without randomness.
fn numbers(n: usize) -> Vec<f64> {
    (0..n).map(|i| (1.0 + i as f64).sin()).collect()
}

fn grams(c: &mut Criterion) {
    let mut group = c.benchmark_group("weighted gram");
    group.sample_size(10);
    for d in [16, 32, 64, 65, 128, 256, 512, 1024] {
        let n = samples(d);
        let (x, w) = (numbers(n * d), numbers(n));
        let p = Columns::new(d, &x);
        let mut out = DMatrix::zeros(d, d);
        let mut run = || add_lower(Kernel::best(), n, &p, &p.weighted(&w), black_box(&mut out));
        limit::report(&format!("gram d = {d}, n = {n}"), (n * d * (d + 1)) as f64, &mut run);
        group.bench_function(BenchmarkId::from_parameter(d), |b| b.iter(&mut run));
    }
    group.finish();
}

criterion_group!(benches, grams);
criterion_main!(benches);
