//! The shape of a model and the order of its parameters.

use super::activation::Activation;
use crate::error::{Error, Result};
use crate::loss::Loss;

/// A stack of affine layers `z_l = W_l a_{l−1} + b_l`, `a_l = φ(z_l)`, with a loss on the last `z`.
///
/// Parameters are ordered as `torch.nn.utils.parameters_to_vector` orders a stack of `nn.Linear`:
/// for each layer the weight `out × in` row by row, then the bias.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    widths: Vec<usize>,
    activation: Activation,
    loss: Loss,
    bias: bool,
}

/// One parameter by its place in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coordinate {
    /// Layer, from 0.
    pub layer: usize,
    /// Output unit of that layer.
    pub unit: usize,
    /// Input of that layer, or `None` for the bias.
    pub input: Option<usize>,
}

impl Model {
    /// A network with the given widths (inputs, hidden layers, outputs).
    ///
    /// ```
    /// use unlearn::model::{Activation, Model};
    /// use unlearn::loss::Loss;
    /// let m = Model::new(vec![3, 2, 1], Activation::Tanh, Loss::Logistic, true).unwrap();
    /// assert_eq!(m.parameters(), (2 * 3 + 2) + (1 * 2 + 1));
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for fewer than two widths, a width of 0, more than one output where the
    /// loss takes one, fewer than two for softmax, or more parameters than memory could address.
    pub fn new(widths: Vec<usize>, activation: Activation, loss: Loss, bias: bool) -> Result<Model> {
        if widths.len() < 2 || widths.contains(&0) {
            return Err(Error::Invalid(format!(
                "widths {widths:?}: a model needs at least inputs and outputs, all positive"
            )));
        }
        let outputs = widths[widths.len() - 1];
        if (loss == Loss::Softmax) != (outputs > 1) {
            return Err(Error::Invalid(format!(
                "{loss} loss with {outputs} output(s): softmax takes two or more, the others exactly one"
            )));
        }
        let total = widths.windows(2).try_fold(0usize, |sum, w| {
            let inputs = w[0].checked_add(usize::from(bias))?;
            w[1].checked_mul(inputs).and_then(|p| sum.checked_add(p))
        });
        // 2³¹ parameters are 16 GiB per vector; indices of inputs are stored in 32 bits.
        if total.is_none_or(|t| t > 1 << 31) {
            return Err(Error::Invalid(format!("widths {widths:?} give too many parameters")));
        }
        Ok(Model { widths, activation, loss, bias })
    }

    /// A linear model: one layer.
    ///
    /// # Errors
    /// As [`Model::new`].
    pub fn linear(inputs: usize, outputs: usize, loss: Loss, bias: bool) -> Result<Model> {
        Model::new(vec![inputs, outputs], Activation::Identity, loss, bias)
    }

    /// Inputs, hidden widths, outputs.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// Number of affine layers.
    pub fn layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// Is there exactly one layer?
    pub fn is_linear(&self) -> bool {
        self.layers() == 1
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.widths[0]
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// The activation between layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The loss on the outputs.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Does every layer have a bias?
    pub fn has_bias(&self) -> bool {
        self.bias
    }

    /// Parameters of layer `l`.
    fn layer_parameters(&self, l: usize) -> usize {
        self.widths[l + 1] * (self.widths[l] + usize::from(self.bias))
    }

    /// Index of the first parameter of layer `l`.
    pub(crate) fn layer_start(&self, l: usize) -> usize {
        (0..l).map(|m| self.layer_parameters(m)).sum()
    }

    /// Total number of parameters `d`.
    pub fn parameters(&self) -> usize {
        self.layer_start(self.layers())
    }

    /// The index of a coordinate in the parameter vector.
    ///
    /// ```
    /// use unlearn::model::{Coordinate, Model};
    /// use unlearn::loss::Loss;
    /// let m = Model::linear(4, 3, Loss::Softmax, true).unwrap();
    /// assert_eq!(m.index(Coordinate { layer: 0, unit: 1, input: Some(2) }), 6);
    /// assert_eq!(m.index(Coordinate { layer: 0, unit: 1, input: None }), 13);
    /// ```
    ///
    /// Panics when the coordinate does not exist.
    pub fn index(&self, at: Coordinate) -> usize {
        let (fan_in, fan_out) = (self.widths[at.layer], self.widths[at.layer + 1]);
        assert!(at.unit < fan_out, "unit {} of a layer with {fan_out}", at.unit);
        let start = self.layer_start(at.layer);
        match at.input {
            Some(i) => {
                assert!(i < fan_in, "input {i} of a layer with {fan_in}");
                start + at.unit * fan_in + i
            }
            None => {
                assert!(self.bias, "the model has no bias");
                start + fan_out * fan_in + at.unit
            }
        }
    }

    /// The coordinate at an index of the parameter vector. Panics when out of range.
    pub fn coordinate(&self, index: usize) -> Coordinate {
        let mut rest = index;
        for layer in 0..self.layers() {
            let size = self.layer_parameters(layer);
            if rest < size {
                let (fan_in, fan_out) = (self.widths[layer], self.widths[layer + 1]);
                return if rest < fan_in * fan_out {
                    Coordinate { layer, unit: rest / fan_in, input: Some(rest % fan_in) }
                } else {
                    Coordinate { layer, unit: rest - fan_in * fan_out, input: None }
                };
            }
            rest -= size;
        }
        panic!("parameter {index} of a model with {}", self.parameters());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_and_coordinate_are_inverse() {
        for bias in [true, false] {
            let m = Model::new(vec![3, 4, 2, 3], Activation::Tanh, Loss::Softmax, bias).unwrap();
            for i in 0..m.parameters() {
                assert_eq!(m.index(m.coordinate(i)), i);
            }
        }
    }
}
