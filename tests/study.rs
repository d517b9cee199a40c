//! The study: scenarios, resuming, the table, and what its records say.

#[path = "study/choices.rs"]
mod choices;
#[path = "study/journal.rs"]
mod journal;
#[path = "study/minimised.rs"]
mod minimised;
#[path = "study/records.rs"]
mod records;
#[path = "study/scenario.rs"]
mod scenario;
#[path = "study/streams.rs"]
mod streams;
#[path = "study/streams_document.rs"]
mod streams_document;

use unlearn::data::{Dataset, builtin};
use unlearn::study::config::Fingerprint;
use unlearn::study::method::{FLOOR, Method, NOOP, REFERENCE};
use unlearn::study::run::Running;
use unlearn::study::scale::Scale;
use unlearn::study::training::Training;
use unlearn::study::{Config, Record, Scenario, Study};

/// A study of two seeds that takes milliseconds.
fn config(data: &Dataset, scenario: Scenario, methods: &[&str]) -> Config {
    let names = [REFERENCE, FLOOR, NOOP].iter().chain(methods);
    Config {
        scenario,
        data: data.name.clone(),
        fingerprint: Fingerprint::of(data),
        test: 0.3,
        test_without_classes: false,
        scale: Scale::Standardize,
        model: "mlp:4-4-3:tanh:softmax".into(),
        bias: true,
        ridge: 1e-3,
        training: Training::Sgd { epochs: 3, batch: 16, rate: 0.1, momentum: 0.9 },
        pruner: "omp".into(),
        compare_pruners: false,
        sparsity: vec![0.0, 0.5],
        seed: 1,
        seeds: 2,
        methods: names.map(|n| Method::new(n, &[]).unwrap()).collect(),
    }
}

fn iris() -> Dataset {
    builtin::load("iris").unwrap()
}

/// All records, in the order handed over, by this many threads.
fn run(study: &Study, jobs: usize) -> Vec<Record> {
    let mut records = Vec::new();
    let running = Running { jobs, ..Running::default() };
    let mut sink = |new: Vec<Record>| {
        records.extend(new);
        Ok(())
    };
    study.run(&running, 0, &mut sink, &|| {}).unwrap();
    records
}
