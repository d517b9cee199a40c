//! Masks from the command line.

use super::{Desk, objects};

const MLP: &str =
    "--model mlp:30-8-1:tanh:logistic --data wdbc --standardize --ridge 0.01 --sgd --epochs 3 --rate 0.05";

#[test]
fn a_mask_is_written_counted_and_used() {
    let desk = Desk::new();
    for (pruner, weights) in [("omp", 50), ("imp", 50), ("synflow", 50), ("random", 50)] {
        let line =
            format!("prune {MLP} --pruner {pruner} --sparsity 0.8 --forget-fraction 0.1 --output mask.npy");
        let object = objects(&desk.done(&format!("{line} --json -"))).remove(0);
        // 248 weights, 198 of them pruned.
        assert_eq!((object["kept"].as_u64(), object["prunable"].as_u64()), (Some(weights), Some(248)));
        let mask = desk.vector("mask.npy");
        let written: Vec<f64> =
            object["mask"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        assert_eq!(mask, written);
        assert_eq!(mask.iter().sum::<f64>(), 59.0, "the nine biases are kept");
        let layers = object["layers"].as_array().unwrap();
        let kept: u64 = layers.iter().map(|l| l["weights_kept"].as_u64().unwrap()).sum();
        assert!(layers.len() == 2 && kept == 50 && layers[0]["biases_kept"] == 8);
        let jaccard = object["agreement"]["jaccard"].as_f64().unwrap();
        assert_eq!(jaccard == 1.0, pruner == "synflow" || pruner == "random", "{pruner}: {jaccard}");
        assert_eq!(desk.done(&format!("{line} --json - --jobs 2")), desk.done(&format!("{line} --json -")));
        let text = desk.done(&line);
        for part in ["keeps 50 of 248 weights", "59 of 257 parameters active", "Jaccard", "weights kept"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
        // The mask goes into the other commands.
        desk.done(&format!("train {MLP} --mask mask.npy --output theta.npy"));
        let theta = desk.vector("theta.npy");
        assert!(theta.iter().zip(&mask).all(|(t, m)| *m == 1.0 || *t == 0.0));
    }
    let text = desk.done(&format!("prune {MLP} --pruner omp --sparsity 0.5"));
    assert!(text.contains("the mask depends on the data"), "{text}");
    let object =
        objects(&desk.done(&format!("prune {MLP} --pruner omp --sparsity 0.5 --biases --json -"))).remove(0);
    assert!(object["prunable"] == 257 && object["agreement"].is_null());
}

#[test]
fn what_cannot_be_pruned_is_refused() {
    let desk = Desk::new();
    let with = |rest: &str| format!("prune {MLP} {rest}");
    desk.refused(&with("--pruner magnitude --sparsity 0.5"), &["omp, imp, synflow, random"]);
    desk.refused(&with("--pruner omp --sparsity 1"), &["sparsity 1", "below 1"]);
    desk.refused(&with("--pruner omp --sparsity -0.5"), &["sparsity -0.5"]);
    desk.refused(&with("--pruner omp --sparsity NaN"), &["sparsity NaN"]);
    desk.refused(&with("--pruner omp --sparsity 0.999"), &["prunes all 248 weights"]);
    desk.refused(&with("--pruner omp --sparsity 0.5 --rounds 3"), &["--rounds", "omp"]);
    desk.refused(&with("--pruner random --sparsity 0.5 --round-rate 0.1"), &["--round-rate", "random"]);
    desk.refused(&with("--pruner imp --sparsity 0.5 --round-rate 1"), &["rate 1"]);
    desk.refused(&with("--pruner imp --sparsity 0.5 --rewind 2"), &["rewind 2"]);
    desk.refused(&with("--pruner synflow --sparsity 0.5 --rounds 0"), &["at least one round"]);
    desk.refused(&with("--pruner synflow --sparsity 0.5 --biases"), &["biases"]);
    desk.refused(&with("--pruner omp --sparsity 0.5 --mask m.npy"), &["leave --mask out"]);
    // Eight weights lead on; keeping two of 248 breaks the paths, and the text says what does not.
    let e = desk.unlearn(&with("--pruner random --sparsity 0.992")).err;
    assert!(e.contains("breaks every path") && e.contains("layer"), "{e}");
    let works = e.rsplit("(sparsity ").next().unwrap().split(')').next().unwrap().to_owned();
    desk.done(&with(&format!("--pruner random --sparsity {works}")));
}
