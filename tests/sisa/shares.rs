//! H1, H2: the share of the work that a request costs, and where it crosses a threshold.

use super::setup::cases;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::data::RowSet;
use unlearn::sisa::cost::boundary::{crossover, requests, requests_on};
use unlearn::sisa::cost::slicing::combined;
use unlearn::sisa::partition::Partition;
use unlearn::sisa::schedule::Epochs;
use unlearn::sisa::workload::{nominal, workload};

proptest! {
    #![proptest_config(cases(128))]

    /// H1: along nested requests the nominal share never falls, so that a threshold flips at most once. Compared as
    /// fractions of the same denominator: integers.
    #[test]
    fn the_nominal_share_is_monotone(
        rows in 2usize..30,
        shards in 1usize..5,
        slices in 1usize..5,
        seed in any::<u64>(),
        order in Just((0..30usize).collect::<Vec<_>>()).prop_shuffle(),
        threshold in 0.0..1.0f64,
    ) {
        let shards = shards.min(rows);
        let partition = Partition::uniform(rows, shards, slices.min(rows / shards), seed).unwrap();
        let epochs = Epochs::Floor { unsliced: 3 };
        let order: Vec<usize> = order.into_iter().filter(|&i| i < rows).collect();
        let (mut last, mut flips, mut above) = (0, 0, false);
        for size in 1..=rows {
            let w = nominal(&partition, &epochs, &RowSet::new(rows, order[..size].to_vec()).unwrap()).unwrap();
            prop_assert!(w.visits >= last && w.visits <= w.full);
            last = w.visits;
            if (w.share() >= threshold) != above {
                above = !above;
                flips += 1;
            }
        }
        prop_assert!(flips <= 1);
        // Everything is hit in the end.
        prop_assert_eq!(nominal(&partition, &epochs, &RowSet::new(rows, order).unwrap()).unwrap().share(), 1.0);
    }

    /// H2: the mean share over drawn requests crosses τ within one request of K*(τ).
    #[test]
    fn the_mean_share_crosses_where_predicted(shards in 2usize..12, tau in 0.1..0.9f64, seed in any::<u64>()) {
        // Many rows, so that drawing rows is drawing shards.
        let rows = 4000 * shards;
        let partition = Partition::uniform(rows, shards, 1, seed).unwrap();
        let predicted = requests(shards as u64, tau).unwrap();
        let near = [predicted.saturating_sub(1), predicted + 1];
        let (trials, mut rng) = (400, ChaCha8Rng::seed_from_u64(seed));
        for (k, &count) in near.iter().enumerate() {
            let mut shares: Vec<f64> = Vec::new();
            for _ in 0..trials {
                let mut hit = vec![false; shards];
                for _ in 0..count {
                    hit[partition.place(rng.random_range(0..rows)).unwrap().0] = true;
                }
                shares.push(hit.iter().filter(|&&h| h).count() as f64 / shards as f64);
            }
            let n = f64::from(trials);
            let mean = shares.iter().sum::<f64>() / n;
            let error = (shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
            // Five standard errors: two comparisons per case, thousands of cases in a long campaign.
            let on_its_side = if k == 0 { mean - 5.0 * error < tau } else { mean + 5.0 * error >= tau };
            prop_assert!(on_its_side, "{mean} ± {error}");
        }
    }

    /// K* is the smallest count that does, it approximates the un-rounded form, and finite data need as many or more.
    #[test]
    fn crossovers_are_smallest(shards in 1u64..1000, tau in 0.0..0.999f64, per_shard in 1u64..2000) {
        use unlearn::sisa::cost::sharding::{batch, hit_fraction};
        let k = requests(shards, tau).unwrap();
        let slack = 1e-12; // far above the 8ε to which a tie counts as reached
        prop_assert!(hit_fraction(shards, k).unwrap() >= tau - slack);
        prop_assert!(k == 0 || hit_fraction(shards, k - 1).unwrap() < tau + slack);
        let limit = crossover(shards, tau).unwrap();
        prop_assert!(shards == 1 || (k as f64 >= limit - 1e-6 && k as f64 <= limit + 1.0 + 1e-6));
        let rows = shards * per_shard;
        match requests_on(rows, shards, tau).unwrap() {
            Some(exact) => {
                prop_assert!(exact >= k);
                let wanted = tau * rows as f64;
                prop_assert!(batch(rows, shards, exact).unwrap() >= wanted - slack * rows as f64);
                prop_assert!(exact == 0 || batch(rows, shards, exact - 1).unwrap() < wanted + slack * rows as f64);
            }
            // Then no number of requests reaches it.
            None => for k in 0..=rows.min(5000) {
                prop_assert!(batch(rows, shards, k).unwrap() < tau * rows as f64);
            }
        }
    }
}

/// With the deleted rows subtracted from both sides the share is not monotone.
#[test]
fn the_exact_share_is_not_monotone() {
    let partition = Partition::new(4, vec![vec![vec![0, 1]], vec![vec![2, 3]]]).unwrap();
    let share = |rows: &[usize]| {
        let request = RowSet::new(4, rows.to_vec()).unwrap();
        workload(&partition, &Epochs::Each(vec![1]), None, &request).unwrap()
    };
    let (small, large) = (share(&[0]), share(&[0, 1]));
    assert_eq!((small.visits, small.full, large.visits, large.full), (1, 3, 0, 2));
}

/// The mean nominal share over all slices is the closed form at K = 1 (equation (4)): exact, by listing every row.
#[test]
fn the_mean_share_of_one_request_is_equation_four() {
    for (shards, slices) in [(1usize, 1usize), (1, 4), (3, 2), (4, 5)] {
        let rows = shards * slices * 2;
        let partition = Partition::uniform(rows, shards, slices, 1).unwrap();
        let epochs = Epochs::Even { unsliced: slices + 1 };
        let costs = (0..rows).map(|i| {
            let w = nominal(&partition, &epochs, &RowSet::new(rows, vec![i]).unwrap()).unwrap();
            assert_eq!(w.full, ((slices + 1) * rows) as u64);
            w.visits
        });
        let mean = costs.sum::<u64>() as f64 / rows as f64;
        let work = ((slices + 1) * rows) as f64;
        let closed = combined(work, shards as u64, slices as u64, 1).unwrap();
        assert!((mean - closed).abs() <= 1e-12 * work, "{mean} {closed}");
    }
}
