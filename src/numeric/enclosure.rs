//! Enclosures of *all* eigenvalues of a symmetric matrix, interior ones included.
//!
//! With approximate eigenvectors `Q` and eigenvalues `D`, `E = A − QDQᵀ` and `e ≥ ‖QᵀQ − I‖`:
//! `λ_i(A)` differs from `λ_i(QDQᵀ)` by at most `‖E‖` (Weyl), and `λ_i(QDQᵀ) = θ_i λ_i(D)` with
//! `θ_i ∈ [1 − e, 1 + e]` (Ostrowski; Horn and Johnson, Matrix Analysis, Theorem 4.5.9). Both residuals
//! are computed in floating point and enlarged by their own rounding. Unlike
//! [`super::spectrum`], which proves one side of the extreme eigenvalues, this encloses each from both.

use super::interval::Interval;
use super::spectrum::gamma;
use nalgebra::{DMatrix, SymmetricEigen};

/// Enclosures of the eigenvalues in increasing order; the matrix is read from its lower triangle, its
/// entries taken as exact. Where no proof succeeds the interval is `±‖A‖_F`, or the whole line when
/// an entry is not finite.
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::enclosure::eigenvalues;
/// let l = eigenvalues(&dmatrix![2.0, 1.0; 1.0, 2.0]);
/// assert!(l[0].contains(1.0) && l[1].contains(3.0));
/// assert!(l[1].hi() - l[1].lo() < 1e-13);
/// ```
pub fn eigenvalues(a: &DMatrix<f64>) -> Vec<Interval> {
    let k = a.nrows();
    assert_eq!(k, a.ncols(), "eigenvalues of a {k} × {} matrix", a.ncols());
    if a.iter().any(|v| !v.is_finite()) {
        return vec![Interval::ENTIRE; k];
    }
    let mut symmetric = a.clone();
    symmetric.fill_upper_triangle_with_lower_triangle();
    let size = Interval::norm(symmetric.as_slice()).hi();
    let unproved = Interval::new(-size, size);
    // 1000 sweeps per eigenvalue: about 30 are normal; the limit only prevents an endless loop.
    let Some(pairs) = SymmetricEigen::try_new(symmetric.clone(), f64::EPSILON, 1000 * k) else {
        return vec![unproved; k];
    };
    let (q, d) = (&pairs.eigenvectors, &pairs.eigenvalues);
    let largest = d.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let mass = Interval::norm(q.as_slice()).square();
    let g = Interval::point(gamma(k + 3));
    let underflow = Interval::point((k * k * (k + 2)) as f64 * f64::MIN_POSITIVE);
    let residual = {
        let mut scaled = q.clone();
        scaled.column_iter_mut().zip(d.iter()).for_each(|(mut c, v)| c *= *v);
        Interval::norm((&symmetric - scaled * q.transpose()).as_slice())
            + g * (Interval::point(size) + mass * Interval::point(largest))
            + underflow
    };
    let skew = Interval::norm((q.transpose() * q - DMatrix::identity(k, k)).as_slice())
        + g * (mass + Interval::point(k as f64))
        + underflow;
    // Written so that NaN counts as unproved.
    if !(skew.hi() < 1.0 && residual.hi() < f64::INFINITY) {
        return vec![unproved; k];
    }
    let factor = Interval::new((Interval::ONE - skew).lo(), (Interval::ONE + skew).hi());
    let shift = Interval::new(-residual.hi(), residual.hi());
    let mut sorted: Vec<f64> = d.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.into_iter().map(|v| Interval::point(v) * factor + shift).collect()
}

/// Enclosures of the singular values `|λ|` of a symmetric matrix in decreasing order.
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::enclosure::singular_values;
/// let s = singular_values(&dmatrix![-3.0, 0.0; 0.0, 1.0]);
/// assert!(s[0].contains(3.0) && s[1].contains(1.0));
/// ```
pub fn singular_values(a: &DMatrix<f64>) -> Vec<Interval> {
    let sizes: Vec<Interval> = eigenvalues(a).into_iter().map(Interval::abs).collect();
    // The j-th largest of numbers in given intervals lies between the j-th largest of the ends.
    let ranked = |end: fn(Interval) -> f64| {
        let mut ends: Vec<f64> = sizes.iter().map(|s| end(*s)).collect();
        ends.sort_by(|a, b| b.total_cmp(a));
        ends
    };
    ranked(Interval::lo).into_iter().zip(ranked(Interval::hi)).map(|(lo, hi)| Interval::new(lo, hi)).collect()
}

/// An enclosure of the operator norm `‖A‖₂` of a symmetric matrix.
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::enclosure::symmetric_norm;
/// assert!(symmetric_norm(&dmatrix![0.0, 2.0; 2.0, 0.0]).contains(2.0));
/// ```
pub fn symmetric_norm(a: &DMatrix<f64>) -> Interval {
    singular_values(a).first().copied().unwrap_or(Interval::ZERO)
}

/// An enclosure of the operator norm `‖X‖₂` of any matrix, from the smaller of its Gram matrices.
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::enclosure::operator_norm;
/// let norm = operator_norm(&dmatrix![3.0, 0.0; 4.0, 0.0; 0.0, 1.0]);
/// assert!(norm.contains(5.0) && norm.hi() - norm.lo() < 1e-12);
/// ```
pub fn operator_norm(x: &DMatrix<f64>) -> Interval {
    let gram = if x.nrows() <= x.ncols() { x * x.transpose() } else { x.transpose() * x };
    let inner = x.nrows().max(x.ncols());
    let rounding = Interval::point(gamma(inner + 2)) * Interval::norm(x.as_slice()).square();
    let top = eigenvalues(&gram).last().copied().unwrap_or(Interval::ZERO);
    Interval::new((top - rounding).lo(), (top + rounding).hi()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::spectrum::{largest_eigenvalue_upper, smallest_eigenvalue_lower};
    use super::*;
    use nalgebra::DVector;

    /// Known spectrum 1, 2, …, k: a reflected diagonal.
    fn reflected(k: usize) -> DMatrix<f64> {
        let v = DVector::from_fn(k, |i, _| (i as f64 + 1.0).sin()).normalize();
        let q = DMatrix::identity(k, k) - &v * v.transpose() * 2.0;
        &q * DMatrix::from_diagonal(&DVector::from_fn(k, |i, _| 1.0 + i as f64)) * q.transpose()
    }

    #[test]
    fn interior_eigenvalues_are_enclosed_tightly() {
        for k in [1, 2, 5, 20] {
            for (i, l) in eigenvalues(&reflected(k)).iter().enumerate() {
                // Forming the matrix rounds its eigenvalues by a few k²·ε.
                let widened = Interval::around(l.mid(), 0.5 * (l.hi() - l.lo()) + 1e-13 * k as f64);
                assert!(widened.contains(1.0 + i as f64), "k = {k}, eigenvalue {i}: {l:?}");
                assert!(l.hi() - l.lo() < 1e-11, "k = {k}: {l:?}");
            }
        }
    }

    #[test]
    fn extremes_agree_with_the_cholesky_proofs_and_with_quotients() {
        let a = reflected(7);
        let l = eigenvalues(&a);
        assert!(smallest_eigenvalue_lower(&a) <= l[0].hi() && largest_eigenvalue_upper(&a) >= l[6].lo());
        // A Rayleigh quotient lies between the extremes.
        let v = DVector::from_fn(7, |i, _| (3.0 * i as f64).cos());
        let quotient = v.dot(&(&a * &v)) / v.norm_squared();
        assert!(l[0].lo() <= quotient && quotient <= l[6].hi());
    }

    #[test]
    fn exactly_representable_spectra_and_bad_input() {
        assert!(eigenvalues(&DMatrix::zeros(3, 3)).iter().all(|l| l.contains(0.0) && l.hi() < 1e-300));
        let half = DMatrix::from_element(2, 2, 0.5);
        let l = eigenvalues(&half);
        assert!(l[0].contains(0.0) && l[1].contains(1.0));
        assert_eq!(eigenvalues(&nalgebra::dmatrix![f64::NAN]), [Interval::ENTIRE]);
        assert!(eigenvalues(&nalgebra::dmatrix![f64::MAX, f64::MAX; f64::MAX, f64::MAX])[1].hi() >= f64::MAX);
    }
}
