//! Cholesky factors of sparse matrices, by `faer`: a fill-reducing order (approximate minimum degree), then columns one by
//! one or in groups of the same pattern, whichever it finds cheaper.

use super::csr::Csr;
use crate::error::{Error, Result};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, LltRegularization};
use faer::sparse::linalg::cholesky::{
    LltRef, SymbolicCholesky, SymbolicCholeskyRaw, factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, MatMut, Par, Side};
use nalgebra::DVector;

/// A factored sparse positive definite matrix.
pub struct SparseCholesky {
    symbolic: SymbolicCholesky<usize>,
    values: Vec<f64>,
    order: usize,
}

impl SparseCholesky {
    /// Factors the symmetric matrix whose lower triangle is given row by row, the diagonal stored. `None` when the factor
    /// would hold more than `most` numbers.
    ///
    /// ```
    /// use nalgebra::dvector;
    /// use unlearn::numeric::{csr::Csr, sparse_cholesky::SparseCholesky};
    /// // [4 2; 2 5]
    /// let a = Csr::new(2, vec![0, 1, 3], vec![0, 0, 1], vec![4.0, 2.0, 5.0]).unwrap();
    /// let factor = SparseCholesky::new(&a, 10, "A").unwrap().unwrap();
    /// assert!((factor.solve(&dvector![8.0, 12.0]) - dvector![1.0, 2.0]).norm() < 1e-14);
    /// assert!(SparseCholesky::new(&a, 1, "A").unwrap().is_none());
    /// ```
    ///
    /// # Errors
    /// [`Error::Indefinite`] with the row whose pivot fails; [`Error::Data`] when memory runs out.
    ///
    /// Panics when the matrix is not square.
    pub fn new(lower: &Csr, most: usize, what: &'static str) -> Result<Option<SparseCholesky>> {
        let d = lower.rows();
        assert_eq!(d, lower.cols(), "a {d} × {} matrix cannot be factored", lower.cols());
        let memory =
            || Error::Data(format!("{what}: memory for a sparse factorisation ran out; use a --mask"));
        // Rows of the lower triangle are columns of the upper one.
        let indices: Vec<usize> = (0..d).flat_map(|i| lower.row(i).0.iter().map(|&c| c as usize)).collect();
        let offsets: Vec<usize> = std::iter::once(0)
            .chain((0..d).scan(0, |at, i| {
                *at += lower.row(i).0.len();
                Some(*at)
            }))
            .collect();
        let pattern = SymbolicSparseColMatRef::new_checked(d, d, &offsets, None, &indices);
        let symbolic =
            factorize_symbolic_cholesky(pattern, Side::Upper, Default::default(), Default::default())
                .map_err(|_| memory())?;
        if symbolic.len_val() > most {
            return Ok(None);
        }
        let matrix = SparseColMatRef::new(pattern, lower.values());
        let mut values = vec![0.0; symbolic.len_val()];
        let scratch = symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Default::default());
        let mut buffer = MemBuffer::try_new(scratch).map_err(|_| memory())?;
        let factored = symbolic.factorize_numeric_llt(
            &mut values,
            matrix,
            Side::Upper,
            LltRegularization::default(),
            Par::Seq,
            MemStack::new(&mut buffer),
            Default::default(),
        );
        match factored.map(|_| ()) {
            // Numbers that are not finite pass through every comparison of pivots.
            Ok(()) if values.iter().all(|v| v.is_finite()) => {
                Ok(Some(SparseCholesky { symbolic, values, order: d }))
            }
            Ok(()) => Err(Error::Indefinite { what, pivot: 0 }),
            Err(LltError::NonPositivePivot { index }) => {
                // Column by column, faer 0.24 counts pivots from 1; in groups of columns, from 0.
                let place = match symbolic.raw() {
                    SymbolicCholeskyRaw::Simplicial(_) => index - 1,
                    SymbolicCholeskyRaw::Supernodal(_) => index,
                };
                let pivot = symbolic.perm().map_or(place, |order| order.arrays().0[place]);
                Err(Error::Indefinite { what, pivot })
            }
        }
    }

    /// Numbers in the factor.
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// `A⁻¹b`.
    ///
    /// Panics when the sizes disagree.
    pub fn solve(&self, b: &DVector<f64>) -> DVector<f64> {
        assert_eq!(
            self.order,
            b.len(),
            "a right-hand side of {} for a matrix of order {}",
            b.len(),
            self.order
        );
        let mut x = b.clone();
        let scratch = self.symbolic.solve_in_place_scratch::<f64>(1, Par::Seq);
        let mut buffer = MemBuffer::new(scratch);
        let factor = LltRef::new(&self.symbolic, &self.values);
        let column = MatMut::from_column_major_slice_mut(x.as_mut_slice(), self.order, 1);
        factor.solve_in_place_with_conj(Conj::No, column, Par::Seq, MemStack::new(&mut buffer));
        x
    }
}
