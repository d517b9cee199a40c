//! Scalar functions that stay accurate on all of f64: the logistic family and log-sum-exp.
//!
//! None of them overflows, and none subtracts nearly equal numbers: where a formula would, the
//! mirrored form is used (`1 − σ(z)` is computed as `σ(−z)`).

/// The logistic function `σ(z) = 1/(1+e^{−z})`.
///
/// ```
/// use unlearn::numeric::scalar::sigmoid;
/// assert_eq!(sigmoid(0.0), 0.5);
/// assert_eq!(sigmoid(-800.0), 0.0);          // below the smallest float
/// assert!(sigmoid(-700.0) > 0.0);            // e⁻⁷⁰⁰ is representable
/// ```
pub fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

/// `log(1 + e^z)`, the softplus function.
///
/// ```
/// use unlearn::numeric::scalar::softplus;
/// assert_eq!(softplus(0.0), std::f64::consts::LN_2);
/// assert_eq!(softplus(1e6), 1e6);
/// assert!(softplus(-40.0) > 0.0);
/// ```
pub fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// `σ′(z) = σ(z)σ(−z)`, in `(0, 1/4]`, accurate in both tails.
///
/// ```
/// use unlearn::numeric::scalar::sigmoid_slope;
/// assert_eq!(sigmoid_slope(0.0), 0.25);
/// assert_eq!(sigmoid_slope(30.0), sigmoid_slope(-30.0));
/// ```
pub fn sigmoid_slope(z: f64) -> f64 {
    let e = (-z.abs()).exp();
    let s = 1.0 + e;
    e / (s * s)
}

/// `σ″(z) = σ′(z)(1 − 2σ(z)) = −σ′(z)·tanh(z/2)`; its size is at most `1/(6√3)`.
pub fn sigmoid_bend(z: f64) -> f64 {
    -sigmoid_slope(z) * (0.5 * z).tanh()
}

/// `σ‴(z) = σ′(z)(1 − 6σ′(z))`; its size is at most `1/8`.
pub fn sigmoid_jerk(z: f64) -> f64 {
    let v = sigmoid_slope(z);
    v * (1.0 - 6.0 * v)
}

/// `log Σ e^{z_c}`, shifted by the largest entry so that nothing overflows. Empty input gives −∞.
///
/// ```
/// use unlearn::numeric::scalar::log_sum_exp;
/// assert_eq!(log_sum_exp(&[1000.0, 1000.0]), 1000.0 + std::f64::consts::LN_2);
/// ```
pub fn log_sum_exp(z: &[f64]) -> f64 {
    let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return top;
    }
    // The largest term contributes exactly 1: leave it out and use log1p, which keeps the
    // small terms when one logit dominates.
    let mut skipped = false;
    let rest: f64 = z
        .iter()
        .filter(|&&v| {
            let first_top = !skipped && v == top;
            skipped |= first_top;
            !first_top
        })
        .map(|v| (v - top).exp())
        .sum();
    top + rest.ln_1p()
}

/// Softmax probabilities `p_c = e^{z_c} / Σ e^{z_j}` into `p`.
///
/// ```
/// use unlearn::numeric::scalar::softmax;
/// let mut p = [0.0; 2];
/// softmax(&[0.0, 3.0_f64.ln()], &mut p);
/// assert!((p[0] - 0.25).abs() < 1e-16 && (p[1] - 0.75).abs() < 1e-15);
/// ```
pub fn softmax(z: &[f64], p: &mut [f64]) {
    let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for (p, z) in p.iter_mut().zip(z) {
        *p = (z - top).exp();
        sum += *p;
    }
    p.iter_mut().for_each(|p| *p /= sum);
}

/// `1 − p_c` for probabilities that sum to one, without cancellation when `p_c` is near one.
pub fn complement(p: &[f64], c: usize) -> f64 {
    if p[c] <= 0.5 {
        1.0 - p[c]
    } else {
        p.iter().enumerate().filter(|&(j, _)| j != c).map(|(_, &q)| q).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_extreme_argument_overflows_or_gives_nan() {
        for z in [-f64::MAX, -1e4, -745.2, -1e-320, 0.0, 1e-320, 745.2, 1e4, f64::MAX] {
            for f in [sigmoid, softplus, sigmoid_slope, sigmoid_bend, sigmoid_jerk] {
                assert!(f(z).is_finite(), "at {z}");
            }
        }
    }

    #[test]
    fn log_sum_exp_keeps_the_small_terms() {
        // log(1 + 2e⁻⁵⁰) = 2e⁻⁵⁰ to first order; a plain ln(1 + x) would give 0.
        let x = log_sum_exp(&[0.0, -50.0, -50.0]);
        assert!((x / (2.0 * (-50.0_f64).exp()) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn complement_is_relative_accurate() {
        let mut p = [0.0; 3];
        softmax(&[60.0, 0.0, 0.0], &mut p);
        let q = complement(&p, 0);
        assert!((q / (2.0 * (-60.0_f64).exp()) - 1.0).abs() < 1e-14);
    }
}
