//! Cholesky factorisation of symmetric positive definite matrices.

use super::gram::{Columns, Kernel, Part, add_part};
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};

/// `A = L Lᵀ` with `L` lower triangular.
#[derive(Debug, Clone)]
pub struct Cholesky {
    pub(super) lower: DMatrix<f64>,
}

impl Cholesky {
    /// Factors the lower triangle of `a`; `what` names the matrix in the error.
    ///
    /// A pivot at or below `k·ε` times the largest diagonal entry counts as not positive: a matrix
    /// that is singular up to rounding must not give a silently wrong solution.
    ///
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use unlearn::numeric::factor::Cholesky;
    /// let a = dmatrix![4.0, 2.0; 2.0, 5.0];
    /// let x = Cholesky::new(a, "A").unwrap().solve(&dvector![8.0, 12.0]);
    /// assert!((x - dvector![1.0, 2.0]).norm() < 1e-15);
    /// assert!(Cholesky::new(dmatrix![1.0, 1.0; 1.0, 1.0], "A").is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Indefinite`] with the failing pivot.
    pub fn new(mut a: DMatrix<f64>, what: &'static str) -> Result<Cholesky> {
        let k = a.nrows();
        assert_eq!(k, a.ncols(), "a {k} × {} matrix cannot be factored", a.ncols());
        let largest = (0..k).fold(0.0_f64, |m, j| m.max(a[(j, j)]));
        match factor_in_place(&mut a, k as f64 * f64::EPSILON * largest) {
            Ok(()) => Ok(Cholesky { lower: a }),
            Err(pivot) => Err(Error::Indefinite { what, pivot }),
        }
    }

    /// The factor `L`; entries above the diagonal are meaningless.
    pub fn lower(&self) -> &DMatrix<f64> {
        &self.lower
    }

    /// `A⁻¹ b`.
    pub fn solve(&self, b: &DVector<f64>) -> DVector<f64> {
        let mut x = b.clone();
        self.solve_in_place(x.as_mut_slice());
        x
    }

    /// `A⁻¹ B`, column by column.
    pub fn solve_matrix(&self, b: &DMatrix<f64>) -> DMatrix<f64> {
        let mut x = b.clone();
        for mut column in x.column_iter_mut() {
            self.solve_in_place(column.as_mut_slice());
        }
        x
    }

    fn solve_in_place(&self, x: &mut [f64]) {
        let k = self.lower.nrows();
        assert_eq!(k, x.len(), "a right-hand side of {} for a matrix of order {k}", x.len());
        let l = self.lower.as_slice();
        for j in 0..k {
            let column = &l[j * k..(j + 1) * k];
            let v = x[j] / column[j];
            x[j] = v;
            x[j + 1..].iter_mut().zip(&column[j + 1..]).for_each(|(x, l)| *x -= v * l);
        }
        for j in (0..k).rev() {
            let column = &l[j * k..(j + 1) * k];
            let dot: f64 = x[j + 1..].iter().zip(&column[j + 1..]).map(|(x, l)| x * l).sum();
            x[j] = (x[j] - dot) / column[j];
        }
    }
}

/// Columns that are factored one by one; more are halved.
const LEAF: usize = 16;

/// Recursive Cholesky on the lower triangle: the left half of the columns is factored, its products are subtracted from
/// the right half by the kernel of [`super::gram`], and the right half is factored. What is above the diagonal is left
/// with meaningless numbers. `Err(j)` when pivot `j` is not above `least`, NaN included.
///
/// Every entry is `a_ij − Σ l_ip l_jp` with its terms in some order, so the usual error analysis (Higham 2002,
/// Theorem 10.3) applies unchanged.
pub(crate) fn factor_in_place(a: &mut DMatrix<f64>, least: f64) -> std::result::Result<(), usize> {
    let k = a.nrows();
    factor_columns(Kernel::best(), a.as_mut_slice(), k, 0, k, least)
}

/// Columns `first..end`, all rows below included; the products of earlier columns are subtracted already.
fn factor_columns(
    kernel: Kernel,
    s: &mut [f64],
    k: usize,
    first: usize,
    end: usize,
    least: f64,
) -> std::result::Result<(), usize> {
    let width = end - first;
    if width <= LEAF {
        return kernel.vectorised(|| factor_leaf(s, k, first, end, least));
    }
    // Halves that are multiples of a leaf; the left one is not the smaller.
    let middle = first + width.div_ceil(2).next_multiple_of(LEAF);
    factor_columns(kernel, s, k, first, middle, least)?;
    let (done, rest) = s.split_at_mut(middle * k);
    let (minus, below) = (vec![-1.0; middle - first], k - middle);
    let p = Columns::strided(below, k, &done[first * k + middle..]);
    let q = p.part(0..end - middle).weighted(&minus);
    // The columns from row `middle` on.
    add_part(kernel, middle - first, &p, &q, Part::LowerTriangle, &mut rest[middle..], k);
    factor_columns(kernel, s, k, middle, end, least)
}

/// Left-looking factorisation of the columns `first..end` among themselves.
#[inline(always)]
fn factor_leaf(
    s: &mut [f64],
    k: usize,
    first: usize,
    end: usize,
    least: f64,
) -> std::result::Result<(), usize> {
    for j in first..end {
        let (done, rest) = s.split_at_mut(j * k);
        let column = &mut rest[..k];
        for p in first..j {
            let previous = &done[p * k..(p + 1) * k];
            let f = previous[j];
            if f != 0.0 {
                column[j..].iter_mut().zip(&previous[j..]).for_each(|(c, l)| *c -= f * l);
            }
        }
        let pivot = column[j];
        // Written so that NaN fails too.
        if !(pivot > least && pivot.is_finite()) {
            return Err(j);
        }
        let root = pivot.sqrt();
        column[j] = root;
        column[j + 1..].iter_mut().for_each(|c| *c /= root);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `L Lᵀ` for a factor known in advance, around the panel's edges.
    #[test]
    fn known_factors_are_found_again() {
        for k in [1, 2, (4 * LEAF) - 1, (4 * LEAF), (4 * LEAF) + 1, 2 * (4 * LEAF) + 5] {
            let l = DMatrix::from_fn(k, k, |i, j| match i.cmp(&j) {
                std::cmp::Ordering::Less => 0.0,
                std::cmp::Ordering::Equal => 2.0,
                std::cmp::Ordering::Greater => ((i * 7 + j * 3) % 5) as f64 / (4 * k) as f64,
            });
            let found = Cholesky::new(&l * l.transpose(), "A").expect("positive definite");
            let error = (found.lower().lower_triangle() - &l).norm() / l.norm();
            // The condition number of L is below 10.
            assert!(error < crate::numeric::tolerance::tol(k, 10.0), "k = {k}: {error}");
        }
    }

    #[test]
    fn the_failing_pivot_is_named_in_whichever_panel_it_lies() {
        for at in [0, 3, (4 * LEAF), 2 * (4 * LEAF) + 1] {
            let mut a = DMatrix::identity(3 * (4 * LEAF), 3 * (4 * LEAF));
            a[(at, at)] = -1.0;
            assert_eq!(factor_in_place(&mut a, 0.0), Err(at));
        }
    }
}
