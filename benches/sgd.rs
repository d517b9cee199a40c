//! Recorded stochastic gradient descent: one epoch, single-row batches, dense against pruned.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::DVector;
use std::hint::black_box;
use unlearn::data::builtin;
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::Model;
use unlearn::objective::Problem;
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::sgd;

fn epochs(c: &mut Criterion) {
    let data = std::sync::Arc::new(builtin::load("wdbc").expect("an embedded data set"));
    let model = Model::linear(data.cols(), 1, Loss::Logistic, true).expect("valid widths");
    let problem = Problem::new(data, model, 0.01).expect("sizes agree");
    let batches = Batches { rows: problem.rows(), size: 1, epochs: 1, seed: 1 };
    // The data is not standardised: a tiny rate keeps the iterates in range.
    let plan = Plan::shuffled(batches, Schedule::Constant { rate: 1e-7 }, 0.0, 0.01).expect("a valid plan");
    let mut group = c.benchmark_group("sgd logistic, wdbc, one epoch");
    group.throughput(Throughput::Elements(plan.len() as u64));
    for kept in [31, 15, 6] {
        let scores: Vec<f64> = (0..31).map(|j| (1.0 + f64::from(j)).sin()).collect();
        let pruned = problem
            .clone()
            .with_mask(Mask::magnitude(&scores, kept).expect("in range"))
            .expect("sizes agree");
        group.bench_function(BenchmarkId::new("kept", kept), |b| {
            b.iter(|| {
                let start = DVector::zeros(pruned.active());
                black_box(sgd::train(&pruned, black_box(&plan), start).expect("no overflow"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, epochs);
criterion_main!(benches);
