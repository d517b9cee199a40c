//! Checkpoints as files of one directory, `KEY.checkpoint` each.
//!
//! A file is: the line `unlearn checkpoint 1`; the configuration's digest; shard, stage and the number of rows as
//! little-endian 64-bit integers; the rows; the digest of their content; the state ([`State::to_bytes`]); the SHA-256 of
//! all of this. It is written to a temporary file, flushed to the disk and renamed, so that under a key there is
//! either a whole checkpoint or none, whatever is interrupted. One process at a time may use a directory.

use super::{Checkpoint, Digest, Key, Provenance, Store};
use crate::error::{Error, Result};
use crate::train::optimiser::State;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const HEADER: &[u8] = b"unlearn checkpoint 1\n";
const SUFFIX: &str = ".checkpoint";
/// What a file is called while it is written.
const UNFINISHED: &str = ".checkpoint-unfinished";

/// A store in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Opens a directory, creating it when it does not exist. Temporary files that an interrupted run left behind are
    /// deleted: they may hold what was trained on a row that was since deleted. Files of other names are not touched.
    ///
    /// # Errors
    /// [`Error::File`] when the directory cannot be created or listed.
    pub fn open(path: &Path) -> Result<Directory> {
        let store = Directory { path: path.to_owned() };
        fs::create_dir_all(path)
            .map_err(|e| store.refuse(path, format!("cannot be made a directory: {e}")))?;
        for name in store.names()? {
            if name.ends_with(UNFINISHED) {
                let file = path.join(&name);
                fs::remove_file(&file).map_err(|e| store.refuse(&file, format!("cannot be deleted: {e}")))?;
            }
        }
        Ok(store)
    }

    /// The file of a key.
    pub fn file(&self, key: &Key) -> PathBuf {
        self.path.join(format!("{key}{SUFFIX}"))
    }

    fn refuse(&self, file: &Path, message: String) -> Error {
        Error::File { file: file.display().to_string(), message }
    }

    /// Names of the entries that are text.
    fn names(&self) -> Result<Vec<String>> {
        let cannot = |e: std::io::Error| self.refuse(&self.path, format!("cannot be listed: {e}"));
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(cannot)? {
            if let Ok(name) = entry.map_err(cannot)?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Makes a rename or a removal survive a loss of power, where the system can.
    fn flush(&self) -> Result<()> {
        if cfg!(unix) {
            let cannot = |e: std::io::Error| self.refuse(&self.path, format!("cannot be flushed: {e}"));
            File::open(&self.path).and_then(|d| d.sync_all()).map_err(cannot)?;
        }
        Ok(())
    }
}

impl Store for Directory {
    fn get(&self, key: &Key) -> Result<Option<Checkpoint>> {
        let file = self.file(key);
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.refuse(&file, format!("cannot be read: {e}"))),
        };
        let refuse = |why: String| {
            self.refuse(
                &file,
                format!("{why}; delete it, and what it held is trained again from an earlier stage"),
            )
        };
        let checkpoint = parse(&bytes).map_err(refuse)?;
        if checkpoint.provenance.key() != *key {
            return Err(refuse("it is a checkpoint, but not the one its name says".into()));
        }
        Ok(Some(checkpoint))
    }

    fn put(&mut self, checkpoint: &Checkpoint) -> Result<Key> {
        let key = checkpoint.provenance.key();
        let (file, unfinished) = (self.file(&key), self.path.join(format!("{key}{UNFINISHED}")));
        let write = || {
            let mut out = File::create(&unfinished)?;
            out.write_all(&bytes(checkpoint))?;
            out.sync_all()?;
            drop(out);
            fs::rename(&unfinished, &file)
        };
        if let Err(e) = write() {
            // What could not be finished must not stay; if that fails too, opening the directory deletes it.
            let _ = fs::remove_file(&unfinished);
            return Err(self.refuse(&file, format!("cannot be written: {e}")));
        }
        self.flush()?;
        Ok(key)
    }

    fn remove(&mut self, key: &Key) -> Result<bool> {
        let file = self.file(key);
        match fs::remove_file(&file) {
            Ok(()) => self.flush().map(|()| true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(self.refuse(&file, format!("cannot be deleted: {e}"))),
        }
    }

    fn keys(&self) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        for name in self.names()? {
            if let Some(stem) = name.strip_suffix(SUFFIX) {
                let key = stem.parse().map_err(|_| {
                    let why = "its name is not a checkpoint's: move it elsewhere".to_owned();
                    self.refuse(&self.path.join(&name), why)
                })?;
                keys.push(key);
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }
}

fn bytes(checkpoint: &Checkpoint) -> Vec<u8> {
    let Provenance { configuration, shard, stage, ids, content } = &checkpoint.provenance;
    let mut bytes = HEADER.to_vec();
    bytes.extend_from_slice(&configuration.0);
    for &integer in [*shard, *stage, ids.len()].iter().chain(ids) {
        bytes.extend_from_slice(&(integer as u64).to_le_bytes());
    }
    bytes.extend_from_slice(&content.0);
    bytes.extend_from_slice(&checkpoint.state.to_bytes());
    let sum = Digest::of(&bytes);
    bytes.extend_from_slice(&sum.0);
    bytes
}

/// Reads the bytes of a file, or says what is wrong with them.
fn parse(bytes: &[u8]) -> std::result::Result<Checkpoint, String> {
    let Some(rest) = bytes.strip_prefix(HEADER) else {
        return Err("it is not a checkpoint of this version".into());
    };
    let cut = || format!("it was cut after {} bytes", bytes.len());
    let (_, sum) = bytes.split_last_chunk::<32>().ok_or_else(cut)?;
    let rest = &rest[..rest.len().checked_sub(32).ok_or_else(cut)?];
    if Digest::of(&bytes[..bytes.len() - 32]).0 != *sum {
        return Err("it was cut or altered (its checksum is wrong)".into());
    }
    let (configuration, rest) = rest.split_first_chunk::<32>().ok_or_else(cut)?;
    let (counts, rest) = rest.split_first_chunk::<24>().ok_or_else(cut)?;
    let word = |b: &[u8]| usize::try_from(u64::from_le_bytes(b.try_into().expect("eight bytes")));
    let too_large = |_| "it counts more than this machine can address".to_owned();
    let [shard, stage, count] = [0, 8, 16].map(|at| word(&counts[at..at + 8]));
    let (shard, stage) = (shard.map_err(too_large)?, stage.map_err(too_large)?);
    let length = count.map_err(too_large)?.checked_mul(8).filter(|&n| n <= rest.len()).ok_or_else(cut)?;
    let (ids, rest) = rest.split_at(length);
    let ids: Vec<usize> =
        ids.chunks_exact(8).map(word).collect::<std::result::Result<_, _>>().map_err(too_large)?;
    let (content, state) = rest.split_first_chunk::<32>().ok_or_else(cut)?;
    let state = State::from_bytes(state).map_err(|e| e.to_string())?;
    let provenance =
        Provenance { configuration: Digest(*configuration), shard, stage, ids, content: Digest(*content) };
    Ok(Checkpoint { provenance, state })
}
