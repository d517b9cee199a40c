//! Enclosed extreme eigenvalues of symmetric matrices.
//!
//! A bound may only use an *enclosure* of an eigenvalue. An approximate eigenvalue proposes a shift;
//! a floating-point Cholesky factorisation of the shifted matrix then proves it: if it runs to
//! completion on `Ã`, then `λ_min(Ã) ≥ −γ/(1−γ)·tr(Ã)` with `γ = γ_{k+1} = (k+1)u/(1−(k+1)u)`
//! (Rump 2006, "Verification of positive definiteness", BIT 46; Higham 2002, Theorem 10.3).

use super::factor::{Cholesky, factor_in_place};
use super::interval::Interval;
use super::product::dot;
use nalgebra::{DMatrix, DVector};

/// `γ_n = n·u/(1 − n·u)`, `u = 2⁻⁵³`, rounded upwards: the relative error of `n` chained operations
/// (Higham 2002, §3.1).
///
/// ```
/// use unlearn::numeric::spectrum::gamma;
/// assert!(gamma(2) > 2.0 * (f64::EPSILON / 2.0) && gamma(2) < 2.0001 * (f64::EPSILON / 2.0));
/// ```
pub fn gamma(n: usize) -> f64 {
    let nu = Interval::point(n as f64) * Interval::point(f64::EPSILON / 2.0);
    (nu / (Interval::ONE - nu)).hi()
}

/// A proved lower bound on the smallest eigenvalue of the symmetric matrix in the lower triangle of
/// `a`, its entries taken as exact. Usually within a few units of rounding of the true value; in the
/// worst case the Gershgorin bound.
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::spectrum::smallest_eigenvalue_lower;
/// let b = smallest_eigenvalue_lower(&dmatrix![2.0, 1.0; 1.0, 2.0]);
/// assert!(b <= 1.0 && b > 1.0 - 1e-13);
/// ```
pub fn smallest_eigenvalue_lower(a: &DMatrix<f64>) -> f64 {
    let k = a.nrows();
    let fallback = gershgorin_lower(a);
    if k == 0 || a.iter().any(|v| !v.is_finite()) {
        return fallback;
    }
    let symmetric = symmetric_from_lower(a);
    let estimate = symmetric.symmetric_eigenvalues().min();
    let scale = (0..k).map(|j| a[(j, j)].abs()).fold(estimate.abs(), f64::max);
    // Start just below the estimate and back off until the proof succeeds.
    let mut gap = (k as f64 + 4.0) * f64::EPSILON * scale;
    for _ in 0..24 {
        let shift = estimate - gap;
        if let Some(bound) = proved_lower(a, shift) {
            return bound.max(fallback);
        }
        gap *= 4.0;
    }
    fallback
}

/// An enclosure of the smallest eigenvalue of a symmetric positive definite matrix in the lower triangle of `a`, its
/// entries taken as exact, without the other eigenvalues: `k³/3` operations per try instead of the `4k³/3` of a reduction.
/// `None` when it is not proved to be positive.
///
/// Inverse iteration gives a vector; its Rayleigh quotient is the upper end, a Cholesky factorisation of the matrix
/// shifted to just below it proves the lower one (first a thousandth below, then further).
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::spectrum::least_positive_eigenvalue;
/// let l = least_positive_eigenvalue(&dmatrix![2.0, 1.0; 1.0, 2.0]).unwrap();
/// assert!(l.contains(1.0) && l.lo() > 0.99 && l.hi() < 1.001);
/// assert!(least_positive_eigenvalue(&dmatrix![0.0, 1.0; 1.0, 0.0]).is_none());
/// ```
pub fn least_positive_eigenvalue(a: &DMatrix<f64>) -> Option<Interval> {
    /// Steps of inverse iteration: each divides what is left of other eigenvectors by the ratio of eigenvalues.
    const STEPS: usize = 30;
    let k = a.nrows();
    let factor = Cholesky::new(a.clone(), "the matrix").ok()?;
    // No vector is orthogonal to all eigenvectors; this one is to few.
    let mut v = DVector::from_fn(k, |i, _| 1.0 + (i as f64 + 1.0).sin());
    for _ in 0..STEPS {
        v = factor.solve(&v.normalize());
        if !v.iter().all(|x| x.is_finite()) {
            return None;
        }
    }
    let v = v.normalize();
    let symmetric = symmetric_from_lower(a);
    let product: Interval =
        (0..k).map(|j| Interval::point(v[j]) * dot(symmetric.column(j).as_slice(), v.as_slice())).sum();
    let quotient = product / dot(v.as_slice(), v.as_slice());
    [0.999, 0.99, 0.9, 0.5, 0.1, 0.01].iter().find_map(|part| {
        let lower = proved_lower(a, part * quotient.lo())?;
        (lower > 0.0 && lower <= quotient.hi()).then(|| Interval::new(lower, quotient.hi()))
    })
}

/// A proved upper bound on the largest eigenvalue; see [`smallest_eigenvalue_lower`].
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::spectrum::largest_eigenvalue_upper;
/// let b = largest_eigenvalue_upper(&dmatrix![2.0, 1.0; 1.0, 2.0]);
/// assert!(b >= 3.0 && b < 3.0 + 1e-13);
/// ```
pub fn largest_eigenvalue_upper(a: &DMatrix<f64>) -> f64 {
    -smallest_eigenvalue_lower(&(-a))
}

/// A proved upper bound on `λ_max(Σ wᵢ xᵢxᵢᵀ)`, `wᵢ ≥ 0`, for rows `xᵢ` given densely one after the
/// other: the Gram matrix is formed in floating point and its rounding, at most
/// `γ_{n+2} Σ wᵢ‖xᵢ‖²` in norm, is added.
///
/// ```
/// use unlearn::numeric::spectrum::gram_norm_upper;
/// // Rows (1,0) and (0,2): eigenvalues 1 and 4.
/// let b = gram_norm_upper(2, &[1.0, 0.0, 0.0, 2.0], &[1.0, 1.0]);
/// assert!(b >= 4.0 && b < 4.0 + 1e-13);
/// ```
///
/// Beyond 1,024 columns, where the eigenvalues alone would cost minutes and the Gram matrix gigabytes, the
/// bound is the trace `Σ wᵢ‖xᵢ‖²`.
pub fn gram_norm_upper(columns: usize, rows: &[f64], weights: &[f64]) -> f64 {
    const MOST_COLUMNS: usize = 1024;
    let n = weights.len();
    if columns > MOST_COLUMNS {
        let norm = |i: usize| Interval::norm(&rows[i * columns..(i + 1) * columns]);
        return (0..n).map(|i| norm(i).square() * Interval::point(weights[i].abs())).sum::<Interval>().hi();
    }
    let x = nalgebra::DMatrixView::from_slice(rows, columns, n);
    let mut scaled = x.clone_owned();
    for (mut column, w) in scaled.column_iter_mut().zip(weights) {
        column *= *w;
    }
    let mut g = DMatrix::zeros(columns, columns);
    super::gram::add_product(&scaled, &x.clone_owned(), &mut g);
    let norms: Vec<Interval> =
        (0..n).map(|i| Interval::norm(&rows[i * columns..(i + 1) * columns])).collect();
    let mass: Interval = norms.iter().zip(weights).map(|(r, w)| r.square() * Interval::point(w.abs())).sum();
    // Products that underflow lose at most one subnormal each, the scaled ones times what they meet.
    let largest = norms.into_iter().fold(Interval::ONE, Interval::max);
    let underflow = Interval::point((n * columns) as f64) * Interval::point(f64::MIN_POSITIVE) * largest;
    // Rounding may leave the product a little unsymmetric; only the lower triangle is read.
    let rounding = Interval::point(gamma(n + 2)) * mass + underflow;
    let top = Interval::point(largest_eigenvalue_upper(&g)) + rounding;
    top.hi().min(mass.hi()).max(0.0)
}

/// Proves `λ_min(a) ≥ bound` for a bound slightly below `shift`, or gives up.
fn proved_lower(a: &DMatrix<f64>, shift: f64) -> Option<f64> {
    let k = a.nrows();
    let mut shifted = a.clone();
    let mut trace = Interval::ZERO;
    for j in 0..k {
        let d = (Interval::point(a[(j, j)]) - Interval::point(shift)).lo();
        shifted[(j, j)] = d;
        trace = trace + Interval::point(d);
    }
    factor_in_place(&mut shifted, 0.0).ok()?;
    let g = Interval::point(gamma(k + 1));
    // The second term covers underflow in the k(k+1)/2 inner products.
    let slack = g / (Interval::ONE - g) * trace
        + Interval::point((k * (k + 2)) as f64) * Interval::point(f64::MIN_POSITIVE);
    let bound = (Interval::point(shift) - slack).lo();
    bound.is_finite().then_some(bound)
}

fn gershgorin_lower(a: &DMatrix<f64>) -> f64 {
    let k = a.nrows();
    let entry = |i: usize, j: usize| if i >= j { a[(i, j)] } else { a[(j, i)] };
    (0..k)
        .map(|i| {
            let radius: Interval =
                (0..k).filter(|&j| j != i).map(|j| Interval::point(entry(i, j)).abs()).sum();
            (Interval::point(entry(i, i)) - radius).lo()
        })
        .fold(f64::INFINITY, f64::min)
}

fn symmetric_from_lower(a: &DMatrix<f64>) -> DMatrix<f64> {
    let mut s = a.clone();
    s.fill_upper_triangle_with_lower_triangle();
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known spectrum: a reflected diagonal `(I − 2vvᵀ) D (I − 2vvᵀ)`.
    #[test]
    fn bounds_enclose_known_eigenvalues_tightly() {
        for k in [1, 2, 5, 30] {
            let v = nalgebra::DVector::from_fn(k, |i, _| (i as f64 + 1.0).sin()).normalize();
            let q = DMatrix::identity(k, k) - &v * v.transpose() * 2.0;
            let d = DMatrix::from_diagonal(&nalgebra::DVector::from_fn(k, |i, _| 1.0 + i as f64));
            let a = &q * d * q.transpose();
            let (lo, hi) = (smallest_eigenvalue_lower(&a), largest_eigenvalue_upper(&a));
            // Forming `a` itself rounds by a few ε·k.
            let fuzz = 1e-13 * k as f64;
            assert!(lo <= 1.0 + fuzz && lo > 1.0 - 100.0 * fuzz, "k = {k}: {lo}");
            assert!(hi >= k as f64 - fuzz && hi < k as f64 + 100.0 * fuzz, "k = {k}: {hi}");
        }
    }

    #[test]
    fn gram_matrices_that_underflow_are_still_bounded() {
        // x² rounds to 0 in every row, yet the sum of forty is not 0.
        assert!(gram_norm_upper(1, &[1.5e-162; 40], &[1.0; 40]) >= 8.9e-323);
    }

    #[test]
    fn an_indefinite_matrix_gets_a_negative_bound() {
        let a = nalgebra::dmatrix![0.0, 1.0; 1.0, 0.0];
        let b = smallest_eigenvalue_lower(&a);
        assert!(b <= -1.0 && b > -1.0 - 1e-12);
    }

    #[test]
    fn non_finite_entries_give_no_false_bound() {
        let b = smallest_eigenvalue_lower(&nalgebra::dmatrix![f64::NAN, 0.0; 0.0, 1.0]);
        assert!(b == f64::NEG_INFINITY || b.is_nan());
    }
}
