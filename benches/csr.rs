//! Sparse rows: weighted Gram matrices both ways (where the ways cross is what `gram_sparse::choose` must know), gradients,
//! products with the Hessian, and Newton's method without a Hessian.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use unlearn::data::{Dataset, Design};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::numeric::csr::Csr;
use unlearn::numeric::gram_sparse::{Way, add_by, choose};
use unlearn::objective::Problem;
use unlearn::train::newton_cg;

/// `n` rows over `d` columns, each entry stored with the given chance.
fn uniform(n: usize, d: usize, density: f64) -> Csr {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut row = || {
        let columns: Vec<u32> = (0..d as u32).filter(|_| rng.random_bool(density)).collect();
        columns.into_iter().map(|c| (c, rng.random_range(-1.0..1.0))).collect::<Vec<_>>()
    };
    Csr::from_rows(d, &(0..n).map(|_| row()).collect::<Vec<_>>()).expect("sorted columns")
}

/// `n` rows of about `m` entries, column `c` met about as often as `1/c`: words in documents.
fn words(n: usize, d: usize, m: usize) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut row = || {
        let mut columns: Vec<u32> =
            (0..m).map(|_| ((d as f64).powf(rng.random_range(0.0..1.0)) as u32).min(d as u32 - 1)).collect();
        columns.sort_unstable();
        columns.dedup();
        columns.into_iter().map(|c| (c, rng.random_range(0.1..2.0))).collect::<Vec<_>>()
    };
    let x = Csr::from_rows(d, &(0..n).map(|_| row()).collect::<Vec<_>>()).expect("sorted columns");
    let labels = (0..n).map(|i| f64::from(x.row(i).1.iter().sum::<f64>() * 7.3 % 1.0 > 0.5)).collect();
    let data = Dataset::new("words", Design::Sparse(x), labels).expect("finite");
    let model = Model::linear(d, 1, Loss::Logistic, true).expect("valid widths");
    Problem::new(data.into(), model, 1e-3).expect("sizes agree")
}

fn grams(c: &mut Criterion) {
    for (n, d) in [(10_000, 512), (10_000, 128)] {
        let mut group = c.benchmark_group(format!("gram n = {n}, d = {d}"));
        group.sample_size(10);
        // The operations of the lower triangle when nothing is skipped.
        group.throughput(Throughput::Elements((n * d * d) as u64));
        for percent in [1, 5, 10, 15, 20, 30] {
            let x = uniform(n, d, f64::from(percent) / 100.0);
            let weights = vec![0.25; n];
            let mut out = DMatrix::zeros(d, d);
            for way in [Way::Entries, Way::Dense] {
                let chosen = if choose(&x) == way { ", chosen" } else { "" };
                group.bench_function(BenchmarkId::new(format!("{way:?}{chosen}"), percent), |b| {
                    b.iter(|| add_by(way, black_box(&x), &weights, &mut out));
                });
            }
        }
        group.finish();
    }
}

fn vectors(c: &mut Criterion) {
    for (n, d) in [(10_000, 10_000), (10_000, 100_000)] {
        let problem = words(n, d, 150);
        let full = problem.full();
        let (theta, v) = (DVector::from_element(d + 1, 0.01), DVector::from_element(d + 1, 1.0));
        let operator = full.operator(&theta);
        let mut group = c.benchmark_group(format!("words n = {n}, d = {d}"));
        group.throughput(Throughput::Elements(problem.data().design().values().len() as u64));
        group.sample_size(10);
        group.bench_function("gradient", |b| b.iter(|| full.gradient(black_box(&theta))));
        group.bench_function("outputs", |b| b.iter(|| full.outputs(black_box(&theta))));
        group.bench_function("hvp, by the network", |b| b.iter(|| full.hvp(&theta, black_box(&v))));
        let mut out = v.clone();
        group.bench_function("hvp, by the operator", |b| {
            b.iter(|| operator.product_into(black_box(&v), &mut out))
        });
        group.bench_function("newton-cg", |b| {
            b.iter(|| newton_cg::minimise(&full, DVector::zeros(d + 1)).expect("strongly convex"));
        });
        group.finish();
    }
}

criterion_group!(benches, grams, vectors);
criterion_main!(benches);
