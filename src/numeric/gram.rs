//! Products `P Vᵀ` of blocks of samples: the shape every Hessian block has.

use nalgebra::DMatrix;

/// `out += P · Vᵀ` for `P: p × r` and `V: q × r` (samples in columns).
///
/// ```
/// use nalgebra::DMatrix;
/// use unlearn::numeric::gram::add_product;
/// let p = DMatrix::from_row_slice(1, 2, &[1.0, 2.0]);
/// let v = DMatrix::from_row_slice(2, 2, &[3.0, 4.0, 5.0, 6.0]);
/// let mut out = DMatrix::zeros(1, 2);
/// add_product(&p, &v, &mut out);
/// assert_eq!(out.as_slice(), [11.0, 17.0]);
/// ```
///
/// Panics when the sizes disagree.
pub fn add_product(p: &DMatrix<f64>, v: &DMatrix<f64>, out: &mut DMatrix<f64>) {
    out.gemm(1.0, p, &v.transpose(), 1.0);
}
