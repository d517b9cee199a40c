//! Compressed sparse rows, with the invariants checked once, in the constructor.

use crate::error::{Error, Result};

/// A sparse `rows × cols` matrix of f64 in compressed-row storage.
///
/// Invariants, checked by [`Csr::new`]: `offsets` has `rows + 1` nondecreasing entries from 0 to
/// `values.len()`; in each row the column indices increase strictly and are below `cols`.
#[derive(Debug, Clone, PartialEq)]
pub struct Csr {
    cols: usize,
    offsets: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f64>,
}

impl Csr {
    /// Builds a matrix from its three arrays, checking every invariant.
    ///
    /// ```
    /// use unlearn::numeric::csr::Csr;
    /// // [[2, 0, 1], [0, 0, 0]]
    /// let m = Csr::new(3, vec![0, 2, 2], vec![0, 2], vec![2.0, 1.0]).unwrap();
    /// assert_eq!((m.rows(), m.cols(), m.nonzeros()), (2, 3, 2));
    /// assert!(Csr::new(2, vec![0, 1], vec![2], vec![1.0]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when lengths disagree, [`Error::Data`] when an index is out of order or range.
    pub fn new(cols: usize, offsets: Vec<usize>, indices: Vec<u32>, values: Vec<f64>) -> Result<Self> {
        Error::check_shape("CSR column indices", values.len(), indices.len())?;
        if offsets.first() != Some(&0) {
            return Err(Error::Data("CSR offsets must start with 0".into()));
        }
        Error::check_shape("last CSR offset", values.len(), offsets[offsets.len() - 1])?;
        for (row, pair) in offsets.windows(2).enumerate() {
            if pair[0] > pair[1] {
                return Err(Error::Data(format!("CSR offsets decrease after row {row}")));
            }
            let columns = &indices[pair[0]..pair[1]];
            if let Some(c) = columns.iter().find(|&&c| c as usize >= cols) {
                return Err(Error::Data(format!("row {row}: column {c} of a matrix with {cols} columns")));
            }
            if let Some(p) = columns.windows(2).find(|p| p[0] >= p[1]) {
                return Err(Error::Data(format!(
                    "row {row}: column {} follows column {}; indices must increase strictly",
                    p[1], p[0]
                )));
            }
        }
        Ok(Csr { cols, offsets, indices, values })
    }

    /// Collects sparse rows given as `(column, value)` lists.
    ///
    /// # Errors
    /// As [`Csr::new`].
    pub fn from_rows(cols: usize, rows: &[Vec<(u32, f64)>]) -> Result<Self> {
        let mut offsets = vec![0];
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        for row in rows {
            for &(c, v) in row {
                indices.push(c);
                values.push(v);
            }
            offsets.push(values.len());
        }
        Csr::new(cols, offsets, indices, values)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Number of stored entries.
    pub fn nonzeros(&self) -> usize {
        self.values.len()
    }

    /// Column indices and values of one row.
    pub fn row(&self, i: usize) -> (&[u32], &[f64]) {
        let range = self.offsets[i]..self.offsets[i + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Applies `f(column, value)` to every stored value.
    pub fn map(&self, f: impl Fn(usize, f64) -> f64) -> Csr {
        let values = self.indices.iter().zip(&self.values).map(|(&c, &v)| f(c as usize, v)).collect();
        Csr { values, ..self.clone() }
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The rows named by `rows`, in that order.
    pub fn select(&self, rows: &[usize]) -> Csr {
        let mut offsets = vec![0];
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        for &i in rows {
            let (c, v) = self.row(i);
            indices.extend_from_slice(c);
            values.extend_from_slice(v);
            offsets.push(values.len());
        }
        Csr { cols: self.cols, offsets, indices, values }
    }
}
