//! Stored states of a run, under keys that name what they have seen.
//!
//! The key of a checkpoint is the SHA-256 of the version of the format, the training configuration, the shard, the stage
//! and the retained rows it was trained on, by number and by content. Whoever looks for the state that training
//! *without* a deleted row would have, asks for a key that names the rows kept; a checkpoint that saw the deleted row has
//! another key and cannot be found. (The keys of the authors' code name the retained rows; configuration and content are
//! added here, so that a store cannot answer for another model, other data or another shard.)

mod directory;
mod memory;

pub use directory::Directory;
pub use memory::Memory;

use crate::error::{Error, Result};
use crate::train::optimiser::State;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// Raised whenever the same configuration would train to other bits, or the layout of files changes: older checkpoints are
/// then not found.
const VERSION: &[u8] = b"unlearn checkpoint 1";

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// The address of a checkpoint.
pub type Key = Digest;

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = Error;
    fn from_str(text: &str) -> Result<Digest> {
        let refuse =
            || Error::Invalid(format!("'{text}' is not a digest: 64 hexadecimal digits, lower case"));
        let digit = |c: u8| match c {
            b'0'..=b'9' => Ok(c - b'0'),
            b'a'..=b'f' => Ok(c - b'a' + 10),
            _ => Err(refuse()),
        };
        let text = text.as_bytes();
        if text.len() != 64 {
            return Err(refuse());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = 16 * digit(pair[0])? + digit(pair[1])?;
        }
        Ok(Digest(bytes))
    }
}

/// Fields of a digest, each with its length, so that no two lists of fields have the same bytes.
#[derive(Debug, Default)]
pub(super) struct Fields(Sha256);

impl Fields {
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Fields {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    pub(super) fn integers(mut self, integers: impl ExactSizeIterator<Item = u64>) -> Fields {
        self.0.update((8 * integers.len() as u64).to_le_bytes());
        integers.for_each(|i| self.0.update(i.to_le_bytes()));
        self
    }

    pub(super) fn floats(self, floats: &[f64]) -> Fields {
        self.integers(floats.iter().map(|x| x.to_bits()))
    }

    pub(super) fn rows(self, rows: &[usize]) -> Fields {
        self.integers(rows.iter().map(|&i| i as u64))
    }

    pub(super) fn digest(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// What a checkpoint is the result of: all that its key is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Digest of everything that training depends on except which rows were deleted.
    pub configuration: Digest,
    /// The shard.
    pub shard: usize,
    /// The stage after which the state was stored.
    pub stage: usize,
    /// The retained rows of slices `0 … stage`, increasing: what the state has seen.
    pub ids: Vec<usize>,
    /// Digest of the content of these rows.
    pub content: Digest,
}

impl Provenance {
    /// The address.
    pub fn key(&self) -> Key {
        Fields::default()
            .bytes(VERSION)
            .bytes(&self.configuration.0)
            .rows(&[self.shard, self.stage])
            .rows(&self.ids)
            .bytes(&self.content.0)
            .digest()
    }
}

/// A stored state and what it is the result of.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// What it is the result of.
    pub provenance: Provenance,
    /// Parameters and optimiser state.
    pub state: State,
}

/// Where checkpoints are kept.
pub trait Store {
    /// The checkpoint under a key, `None` when there is none.
    ///
    /// # Errors
    /// [`Error::File`] when what is stored there cannot be read or is not that checkpoint. It says what to do.
    fn get(&self, key: &Key) -> Result<Option<Checkpoint>>;

    /// Stores a checkpoint under its key and returns it; what was there before is replaced.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written; then nothing is stored under the key that was not there before.
    fn put(&mut self, checkpoint: &Checkpoint) -> Result<Key>;

    /// Removes what is under a key. Was there anything?
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be removed.
    fn remove(&mut self, key: &Key) -> Result<bool>;

    /// All keys, increasing.
    ///
    /// # Errors
    /// [`Error::File`] when they cannot be listed.
    fn keys(&self) -> Result<Vec<Key>>;
}

/// Removes every checkpoint of the given configurations that saw one of the rows; returns their keys. Those of other
/// configurations (another ensemble in the same store) are left alone: they are told of deletions by their own ensemble.
///
/// # Errors
/// Those of the store.
pub fn purge(
    store: &mut dyn Store,
    configurations: &[Digest],
    deleted: impl Fn(usize) -> bool,
) -> Result<Vec<Key>> {
    let mut removed = Vec::new();
    for key in store.keys()? {
        let Some(Checkpoint { provenance, .. }) = store.get(&key)? else { continue };
        if configurations.contains(&provenance.configuration) && provenance.ids.iter().any(|&i| deleted(i)) {
            store.remove(&key)?;
            removed.push(key);
        }
    }
    Ok(removed)
}
