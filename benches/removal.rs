//! Taking rows off a factored matrix: form and factor, Woodbury's identity (one system), rotations (a new factor). What
//! `woodbury::cheapest` must know is where they cross.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::memory::copy_lower;
use unlearn::numeric::woodbury::{Woodbury, cheapest, subtract_rows};

/// A well conditioned matrix with `rank` of its rows.
fn matrix(d: usize, rank: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let rows = DMatrix::from_fn(d, rank, |_, _| rng.random_range(-1.0..1.0));
    let mut a = DMatrix::identity(d, d) * (d as f64);
    subtract_rows(&mut a, &rows, &vec![0.0; rank]);
    unlearn::numeric::gram::add_product(&rows, &rows, &mut a);
    (a, rows)
}

fn removals(c: &mut Criterion) {
    for d in [512, 2048] {
        let mut group = c.benchmark_group(format!("removal d = {d}"));
        group.sample_size(10);
        for rank in [1, 16, d / 8, d / 2] {
            let (a, rows) = matrix(d, rank);
            let (weights, b) = (vec![1.0; rank], DVector::from_element(d, 1.0));
            let factor = Cholesky::new(a.clone(), "A").expect("positive definite");
            let name = |way: &str| {
                BenchmarkId::new(
                    format!(
                        "{way} (chosen: {:?}, kept {:?})",
                        cheapest(d, rank, false),
                        cheapest(d, rank, true)
                    ),
                    rank,
                )
            };
            group.bench_function(name("refactor"), |bench| {
                bench.iter(|| {
                    let mut left = copy_lower(&a);
                    subtract_rows(&mut left, black_box(&rows), &weights);
                    Cholesky::new(left, "A").expect("positive definite").solve(&b)
                });
            });
            group.bench_function(name("woodbury"), |bench| {
                bench.iter(|| {
                    Woodbury::new(&factor, black_box(&rows), &weights, "A")
                        .expect("positive definite")
                        .solve(&b)
                });
            });
            group.bench_function(name("downdate"), |bench| {
                bench.iter(|| {
                    let mut factor = factor.clone();
                    factor.remove_rows(black_box(&rows), &weights, "A").expect("positive definite");
                    factor
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, removals);
criterion_main!(benches);
