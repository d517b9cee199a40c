//! The planner for one model: nothing outside the tolerance, nothing lost; its part of `STREAMS.md`.

use super::streams_document::committed;
use std::fmt::Write as _;
use unlearn::data::builtin;
use unlearn::hybrid::Tolerance;
use unlearn::study::choices::table::Table;
use unlearn::study::choices::{Config, Record, Study};
use unlearn::study::scale::Scale;

const HEAD: &str = "## One model

A model trained to a minimiser, requests one at a time (`unlearn plan`, `unlearn remove --tolerance`): every branch is run for
every forget set, so that it is known afterwards which was the cheapest within the tolerance. Row visits of branches;
planning and certifying visit rows as well, the same ones whatever is chosen. Seconds are wall clock here, measured once on a
busy machine: their ranges say more about it than about the forecasts.
";

fn config(data: &str, forget: &[usize], tolerances: &[f64], seeds: u64) -> Config {
    Config {
        data: data.into(),
        scale: if data == "digits" { Scale::Largest } else { Scale::Standardize },
        model: if data == "wdbc" { "linear:logistic" } else { "linear:softmax" }.into(),
        bias: true,
        ridge: 0.01,
        forget: forget.to_vec(),
        tolerances: tolerances.iter().map(|t| Tolerance::new(*t).unwrap()).collect(),
        seed: 1,
        seeds,
        timings: true,
    }
}

const TOLERANCES: [f64; 8] = [1e-14, 1e-13, 1e-12, 1e-9, 1e-6, 1e-4, 0.01, 1.0];

/// What is promised of every answer: within the tolerance, and at most 10 % dearer than what would have been best.
fn check(records: &[Record]) {
    for r in records {
        assert!(r.within && r.loss() <= 0.1, "{r:?}");
        assert!(r.answer == "retrain" || r.certified.unwrap() <= r.tolerance, "{r:?}");
        for b in r.branches.iter().filter(|b| b.branch != "retrain") {
            assert_eq!(b.predicted, b.visits, "{b:?}");
            // Newton's bound is in exact arithmetic.
            let rounding = 1e-11;
            assert!(b.bound.is_none_or(|bound| b.certified.unwrap() <= 4e3 * bound + rounding), "{b:?}");
        }
    }
}

/// The sections of the document.
pub(crate) fn sections() -> String {
    let mut text = format!("\n{HEAD}");
    let tolerances = "1e-14,1e-13,1e-12,1e-9,1e-6,1e-4,0.01,1";
    for (data, forget, seeds) in [("wdbc", [1, 6, 28, 114], 4), ("digits", [1, 18, 90, 359], 2)] {
        let config = config(data, &forget, &TOLERANCES, seeds);
        let records: Vec<Record> = committed(&format!("choices-{data}"), &config.header());
        assert_eq!(records.len(), forget.len() * TOLERANCES.len() * seeds as usize);
        check(&records);
        let table = Table::new(&config, &records).to_string();
        let (lines, said) = table.split_once("\n\n").expect("a table and what is said of it");
        let names = forget.map(|m| m.to_string()).join(",");
        let command = format!(
            "unlearn choices --data {data} --forget {names} \\\n  --tolerance {tolerances} --seeds {seeds} --timings --jobs 1"
        );
        write!(text, "\n```sh\n{command}\n```\n\n```\n{lines}\n```\n\n{said}").unwrap();
    }
    text
}

#[test]
fn choices_are_right_on_small_data() {
    let data = builtin::load("wine").unwrap();
    let mut config = config("wine", &[1, 9, 35], &TOLERANCES, 3);
    config.timings = false;
    let study = Study::new(config, &data).unwrap();
    let records = study.run(&|| ()).unwrap();
    assert_eq!(records.len(), 3 * 3 * 8);
    check(&records);
    let answers = |name: &str| records.iter().filter(|r| r.answer.starts_with(name)).count();
    assert!(answers("noop") > 0 && answers("newton") > 0 && answers("retrain") > 0);
    assert!(records.iter().all(|r| r.seconds.is_none() && r.branches.iter().all(|b| b.seconds.is_none())));
    let table = Table::new(&study.config, &records);
    assert!(table.to_string().contains("72 of 72 answers are within"), "{table}");
    let read: Vec<Record> = records.iter().map(|r| serde_json::from_str(&r.line()).unwrap()).collect();
    assert_eq!(read, records);
    // A loss is told.
    let mut worse = records;
    worse[0].visits = 2 * worse[0].best_visits.max(1);
    assert!(Table::new(&study.config, &worse).loss() >= 1.0);
}

#[test]
fn what_cannot_be_chosen_is_refused() {
    let data = builtin::load("wine").unwrap();
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = config("wine", &[1], &[0.1], 1);
        change(&mut config);
        Study::new(config, &data).unwrap_err().to_string()
    };
    assert!(refused(&|c| c.forget = vec![0]).contains("--forget 0"));
    assert!(refused(&|c| c.forget = vec![178]).contains("177 of 178"));
    assert!(refused(&|c| c.forget.clear()).contains("--forget"));
    assert!(refused(&|c| c.tolerances = vec![Tolerance::EXACT]).contains("always retrains"));
    assert!(refused(&|c| c.tolerances = vec![Tolerance::ANY]).contains("inf never"));
    assert!(refused(&|c| c.ridge = 0.0).contains("--ridge > 0"));
    assert!(refused(&|c| c.model = "mlp:13-4-3:tanh:softmax".into()).contains("linear"));
    assert!(refused(&|c| c.seeds = 0).contains("--seeds 0"));
}
