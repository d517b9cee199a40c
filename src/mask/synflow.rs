//! SynFlow: pruning at initialisation without data (Tanaka et al. 2020, arXiv 2006.05467; recalled, with
//! the rounds as read in the released code of Jia et al. 2023, arXiv 2304.04934).
//!
//! The flow of the linearised network on all-ones inputs is `R = 1ᵀ|W_L| ⋯ |W_1|1`. The score of a weight
//! is `θ ∂R/∂θ`, which is the sum over all paths through it of the product of `|θ|` along the path: with
//! `a_0 = 1`, `a_l = |W_l|a_{l−1}` and `b_L = 1`, `b_{l−1} = |W_l|ᵀb_l`, the score of `W_l[j,i]` is
//! `b_{l,j}|W_l[j,i]|a_{l−1,i}`. The scores of every layer add up to `R`. Biases carry no flow from the
//! inputs: they have no score and are kept. (Released code leaves them in the forward pass, which gives
//! positive scores to weights that no input reaches.)

use super::magnitude::check_count;
use super::{Mask, Scope, path};
use crate::error::{Error, Result};
use crate::model::{Coordinate, Model};

/// Rounds, as published.
pub const ROUNDS: usize = 100;

/// More rounds are refused: beyond one per weight they change nothing.
pub const MOST_ROUNDS: usize = 1_000_000;

/// The score of every parameter under a mask; 0 for biases and for pruned weights.
///
/// ```
/// use unlearn::{loss::Loss, mask::{Mask, synflow::scores}, model::{Activation, Model}};
/// let model = Model::new(vec![2, 1, 1], Activation::Tanh, Loss::Squared, false).unwrap();
/// // Two paths, |2·3| and |−1·3|; the last weight is on both.
/// let found = scores(&model, &Mask::full(3), &[2.0, -1.0, 3.0]).unwrap();
/// assert_eq!(found, [6.0, 3.0, 9.0]);
/// ```
///
/// # Errors
/// [`Error::Shape`] for another number of parameters, [`Error::Invalid`] when the products along the paths
/// leave the range of f64 or there is no flow at all.
pub fn scores(model: &Model, mask: &Mask, parameters: &[f64]) -> Result<Vec<f64>> {
    Error::check_shape("parameters", model.parameters(), parameters.len())?;
    Error::check_shape("mask entries (one per parameter)", model.parameters(), mask.parameters())?;
    let flags = mask.flags();
    let weights = |layer: usize, unit: usize| {
        let row = model.index(Coordinate { layer, unit, input: Some(0) });
        let (flags, inputs) = (&flags, 0..model.widths()[layer]);
        inputs.map(move |i| (row + i, if flags[row + i] { parameters[row + i].abs() } else { 0.0 }))
    };
    let mut forward = vec![vec![1.0; model.inputs()]];
    for layer in 0..model.layers() {
        let a = &forward[layer];
        let unit = |j| weights(layer, j).zip(a).map(|((_, w), a)| w * a).sum();
        forward.push((0..model.widths()[layer + 1]).map(unit).collect());
    }
    let flow: f64 = forward[model.layers()].iter().sum();
    if !(flow.is_normal() && forward.iter().flatten().all(|a| a.is_finite())) {
        return Err(Error::Invalid(format!(
            "the flow through the network is {flow:e}, so weights cannot be ranked: start from nonzero \
             parameters of ordinary size"
        )));
    }
    let mut found = vec![0.0; model.parameters()];
    let mut back = vec![1.0; model.outputs()];
    for layer in (0..model.layers()).rev() {
        let mut below = vec![0.0; model.widths()[layer]];
        for (j, b) in back.iter().enumerate() {
            for (i, (at, w)) in weights(layer, j).enumerate() {
                found[at] = b * w * forward[layer][i];
                below[i] += b * w;
            }
        }
        back = below;
    }
    Ok(found)
}

/// How many of `prunable` weights are kept after each round: `round(prunable·(kept/prunable)^{r/rounds})`,
/// so that equal shares compose to the sparsity, which the last round meets exactly.
pub fn counts(prunable: usize, kept: usize, rounds: usize) -> Vec<usize> {
    let density = kept as f64 / prunable as f64;
    (1..=rounds)
        .map(|r| {
            let count = prunable as f64 * density.powf(r as f64 / rounds as f64);
            if r == rounds { kept } else { (count.round() as usize).clamp(kept, prunable) }
        })
        .collect()
}

/// Prunes the initial parameters to `kept` weights in rounds, scoring afresh each round; equal scores keep
/// the lower index.
///
/// # Errors
/// As [`scores`]; [`Error::Invalid`] for no round, a count that is out of range, or when no path is left
/// from the inputs to the outputs (with a sparsity that works).
pub fn prune(model: &Model, parameters: &[f64], kept: usize, rounds: usize) -> Result<Mask> {
    let prunable = Scope::Weights.coordinates(model).len();
    check_count(kept, prunable)?;
    if rounds == 0 || rounds > MOST_ROUNDS {
        return Err(Error::Invalid(format!(
            "{rounds} rounds: synflow needs at least one round and takes at most {MOST_ROUNDS}"
        )));
    }
    let mask = in_rounds(model, parameters, kept, rounds)?;
    let Some(collapse) = path::collapse(model, &mask) else { return Ok(mask) };
    // Other counts take other rounds: what is proposed has been tried.
    let (mut broken, mut whole) = (kept, prunable);
    while whole - broken > 1 {
        let middle = broken + (whole - broken) / 2;
        match path::collapse(model, &in_rounds(model, parameters, middle, rounds)?) {
            Some(_) => broken = middle,
            None => whole = middle,
        }
    }
    Err(collapse.error(kept, prunable, whole))
}

fn in_rounds(model: &Model, parameters: &[f64], kept: usize, rounds: usize) -> Result<Mask> {
    let prunable = Scope::Weights.coordinates(model).len();
    let mut mask = Mask::full(model.parameters());
    let mut before = prunable;
    for count in counts(prunable, kept, rounds) {
        if count == before {
            continue;
        }
        let score = scores(model, &mask, parameters)?;
        let flags = mask.flags();
        // A kept weight without flow still ranks before a pruned one.
        let ranking = Scope::Weights.ranking(model, |j| if flags[j] { score[j] } else { -1.0 });
        mask = Scope::Weights.keep(model, &ranking[..count])?;
        if path::collapse(model, &mask).is_some() {
            return Ok(mask);
        }
        before = count;
    }
    Ok(mask)
}
