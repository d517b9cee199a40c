//! Resuming at the slice equals retraining from scratch, bit for bit; what it visits is what the formula says.

use super::setup::*;
use proptest::prelude::*;
use unlearn::data::RowSet;
use unlearn::sisa::blueprint::Blueprint;
use unlearn::sisa::checkpoint::Memory;
use unlearn::sisa::ensemble::{Ensemble, Status};
use unlearn::sisa::workload::workload;
use unlearn::train::coupling::Normalisation;
use unlearn::train::optimiser::{Optimiser, advance};
use unlearn::train::sgd;

/// The formula, counted naively: every visit by itself.
fn naive(blueprint: &Blueprint, deleted: &[RowSet], request: &RowSet) -> (u64, u64) {
    let gone = |i: &usize| request.contains(*i) || deleted.iter().any(|d| d.contains(*i));
    let new = |i: &usize| request.contains(*i) && !deleted.iter().any(|d| d.contains(*i));
    let (mut again, mut full) = (0, 0);
    for k in 0..blueprint.shards() {
        let plan = blueprint.plan(k);
        let hit = plan.slices.iter().position(|slice| slice.iter().any(new));
        for stage in 0..plan.stages.len() {
            let steps = &plan.plan.steps[plan.steps(stage)];
            let visits = steps.iter().flat_map(|s| &s.rows).filter(|i| !gone(i)).count() as u64;
            full += visits;
            again += if hit.is_some_and(|r| stage >= r) { visits } else { 0 };
        }
    }
    (again, full)
}

proptest! {
    #![proptest_config(cases(64))]

    /// S6, S8, S9, S10: one by one, in reverse, all at once; each equals scratch, the other shards keep their bits and the
    /// visits are those predicted.
    #[test]
    fn forgetting_is_retraining(
        blueprint in blueprints(),
        labels in prop::collection::vec(0usize..6, 12),
    ) {
        let rows = blueprint.problem().rows();
        let requests = requests(rows, &labels, 3);
        prop_assume!(!requests.is_empty());
        let mut store = Memory::default();
        let Ok((trained, work)) = Ensemble::train(blueprint.clone(), None, &mut store) else {
            return Err(TestCaseError::reject("training overflows"));
        };
        prop_assert_eq!(work.visits, work.full);
        let all = union(&requests).unwrap();
        let from_nothing = scratch(&blueprint, Some(&all)).unwrap();

        let mut orders = vec![requests.clone(), requests.iter().rev().cloned().collect()];
        orders.push(vec![all.clone()]);
        for order in orders {
            let (mut ensemble, mut store) = (trained.clone(), store.clone());
            let mut before: Vec<RowSet> = Vec::new();
            for request in &order {
                let old = all_bits(ensemble.models());
                let hit = ensemble.hit(request).unwrap();
                let predicted = ensemble.workload(request).unwrap();
                let (partition, epochs) = (blueprint.partition(), &blueprint.settings().epochs);
                let deleted = union(&before);
                prop_assert_eq!(&predicted, &workload(partition, epochs, deleted.as_ref(), request).unwrap());
                let done = ensemble.forget(request, &mut store).unwrap();
                prop_assert_eq!(&done, &predicted);
                prop_assert_eq!((done.visits, done.full), naive(&blueprint, &before, request));
                let new = all_bits(ensemble.models());
                for k in (0..new.len()).filter(|k| !hit.contains(k)) {
                    prop_assert_eq!(&old[k], &new[k]);
                }
                before.push(request.clone());
            }
            prop_assert_eq!(all_bits(ensemble.models()), all_bits(from_nothing.models()));
            prop_assert!(ensemble.status().iter().all(|s| *s == Status::Exact));
            prop_assert_eq!(ensemble.deleted(), Some(&all));
            // Nothing is left to forget.
            prop_assert_eq!(ensemble.forget(&all, &mut store).unwrap().visits, 0);
        }
    }

    /// A shard is one recorded run: its end is that of the whole plan in one go, and for SGD that of coupled retraining.
    #[test]
    fn a_shard_is_one_run(blueprint in blueprints(), labels in prop::collection::vec(0usize..4, 12)) {
        let requests = requests(blueprint.problem().rows(), &labels, 1);
        let deleted = requests.first();
        let Ok(ensemble) = scratch(&blueprint, deleted) else {
            return Err(TestCaseError::reject("training overflows"));
        };
        let (problem, optimiser) = (blueprint.problem(), blueprint.settings().optimiser);
        for k in 0..blueprint.shards() {
            let (plan, start) = (&blueprint.plan(k).plan, blueprint.start(k).clone());
            let (end, _) = advance(problem, plan, optimiser, deleted, start.clone(), 0..plan.len()).unwrap();
            prop_assert_eq!(bits(&end.theta), bits(&ensemble.models()[k]));
            if let (Optimiser::Sgd { .. }, Some(deleted)) = (optimiser, deleted) {
                let run = sgd::retrain(problem, plan, start.theta, deleted, Normalisation::Fixed).unwrap();
                prop_assert_eq!(bits(run.last()), bits(&ensemble.models()[k]));
            }
        }
    }

    /// Killed after any checkpoint, the run goes on to the same bits, and does again no more than was lost.
    #[test]
    fn an_interrupted_run_goes_on(blueprint in blueprints(), lost in any::<prop::sample::Index>()) {
        use unlearn::sisa::checkpoint::Store;
        let mut store = Memory::default();
        let Ok((whole, work)) = Ensemble::train(blueprint.clone(), None, &mut store) else {
            return Err(TestCaseError::reject("training overflows"));
        };
        let mut places: Vec<(usize, usize)> = (0..blueprint.shards())
            .flat_map(|k| (0..blueprint.plan(k).stages.len()).map(move |i| (k, i)))
            .collect();
        let left = lost.index(places.len() + 1);
        for (shard, stage) in places.split_off(left) {
            prop_assert!(store.remove(&blueprint.provenance(shard, stage, None).key()).unwrap());
        }
        let (again, rest) = Ensemble::train(blueprint.clone(), None, &mut store).unwrap();
        prop_assert_eq!(all_bits(again.models()), all_bits(whole.models()));
        prop_assert!(rest.visits <= work.visits);
        prop_assert_eq!(rest.visits == 0, left == places.len() && rest.visits == 0);
        // Everything is there now.
        prop_assert_eq!(Ensemble::train(blueprint, None, &mut store).unwrap().1.visits, 0);
    }
}

/// Requests that cannot be: rows of other data, held-out rows, everything.
#[test]
fn impossible_requests_are_refused_and_change_nothing() {
    use unlearn::data::{Dataset, Design};
    use unlearn::sisa::blueprint::Settings;
    use unlearn::sisa::partition::Partition;
    use unlearn::sisa::schedule::Epochs;
    use unlearn::train::plan::Schedule;
    use unlearn::{loss::Loss, model::Model, objective::Problem};
    let x = Design::dense(5, 1, vec![1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
    let data = Dataset::new("five", x, vec![1.0; 5]).unwrap();
    let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    let problem = Problem::new(data.into(), model, 0.0).unwrap();
    let partition = Partition::new(5, vec![vec![vec![0], vec![1]], vec![vec![2], vec![3]]]).unwrap();
    let settings = Settings {
        epochs: Epochs::Each(vec![1, 1]),
        batch: 1,
        rate: Schedule::Constant { rate: 0.01 },
        optimiser: Optimiser::ADAM,
        weight_decay: Some(0.0),
        seed: 0,
    };
    let blueprint = Blueprint::new(problem, partition, settings).unwrap();
    let mut store = Memory::default();
    let (mut ensemble, _) = Ensemble::train(blueprint.clone(), None, &mut store).unwrap();
    let before = all_bits(ensemble.models());
    let set = |total: usize, rows: &[usize]| RowSet::new(total, rows.to_vec()).unwrap();
    for (request, why) in [
        (set(6, &[1]), "expected 5, found 6"),
        (set(5, &[1, 4]), "row 4 is in no shard"),
        (set(5, &[0, 1, 2, 3]), "nothing is left"),
    ] {
        for text in [
            ensemble.forget(&request, &mut store).unwrap_err().to_string(),
            Ensemble::train(blueprint.clone(), Some(&request), &mut store).unwrap_err().to_string(),
        ] {
            assert!(text.contains(why), "{text}");
        }
    }
    use unlearn::sisa::ensemble::Update;
    let moved =
        |shard: usize| Update { shard, theta: ensemble.models()[shard].map(|v| v + 1.0), bound: None };
    let (everything, updates) = (set(5, &[0, 1, 2, 3]), vec![moved(0), moved(1)]);
    assert!(ensemble.record_update(&everything, updates, &mut store).is_err());
    assert_eq!((all_bits(ensemble.models()), ensemble.deleted()), (before, None));
    // A whole shard may go; the other one goes on alone.
    let work = ensemble.forget(&set(5, &[0, 1]), &mut store).unwrap();
    assert_eq!(work.visits, 0);
}
