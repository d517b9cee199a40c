//! Conjugate gradients: linear systems that are known only by their products with vectors.

use crate::error::{Error, Result};
use nalgebra::DVector;

/// A solution and how it was reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// `x`.
    pub x: DVector<f64>,
    /// `‖b − Ax‖`, from a product with the final `x`, not from the recursion.
    pub residual: f64,
    /// Products with `A`, the one for the residual included.
    pub products: usize,
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// At `‖b − Ax‖ ≤ tolerance·‖b‖`.
    pub tolerance: f64,
    /// After so many steps at the latest.
    pub most: usize,
}

/// Solves `Ax = b` for a symmetric positive definite `A` (Hestenes, Stiefel 1952).
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use unlearn::numeric::krylov::{Stop, conjugate_gradients};
/// let a = dmatrix![2.0, 0.0; 0.0, 5.0];
/// let stop = Stop { tolerance: 1e-12, most: 10 };
/// let solved = conjugate_gradients(|v| &a * v, &dvector![2.0, 10.0], stop).unwrap();
/// assert!((solved.x - dvector![1.0, 2.0]).norm() < 1e-14 && solved.products == 3);
/// ```
///
/// # Errors
/// [`Error::Data`] when a direction `p` with `pᵀAp ≤ 0` shows that `A` is not positive definite,
/// [`Error::NotConverged`] when the steps run out first.
pub fn conjugate_gradients(
    mut product: impl FnMut(&DVector<f64>) -> DVector<f64>,
    b: &DVector<f64>,
    stop: Stop,
) -> Result<Solved> {
    let mut x = DVector::zeros(b.len());
    let target = stop.tolerance * b.norm();
    let mut r = b.clone();
    let mut p = r.clone();
    let mut square = r.norm_squared();
    let mut steps = 0;
    while square.sqrt() > target && steps < stop.most {
        let ap = product(&p);
        let curvature = p.dot(&ap);
        if curvature <= 0.0 || curvature.is_nan() {
            return Err(Error::Data(format!(
                "the matrix has curvature {:e} along a search direction, so it is not positive definite: raise the \
                 ridge or the damping",
                curvature / p.norm_squared()
            )));
        }
        let step = square / curvature;
        x.axpy(step, &p, 1.0);
        r.axpy(-step, &ap, 1.0);
        let next = r.norm_squared();
        p *= next / square;
        p += &r;
        square = next;
        steps += 1;
    }
    let residual = if steps == 0 { b.norm() } else { (b - product(&x)).norm() };
    // What the recursion reports may be reached although rounding keeps the true residual above it.
    if square.sqrt() > target || !residual.is_finite() {
        return Err(Error::NotConverged {
            what: "the method of conjugate gradients",
            iterations: steps,
            residual,
            target,
        });
    }
    Ok(Solved { x, residual, products: steps + usize::from(steps > 0) })
}
