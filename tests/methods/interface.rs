//! Hyper-parameters and costs.

use super::{fit, forget, linear, network, pruned};
use unlearn::loss::Loss;
use unlearn::objective::Problem;
use unlearn::unlearn::{Request, Trained, configured, method, methods};

#[test]
fn settings_are_listed_read_back_and_refused() {
    for name in methods(3).iter().map(|m| m.name()) {
        let mut method = method(name, 3).unwrap();
        let before = method.settings();
        for (setting, value) in &before {
            method.set(setting, value).unwrap();
        }
        assert_eq!(method.settings(), before, "{name} reads what it writes");
        let e = method.set("temperature", "1").unwrap_err().to_string();
        assert!(e.contains(name) && e.contains("temperature"), "{e}");
        assert!(before.iter().all(|(setting, _)| e.contains(setting)), "{e} lists what there is");
        for (setting, _) in &before {
            for nonsense in ["", "-1", "NaN", "inf", "many"] {
                assert!(method.set(setting, nonsense).is_err(), "{name} takes {setting} = '{nonsense}'");
            }
            assert_eq!(method.settings(), before, "a refused value changes nothing");
        }
    }
    for (name, setting, value) in [
        ("fine-tune", "momentum", "1"),
        ("fine-tune", "batch", "0"),
        ("woodfisher", "damping", "0"),
        ("newton", "steps", "0"),
        // Numbers that would take longer than anyone waits.
        ("newton", "steps", "1000000000000"),
        ("fine-tune", "epochs", "1000000000000"),
        ("influence-cg", "tolerance", "0"),
        ("influence-cg", "tolerance", "1"),
        ("l1-sparse", "gamma-schedule", "linear"),
        ("retrain-repruned", "pruner", "magnitude"),
    ] {
        assert!(configured(name, 0, &[(setting, value)]).is_err(), "{name} {setting} {value}");
    }
    let changed = configured("l1-sparse", 0, &[("gamma", "0.5"), ("gamma-schedule", "growing")]).unwrap();
    assert!(changed.settings().contains(&("gamma-schedule", "growing".into())));
}

#[test]
fn costs_follow_the_formulas_and_shrink_with_the_mask() {
    let (dense, small) = (network(Loss::Softmax), pruned(&network(Loss::Softmax)));
    let cost = |problem: &Problem, name: &str| {
        let (fit, forget) = (fit(problem), forget(problem));
        let request = Request { problem, forget: &forget, trained: Trained::Minimiser(&fit) };
        method(name, 0).unwrap().remove(&request).unwrap().cost
    };
    for problem in [&dense, &small] {
        let k = problem.active() as f64;
        // 36 rows kept, 4 forgotten, 3 classes.
        for (name, visits) in
            [("fine-tune", 360.0), ("gradient-ascent", 20.0), ("fisher", 108.0), ("l1-sparse", 360.0)]
        {
            let found = cost(problem, name);
            assert_eq!((found.row_visits, found.flops), (visits, visits * 6.0 * k), "{name}");
        }
        assert_eq!((cost(problem, "noop").row_visits, cost(problem, "noop").flops), (0.0, 0.0));
    }
    let (dense, small) = (linear(Loss::Softmax), pruned(&linear(Loss::Softmax)));
    for name in ["retrain", "influence", "newton", "woodfisher", "fine-tune"] {
        // Per row visit, since the number of Newton steps depends on the problem.
        let per_visit = |problem| cost(problem, name).flops / cost(problem, name).row_visits;
        assert!(per_visit(&small) < per_visit(&dense), "{name}");
    }
}
