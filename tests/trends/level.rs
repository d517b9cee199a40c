//! The sign-flip test keeps its level, exactly, and has power; nearby wrong tests do not.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Cauchy, Distribution, StandardNormal};
use unlearn::study::trend::permutation::{COUNTED, sign_flip};

/// Every sign pattern of some magnitudes.
fn patterns(magnitudes: &[f64]) -> Vec<Vec<f64>> {
    let flip = |signs: usize| {
        let sign = |i: usize| if signs >> i & 1 == 1 { -1.0 } else { 1.0 };
        magnitudes.iter().enumerate().map(|(i, m)| sign(i) * m).collect()
    };
    (0..1 << magnitudes.len()).map(flip).collect()
}

/// Under the hypothesis every pattern is equally likely: at most `k` of the `2ⁿ` may have `p ≤ k/2ⁿ`.
fn keeps_every_level(magnitudes: &[f64], p: impl Fn(&[f64]) -> f64) -> bool {
    let mut found: Vec<f64> = patterns(magnitudes).iter().map(|d| p(d)).collect();
    found.sort_by(f64::total_cmp);
    let all = found.len() as f64;
    // Exact: counts over a power of two.
    found.iter().enumerate().all(|(i, p)| (i + 1) as f64 <= all * *p || found.get(i + 1) == Some(p))
}

/// The mistake of halving a two-sided p-value without looking at the side.
fn halved(d: &[f64]) -> f64 {
    let seen = d.iter().sum::<f64>().abs();
    let magnitudes: Vec<f64> = d.iter().map(|d| d.abs()).collect();
    let all = patterns(&magnitudes);
    let extreme = all.iter().filter(|d| d.iter().sum::<f64>().abs() >= seen).count();
    0.5 * extreme as f64 / all.len() as f64
}

/// The mistake of not counting the pattern that was seen.
fn uncounted(d: &[f64]) -> f64 {
    let n = (1_u64 << d.len()) as f64;
    sign_flip(d, 0).above - 1.0 / n
}

proptest! {
    /// Whole numbers, so that ties occur and sums are exact.
    #[test]
    fn level_is_exact(whole in prop::collection::vec(0..9_u8, 1..8)) {
        let magnitudes: Vec<f64> = whole.into_iter().map(f64::from).collect();
        prop_assert!(keeps_every_level(&magnitudes, |d| sign_flip(d, 0).above));
        prop_assert!(keeps_every_level(&magnitudes, |d| sign_flip(d, 0).below));
    }

    #[test]
    fn sides_mirror(d in prop::collection::vec(-1.0..1.0_f64, 1..12), seed: u64) {
        let mirrored: Vec<f64> = d.iter().map(|d| -d).collect();
        let (a, b) = (sign_flip(&d, seed), sign_flip(&mirrored, seed));
        prop_assert_eq!((a.above, a.below, a.differing), (b.below, b.above, b.differing));
        prop_assert!(a.above + a.below > 1.0, "the pattern seen is on both sides");
    }
}

#[test]
fn wrong_tests_break_the_level() {
    let magnitudes = [1.0, 2.0, 4.0, 8.0, 16.0];
    assert!(keeps_every_level(&magnitudes, |d| sign_flip(d, 0).above));
    assert!(!keeps_every_level(&magnitudes, halved));
    assert!(!keeps_every_level(&magnitudes, uncounted));
}

/// The share of `trials` samples of `n` differences whose p-value is at most 0.05.
fn rejected(n: usize, trials: usize, seed: u64, draw: impl Fn(&mut ChaCha8Rng) -> f64) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut reject = |trial: usize| {
        let d: Vec<f64> = (0..n).map(|_| draw(&mut rng)).collect();
        sign_flip(&d, trial as u64).above <= 0.05
    };
    (0..trials).filter(|&t| reject(t)).count() as f64 / trials as f64
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

#[test]
fn false_positives_are_as_rare_as_promised() {
    // Four deviations of a binomial share: missed once in thirty thousand drawings, and the seed is fixed.
    let bound = |trials: usize| 0.05 + 4.0 * (0.05 * 0.95 / trials as f64).sqrt();
    let heavy = |rng: &mut ChaCha8Rng| Cauchy::new(0.0, 1.0).expect("a width above 0").sample(rng);
    let ties = |rng: &mut ChaCha8Rng| f64::from(rng.random_range(-2..=2_i8));
    assert!(rejected(8, 2000, 1, normal) <= bound(2000));
    assert!(rejected(8, 2000, 2, heavy) <= bound(2000));
    assert!(rejected(10, 1000, 3, ties) <= bound(1000));
    // Not for want of ever rejecting: 12 of 256 patterns are within the level.
    assert!(rejected(8, 2000, 1, normal) >= 12.0 / 256.0 - 4.0 * (0.05 * 0.95 / 2000.0_f64).sqrt());
    // Drawn patterns.
    assert!(rejected(COUNTED + 4, 150, 4, normal) <= bound(150));
}

#[test]
fn planted_effects_are_found() {
    let shifted = |rng: &mut ChaCha8Rng| normal(rng) + 1.5;
    assert!(rejected(10, 300, 5, shifted) >= 0.95);
    assert!(rejected(COUNTED + 4, 50, 6, shifted) >= 0.95);
    let opposite = |rng: &mut ChaCha8Rng| normal(rng) - 1.5;
    assert_eq!(rejected(10, 300, 7, opposite), 0.0, "the wrong side is never a support");
}

/// The same values as if seeds had nothing to do with each other: relabelling left and right over all of them.
fn unpaired(left: &[f64], right: &[f64], seed: u64) -> f64 {
    let mut pool: Vec<f64> = left.iter().chain(right).copied().collect();
    let seen: f64 = left.iter().sum::<f64>() - right.iter().sum::<f64>();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let all = 4000;
    let hits = (0..all).filter(|_| {
        for i in (1..pool.len()).rev() {
            pool.swap(i, rng.random_range(0..=i));
        }
        let (a, b) = pool.split_at(left.len());
        a.iter().sum::<f64>() - b.iter().sum::<f64>() >= seen
    });
    (1 + hits.count()) as f64 / f64::from(all + 1)
}

/// An effect that is the same on every seed, below differences between seeds a hundred times as large.
#[test]
fn pairing_is_what_finds_small_effects() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let right: Vec<f64> = (0..10).map(|_| 100.0 * normal(&mut rng)).collect();
    let left: Vec<f64> = right.iter().map(|r| r + 1.0 + 0.1 * normal(&mut rng)).collect();
    let d: Vec<f64> = left.iter().zip(&right).map(|(l, r)| l - r).collect();
    assert_eq!(sign_flip(&d, 0).above, 1.0 / 1024.0);
    assert!(unpaired(&left, &right, 9) > 0.05);
}
