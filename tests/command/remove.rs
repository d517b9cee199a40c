//! Removal from the command line, against retraining from the command line.

use super::{Desk, objects};

const WDBC: &str = "--model linear:logistic --data wdbc --standardize --ridge 0.01";

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// What `remove` reports is the distance from what `train --forget` gives.
#[test]
fn the_reported_distance_is_the_distance_from_retraining() {
    let desk = Desk::new();
    desk.file("forget", (0..57).map(|i| format!("{}\n", 3 * i)).collect::<String>());
    desk.done(&format!("train {WDBC} --forget forget --output retrained.npy"));
    desk.done(&format!("train {WDBC} --output trained.npy"));
    let retrained = desk.vector("retrained.npy");
    let noop = distance(&desk.vector("trained.npy"), &retrained);
    for method in ["newton", "influence", "retrain"] {
        let line = format!("remove {WDBC} --method {method} --forget forget --output u.npy --json -");
        let object = objects(&desk.done(&line)).remove(0);
        let found = distance(&desk.vector("u.npy"), &retrained);
        let within = |reported: &serde_json::Value, found: f64| {
            // The two retrainings differ by rounding.
            let (lo, hi) = (reported["lo"].as_f64().unwrap(), reported["hi"].as_f64().unwrap());
            assert!(lo - 1e-9 <= found && found <= hi + 1e-9, "{method}: {found} and {reported}");
        };
        within(&object["result"]["distance"], found);
        let comparison = object["comparison"].as_array().unwrap();
        let names: Vec<&str> = comparison.iter().map(|r| r["method"].as_str().unwrap()).collect();
        assert_eq!(names, ["noop", "retrain-uncoupled", method]);
        within(&comparison[0]["distance"], noop);
        assert!(found < noop);
        assert!(object["result"]["seconds"].is_null());
        assert_eq!(object["forgotten"], 57);
        if object["result"]["guarantee"]["kind"] == "within" {
            assert!(found <= object["result"]["guarantee"]["distance"].as_f64().unwrap() + 1e-9);
        }
    }
    // Parameters from a file are taken as the trained ones.
    let line = format!("remove {WDBC} --method newton --forget forget --output u.npy");
    desk.done(&line);
    let trained_here = desk.vector("u.npy");
    let text = desk.done(&format!("{line} --parameters trained.npy"));
    assert!(distance(&desk.vector("u.npy"), &trained_here) < 1e-12);
    for part in ["57 of 569 rows forgotten by newton", "guarantee", "row visits", "noop", "retrain-uncoupled"]
    {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn runs_are_compared_with_coupled_retraining() {
    let desk = Desk::new();
    let problem =
        "--model linear:squared --data diabetes --standardize --ridge 0.1 --sgd --rate 0.01 --epochs 2";
    desk.file("forget", "5\n7\n11\n");
    desk.done(&format!("train {problem} --forget forget --output retrained.npy"));
    // Exact for squared loss.
    desk.done(&format!("remove {problem} --method recollection --forget forget --output u.npy"));
    let retrained = desk.vector("retrained.npy");
    assert!(distance(&desk.vector("u.npy"), &retrained) < 1e-10);
    desk.done(&format!("remove {problem} --method addback-start --forget forget --output u.npy"));
    assert!(distance(&desk.vector("u.npy"), &retrained) > 1e-6);
}

#[test]
fn fractions_are_drawn_from_the_seed() {
    let desk = Desk::new();
    let line = "remove --model linear:softmax --data iris --standardize --ridge 0.1 --method influence \
                --forget-fraction 0.1 --test 0.2 --json -";
    let first = desk.done(line);
    assert_eq!(desk.done(&format!("{line} --jobs 2")), first);
    assert_ne!(desk.done(&format!("{line} --seed 2")), first);
    let object = objects(&first).remove(0);
    assert_eq!((object["rows"].as_u64(), object["forgotten"].as_u64()), (Some(120), Some(12)));
    for rows in ["forgotten", "retained", "test"] {
        assert!(object["accuracy"][rows].is_f64() && object["accuracy_before"][rows].is_f64(), "{object}");
    }
    let timed = objects(&desk.done(&format!("{line} --timings"))).remove(0);
    assert!(timed["result"]["seconds"].is_f64());
}

/// Where rounding hides the distance, its computed digits are not printed as if they were known.
#[test]
fn distances_below_rounding_are_upper_bounds() {
    let desk = Desk::new();
    let text = desk.done(&format!("remove {WDBC} --method newton --forget-fraction 0.1"));
    let line = |name: &str| text.lines().find(|l| l.starts_with(name)).unwrap().to_owned();
    assert_eq!(line("retrain-uncoupled").matches("<= ").count(), 2, "{text}");
    assert_eq!(line("newton ").matches("<= ").count(), 1, "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
}

/// Every rung bounds the one before; a budget adds the deviation that would certify it.
#[test]
fn second_order_removals_print_their_ladder() {
    let desk = Desk::new();
    let line = format!("remove {WDBC} --forget-fraction 0.05 --json -");
    for method in ["newton", "influence"] {
        for reduction in ["mean", "sum"] {
            let line = format!("{line} --method {method} --reduction {reduction} --epsilon 1 --delta 1e-5");
            let object = objects(&desk.done(&line)).remove(0);
            let rungs = object["ladder"]["rungs"].as_array().unwrap();
            let names: Vec<&str> = rungs.iter().map(|r| r["bound"].as_str().unwrap()).collect();
            assert_eq!(names, ["a posteriori", "sharp", "data-dependent", "worst case"]);
            for key in ["gradient", "distance", "sigma", "laplace_scale"] {
                let values: Vec<f64> = rungs.iter().map(|r| r[key].as_f64().unwrap()).collect();
                assert!(values.windows(2).all(|v| v[0] <= v[1]) && values[0] > 0.0, "{key}: {values:?}");
            }
            let first = |key: &str| rungs[0][key].as_f64().unwrap();
            assert!(object["result"]["distance"]["lo"].as_f64().unwrap() <= first("distance"));
            // √(2 ln(1.25/δ)) = 4.84 standard deviations per gradient is the classical, larger answer.
            let ratio = first("sigma") / first("gradient");
            assert!(ratio > 3.7 && ratio < 3.75, "{ratio}");
            assert_eq!(
                (object["ladder"]["epsilon"].as_f64(), object["ladder"]["delta"].as_f64()),
                (Some(1.0), Some(1e-5))
            );
        }
    }
    let plain = objects(&desk.done(&format!("{line} --method newton"))).remove(0);
    assert!(plain["ladder"]["rungs"][0]["sigma"].is_null() && plain["ladder"]["epsilon"].is_null());
    let noop = objects(&desk.done(&format!("{line} --method noop"))).remove(0);
    assert!(noop["ladder"].is_null());
    let text =
        desk.done(&format!("remove {WDBC} --forget-fraction 0.05 --method newton --epsilon 2 --delta 0.01"));
    for part in ["worst case", "sigma", "drawn before training", "trained without b"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
}
/// Hyper-parameters are chosen by name, shown with the result, and refused where they mean nothing.
#[test]
fn hyper_parameters_are_set_and_shown() {
    let desk = Desk::new();
    let line = |rest: &str| format!("remove {WDBC} --forget-fraction 0.1 {rest}");
    let chosen =
        "--method l1-sparse --set epochs=3 --set gamma=0.5 --set gamma-schedule=constant --set seed=9";
    let object = objects(&desk.done(&line(&format!("{chosen} --json -")))).remove(0);
    let settings = &object["result"]["settings"];
    assert_eq!((settings["epochs"].as_u64(), settings["gamma"].as_f64()), (Some(3), Some(0.5)));
    assert!(
        settings["gamma-schedule"] == "constant"
            && settings["seed"] == 9
            && settings["weight-decay"] == "ridge"
    );
    assert!(object["zeros"].as_u64().unwrap() > 0 && object["result"]["flops"].as_f64().unwrap() > 0.0);
    let text = desk.done(&line(chosen));
    for part in ["settings   epochs 3", "gamma-schedule constant", "operations", "zeros      "] {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
    desk.refused(&line("--method newton --set gamma=1"), &["newton has no setting 'gamma'; it has steps"]);
    desk.refused(&line("--method noop --set epochs=1"), &["noop has no setting 'epochs'; it has none"]);
    desk.refused(&line("--method fine-tune --set rate=-1"), &["rate '-1'"]);
    desk.refused(&line("--method fine-tune --set momentum=1"), &["momentum 1"]);
    desk.refused(&line("--method fine-tune --set rate"), &["NAME=VALUE"]);
    desk.refused(&line("--method fine-tune --set rate=1 --set rate=2"), &["--set rate is given twice"]);
}

/// Pruning again gives another mask; the result is written on it.
#[test]
fn pruning_again_is_written_on_its_own_mask() {
    let desk = Desk::new();
    let problem = "--model linear:logistic --data wdbc --standardize --ridge 0.01";
    desk.file("forget", (0..200).map(|i| format!("{i}\n")).collect::<String>());
    desk.done(&format!("prune {problem} --pruner omp --sparsity 0.8 --output mask.npy"));
    let line = format!("remove {problem} --mask mask.npy --forget forget --method retrain-repruned");
    let object = objects(&desk.done(&format!("{line} --output u.npy --json -"))).remove(0);
    let own: Vec<f64> = object["mask"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let (given, theta) = (desk.vector("mask.npy"), desk.vector("u.npy"));
    assert_ne!(own, given);
    assert!(theta.iter().zip(&own).all(|(t, m)| (*m == 1.0) == (*t != 0.0)), "{theta:?}");
    assert!(object["mask_agreement"]["jaccard"].as_f64().unwrap() < 1.0);
    assert_eq!(object["result"]["guarantee"]["kind"], "none");
    // What retraining on that mask gives.
    desk.file("own.txt", own.iter().map(|m| format!("{m}\n")).collect::<String>());
    desk.done(&format!("train {problem} --mask own.txt --forget forget --output again.npy"));
    assert!(distance(&desk.vector("again.npy"), &theta) < 1e-9);
    assert!(desk.done(&line).contains("(Jaccard)"));
}
