//! Claims on records whose truth is planted.

use unlearn::data::builtin;
use unlearn::study::config::Fingerprint;
use unlearn::study::method::{FLOOR, Method, NOOP, REFERENCE};
use unlearn::study::scale::Scale;
use unlearn::study::training::Training;
use unlearn::study::trend::{Finding, Verdict, findings};
use unlearn::study::{Config, Record, Scenario};

pub(crate) fn config(seeds: u64) -> Config {
    let names = [REFERENCE, FLOOR, NOOP, "fine-tune", "gradient-ascent", "l1-sparse"];
    let mut methods: Vec<Method> = names.iter().map(|n| Method::new(n, &[]).unwrap()).collect();
    methods.extend(Method::variants(&methods));
    Config {
        scenario: Scenario::ClassWise { classes: vec![0.0] },
        data: "iris".into(),
        fingerprint: Fingerprint::of(&builtin::load("iris").unwrap()),
        test: 0.3,
        test_without_classes: false,
        scale: Scale::Standardize,
        model: "mlp:4-4-3:tanh:softmax".into(),
        bias: true,
        ridge: 1e-3,
        training: Training::Sgd { epochs: 3, batch: 16, rate: 0.1, momentum: 0.9 },
        pruner: "omp".into(),
        compare_pruners: true,
        sparsity: vec![0.0, 0.5],
        seed: 1,
        seeds,
        methods,
    }
}

/// Fine-tuning comes closer to Retrain when sparse, nothing else does; Retrain gets worse; the decreasing schedule
/// is the best; IMP looks at the forgotten rows, OMP a little less, SynFlow not at all.
fn record(seed: u64, sparsity: f64, method: &str) -> Record {
    let noise = 1e-3 * ((seed * 7919) % 13) as f64;
    let sparse = sparsity > 0.0;
    let retrained = if sparse { 0.8 } else { 0.9 } + noise;
    let away = match method {
        REFERENCE => 0.0,
        "fine-tune" if sparse => 0.05 + noise,
        "l1-sparse" => 0.1 + noise,
        "l1-sparse-constant" | "l1-sparse-growing" => 0.2 + noise,
        _ => 0.3 + 2.0 * noise,
    };
    let value = Some(retrained - away);
    let pruner_agreement = match (method, sparse) {
        (REFERENCE, true) => [("omp", 0.9), ("imp", 0.7), ("synflow", 1.0), ("random", 1.0)]
            .map(|(name, j)| (name.to_owned(), if j < 1.0 { j - noise } else { j }))
            .into(),
        _ => Default::default(),
    };
    Record {
        seed,
        sparsity,
        method: method.to_owned(),
        ua: value,
        mia: value,
        ra: value,
        ta: value,
        bounded_distance: Some(if sparse { 2.0 } else { 1.0 } + noise),
        bound: (method == "gradient-ascent").then_some(if sparse { 3.0 } else { 9.0 } + noise),
        pruner_agreement,
        ..Record::default()
    }
}

fn evaluated(seeds: u64) -> Vec<Finding> {
    let config = config(seeds);
    let mut records = Vec::new();
    for seed in 1..=seeds {
        for &sparsity in &config.sparsity {
            records.extend(config.methods.iter().map(|m| record(seed, sparsity, &m.method)));
        }
    }
    findings(&config, &records)
}

fn verdict(found: &[Finding], claim: &str, part: &str) -> Verdict {
    let mine = found.iter().find(|f| f.claim == claim && f.part.starts_with(part));
    mine.unwrap_or_else(|| panic!("no finding {claim} {part}")).verdict
}

#[test]
fn planted_truths_come_out() {
    use Verdict::{Contradicted, Supported, Undecided};
    let found = evaluated(10);
    for metric in ["UA", "MIA", "RA", "TA"] {
        assert_eq!(verdict(&found, "gap-closes", &format!("fine-tune {metric}")), Supported);
        // The same gap, dense and sparse.
        assert_eq!(verdict(&found, "gap-closes", &format!("gradient-ascent {metric}")), Undecided);
    }
    assert_eq!(verdict(&found, "reference-moves", "TA"), Supported);
    assert_eq!(verdict(&found, "fine-tune-gains-most", "every"), Supported);
    assert_eq!(verdict(&found, "decreasing-schedule-best", "at 0 %"), Supported);
    assert_eq!(verdict(&found, "decreasing-schedule-best", "at 50 %"), Supported);
    for pruner in ["omp", "synflow", "random"] {
        assert_eq!(verdict(&found, "mask-depends-less-than-imp", pruner), Supported);
    }
    assert_eq!(verdict(&found, "error-falls", "fine-tune"), Contradicted);
    assert_eq!(verdict(&found, "bound-falls", "gradient-ascent"), Supported);
    // Only in its scenario; and the reference and its floors are no methods.
    assert!(found.iter().all(|f| f.claim != "trojan-success-falls"));
    assert!(found.iter().all(|f| !f.part.contains("retrain")));
    assert!(found.iter().filter(|f| f.claim == "gap-closes").all(|f| f.family == 16));
}

/// The same truths on four seeds: 1/16 is not below 0.05, whatever happens.
#[test]
fn too_few_seeds_decide_nothing() {
    let found = evaluated(4);
    assert!(found.iter().all(|f| f.verdict == Verdict::Undecided && f.needs >= 5));
}

/// A seed that one side lacks is not compared.
#[test]
fn missing_results_are_left_out() {
    let config = config(10);
    let all = |method: &str, seed| !(method == "fine-tune" && seed == 3);
    let mut records = Vec::new();
    for seed in 1..=10 {
        for &sparsity in &config.sparsity {
            let there = config.methods.iter().filter(|m| all(&m.method, seed));
            records.extend(there.map(|m| record(seed, sparsity, &m.method)));
        }
    }
    let found = findings(&config, &records);
    let of = |part: &str| found.iter().find(|f| f.claim == "gap-closes" && f.part == part).unwrap().seeds;
    assert_eq!((of("fine-tune UA"), of("l1-sparse UA")), (9, 10));
}
