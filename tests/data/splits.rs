//! A split is a partition, deterministic, nested in the size of the forget set, and numbered safely.

use proptest::prelude::*;
use unlearn::data::{Amount, Dataset, Design, Forget, Split, builtin};
use unlearn::error::Error;

/// `n` rows whose only feature is the row's number, with classes 0, 1, 2 in turn.
fn numbered(n: usize) -> Dataset {
    let x = Design::dense(n, 1, (0..n).map(|i| i as f64).collect()).unwrap();
    Dataset::new("numbered", x, (0..n).map(|i| (i % 3) as f64).collect()).unwrap()
}

fn forgets() -> impl Strategy<Value = Forget> {
    let amount = || prop_oneof![(0usize..40).prop_map(Amount::Count), (0.0..=1.0).prop_map(Amount::Fraction)];
    prop_oneof![
        amount().prop_map(Forget::Random),
        ((0u8..4).prop_map(f64::from), amount()).prop_map(|(c, a)| Forget::Class(c, a)),
        prop::collection::vec(0usize..40, 0..6).prop_map(Forget::Rows),
    ]
}

fn is_sorted_set(rows: &[usize]) -> bool {
    rows.windows(2).all(|p| p[0] < p[1])
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn partition(n in 1usize..40, test in 0usize..12, forget in forgets(), seed in any::<u64>()) {
        let data = numbered(n);
        let drawn = Split::draw(&data, Amount::Count(test), &forget, seed);
        prop_assert_eq!(&drawn, &Split::draw(&data, Amount::Count(test), &forget, seed));
        let split = match drawn {
            Ok(split) => split,
            Err(e) => {
                prop_assert!(matches!(e, Error::Invalid(_)), "{:?}", e);
                return Ok(());
            }
        };
        prop_assert_eq!(split.test().len(), test);
        prop_assert!(!split.forget().is_empty() && !split.retain().is_empty());
        for rows in [split.train(), split.test(), split.forget(), split.retain()] {
            prop_assert!(is_sorted_set(rows));
        }
        let mut train = [split.forget(), split.retain()].concat();
        train.sort_unstable();
        prop_assert_eq!(&train, split.train());
        let mut all = [split.train(), split.test()].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..n).collect::<Vec<_>>());

        // The renumbered forget set names the same samples: each feature is its row's number.
        let (training, set) = split.training_data(&data).unwrap();
        prop_assert_eq!(set.total(), split.train().len());
        let original = |rows: &[usize]| -> Vec<usize> {
            rows.iter().map(|&k| training.design().values()[k] as usize).collect()
        };
        prop_assert_eq!(original(set.rows()), split.forget());
        prop_assert_eq!(original(&set.complement()), split.retain());
        let tested = split.test_data(&data).unwrap().map_or(0, |t| t.rows());
        prop_assert_eq!(tested, test);
        match &forget {
            Forget::Rows(rows) => {
                let mut rows = rows.clone();
                rows.sort_unstable();
                prop_assert_eq!(split.forget(), rows);
            }
            Forget::Class(c, _) => prop_assert!(split.forget().iter().all(|&i| data.target()[i] == *c)),
            Forget::Random(Amount::Count(k)) => prop_assert_eq!(split.forget().len(), *k),
            Forget::Random(Amount::Fraction(f)) => {
                prop_assert_eq!(split.forget().len(), (f * (n - test) as f64).round() as usize)
            }
        }
        prop_assert!(split.training_data(&numbered(n + 1)).is_err());
        prop_assert!(split.test_data(&numbered(n + 1)).is_err());
    }

    #[test]
    fn larger_forget_sets_contain_smaller_ones(n in 10usize..40, k in 1usize..4, seed in any::<u64>()) {
        let draw = |k| Split::draw(&numbered(n), Amount::Count(3), &Forget::Random(Amount::Count(k)), seed).unwrap();
        let (small, large) = (draw(k), draw(k + 1));
        prop_assert_eq!(small.test(), large.test());
        prop_assert!(small.forget().iter().all(|i| large.forget().contains(i)));
    }
}

#[test]
fn a_whole_class() {
    let iris = builtin::load("iris").unwrap();
    let all = Forget::Class(1.0, Amount::Fraction(1.0));
    let split = Split::draw(&iris, Amount::Count(30), &all, 3).unwrap();
    assert!(split.retain().iter().all(|&i| iris.target()[i] != 1.0));
    let in_test = split.test().iter().filter(|&&i| iris.target()[i] == 1.0).count();
    assert_eq!(split.forget().len() + in_test, 50);
    assert!(in_test > 0, "the class stays in the test rows");
    let half = Split::draw(&iris, Amount::Count(0), &Forget::Class(1.0, Amount::Fraction(0.5)), 3).unwrap();
    assert_eq!((half.forget().len(), half.test().len()), (25, 0));
    assert!(half.test_data(&iris).unwrap().is_none());
}

#[test]
fn seeds_matter() {
    let draw = |seed| {
        Split::draw(&numbered(100), Amount::Fraction(0.2), &Forget::Random(Amount::Count(10)), seed).unwrap()
    };
    assert_ne!(draw(1).test(), draw(2).test());
    assert_ne!(draw(1).forget(), draw(2).forget());
    // Every row is sometimes forgotten and sometimes tested: 0.9^400 and 0.8^400 are below 1e-18.
    let (mut forgotten, mut tested) = ([false; 100], [false; 100]);
    for seed in 0..400 {
        let split = draw(seed);
        split.forget().iter().for_each(|&i| forgotten[i] = true);
        split.test().iter().for_each(|&i| tested[i] = true);
    }
    assert!(forgotten.iter().all(|&b| b) && tested.iter().all(|&b| b));
}

#[test]
fn impossible_requests() {
    let data = numbered(10);
    let draw = |test, forget| Split::draw(&data, test, &forget, 0).unwrap_err().to_string();
    let (none, some) = (Amount::Count(0), Forget::Random(Amount::Count(1)));
    assert!(draw(Amount::Count(11), some.clone()).contains("there are only 10"));
    assert!(draw(Amount::Count(10), some.clone()).contains("smaller test set"));
    assert!(draw(Amount::Count(9), some.clone()).contains("smaller test set"));
    assert!(draw(Amount::Fraction(1.5), some.clone()).contains("between 0 and 1"));
    assert!(draw(Amount::Fraction(f64::NAN), some.clone()).contains("between 0 and 1"));
    assert!(draw(Amount::Fraction(-0.1), some).contains("between 0 and 1"));
    assert!(draw(none, Forget::Random(Amount::Count(0))).contains("nothing would be forgotten"));
    assert!(draw(none, Forget::Random(Amount::Fraction(0.01))).contains("rounds to none"));
    assert!(draw(none, Forget::Random(Amount::Count(10))).contains("at least one must be retained"));
    assert!(draw(none, Forget::Class(7.0, Amount::Count(1))).contains("targets go from 0 to 2"));
    assert!(draw(none, Forget::Class(1.0, Amount::Count(4))).contains("there are only 3"));
    assert!(draw(none, Forget::Class(f64::NAN, Amount::Count(1))).contains("no training row"));
    assert!(draw(none, Forget::Rows(vec![])).contains("empty"));
    assert!(draw(none, Forget::Rows(vec![2, 2])).contains("twice"));
    assert!(draw(none, Forget::Rows(vec![10])).contains("10 rows"));
    assert!(draw(none, Forget::Rows((0..10).collect())).contains("at least one must be retained"));
    assert!(draw(Amount::Count(6), Forget::Rows((0..5).collect())).contains("smaller test set"));
    assert!(draw(Amount::Count(5), Forget::Rows((0..5).collect())).contains("at least one must be retained"));
}
