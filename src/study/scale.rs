//! How features are scaled before a study, as learned from the training rows.

use crate::data::{Dataset, Standardizer};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Every feature centred and divided by its deviation.
    Standardize,
    /// Everything divided by the largest absolute value: images keep their shape and their zeros.
    Largest,
    /// As it is.
    None,
}

impl Scale {
    /// What fits the data: [`Scale::Largest`] for grey levels (square images without negative values), otherwise
    /// [`Scale::Standardize`].
    pub fn natural(data: &Dataset) -> Scale {
        let image = super::trigger::side(data).is_some() && data.design().values().iter().all(|v| *v >= 0.0);
        if image { Scale::Largest } else { Scale::Standardize }
    }

    /// The data scaled, by what the rows `fit` say.
    ///
    /// # Errors
    /// As [`Standardizer`].
    pub fn apply(self, data: &Dataset, fit: &[usize]) -> Result<Dataset> {
        match self {
            Scale::Standardize => Standardizer::fit(data, fit)?.apply(data),
            Scale::Largest => {
                let mut largest = 0.0_f64;
                fit.iter()
                    .for_each(|&i| data.design().row(i).for_each(|_, v| largest = largest.max(v.abs())));
                let divisor = if largest > 0.0 { largest } else { 1.0 };
                data.with_design(data.design().map(|_, v| v / divisor))
            }
            Scale::None => Ok(data.clone()),
        }
    }
}

impl FromStr for Scale {
    type Err = Error;
    fn from_str(s: &str) -> Result<Scale> {
        match s {
            "standardize" => Ok(Scale::Standardize),
            "largest" => Ok(Scale::Largest),
            "none" => Ok(Scale::None),
            _ => Err(Error::Invalid(format!("unknown scaling '{s}'; choose standardize, largest or none"))),
        }
    }
}
