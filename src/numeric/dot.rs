//! The inner product of training and evaluation: eight partial sums, so that compilers can vectorise it.

/// `Σ aᵢbᵢ`, always in the same order: eight interleaved partial sums, added pairwise, then the remaining terms.
///
/// Each product passes through at most `n` additions, so the error is at most `γ_n Σ|aᵢbᵢ|` as for any other order.
/// A chain of additions waits for each one before it; eight chains do not.
///
/// ```
/// use unlearn::numeric::dot::dot;
/// let a: Vec<f64> = (1..=10).map(f64::from).collect();
/// assert_eq!(dot(&a, &a), 385.0); // 1² + … + 10²
/// ```
///
/// Panics when the lengths differ.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "an inner product of {} and {} numbers", a.len(), b.len());
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut s = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            s[i] += a[i] * b[i];
        }
    }
    let sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
    a_rest.iter().zip(b_rest).fold(sum, |sum, (a, b)| sum + a * b)
}
