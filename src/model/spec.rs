//! Model specifications as typed on the command line.

use super::{Activation, Model};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::loss::Loss;
use std::str::FromStr;

/// A model before the data is known: `linear:LOSS` or `mlp:W0-W1-…:ACTIVATION:LOSS`.
///
/// ```
/// use unlearn::model::Spec;
/// let spec: Spec = "mlp:64-32-10:tanh:softmax".parse().unwrap();
/// assert_eq!(spec.to_string(), "mlp:64-32-10:tanh:softmax");
/// assert!("mlp:4-2:relu:squared".parse::<Spec>().unwrap_err().to_string().contains("relu"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    hidden: Option<(Vec<usize>, Activation)>,
    loss: Loss,
}

impl Spec {
    /// The loss named in the specification.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The model for a data set: a linear model takes its size from the data, an MLP's first and
    /// last width must agree with it.
    ///
    /// # Errors
    /// [`Error::Shape`] when widths and data disagree, [`Error::Data`] when the loss cannot take the
    /// targets.
    pub fn resolve(&self, data: &Dataset, bias: bool) -> Result<Model> {
        let (_, outputs) = self.loss.targets(data.target())?;
        match &self.hidden {
            None => Model::linear(data.cols(), outputs, self.loss, bias),
            Some((widths, activation)) => {
                Error::check_shape("first width (features of the data)", data.cols(), widths[0])?;
                let last = widths[widths.len() - 1];
                // More softmax outputs than classes seen is legitimate (a class may be absent).
                if last < outputs || self.loss != Loss::Softmax {
                    Error::check_shape("last width (outputs the loss needs)", outputs, last)?;
                }
                Model::new(widths.clone(), *activation, self.loss, bias)
            }
        }
    }
}

impl FromStr for Spec {
    type Err = Error;
    fn from_str(s: &str) -> Result<Spec> {
        let parts: Vec<&str> = s.split(':').collect();
        match parts.as_slice() {
            ["linear", loss] => Ok(Spec { hidden: None, loss: loss.parse()? }),
            ["mlp", widths, activation, loss] => {
                let widths = widths
                    .split('-')
                    .map(|w| match w.parse::<usize>() {
                        Ok(w) if w > 0 => Ok(w),
                        _ => Err(Error::Invalid(format!("'{w}' in model '{s}' is not a positive width"))),
                    })
                    .collect::<Result<Vec<_>>>()?;
                if widths.len() < 2 {
                    return Err(Error::Invalid(format!(
                        "model '{s}' needs at least two widths, such as 30-8-1"
                    )));
                }
                Ok(Spec { hidden: Some((widths, activation.parse()?)), loss: loss.parse()? })
            }
            _ => Err(Error::Invalid(format!(
                "model '{s}' is not understood; write linear:squared, linear:logistic, linear:softmax or \
                 mlp:30-8-1:tanh:logistic"
            ))),
        }
    }
}

impl std::fmt::Display for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.hidden {
            None => write!(f, "linear:{}", self.loss),
            Some((widths, activation)) => {
                let widths: Vec<String> = widths.iter().map(usize::to_string).collect();
                write!(f, "mlp:{}:{activation}:{}", widths.join("-"), self.loss)
            }
        }
    }
}
