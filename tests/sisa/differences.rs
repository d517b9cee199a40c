//! S7: what is *not* retraining is seen to differ: resuming too late, Adam without its state, batches packed anew, a
//! checkpoint from before a direct update. Comparisons at zero would be worth nothing otherwise.

use super::setup::{bits, cases, scratch};
use nalgebra::DVector;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::model::{Activation, Model};
use unlearn::objective::Problem;
use unlearn::sisa::blueprint::{Blueprint, Settings};
use unlearn::sisa::checkpoint::{Memory, Store};
use unlearn::sisa::ensemble::{Ensemble, Update};
use unlearn::sisa::schedule::Epochs;
use unlearn::train::optimiser::{Optimiser, State, advance};
use unlearn::train::plan::{Plan, Schedule, Step};

/// The table's threshold for "differs": far above rounding, far below what any of these faults does.
const DIFFERS: f64 = 1e-6;

/// A shard of 24 rows in general position, four slices; logistic regression or a network.
fn one_shard(network: bool, optimiser: Optimiser, batch: usize, seed: u64) -> Blueprint {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> = (0..72).map(|_| rng.random_range(-1.0..1.0)).collect();
    let labels = values.chunks(3).map(|x| f64::from(x[0] + 0.5 * x[1] > 0.0)).collect();
    let data = Dataset::new("drawn", Design::dense(24, 3, values).unwrap(), labels).unwrap();
    let model = if network {
        Model::new(vec![3, 3, 1], Activation::Tanh, Loss::Logistic, true).unwrap()
    } else {
        Model::linear(3, 1, Loss::Logistic, true).unwrap()
    };
    let problem = Problem::new(data.into(), model, 0.01).unwrap();
    let settings = Settings {
        epochs: Epochs::Each(vec![2, 1, 2, 1]),
        batch,
        rate: Schedule::Constant { rate: 0.25 },
        optimiser,
        weight_decay: None,
        seed,
    };
    Blueprint::uniform(problem, 1, 4, settings).unwrap()
}

fn optimisers() -> impl Strategy<Value = Optimiser> {
    prop_oneof![
        Just(Optimiser::Sgd { momentum: 0.0 }),
        Just(Optimiser::Sgd { momentum: 0.5 }),
        Just(Optimiser::ADAM)
    ]
}

/// The state that training without some rows has after a stage.
fn state(blueprint: &Blueprint, stage: usize, without: Option<&RowSet>) -> State {
    let mut store = Memory::default();
    Ensemble::train(blueprint.clone(), without, &mut store).unwrap();
    store.get(&blueprint.provenance(0, stage, without).key()).unwrap().unwrap().state
}

/// The end of the run from a state after a stage on.
fn finish(blueprint: &Blueprint, stage: usize, state: State, without: &RowSet) -> DVector<f64> {
    let plan = blueprint.plan(0);
    let steps = plan.stages[stage]..plan.plan.len();
    let optimiser = blueprint.settings().optimiser;
    advance(blueprint.problem(), &plan.plan, optimiser, Some(without), state, steps).unwrap().0.theta
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn one_slice_too_late_differs(
        network in any::<bool>(), optimiser in optimisers(), batch in 1usize..=6, seed in any::<u64>(),
        slice in 0usize..3, row in 0usize..6,
    ) {
        let blueprint = one_shard(network, optimiser, batch, seed);
        let forget = RowSet::new(24, vec![blueprint.plan(0).slices[slice][row]]).unwrap();
        let exact = scratch(&blueprint, Some(&forget)).unwrap();
        if slice > 0 {
            let right = finish(&blueprint, slice - 1, state(&blueprint, slice - 1, None), &forget);
            prop_assert_eq!(bits(&right), bits(&exact.models()[0]));
        }
        let late = finish(&blueprint, slice, state(&blueprint, slice, None), &forget);
        let error = (&late - &exact.models()[0]).norm();
        prop_assert!(error > DIFFERS, "{error:e}");
    }

    #[test]
    fn an_optimiser_without_its_state_differs(
        network in any::<bool>(), adam in any::<bool>(), batch in 1usize..=6, seed in any::<u64>(), stage in 0usize..3,
    ) {
        let optimiser = if adam { Optimiser::ADAM } else { Optimiser::Sgd { momentum: 0.5 } };
        let blueprint = one_shard(network, optimiser, batch, seed);
        let forget = RowSet::new(24, vec![blueprint.plan(0).slices[stage + 1][0]]).unwrap();
        let exact = scratch(&blueprint, Some(&forget)).unwrap();
        let kept = state(&blueprint, stage, None);
        let right = finish(&blueprint, stage, kept.clone(), &forget);
        prop_assert_eq!(bits(&right), bits(&exact.models()[0]));
        // The parameters are the right ones; what the optimiser knew is lost.
        let lost = State { step: kept.step, ..State::start(kept.theta.clone(), optimiser) };
        let error = (finish(&blueprint, stage, lost, &forget) - &exact.models()[0]).norm();
        prop_assert!(error > DIFFERS, "{error:e}");
    }

    /// The step counter is part of Adam's state.
    #[test]
    fn adam_with_its_moments_but_a_new_count_differs(network in any::<bool>(), seed in any::<u64>()) {
        let blueprint = one_shard(network, Optimiser::ADAM, 4, seed);
        let kept = state(&blueprint, 0, None);
        let plan = &blueprint.plan(0).plan;
        let rest = Plan::new(plan.steps[kept.step as usize..].to_vec(), 0.0, plan.weight_decay).unwrap();
        let anew = State { step: 0, ..kept };
        let steps = 0..rest.len();
        let (wrong, _) = advance(blueprint.problem(), &rest, Optimiser::ADAM, None, anew, steps).unwrap();
        let exact = scratch(&blueprint, None).unwrap();
        prop_assert!((wrong.theta - &exact.models()[0]).norm() > DIFFERS);
    }

    #[test]
    fn batches_packed_anew_differ(
        network in any::<bool>(), optimiser in optimisers(), batch in 2usize..=6, seed in any::<u64>(),
        gone in 0usize..6,
    ) {
        let blueprint = one_shard(network, optimiser, batch, seed);
        let forget = RowSet::new(24, vec![blueprint.plan(0).slices[0][gone]]).unwrap();
        let exact = scratch(&blueprint, Some(&forget)).unwrap();
        // The rows kept in the same order, cut into batches again.
        let plan = &blueprint.plan(0).plan;
        let kept: Vec<usize> =
            plan.steps.iter().flat_map(|s| s.rows.clone()).filter(|&i| !forget.contains(i)).collect();
        let steps = kept.chunks(batch).map(|rows| Step { rows: rows.to_vec(), eta: 0.25 }).collect();
        let packed = Plan::new(steps, plan.momentum, plan.weight_decay).unwrap();
        let start = blueprint.start(0).clone();
        let (wrong, _) =
            advance(blueprint.problem(), &packed, optimiser, None, start, 0..packed.len()).unwrap();
        let error = (wrong.theta - &exact.models()[0]).norm();
        prop_assert!(error > DIFFERS, "{error:e}");
    }

    /// A deletion answered by an update, then a request in a later slice: going on from the slice of the newest request
    /// keeps the first deletion's traces; the ensemble goes back to the first.
    #[test]
    fn a_stale_checkpoint_differs(
        network in any::<bool>(), optimiser in optimisers(), batch in 1usize..=6, seed in any::<u64>(),
    ) {
        let blueprint = one_shard(network, optimiser, batch, seed);
        let slices = &blueprint.plan(0).slices;
        let (early, late) = (slices[1][0], slices[3][0]);
        let both = RowSet::new(24, vec![early, late]).unwrap();
        let exact = scratch(&blueprint, Some(&both)).unwrap();
        let stale = finish(&blueprint, 2, state(&blueprint, 2, None), &both);
        let error = (&stale - &exact.models()[0]).norm();
        prop_assert!(error > DIFFERS, "{error:e}");

        let mut store = Memory::default();
        let (mut ensemble, _) = Ensemble::train(blueprint.clone(), None, &mut store).unwrap();
        let update = Update { shard: 0, theta: ensemble.models()[0].clone(), bound: None };
        let first = RowSet::new(24, vec![early]).unwrap();
        ensemble.record_update(&first, vec![update], &mut store).unwrap();
        let done = ensemble.forget(&RowSet::new(24, vec![late]).unwrap(), &mut store).unwrap();
        prop_assert_eq!(done.shards[0].stage, 1);
        prop_assert_eq!(bits(&ensemble.models()[0]), bits(&exact.models()[0]));
    }
}
