//! How far from the retrained model an answer may be.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A Euclidean distance from the retrained model: 0 (only retraining will do) to infinity (anything will).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Tolerance(f64);

impl Tolerance {
    /// Only retraining.
    pub const EXACT: Tolerance = Tolerance(0.0);
    /// Anything.
    pub const ANY: Tolerance = Tolerance(f64::INFINITY);

    /// A tolerance.
    ///
    /// ```
    /// use unlearn::hybrid::Tolerance;
    /// assert!(Tolerance::new(0.1).unwrap().holds(0.1) && !Tolerance::new(0.1).unwrap().holds(0.2));
    /// assert_eq!("inf".parse::<Tolerance>().unwrap(), Tolerance::ANY);
    /// assert!(Tolerance::new(-1.0).is_err() && Tolerance::new(f64::NAN).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a negative number or NaN.
    pub fn new(distance: f64) -> Result<Tolerance> {
        if distance >= 0.0 {
            // One zero.
            return Ok(Tolerance(distance + 0.0));
        }
        Err(Error::Invalid(format!(
            "a tolerance of {distance}: it is the distance from the retrained model that is allowed, 0 (retrain) or \
             larger, inf for any"
        )))
    }

    /// The number.
    pub fn distance(self) -> f64 {
        self.0
    }

    /// Is a model that is certified to be this near within the tolerance? NaN is not.
    pub fn holds(self, distance: f64) -> bool {
        distance <= self.0
    }
}

impl FromStr for Tolerance {
    type Err = Error;
    fn from_str(text: &str) -> Result<Tolerance> {
        let number = text.trim().parse().map_err(|_| {
            Error::Invalid(format!("a tolerance of '{text}': write a number, 0 or larger, or inf"))
        })?;
        Tolerance::new(number)
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.0.to_string();
        if plain.len() <= 8 { f.pad(&plain) } else { write!(f, "{:e}", self.0) }
    }
}
