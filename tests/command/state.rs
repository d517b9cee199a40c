//! Retrain or update, from the command line: a stream of requests to an ensemble in a directory.

use super::{Desk, objects};

const WDBC: &str = "--model linear:logistic --data wdbc --standardize --ridge 0.01";

fn make(desk: &Desk, directory: &str) {
    desk.done(&format!(
        "train {WDBC} --sgd --rate 0.1 --epochs 6 --state {directory} --shards 4 --slices 3 --seed 3"
    ));
}

fn bounds(status: &serde_json::Value) -> Vec<Option<f64>> {
    status["shards"].as_array().unwrap().iter().map(|s| s["bound"].as_f64()).collect()
}

/// Planned, answered, healed: costs as predicted, bounds within the tolerance, and in the end what retraining alone gives.
#[test]
fn a_stream_is_answered_within_its_tolerance_and_healed() {
    let desk = Desk::new();
    make(&desk, "hybrid");
    make(&desk, "exact");
    let tolerance = 0.01;
    let mut retrained = 0;
    for (n, rows) in ["3\n17\n42\n", "17\n100\n", "200\n201\n202\n203\n204\n", "3\n"].iter().enumerate() {
        desk.file("forget", rows);
        let line = format!("--forget forget --tolerance {tolerance} --json -");
        let plan = objects(&desk.done(&format!("plan --state hybrid {line}"))).remove(0);
        let answer = objects(&desk.done(&format!("remove --state hybrid {line}"))).remove(0);
        for key in ["shards", "workload", "share", "predicted_row_visits", "why"] {
            assert_eq!(plan[key], answer[key], "{key}");
        }
        assert_eq!(answer["row_visits"], answer["predicted_row_visits"]);
        let status = objects(&desk.done("status --state hybrid --json -")).remove(0);
        assert!(bounds(&status).iter().all(|b| b.is_some_and(|b| b <= tolerance)), "{status}");
        retrained += answer["retrained"].as_u64().unwrap();
        assert_eq!(status["interrupted"], false);
        if n == 3 {
            assert_eq!(answer["rows"].as_array().unwrap().len(), 0);
        }
        let text = desk.done("status --state hybrid");
        assert!(text.contains("request") && text.lines().all(|l| l.chars().count() <= 120), "{text}");
        desk.done("remove --state exact --forget forget --tolerance 0 --json -");
    }
    let updated = objects(&desk.done("status --state hybrid --json -")).remove(0);
    assert!(retrained > 0 && bounds(&updated).iter().any(|b| *b != Some(0.0)), "{updated}");
    desk.done("remove --state hybrid --heal --output healed.npz --quiet");
    desk.done("remove --state exact --resume --output exact.npz --quiet");
    assert_eq!(
        std::fs::read(desk.path("healed.npz")).unwrap(),
        std::fs::read(desk.path("exact.npz")).unwrap()
    );
    let status = |name: &str| objects(&desk.done(&format!("status --state {name} --json -"))).remove(0);
    let cost = |name: &str| status(name)["row_visits"].as_u64().unwrap();
    assert!(bounds(&status("hybrid")).iter().all(|b| *b == Some(0.0)));
    assert!(cost("hybrid") <= cost("exact"), "updating first and healing together is dearer");
}

/// The policies of the reconstruction say why; costs may be measured or given.
#[test]
fn policies_are_named_and_explained() {
    let desk = Desk::new();
    make(&desk, "st");
    desk.file("forget", "3\n17\n42\n");
    let plan = |policy: &str| desk.done(&format!("plan --state st --forget forget --policy {policy}"));
    assert!(plan("threshold:0.9").contains("<= 0.9: retrain"));
    assert!(plan("threshold:0.01").contains("> 0.01: update"));
    assert!(plan("calibrated").contains("of updating"));
    assert!(plan("calibrated:1e-9:1").contains(": retrain"));
    let known = std::fs::read(desk.path("st/journal")).unwrap();
    assert_eq!(known.iter().filter(|b| **b == b'\n').count(), 2, "planning wrote to the journal");
}

/// Updates are amended where that is asked for: planned with cost, bound and reason, carried out as planned, exact once
/// healed. Only the whole shard brings its parameters near the retrained one's.
#[test]
fn updates_are_amended() {
    let desk = Desk::new();
    desk.done(
        "train --model linear:logistic --data wdbc --standardize --ridge 0.3 --sgd --rate 0.3 --batch 569 --epochs 200 \
         --state st --shards 4 --slices 2 --seed 3",
    );
    desk.file("forget", "3\n");
    let line = "--state st --forget forget --tolerance 1e-4 --amend";
    let plan = objects(&desk.done(&format!("plan {line} 1e-6:all --json -"))).remove(0);
    assert!(plan["amended"].as_u64() > Some(0) && plan["row_visits_in_vain"] == 0, "{plan}");
    for s in plan["shards"].as_array().unwrap().iter().filter(|s| s["choice"] == "amend") {
        let a = &s["amend"];
        assert!(a["bound"].as_f64().unwrap() <= 1e-4 && a["gradient_norm"].as_f64().unwrap() <= 1e-6, "{a}");
        assert!(a["row_visits"].as_u64() < s["retraining_row_visits"].as_u64(), "{s}");
    }
    let text = desk.done("plan --state st --forget forget --policy threshold:0 --amend 1e-6");
    assert!(
        text.contains("amending")
            && text.contains("predicted")
            && text.contains("1e-6:affected:newton:carried"),
        "{text}"
    );
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
    let answer = objects(&desk.done(&format!("remove {line} 1e-6:all --json -"))).remove(0);
    assert_eq!(answer["shards"], plan["shards"]);
    let visits = |shard: &serde_json::Value| match shard["choice"].as_str() {
        Some("amend") => shard["amend"]["row_visits"].as_u64().unwrap(),
        Some("retrain") => shard["retraining_row_visits"].as_u64().unwrap(),
        _ => 0,
    };
    let counted: u64 = plan["shards"].as_array().unwrap().iter().map(visits).sum();
    assert_eq!(answer["row_visits"], counted);
    let status = objects(&desk.done("status --state st --json -")).remove(0);
    assert!(bounds(&status).iter().all(|b| b.is_some_and(|b| b <= 1e-4)), "{status}");
    assert!(status["entries"][0]["policy"].as_str().unwrap().contains("amend:1e-6:all"), "{status}");
    assert!(status["entries"][0]["moves"].to_string().contains("amend"), "{status}");
    desk.done("remove --state st --heal");
    let healed = objects(&desk.done("status --state st --json -")).remove(0);
    assert!(bounds(&healed).iter().all(|b| *b == Some(0.0)), "{healed}");
}

#[test]
fn bad_combinations_are_refused() {
    let desk = Desk::new();
    desk.file("forget", "3\n");
    desk.refused(&format!("train {WDBC} --state st"), &["--sgd"]);
    desk.refused(&format!("train {WDBC} --sgd --shards 3"), &["--state"]);
    desk.refused(&format!("train {WDBC} --sgd --state st --forget forget"), &["cannot be used with"]);
    desk.refused(&format!("train {WDBC} --sgd --state st --renormalise"), &["leave out --renormalise"]);
    desk.refused(&format!("train {WDBC} --sgd --state st --shards 0"), &["shard"]);
    desk.refused("status --state st", &["no state in this directory", "unlearn train"]);
    desk.refused("plan --state st --forget forget --tolerance 1", &["no state in this directory"]);
    make(&desk, "st");
    desk.refused(&format!("train {WDBC} --sgd --state st"), &["st"]);
    desk.refused("remove --state st", &["--forget"]);
    desk.refused("remove --state st --forget forget", &["--tolerance", "--policy"]);
    desk.refused("remove --state st --heal --tolerance 1", &["cannot be used with"]);
    desk.refused("remove --state st --tolerance 1", &["--forget"]);
    desk.refused("remove --state st --heal --forget forget --tolerance 1", &["cannot be used with"]);
    desk.refused(
        "remove --state st --forget forget --method newton",
        &["--method", "those the state was made with"],
    );
    desk.refused("plan --state st --forget forget --policy threshold:7", &["between 0 and 1"]);
    desk.refused("plan --state st --forget forget --tolerance 1 --amend 0", &["residual", "above 0"]);
    desk.refused("plan --state st --forget forget --tolerance 1 --amend 1e-3:some", &["affected, hit, all"]);
    desk.refused("remove --state st --heal --amend 1e-3", &["cannot be used with"]);
    desk.refused("plan --state st --forget forget --policy often", &["threshold:SHARE"]);
    desk.refused("remove --state st --resume --output m.npy", &[".npz"]);
    desk.file("forget", "569\n");
    desk.refused("remove --state st --forget forget --tolerance 1", &["569"]);
    let mut damaged = std::fs::read(desk.path("st/journal")).unwrap();
    damaged[70] ^= 1;
    std::fs::write(desk.path("st/journal"), damaged).unwrap();
    desk.refused("status --state st", &["line 1 is damaged", "train anew"]);
}

/// Data that changed since the state was made is noticed.
#[test]
fn a_state_is_of_its_data() {
    let desk = Desk::new();
    let table = |last: f64| {
        let rows = (0..12).map(|i| {
            format!("{},{},{}\n", i % 5, (i * 7) % 11, if i == 11 { last } else { f64::from(i % 3) })
        });
        format!("a,b,y\n{}", rows.collect::<String>())
    };
    desk.file("data.csv", table(1.0));
    desk.file("forget", "3\n");
    desk.done("train --model linear:squared --data data.csv --ridge 0.1 --sgd --rate 0.01 --state st --shards 2 --quiet");
    desk.done("remove --state st --forget forget --tolerance 0.5 --quiet");
    desk.file("data.csv", table(2.0));
    desk.refused("remove --state st --heal", &["other data or settings"]);
    std::fs::remove_file(desk.path("data.csv")).unwrap();
    desk.refused("remove --state st --heal", &["was made with unlearn train", "data.csv"]);
    assert!(desk.done("status --state st").contains("1 request"));
}
