//! `unlearn audit` as a person types it.

use super::{Desk, objects};
use std::path::Path;

const WDBC: &str = "--model linear:logistic --data wdbc --standardize --ridge 0.01 --forget forget";

/// Rows x = 1, 3 with targets 1, 1; without the second: ½(θ−1)² + ½θ², least at ½ and 2-strongly convex.
#[test]
fn a_distance_computed_by_hand() {
    let desk = Desk::new();
    desk.file("two.csv", "x,y\n1,1\n3,1\n");
    desk.file("forget", "1\n");
    desk.file("theta", "2\n");
    let line = "audit --model linear:squared --no-bias --ridge 1 --data two.csv --parameters theta";
    let text = desk.done(&format!("{line} --forget forget"));
    assert!(text.starts_with("linear:squared on two.csv: 1 of 2 rows forgotten, 1 of 1 parameters active\n"));
    for part in [
        "distance from the exactly retrained model: between 1.",
        "Unlearn.Convex.residual_bound",
        "the 1 of 2 rows kept",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let one = objects(&desk.done(&format!("{line} --forget forget --json -"))).remove(0);
    let inside = |key: &str, v: f64| {
        let (lo, hi) = (one[key]["lo"].as_f64().unwrap(), one[key]["hi"].as_f64().unwrap());
        assert!(lo <= v && v <= hi && hi - lo < 1e-13, "{key}: {one}");
    };
    inside("distance", 1.5);
    inside("gradient_norm", 3.0);
    inside("strong_convexity", 2.0);
    inside("output_gap", 4.5);
    inside("retained_output_gap", 1.5);
    assert_eq!((&one["retained"], &one["forgotten"]), (&1.into(), &1.into()));
    assert_eq!((&one["active"], &one["parameters"]), (&1.into(), &1.into()));
    assert_eq!(one["guarantee"], "strong-convexity");
    assert_eq!(one["theorem"], "Unlearn.Convex.residual_bound");
    // Without a forget file the minimiser on all rows is meant: 6θ = 2.
    let all = objects(&desk.done(&format!("{line} --json -"))).remove(0);
    assert_eq!((&all["retained"], &all["forgotten"]), (&2.into(), &0.into()));
    let lo = all["distance"]["lo"].as_f64().unwrap();
    assert!((lo - 5.0 / 3.0).abs() < 1e-14);
    // Sums instead of means on all rows: 11θ = 4.
    let sum = objects(&desk.done(&format!("{line} --reduction sum --json -"))).remove(0);
    assert!((sum["distance"]["hi"].as_f64().unwrap() - 18.0 / 11.0).abs() < 1e-14);
    let quiet = desk.done(&format!("{line} --quiet"));
    assert_eq!(quiet.lines().count(), 1, "{quiet}");
}

/// Trained by this command and read back from a .npy file; retrained parameters are at rounding distance.
#[test]
fn trained_retrained_and_masked() {
    let desk = Desk::new();
    desk.file("forget", "3\n17\n42\n");
    let common = WDBC.replace(" --forget forget", "");
    desk.done(&format!("train {common} --output all.npy --quiet"));
    desk.done(&format!("train {WDBC} --output kept.npy --quiet"));
    let distance = |line: &str| {
        let found = objects(&desk.done(&format!("audit {line} --json -"))).remove(0);
        (found["distance"]["lo"].as_f64().unwrap(), found["distance"]["hi"].as_f64().unwrap())
    };
    let (lo, hi) = distance(&format!("{WDBC} --parameters all.npy"));
    assert!(lo > 0.0039 && hi < 0.0040 && hi - lo < 1e-9 * lo, "{lo} {hi}");
    let (lo, hi) = distance(&format!("{WDBC} --parameters kept.npy"));
    assert!(lo < 1e-13 && hi < 1e-11, "{lo} {hi}");
    let (lo, hi) = distance(&format!("{common} --parameters all.npy"));
    assert!(lo < 1e-13 && hi < 1e-11, "{lo} {hi}");
    // The mask keeps every third parameter; nonzero numbers elsewhere are said to have no effect.
    let mask: String = (0..31).map(|j| if j % 3 == 0 { "1\n" } else { "0\n" }).collect();
    desk.file("mask", mask);
    desk.done(&format!("train {WDBC} --mask mask --output masked.npy --quiet"));
    let (lo, hi) = distance(&format!("{WDBC} --mask mask --parameters masked.npy"));
    assert!(lo < 1e-13 && hi < 1e-11, "{lo} {hi}");
    let ran = desk.unlearn(&format!("audit {WDBC} --mask mask --parameters all.npy"));
    assert_eq!(ran.status, Some(0));
    assert!(ran.err.contains("count as 0"), "{ran:?}");
}

#[test]
fn a_network_is_certified_locally() {
    let desk = Desk::new();
    desk.file("theta", "0.1\n".repeat(4 * 2 + 2 + 2 * 3 + 3));
    let line =
        "audit --model mlp:4-2-3:tanh:softmax --data iris --standardize --ridge 0.3 --parameters theta";
    let text = desk.done(line);
    assert!(text.contains("the local minimum nearby") && text.contains("need not be a global"), "{text}");
    let one = objects(&desk.done(&format!("{line} --json -"))).remove(0);
    assert_eq!(one["guarantee"], "newton-kantorovich");
    assert_eq!(one["theorem"], "Unlearn.Kantorovich.unique_stationary_point");
    let end = |key: &str, end: &str| one[key][end].as_f64().unwrap();
    assert!(end("distance", "hi") - end("distance", "lo") < 1e-9 * end("distance", "lo"));
    assert!(end("strong_convexity", "lo") > 0.0 && one["contraction"].as_f64().unwrap() < 1.0);
    assert!(one["unique_within"].as_f64().unwrap() > one["radius"].as_f64().unwrap());
}

#[test]
fn a_network_without_certificate_gets_the_reason() {
    let desk = Desk::new();
    desk.file("theta", "0.1\n".repeat(4 * 300 + 300 + 300 * 3 + 3));
    let line = "audit --model mlp:4-300-3:tanh:softmax --data iris --ridge 0.1 --parameters theta";
    let text = desk.done(line);
    assert!(text.contains("no certificate") && text.contains("2403 parameters"), "{text}");
    let one = objects(&desk.done(&format!("{line} --json -"))).remove(0);
    assert_eq!(one["guarantee"], "none");
    assert_eq!(one["distance"], serde_json::json!({ "lo": 0.0, "hi": null }));
    assert!(one["theorem"].is_null() && one["reason"].as_str().unwrap().contains("at most 1000"));
}

#[test]
fn bad_input() {
    let desk = Desk::new();
    desk.file("forget", "3\n");
    desk.file("short", "1\n2\n");
    desk.file("word", "1\ntwo\n");
    desk.file("nan", "NaN\n".repeat(31));
    desk.file("theta", "0\n".repeat(31));
    desk.refused(&format!("audit {WDBC}"), &["--parameters", "31 numbers"]);
    desk.refused(&format!("audit {WDBC} --parameters short"), &["short", "2 numbers", "31 parameters"]);
    desk.refused(&format!("audit {WDBC} --parameters word"), &["word:2"]);
    desk.refused(&format!("audit {WDBC} --parameters nan"), &["nan:1"]);
    desk.refused(&format!("audit {WDBC} --parameters nowhere"), &["nowhere"]);
    let no_ridge = WDBC.replace("--ridge 0.01", "");
    desk.refused(&format!("audit {no_ridge} --parameters theta"), &["ridge above 0"]);
    let negative = WDBC.replace("0.01", "-1");
    desk.refused(&format!("audit {negative} --parameters theta"), &["ridge -1"]);
    desk.file("all", (0..569).map(|i| format!("{i}\n")).collect::<String>());
    let all = WDBC.replace("--forget forget", "--forget all");
    desk.refused(&format!("audit {all} --parameters theta"), &["569 rows"]);
}

/// Parameters that NumPy computed in single precision and wrote (the README says how).
#[test]
fn parameters_from_another_tool() {
    let desk = Desk::new();
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme/theta.npy");
    std::fs::copy(made, desk.path("theta.npy")).unwrap();
    desk.file("forget", "3\n17\n42\n");
    let line = "audit --model linear:squared --data diabetes --ridge 1 --reduction sum --forget forget";
    let one = objects(&desk.done(&format!("{line} --parameters theta.npy --json -"))).remove(0);
    let (lo, hi) = (one["distance"]["lo"].as_f64().unwrap(), one["distance"]["hi"].as_f64().unwrap());
    assert!(0.0072 < lo && hi < 0.0073 && hi - lo < 1e-6, "{one}");
    // Other rows forgotten: another model is meant, and these parameters are far from it.
    desk.file("forget", "0\n1\n2\n");
    let other = objects(&desk.done(&format!("{line} --parameters theta.npy --json -"))).remove(0);
    assert!(other["distance"]["lo"].as_f64().unwrap() > 0.1, "{other}");
}

/// `--certificate` writes a file that reads back with the same numbers and is verified; problems that have none are
/// refused before anything is written.
#[test]
fn certificates() {
    let desk = Desk::new();
    desk.file("forget", "3\n17\n42\n");
    desk.file("theta", "0.1\n0.2\n0.3\n-0.4\n0.5\n");
    let iris = "audit --model linear:squared --data iris --ridge 0.1 --forget forget --parameters theta";
    let text = desk.done(&format!("{iris} --certificate c.cert"));
    assert!(text.lines().last().unwrap().starts_with("certificate: c.cert, between "), "{text}");
    let c = unlearn::certificate::read(desk.path("c.cert")).unwrap();
    assert_eq!((c.verify(), c.to_string()), (Ok(()), desk.read("c.cert")));
    assert_eq!((c.theta(), c.forgotten().count()), (&[0.1, 0.2, 0.3, -0.4, 0.5][..], 3));
    let object = objects(&desk.done(&format!("{iris} --certificate d.txt --json -"))).remove(0);
    assert_eq!((&object["certificate"]["file"], desk.read("d.txt")), (&"d.txt".into(), c.to_string()));
    let printed = |part: &serde_json::Value| (part["lo"].as_f64().unwrap(), part["hi"].as_f64().unwrap());
    let (written, audited) = (printed(&object["certificate"]["distance"]), printed(&object["distance"]));
    // serde_json reads the last digit of a float only approximately.
    assert!((written.0 - c.distance().lo()).abs() < 1e-15 && (written.1 - c.distance().hi()).abs() < 1e-15);
    assert!(written.0 <= audited.1 && audited.0 <= written.1 && written.1 - written.0 < 1e-12);
    assert!(objects(&desk.done(&format!("{iris} --json -")))[0].get("certificate").is_none());

    let refused = |line: &str, parts: &[&str]| {
        desk.refused(&format!("audit {line} --forget forget --certificate no.cert"), parts);
        assert!(!desk.path("no.cert").exists() && !desk.path("no.json").exists(), "{line}");
    };
    desk.file("31", "0\n".repeat(31));
    desk.file("15", "0\n".repeat(15));
    desk.file("19", "0\n".repeat(19));
    let wdbc = "--data wdbc --standardize --ridge 0.01 --parameters 31 --json no.json";
    refused(
        &format!("--model linear:logistic {wdbc}"),
        &["566 rows", "31 parameters", "at most 200 rows and 1 to 20"],
    );
    refused("--model linear:softmax --data iris --ridge 0.1 --parameters 15", &["linear:logistic"]);
    refused("--model mlp:4-2-3:tanh:softmax --data iris --ridge 0.1 --parameters 19", &["linear:squared"]);
    refused("--model linear:squared --data iris --parameters theta", &["--ridge"]);
    desk.refused(&format!("{iris} --certificate nowhere/no.cert"), &["no folder nowhere"]);
    desk.refused(&format!("{iris} --certificate no.pdf"), &["no.pdf", ".cert"]);
    desk.refused(&format!("{iris} --certificate same.txt --json same.txt"), &["two files"]);
    assert!(!desk.path("same.txt").exists());
}
