//! Does something that was measured pairwise on every seed lie above 0? The exact sign-flip test.

use crate::numeric::tolerance::tol;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Up to this many seeds all sign patterns are counted; above, [`DRAWN`] are drawn.
pub const COUNTED: usize = 16;

/// Sign patterns drawn when there are too many to count.
pub const DRAWN: usize = (1 << 16) - 1;

/// One-sided p-values of a list of differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignFlip {
    /// Against "not above 0": small when the differences lie above 0.
    pub above: f64,
    /// Against "not below 0".
    pub below: f64,
    /// How many differences are not 0: the others say nothing, whatever their sign.
    pub differing: usize,
}

/// The sign-flip (one-sample permutation) test of `d_1 … d_n`, `T = Σ d_i`:
///
/// `above = #{s ∈ {−1, 1}ⁿ : Σ s_i d_i ≥ T} / 2ⁿ`, and `below` with `≤`.
///
/// Hypothesis: the `d_i` are independent and each is symmetric about 0; then every sign pattern is as likely as the
/// one seen, so that `P(above ≤ α) ≤ α` for every `n` and α, whatever the distributions (Fisher 1935, recalled). A
/// difference whose mean is 0 but whose distribution is not symmetric is outside the hypothesis. The smallest
/// p-value that `n` non-zero differences allow is `2⁻ⁿ`.
///
/// With more than [`COUNTED`] differences, [`DRAWN`] patterns are drawn from `seed` and the one seen is counted
/// among them, `(1 + #) / (1 + DRAWN)`, which keeps the level exactly (Phipson and Smyth 2010, recalled). Sums that
/// rounding alone tells apart count as equal, which can only raise a p-value. Panics when a difference is not finite.
///
/// ```
/// use unlearn::study::trend::permutation::sign_flip;
/// // Of the eight sums ±1±2±3, only 6 reaches 6; those at or above 0 − 1 + 2 + 3 = 4 are 6 and 4.
/// assert_eq!(sign_flip(&[1.0, 2.0, 3.0], 0).above, 1.0 / 8.0);
/// assert_eq!(sign_flip(&[-1.0, 2.0, 3.0], 0).above, 2.0 / 8.0);
/// assert_eq!(sign_flip(&[-1.0, 2.0, 3.0], 0).below, 7.0 / 8.0);
/// // A zero halves nothing.
/// assert_eq!(sign_flip(&[1.0, 2.0, 3.0, 0.0], 0).above, 1.0 / 8.0);
/// ```
pub fn sign_flip(differences: &[f64], seed: u64) -> SignFlip {
    let d: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    assert!(d.iter().all(|d| d.is_finite()), "a difference is not finite");
    let n = d.len();
    let seen: f64 = d.iter().sum();
    let slack = tol(n.max(1), 1.0) * d.iter().map(|d| d.abs()).sum::<f64>();
    let (mut above, mut below) = (0_usize, 0_usize);
    let mut count = |sum: f64| {
        above += usize::from(sum >= seen - slack);
        below += usize::from(sum <= seen + slack);
    };
    let flipped = |signs: u64| -> f64 {
        d.iter().enumerate().map(|(i, d)| if signs >> (i % 64) & 1 == 1 { -d } else { *d }).sum()
    };
    let all = if n <= COUNTED {
        (0..1_u64 << n).for_each(|signs| count(flipped(signs)));
        1 << n
    } else {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        count(seen);
        for _ in 0..DRAWN {
            let mut signs = 0_u64;
            let sum = d.iter().enumerate().map(|(i, d)| {
                if i % 64 == 0 {
                    signs = rng.random();
                }
                if signs >> (i % 64) & 1 == 1 { -d } else { *d }
            });
            count(sum.sum());
        }
        DRAWN + 1
    };
    SignFlip { above: above as f64 / all as f64, below: below as f64 / all as f64, differing: n }
}

/// The fewest seeds with which a family of `tests` can reach `level` whatever its other tests say: the least `n` with
/// `tests · 2⁻ⁿ ≤ level`.
///
/// ```
/// use unlearn::study::trend::permutation::fewest;
/// // 1/32 is the first power of a half below 0.05; with ten tests it takes 1/256.
/// assert_eq!((fewest(1, 0.05), fewest(10, 0.05)), (5, 8));
/// ```
pub fn fewest(tests: usize, level: f64) -> usize {
    // No more than the exponents of f64, so that a level of 0 ends too.
    (0..1024).find(|n| tests as f64 * 0.5_f64.powi(*n) <= level).unwrap_or(1024) as usize
}
