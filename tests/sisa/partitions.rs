//! Shards, slices and schedules keep what they promise.

use super::setup::cases;
use proptest::prelude::*;
use unlearn::sisa::partition::Partition;
use unlearn::sisa::schedule::{Epochs, MOST_VISITS, ShardPlan, Steps};
use unlearn::train::plan::Schedule;

fn steps(batch: usize, seed: u64) -> Steps {
    Steps { batch, rate: Schedule::Constant { rate: 0.1 }, momentum: 0.0, weight_decay: 0.0, seed }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn uniform_parts_are_even(rows in 1usize..60, shards in 1usize..8, slices in 1usize..8, seed in any::<u64>()) {
        let partition = Partition::uniform(rows, shards, slices, seed);
        if shards * slices > rows {
            prop_assert!(partition.unwrap_err().to_string().contains("use at most"));
            return Ok(());
        }
        let partition = partition.unwrap();
        let mut all: Vec<usize> = partition.shards().iter().flatten().flatten().copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..rows).collect::<Vec<_>>());
        let spread = |sizes: Vec<usize>| sizes.iter().max().unwrap() - sizes.iter().min().unwrap();
        prop_assert!(spread(partition.shards().iter().map(|s| s.iter().map(Vec::len).sum()).collect()) <= 1);
        for (k, shard) in partition.shards().iter().enumerate() {
            prop_assert_eq!(shard.len(), slices);
            prop_assert!(spread(shard.iter().map(Vec::len).collect()) <= 1);
            for (i, slice) in shard.iter().enumerate() {
                prop_assert!(slice.iter().all(|&row| partition.place(row) == Some((k, i))));
            }
        }
        prop_assert_eq!(&partition, &Partition::uniform(rows, shards, slices, seed).unwrap());
    }

    /// Algorithm 1: expected deletions stay below C, or the row is alone; the next row would have reached C; the least
    /// probable come first.
    #[test]
    fn distribution_aware_parts(p in prop::collection::vec(0u8..=16, 1..40), most in 1u8..=24, slices in 1usize..5) {
        // Sixteenths add exactly.
        let p: Vec<f64> = p.into_iter().map(|p| f64::from(p) / 16.0).collect();
        let most = f64::from(most) / 8.0;
        let partition = Partition::distribution_aware(&p, most, slices).unwrap();
        let shards: Vec<Vec<usize>> = partition.shards().iter().map(|s| s.concat()).collect();
        let order = shards.concat();
        prop_assert!(order.windows(2).all(|w| (p[w[0]], w[0]) < (p[w[1]], w[1])));
        prop_assert_eq!(order.len(), p.len());
        let expected = |rows: &[usize]| rows.iter().map(|&i| p[i]).sum::<f64>();
        for (k, rows) in shards.iter().enumerate() {
            prop_assert!(expected(rows) < most || rows.len() == 1);
            if let Some(next) = shards.get(k + 1) {
                prop_assert!(expected(rows) + p[next[0]] >= most);
            }
            prop_assert_eq!(partition.shards()[k].len(), slices.min(rows.len()));
        }
    }

    /// The floor rule: sums to ⌊2e′R/(R+1)⌋ epochs and never strays a whole epoch from the even pace; the even rule visits
    /// as many rows as epochs without slices.
    #[test]
    fn schedules(unsliced in 1usize..40, slices in 1usize..12, size in 1usize..6, batch in 1usize..7, seed in any::<u64>()) {
        let pace = |s: usize| 2.0 * unsliced as f64 * s as f64 / (slices as f64 + 1.0);
        let floor = Epochs::Floor { unsliced }.per_stage(slices).unwrap();
        let mut done = 0;
        for (s, e) in floor.iter().enumerate() {
            done += e;
            prop_assert!((pace(s + 1) - done as f64).abs() < 1.0 && done as f64 <= pace(s + 1) + 1e-9);
        }
        let Ok(even) = (Epochs::Even { unsliced }).per_stage(slices) else {
            prop_assert!(2 * unsliced % (slices + 1) != 0);
            return Ok(());
        };
        let rows: Vec<Vec<usize>> = (0..slices).map(|i| (i * size..(i + 1) * size).collect()).collect();
        let plan = ShardPlan::new(rows, even, steps(batch, seed), 0).unwrap();
        prop_assert_eq!(plan.plan.visits(), unsliced * slices * size);
        for stage in 0..slices {
            let mut seen: Vec<usize> = plan.plan.steps[plan.steps(stage)].iter().flat_map(|s| s.rows.clone()).collect();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(seen, plan.seen(stage));
        }
    }

    /// The order of one shard does not depend on another's, and differs from it.
    #[test]
    fn shards_are_shuffled_apart(seed in any::<u64>()) {
        let slices = || vec![(0..20).collect::<Vec<_>>()];
        let of = |shard| ShardPlan::new(slices(), vec![1], steps(20, seed), shard).unwrap();
        prop_assert_ne!(of(0).plan, of(1).plan);
        prop_assert_eq!(of(1), of(1));
    }
}

#[test]
fn partitions_and_schedules_out_of_their_domains() {
    let text = |r: Result<Partition, unlearn::error::Error>| r.unwrap_err().to_string();
    assert!(text(Partition::new(3, vec![])).contains("at least one shard"));
    assert!(text(Partition::new(3, vec![vec![]])).contains("shard 0 has no slice"));
    assert!(text(Partition::new(3, vec![vec![vec![0], vec![]]])).contains("slice 1 of shard 0"));
    assert!(text(Partition::new(3, vec![vec![vec![0], vec![3]]])).contains("row 3"));
    assert!(
        text(Partition::new(3, vec![vec![vec![0]], vec![vec![1, 0]]]))
            .contains("row 0 is in slice 0 of shard 0")
    );
    assert!(Partition::new(3, vec![vec![vec![2]]]).is_ok_and(|p| p.rows() == 1 && p.place(0).is_none()));
    assert!(Partition::uniform(3, 0, 1, 0).is_err() && Partition::uniform(3, 1, 0, 0).is_err());
    assert!(Partition::uniform(0, 1, 1, 0).is_err());
    assert!(Partition::uniform(3, usize::MAX, usize::MAX, 0).is_err());
    assert!(text(Partition::distribution_aware(&[0.5, 1.5], 1.0, 1)).contains("row 1 has probability 1.5"));
    assert!(Partition::distribution_aware(&[f64::NAN], 1.0, 1).is_err());
    assert!(Partition::distribution_aware(&[0.5], 0.0, 1).is_err());
    assert!(Partition::distribution_aware(&[0.5], 1.0, 0).is_err());
    assert!(Partition::distribution_aware(&[], 1.0, 1).is_err());

    assert!(Epochs::Floor { unsliced: usize::MAX }.per_stage(2).is_err());
    assert!(Epochs::Even { unsliced: usize::MAX }.per_stage(2).is_err());
    assert!(Epochs::Floor { unsliced: 0 }.per_stage(2).is_err());
    assert!(Epochs::Each(vec![1]).per_stage(2).is_err());
    assert!(Epochs::Each(vec![usize::MAX, 1]).per_stage(2).is_err());
    assert!(Epochs::Each(vec![0, 0]).per_stage(2).is_err());
    assert!(Epochs::Each(vec![]).per_stage(0).is_err());
    let many = (MOST_VISITS / 4) as usize + 1;
    assert!(ShardPlan::new(vec![vec![0, 1, 2, 3]], vec![many], steps(4, 0), 0).is_err());
    assert!(ShardPlan::new(vec![vec![0]], vec![1], steps(0, 0), 0).is_err());
    assert!(ShardPlan::new(vec![vec![0]], vec![1, 1], steps(1, 0), 0).is_err());
}
