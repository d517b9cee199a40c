//! The main job, on a few cases.

use super::{Desk, objects};
use unlearn::claim::{self, Verdict};

/// The keys that scripts rely on, in the order of the contract.
const KEYS: [&str; 12] = [
    "claim",
    "title",
    "source",
    "theorem",
    "expected",
    "verdict",
    "cases",
    "worst_ratio",
    "median_ratio",
    "counterexample",
    "data",
    "seconds",
];

#[test]
fn json_holds_every_claim_and_does_not_depend_on_the_threads() {
    let desk = Desk::new();
    let run = |rest: &str| {
        let ran = desk.unlearn(&format!("verify --data generated --cases 8 {rest}"));
        assert!(ran.status == Some(0) || ran.status == Some(1), "{ran:?}");
        assert_eq!(ran.err, "");
        ran.out
    };
    let one = run("--jobs 1 --json -");
    assert_eq!(run("--jobs 3 --json -"), one);
    assert_ne!(run("--seed 2 --json -"), one);
    let lines = objects(&one);
    let claims = claim::all();
    assert_eq!(lines.len(), claims.len());
    for (line, claim) in lines.iter().zip(&claims) {
        for key in KEYS {
            assert!(line.get(key).is_some(), "{} lacks {key}", claim.id);
        }
        assert_eq!((&line["claim"], &line["expected"]), (&claim.id.into(), &claim.expected.word().into()));
        assert_eq!((&line["data"], &line["seconds"]), (&"generated".into(), &serde_json::Value::Null));
        assert_eq!(line["counterexample"].is_null(), line["verdict"] != "refuted", "{line}");
        assert_eq!(line["overall"], line["verdict"]);
    }
    // To a file, beside the table; with times.
    let text = run("--json out.jsonl --timings");
    assert!(text.contains("claim") && text.contains("median"), "{text}");
    let timed = objects(&desk.read("out.jsonl"));
    assert!(timed.iter().all(|line| line["seconds"].is_f64()));
}

/// A claim on a real data set, named by a part of its id; the same through the library.
#[test]
fn the_table_shows_what_was_found() {
    let desk = Desk::new();
    let out = desk.done("verify loss-gap --cases 12 --seed 5");
    let found: Vec<Vec<&str>> = out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|cells: &Vec<&str>| cells.contains(&"generated") || cells.contains(&"wdbc"))
        .collect();
    assert_eq!(found[0][..5], ["residual-loss-gap", "holds", "holds", "generated", "12"], "{out}");
    assert_eq!(found[1][..3], ["Unlearn.Convex.loss_gap", "holds", "wdbc"], "{out}");
    assert!(out.ends_with("1 claim: all as expected (1 hold, 0 refuted, as should be)\n"), "{out}");
    assert!(out.contains("Unlearn.Convex.loss_gap") && out.contains("below a claim"), "{out}");
    let last = "1 claim: all as expected (1 hold, 0 refuted, as should be)\n";
    assert_eq!(desk.done("verify loss-gap --cases 12 --quiet"), last);
}

#[test]
fn counterexamples_are_printed_in_full_when_asked_for() {
    let desk = Desk::new();
    let refuted = claim::all().into_iter().find(|c| c.expected == Verdict::Refuted).unwrap();
    let line = format!("verify {} --cases 3 --data generated", refuted.id);
    let out = desk.done(&line);
    for part in ["measured", "claimed bound", "forget rows", "rows ", "y=", "loss, widths", refuted.statement]
    {
        assert!(out.contains(part), "{out}\nlacks {part}");
    }
    let object = objects(&desk.done(&format!("{line} --json -"))).remove(0);
    let counterexample = &object["counterexample"];
    let end = |side: &str, end: &str| counterexample[side][end].as_f64().unwrap();
    assert!(end("measured", "lo") > end("bound", "hi"), "{object}");
    assert!(counterexample["case"]["rows"].is_array() && counterexample["case"]["forget"].is_array());
    assert_eq!((&object["overall"], &object["as_expected"]), (&"refuted".into(), &true.into()));
}

#[test]
fn nothing_but_text_reaches_a_pipe_and_no_line_is_too_long() {
    let desk = Desk::new();
    for rest in ["--cases 4 --data generated", "verify --cases 4 --data generated --data wdbc --verbose"] {
        let ran = desk.unlearn(&format!("{rest} --seed 3"));
        assert_eq!(ran.err, "");
        assert!(!ran.out.contains(['\r', '\u{1b}']), "{}", ran.out);
        for line in ran.out.lines().rev().skip(1) {
            assert!(line.chars().count() <= 120, "{} characters: {line}", line.chars().count());
        }
        let all = claim::all();
        assert!(all.iter().all(|c| ran.out.contains(c.id)));
        assert!(ran.out.lines().last().unwrap().starts_with(&format!("{} claims: ", all.len())));
    }
}
