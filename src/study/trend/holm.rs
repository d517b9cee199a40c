//! Many tests at once: Holm's correction.

/// Holm's adjusted p-values, in the order given: with `p_(1) ≤ … ≤ p_(m)`, the k-th is
/// `max_{j ≤ k} min(1, (m − j + 1) p_(j))`. Calling significant what is at most α makes the probability of any false
/// call among the m at most α, whatever the dependence of the tests (Holm 1979, recalled).
///
/// ```
/// use unlearn::study::trend::holm::holm;
/// // Sorted: 1/256 · 4, 1/64 · 3, 1/32 · 2 = 1/16, and 1/16 · 1.
/// let adjusted = holm(&[1.0 / 64.0, 1.0 / 16.0, 1.0 / 32.0, 1.0 / 256.0]);
/// assert_eq!(adjusted, [3.0 / 64.0, 1.0 / 16.0, 1.0 / 16.0, 1.0 / 64.0]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut adjusted, mut largest) = (vec![0.0; p.len()], 0.0_f64);
    for (j, &k) in order.iter().enumerate() {
        largest = largest.max(((p.len() - j) as f64 * p[k]).min(1.0));
        adjusted[k] = largest;
    }
    adjusted
}
