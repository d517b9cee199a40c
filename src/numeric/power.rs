//! The power method: a cheap *estimate* of an operator norm, and only that.
//!
//! The estimate never exceeds the norm (up to rounding), so it proves nothing where an upper bound is
//! needed. It is here to be refuted in that role and to show how far below it stays; bounds use
//! [`super::spectrum`] and [`super::enclosure`].

use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A lower estimate of `‖X‖₂`: `√‖XᵀX v‖` after `iterations − 1` steps of `v ← XᵀXv/‖XᵀXv‖` from a seeded
/// random start with entries in `[−1, 1)`. Returns 0 for the zero matrix and for no iterations.
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::power::norm_estimate;
/// // Well separated singular values 4 and 1: converged after 20 steps.
/// assert!((norm_estimate(&dmatrix![4.0, 0.0; 0.0, 1.0], 20, 7) - 4.0).abs() < 1e-12);
/// // Close ones, 1 and 0.999: still visibly below 1.
/// assert!(norm_estimate(&dmatrix![1.0, 0.0; 0.0, 0.999], 20, 7) < 0.99999);
/// ```
pub fn norm_estimate(x: &DMatrix<f64>, iterations: usize, seed: u64) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut v = DVector::from_fn(x.ncols(), |_, _| rng.random_range(-1.0..1.0));
    let mut estimate = 0.0;
    for _ in 0..iterations {
        let size = v.norm();
        if size == 0.0 {
            return 0.0;
        }
        v /= size;
        v = x.tr_mul(&(x * &v));
        estimate = v.norm();
    }
    estimate.sqrt()
}
