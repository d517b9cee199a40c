//! Retrain or update, from the command line: one model.

use super::{Desk, objects};

const WDBC: &str = "--model linear:logistic --data wdbc --standardize --ridge 0.01";

fn ends(value: &serde_json::Value) -> (f64, f64) {
    (value["lo"].as_f64().unwrap(), value["hi"].as_f64().unwrap())
}

/// Every answer is within its tolerance by an audit of the file that was written; tolerance 0 writes the retrained model.
#[test]
fn answers_are_within_the_tolerance_by_audit() {
    let desk = Desk::new();
    desk.file("forget", (0..30).map(|i| format!("{}\n", 7 * i)).collect::<String>());
    desk.done(&format!("train {WDBC} --forget forget --output retrained.npy"));
    let (mut last, mut branches) = (u64::MAX, Vec::new());
    for tolerance in ["0", "1e-16", "1e-10", "1e-3", "0.02", "1e3", "inf"] {
        let line = format!("{WDBC} --forget forget --tolerance {tolerance} --json -");
        let plan = objects(&desk.done(&format!("plan {line}"))).remove(0)["plan"].clone();
        let object = objects(&desk.done(&format!("remove {line} --output u.npy"))).remove(0);
        assert_eq!(object["plan"], plan);
        let visits = object["row_visits"].as_f64().unwrap() as u64;
        assert!(visits <= last, "a larger tolerance is dearer: {object}");
        last = visits;
        let branch = object["branch"].as_str().unwrap().to_owned();
        if branch == "retrain" {
            assert_eq!(desk.vector("u.npy"), desk.vector("retrained.npy"));
        } else {
            let audit = format!("audit {WDBC} --forget forget --parameters u.npy --json -");
            let (lo, hi) = ends(&objects(&desk.done(&audit)).remove(0)["distance"]);
            assert!(hi <= tolerance.parse::<f64>().unwrap(), "{branch}: {hi}");
            let (low, high) = ends(&object["distance"]);
            assert!(low <= hi && lo <= high);
        }
        branches.push(branch);
    }
    assert_eq!(branches.first().unwrap(), "retrain");
    assert_eq!(branches[1], "retrain");
    assert!(branches.contains(&"influence".to_owned()) && branches.iter().any(|b| b.starts_with("newton")));
    assert_eq!(branches.last().unwrap(), "noop");
    let text = desk.done(&format!("remove {WDBC} --forget forget --tolerance 1e-16"));
    for part in ["bit for bit", "below what 64-bit numbers can certify", "predicted"] {
        assert!(text.contains(part), "{text}");
    }
    let text = desk.done(&format!("plan {WDBC} --forget forget --tolerance 1e-3"));
    for part in ["->", "noop", "retrain", "bound", "none of the branches was run"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
}

/// The certificate of an answer is one that anyone can check, and it is within the tolerance.
#[test]
fn answers_come_with_certificates() {
    let desk = Desk::new();
    desk.file("forget", "3\n17\n42\n");
    let iris = "--model linear:squared --data iris --ridge 0.1 --forget forget";
    let line = format!("remove {iris} --tolerance 1e-6 --certificate iris.cert --json -");
    let object = objects(&desk.done(&line)).remove(0);
    let (_, hi) = ends(&object["certificate"]["distance"]);
    assert!(hi <= 1e-6 && object["exact"] == false, "{object}");
    let certificate = unlearn::certificate::read(desk.path("iris.cert")).unwrap();
    certificate.verify().unwrap();
    desk.refused(
        &format!("remove {WDBC} --forget forget --tolerance 1 --certificate w.cert"),
        &["no certificate can be written"],
    );
}

#[test]
fn bad_combinations_are_refused() {
    let desk = Desk::new();
    desk.file("forget", "3\n");
    let line = |rest: &str| format!("remove {WDBC} --forget forget {rest}");
    desk.refused(&line(""), &["--method"]);
    desk.refused(&line("--tolerance 1 --method newton"), &["--method", "cannot be used with"]);
    desk.refused(&line("--tolerance 1 --set steps=2"), &["--set", "cannot be used with"]);
    desk.refused(&line("--tolerance -1"), &["tolerance of -1", "0 (retrain) or larger"]);
    desk.refused(&line("--tolerance nan"), &["tolerance"]);
    desk.refused(&line("--tolerance much"), &["write a number"]);
    desk.refused(&line("--tolerance 1 --sgd"), &["recorded runs", "--state DIR"]);
    desk.refused(&line("--method newton --certificate a.cert"), &["cannot be used with"]);
    desk.refused(&format!("plan {WDBC} --tolerance 1"), &["--forget FILE"]);
    desk.refused(&format!("plan {WDBC} --forget forget"), &["--tolerance"]);
}

/// Without strong convexity nothing is certified, and a finite tolerance retrains.
#[test]
fn without_certificates_it_retrains() {
    let desk = Desk::new();
    desk.file("forget", "3\n");
    let net = "--model mlp:4-3-3:tanh:softmax --data iris --standardize --ridge 0.05 --forget forget";
    for (tolerance, branch) in [("1e9", "retrain"), ("inf", "noop")] {
        let object = objects(&desk.done(&format!("remove {net} --tolerance {tolerance} --json -"))).remove(0);
        assert_eq!(object["branch"], branch);
        assert!(object["distance"].is_null());
    }
}
