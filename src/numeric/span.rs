//! The span of a few vectors: orthogonal projection and least-norm solutions, rank decided once.
//!
//! The singular value decomposition is one-sided Jacobi (Hestenes 1958): slower than bidiagonalisation,
//! but its vectors are orthogonal to rounding also where singular values are small or equal.

use super::tolerance::tol;
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};

/// The span of the columns of `X`, `k × m`, through the singular value decomposition
/// `X = U Σ Vᵀ` cut at rank `r`.
#[derive(Debug, Clone)]
pub struct Span {
    basis: DMatrix<f64>,
    values: Vec<f64>,
    right: DMatrix<f64>,
}

impl Span {
    /// Decomposes `X`. Singular values at or below `tol(max(k, m), 1)` times the largest count as 0.
    ///
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use unlearn::numeric::span::Span;
    /// // Two copies of (1, 1): the span is a line.
    /// let span = Span::of_columns(&dmatrix![1.0, 1.0; 1.0, 1.0]).unwrap();
    /// assert_eq!(span.rank(), 1);
    /// assert!((span.project(&dvector![2.0, 0.0]) - dvector![1.0, 1.0]).norm() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// [`Error::Data`] when an entry is not finite, [`Error::NotConverged`] when the decomposition is not
    /// orthogonal after 60 sweeps (fewer than ten are normal).
    pub fn of_columns(x: &DMatrix<f64>) -> Result<Span> {
        let (k, m) = x.shape();
        if x.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data("vectors with an infinite or undefined entry have no span".into()));
        }
        // Rotating the fewer vectors is cheaper; scaling keeps squared norms in range.
        let scale = x.amax().max(f64::MIN_POSITIVE);
        let tall = if m <= k { x / scale } else { x.transpose() / scale };
        let (rotated, rotations) = orthogonalise(tall)?;
        let norms: Vec<f64> = rotated.column_iter().map(|c| c.norm()).collect();
        let largest = norms.iter().copied().fold(0.0, f64::max);
        let kept: Vec<usize> =
            (0..norms.len()).filter(|&j| norms[j] > tol(k.max(m), 1.0) * largest).collect();
        let mut left = rotated.select_columns(&kept);
        left.column_iter_mut().zip(&kept).for_each(|(mut c, &j)| c /= norms[j]);
        let other = rotations.select_columns(&kept);
        let values = kept.iter().map(|&j| norms[j] * scale).collect();
        Ok(if m <= k {
            Span { basis: left, values, right: other.transpose() }
        } else {
            Span { basis: other, values, right: left.transpose() }
        })
    }

    /// The rank `r`.
    pub fn rank(&self) -> usize {
        self.values.len()
    }

    /// `σ_max/σ_r`: what solutions amplify rounding by; 1 for the zero space.
    pub fn condition(&self) -> f64 {
        let ends = self.values.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &s| (a.min(s), b.max(s)));
        if self.values.is_empty() { 1.0 } else { ends.1 / ends.0 }
    }

    /// `P v`, the orthogonal projection onto the span.
    pub fn project(&self, v: &DVector<f64>) -> DVector<f64> {
        &self.basis * self.basis.tr_mul(v)
    }

    /// The vector of least norm among the least-squares solutions of `Xᵀθ = y`.
    ///
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use unlearn::numeric::span::Span;
    /// // θ₁ + θ₂ = 2: the shortest solution is (1, 1).
    /// let span = Span::of_columns(&dmatrix![1.0; 1.0]).unwrap();
    /// assert!((span.least_norm(&dvector![2.0]) - dvector![1.0, 1.0]).norm() < 1e-14);
    /// ```
    ///
    /// Panics when `y` does not have one entry per column.
    pub fn least_norm(&self, y: &DVector<f64>) -> DVector<f64> {
        let mut c = &self.right * y;
        c.iter_mut().zip(&self.values).for_each(|(c, s)| *c /= s);
        &self.basis * c
    }
}

/// Rotates the columns of `u` until they are orthogonal; returns them with the product of the rotations.
fn orthogonalise(mut u: DMatrix<f64>) -> Result<(DMatrix<f64>, DMatrix<f64>)> {
    const MOST_SWEEPS: usize = 60;
    let (k, m) = u.shape();
    let mut v = DMatrix::identity(m, m);
    let negligible = f64::EPSILON * u.norm_squared();
    let mut worst = 0.0;
    for _ in 0..MOST_SWEEPS {
        worst = 0.0_f64;
        for i in 0..m {
            for j in i + 1..m {
                let (a, b) = (u.column(i).norm_squared(), u.column(j).norm_squared());
                let c = u.column(i).dot(&u.column(j));
                // Columns that are rounding only are cut later and need no direction.
                if c.abs() <= k as f64 * f64::EPSILON * (a * b).sqrt() || c.abs() <= f64::EPSILON * negligible
                {
                    continue;
                }
                worst = worst.max(c.abs() / (a * b).sqrt());
                let zeta = (b - a) / (2.0 * c);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / t.hypot(1.0);
                rotate(&mut u, i, j, cosine, cosine * t);
                rotate(&mut v, i, j, cosine, cosine * t);
            }
        }
        if worst == 0.0 {
            return Ok((u, v));
        }
    }
    let target = k as f64 * f64::EPSILON;
    Err(Error::NotConverged { what: "Jacobi's method", iterations: MOST_SWEEPS, residual: worst, target })
}

/// Columns `(i, j) ← (c·u_i − s·u_j, s·u_i + c·u_j)`.
fn rotate(u: &mut DMatrix<f64>, i: usize, j: usize, c: f64, s: f64) {
    for row in 0..u.nrows() {
        let (x, y) = (u[(row, i)], u[(row, j)]);
        u[(row, i)] = c * x - s * y;
        u[(row, j)] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposition_reproduces_tall_wide_and_deficient_matrices() {
        for (k, m) in [(1, 1), (5, 3), (3, 7), (12, 12), (4, 30)] {
            for rank_one in [false, true] {
                let entry = |i: usize, j: usize| {
                    let (a, b) = (i as f64 + 1.0, j as f64 + 1.0);
                    if rank_one { a * b } else { (a * a + 2.0 * b).sin() * 1e6_f64.powf(b / m as f64) }
                };
                let x = DMatrix::from_fn(k, m, entry);
                let span = Span::of_columns(&x).unwrap();
                let d = DMatrix::from_diagonal(&DVector::from_vec(span.values.clone()));
                assert!((&span.basis * d * &span.right - &x).norm() <= tol(k.max(m), 1.0) * x.norm());
                let r = span.rank();
                assert!(if rank_one { r == 1 } else { r >= 1 && r <= k.min(m) });
                for q in [span.basis.clone(), span.right.transpose()] {
                    assert!((q.tr_mul(&q) - DMatrix::identity(r, r)).norm() <= tol(k.max(m), 1.0));
                }
            }
        }
    }

    #[test]
    fn zero_huge_and_undefined() {
        let zero = Span::of_columns(&DMatrix::zeros(3, 2)).unwrap();
        assert_eq!((zero.rank(), zero.condition()), (0, 1.0));
        assert_eq!(zero.project(&DVector::from_element(3, 1.0)), DVector::zeros(3));
        let huge = Span::of_columns(&DMatrix::from_element(2, 1, 1e200)).unwrap();
        assert!(
            (huge.least_norm(&DVector::from_element(1, 1e200)) - DVector::from_element(2, 0.5)).norm()
                < 1e-15
        );
        assert!(Span::of_columns(&DMatrix::from_element(1, 1, f64::NAN)).is_err());
    }
}
