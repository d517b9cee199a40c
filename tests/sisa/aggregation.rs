//! Votes and means against their definitions.

use super::setup::*;
use proptest::prelude::*;
use unlearn::loss::Loss;
use unlearn::metric::accuracy::accuracy;
use unlearn::numeric::tolerance::tol;
use unlearn::sisa::aggregate::{Aggregate, Weights, combine, outputs};
use unlearn::sisa::checkpoint::Memory;
use unlearn::sisa::ensemble::Ensemble;

proptest! {
    #![proptest_config(cases(128))]

    /// The class with most votes, the smallest of several; counted by listing every vote.
    #[test]
    fn votes_are_counted(
        models in prop::collection::vec(prop::collection::vec(0u8..4, 3), 1..6),
        weights in prop::collection::vec(0u64..4, 6),
    ) {
        let each: Vec<Vec<f64>> =
            models.iter().map(|p| p.iter().map(|&v| f64::from(v) / 8.0).collect()).collect();
        let weights = &weights[..each.len()];
        let result = combine(Loss::Softmax, &each, weights, Aggregate::Vote);
        if weights.iter().all(|&w| w == 0) {
            prop_assert!(result.is_err());
            return Ok(());
        }
        let first_best = |p: &[u8]| (0..3).find(|&c| p.iter().all(|&v| v <= p[c])).unwrap();
        let ballots: Vec<usize> = models
            .iter()
            .zip(weights)
            .flat_map(|(p, &w)| std::iter::repeat_n(first_best(p), w as usize))
            .collect();
        let count = |c: usize| ballots.iter().filter(|&&b| b == c).count();
        let winner = (0..3).find(|&c| (0..3).all(|other| count(other) <= count(c)));
        prop_assert_eq!(result.unwrap().label, winner);
        // Means of eighths are exact up to the division.
        let mean = combine(Loss::Softmax, &each, weights, Aggregate::Mean).unwrap();
        let total: u64 = weights.iter().sum();
        for c in 0..3 {
            let sum: f64 = each.iter().zip(weights).map(|(p, &w)| w as f64 * p[c]).sum();
            prop_assert_eq!(mean.scores[c], sum / total as f64);
        }
    }

    /// One shard alone predicts what its model predicts; an ensemble's probabilities are probabilities.
    #[test]
    fn predictions(blueprint in blueprints()) {
        let problem = blueprint.problem();
        let Ok((ensemble, _)) = Ensemble::train(blueprint.clone(), None, &mut Memory::default()) else {
            return Err(TestCaseError::reject("training overflows"));
        };
        let squared = problem.model().loss() == Loss::Squared;
        for i in 0..problem.rows() {
            let x = problem.data().design().row(i);
            for rule in [Aggregate::Vote, Aggregate::Mean] {
                let p = ensemble.predict(x, rule, Weights::Proportional);
                if squared && rule == Aggregate::Vote {
                    prop_assert!(p.unwrap_err().to_string().contains("use the mean"));
                    continue;
                }
                let p = p.unwrap();
                if !squared {
                    let sum: f64 = p.scores.iter().sum();
                    prop_assert!((sum - 1.0).abs() <= tol(p.scores.len() * ensemble.models().len(), 1.0));
                }
                if let (1, Some(label)) = (ensemble.models().len(), p.label) {
                    let right = accuracy(problem, &ensemble.models()[0], &[i]) == Some(1.0);
                    // Logits within rounding of each other may give the same probability.
                    let clear = p.scores.iter().filter(|&&s| (s - p.scores[label]).abs() < 1e-9).count() == 1;
                    prop_assert!(!clear || right == (problem.target()[i] == label as f64));
                }
            }
            if squared {
                let each = outputs(problem, &ensemble.models()[0], x);
                prop_assert_eq!(each.len(), 1);
            }
        }
    }
}

#[test]
fn weights_follow_what_is_left() {
    assert_eq!(Weights::Uniform.of([3, 0, 1].into_iter()), [1, 0, 1]);
    assert_eq!(Weights::Proportional.of([3, 0, 1].into_iter()), [3, 0, 1]);
    let each = [vec![1.0], vec![2.0]];
    assert_eq!(combine(Loss::Squared, &each, &[1, 3], Aggregate::Mean).unwrap().scores, [1.75]);
    assert!(combine(Loss::Squared, &each, &[u64::MAX, 1], Aggregate::Mean).is_err());
    assert!(combine(Loss::Squared, &each, &[1], Aggregate::Mean).is_err());
    assert!(combine(Loss::Logistic, &[], &[], Aggregate::Mean).is_err());
}
