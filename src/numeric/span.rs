//! The span of a few vectors: orthogonal projection and least-norm solutions, rank decided once.

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
    /// [`Error::NotConverged`] when the decomposition fails or does not reproduce `X` to rounding.
    pub fn of_columns(x: &DMatrix<f64>) -> Result<Span> {
        let (k, m) = x.shape();
        let none = || Span { basis: DMatrix::zeros(k, 0), values: vec![], right: DMatrix::zeros(0, m) };
        let size = x.norm();
        if size == 0.0 {
            return Ok(none());
        }
        let failed = |residual: f64| Error::NotConverged {
            what: "the singular value decomposition",
            iterations: 1000 * k.max(m),
            residual,
            target: tol(k.max(m), 1.0) * size,
        };
        if !size.is_finite() {
            return Err(failed(size));
        }
        let svd = x
            .clone()
            .try_svd(true, true, f64::EPSILON, 1000 * k.max(m))
            .ok_or_else(|| failed(f64::INFINITY))?;
        let (u, right) = (svd.u.expect("asked for"), svd.v_t.expect("asked for"));
        let rebuilt = &u * DMatrix::from_diagonal(&svd.singular_values) * &right;
        let residual = (rebuilt - x).norm();
        if residual > tol(k.max(m), 1.0) * size {
            return Err(failed(residual));
        }
        let largest = svd.singular_values.max();
        let kept: Vec<usize> = (0..svd.singular_values.len())
            .filter(|&j| svd.singular_values[j] > tol(k.max(m), 1.0) * largest)
            .collect();
        Ok(Span {
            basis: u.select_columns(&kept),
            values: kept.iter().map(|&j| svd.singular_values[j]).collect(),
            right: right.select_rows(&kept),
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
