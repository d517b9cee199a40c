//! Layer collapse: a mask under which no path of kept weights leads from an input to an output, so that
//! the outputs no longer depend on the data.

use super::Mask;
use crate::error::Error;
use crate::model::{Coordinate, Model};

/// The first layer at which every path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collapse {
    /// The layer, from 0.
    pub layer: usize,
    /// Weights it keeps (none of them is reached from an input).
    pub kept: usize,
    /// Weights it has.
    pub weights: usize,
}

/// Is there no path of kept weights from an input to an output, and at which layer does the last one end?
/// Biases make no path.
///
/// ```
/// use unlearn::{loss::Loss, mask::{Mask, path::collapse}, model::{Activation, Model}};
/// // Two inputs, two hidden units, one output, no bias: W₁ row by row, then W₂.
/// let model = Model::new(vec![2, 2, 1], Activation::Tanh, Loss::Squared, false).unwrap();
/// let mask = |keep: [u8; 6]| Mask::new(&keep.map(|k| k == 1)).unwrap();
/// assert_eq!(collapse(&model, &mask([1, 0, 0, 0, 1, 0])), None);
/// // The first hidden unit is reached, the second one is read.
/// let broken = collapse(&model, &mask([1, 0, 0, 0, 0, 1])).unwrap();
/// assert_eq!((broken.layer, broken.kept, broken.weights), (1, 1, 2));
/// ```
///
/// Panics when the mask is for another number of parameters.
pub fn collapse(model: &Model, mask: &Mask) -> Option<Collapse> {
    assert_eq!(mask.parameters(), model.parameters(), "mask and model differ in their parameters");
    let flags = mask.flags();
    let mut reached = vec![true; model.inputs()];
    for layer in 0..model.layers() {
        let (fan_in, fan_out) = (model.widths()[layer], model.widths()[layer + 1]);
        let mut next = vec![false; fan_out];
        let mut kept = 0;
        for (unit, reaches) in next.iter_mut().enumerate() {
            let row = model.index(Coordinate { layer, unit, input: Some(0) });
            for input in (0..fan_in).filter(|i| flags[row + i]) {
                kept += 1;
                *reaches |= reached[input];
            }
        }
        if !next.contains(&true) {
            return Some(Collapse { layer, kept, weights: fan_in * fan_out });
        }
        reached = next;
    }
    None
}

impl Collapse {
    /// The error of a pruner that was asked to keep `kept` of `prunable` and could keep `possible`.
    pub(crate) fn error(self, kept: usize, prunable: usize, possible: usize) -> Error {
        // The shortest number that means the same count when it is typed.
        let sparsity = |kept: usize| {
            let share = 1.0 - kept as f64 / prunable as f64;
            let means = |text: &str| {
                text.parse().is_ok_and(|s: f64| (s * prunable as f64).round() == (prunable - kept) as f64)
            };
            let texts = (1..=17).map(|digits| format!("{share:.digits$}"));
            texts.into_iter().find(|text| means(text)).unwrap_or_else(|| share.to_string())
        };
        let what = match self.kept {
            0 => format!("none of its {} weights is left", self.weights),
            some => {
                format!("the {some} of its {} weights that are left start at unreached units", self.weights)
            }
        };
        Error::Invalid(format!(
            "keeping {kept} of {prunable} weights (sparsity {}) breaks every path from the inputs to the outputs at \
             layer {} (counted from 1): {what}. Keeping {possible} (sparsity {}) still works",
            sparsity(kept),
            self.layer + 1,
            sparsity(possible)
        ))
    }
}
