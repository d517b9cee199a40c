//! What the records of a study say, and the table made of them.

use super::{config, iris, run};
use unlearn::data::{builtin, read};
use unlearn::study::method::{FLOOR, Method, NOOP, REFERENCE};
use unlearn::study::run::Running;
use unlearn::study::table::Table;
use unlearn::study::training::Training;
use unlearn::study::trigger::Trigger;
use unlearn::study::{Record, Scenario, Study};

fn of<'a>(records: &'a [Record], method: &str) -> Vec<&'a Record> {
    records.iter().filter(|r| r.method == method).collect()
}

/// The metrics without what a method is called and costs.
fn metrics(r: &Record) -> [Option<f64>; 8] {
    [r.ua, r.mia, r.ra, r.ta, r.threshold_mia, r.mia_balanced_accuracy, r.distance, r.bounded_distance]
}

#[test]
fn the_reference_and_the_floors_are_always_there() {
    let data = iris();
    let mut config =
        config(&data, Scenario::ClassWise { classes: vec![1.0] }, &["gradient-ascent", "fine-tune"]);
    for (k, name) in ["gradient-ascent", "fine-tune"].iter().enumerate() {
        config.methods[3 + k] = Method::new(name, &[("rate".into(), "0".into())]).unwrap();
    }
    let study = Study::new(config, data).unwrap();
    let records = run(&study, 2);
    assert_eq!(records.len(), study.grid().len());
    assert!(records.iter().zip(study.grid()).all(|(r, c)| r.is(&c)));
    // E1: a method that takes no step is the no-op, to the bit.
    for idle in ["gradient-ascent", "fine-tune"] {
        for (a, b) in of(&records, idle).into_iter().zip(of(&records, NOOP)) {
            assert_eq!(metrics(a), metrics(b), "{idle}");
        }
    }
    let table = Table::new(&study.config, &records);
    for block in &table.blocks {
        let names: Vec<&str> = block.rows.iter().map(|r| r.method.as_str()).collect();
        assert_eq!(names[..3], [REFERENCE, FLOOR, NOOP]);
        let retrain = &block.rows[0];
        assert_eq!((retrain.disparity, retrain.distance.unwrap().mean), (Some(0.0), 0.0));
        for entry in &retrain.entries {
            let g = entry.unwrap().gap;
            assert_eq!((g.mean, g.deviation, g.low, g.high), (0.0, 0.0, 0.0, 0.0));
        }
        // Not a table of zeros.
        assert!(block.rows[2].disparity.unwrap() > 0.05 && block.rows[1].distance.unwrap().mean > 1e-3);
    }
    let text = table.to_string() + &table.details();
    assert!(text.contains("forgetting class 1") && text.contains("sparsity 50 %"), "{text}");
    assert!(!text.contains("-0.00"), "{text}");
}

#[test]
fn the_table_is_the_arithmetic_of_its_records() {
    let data = iris();
    let config = config(&data, Scenario::Random { fraction: 0.2 }, &["fine-tune"]);
    let study = Study::new(config, data).unwrap();
    let records = run(&study, 2);
    let table = Table::new(&study.config, &records);
    for (block, sparsity) in table.blocks.iter().zip([0.0, 0.5]) {
        let here: Vec<Record> = records.iter().filter(|r| r.sparsity == sparsity).cloned().collect();
        for row in &block.rows {
            let (mine, reference) = (of(&here, &row.method), of(&here, REFERENCE));
            let mean =
                |rows: &[&Record], k: usize| rows.iter().map(|r| metrics(r)[k].unwrap()).sum::<f64>() / 2.0;
            let gaps: Vec<f64> = (0..4).map(|k| mean(&mine, k) - mean(&reference, k)).collect();
            for (k, entry) in row.entries.iter().enumerate() {
                assert!((entry.unwrap().value.mean - mean(&mine, k)).abs() < 1e-12);
                assert!((entry.unwrap().gap.mean - gaps[k]).abs() < 1e-12);
            }
            let disparity = gaps.iter().map(|g| g.abs()).sum::<f64>() / 4.0;
            assert!((row.disparity.unwrap() - disparity).abs() < 1e-12);
        }
    }
}

/// A method that cannot serve is a row that says why; the others are not touched.
#[test]
fn a_failure_is_a_record() {
    let data = iris();
    let study =
        Study::new(config(&data, Scenario::Random { fraction: 0.2 }, &["ridge-deletion"]), data).unwrap();
    let records = run(&study, 1);
    for failed in of(&records, "ridge-deletion") {
        assert!(failed.failure.is_some() && failed.ua.is_none());
    }
    assert!(of(&records, FLOOR).iter().all(|r| r.failure.is_none() && r.ua.is_some()));
    assert!(
        Table::new(&study.config, &records).to_string().contains("ridge-deletion has no result for 2 seeds")
    );
}

/// For a linear model trained to its minimum every distance is certified and every bound is kept.
#[test]
fn distances_are_certified_where_the_model_is_convex() {
    let data = iris();
    let methods = ["influence", "newton", "fine-tune", "retrain-coupled"];
    let mut config = config(&data, Scenario::Random { fraction: 0.1 }, &methods);
    (config.model, config.training, config.ridge) = ("linear:softmax".into(), Training::Newton, 0.01);
    let study = Study::new(config, data).unwrap();
    for r in run(&study, 2) {
        let (low, high, distance) =
            (r.certified_low.unwrap(), r.certified_high.unwrap(), r.bounded_distance.unwrap());
        assert!(low <= high && high - low < 1e-9, "{}: [{low}, {high}]", r.method);
        assert!((distance - high).abs() < 1e-9, "{}: {distance} and {high}", r.method);
        match r.bound {
            Some(bound) if bound > 0.0 => assert!(low <= bound, "{}: {low} > {bound}", r.method),
            Some(_) => assert!(high < 1e-9, "{}", r.method),
            None => assert!([REFERENCE, FLOOR].contains(&r.method.as_str()), "{}", r.method),
        }
    }
}

#[test]
fn trojans_and_transfer_have_their_metrics() {
    let data = iris();
    let trojan = Scenario::Trojan { fraction: 0.1, target: 0.0, trigger: Trigger::Feature };
    let study = Study::new(config(&data, trojan, &[]), data).unwrap();
    assert!(run(&study, 2).iter().all(|r| r.asr.is_some() && r.probe.is_none()));

    let digits = builtin::load("digits").unwrap();
    let transfer = Scenario::Transfer { classes: vec![0.0], probed: vec![8.0, 9.0] };
    let mut config = config(&digits, transfer, &["retrain-repruned"]);
    (config.model, config.seeds, config.sparsity) = ("mlp:64-6-10:tanh:softmax".into(), 1, vec![0.5]);
    config.compare_pruners = true;
    let study = Study::new(config, digits).unwrap();
    let records = run(&study, 1);
    assert!(records.iter().all(|r| r.probe.unwrap() > 0.5 && r.asr.is_none()));
    // E4: re-pruning without the forgotten rows chooses another mask; the others share theirs.
    for r in &records {
        let own = r.method == "retrain-repruned";
        assert_eq!(r.mask_agreement.unwrap() < 1.0, own, "{}", r.method);
    }
    // Pruning again is pruning by the same rule from the same start, less the forgotten rows.
    let of = |name: &str| records.iter().find(|r| r.method == name).unwrap();
    assert_eq!(of("retrain-repruned").mask_agreement, of("retrain").pruner_agreement.get("omp").copied());
}

/// Seconds are measured only when asked for.
#[test]
fn seconds_are_optional() {
    let data = iris();
    let study = Study::new(config(&data, Scenario::Random { fraction: 0.1 }, &[]), data).unwrap();
    for timings in [false, true] {
        let mut records = Vec::new();
        let running = Running { jobs: 1, timings, ..Running::default() };
        let mut sink = |new: Vec<Record>| {
            records.extend(new);
            Ok(())
        };
        study.run(&running, 0, &mut sink, &|| {}).unwrap();
        assert!(records.iter().all(|r| r.seconds.is_some() == timings));
    }
}

/// The metrics come out of the files that a study writes, with nothing but the parameters and the rows in them.
#[test]
fn files_hold_what_the_metrics_need() {
    let data = iris();
    let mut config = config(&data, Scenario::Random { fraction: 0.2 }, &["retrain-repruned"]);
    config.seeds = 1;
    let study = Study::new(config, data).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut records = Vec::new();
    let running = Running { jobs: 1, timings: false, parameters: Some(folder.path().to_owned()) };
    let mut sink = |new: Vec<Record>| {
        records.extend(new);
        Ok(())
    };
    study.run(&running, 0, &mut sink, &|| {}).unwrap();
    let setting = study.config.scenario.draw(&study.data, 0.3, study.config.scale, 1).unwrap();
    for r in &records {
        let here = folder.path().join(format!("seed-1/sparsity-{}", r.sparsity));
        let theta = read::vector(here.join(format!("{}.npy", r.method))).unwrap();
        let own = here.join(format!("{}-mask.npy", r.method));
        let mask = read::vector(if own.exists() { own } else { here.join("mask.npy") }).unwrap();
        assert_eq!(theta.len(), 4 * 4 + 4 + 4 * 3 + 3);
        assert!(theta.iter().zip(&mask).all(|(t, m)| *m == 1.0 || *t == 0.0));
        assert_eq!(mask.iter().filter(|m| **m == 1.0).count(), r.active);
        // A network of 4-4-3, written out.
        let predicted = |x: &[f64]| {
            let hidden: Vec<f64> = (0..4)
                .map(|j| ((0..4).map(|i| theta[4 * j + i] * x[i]).sum::<f64>() + theta[16 + j]).tanh())
                .collect();
            let z: Vec<f64> = (0..3)
                .map(|c| (0..4).map(|j| theta[20 + 4 * c + j] * hidden[j]).sum::<f64>() + theta[32 + c])
                .collect();
            (0..3).max_by(|a, b| z[*a].total_cmp(&z[*b])).unwrap() as f64
        };
        let mut x = [0.0; 4];
        let wrong = setting.forget.rows().iter().filter(|&&i| {
            setting.train.design().row(i).write_dense(&mut x);
            predicted(&x) != setting.train.target()[i]
        });
        // UA is 1 − accuracy, with its rounding.
        assert!((wrong.count() as f64 / setting.forget.len() as f64 - r.ua.unwrap()).abs() < 1e-15);
    }
}
