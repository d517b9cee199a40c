//! Checkpoints in memory.

use super::{Checkpoint, Key, Store};
use crate::error::Result;
use std::collections::BTreeMap;

/// A store in memory; empty by default.
///
/// ```
/// use unlearn::sisa::checkpoint::{Checkpoint, Digest, Memory, Provenance, Store};
/// use unlearn::train::optimiser::{Optimiser, State};
/// let (configuration, content) = (Digest::of(b"a run"), Digest::of(b"two rows"));
/// let provenance = Provenance { configuration, shard: 0, stage: 0, ids: vec![3, 5], content };
/// let state = State::start(nalgebra::dvector![1.0], Optimiser::ADAM);
/// let mut store = Memory::default();
/// let key = store.put(&Checkpoint { provenance: provenance.clone(), state }).unwrap();
/// assert!(store.get(&key).unwrap().is_some());
/// // The state that never saw row 5 is another one, and not there.
/// let without = Provenance { ids: vec![3], ..provenance };
/// assert!(store.get(&without.key()).unwrap().is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    checkpoints: BTreeMap<Key, Checkpoint>,
}

impl Store for Memory {
    fn get(&self, key: &Key) -> Result<Option<Checkpoint>> {
        Ok(self.checkpoints.get(key).cloned())
    }

    fn put(&mut self, checkpoint: &Checkpoint) -> Result<Key> {
        let key = checkpoint.provenance.key();
        self.checkpoints.insert(key, checkpoint.clone());
        Ok(key)
    }

    fn remove(&mut self, key: &Key) -> Result<bool> {
        Ok(self.checkpoints.remove(key).is_some())
    }

    fn keys(&self) -> Result<Vec<Key>> {
        Ok(self.checkpoints.keys().copied().collect())
    }
}
