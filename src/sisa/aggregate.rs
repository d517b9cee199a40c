//! One prediction from many models, without training data (else the aggregator would have to forget too).

use crate::data::Row;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::scalar::{sigmoid, softmax};
use crate::objective::Problem;
use nalgebra::DVector;

/// How models are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// Every model votes for its most probable class; the class with most votes wins.
    Vote,
    /// The mean of the probabilities; the most probable class wins. For squared loss the mean of the outputs.
    Mean,
}

/// What a model's voice weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// 1 for every shard that has a row left.
    Uniform,
    /// The number of rows its shard has left.
    Proportional,
}

impl Weights {
    /// The weights of shards with so many rows left. A shard without any weighs nothing under either rule.
    pub fn of(self, kept: impl Iterator<Item = usize>) -> Vec<u64> {
        kept.map(|rows| match self {
            Weights::Uniform => u64::from(rows > 0),
            Weights::Proportional => rows as u64,
        })
        .collect()
    }
}

/// A joint prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Per class its share of the votes or its mean probability; for squared loss the one mean output.
    pub scores: Vec<f64>,
    /// The class; `None` for squared loss.
    pub label: Option<usize>,
}

/// What one model says of a row: class probabilities (two for logistic loss), or the output for squared loss.
///
/// Panics when `theta` does not have `k` entries.
pub fn outputs(problem: &Problem, theta: &DVector<f64>, x: Row<'_>) -> Vec<f64> {
    let network = problem.network();
    assert_eq!(
        theta.len(),
        problem.active(),
        "{} parameters for a model of {}",
        theta.len(),
        problem.active()
    );
    let mut ws = network.workspace();
    let z = network.forward(theta.as_slice(), x, &mut ws);
    match problem.model().loss() {
        Loss::Squared => z.to_vec(),
        Loss::Logistic => vec![sigmoid(-z[0]), sigmoid(z[0])],
        Loss::Softmax => {
            let mut p = vec![0.0; z.len()];
            softmax(z, &mut p);
            p
        }
    }
}

/// Puts the outputs of all models together. Ties go to the smaller class, between votes and within a vote (logistic:
/// a probability of ½ is label 0, as in [`crate::metric::accuracy`]). Votes are counted in whole numbers.
///
/// ```
/// use unlearn::loss::Loss;
/// use unlearn::sisa::aggregate::{Aggregate, combine};
/// let each = [vec![0.9, 0.1], vec![0.4, 0.6], vec![0.4, 0.6]];
/// let label = |weights: &[u64], rule| combine(Loss::Logistic, &each, weights, rule).unwrap().label;
/// assert_eq!(label(&[1, 1, 1], Aggregate::Vote), Some(1));       // two votes to one
/// assert_eq!(label(&[1, 1, 1], Aggregate::Mean), Some(0));       // 1.7/3 against 1.3/3
/// assert_eq!(label(&[2, 1, 1], Aggregate::Vote), Some(0));       // a tie
/// ```
///
/// # Errors
/// [`Error::Invalid`] for a vote on squared loss, which has no classes, and when the weights are all 0 or too large to
/// be added; [`Error::Shape`] when models, weights or outputs differ in number.
pub fn combine(loss: Loss, each: &[Vec<f64>], weights: &[u64], rule: Aggregate) -> Result<Prediction> {
    Error::check_shape("weights (one per model)", each.len(), weights.len())?;
    let total = weights.iter().try_fold(0u64, |sum, w| sum.checked_add(*w)).filter(|&t| t > 0);
    let Some(total) = total else {
        return Err(Error::Invalid("the weights of the models must add up to 1 or more in 64 bits".into()));
    };
    if loss == Loss::Squared && rule == Aggregate::Vote {
        return Err(Error::Invalid("squared loss has no classes to vote on; use the mean".into()));
    }
    let count = each[0].len();
    for outputs in each {
        Error::check_shape("outputs of a model", count, outputs.len())?;
    }
    let scores: Vec<f64> = match rule {
        Aggregate::Mean => {
            let sum = |c: usize| each.iter().zip(weights).map(|(p, &w)| w as f64 * p[c]).sum::<f64>();
            (0..count).map(|c| sum(c) / total as f64).collect()
        }
        Aggregate::Vote => {
            let mut votes = vec![0u64; count];
            each.iter().zip(weights).for_each(|(p, w)| votes[largest(p)] += w);
            let label = (1..count).fold(0, |best, c| if votes[c] > votes[best] { c } else { best });
            let scores = votes.iter().map(|&v| v as f64 / total as f64).collect();
            return Ok(Prediction { scores, label: Some(label) });
        }
    };
    let label = (loss != Loss::Squared).then(|| largest(&scores));
    Ok(Prediction { scores, label })
}

/// The position of the largest number, the first of several.
fn largest(p: &[f64]) -> usize {
    (1..p.len()).fold(0, |best, c| if p[c] > p[best] { c } else { best })
}
