//! A stream of requests to a sharded ensemble.

use super::ensemble::{Drawn, ROWS, drawn, rows};
use nalgebra::DVector;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use unlearn::data::RowSet;
use unlearn::hybrid::stream::Move;
use unlearn::hybrid::{Policy, Stream, Tolerance};
use unlearn::sisa::blueprint::Blueprint;
use unlearn::sisa::checkpoint::{Memory, Store};
use unlearn::sisa::ensemble::{Ensemble, Status};
use unlearn::train::coupling::{Coupling, Normalisation};
use unlearn::train::rounding::RunEnclosure;
use unlearn::train::sgd;

fn bits(v: &DVector<f64>) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

/// What is said of every shard is true of the enclosed retrained run; no checkpoint saw a deleted row.
pub(crate) fn check(stream: &Stream<Memory>, tolerance: Option<Tolerance>) -> Result<(), TestCaseError> {
    let ensemble = stream.ensemble();
    let blueprint: &Blueprint = ensemble.blueprint();
    let scratch = Ensemble::train(blueprint.clone(), ensemble.deleted(), &mut Memory::default()).unwrap().0;
    for (k, status) in ensemble.status().iter().enumerate() {
        let theta = &ensemble.models()[k];
        match status {
            Status::Exact => prop_assert_eq!(bits(theta), bits(&scratch.models()[k])),
            Status::Within(bound) => {
                if let Some(tolerance) = tolerance {
                    prop_assert!(tolerance.holds(*bound));
                }
                let (problem, plan) = (blueprint.problem(), &blueprint.plan(k).plan);
                let (start, deleted) = (blueprint.start(k).theta.clone(), ensemble.deleted().unwrap());
                let run = sgd::retrain(problem, plan, start, deleted, Normalisation::Fixed).unwrap();
                let coupling = Coupling::new(problem, plan, deleted, Normalisation::Fixed).unwrap();
                let radius = RunEnclosure::of_retraining(&coupling, &run).last();
                // The difference of floats is rounded by a few units in the last place.
                let distance = (theta - run.last()).norm() * (1.0 - 1e-13) - radius;
                prop_assert!(
                    distance <= *bound,
                    "shard {k}: {distance:e} from retraining, {bound:e} promised"
                );
            }
            Status::Unknown => prop_assert!(tolerance.is_none_or(|t| t == Tolerance::ANY)),
        }
    }
    if let Some(deleted) = ensemble.deleted() {
        for key in stream.store().keys().unwrap() {
            let seen = stream.store().get(&key).unwrap().unwrap().provenance.ids;
            prop_assert!(seen.iter().all(|i| !deleted.contains(*i)), "a checkpoint saw a deleted row");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is asked, and whatever was answered before: within the tolerance, exact where retrained, at the predicted
    /// cost; healed, everything is what training from scratch gives.
    #[test]
    fn certified_answers_keep_their_promise(
        (drawn, tolerances) in (drawn(), vec(prop_oneof![Just(0.0), (-6.0..0.5f64).prop_map(|e| 10f64.powf(e))], 4))
    ) {
        let Drawn { blueprint, requests } = drawn;
        let (mut stream, work) = Stream::train(blueprint, Memory::default()).unwrap();
        prop_assert_eq!(work.visits, work.full);
        // A shard that was updated within an earlier tolerance and is not hit again keeps its bound.
        let mut largest = 0.0_f64;
        for (request, tolerance) in requests.iter().zip(&tolerances) {
            largest = largest.max(*tolerance);
            let policy = Policy::Certified(Tolerance::new(*tolerance).unwrap());
            let (plan, spent) = stream.answer(&rows(request), policy).unwrap();
            prop_assert_eq!(spent.visits, spent.predicted);
            for shard in &plan.shards {
                let status = stream.ensemble().status()[shard.shard];
                match shard.choice {
                    Move::Retrain => prop_assert_eq!(status, Status::Exact),
                    Move::Update => {
                        let Status::Within(b) = status else { panic!("{status:?}") };
                        prop_assert!(b <= *tolerance && *tolerance > 0.0);
                    }
                    Move::Amend | Move::Leave => prop_assert!(false, "not on these terms: {shard:?}"),
                }
            }
            check(&stream, Some(Tolerance::new(largest).unwrap()))?;
        }
        let spent = stream.heal().unwrap();
        prop_assert_eq!(spent.visits, spent.predicted);
        prop_assert!(stream.stale().is_empty());
        check(&stream, Some(Tolerance::EXACT))?;
    }

    /// Tolerance 0 is SISA bit for bit, an infinite one never visits a row; vectors carried beforehand change no answer.
    #[test]
    fn the_two_ends_of_the_tolerance(drawn in drawn()) {
        let Drawn { blueprint, requests } = drawn;
        let train = || Stream::train(blueprint.clone(), Memory::default()).unwrap().0;
        let (mut exact, mut any, mut ready, mut asked) = (train(), train(), train(), train());
        let mut store = Memory::default();
        let mut sisa = Ensemble::train(blueprint.clone(), None, &mut store).unwrap().0;
        let expected: u64 = ready.preparation().iter().sum();
        prop_assert_eq!(ready.prepare().unwrap(), expected);
        prop_assert!(expected > 0 && ready.preparation().iter().all(|v| *v == 0));
        for request in &requests {
            let request = rows(request);
            exact.answer(&request, Policy::Certified(Tolerance::EXACT)).unwrap();
            sisa.forget(&request, &mut store).unwrap();
            let (_, spent) = any.answer(&request, Policy::Certified(Tolerance::ANY)).unwrap();
            prop_assert_eq!(spent.visits, 0);
            let (plan, read) = ready.answer(&request, Policy::Certified(Tolerance::ANY)).unwrap();
            prop_assert_eq!((read.visits, read.coordinates), (0, plan.coordinates()));
            // Carried when they are first asked for, and joined to those that are there.
            asked.prepare_rows(&request).unwrap();
            prop_assert_eq!(asked.prepare_rows(&request).unwrap(), 0);
            let left: u64 = asked.preparation().iter().sum();
            prop_assert_eq!(asked.clone().prepare().unwrap(), left);
            let (read, _) = asked.answer(&request, Policy::Certified(Tolerance::ANY)).unwrap();
            prop_assert_eq!(read.carried(), 0);
            for (a, b) in plan.shards.iter().zip(&read.shards) {
                let (a, b) = (a.update.as_ref().unwrap(), b.update.as_ref().unwrap());
                prop_assert_eq!((a.vectors, a.coordinates), (b.vectors, b.coordinates));
                prop_assert!(a.bound == b.bound || (a.bound.unwrap() / b.bound.unwrap() - 1.0).abs() < 1e-9);
            }
        }
        prop_assert_eq!(exact.ensemble().models(), sisa.models());
        prop_assert_eq!(exact.store().keys().unwrap(), store.keys().unwrap());
        for ((a, b), c) in any.ensemble().models().iter().zip(ready.ensemble().models()).zip(asked.ensemble().models()) {
            // Columns of products in panels of another width.
            prop_assert!((a - b).norm() <= 1e-12 * (1.0 + a.norm()) && (c - b).norm() <= 1e-12 * (1.0 + b.norm()));
        }
        check(&any, None)?;
        check(&ready, None)?;
        check(&asked, None)?;
    }

    /// H1: along nested requests the share grows, so that a threshold changes its mind at most once, from retraining to
    /// updating.
    #[test]
    fn thresholds_are_monotone(drawn in drawn(), order in Just((0..ROWS).collect::<Vec<_>>()).prop_shuffle(), most in 0.0..1.0f64) {
        let (mut stream, _) = Stream::train(drawn.blueprint, Memory::default()).unwrap();
        stream.answer(&rows(&drawn.requests[0]), Policy::Certified(Tolerance::ANY)).unwrap();
        let (mut last, mut updated) = (0.0, false);
        for n in [1, 2, 4, 8, 12] {
            let Ok(request) = RowSet::new(ROWS, order[..n].to_vec()) else { continue };
            let plan = stream.plan(&request, Policy::Threshold { share: most }).unwrap();
            if plan.rows.is_empty() { continue }
            prop_assert!(plan.share >= last && plan.share <= 1.0, "{} after {last}", plan.share);
            let updates = plan.shards.iter().any(|s| s.choice == Move::Update);
            prop_assert!(updates || !updated, "from updating back to retraining");
            prop_assert_eq!(updates, plan.share > most);
            (last, updated) = (plan.share, updates);
        }
    }
}

/// Calibrated costs: the cheaper side is taken, and the boundary is where the two are equal.
#[test]
fn calibrated_costs_decide() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let drawn = proptest::strategy::Strategy::new_tree(&drawn(), &mut runner).unwrap().current();
    let (mut stream, _) = Stream::train(drawn.blueprint, Memory::default()).unwrap();
    let request = rows(&drawn.requests[0]);
    let plan = stream.plan(&request, Policy::Calibrated { visit: 1.0, coordinate: 1.0 }).unwrap();
    let (visits, read) = (
        plan.workload.visits as f64,
        plan.shards.iter().map(|s| s.update.as_ref().unwrap().coordinates).sum::<u64>() as f64,
    );
    for (ratio, choice) in [(0.99, Move::Retrain), (1.01, Move::Update)] {
        let policy = Policy::Calibrated { visit: ratio * read / visits, coordinate: 1.0 };
        let plan = stream.plan(&request, policy).unwrap();
        assert!(plan.shards.iter().all(|s| s.choice == choice), "{plan:?}");
    }
    // A plan is one for its state only.
    let plan = stream.plan(&request, Policy::Certified(Tolerance::EXACT)).unwrap();
    stream.answer(&request, Policy::Certified(Tolerance::EXACT)).unwrap();
    assert!(stream.carry_out(&plan).is_err());
    let again = stream.answer(&request, Policy::Certified(Tolerance::EXACT)).unwrap();
    assert!(again.0.rows.is_empty() && again.1.visits == 0);
}
