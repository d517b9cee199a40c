//! S1 to S5: closed forms against sums, lists of every outcome and drawn requests.

use super::setup::cases;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::sisa::cost::sharding::{
    batch, batch_exponential, hit_fraction, lone_batch, lone_sequential, sequential,
};
use unlearn::sisa::cost::{boundary, sharding, slicing};

/// The tables' relative tolerance.
const REL: f64 = 1e-12;

/// The double sum of equation (2).
fn double_sum(n: f64, s: f64, requests: u64) -> f64 {
    let mut total = 0.0;
    for i in 1..=requests {
        let mut choose = 1.0;
        for j in 0..i {
            let (hit, miss) = ((1.0 / s).powi(j as i32), (1.0 - 1.0 / s).powi((i - 1 - j) as i32));
            total += choose * hit * miss * (n / s - 1.0 - j as f64);
            choose *= (i - 1 - j) as f64 / (j + 1) as f64;
        }
    }
    total
}

/// Mean and standard error of a cost over drawn requests.
fn drawn(seed: u64, trials: u32, mut cost: impl FnMut(&mut ChaCha8Rng) -> f64) -> (f64, f64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let costs: Vec<f64> = (0..trials).map(|_| cost(&mut rng)).collect();
    let n = f64::from(trials);
    let mean = costs.iter().sum::<f64>() / n;
    let variance = costs.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// How far the mean of [`DRAWS`] costs between 0 and `range` may be from its expectation: the empirical Bernstein bound
/// (Maurer, Pontil 2009) at a chance of 2·10⁻⁶. Four standard errors alone are not enough: what is so rare that no
/// draw saw it leaves a standard error of 0.
fn allowance(error: f64, range: f64) -> f64 {
    let log = 2e6_f64.ln();
    (2.0 * log).sqrt() * error + 7.0 * range * log / (3.0 * f64::from(DRAWS - 1))
}

/// Enough for four standard errors to be small; the table asks for this many.
const DRAWS: u32 = 20_000;

proptest! {
    #![proptest_config(cases(256))]

    /// S1. The sum's terms cancel from N·K/S down.
    #[test]
    fn the_double_sum_is_the_closed_form(n in 1u64..100_000, s in 1u64..60, k in 0u64..40) {
        prop_assume!(s <= n && k <= n - s + 1);
        let (sum, closed) = (double_sum(n as f64, s as f64, k), sequential(n, s, k).unwrap());
        let size = n as f64 / s as f64 * k as f64;
        prop_assert!((sum - closed).abs() <= REL * size, "{sum} {closed}");
        // As printed, and its upper bound.
        let (nf, sf, kf) = (n as f64, s as f64, k as f64);
        let printed = (nf / sf + 1.0 / (2.0 * sf) - 1.0) * kf - kf * kf / (2.0 * sf);
        prop_assert!((printed - closed).abs() <= REL * size);
        prop_assert!(closed <= size * (1.0 + REL) && closed >= -REL * size);
        let lone = lone_sequential(n, s, k).unwrap();
        let printed = (nf / sf + 1.0 / (2.0 * sf) - 1.0) * kf / sf - kf * kf / (2.0 * sf * sf);
        prop_assert!((lone - printed).abs() <= REL * size);
    }

    /// S2, the identity with the time constant.
    #[test]
    fn the_exponential_form_is_equation_three(n in 1u64..1_000_000_000, s in 1u64..1000, k in 0u64..10_000) {
        prop_assume!(s <= n && k <= n);
        let (a, b) = (batch(n, s, k).unwrap(), batch_exponential(n, s, k).unwrap());
        prop_assert!((a - b).abs() <= REL * (n as f64), "{a} {b}");
        if k > 0 {
            prop_assert!(a <= lone_batch(n, s, k).unwrap() * s as f64 * (1.0 + REL));
        }
    }

    /// S3.
    #[test]
    fn the_mean_over_slices_is_equation_four(work in 1.0..1e9f64, r in 1u64..200) {
        let mean = (1..=r).map(|hit| slicing::one(work, r, hit).unwrap()).sum::<f64>() / r as f64;
        prop_assert!((mean - slicing::one_expected(work, r).unwrap()).abs() <= REL * work);
        prop_assert!((mean - slicing::batch(work, r, 1).unwrap()).abs() <= REL * work);
        prop_assert!((mean - slicing::combined(work, 1, r, 1).unwrap()).abs() <= REL * work);
        prop_assert!(work / mean <= 1.5);
    }

    /// S4 and S5 by listing every outcome of K requests on S·R slices, in whole numbers.
    #[test]
    fn every_outcome_listed(s in 1u64..5, r in 1u64..5, k in 0u64..5) {
        let slots = s * r;
        prop_assume!(slots.pow(k as u32) <= 4096);
        let (mut redone, mut hit_shards) = (0u64, 0u64);
        for outcome in 0..slots.pow(k as u32) {
            // The first slice hit in each shard; R when none is.
            let mut first = vec![r; s as usize];
            let mut rest = outcome;
            for _ in 0..k {
                let (shard, slice) = (((rest % slots) / r) as usize, rest % r);
                first[shard] = first[shard].min(slice);
                rest /= slots;
            }
            redone += first.iter().map(|&f| (f + 1..=r).sum::<u64>()).sum::<u64>();
            hit_shards += first.iter().filter(|&&f| f < r).count() as u64;
        }
        let outcomes = slots.pow(k as u32) as f64;
        let share = redone as f64 / outcomes / (s * r * (r + 1) / 2) as f64;
        prop_assert!((slicing::combined(1.0, s, r, k).unwrap() - share).abs() <= REL);
        let hits = hit_shards as f64 / outcomes / s as f64;
        prop_assert!((hit_fraction(s, k).unwrap() - hits).abs() <= REL);
        if s == 1 {
            prop_assert!((slicing::batch(1.0, r, k).unwrap() - share).abs() <= REL);
        }
    }

    /// S5: the combined form contains (3).
    #[test]
    fn the_combined_form_without_slices_is_equation_three(n in 1u64..1_000_000, s in 1u64..500, k in 0u64..2000) {
        prop_assume!(s <= n && k <= n);
        let combined = slicing::combined(n as f64, s, 1, k).unwrap();
        prop_assert!((combined - (batch(n, s, k).unwrap() + k as f64)).abs() <= REL * n as f64);
    }

    /// More requests cost more; more shards less; no form leaves [0, work].
    #[test]
    fn costs_are_ordered(s in 1u64..40, r in 1u64..40, k in 0u64..100) {
        let cost = |s, k| slicing::combined(1.0, s, r, k).unwrap();
        prop_assert!(cost(s, k) <= cost(s, k + 1) + REL && cost(s + 1, k) <= cost(s, k) + REL);
        prop_assert!((0.0..=1.0).contains(&cost(s, k)));
        let [shards, slices, both] = slicing::best_speed_ups(s, r).unwrap();
        prop_assert!((slicing::one(1.0, r, r).unwrap() * slices - 1.0).abs() <= REL);
        prop_assert!((both - shards * slices).abs() <= REL * both);
    }

    /// Any input: a finite number in range or an error, and soon.
    #[test]
    fn any_numbers(n in any::<u64>(), s in any::<u64>(), k in any::<u64>(), r in any::<u64>(), x in any::<f64>()) {
        let small = |v: u64| [v % 3, v];
        for n in small(n) { for s in small(s) { for k in small(k) {
            for result in [
                sequential(n, s, k), batch(n, s, k), batch_exponential(n, s, k), lone_sequential(n, s, k),
                lone_batch(n, s, k), sharding::time_constant(s), hit_fraction(s, k), boundary::crossover(s, x),
                boundary::crossover(s, 0.5), slicing::deletion_rate(s, r % 5),
            ] {
                prop_assert!(result.as_ref().map_or(true, |v| v.is_finite()), "{result:?}");
            }
            let _ = (boundary::requests(s, x), boundary::requests_on(n, s, x), boundary::rule_of_thumb(s));
            prop_assert!(boundary::requests_on(n, s, 0.5).is_err() == (s == 0 || n < s));
            for r in [r % 3, r, r % 1000] {
                for work in [x, 1.0, f64::MAX] {
                    for result in [
                        slicing::one(work, r, k), slicing::one_expected(work, r), slicing::batch(work, r, k),
                        slicing::batch_printed(work, r, k), slicing::combined(work, s, r, k),
                        slicing::total_epochs(work.min(1e300), r), slicing::prefix_survives(s, r, k),
                    ] {
                        prop_assert!(result.as_ref().map_or(true, |v| v.is_finite() && *v >= 0.0), "{result:?}");
                    }
                }
            }
        }}}
    }
}

proptest! {
    #![proptest_config(cases(4))]

    /// S2, drawn requests.
    #[test]
    fn drawn_batches_cost_equation_three(s in 1u64..30, per_shard in 50u64..500, k in 1u64..60, seed in any::<u64>()) {
        let n = s * per_shard;
        prop_assume!(k <= n);
        let (mean, error) = drawn(seed, DRAWS, |rng| {
            let mut hit = vec![false; s as usize];
            (0..k).for_each(|_| hit[rng.random_range(0..s) as usize] = true);
            hit.iter().filter(|&&h| h).count() as f64 * per_shard as f64 - k as f64
        });
        prop_assert!((mean - batch(n, s, k).unwrap()).abs() <= allowance(error, n as f64));
    }

    /// S5, drawn requests.
    #[test]
    fn drawn_requests_cost_the_combined_form(s in 1u64..12, r in 1u64..12, k in 1u64..30, seed in any::<u64>()) {
        let (mean, error) = drawn(seed, DRAWS, |rng| {
            let mut first = vec![r; s as usize];
            for _ in 0..k {
                let shard = &mut first[rng.random_range(0..s) as usize];
                *shard = (*shard).min(rng.random_range(0..r));
            }
            first.iter().map(|&f| (f + 1..=r).sum::<u64>()).sum::<u64>() as f64
        });
        let all = (s * r * (r + 1) / 2) as f64;
        prop_assert!((mean - slicing::combined(all, s, r, k).unwrap()).abs() <= allowance(error, all));
    }
}

/// S3T's corollary by drawn requests: coupons, and prefixes that survive.
#[test]
fn first_slices_and_prefixes() {
    let (m, l) = (3u64, 2u64);
    let (mean, error) = drawn(5, DRAWS, |rng| {
        let (mut hit, mut count) = (vec![false; m as usize], 0.0);
        while hit.contains(&false) {
            let slot = rng.random_range(0..m * l);
            count += 1.0;
            if slot % l == 0 {
                hit[(slot / l) as usize] = true;
            }
        }
        count
    });
    assert!((mean - slicing::deletion_rate(m, l).unwrap()).abs() <= 4.0 * error, "{mean}");
    let (l, prefix, r) = (5u64, 2u64, 3u64);
    let (mean, error) =
        drawn(6, DRAWS, |rng| f64::from(u8::from((0..r).all(|_| rng.random_range(0..l) >= prefix))));
    assert!((mean - slicing::prefix_survives(prefix, l, r).unwrap()).abs() <= 4.0 * error, "{mean}");
    // H_1000 by its sum and by the series meet.
    let sum: f64 = (1..=1000).rev().map(|i| 1.0 / f64::from(i)).sum();
    assert!((slicing::deletion_rate(1000, 1).unwrap() / 1000.0 - sum).abs() <= 1e-14 * sum);
}
