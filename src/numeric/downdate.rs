//! Rank-r changes of a Cholesky factor: from `A = LLᵀ` to that of `A ± Σ w_r u_r u_rᵀ`, in `3d²` operations per row.
//!
//! Column by column, each row `v` is eliminated against the diagonal: with `t = v_j/l_jj`, taken away
//! `l ← (l − tv)/c`, `v ← cv − tl`, `c² = 1 − t²` (hyperbolic rotations in mixed form, Bojanczyk, Brent, Van Dooren, de Hoog
//! 1987, recalled; relationally stable there), added `l ← (l + tv)/c`, `v ← cv − tl`, `c² = 1 + t²`. The coefficients of a
//! panel of columns are found first; they are applied to the rows below in strips that stay in cache.

use super::factor::Cholesky;
use crate::error::{Error, Result};
use nalgebra::DMatrix;

/// Columns whose coefficients are found together.
const PANEL: usize = 32;
/// Rows that pass through a panel together.
const STRIP: usize = 64;

/// Is something added to the matrix or taken away?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Add,
    Remove,
}

/// One rotation: `t` and `c`.
#[derive(Clone, Copy)]
struct Rotation {
    t: f64,
    c: f64,
}

impl Cholesky {
    /// The factor of `A − Σ w_r u_r u_rᵀ` for the columns `u_r` of `rows` and weights `w_r ≥ 0`, in place.
    ///
    /// ```
    /// use nalgebra::dmatrix;
    /// use unlearn::numeric::factor::Cholesky;
    /// // [5 2; 2 5] − 1·(1, 0)(1, 0)ᵀ = [4 2; 2 5] = LLᵀ with L = [2 0; 1 2].
    /// let mut factor = Cholesky::new(dmatrix![5.0, 2.0; 2.0, 5.0], "A").unwrap();
    /// factor.remove_rows(&dmatrix![1.0; 0.0], &[1.0], "A without a row").unwrap();
    /// assert!((factor.lower()[(0, 0)] - 2.0).abs() < 1e-15 && (factor.lower()[(1, 1)] - 2.0).abs() < 1e-15);
    /// // Nothing positive is left when 5 more are taken away; the factor stays as it was.
    /// assert!(factor.remove_rows(&dmatrix![1.0; 0.0], &[5.0], "A without a row").is_err());
    /// assert!((factor.lower()[(1, 0)] - 1.0).abs() < 1e-15);
    /// ```
    ///
    /// # Errors
    /// [`Error::Indefinite`] with the pivot where what is left is not positive up to rounding (`d·ε` of what was there);
    /// the factor is then unchanged.
    ///
    /// Panics when `rows` does not have `d` rows or there is not one weight per column, or one is negative or NaN.
    pub fn remove_rows(&mut self, rows: &DMatrix<f64>, weights: &[f64], what: &'static str) -> Result<()> {
        self.change(rows, weights, Sign::Remove, what)
    }

    /// The factor of `A + Σ w_r u_r u_rᵀ`, as [`Cholesky::remove_rows`].
    ///
    /// # Errors
    /// [`Error::Indefinite`] when a number is not finite; the factor is then unchanged.
    pub fn add_rows(&mut self, rows: &DMatrix<f64>, weights: &[f64], what: &'static str) -> Result<()> {
        self.change(rows, weights, Sign::Add, what)
    }

    fn change(&mut self, rows: &DMatrix<f64>, weights: &[f64], sign: Sign, what: &'static str) -> Result<()> {
        let d = self.lower.nrows();
        assert_eq!(d, rows.nrows(), "rows of {} for a matrix of order {d}", rows.nrows());
        assert_eq!(rows.ncols(), weights.len(), "{} weights for {} rows", weights.len(), rows.ncols());
        let mut v = rows.clone();
        for (mut column, w) in v.column_iter_mut().zip(weights) {
            assert!(*w >= 0.0, "a weight of {w}");
            column *= w.sqrt();
        }
        let mut changed = self.lower.clone();
        match rotate(changed.as_mut_slice(), v.as_mut_slice(), d, weights.len(), sign) {
            Ok(()) => {
                self.lower = changed;
                Ok(())
            }
            Err(pivot) => Err(Error::Indefinite { what, pivot }),
        }
    }
}

/// `Err(j)` when pivot `j` breaks down.
fn rotate(l: &mut [f64], v: &mut [f64], d: usize, rank: usize, sign: Sign) -> std::result::Result<(), usize> {
    let mut rotations = vec![Rotation { t: 0.0, c: 1.0 }; PANEL * rank];
    for first in (0..d).step_by(PANEL) {
        let end = d.min(first + PANEL);
        for j in first..end {
            let before = l[j * d + j];
            for p in 0..rank {
                let (pivot, t) = (l[j * d + j], v[p * d + j] / l[j * d + j]);
                let square = match sign {
                    Sign::Add => 1.0 + t * t,
                    Sign::Remove => (1.0 - t) * (1.0 + t),
                };
                // Written so that NaN fails too. What is left of a pivot below d·ε of it is rounding.
                let least = d as f64 * f64::EPSILON * (before / pivot).powi(2);
                if !(square > least && square.is_finite()) {
                    return Err(j);
                }
                let rotation = Rotation { t, c: square.sqrt() };
                rotations[(j - first) * rank + p] = rotation;
                l[j * d + j] = pivot * rotation.c;
                apply(l, v, d, (j, p), j + 1..end, rotation, sign);
            }
        }
        for strip in (end..d).step_by(STRIP) {
            let rows = strip..d.min(strip + STRIP);
            for j in first..end {
                for p in 0..rank {
                    apply(l, v, d, (j, p), rows.clone(), rotations[(j - first) * rank + p], sign);
                }
            }
        }
    }
    Ok(())
}

/// One rotation on some rows of column `j` of `l` and of row vector `p`.
fn apply(
    l: &mut [f64],
    v: &mut [f64],
    d: usize,
    (j, p): (usize, usize),
    rows: std::ops::Range<usize>,
    Rotation { t, c }: Rotation,
    sign: Sign,
) {
    if t == 0.0 {
        return;
    }
    let l = &mut l[j * d + rows.start..j * d + rows.end];
    let v = &mut v[p * d + rows.start..p * d + rows.end];
    let (inverse, signed) = (1.0 / c, if sign == Sign::Add { t } else { -t });
    for (l, v) in l.iter_mut().zip(v) {
        *l = (*l + signed * *v) * inverse;
        *v = c * *v - t * *l;
    }
}
