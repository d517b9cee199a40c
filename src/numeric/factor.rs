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

    /// `A⁻¹ B`; many columns together by matrix products, so that the last bits may differ from those of
    /// [`Cholesky::solve`].
    pub fn solve_matrix(&self, b: &DMatrix<f64>) -> DMatrix<f64> {
        let k = self.lower.nrows();
        assert_eq!(k, b.nrows(), "right-hand sides of {} for a matrix of order {k}", b.nrows());
        let mut x = b.clone();
        if x.ncols() < FEW {
            x.column_iter_mut().for_each(|mut column| self.solve_in_place(column.as_mut_slice()));
        } else {
            let mut substitution =
                Substitution { l: self.lower.as_slice(), k, rows: Vec::new(), factor: Vec::new() };
            substitution.forward(x.as_mut_slice(), 0, k);
            substitution.backward(x.as_mut_slice(), 0, k);
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

/// Right-hand sides that are solved one by one.
const FEW: usize = 8;

/// Triangular solves with many right-hand sides `x`, stored by columns of `k`.
struct Substitution<'a> {
    l: &'a [f64],
    k: usize,
    rows: Vec<f64>,
    factor: Vec<f64>,
}

impl Substitution<'_> {
    /// `L₁₁ x₁ = b₁`, then `x₂ = L₂₂⁻¹(b₂ − L₂₁ x₁)`, for the rows `first..end`.
    fn forward(&mut self, x: &mut [f64], first: usize, end: usize) {
        let (l, k) = (self.l, self.k);
        if end - first <= LEAF {
            for x in x.chunks_exact_mut(k) {
                for j in first..end {
                    let column = &l[j * k..][..k];
                    let v = x[j] / column[j];
                    x[j] = v;
                    x[j + 1..end].iter_mut().zip(&column[j + 1..end]).for_each(|(x, l)| *x -= v * l);
                }
            }
            return;
        }
        let middle = halve(first, end);
        self.forward(x, first, middle);
        self.take_rows(x, first, middle);
        let p = Columns::strided(end - middle, k, &l[first * k + middle..]);
        self.subtract(&p, middle - first, x, middle);
        self.forward(x, middle, end);
    }

    /// The same from below, with `Lᵀ`.
    fn backward(&mut self, x: &mut [f64], first: usize, end: usize) {
        let (l, k) = (self.l, self.k);
        if end - first <= LEAF {
            for x in x.chunks_exact_mut(k) {
                for j in (first..end).rev() {
                    let column = &l[j * k..][..k];
                    let dot: f64 = x[j + 1..end].iter().zip(&column[j + 1..end]).map(|(x, l)| x * l).sum();
                    x[j] = (x[j] - dot) / column[j];
                }
            }
            return;
        }
        let middle = halve(first, end);
        self.backward(x, middle, end);
        self.take_rows(x, middle, end);
        let (width, tall) = (middle - first, end - middle);
        let mut factor = std::mem::take(&mut self.factor);
        factor.resize(width * tall, 0.0);
        for (c, column) in l[first * k..middle * k].chunks_exact(k).enumerate() {
            for (r, v) in column[middle..end].iter().enumerate() {
                factor[r * width + c] = *v;
            }
        }
        self.subtract(&Columns::new(width, &factor), tall, x, first);
        self.factor = factor;
        self.backward(x, first, middle);
    }

    /// Copies the rows of all right-hand sides, one row after the other.
    fn take_rows(&mut self, x: &[f64], first: usize, end: usize) {
        let columns = x.len() / self.k;
        self.rows.resize((end - first) * columns, 0.0);
        for (c, x) in x.chunks_exact(self.k).enumerate() {
            for (r, v) in x[first..end].iter().enumerate() {
                self.rows[r * columns + c] = *v;
            }
        }
    }

    /// `x −= p · rows`, from row `first` of `x` on.
    fn subtract(&self, p: &Columns<'_>, samples: usize, x: &mut [f64], first: usize) {
        let minus = vec![-1.0; samples];
        let q = Columns::new(x.len() / self.k, &self.rows).weighted(&minus);
        add_part(Kernel::best(), samples, p, &q, Part::All, &mut x[first..], self.k);
    }
}

/// Halves that are multiples of a leaf; the first one is not the smaller.
fn halve(first: usize, end: usize) -> usize {
    first + (end - first).div_ceil(2).next_multiple_of(LEAF)
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
        return kernel.vectorised((s, k, first, end, least), factor_leaf);
    }
    let middle = halve(first, end);
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
    (s, k, first, end, least): (&mut [f64], usize, usize, usize, f64),
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
    fn many_right_hand_sides_are_solved_as_one_is() {
        for k in [1, LEAF, LEAF + 1, 5 * LEAF + 3] {
            let a = DMatrix::from_fn(k, k, |i, j| if i == j { k as f64 } else { 1.0 / (1 + i + j) as f64 });
            let factor = Cholesky::new(a.clone(), "A").expect("diagonally dominant");
            let b = DMatrix::from_fn(k, FEW + 3, |i, j| ((i * 5 + j * 3) % 7) as f64 - 3.0);
            let x = factor.solve_matrix(&b);
            let error = (&a * &x - &b).norm() / b.norm();
            // The off-diagonal sums stay below 5: κ ≤ (k + 5)/(k − 5) for large k, and below 10 for the small ones.
            assert!(error < crate::numeric::tolerance::tol(k, 10.0), "k = {k}: {error}");
            let one = factor.solve(&b.column(1).clone_owned());
            assert!((x.column(1) - one).norm() < crate::numeric::tolerance::tol(k, 10.0) * b.norm());
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
