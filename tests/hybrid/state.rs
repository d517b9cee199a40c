//! States on disk: the same bytes whatever interrupts them.

use super::ensemble::{Drawn, drawn, rows};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use unlearn::error::{Error, Result};
use unlearn::hybrid::Terms;
use unlearn::hybrid::state::{State, exists, summary};
use unlearn::sisa::checkpoint::{Checkpoint, Directory, Key, Store};
use unlearn::sisa::ensemble::Status;

/// A store whose process dies at its n-th operation.
struct Mortal {
    store: Directory,
    left: std::cell::Cell<usize>,
}

impl Mortal {
    fn breathe(&self) -> Result<()> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Error::Invalid("killed".into())),
        }
    }
}

impl Store for Mortal {
    fn get(&self, key: &Key) -> Result<Option<Checkpoint>> {
        self.breathe()?;
        self.store.get(key)
    }
    fn put(&mut self, checkpoint: &Checkpoint) -> Result<Key> {
        self.breathe()?;
        self.store.put(checkpoint)
    }
    fn remove(&mut self, key: &Key) -> Result<bool> {
        self.breathe()?;
        self.store.remove(key)
    }
    fn keys(&self) -> Result<Vec<Key>> {
        self.breathe()?;
        self.store.keys()
    }
}

/// Every file under a folder.
fn bytes(folder: &Path) -> Snapshot {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A folder of its own, in memory where Linux offers that: flushing to a busy disk takes minutes.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// What a folder holds at some moment.
type Snapshot = BTreeMap<String, Vec<u8>>;

fn put_back(snapshot: &Snapshot, to: &Path) {
    for (name, content) in snapshot {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The terms of the requests in turn, so that shards are amended, updated, retrained and left.
const TERMS: [&str; 4] = [
    "threshold:0 amend:1e-6:affected:newton:carried",
    "certified:inf",
    "certified:0.3 amend:1e-3:all:descent:nothing",
    "certified:0",
];

/// Brings a state from where it is to the end of the history; the requests written down already are passed over.
fn finish<S: Store>(state: &mut State<S>, drawn: &Drawn, asked: usize, mut done: impl FnMut()) -> Result<()> {
    for (request, terms) in drawn.requests.iter().zip(TERMS).skip(asked) {
        state.answer(&rows(request), terms.parse::<Terms>()?)?;
        done();
    }
    state.heal()?;
    done();
    Ok(())
}

/// Requests with rows that were new, as the journal counts them; those that were nothing new leave no record.
fn new_requests(drawn: &Drawn) -> Vec<usize> {
    let mut seen = Vec::new();
    let mut new = Vec::new();
    for (n, request) in drawn.requests.iter().zip(TERMS).map(|(r, _)| r).enumerate() {
        if request.iter().any(|i| !seen.contains(i)) {
            new.push(n + 1);
        }
        seen.extend(request);
    }
    new
}

/// Opens (or goes on making) a state after a crash and finishes the history.
fn recover(folder: &Path, drawn: &Drawn) -> Result<()> {
    let described = ["one".to_owned(), "two words".to_owned()];
    let known = summary(folder).unwrap_or_else(|_| panic!("a crash must not damage the state"));
    let mut state = match known.training {
        0 if known.entries.is_empty() => State::create(folder, drawn.blueprint.clone(), &described)?,
        _ => State::open(folder, drawn.blueprint.clone())?,
    };
    let asked = known.entries.iter().filter(|e| e.policy.is_some()).count();
    let done = if asked == 0 { 0 } else { new_requests(drawn)[asked - 1] };
    finish(&mut state, drawn, done, || ())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn a_killed_state_resumes_to_the_same_bytes(drawn in drawn()) {
        let described = ["one".to_owned(), "two words".to_owned()];
        let whole = folder();
        prop_assert!(!exists(whole.path()));
        let mut state = State::create(whole.path(), drawn.blueprint.clone(), &described).unwrap();
        let mut snapshots = vec![Snapshot::new(), bytes(whole.path())];
        finish(&mut state, &drawn, 0, || snapshots.push(bytes(whole.path()))).unwrap();
        drop(state);
        let expected = bytes(whole.path());
        let known = summary(whole.path()).unwrap();
        prop_assert!(!known.interrupted && known.status.iter().all(|s| *s == Status::Exact));
        prop_assert_eq!(&known.description, &described);
        // Killed at every operation on the store.
        for left in 0.. {
            let folder = folder();
            let mortal = || {
                let store = Directory::open(&folder.path().join("checkpoints"))?;
                Ok(Mortal { store, left: left.into() })
            };
            let run = State::create_with(folder.path(), drawn.blueprint.clone(), &described, mortal)
                .and_then(|mut state| finish(&mut state, &drawn, 0, || ()));
            if run.is_ok() {
                prop_assert_eq!(bytes(folder.path()), expected.clone());
                break;
            }
            recover(folder.path(), &drawn).unwrap();
            prop_assert!(bytes(folder.path()) == expected, "killed at operation {left}");
        }
        // The journal cut off after every record and within, with the checkpoints as they were before or after the work.
        for (before, after) in snapshots.iter().zip(&snapshots[1..]) {
            let (from, journal) = (before.get("journal").map_or(0, Vec::len), &after["journal"]);
            let ends: Vec<usize> = (from..journal.len()).filter(|&i| journal[i] == b'\n').map(|i| i + 1).collect();
            let (Some(&asked), Some(&answered)) = (ends.first(), ends.get(1)) else { continue };
            let moments = [(asked - 1, before), (asked, before), (asked, after), (answered - 1, after), (answered, after)];
            for (end, files) in moments.into_iter().chain([(asked + 7, before)]) {
                let folder = folder();
                put_back(files, folder.path());
                fs::write(folder.path().join("journal"), &journal[..end]).unwrap();
                recover(folder.path(), &drawn).unwrap();
                prop_assert!(bytes(folder.path()) == expected, "cut at {end}");
            }
        }
        // Any other change is noticed.
        let journal = &expected["journal"];
        for at in (0..journal.len()).step_by(97) {
            let mut changed = journal.clone();
            changed[at] ^= 1;
            fs::write(whole.path().join("journal"), &changed).unwrap();
            let text = State::open(whole.path(), drawn.blueprint.clone()).err().expect("damage").to_string();
            prop_assert!(text.contains("damaged") && text.contains("train anew"), "{text}");
        }
    }
}

#[test]
fn states_are_locked_and_know_their_ensemble() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut draw = || proptest::strategy::Strategy::new_tree(&drawn(), &mut runner).unwrap().current();
    let (one, other) = (draw(), draw());
    let folder = folder();
    let refused = |what: Result<State>| what.err().expect("refused").to_string();
    assert!(refused(State::open(folder.path(), one.blueprint.clone())).contains("no state"));
    assert_eq!(bytes(folder.path()).len(), 0);
    let state = State::create(folder.path(), one.blueprint.clone(), &[]).unwrap();
    assert!(refused(State::open(folder.path(), one.blueprint.clone())).contains("another process"));
    drop(state);
    assert!(refused(State::create(folder.path(), one.blueprint.clone(), &[])).contains("already"));
    assert!(refused(State::open(folder.path(), other.blueprint)).contains("other data or settings"));
    assert!(!State::open(folder.path(), one.blueprint.clone()).unwrap().finished_interrupted_work());
    let tab = refused(State::create(&folder.path().join("new"), one.blueprint, &["a\tb".into()]));
    assert!(tab.contains("line break"));
}
