//! Systems with a factored matrix from which rows are taken, without factoring again.
//!
//! With `A = LLᵀ`, `V = L⁻¹UW^½` and `S = I − VᵀV` (positive definite exactly when `A − UWUᵀ` is),
//! `(A − UWUᵀ)⁻¹b = L⁻ᵀ(y + VS⁻¹Vᵀy)`, `y = L⁻¹b` (Woodbury 1950): `rd² + r²d` operations for `r` rows, then `2d²` per system.

use super::dot::dot;
use super::factor::Cholesky;
use super::gram::{Columns, Kernel, add_lower};
use super::memory::{copy_lower_to_kept, recycle};
use super::symmetric::product_and_square;
use super::tolerance::tol;
use super::triangular::{Sides, solve_lower, solve_one_lower, solve_one_transposed};
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};

/// How a matrix without some rows is dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Formed and factored.
    Refactor,
    /// By Woodbury's identity; the factor stays that of the whole matrix.
    Woodbury,
    /// The factor is changed, row by row.
    Downdate,
}

/// The rates at which Woodbury's identity and rotations get through their operations, as parts of that of a factorisation. Measured
/// (d = 512 to 2048, AVX-512): 80, 65 and 30 · 10⁹ operations per second.
const RATES: (f64, f64) = (0.81, 0.38);

/// What reading the matrices costs, in operations of a factorisation per entry: a new factorisation reads and writes the matrix and
/// solves, Woodbury's identity solves and checks its answer, rotations copy the factor. Measured as well; the ways cross at about
/// d/2 (Woodbury) and d/20 (rotations). See `benches/table/removal.rs`.
const PASSES: (f64, f64, f64) = (25.0, 35.0, 20.0);

/// The cheapest way for `rank` rows off a matrix of order `d` whose factor is at hand, by counted operations: `rd² + d³/3` to form
/// and factor, `rd² + r²d + r³/3` for Woodbury, `3rd²` for rotations. `keep` asks for the new factor itself, which
/// Woodbury's identity does not give.
///
/// ```
/// use unlearn::numeric::woodbury::{Way, cheapest};
/// assert_eq!(cheapest(2000, 10, false), Way::Woodbury);
/// assert_eq!(cheapest(2000, 10, true), Way::Downdate);
/// assert_eq!(cheapest(2000, 4000, false), Way::Refactor);
/// assert_eq!(cheapest(2000, 4000, true), Way::Refactor);
/// ```
pub fn cheapest(d: usize, rank: usize, keep: bool) -> Way {
    let (d, r) = (d as f64, rank as f64);
    let refactor = r * d * d + d.powi(3) / 3.0 + PASSES.0 * d * d;
    let woodbury = (r * d * d + r * r * d + r.powi(3) / 3.0) / RATES.0 + PASSES.1 * d * d;
    let downdate = 3.0 * r * d * d / RATES.1 + PASSES.2 * d * d;
    match keep {
        true if downdate < refactor => Way::Downdate,
        false if woodbury < refactor => Way::Woodbury,
        _ => Way::Refactor,
    }
}

/// `A − UWUᵀ` through the factor of `A`.
#[derive(Debug, Clone)]
pub struct Woodbury<'f> {
    factor: &'f Cholesky,
    /// `Vᵀ`.
    across: DMatrix<f64>,
    small: Cholesky,
}

impl<'f> Woodbury<'f> {
    /// Prepares `A − Σ w_r u_r u_rᵀ` for the columns `u_r` of `rows` and weights `w_r ≥ 0`.
    ///
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use unlearn::numeric::{factor::Cholesky, woodbury::Woodbury};
    /// // [5 2; 2 5] − (1, 0)(1, 0)ᵀ = [4 2; 2 5].
    /// let factor = Cholesky::new(dmatrix![5.0, 2.0; 2.0, 5.0], "A").unwrap();
    /// let without = Woodbury::new(&factor, &dmatrix![1.0; 0.0], &[1.0], "A without a row").unwrap();
    /// assert!((without.solve(&dvector![8.0, 12.0]) - dvector![1.0, 2.0]).norm() < 1e-14);
    /// assert!(Woodbury::new(&factor, &dmatrix![1.0; 0.0], &[5.0], "A without a row").is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Indefinite`] when what is left is not positive definite up to rounding.
    ///
    /// Panics when the sizes disagree or a weight is negative or NaN.
    pub fn new(
        factor: &'f Cholesky,
        rows: &DMatrix<f64>,
        weights: &[f64],
        what: &'static str,
    ) -> Result<Woodbury<'f>> {
        assert_eq!(rows.ncols(), weights.len(), "{} weights for {} rows", weights.len(), rows.ncols());
        weights.iter().for_each(|w| assert!(*w >= 0.0, "a weight of {w}"));
        let (d, r) = rows.shape();
        let l = factor.lower();
        assert_eq!(d, l.nrows(), "rows of {d} for a matrix of order {}", l.nrows());
        let mut sides = Sides::of(Kernel::best(), rows.as_slice(), d, |c| weights[c].sqrt());
        solve_lower(l.as_slice(), &mut sides);
        let mut across = DMatrix::zeros(r, d);
        if r > 0 {
            sides.write_rows(across.as_mut_slice());
        }
        let mut small = DMatrix::identity(r, r);
        let (minus, columns) = (vec![-1.0; d], Columns::new(r, across.as_slice()));
        add_lower(Kernel::best(), d, &columns, &columns.weighted(&minus), &mut small);
        // Σ‖v‖² next to 1 is what the small matrix rounds relative to.
        let rounded = tol(d, 1.0);
        if (0..r).any(|i| small[(i, i)] <= rounded) {
            return Err(Error::Indefinite {
                what,
                pivot: (0..r).find(|&i| small[(i, i)] <= rounded).unwrap_or(0),
            });
        }
        Ok(Woodbury { factor, small: Cholesky::new(small, what)?, across })
    }

    /// `(A − UWUᵀ)⁻¹b`.
    pub fn solve(&self, b: &DVector<f64>) -> DVector<f64> {
        let l = self.factor.lower();
        assert_eq!(
            l.nrows(),
            b.len(),
            "a right-hand side of {} for a matrix of order {}",
            b.len(),
            l.nrows()
        );
        let mut x = b.clone();
        solve_one_lower(l.as_slice(), x.as_mut_slice());
        let back = self.small.solve(&(&self.across * &x));
        for (x, v) in x.iter_mut().zip(self.across.column_iter()) {
            *x += dot(v.as_slice(), back.as_slice());
        }
        solve_one_transposed(l.as_slice(), x.as_mut_slice());
        x
    }
}

/// Takes `Σ w_r u_r u_rᵀ` from the lower triangle of `a`.
pub fn subtract_rows(a: &mut DMatrix<f64>, rows: &DMatrix<f64>, weights: &[f64]) {
    let minus: Vec<f64> = weights.iter().map(|w| -w).collect();
    let p = Columns::new(rows.nrows(), rows.as_slice());
    add_lower(Kernel::best(), rows.ncols(), &p, &p.weighted(&minus), a);
}

/// Solves `(A − UWUᵀ)x = b` the cheapest way, given `A` (of which the lower triangle is read) and its factor; says which it was. Woodbury's answer is checked:
/// unless `‖b − (A − UWUᵀ)x‖ ≤ tol(d, 1)(‖A‖_F‖x‖ + ‖b‖)`, which a factorisation reaches, the matrix is formed and factored
/// after all.
///
/// # Errors
/// [`Error::Indefinite`] when what is left is not positive definite up to rounding, whichever way finds out.
///
/// Panics as [`Woodbury::new`].
pub fn solve_without(
    a: &DMatrix<f64>,
    factor: &Cholesky,
    (rows, weights): (&DMatrix<f64>, &[f64]),
    b: &DVector<f64>,
    what: &'static str,
) -> Result<(DVector<f64>, Way)> {
    if cheapest(a.nrows(), weights.len(), false) == Way::Woodbury
        && let Ok(without) = Woodbury::new(factor, rows, weights, what)
    {
        let x = without.solve(b);
        let (product, square) = product_and_square(a, &x);
        let mut left = b - product;
        for (u, w) in rows.column_iter().zip(weights) {
            left.axpy(w * dot(u.as_slice(), x.as_slice()), &u, 1.0);
        }
        // NaN counts as too large.
        if left.norm() <= tol(a.nrows(), 1.0) * (square.sqrt() * x.norm() + b.norm()) {
            return Ok((x, Way::Woodbury));
        }
    }
    let mut left = copy_lower_to_kept(a);
    subtract_rows(&mut left, rows, weights);
    let changed = Cholesky::new(left, what)?;
    let x = changed.solve(b);
    recycle(changed.into_lower());
    Ok((x, Way::Refactor))
}
