//! The one error type of the crate.
//!
//! Policy: a broken *contract of the code* (two vectors of different length handed to an inner
//! kernel) panics with both numbers; anything that *data or a user* can cause is an [`Error`]
//! whose text says what to do. Every variant carries the numbers needed to act.

use std::fmt;

/// Shorthand for a result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can go wrong because of data, hyper-parameters or files.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// Two sizes that must agree do not.
    Shape {
        /// What was measured, for example `"parameters"`.
        what: &'static str,
        /// The size that was required.
        expected: usize,
        /// The size that was given.
        found: usize,
    },
    /// A text file is malformed at a known place (line and column count from 1).
    Parse {
        /// The file as the user named it.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column (the field's number in a CSV row, the token's number elsewhere), from 1.
        column: usize,
        /// What is wrong and what was expected.
        message: String,
    },
    /// A file could not be read or written, or is not of the format its name says.
    File {
        /// The file as the user named it.
        file: String,
        /// What the system or the format said.
        message: String,
    },
    /// The data cannot be used with the model that was asked for.
    Data(String),
    /// A hyper-parameter or a request is outside its domain.
    Invalid(String),
    /// An iteration stopped before reaching its target.
    NotConverged {
        /// Which iteration.
        what: &'static str,
        /// Iterations spent.
        iterations: usize,
        /// The residual that was reached.
        residual: f64,
        /// The residual that was asked for.
        target: f64,
    },
    /// A matrix that must be positive definite is not.
    Indefinite {
        /// Which matrix.
        what: &'static str,
        /// The pivot at which the factorisation failed, from 0.
        pivot: usize,
    },
    /// A theorem was asked for a bound although one of its hypotheses fails.
    Hypothesis {
        /// The theorem's name.
        theorem: &'static str,
        /// The hypothesis and the numbers that break it.
        why: String,
    },
}

impl Error {
    /// `Ok(())` when the sizes agree, [`Error::Shape`] otherwise.
    ///
    /// ```
    /// use unlearn::error::Error;
    /// assert!(Error::check_shape("rows", 3, 3).is_ok());
    /// let e = Error::check_shape("rows", 3, 2).unwrap_err();
    /// assert_eq!(e.to_string(), "rows: expected 3, found 2");
    /// ```
    pub fn check_shape(what: &'static str, expected: usize, found: usize) -> Result<()> {
        if expected == found { Ok(()) } else { Err(Error::Shape { what, expected, found }) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Shape { what, expected, found } => {
                write!(f, "{what}: expected {expected}, found {found}")
            }
            Error::Parse { file, line, column, message } => {
                write!(f, "{file}:{line}:{column}: {message}")
            }
            Error::File { file, message } => write!(f, "{file}: {message}"),
            Error::Data(message) | Error::Invalid(message) => f.write_str(message),
            Error::NotConverged { what, iterations, residual, target } => write!(
                f,
                "{what} did not converge: residual {residual:.3e} after {iterations} iterations, \
                 target {target:.3e}; the labels may be separable: raise the ridge, or standardise the data"
            ),
            Error::Indefinite { what, pivot } => write!(
                f,
                "{what} is not positive definite (pivot {pivot} is not positive); \
                 columns may be dependent: use a larger ridge or remove them"
            ),
            Error::Hypothesis { theorem, why } => {
                write!(f, "{theorem} does not apply: {why}")
            }
        }
    }
}

impl std::error::Error for Error {}
