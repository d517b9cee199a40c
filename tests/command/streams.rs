//! `unlearn streams` and `unlearn choices`: the table, the lines, and what is refused.

use super::{Desk, objects};

const STREAM: &str = "streams --data iris --shards 3 --slices 2 --requests 2,4 --arrivals bursts --tolerance 0.1 --epochs 2 \
                      --amended 1e-3 --seeds 2";

#[test]
fn streams_in_visits_and_seconds() {
    let desk = Desk::new();
    let whole = desk.done(&format!("{STREAM} --json - --jobs 1"));
    assert_eq!(whole, desk.done(&format!("{STREAM} --json - --jobs 2")));
    let lines = objects(&whole);
    assert_eq!(lines.len(), 1 + 2 * 2 * 7);
    assert!(lines[1]["seconds"].is_null() && lines[1]["visits"].is_u64());
    let timed = objects(&desk.done(&format!("{STREAM} --timings --json -")));
    assert!(timed[1..].iter().all(|l| l["seconds"].as_f64().unwrap() > 0.0));
    assert!(timed[1..].iter().zip(&lines[1..]).all(|(a, b)| a["visits"] == b["visits"]));
    let text = desk.done(&format!("{STREAM} --timings --report pages"));
    for part in ["amended:1e-3", "seconds %", "ms each", "when asked", "reconstruction"] {
        let page = desk.read("pages/index.html");
        assert!(text.contains(part) || page.contains(part), "{text}\nlacks {part}");
    }
    assert!(desk.read("pages/index.html").contains("seconds (% of full)"));
    desk.refused(&format!("{STREAM} --amended 0"), &["a residual of 0"]);
    desk.refused("streams --data iris --amended -1", &["a residual of -1"]);
}

#[test]
fn streams_to_minimisers() {
    let desk = Desk::new();
    let line = "streams --train minimise --data iris --shards 3 --requests 2,4 --arrivals bursts --tolerance 1e-3 --seeds 2";
    let whole = desk.done(&format!("{line} --json - --jobs 1"));
    assert_eq!(whole, desk.done(&format!("{line} --json - --jobs 2")));
    let lines = objects(&whole);
    assert_eq!(lines.len(), 1 + 2 * 2 * 6);
    assert!(lines[1]["seconds"].is_null() && lines[1]["total"].as_u64().unwrap() > 0);
    let timed = objects(&desk.done(&format!("{line} --timings --json -")));
    assert!(timed[1..].iter().all(|l| l["seconds"].as_f64().unwrap() > 0.0));
    let text = desk.done(line);
    for part in ["In 24 of 24 runs", "sisa:warm", "beats both", "cheaper than both"] {
        assert!(text.contains(part), "{text}\nlacks {part}");
    }
    let runs =
        ["slices 1", "threshold 0.1", "amended 1e-3", "epochs 3", "batch 8", "rate 0.1", "report pages"];
    for option in runs {
        let name = option.split(' ').next().unwrap();
        desk.refused(&format!("{line} --{option}"), &[&format!("--{name} is about runs"), "leave it out"]);
    }
    desk.refused("streams --train minimise --tolerance 0", &["tolerance 0"]);
    desk.refused("streams --train minimise --arrivals recent", &["use uniform"]);
}

#[test]
fn choices_beside_all_branches() {
    let desk = Desk::new();
    let line = "choices --data iris --forget 2,30 --tolerance 1e-6,0.1 --seeds 2";
    let text = desk.done(line);
    for part in ["8 of 8 answers are within", "chosen", "best", "a forecast"] {
        assert!(text.contains(part), "{text}\nlacks {part}");
    }
    let lines = objects(&desk.done(&format!("{line} --json -")));
    assert_eq!(lines.len(), 1 + 2 * 2 * 2);
    assert!(lines[0]["study"] == "choices" && lines[1]["branches"].as_array().unwrap().len() >= 4);
    let plan = "plan --model linear:softmax --data iris --ridge 0.01 --forget-fraction 0.1 --tolerance 1e-3";
    let shown = desk.done(plan);
    assert!(
        shown.lines().any(|l| l.contains("retrain") && l.contains(" ~")) && shown.contains("~: a forecast"),
        "{shown}"
    );
    let object = objects(&desk.done(&format!("{plan} --json -"))).remove(0);
    let branches = object["plan"]["branches"].as_array().unwrap();
    assert!(branches.iter().all(|b| b["row_visits_forecast"] == (b["branch"] == "retrain")));
    desk.refused("choices --forget 0", &["--forget 0"]);
    desk.refused("choices --tolerance 0", &["always retrains"]);
}
