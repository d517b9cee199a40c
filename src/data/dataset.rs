//! A named design with one target per row.

use super::design::Design;
use crate::error::{Error, Result};

/// Samples with targets. All numbers are finite; there is at least one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Name shown in reports.
    pub name: String,
    design: Design,
    target: Vec<f64>,
    features: Vec<String>,
}

impl Dataset {
    /// Checks sizes and finiteness and names the features `x0, x1, …`.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// let x = Design::dense(2, 1, vec![1.0, 2.0]).unwrap();
    /// let data = Dataset::new("two", x.clone(), vec![0.0, 1.0]).unwrap();
    /// assert_eq!((data.rows(), data.cols()), (2, 1));
    /// assert!(Dataset::new("nan", x, vec![0.0, f64::NAN]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when rows and targets differ in number; [`Error::Data`] when there is no
    /// row or a number is not finite.
    pub fn new(name: impl Into<String>, design: Design, target: Vec<f64>) -> Result<Dataset> {
        let name = name.into();
        Error::check_shape("targets (one per row)", design.rows(), target.len())?;
        if target.is_empty() {
            return Err(Error::Data(format!("{name}: there is no row")));
        }
        if let Some(i) = target.iter().position(|y| !y.is_finite()) {
            return Err(Error::Data(format!("{name}: the target of row {i} is {}", target[i])));
        }
        if let Some(v) = design.values().iter().find(|v| !v.is_finite()) {
            return Err(Error::Data(format!(
                "{name}: a feature value is {v}; only finite numbers are accepted"
            )));
        }
        let features = (0..design.cols()).map(|j| format!("x{j}")).collect();
        Ok(Dataset { name, design, target, features })
    }

    /// Replaces the feature names.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is not exactly one name per feature.
    pub fn with_features(mut self, names: Vec<String>) -> Result<Dataset> {
        Error::check_shape("feature names", self.design.cols(), names.len())?;
        self.features = names;
        Ok(self)
    }

    /// The feature matrix.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// One target per row, as read.
    pub fn target(&self) -> &[f64] {
        &self.target
    }

    /// Feature names, in column order.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// Number of samples.
    pub fn rows(&self) -> usize {
        self.design.rows()
    }

    /// Number of features.
    pub fn cols(&self) -> usize {
        self.design.cols()
    }

    /// The same targets over another design of the same number of rows.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn with_design(&self, design: Design) -> Result<Dataset> {
        let keep_names = design.cols() == self.design.cols();
        let data = Dataset::new(self.name.clone(), design, self.target.clone())?;
        if keep_names { data.with_features(self.features.clone()) } else { Ok(data) }
    }

    /// The samples named by `rows`, in that order.
    ///
    /// # Errors
    /// [`Error::Data`] when `rows` is empty; [`Error::Invalid`] when an index is out of range.
    pub fn select(&self, rows: &[usize]) -> Result<Dataset> {
        if let Some(i) = rows.iter().find(|&&i| i >= self.rows()) {
            return Err(Error::Invalid(format!("row {i} of a data set with {} rows", self.rows())));
        }
        let target = rows.iter().map(|&i| self.target[i]).collect();
        Dataset::new(self.name.clone(), self.design.select(rows), target)?
            .with_features(self.features.clone())
    }
}
