//! UA, RA, TA, ASR and SA against their definitions, row by row.

use nalgebra::DVector;
use proptest::prelude::*;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::metric::backdoor::Backdoor;
use unlearn::metric::confidence::confidences;
use unlearn::metric::forgetting::{Forgetting, Tested};
use unlearn::model::{Activation, Model};
use unlearn::objective::Problem;

/// Classes, hidden units, parameters, and rows with labels for training, testing and the triggered test.
#[derive(Debug, Clone)]
struct Drawn {
    classes: usize,
    parameters: Vec<f64>,
    train: Vec<(Vec<f64>, f64)>,
    test: Vec<(Vec<f64>, f64)>,
    triggered: Vec<Vec<f64>>,
    forget: Vec<usize>,
}

const FEATURES: usize = 3;
const HIDDEN: usize = 2;

fn model(classes: usize) -> Model {
    let (loss, outputs) = if classes == 2 { (Loss::Logistic, 1) } else { (Loss::Softmax, classes) };
    Model::new(vec![FEATURES, HIDDEN, outputs], Activation::Tanh, loss, true).unwrap()
}

fn number() -> impl Strategy<Value = f64> {
    (-16..=16i32).prop_map(|k| f64::from(k) / 8.0)
}

fn drawn() -> impl Strategy<Value = Drawn> {
    (2..5usize, 2..8usize, 1..8usize).prop_flat_map(|(classes, train, test)| {
        let row = || prop::collection::vec(number(), FEATURES);
        let labelled = move || (row(), (0..classes).prop_map(|c| c as f64));
        (
            prop::collection::vec(number(), model(classes).parameters()),
            prop::collection::vec(labelled(), train),
            prop::collection::vec(labelled(), test),
            prop::collection::vec(row(), test),
            prop::sample::subsequence((0..train).collect::<Vec<_>>(), 1..train),
        )
            .prop_map(move |(parameters, train, test, triggered, forget)| Drawn {
                classes,
                parameters,
                train,
                test,
                triggered,
                forget,
            })
    })
}

impl Drawn {
    fn problem(&self, rows: &[(Vec<f64>, f64)]) -> Problem {
        let x = rows.iter().flat_map(|(x, _)| x.clone()).collect();
        let design = Design::dense(rows.len(), FEATURES, x).unwrap();
        let data = Dataset::new("drawn", design, rows.iter().map(|(_, y)| *y).collect()).unwrap();
        Problem::new(data.into(), model(self.classes), 0.0).unwrap()
    }

    fn theta(&self) -> DVector<f64> {
        DVector::from_vec(self.parameters.clone())
    }

    /// Probabilities of all classes, written out.
    fn probabilities(&self, x: &[f64]) -> Vec<f64> {
        let outputs = if self.classes == 2 { 1 } else { self.classes };
        let (first, second) = self.parameters.split_at(HIDDEN * FEATURES + HIDDEN);
        let hidden: Vec<f64> = (0..HIDDEN)
            .map(|j| {
                ((0..FEATURES).map(|i| first[j * FEATURES + i] * x[i]).sum::<f64>()
                    + first[HIDDEN * FEATURES + j])
                    .tanh()
            })
            .collect();
        let z: Vec<f64> = (0..outputs)
            .map(|j| {
                (0..HIDDEN).map(|i| second[j * HIDDEN + i] * hidden[i]).sum::<f64>()
                    + second[outputs * HIDDEN + j]
            })
            .collect();
        if outputs == 1 {
            return vec![1.0 / (1.0 + z[0].exp()), 1.0 / (1.0 + (-z[0]).exp())];
        }
        let total: f64 = z.iter().map(|v| v.exp()).sum();
        z.iter().map(|v| v.exp() / total).collect()
    }

    /// Is the prediction clear of ties, which rounding decides?
    fn clear(&self, x: &[f64]) -> bool {
        let mut p = self.probabilities(x);
        p.sort_by(f64::total_cmp);
        p[p.len() - 1] - p[p.len() - 2] > 1e-9
    }

    fn predicted(&self, x: &[f64]) -> f64 {
        let p = self.probabilities(x);
        (0..p.len()).max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap() as f64
    }

    fn accuracy<'a>(&self, rows: impl Iterator<Item = &'a (Vec<f64>, f64)>) -> f64 {
        let hits: Vec<bool> = rows.map(|(x, y)| self.predicted(x) == *y).collect();
        hits.iter().filter(|h| **h).count() as f64 / hits.len() as f64
    }
}

proptest! {
    #[test]
    fn accuracies_are_shares_of_rows(drawn in drawn()) {
        let all = drawn.train.iter().chain(&drawn.test).map(|(x, _)| x).chain(&drawn.triggered);
        prop_assume!(all.clone().all(|x| drawn.clear(x)));
        let (train, test, theta) = (drawn.problem(&drawn.train), drawn.problem(&drawn.test), drawn.theta());
        let forget = RowSet::new(train.rows(), drawn.forget.clone()).unwrap();
        let is_forgotten = |i: &usize| drawn.forget.contains(i);
        let of = |keep: &dyn Fn(&usize) -> bool| {
            drawn.accuracy((0..train.rows()).filter(|i| keep(i)).map(|i| &drawn.train[i]))
        };
        let found = Forgetting::of(&train, &forget, &test, &theta, Tested::All).unwrap();
        prop_assert!((found.unlearning + of(&is_forgotten) - 1.0).abs() < 1e-15);
        prop_assert_eq!(found.retained, of(&|i| !is_forgotten(i)));
        prop_assert_eq!(found.test, drawn.accuracy(drawn.test.iter()));

        // The forgotten class leaves TA only when asked to.
        let class = drawn.train[drawn.forget[0]].1;
        let others: Vec<_> = drawn.test.iter().filter(|(_, y)| *y != class).collect();
        let without = Forgetting::of(&train, &forget, &test, &theta, Tested::WithoutClasses(&[class]));
        prop_assert_eq!(without.is_ok(), !others.is_empty());
        if let Ok(without) = without {
            prop_assert_eq!(without.test, drawn.accuracy(others.into_iter()));
        }
        for (i, p) in confidences(&train, &theta, &forget.complement()).unwrap().into_iter().zip(forget.complement()) {
            let (x, y) = &drawn.train[p];
            prop_assert!((i - drawn.probabilities(x)[*y as usize]).abs() < 1e-12);
        }
    }

    #[test]
    fn attack_success_leaves_the_target_class_out(drawn in drawn(), target in 0..2u8) {
        prop_assume!(drawn.triggered.iter().chain(drawn.test.iter().map(|(x, _)| x)).all(|x| drawn.clear(x)));
        let target = f64::from(target);
        let labels = drawn.test.iter().map(|(_, y)| *y);
        let triggered: Vec<_> = drawn.triggered.iter().cloned().zip(labels).collect();
        let (clean, marked) = (drawn.problem(&drawn.test), drawn.problem(&triggered));
        let others: Vec<_> = triggered.iter().filter(|(_, y)| *y != target).collect();
        let found = Backdoor::of(&clean, &marked, &drawn.theta(), target);
        prop_assert_eq!(found.is_ok(), !others.is_empty());
        if let Ok(found) = found {
            let hits = others.iter().filter(|(x, _)| drawn.predicted(x) == target).count();
            prop_assert_eq!(found.attack_success, hits as f64 / others.len() as f64);
            prop_assert_eq!(found.standard_accuracy, drawn.accuracy(drawn.test.iter()));
        }
    }
}

/// A perfect classifier without any backdoor: counting the target class would give a success rate of its share.
#[test]
fn no_backdoor_means_no_success() {
    let design = Design::dense(4, 1, vec![-1.0, -2.0, 1.0, 2.0]).unwrap();
    let data = Dataset::new("d", design, vec![0.0, 0.0, 1.0, 1.0]).unwrap();
    let model = Model::linear(1, 1, Loss::Logistic, false).unwrap();
    let problem = Problem::new(data.into(), model, 0.0).unwrap();
    let found = Backdoor::of(&problem, &problem, &nalgebra::dvector![1.0], 1.0).unwrap();
    assert_eq!((found.attack_success, found.standard_accuracy), (0.0, 1.0));
}
