//! Cholesky factorisation of symmetric positive definite matrices.

mod blocks;
mod panel;

use super::gram::Kernel;
use super::memory::copy_lower;
use super::triangular::{Sides, solve_both, solve_one_lower, solve_one_transposed};
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

    /// Factors a copy of the lower triangle of `a`, of which only half is touched; otherwise as [`Cholesky::new`].
    ///
    /// ```
    /// use nalgebra::dmatrix;
    /// use unlearn::numeric::factor::Cholesky;
    /// // [4 2; 2 5] = LLᵀ with L = [2 0; 1 2].
    /// let factor = Cholesky::of(&dmatrix![4.0, f64::NAN; 2.0, 5.0], "A").unwrap();
    /// assert_eq!(factor.lower().lower_triangle(), dmatrix![2.0, 0.0; 1.0, 2.0]);
    /// ```
    ///
    /// # Errors
    /// As [`Cholesky::new`].
    pub fn of(a: &DMatrix<f64>, what: &'static str) -> Result<Cholesky> {
        Cholesky::new(copy_lower(a), what)
    }

    /// The factor `L`; entries above the diagonal are meaningless.
    pub fn lower(&self) -> &DMatrix<f64> {
        &self.lower
    }

    /// The matrix that holds the factor.
    pub(super) fn into_lower(self) -> DMatrix<f64> {
        self.lower
    }

    /// `A⁻¹ b`.
    pub fn solve(&self, b: &DVector<f64>) -> DVector<f64> {
        let mut x = b.clone();
        self.solve_in_place(x.as_mut_slice());
        x
    }

    /// `A⁻¹ B`; many columns together by matrix products, so that the last bits may differ from those of
    /// [`Cholesky::solve`].
    pub fn solve_matrix(&self, b: &DMatrix<f64>) -> DMatrix<f64> {
        let k = self.lower.nrows();
        assert_eq!(k, b.nrows(), "right-hand sides of {} for a matrix of order {k}", b.nrows());
        let mut x = b.clone();
        if x.ncols() < FEW {
            x.column_iter_mut().for_each(|mut column| self.solve_in_place(column.as_mut_slice()));
        } else {
            let mut sides = Sides::of(Kernel::best(), b.as_slice(), k, |_| 1.0);
            solve_both(self.lower.as_slice(), &mut sides);
            sides.write(x.as_mut_slice());
        }
        x
    }

    fn solve_in_place(&self, x: &mut [f64]) {
        let k = self.lower.nrows();
        assert_eq!(k, x.len(), "a right-hand side of {} for a matrix of order {k}", x.len());
        solve_one_lower(self.lower.as_slice(), x);
        solve_one_transposed(self.lower.as_slice(), x);
    }
}

/// Right-hand sides that are solved one by one.
const FEW: usize = 4;

/// Cholesky on the lower triangle: block columns of 96, each factored on register tiles ([`panel`]) and then taken from those after
/// it by the kernel of [`super::gram`]. What is above the diagonal is left with meaningless numbers. `Err(j)` when pivot `j`
/// is not above `least`, NaN included.
///
/// Every entry is `(a_ij − Σ l_ip l_jp)·fl(1/l_jj)` with its terms in some order. Against the usual analysis (Higham
/// 2002, Lemma 8.4, Theorem 10.3) that is one rounding more below the diagonal: `γ_{j+1}` for column `j`, at most the `γ_{k+1}` which
/// that theorem allows for the last pivot. Its bound applies unchanged.
pub(crate) fn factor_in_place(a: &mut DMatrix<f64>, least: f64) -> std::result::Result<(), usize> {
    let k = a.nrows();
    blocks::factor(Kernel::best(), a.as_mut_slice(), k, least)
}

#[cfg(test)]
mod tests {
    use super::blocks::BLOCK;
    use super::*;
    use crate::numeric::threads;
    use crate::numeric::tolerance::tol;
    use crate::numeric::triangular::solve_lower;

    /// Around tiles, blocks and several of them.
    const ORDERS: [usize; 11] =
        [1, 2, 7, 8, 25, 71, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5, 3 * BLOCK + 50];

    /// A factor whose condition number is below 10.
    fn known(k: usize) -> DMatrix<f64> {
        DMatrix::from_fn(k, k, |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => 2.0,
            std::cmp::Ordering::Greater => ((i * 7 + j * 3) % 5) as f64 / (4 * k) as f64,
        })
    }

    #[test]
    fn known_factors_are_found_again_by_every_kernel() {
        for k in ORDERS {
            let l = known(k);
            for kernel in Kernel::available() {
                let mut a = &l * l.transpose();
                // What is above the diagonal is not read.
                (0..k).for_each(|j| a.as_mut_slice()[j * k..j * k + j].fill(f64::NAN));
                blocks::factor(kernel, a.as_mut_slice(), k, 0.0).expect("positive definite");
                let error = (a.lower_triangle() - &l).norm() / l.norm();
                assert!(error < tol(k, 10.0), "{}, k = {k}: {error}", kernel.name());
            }
        }
    }

    #[test]
    fn many_right_hand_sides_are_solved_by_every_kernel() {
        for k in ORDERS {
            let l = known(k);
            for kernel in Kernel::available() {
                for sides in [1, 4, 9, 24, 41] {
                    let x = DMatrix::from_fn(k, sides, |i, j| ((i * 5 + j * 3) % 7) as f64 - 3.0);
                    let solved = |b: DMatrix<f64>, both: bool| {
                        let mut found = Sides::of(kernel, b.as_slice(), k, |_| 1.0);
                        let solve = if both { solve_both } else { solve_lower };
                        solve(l.as_slice(), &mut found);
                        let mut out = b;
                        found.write(out.as_mut_slice());
                        (&out - &x).norm() / x.norm()
                    };
                    // The condition number of L is below 10.
                    let error = solved(&l * &x, false);
                    assert!(error < tol(k, 10.0), "{}, {k} × {sides}: {error}", kernel.name());
                    let error = solved(&l * (l.transpose() * &x), true);
                    assert!(error < tol(k, 100.0), "{}, {k} × {sides}: {error}", kernel.name());
                }
            }
        }
    }

    #[test]
    fn one_right_hand_side_is_solved_as_many_are() {
        for k in ORDERS {
            let (l, x) = (known(k), DVector::from_fn(k, |i, _| (i as f64).sin() + 0.1));
            let factor = Cholesky { lower: l.clone() };
            let error = (factor.solve(&(&l * (l.transpose() * &x))) - &x).norm() / x.norm();
            assert!(error < tol(k, 100.0), "k = {k}: {error}");
        }
    }

    #[test]
    fn the_failing_pivot_is_named_in_whichever_block_it_lies() {
        let k = 3 * BLOCK;
        for at in [0, 3, 8, BLOCK - 1, BLOCK, 2 * BLOCK + 1, k - 1] {
            for bad in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
                for kernel in Kernel::available() {
                    let mut a = DMatrix::identity(k, k);
                    a[(at, at)] = bad;
                    assert_eq!(blocks::factor(kernel, a.as_mut_slice(), k, 0.0), Err(at), "{bad}");
                }
            }
        }
    }

    #[test]
    fn threads_change_no_bit() {
        let k = 6 * BLOCK + 11;
        let l = known(k);
        let a = &l * l.transpose();
        let b = DMatrix::from_fn(k, 75, |i, j| ((i * 5 + j * 3) % 7) as f64 - 3.0);
        let run = |count| {
            threads::allow(count);
            let factor = Cholesky::of(&a, "A").expect("positive definite");
            let x = factor.solve_matrix(&b);
            let mut indefinite = a.clone();
            indefinite[(4 * BLOCK, 4 * BLOCK)] = -1.0;
            assert_eq!(factor_in_place(&mut indefinite, 0.0), Err(4 * BLOCK));
            threads::allow(1);
            (factor.lower().lower_triangle(), x)
        };
        let one = run(1);
        assert_eq!(one, run(2));
        assert_eq!(one, run(3));
    }

    #[test]
    fn nothing_is_factored_and_solved() {
        let factor = Cholesky::new(DMatrix::zeros(0, 0), "A").expect("no pivot fails");
        assert_eq!(factor.solve(&DVector::zeros(0)).len(), 0);
        assert_eq!(factor.solve_matrix(&DMatrix::zeros(0, 9)).shape(), (0, 9));
    }
}
