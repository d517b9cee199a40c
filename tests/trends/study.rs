//! What a study records for its claims.

use super::planted::config;
use unlearn::data::builtin;
use unlearn::study::method::{Method, REFERENCE};
use unlearn::study::run::Running;
use unlearn::study::trend::findings;
use unlearn::study::{Record, Study};

fn run(study: &Study, jobs: usize) -> Vec<Record> {
    let mut records = Vec::new();
    let mut sink = |new: Vec<Record>| {
        records.extend(new);
        Ok(())
    };
    study.run(&Running { jobs, ..Running::default() }, 0, &mut sink, &|| {}).unwrap();
    records
}

/// SynFlow and random masks do not know of the rows at all; those of OMP and IMP agree in part.
#[test]
fn pruners_are_compared_on_the_same_masks() {
    let study = Study::new(config(2), builtin::load("iris").unwrap()).unwrap();
    let records = run(&study, 1);
    for seed in [1, 2] {
        let reference = |r: &&Record| r.seed == seed && r.sparsity == 0.5 && r.method == REFERENCE;
        let agreement = &records.iter().find(reference).unwrap().pruner_agreement;
        assert_eq!((agreement["synflow"], agreement["random"]), (1.0, 1.0));
        assert!(["omp", "imp"].iter().all(|p| (0.0..1.0).contains(&agreement[*p])), "{agreement:?}");
    }
    // Nothing to compare without pruning, nor in other rows.
    let others = records.iter().filter(|r| r.sparsity == 0.0 || r.method != REFERENCE);
    assert!(others.into_iter().all(|r| r.pruner_agreement.is_empty()));
    // The same verdicts whatever the number of threads.
    assert_eq!(findings(&study.config, &records), findings(&study.config, &run(&study, 3)));
}

#[test]
fn variants_differ_in_their_schedule_alone() {
    let config = config(1);
    let of = |name: &str| config.methods.iter().find(|m| m.method == name).unwrap().settings.clone();
    for (name, schedule) in [("l1-sparse-constant", "constant"), ("l1-sparse-growing", "growing")] {
        let mut mine = of(name);
        assert_eq!(mine.insert("gamma-schedule".into(), "decreasing".into()).as_deref(), Some(schedule));
        assert_eq!(mine, of("l1-sparse"));
        assert_eq!(Method::new(name, &[]).unwrap().settings["gamma-schedule"], schedule);
        let changed = [("gamma-schedule".to_owned(), "decreasing".to_owned())];
        assert!(Method::new(name, &changed).unwrap_err().to_string().contains("is its name"));
    }
    assert!(Method::variants(&config.methods).is_empty(), "they are there already");
}
