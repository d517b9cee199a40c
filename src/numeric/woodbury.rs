//! Systems with a factored matrix from which rows are taken, without factoring again.
//!
//! With `A = LLᵀ`, `V = L⁻¹UW^½` and `S = I − VᵀV` (positive definite exactly when `A − UWUᵀ` is),
//! `(A − UWUᵀ)⁻¹b = L⁻ᵀ(y + VS⁻¹Vᵀy)`, `y = L⁻¹b` (Woodbury 1950): `rd² + r²d` operations for `r` rows, then `2d²` per system.

use super::factor::Cholesky;
use super::gram::{Columns, Kernel, Panel, add_lower};
use super::tolerance::tol;
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

/// The rate at which Woodbury's identity and rotations get through their operations, as parts of that of a factorisation, and
/// what copying a factor costs, in operations per entry. Measured (d = 2048, AVX-512): 28, 16 and 13 · 10⁹ operations per second;
/// the ways cross at about d/4 (Woodbury) and d/25 (rotations). See `benches/table/removal.rs`.
const RATES: (f64, f64) = (0.55, 0.4);
const COPY: f64 = 100.0;

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
    let refactor = r * d * d + d.powi(3) / 3.0;
    let woodbury = (r * d * d + r * r * d + r.powi(3) / 3.0) / RATES.0;
    let downdate = 3.0 * r * d * d / RATES.1 + COPY * d * d;
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
    solved: DMatrix<f64>,
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
        let mut solved = rows.clone();
        for (mut column, w) in solved.column_iter_mut().zip(weights) {
            assert!(*w >= 0.0, "a weight of {w}");
            column *= w.sqrt();
        }
        forward(factor.lower(), &mut solved);
        let r = solved.ncols();
        let mut small = DMatrix::identity(r, r);
        let (minus, across) = (vec![-1.0; solved.nrows()], Transposed(&solved));
        add_lower(Kernel::best(), solved.nrows(), &across, &Weighted(&across, &minus), &mut small);
        // Σ‖v‖² next to 1 is what the small matrix rounds relative to.
        let rounded = tol(solved.nrows(), 1.0);
        if (0..r).any(|i| small[(i, i)] <= rounded) {
            return Err(Error::Indefinite {
                what,
                pivot: (0..r).find(|&i| small[(i, i)] <= rounded).unwrap_or(0),
            });
        }
        Ok(Woodbury { factor, small: Cholesky::new(small, what)?, solved })
    }

    /// `(A − UWUᵀ)⁻¹b`.
    pub fn solve(&self, b: &DVector<f64>) -> DVector<f64> {
        let l = self.factor.lower();
        let mut y = DMatrix::from_column_slice(b.len(), 1, b.as_slice());
        forward(l, &mut y);
        let y = y.column(0).into_owned();
        let seen = DVector::from_iterator(
            self.solved.ncols(),
            self.solved.column_iter().map(|v| super::dot::dot(v.as_slice(), y.as_slice())),
        );
        let back = self.small.solve(&seen);
        let mut x = y;
        self.solved.column_iter().zip(&back).for_each(|(v, s)| x.axpy(*s, &v, 1.0));
        backward(l, x.as_mut_slice());
        x
    }
}

/// The rows of a matrix as the samples of a panel.
struct Transposed<'a>(&'a DMatrix<f64>);

impl Panel for Transposed<'_> {
    fn rows(&self) -> usize {
        self.0.ncols()
    }

    fn scale(&self, _: usize) -> f64 {
        1.0
    }

    fn values<'s>(&'s self, sample: usize, scratch: &'s mut [f64]) -> &'s [f64] {
        scratch.iter_mut().zip(self.0.row(sample).iter()).for_each(|(s, v)| *s = *v);
        scratch
    }
}

/// A panel times weights.
struct Weighted<'a, P>(&'a P, &'a [f64]);

impl<P: Panel> Panel for Weighted<'_, P> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn scale(&self, sample: usize) -> f64 {
        self.1[sample] * self.0.scale(sample)
    }

    fn values<'s>(&'s self, sample: usize, scratch: &'s mut [f64]) -> &'s [f64] {
        self.0.values(sample, scratch)
    }
}

/// `B ← L⁻¹B`, a panel of rows at a time: each is solved, then taken from the rows below while the part of `L` that it
/// needs is in cache for all right-hand sides.
fn forward(l: &DMatrix<f64>, b: &mut DMatrix<f64>) {
    const PANEL: usize = 32;
    let d = l.nrows();
    assert_eq!(d, b.nrows(), "right-hand sides of {} for a matrix of order {d}", b.nrows());
    let l = l.as_slice();
    for first in (0..d).step_by(PANEL) {
        let end = d.min(first + PANEL);
        for x in b.as_mut_slice().chunks_exact_mut(d) {
            for j in first..end {
                let v = x[j] / l[j * d + j];
                x[j] = v;
                x[j + 1..end].iter_mut().zip(&l[j * d + j + 1..j * d + end]).for_each(|(x, l)| *x -= v * l);
            }
            let (known, below) = x.split_at_mut(end);
            // Four columns at a time: what is below is loaded and stored a quarter as often.
            let mut j = first;
            while j + 4 <= end {
                let [a, b, c, e] = [0, 1, 2, 3].map(|i| &l[(j + i) * d + end..(j + i + 1) * d]);
                let [s, t, u, v] = [known[j], known[j + 1], known[j + 2], known[j + 3]];
                for ((((x, a), b), c), e) in below.iter_mut().zip(a).zip(b).zip(c).zip(e) {
                    *x -= (s * a + t * b) + (u * c + v * e);
                }
                j += 4;
            }
            for j in j..end {
                let (v, column) = (known[j], &l[j * d + end..(j + 1) * d]);
                below.iter_mut().zip(column).for_each(|(x, l)| *x -= v * l);
            }
        }
    }
}

/// `x ← L⁻ᵀx`.
fn backward(l: &DMatrix<f64>, x: &mut [f64]) {
    let d = l.nrows();
    let l = l.as_slice();
    for j in (0..d).rev() {
        let column = &l[j * d..(j + 1) * d];
        let dot = super::dot::dot(&x[j + 1..], &column[j + 1..]);
        x[j] = (x[j] - dot) / column[j];
    }
}

/// Takes `Σ w_r u_r u_rᵀ` from the lower triangle of `a`.
pub fn subtract_rows(a: &mut DMatrix<f64>, rows: &DMatrix<f64>, weights: &[f64]) {
    let minus: Vec<f64> = weights.iter().map(|w| -w).collect();
    let p = Columns::new(rows.nrows(), rows.as_slice());
    add_lower(Kernel::best(), rows.ncols(), &p, &p.weighted(&minus), a);
}

/// Solves `(A − UWUᵀ)x = b` the cheapest way, given `A` (symmetric) and its factor; says which it was. Woodbury's answer is checked:
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
        let mut left = b - a * &x;
        for (u, w) in rows.column_iter().zip(weights) {
            left.axpy(w * u.dot(&x), &u, 1.0);
        }
        // NaN counts as too large.
        if left.norm() <= tol(a.nrows(), 1.0) * (a.norm() * x.norm() + b.norm()) {
            return Ok((x, Way::Woodbury));
        }
    }
    let mut left = a.clone();
    subtract_rows(&mut left, rows, weights);
    Ok((Cholesky::new(left, what)?.solve(b), Way::Refactor))
}
