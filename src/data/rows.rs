//! A set of row indices: what is to be forgotten.

use crate::error::{Error, Result};

/// A nonempty set of distinct 0-based row indices of a data set with `total` rows, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSet {
    total: usize,
    rows: Vec<usize>,
}

impl RowSet {
    /// Checks that the indices are distinct, in range and not empty.
    ///
    /// ```
    /// use unlearn::data::RowSet;
    /// let forget = RowSet::new(5, vec![3, 1]).unwrap();
    /// assert_eq!(forget.rows(), [1, 3]);
    /// assert_eq!(forget.complement(), [0, 2, 4]);
    /// assert!(RowSet::new(5, vec![1, 1]).is_err());
    /// assert!(RowSet::new(5, vec![5]).is_err());
    /// assert!(RowSet::new(5, vec![]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty set, a duplicate or an index that is not below `total`.
    pub fn new(total: usize, mut rows: Vec<usize>) -> Result<RowSet> {
        if rows.is_empty() {
            return Err(Error::Invalid("the forget set is empty; name at least one row".into()));
        }
        rows.sort_unstable();
        if let Some(pair) = rows.windows(2).find(|p| p[0] == p[1]) {
            return Err(Error::Invalid(format!("row {} is named twice in the forget set", pair[0])));
        }
        let last = rows[rows.len() - 1];
        if last >= total {
            return Err(Error::Invalid(format!(
                "row {last} is in the forget set, but the data has {total} rows (0 to {})",
                total.saturating_sub(1)
            )));
        }
        Ok(RowSet { total, rows })
    }

    /// The indices, increasing.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// How many rows are named.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never true: the constructor refuses the empty set.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of rows of the data set that the indices refer to.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Is row `i` named?
    pub fn contains(&self, i: usize) -> bool {
        self.rows.binary_search(&i).is_ok()
    }

    /// The rows not named, increasing.
    pub fn complement(&self) -> Vec<usize> {
        (0..self.total).filter(|&i| !self.contains(i)).collect()
    }
}
