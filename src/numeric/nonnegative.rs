//! Upper bounds on the norm of large sparse Gram matrices, without forming them.
//!
//! For `M = |X|ᵀ diag(w) |X|`, `w ≥ 0`, entry by entry nonnegative, and any vector `v > 0`,
//!
//! `λ_max(Σ wᵢxᵢxᵢᵀ) ≤ ρ(M) ≤ max_j (Mv)_j / v_j`:
//!
//! the first because `|yᵀXᵀWXy| ≤ |y|ᵀM|y|`, the second by Collatz 1942 and Wielandt 1950 (recalled; proof: with
//! `D = diag(v)`, `D⁻¹MD` has the same eigenvalues and its largest row sum is the right-hand side). Any `v` will do, so
//! only the evaluation of the quotients has to be rounded with care; power iterations propose `v`.

use super::csr::Csr;
use super::interval::Interval;
use super::spectrum::gamma;

/// Proposals for `v`.
const ITERATIONS: usize = 20;
/// Nothing under- or overflows in products of four numbers between this and its inverse.
const TAME: f64 = 1e-60;
/// Least entry of `v`, whose largest is 1: keeps the quotients of rarely met columns finite.
const LEAST: f64 = 1e-6;

/// A proved upper bound on `λ_max(Σ wᵢ xᵢxᵢᵀ)` for the rows of `x` and weights `wᵢ ≥ 0`; equal to it up to the
/// iterations' progress where no entry is negative, never above the trace `Σ wᵢ‖xᵢ‖²` by more than rounding.
///
/// ```
/// use unlearn::numeric::{csr::Csr, nonnegative::gram_norm_upper};
/// // Rows (1, 0) and (0, 2): eigenvalues 1 and 4. Rows (1, 1) and (1, 1): eigenvalues 0 and 4.
/// let apart = Csr::new(2, vec![0, 1, 2], vec![0, 1], vec![1.0, 2.0]).unwrap();
/// let alike = Csr::new(2, vec![0, 2, 4], vec![0, 1, 0, 1], vec![1.0; 4]).unwrap();
/// for x in [apart, alike] {
///     let bound = gram_norm_upper(&x, &[1.0, 1.0]);
///     assert!(bound >= 4.0 && bound < 4.0 + 1e-9);
/// }
/// ```
///
/// Panics when there is not one weight per row or one is negative.
pub fn gram_norm_upper(x: &Csr, weights: &[f64]) -> f64 {
    assert_eq!(x.rows(), weights.len(), "{} weights for {} rows", weights.len(), x.rows());
    assert!(weights.iter().all(|w| *w >= 0.0), "a weight is negative");
    let trace: Interval =
        (0..x.rows()).map(|i| Interval::norm(x.row(i).1).square() * Interval::point(weights[i])).sum();
    let tame = |v: &f64| *v == 0.0 || (TAME..=1.0 / TAME).contains(&v.abs());
    if !(x.values().iter().all(tame) && weights.iter().all(tame)) {
        return trace.hi();
    }
    quotient(x, weights).map_or(trace.hi(), |bound| bound.min(trace.hi()))
}

/// The least of the largest quotients that the iterations meet, rounded upwards.
fn quotient(x: &Csr, weights: &[f64]) -> Option<f64> {
    let mut met = vec![0usize; x.cols()];
    let mut longest = 0;
    for i in 0..x.rows() {
        let (columns, _) = x.row(i);
        longest = longest.max(columns.len());
        columns.iter().for_each(|&c| met[c as usize] += 1);
    }
    // Sums of nonnegative numbers: each of a row, its weight, each of a column.
    let operations = longest + met.iter().copied().max().unwrap_or(0) + 6;
    let rounding = Interval::ONE - Interval::point(gamma(operations));
    let mut v = vec![1.0; x.cols()];
    let mut product = vec![0.0; x.cols()];
    let mut best: Option<f64> = None;
    for _ in 0..ITERATIONS {
        product.fill(0.0);
        for i in 0..x.rows() {
            let (columns, values) = x.row(i);
            let sum: f64 = columns.iter().zip(values).map(|(&c, a)| a.abs() * v[c as usize]).sum();
            let sum = weights[i] * sum;
            columns.iter().zip(values).for_each(|(&c, a)| product[c as usize] += a.abs() * sum);
        }
        let largest = product
            .iter()
            .zip(&v)
            .filter(|(p, _)| **p > 0.0)
            .map(|(p, v)| (Interval::point(*p) / Interval::point(*v) / rounding).hi())
            .fold(0.0, f64::max);
        best = Some(best.map_or(largest, |b: f64| b.min(largest)));
        let top = product.iter().copied().fold(0.0, f64::max);
        if top == 0.0 {
            break;
        }
        v.iter_mut().zip(&product).for_each(|(v, p)| *v = (p / top).max(LEAST));
    }
    best.filter(|b| b.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_signs_and_odd_sizes_are_bounded_still() {
        // (1, −1) twice: eigenvalue 4, which the bound of (1, 1) is as well.
        let x = Csr::new(3, vec![0, 2, 4, 4], vec![0, 2, 0, 2], vec![1.0, -1.0, 1.0, -1.0]).unwrap();
        let bound = gram_norm_upper(&x, &[1.0, 1.0, 7.0]);
        assert!((4.0..4.0 + 1e-9).contains(&bound), "{bound}");
        assert_eq!(gram_norm_upper(&Csr::new(3, vec![0, 0], vec![], vec![]).unwrap(), &[1.0]), 0.0);
        // Numbers whose squares under- or overflow are left to the trace.
        let tiny = Csr::new(1, vec![0, 1], vec![0], vec![1.5e-162]).unwrap();
        assert!(gram_norm_upper(&tiny, &[1.0]) > 0.0);
        let huge = Csr::new(1, vec![0, 1], vec![0], vec![1e200]).unwrap();
        assert_eq!(gram_norm_upper(&huge, &[1.0]), f64::INFINITY);
        assert!(gram_norm_upper(&tiny, &[0.0]) <= f64::MIN_POSITIVE);
    }
}
