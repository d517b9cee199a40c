//! The one place where tolerances come from.

/// The rounding allowance `8·n·κ·ε` for a computation that accumulates `n` terms on a problem of
/// condition `κ`, relative to the size of the data (ε = 2⁻⁵², the spacing of f64 at 1).
///
/// It is an a-priori allowance (derived here, after Higham 2002, §3.1: `γ_n ≈ n·ε/2` per sum, with
/// a factor 16 for the handful of sums a gradient or a solve chains), not an enclosure.
///
/// ```
/// use unlearn::numeric::tolerance::tol;
/// assert_eq!(tol(1, 1.0), 8.0 * f64::EPSILON);
/// assert_eq!(tol(10, 100.0), 8000.0 * f64::EPSILON);
/// ```
pub fn tol(n: usize, kappa: f64) -> f64 {
    8.0 * (n.max(1) as f64) * kappa.max(1.0) * f64::EPSILON
}
