//! `unlearn study`: the table, its file, and what is refused.

use super::{Desk, objects};

const SMALL: &str = "study --data iris --model mlp:4-4-3:tanh:softmax --epochs 2 --seeds 2 --sparsity 0,0.5 \
                     --methods fine-tune";

#[test]
fn a_table_and_its_lines() {
    let desk = Desk::new();
    let table = desk.done(&format!("{SMALL} --json study.jsonl --jobs 2 --details"));
    for word in [
        "forgetting class 0",
        "2 seeds",
        "UA",
        "MIA",
        "RA",
        "TA",
        "disparity",
        "retrain-uncoupled",
        "noop",
        "bound",
    ] {
        assert!(table.contains(word), "{table}\nlacks {word}");
    }
    // The reference has no gap to itself.
    let reference = table.lines().find(|line| line.starts_with("retrain ")).unwrap();
    assert_eq!(reference.matches("(0.00)").count(), 4, "{reference}");
    let whole = desk.read("study.jsonl");
    let lines = objects(&whole);
    assert_eq!(lines.len(), 1 + 2 * 2 * 4);
    assert_eq!(lines[0]["study"]["methods"][3]["settings"]["epochs"], "10");
    assert!(lines[1]["seconds"].is_null() && lines[1]["ua"].is_number());
    // Resumed after an interruption: the same table, the same bytes.
    desk.file("study.jsonl", &whole[..whole.len() / 2]);
    assert_eq!(desk.done(&format!("{SMALL} --json study.jsonl --resume --jobs 1 --details")), table);
    assert_eq!(desk.read("study.jsonl"), whole);
    // And on standard output.
    assert_eq!(desk.done(&format!("{SMALL} --json -")), whole);
}

#[test]
fn settings_reach_the_methods_and_the_header() {
    let desk = Desk::new();
    let line = format!("{SMALL} --set fine-tune.rate=0.5 --set fine-tune.epochs=1 --json -");
    let lines = objects(&desk.done(&line));
    let settings = &lines[0]["study"]["methods"][3]["settings"];
    assert_eq!((settings["rate"].as_str(), settings["epochs"].as_str()), (Some("0.5"), Some("1")));
    let retrain = lines.iter().find(|l| l["method"] == "retrain").unwrap();
    let tuned = lines.iter().find(|l| l["method"] == "fine-tune").unwrap();
    assert_eq!(tuned["row_visits"].as_f64().unwrap() * 2.0, retrain["row_visits"].as_f64().unwrap());
}

#[test]
fn parameters_are_written() {
    let desk = Desk::new();
    desk.done(&format!("{SMALL} --parameters-dir cells --quiet"));
    for file in ["data.npz", "mask.npy", "retrain.npy", "fine-tune.npy"] {
        assert!(desk.path("cells/seed-1/sparsity-0.5").join(file).exists(), "{file}");
    }
}

#[test]
fn what_cannot_be_studied_is_refused() {
    let desk = Desk::new();
    let refused = |more: &str, parts: &[&str]| desk.refused(&format!("{SMALL} {more}"), parts);
    refused("--scenario classwise", &["classwise", "class-wise, random, trojan or transfer"]);
    refused("--classes 7", &["no class 7", "0, 1, 2"]);
    refused("--scenario random --fraction 0", &["above 0 and below 1"]);
    refused("--scenario random --fraction 1", &["above 0 and below 1"]);
    refused("--scenario trojan --target-class 5", &["no class 5"]);
    refused("--scenario trojan --trigger patch:2", &["no square image", "--trigger feature"]);
    refused("--scenario trojan --trigger square", &["patch:PIXELS or feature"]);
    refused("--scenario transfer", &["at least two classes"]);
    refused("--test 0", &["test rows"]);
    refused("--set fine-tune.speed=3", &["no setting 'speed'", "epochs"]);
    refused("--set fine-tune.epochs=few", &["epochs 'few'"]);
    refused("--set fine-tune.rate=-1", &["fine-tune: rate '-1'"]);
    refused("--set fine-tune.seed=3", &["--seed"]);
    refused("--set newton.steps=2", &["newton is not among the methods"]);
    refused("--set fine-tune", &["METHOD.NAME=VALUE"]);
    refused("--optimiser adam", &["newton or sgd"]);
    refused("--optimiser newton", &["--optimiser sgd"]);
    refused("--scale unit", &["standardize, largest or none"]);
    refused("--pruner opm", &["omp, imp, synflow, random"]);
    refused("--jobs 0", &["--jobs 0"]);
    refused("--resume", &["--json"]);
    refused("--resume --json nothing.jsonl", &["nothing.jsonl", "nothing to resume"]);
    desk.refused("study --data iris --methods fine-tuning", &["fine-tuning", "retrain-coupled, noop"]);
    desk.refused("study --data iris --sparsity 1", &["sparsity 1", "below 1"]);
    desk.refused("study --data iris --seeds 0", &["--seeds 0"]);
    desk.refused("study --data iris --epochs 0", &["--epochs 0"]);
    desk.refused("study --data diabetes", &["too many classes"]);
    desk.refused("study --data iris --epochs 99999999999", &["fewer epochs"]);
    desk.refused(
        "study --data iris --scenario transfer --model linear:softmax --classes 0 --probe-classes 1,2",
        &["mlp"],
    );
    desk.file("notes.txt", "do not overwrite\n");
    refused("--json notes.txt", &["notes.txt", "not that of a study"]);
    assert_eq!(desk.read("notes.txt"), "do not overwrite\n");
}
