//! Conjugate gradients with a diagonal preconditioner, for systems whose matrix may turn out not to be positive
//! definite: what truncated Newton methods need.

use nalgebra::DVector;

/// How the iteration ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// The residual asked for was reached.
    Reached,
    /// The steps ran out.
    OutOfSteps,
    /// Along this direction `pᵀAp ≤ 0`, or the numbers overflowed.
    NotPositive(DVector<f64>),
}

/// Where the iteration got.
#[derive(Debug, Clone, PartialEq)]
pub struct Approached {
    /// The last `x`; each one lowers `½xᵀAx − bᵀx` below the one before, so it points downhill from 0 wherever it ends.
    pub x: DVector<f64>,
    /// `‖b − Ax‖` as the recursion carries it.
    pub residual: f64,
    /// Products with `A`.
    pub products: usize,
    /// Why it ended.
    pub end: End,
}

/// Approaches the solution of `Ax = b` from 0 until `‖b − Ax‖ ≤ target`, at most `most` products, with the
/// preconditioner `diagonal⁻¹` (entries that are not positive count as 1). `product(v, out)` sets `out = Av`.
///
/// Hestenes and Stiefel 1952; the stop at a direction of negative curvature is that of Dembo and Steihaug 1983
/// (recalled). The order of all operations is fixed.
///
/// ```
/// use nalgebra::dvector;
/// use unlearn::numeric::preconditioned::{End, approach};
/// // diag(2, 5): with the exact diagonal one product is enough.
/// let times = |v: &nalgebra::DVector<f64>, out: &mut nalgebra::DVector<f64>| {
///     out.copy_from(&dvector![2.0 * v[0], 5.0 * v[1]])
/// };
/// let found = approach(times, &dvector![2.0, 5.0], &dvector![2.0, 10.0], 1e-12, 10);
/// assert!(found.end == End::Reached && found.products == 1);
/// assert!((found.x - dvector![1.0, 2.0]).norm() < 1e-15);
/// ```
///
/// Panics when the lengths differ.
pub fn approach(
    mut product: impl FnMut(&DVector<f64>, &mut DVector<f64>),
    diagonal: &DVector<f64>,
    b: &DVector<f64>,
    target: f64,
    most: usize,
) -> Approached {
    let k = b.len();
    assert_eq!(k, diagonal.len(), "a right-hand side of {k} and a diagonal of {}", diagonal.len());
    let inverse = diagonal.map(|d| if d > 0.0 && d.is_finite() { 1.0 / d } else { 1.0 });
    let mut x = DVector::zeros(k);
    let mut r = b.clone();
    let mut z = r.component_mul(&inverse);
    let (mut p, mut ap) = (z.clone(), DVector::zeros(k));
    let mut weighted = r.dot(&z);
    let mut residual = r.norm();
    let mut products = 0;
    let mut end = End::Reached;
    while residual > target {
        if products == most {
            end = End::OutOfSteps;
            break;
        }
        product(&p, &mut ap);
        products += 1;
        let curvature = p.dot(&ap);
        // Written so that NaN counts as not positive.
        if !(curvature > 0.0 && curvature.is_finite() && weighted.is_finite()) {
            end = End::NotPositive(p);
            break;
        }
        let step = weighted / curvature;
        x.axpy(step, &p, 1.0);
        r.axpy(-step, &ap, 1.0);
        z.copy_from(&r);
        z.component_mul_assign(&inverse);
        let next = r.dot(&z);
        // p ← z + (next/weighted) p
        p.axpy(1.0, &z, next / weighted);
        weighted = next;
        residual = r.norm();
    }
    Approached { x, residual, products, end }
}
