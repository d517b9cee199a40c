//! The feature matrix; the only file that knows dense from sparse storage.

use crate::error::{Error, Result};
use crate::numeric::csr::Csr;
use nalgebra::DMatrix;

/// A feature matrix with one sample per row, dense or sparse.
///
/// Dense storage is the transpose `features × samples` (nalgebra stores columns contiguously, so a
/// *sample* is contiguous, which is what every row-wise kernel reads).
#[derive(Debug, Clone, PartialEq)]
pub enum Design {
    /// `features × samples`, column `i` is sample `i`.
    Dense(DMatrix<f64>),
    /// One compressed row per sample.
    Sparse(Csr),
}

/// One sample, borrowed.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// All features.
    Dense(&'a [f64]),
    /// Column indices and values of the stored features.
    Sparse(&'a [u32], &'a [f64]),
}

impl Row<'_> {
    /// `‖x‖²` over the stored entries.
    pub fn norm_squared(&self) -> f64 {
        let values = match self {
            Row::Dense(v) => v,
            Row::Sparse(_, v) => v,
        };
        values.iter().map(|v| v * v).sum()
    }

    /// Calls `f(column, value)` for every stored entry, in column order.
    pub fn for_each(&self, mut f: impl FnMut(usize, f64)) {
        match self {
            Row::Dense(v) => v.iter().enumerate().for_each(|(c, &x)| f(c, x)),
            Row::Sparse(c, v) => c.iter().zip(v.iter()).for_each(|(&c, &x)| f(c as usize, x)),
        }
    }

    /// Writes the dense row into `out`, zeros included.
    pub fn write_dense(&self, out: &mut [f64]) {
        match self {
            Row::Dense(v) => out.copy_from_slice(v),
            Row::Sparse(..) => {
                out.fill(0.0);
                self.for_each(|c, x| out[c] = x);
            }
        }
    }
}

impl Design {
    /// A dense design from samples given one after the other (`values[i*cols + j]` is feature `j`
    /// of sample `i`).
    ///
    /// ```
    /// use unlearn::data::{Design, Row};
    /// let x = Design::dense(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    /// assert_eq!((x.rows(), x.cols()), (2, 3));
    /// assert!(matches!(x.row(1), Row::Dense(v) if v == [4.0, 5.0, 6.0]));
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when `values.len() != rows * cols`.
    pub fn dense(rows: usize, cols: usize, values: Vec<f64>) -> Result<Design> {
        Error::check_shape("feature values", rows * cols, values.len())?;
        Ok(Design::Dense(DMatrix::from_vec(cols, rows, values)))
    }

    /// Number of samples.
    pub fn rows(&self) -> usize {
        match self {
            Design::Dense(x) => x.ncols(),
            Design::Sparse(x) => x.rows(),
        }
    }

    /// Number of features.
    pub fn cols(&self) -> usize {
        match self {
            Design::Dense(x) => x.nrows(),
            Design::Sparse(x) => x.cols(),
        }
    }

    /// Sample `i`.
    pub fn row(&self, i: usize) -> Row<'_> {
        match self {
            Design::Dense(x) => {
                let d = x.nrows();
                Row::Dense(&x.as_slice()[i * d..(i + 1) * d])
            }
            Design::Sparse(x) => {
                let (c, v) = x.row(i);
                Row::Sparse(c, v)
            }
        }
    }

    /// Stored values, row by row.
    pub fn values(&self) -> &[f64] {
        match self {
            Design::Dense(x) => x.as_slice(),
            Design::Sparse(x) => x.values(),
        }
    }

    /// Is the storage sparse?
    pub fn is_sparse(&self) -> bool {
        matches!(self, Design::Sparse(_))
    }

    /// The samples named by `rows`, in that order.
    pub fn select(&self, rows: &[usize]) -> Design {
        match self {
            Design::Dense(x) => Design::Dense(x.select_columns(rows)),
            Design::Sparse(x) => Design::Sparse(x.select(rows)),
        }
    }

    /// Applies `f(feature, value)` to every stored value (zeros of sparse storage are not stored).
    pub fn map(&self, f: impl Fn(usize, f64) -> f64) -> Design {
        match self {
            Design::Dense(x) => Design::Dense(DMatrix::from_fn(x.nrows(), x.ncols(), |j, i| f(j, x[(j, i)]))),
            Design::Sparse(x) => Design::Sparse(x.map(f)),
        }
    }

    /// The same matrix in sparse storage, exact zeros dropped.
    pub fn to_sparse(&self) -> Design {
        let rows: Vec<Vec<(u32, f64)>> = (0..self.rows())
            .map(|i| {
                let mut row = Vec::new();
                self.row(i).for_each(|c, v| {
                    if v != 0.0 {
                        row.push((c as u32, v));
                    }
                });
                row
            })
            .collect();
        Design::Sparse(Csr::from_rows(self.cols(), &rows).expect("rows of a valid design are valid"))
    }

    /// The same matrix in dense storage.
    pub fn to_dense(&self) -> Design {
        let d = self.cols();
        let mut values = vec![0.0; d * self.rows()];
        for (i, out) in values.chunks_exact_mut(d.max(1)).enumerate() {
            self.row(i).write_dense(out);
        }
        Design::Dense(DMatrix::from_vec(d, self.rows(), values))
    }
}
