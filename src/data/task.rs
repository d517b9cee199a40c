//! What the targets of a data set mean.

use std::fmt;

/// The kind of prediction a data set asks for.
///
/// ```
/// use unlearn::data::Task;
/// assert_eq!(Task::Multiclass(10).to_string(), "10 classes");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Any real target.
    Regression,
    /// Labels 0 and 1.
    Binary,
    /// Labels `0, …, C−1` for the number of classes `C`.
    Multiclass(usize),
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Task::Regression => f.write_str("regression"),
            Task::Binary => f.write_str("binary"),
            Task::Multiclass(classes) => write!(f, "{classes} classes"),
        }
    }
}
