//! E3: what is forgotten was trained on, what is tested on was not, and one seed decides both.

use super::{config, iris};
use proptest::prelude::*;
use unlearn::data::{Dataset, Design, builtin};
use unlearn::study::scale::Scale;
use unlearn::study::trigger::Trigger;
use unlearn::study::{Scenario, Study};

fn scenarios() -> impl Strategy<Value = Scenario> {
    let class = || prop::sample::select(vec![0.0, 1.0, 2.0]);
    prop_oneof![
        class().prop_map(|c| Scenario::ClassWise { classes: vec![c] }),
        (0.05..0.9).prop_map(|fraction| Scenario::Random { fraction }),
        (0.05..0.9, class()).prop_map(|(fraction, target)| Scenario::Trojan {
            fraction,
            target,
            trigger: Trigger::Feature
        }),
    ]
}

fn rows(data: &Dataset) -> Vec<Vec<f64>> {
    (0..data.rows())
        .map(|i| {
            let mut row = vec![0.0; data.cols()];
            data.design().row(i).write_dense(&mut row);
            row
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn forgotten_rows_are_training_rows(scenario in scenarios(), seed in any::<u64>(), test in 0.1..0.6) {
        let data = iris();
        let s = scenario.draw(&data, test, Scale::None, seed).unwrap();
        // Every row is in exactly one part.
        let mut all: Vec<usize> = s.train_rows.iter().chain(&s.test_rows).copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..data.rows()).collect::<Vec<_>>());
        // The forget set names rows of the training data, which are the rows of the whole that the split says.
        prop_assert_eq!(s.forget.total(), s.train.rows());
        let (whole, train, tested) = (rows(&data), rows(&s.train), rows(&s.test));
        for (k, &i) in s.test_rows.iter().enumerate() {
            prop_assert_eq!((&tested[k], s.test.target()[k]), (&whole[i], data.target()[i]));
        }
        for (k, &i) in s.train_rows.iter().enumerate() {
            let poisoned = matches!(scenario, Scenario::Trojan { .. }) && s.forget.contains(k);
            if !poisoned {
                prop_assert_eq!((&train[k], s.train.target()[k]), (&whole[i], data.target()[i]));
            } else if let Scenario::Trojan { target, .. } = scenario {
                prop_assert_eq!(s.train.target()[k], target);
                prop_assert!(train[k][0] > whole.iter().map(|r| r[0]).fold(f64::MIN, f64::max) || train[k][0] > 7.7);
                prop_assert_eq!(&train[k][1..], &whole[i][1..]);
            }
        }
        if let Scenario::ClassWise { classes } = &scenario {
            let kept = s.forget.complement();
            prop_assert!(kept.iter().all(|&k| !classes.contains(&s.train.target()[k])));
            prop_assert!(s.forget.rows().iter().all(|&k| classes.contains(&s.train.target()[k])));
        }
        // The same test rows whatever is forgotten, and the same draw every time.
        let other = Scenario::Random { fraction: 0.5 }.draw(&data, test, Scale::None, seed).unwrap();
        prop_assert_eq!(&other.test_rows, &s.test_rows);
        let again = scenario.draw(&data, test, Scale::None, seed).unwrap();
        prop_assert_eq!((again.forget, again.train), (s.forget, s.train));
    }
}

#[test]
fn a_patch_changes_its_pixels_and_nothing_else() {
    let data = builtin::load("digits").unwrap();
    let scenario = Scenario::Trojan { fraction: 0.1, target: 3.0, trigger: Trigger::Patch { size: 2 } };
    let s = scenario.draw(&data, 0.3, Scale::Largest, 1).unwrap();
    let (clean, marked) = (rows(&s.test), rows(s.triggered.as_ref().unwrap()));
    assert_eq!(s.triggered.as_ref().unwrap().target(), s.test.target());
    for (a, b) in clean.iter().zip(&marked) {
        for j in 0..64 {
            let inside = [54, 55, 62, 63].contains(&j);
            assert!(if inside { b[j] == 1.0 } else { a[j] == b[j] }, "pixel {j}");
        }
    }
    assert!(
        s.train.target().iter().zip(0..).filter(|(y, k)| **y == 3.0 && s.forget.contains(*k)).count() == 126
    );
}

#[test]
fn a_source_model_never_sees_what_is_probed() {
    let data = builtin::load("digits").unwrap();
    let scenario = Scenario::Transfer { classes: vec![1.0, 2.0], probed: vec![8.0, 9.0] };
    let s = scenario.draw(&data, 0.3, Scale::Largest, 1).unwrap();
    let (train, test) = s.probe.as_ref().unwrap();
    let probed = |y: &f64| *y >= 8.0;
    assert!(!s.train.target().iter().any(probed) && !s.test.target().iter().any(probed));
    assert!(train.target().iter().all(probed) && test.target().iter().all(probed));
    assert_eq!(s.train.rows() + s.test.rows() + train.rows() + test.rows(), data.rows());
}

#[test]
fn the_scale_is_learned_from_training_rows_alone() {
    // The last row, the only one tested with this seed, holds the largest value by far.
    let x = Design::dense(4, 1, vec![1.0, 2.0, 4.0, 1000.0]).unwrap();
    let data = Dataset::new("four", x, vec![0.0, 1.0, 0.0, 1.0]).unwrap();
    let seed = (0..100)
        .find(|s| {
            Scenario::Random { fraction: 0.4 }.draw(&data, 0.25, Scale::None, *s).unwrap().test_rows == [3]
        })
        .unwrap();
    let s = Scenario::Random { fraction: 0.4 }.draw(&data, 0.25, Scale::Largest, seed).unwrap();
    assert_eq!(s.train.design().values(), [0.25, 0.5, 1.0]);
    assert_eq!(s.test.design().values(), [250.0]);
}

#[test]
fn what_cannot_be_studied_is_refused() {
    let data = iris();
    let refused = |change: &dyn Fn(&mut unlearn::study::Config), part: &str| {
        let mut config = config(&data, Scenario::Random { fraction: 0.1 }, &[]);
        change(&mut config);
        let error = Study::new(config, data.clone()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}\nlacks {part}");
    };
    let classes = |classes: &[f64]| Scenario::ClassWise { classes: classes.to_vec() };
    let transfer = |classes: &[f64], probed: &[f64]| Scenario::Transfer {
        classes: classes.to_vec(),
        probed: probed.to_vec(),
    };
    refused(&|c| c.scenario = classes(&[7.0]), "no class 7; its classes are 0, 1, 2");
    refused(&|c| c.scenario = classes(&[0.0, 1.0, 2.0]), "keep at least one class");
    refused(&|c| c.scenario = classes(&[0.0, 0.0]), "named twice");
    refused(&|c| c.scenario = classes(&[]), "at least one class");
    refused(&|c| c.scenario = Scenario::Random { fraction: 0.0 }, "above 0 and below 1");
    refused(&|c| c.scenario = Scenario::Random { fraction: 1.0 }, "above 0 and below 1");
    refused(&|c| c.scenario = Scenario::Random { fraction: f64::NAN }, "above 0 and below 1");
    refused(
        &|c| c.scenario = Scenario::Trojan { fraction: 0.1, target: 9.0, trigger: Trigger::Feature },
        "no class 9",
    );
    refused(
        &|c| {
            c.scenario = Scenario::Trojan { fraction: 0.1, target: 0.0, trigger: Trigger::Patch { size: 2 } }
        },
        "no square image",
    );
    refused(&|c| c.scenario = transfer(&[0.0], &[1.0]), "at least two classes");
    refused(&|c| c.scenario = transfer(&[0.0], &[0.0, 1.0]), "both to forget and to probe");
    refused(&|c| c.scenario = transfer(&[0.0], &[1.0, 2.0]), "nothing is left");
    refused(&|c| c.test = 0.0, "test rows");
    refused(&|c| c.test = 1.0, "between 0 and 1");
    refused(&|c| c.sparsity = vec![1.0], "below 1");
    refused(&|c| c.sparsity = vec![0.5, 0.5], "twice");
    refused(&|c| c.sparsity = vec![], "at least one sparsity");
    refused(&|c| c.seeds = 0, "at least one seed");
    refused(&|c| c.seeds = u64::MAX, "too many");
    refused(&|c| c.ridge = -1.0, "--ridge -1");
    refused(&|c| c.ridge = f64::NAN, "--ridge NaN");
    refused(&|c| c.pruner = "opm".into(), "omp, imp, synflow, random");
    refused(&|c| c.training = unlearn::study::training::Training::Newton, "--optimiser sgd");
    refused(&|c| c.model = "linear:squared".into(), "softmax");
    refused(&|c| c.model = "mlp:4-4-2:tanh:softmax".into(), "last width");
}
