//! Drawn ensembles: any loss, model, mask, reduction, optimiser, partition and schedule.

use nalgebra::DVector;
use proptest::prelude::*;
use proptest::test_runner::Config;
use unlearn::claim::{Depth, Domain};
use unlearn::data::RowSet;
use unlearn::error::Result;
use unlearn::loss::Loss;
use unlearn::sisa::blueprint::{Blueprint, Settings};
use unlearn::sisa::checkpoint::Memory;
use unlearn::sisa::ensemble::Ensemble;
use unlearn::sisa::partition::Partition;
use unlearn::sisa::schedule::Epochs;
use unlearn::train::optimiser::Optimiser;
use unlearn::train::plan::Schedule;
use unlearn::verify::strategy;

pub(crate) const ANY: Domain =
    Domain { losses: &Loss::ALL, depth: Depth::Any, masks: true, momentum: true, run: true, wide: false };

/// So many cases, unless PROPTEST_CASES asks for others.
pub(crate) fn cases(count: u32) -> Config {
    let default = Config::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    Config { cases: if asked { default.cases } else { count }, failure_persistence: None, ..default }
}

pub(crate) fn optimisers() -> impl Strategy<Value = Optimiser> {
    prop_oneof![
        prop::sample::select(vec![0.0, 0.5, 0.875]).prop_map(|momentum| Optimiser::Sgd { momentum }),
        Just(Optimiser::ADAM),
        Just(Optimiser::Adam { beta1: 0.5, beta2: 0.75, epsilon: 1e-3 }),
    ]
}

/// Ensembles in which every hyper-parameter is drawn.
pub(crate) fn blueprints() -> impl Strategy<Value = Blueprint> {
    let epochs = prop_oneof![
        (1usize..=4).prop_map(|unsliced| (Some(unsliced), vec![])),
        prop::collection::vec(0usize..=2, 4).prop_map(|stages| (None, stages)),
    ];
    let probabilities = prop::option::of(prop::collection::vec(0u8..=8, 12));
    let run = (optimisers(), 0usize..3, 1usize..=4, any::<u64>());
    (strategy::cases(ANY), (1usize..=3, 1usize..=4), epochs, probabilities, run).prop_map(
        |(case, (shards, slices), (floor, stages), probabilities, (optimiser, rate, batch, seed))| {
            let rows = case.problem.rows();
            let shards = shards.min(rows);
            let slices = slices.min(rows / shards);
            // A written schedule has one length; shards by probability differ in theirs.
            let epochs = match floor {
                Some(unsliced) => Epochs::Floor { unsliced },
                None => {
                    let mut stages = stages[..slices].to_vec();
                    stages[0] = stages[0].max(1);
                    Epochs::Each(stages)
                }
            };
            let partition = match (&probabilities, floor) {
                (Some(p), Some(_)) => {
                    let p: Vec<f64> = p[..rows].iter().map(|&p| f64::from(p) / 8.0).collect();
                    Partition::distribution_aware(&p, 1.0, slices).unwrap()
                }
                _ => Partition::uniform(rows, shards, slices, seed).unwrap(),
            };
            // The drawn plan knows a step size that suits the problem; Adam's does not depend on its scale.
            let eta = match optimiser {
                Optimiser::Sgd { .. } => case.plan.steps[0].eta,
                Optimiser::Adam { .. } => 0.0625,
            };
            let rate = match rate {
                0 => Schedule::Constant { rate: eta },
                1 => Schedule::InverseTime { rate: eta, decay: 0.25 },
                _ => Schedule::Cosine { rate: eta, last: eta / 8.0 },
            };
            let settings = Settings { epochs, batch, rate, optimiser, weight_decay: None, seed };
            Blueprint::new(case.problem.clone(), partition, settings).unwrap()
        },
    )
}

/// Disjoint requests that leave at least one row: row `i` belongs to request `labels[i]`, if that is below `count`.
pub(crate) fn requests(rows: usize, labels: &[usize], count: usize) -> Vec<RowSet> {
    let mut labels = labels[..rows].to_vec();
    if labels.iter().all(|&l| l < count) {
        labels[0] = count;
    }
    let of = |r: usize| (0..rows).filter(|&i| labels[i] == r).collect();
    (0..count).filter_map(|r| RowSet::new(rows, of(r)).ok()).collect()
}

pub(crate) fn union(sets: &[RowSet]) -> Option<RowSet> {
    let total = sets.first()?.total();
    let mut rows: Vec<usize> = sets.iter().flat_map(|s| s.rows().to_vec()).collect();
    rows.sort_unstable();
    rows.dedup();
    RowSet::new(total, rows).ok()
}

pub(crate) fn bits(v: &DVector<f64>) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

pub(crate) fn all_bits(models: &[DVector<f64>]) -> Vec<Vec<u64>> {
    models.iter().map(bits).collect()
}

/// Training without the rows from nothing.
pub(crate) fn scratch(blueprint: &Blueprint, deleted: Option<&RowSet>) -> Result<Ensemble> {
    Ok(Ensemble::train(blueprint.clone(), deleted, &mut Memory::default())?.0)
}
