//! The store on disk: whole checkpoints or none; what was cut, altered or exchanged is an error that says what to do.

use super::setup::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::fs;
use unlearn::data::RowSet;
use unlearn::error::Error;
use unlearn::sisa::blueprint::Blueprint;
use unlearn::sisa::checkpoint::{Digest, Directory, Memory, Store};
use unlearn::sisa::ensemble::Ensemble;

/// Some ensemble with several checkpoints in one shard.
fn some() -> Blueprint {
    let mut runner = TestRunner::deterministic();
    loop {
        let blueprint = blueprints().new_tree(&mut runner).unwrap().current();
        let longest = (0..blueprint.shards()).map(|k| blueprint.plan(k).stages.len()).max();
        let trains = scratch(&blueprint, None).is_ok();
        if trains && longest >= Some(3) && blueprint.shards() > 1 && blueprint.plan(0).slices[0].len() > 1 {
            return blueprint;
        }
    }
}

proptest! {
    #![proptest_config(cases(8))]

    /// The directory and the memory hold the same after the same history.
    #[test]
    fn the_directory_is_the_memory(blueprint in blueprints(), labels in prop::collection::vec(0usize..6, 12)) {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::default();
        let mut directory = Directory::open(folder.path()).unwrap();
        let Ok((mut a, _)) = Ensemble::train(blueprint.clone(), None, &mut memory) else {
            return Err(TestCaseError::reject("training overflows"));
        };
        let (mut b, _) = Ensemble::train(blueprint.clone(), None, &mut directory).unwrap();
        for request in requests(blueprint.problem().rows(), &labels, 2) {
            prop_assert_eq!(a.forget(&request, &mut memory).unwrap(), b.forget(&request, &mut directory).unwrap());
        }
        prop_assert_eq!(all_bits(a.models()), all_bits(b.models()));
        prop_assert_eq!(memory.keys().unwrap(), directory.keys().unwrap());
        for key in memory.keys().unwrap() {
            let (a, b) = (memory.get(&key).unwrap().unwrap(), directory.get(&key).unwrap().unwrap());
            prop_assert_eq!(a.state.to_bytes(), b.state.to_bytes());
            prop_assert_eq!(a.provenance, b.provenance);
        }
        // Another process finds everything.
        let mut again = Directory::open(folder.path()).unwrap();
        let deleted = a.deleted().cloned();
        let (c, work) = Ensemble::train(blueprint, deleted.as_ref(), &mut again).unwrap();
        prop_assert_eq!((work.visits, all_bits(c.models())), (0, all_bits(b.models())));
    }
}

#[test]
fn cut_altered_and_exchanged_files_are_refused() {
    let blueprint = some();
    let folder = tempfile::tempdir().unwrap();
    let mut store = Directory::open(folder.path()).unwrap();
    Ensemble::train(blueprint.clone(), None, &mut store).unwrap();
    let key = blueprint.provenance(0, 0, None).key();
    let file = store.file(&key);
    let bytes = fs::read(&file).unwrap();
    let refused = |content: &[u8]| {
        fs::write(&file, content).unwrap();
        match store.get(&key) {
            Err(Error::File { file: named, message }) => {
                assert!(
                    named.contains(&key.to_string()) && message.contains("delete it"),
                    "{named}: {message}"
                );
            }
            other => panic!("{other:?}"),
        }
    };
    for length in 0..bytes.len() {
        refused(&bytes[..length]);
    }
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        refused(&altered);
    }
    refused(&[&bytes[..], b"\0"].concat());
    // A sound checkpoint of another stage under this name.
    refused(&fs::read(store.file(&blueprint.provenance(0, 1, None).key())).unwrap());
    // A later version.
    let mut later = bytes.clone();
    later[19] = b'2';
    let body = later.len() - 32;
    let sum = Digest::of(&later[..body]);
    later[body..].copy_from_slice(&sum.0);
    refused(&later);
    fs::write(&file, &bytes).unwrap();
    assert!(store.get(&key).unwrap().is_some());
}

/// A request that needs a broken file fails; once the file is deleted, it is served from an earlier stage, to the same
/// bits.
#[test]
fn a_deleted_file_costs_time_only() {
    let blueprint = some();
    let folder = tempfile::tempdir().unwrap();
    let mut store = Directory::open(folder.path()).unwrap();
    let (mut ensemble, _) = Ensemble::train(blueprint.clone(), None, &mut store).unwrap();
    let shard = (0..blueprint.shards()).find(|&k| blueprint.plan(k).stages.len() >= 3).unwrap();
    let last = blueprint.plan(shard).slices.last().unwrap()[0];
    let request = RowSet::new(blueprint.problem().rows(), vec![last]).unwrap();
    let stage = blueprint.plan(shard).stages.len() - 2;
    let file = store.file(&blueprint.provenance(shard, stage, None).key());
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let text = ensemble.forget(&request, &mut store).unwrap_err().to_string();
    assert!(text.contains("delete it"), "{text}");
    fs::remove_file(&file).unwrap();
    let done = ensemble.heal(&mut store).unwrap();
    assert_eq!((done.shards[0].shard, done.shards[0].stage), (shard, stage));
    let exact = scratch(&blueprint, Some(&request)).unwrap();
    assert_eq!(all_bits(ensemble.models()), all_bits(exact.models()));
}

#[test]
fn leftovers_and_strangers() {
    let blueprint = some();
    let folder = tempfile::tempdir().unwrap();
    let mut store = Directory::open(&folder.path().join("new/folder")).unwrap();
    let (ensemble, _) = Ensemble::train(blueprint.clone(), None, &mut store).unwrap();
    let folder = folder.path().join("new/folder");
    // What a killed run leaves: half a file under a temporary name. It goes when the directory is opened.
    let unfinished = folder.join(format!("{}.checkpoint-unfinished", Digest::of(b"x")));
    fs::write(&unfinished, b"unlearn ch").unwrap();
    fs::write(folder.join("notes.txt"), b"mine").unwrap();
    let mut store = Directory::open(&folder).unwrap();
    assert!(!unfinished.exists() && folder.join("notes.txt").exists());
    let (again, work) = Ensemble::train(blueprint, None, &mut store).unwrap();
    assert_eq!((work.visits, all_bits(again.models())), (0, all_bits(ensemble.models())));
    assert!(!store.remove(&Digest::of(b"nothing")).unwrap());
    // A name that only looks like a checkpoint's.
    fs::write(folder.join("mine.checkpoint"), b"").unwrap();
    let text = store.keys().unwrap_err().to_string();
    assert!(text.contains("mine.checkpoint") && text.contains("move it"), "{text}");
    // A file where the directory should be.
    let text = Directory::open(&folder.join("notes.txt")).unwrap_err().to_string();
    assert!(text.contains("notes.txt"), "{text}");
}
