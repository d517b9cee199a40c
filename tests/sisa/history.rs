//! H3: over any history of requests, retrained or answered otherwise, no checkpoint that saw a deleted row is left, and a
//! shard that is exact, at once or after healing, equals training from scratch bit for bit.

use super::setup::*;
use nalgebra::DVector;
use proptest::prelude::*;
use unlearn::data::RowSet;
use unlearn::error::{Error, Result};
use unlearn::sisa::checkpoint::{Checkpoint, Key, Memory, Store};
use unlearn::sisa::ensemble::{Ensemble, Status, Update};

/// What is done next.
#[derive(Debug, Clone)]
enum Event {
    /// Some rows (those not deleted yet among the flagged), retrained.
    Forget(Vec<bool>),
    /// The same, answered by moving the parameters.
    Update(Vec<bool>, Option<u8>),
    Heal,
    HealShard(usize),
    /// The process ends and another one takes over.
    Restart,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let rows = || prop::collection::vec(prop::bool::weighted(0.25), 12);
    let event = prop_oneof![
        3 => rows().prop_map(Event::Forget),
        3 => (rows(), prop::option::of(0u8..4)).prop_map(|(r, b)| Event::Update(r, b)),
        1 => Just(Event::Heal),
        1 => (0usize..3).prop_map(Event::HealShard),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 1..8)
}

/// The flagged rows, unless they would leave none; deleted ones may be among them.
fn request(ensemble: &Ensemble, flags: &[bool]) -> Option<RowSet> {
    let rows = ensemble.blueprint().problem().rows();
    let wanted = RowSet::new(rows, (0..rows).filter(|&i| flags[i]).collect()).ok()?;
    let gone = |i: usize| wanted.contains(i) || ensemble.deleted().is_some_and(|d| d.contains(i));
    (0..rows).any(|i| !gone(i)).then_some(wanted)
}

/// Updates as some other method might make them; only that they are not retraining matters.
fn updates(ensemble: &Ensemble, request: &RowSet, bound: Option<u8>) -> Vec<Update> {
    let moved = |k: usize| -> DVector<f64> { ensemble.models()[k].map(|v| v + 0.5) };
    let hit = ensemble.hit(request).unwrap();
    hit.into_iter().map(|k| Update { shard: k, theta: moved(k), bound: bound.map(f64::from) }).collect()
}

/// No stored state saw a deleted row, and every key is the key of what is stored under it.
fn check_store(ensemble: &Ensemble, store: &Memory) -> std::result::Result<(), TestCaseError> {
    for key in store.keys().unwrap() {
        let found = store.get(&key).unwrap().unwrap().provenance;
        prop_assert_eq!(found.key(), key);
        let seen = found.ids.iter().find(|i| ensemble.deleted().is_some_and(|d| d.contains(**i)));
        prop_assert_eq!(seen, None, "stage {} of shard {}", found.stage, found.shard);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn deleted_rows_never_return(blueprint in blueprints(), events in events()) {
        let mut store = Memory::default();
        let Ok((mut ensemble, _)) = Ensemble::train(blueprint.clone(), None, &mut store) else {
            return Err(TestCaseError::reject("training overflows"));
        };
        for event in events {
            match event {
                Event::Forget(flags) => {
                    let Some(request) = request(&ensemble, &flags) else { continue };
                    let predicted = ensemble.workload(&request).unwrap();
                    let Ok(done) = ensemble.forget(&request, &mut store) else {
                        return Err(TestCaseError::reject("retraining overflows"));
                    };
                    prop_assert_eq!(done, predicted);
                }
                Event::Update(flags, bound) => {
                    let Some(request) = request(&ensemble, &flags) else { continue };
                    let updates = updates(&ensemble, &request, bound);
                    let hit: Vec<usize> = updates.iter().map(|u| u.shard).collect();
                    ensemble.record_update(&request, updates, &mut store).unwrap();
                    let status = bound.map_or(Status::Unknown, |b| Status::Within(f64::from(b)));
                    prop_assert!(hit.iter().all(|&k| ensemble.status()[k] == status));
                }
                Event::Heal | Event::HealShard(_) => {
                    let predicted = ensemble.healing().unwrap();
                    let done = match event {
                        Event::HealShard(k) => ensemble.heal_shards(&[k % blueprint.shards()], &mut store),
                        _ => ensemble.heal(&mut store),
                    };
                    let Ok(done) = done else {
                        return Err(TestCaseError::reject("retraining overflows"));
                    };
                    prop_assert!(done.shards.iter().all(|redo| predicted.shards.contains(redo)));
                    prop_assert!(matches!(event, Event::HealShard(_)) || done == predicted);
                }
                Event::Restart => {
                    let stale = (0..blueprint.shards()).filter(|&k| ensemble.status()[k] != Status::Exact);
                    let updates = stale
                        .map(|k| Update {
                            shard: k,
                            theta: ensemble.models()[k].clone(),
                            bound: match ensemble.status()[k] {
                                Status::Within(b) => Some(b),
                                _ => None,
                            },
                        })
                        .collect();
                    let deleted = ensemble.deleted().cloned();
                    let (next, work) =
                        Ensemble::restore(blueprint.clone(), deleted.as_ref(), updates, &mut store).unwrap();
                    prop_assert_eq!(work.visits, 0);
                    prop_assert_eq!(all_bits(next.models()), all_bits(ensemble.models()));
                    prop_assert_eq!(next.status(), ensemble.status());
                    ensemble = next;
                }
            }
            check_store(&ensemble, &store)?;
            let Ok(exact) = scratch(&blueprint, ensemble.deleted()) else {
                return Err(TestCaseError::reject("retraining overflows"));
            };
            for k in (0..blueprint.shards()).filter(|&k| ensemble.status()[k] == Status::Exact) {
                prop_assert_eq!(bits(&ensemble.models()[k]), bits(&exact.models()[k]));
            }
        }
        let exact = scratch(&blueprint, ensemble.deleted()).unwrap();
        let predicted = ensemble.healing().unwrap();
        prop_assert_eq!(ensemble.heal(&mut store).unwrap(), predicted);
        prop_assert_eq!(all_bits(ensemble.models()), all_bits(exact.models()));
        prop_assert!(ensemble.status().iter().all(|s| *s == Status::Exact));
        check_store(&ensemble, &store)?;
        prop_assert_eq!(ensemble.healing().unwrap().visits, 0);
    }

    /// When the store fails at any moment the rows stay deleted, nothing claims to be exact that is not, and healing
    /// with a store that works again makes up for it.
    #[test]
    fn failures_are_made_up_for(
        blueprint in blueprints(),
        flags in prop::collection::vec(prop::bool::weighted(0.4), 12),
        update in any::<bool>(),
        after in 0usize..12,
    ) {
        let mut good = Memory::default();
        let Ok((mut ensemble, _)) = Ensemble::train(blueprint.clone(), None, &mut good) else {
            return Err(TestCaseError::reject("training overflows"));
        };
        let Some(request) = request(&ensemble, &flags) else { return Ok(()) };
        let Ok(exact) = scratch(&blueprint, Some(&request)) else {
            return Err(TestCaseError::reject("retraining overflows"));
        };
        let mut failing = Failing { inner: good, left: after };
        let result = if update {
            let updates = updates(&ensemble, &request, Some(1));
            ensemble.record_update(&request, updates, &mut failing).map(|_| ())
        } else {
            ensemble.forget(&request, &mut failing).map(|_| ())
        };
        if result.is_err() {
            prop_assert_eq!(ensemble.deleted(), Some(&request));
        }
        for k in (0..blueprint.shards()).filter(|&k| ensemble.status()[k] == Status::Exact) {
            prop_assert_eq!(bits(&ensemble.models()[k]), bits(&exact.models()[k]));
        }
        let mut good = failing.inner;
        ensemble.heal(&mut good).unwrap();
        check_store(&ensemble, &good)?;
        prop_assert_eq!(all_bits(ensemble.models()), all_bits(exact.models()));
    }
}

/// Works so many times, then fails.
struct Failing {
    inner: Memory,
    left: usize,
}

impl Failing {
    fn once(&mut self) -> Result<()> {
        let failed = || Error::File { file: "store".into(), message: "the disk is full".into() };
        self.left = self.left.checked_sub(1).ok_or_else(failed)?;
        Ok(())
    }
}

impl Store for Failing {
    fn get(&self, key: &Key) -> Result<Option<Checkpoint>> {
        self.inner.get(key)
    }
    fn put(&mut self, checkpoint: &Checkpoint) -> Result<Key> {
        self.once()?;
        self.inner.put(checkpoint)
    }
    fn remove(&mut self, key: &Key) -> Result<bool> {
        self.once()?;
        self.inner.remove(key)
    }
    fn keys(&self) -> Result<Vec<Key>> {
        self.inner.keys()
    }
}

/// A store that another ensemble uses too keeps what is the other's.
#[test]
fn other_ensembles_keep_their_checkpoints() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = 0;
    while seen < 3 {
        let blueprint = blueprints().new_tree(&mut runner).unwrap().current();
        let mut settings = blueprint.settings().clone();
        // The drawn ridges are below 4.
        settings.weight_decay = Some(4.0);
        let partition = blueprint.partition().clone();
        let other =
            unlearn::sisa::blueprint::Blueprint::new(blueprint.problem().clone(), partition, settings)
                .unwrap();
        let mut store = Memory::default();
        let Ok((mut ensemble, _)) = Ensemble::train(blueprint, None, &mut store) else { continue };
        let Ok((_, work)) = Ensemble::train(other.clone(), None, &mut store) else { continue };
        assert!(work.visits > 0);
        let request = RowSet::new(other.problem().rows(), vec![1]).unwrap();
        let _ = ensemble.forget(&request, &mut store);
        assert_eq!(Ensemble::train(other, None, &mut store).unwrap().1.visits, 0);
        seen += 1;
    }
}

/// Updates that do not fit are refused before anything changes.
#[test]
fn wrong_updates_are_refused() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut ensemble, mut store) = loop {
        let blueprint = blueprints().new_tree(&mut runner).unwrap().current();
        let mut store = Memory::default();
        if blueprint.shards() < 2 {
            continue;
        }
        if let Ok((ensemble, _)) = Ensemble::train(blueprint, None, &mut store) {
            break (ensemble, store);
        }
    };
    let (row, rows) =
        (ensemble.blueprint().partition().shards()[0][0][0], ensemble.blueprint().problem().rows());
    let request = RowSet::new(rows, vec![row]).unwrap();
    let theta = ensemble.models()[0].clone();
    let update = |shard, theta: &DVector<f64>, bound| Update { shard, theta: theta.clone(), bound };
    let long = DVector::zeros(theta.len() + 1);
    let broken = theta.map(|_| f64::NAN);
    let before = store.clone();
    for (updates, why) in [
        (vec![], "one for each"),
        (vec![update(1, &theta, None)], "one for each"),
        (vec![update(0, &theta, None), update(0, &theta, None)], "two updates"),
        (vec![update(99, &theta, None)], "shard 99"),
        (vec![update(0, &long, None)], "expected"),
        (vec![update(0, &broken, None)], "not finite"),
        (vec![update(0, &theta, Some(-1.0))], "0 or larger"),
        (vec![update(0, &theta, Some(f64::NAN))], "0 or larger"),
    ] {
        let text = ensemble.record_update(&request, updates, &mut store).unwrap_err().to_string();
        assert!(text.contains(why), "{text}");
        assert!(store == before && ensemble.deleted().is_none());
    }
    assert!(ensemble.heal_shards(&[99], &mut store).is_err());
    ensemble.record_update(&request, vec![update(0, &theta, None)], &mut store).unwrap();
    assert_eq!(ensemble.status()[0], Status::Unknown);
}
