//! Targets that follow from linear scores.

use super::Generate;
use crate::data::{Design, Task};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The directions of the scores, one per score, scaled so that `x·w` has root mean square
/// `separation` over the rows of `design`.
pub(super) fn directions(recipe: &Generate, design: &Design, rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let scores = match recipe.task {
        Task::Multiclass(classes) => classes,
        Task::Regression | Task::Binary => 1,
    };
    let draw = |_| {
        let w: Vec<f64> = StandardNormal.sample_iter(&mut *rng).take(design.cols()).collect();
        let sum: f64 = (0..design.rows()).map(|i| dot(design, i, &w).powi(2)).sum();
        // Never zero: no row of an ordinary design is, and no weight either, up to events of
        // probability zero.
        let factor = recipe.separation / (sum / design.rows() as f64).sqrt();
        w.into_iter().map(|v| factor * v).collect()
    };
    (0..scores).map(draw).collect()
}

/// Draws the target of row `i`.
pub(super) fn target(
    recipe: &Generate,
    design: &Design,
    i: usize,
    directions: &[Vec<f64>],
    rng: &mut ChaCha8Rng,
) -> f64 {
    let mut scores: Vec<f64> = directions.iter().map(|w| dot(design, i, w)).collect();
    scores[0] += recipe.intercept;
    if recipe.task == Task::Regression {
        let noise: f64 = StandardNormal.sample(rng);
        return scores[0] + recipe.noise * noise;
    }
    if recipe.task == Task::Binary {
        // Two classes with scores 0 and s have the probabilities 1 − σ(s) and σ(s).
        scores.insert(0, 0.0);
    }
    if !recipe.separable {
        // Adding Gumbel noise and taking the largest draws class c with probability ∝ e^(score c).
        scores.iter_mut().for_each(|s| *s -= (-(1.0 - rng.random::<f64>()).ln()).ln());
    }
    let mut label = (0..scores.len()).fold(0, |best, c| if scores[c] > scores[best] { c } else { best });
    if rng.random::<f64>() < recipe.noise {
        label = (label + rng.random_range(1..scores.len())) % scores.len();
    }
    label as f64
}

fn dot(design: &Design, i: usize, w: &[f64]) -> f64 {
    let mut sum = 0.0;
    design.row(i).for_each(|j, x| sum += x * w[j]);
    sum
}
