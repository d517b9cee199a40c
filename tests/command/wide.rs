//! More parameters than a Hessian is formed for: from a sparse file to an audit.

use super::{Desk, objects};

/// 60 rows over 20,000 columns: `k²` numbers would take 3 GiB.
fn rows() -> String {
    let row = |i: usize| {
        let far = 10 + 300 * i;
        format!("{} 1:{} 2:{} {far}:1 {}:0.5\n", i % 2, 1 + i % 3, (i % 5) as f64 / 2.0, far + 7)
    };
    (0..60).map(row).collect::<String>() + "1 20000:1\n"
}

#[test]
fn wide_files_are_trained_on_forgotten_from_and_audited() {
    let desk = Desk::new();
    desk.file("wide.svm", rows());
    desk.file("forget", "3\n10\n");
    for model in ["linear:logistic", "linear:squared"] {
        let problem = format!("--model {model} --data wide.svm --ridge 0.1");
        desk.done(&format!("train {problem} --output theta.npy"));
        desk.done(&format!("train {problem} --forget forget --output retrained.npy"));
        let retrained = desk.vector("retrained.npy");
        assert_eq!(retrained.len(), 20_001);
        for method in ["newton", "influence", "influence-cg", "retrain", "fine-tune"] {
            let line = format!(
                "remove {problem} --method {method} --forget forget --parameters theta.npy --output u.npy --json -"
            );
            let object = objects(&desk.done(&line)).remove(0);
            let audit = format!("audit {problem} --forget forget --parameters u.npy --json -");
            let audit = objects(&desk.done(&audit)).remove(0);
            let far: f64 =
                desk.vector("u.npy").iter().zip(&retrained).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            let end = |value: &serde_json::Value| value.as_f64().unwrap();
            // The two retrainings differ by rounding.
            let (lo, hi) = (end(&audit["distance"]["lo"]), end(&audit["distance"]["hi"]));
            assert!(
                lo - 1e-9 <= far && far <= hi + 1e-9 && hi - lo < 1e-6,
                "{model} {method}: {far} in {lo}..{hi}"
            );
            assert_eq!(end(&audit["strong_convexity"]["lo"]), 0.1);
            let guarantee = &object["result"]["guarantee"];
            if guarantee["kind"] == "within" {
                assert!(far <= end(&guarantee["distance"]) + 1e-9, "{model} {method}: {far} {guarantee}");
            }
        }
    }
}

#[test]
fn what_needs_a_hessian_is_refused_with_a_remedy() {
    let desk = Desk::new();
    desk.file("wide.svm", rows());
    desk.file("forget", "3\n");
    desk.file("zeros", "0\n".repeat(20_001));
    let problem = "--model linear:squared --data wide.svm";
    desk.refused(&format!("train {problem}"), &["GiB", "--ridge above 0", "--sgd", "--mask"]);
    desk.refused(&format!("audit {problem} --parameters zeros"), &["GiB", "--ridge above 0"]);
    let remove = format!("remove {problem} --method newton --forget forget --parameters zeros");
    desk.refused(&remove, &["GiB", "--ridge above 0"]);
    let ridge = "remove --model linear:squared --data wide.svm --ridge 1 --reduction sum --forget forget --method ridge-deletion";
    desk.refused(ridge, &["GiB", "newton"]);
    desk.refused(&format!("derive hessian {problem} --parameters zeros"), &["GiB", "derive hvp"]);
}
