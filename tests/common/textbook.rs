//! The network and its losses written straight from the definition, over any [`Number`], with no
//! thought of speed and no code in common with the library.

use super::number::Number;
use unlearn::loss::Loss;
use unlearn::model::Activation;

/// A stack of affine maps with an activation between them.
///
/// The parameter vector is that of `torch.nn.utils.parameters_to_vector` for a stack of `nn.Linear`:
/// per layer the `out × in` matrix row by row, then the `out` biases.
#[derive(Debug, Clone)]
pub(crate) struct Textbook {
    pub(crate) widths: Vec<usize>,
    pub(crate) activation: Activation,
    pub(crate) loss: Loss,
    pub(crate) bias: bool,
}

impl Textbook {
    pub(crate) fn parameters(&self) -> usize {
        self.widths.windows(2).map(|w| w[0] * w[1] + if self.bias { w[1] } else { 0 }).sum()
    }

    /// The outputs for one sample.
    pub(crate) fn logits<T: Number>(&self, theta: &[T], x: &[f64]) -> Vec<T> {
        let mut theta = theta.iter().copied();
        let mut layer: Vec<T> = x.iter().map(|&v| T::constant(v)).collect();
        for (l, &out) in self.widths.iter().enumerate().skip(1) {
            let matrix: Vec<T> = theta.by_ref().take(layer.len() * out).collect();
            let offset: Vec<T> = match self.bias {
                true => theta.by_ref().take(out).collect(),
                false => vec![T::constant(0.0); out],
            };
            let z = matrix
                .chunks(layer.len())
                .zip(offset)
                .map(|(row, offset)| row.iter().zip(&layer).fold(offset, |sum, (&w, &a)| sum + w * a));
            let is_output = l + 1 == self.widths.len();
            layer = z.map(|z| if is_output { z } else { self.activate(z) }).collect();
        }
        layer
    }

    fn activate<T: Number>(&self, z: T) -> T {
        match self.activation {
            Activation::Tanh => z.tanh(),
            Activation::Sigmoid => z.sigmoid(),
            Activation::Softplus => z.softplus(),
            Activation::Identity => z,
        }
    }

    /// The loss of outputs `z` for the target `y` (0/1 for the logistic loss).
    pub(crate) fn loss<T: Number>(&self, z: &[T], y: f64) -> T {
        match self.loss {
            Loss::Squared => {
                let residual = z[0] - T::constant(y);
                T::constant(0.5) * residual * residual
            }
            Loss::Logistic => z[0].softplus() - T::constant(y) * z[0],
            Loss::Softmax => {
                let top = (0..z.len()).fold(0, |k, c| if z[c].real() > z[k].real() { c } else { k });
                let mut others = T::constant(0.0);
                for c in (0..z.len()).filter(|&c| c != top) {
                    others = others + (z[c] - z[top]).exp();
                }
                others.ln_1p() + (z[top] - z[y as usize])
            }
        }
    }

    /// All targets the model gives a probability to, for the outputs `z`, with that probability. For
    /// the squared loss the unit-variance Gaussian is replaced by the two points `z ± 1` with weight
    /// one half, which have the same mean and variance, all that an expectation of `∇ℓ∇ℓᵀ` reads.
    pub(crate) fn labels<T: Number>(&self, z: &[T]) -> Vec<(f64, T)> {
        match self.loss {
            Loss::Squared => [-1.0, 1.0].map(|s| (z[0].real() + s, T::constant(0.5))).to_vec(),
            Loss::Logistic => [0.0, 1.0].map(|y| (y, (-self.loss(z, y)).exp())).to_vec(),
            Loss::Softmax => (0..z.len()).map(|c| (c as f64, (-self.loss(z, c as f64)).exp())).collect(),
        }
    }
}
