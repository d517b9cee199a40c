//! An append-only file of records, each sealed by a checksum over all before it.
//!
//! A record is one line: 64 hexadecimal digits, a blank, fields separated by tabs. The digits are the SHA-256 of the digest
//! of the line before and the fields; the first line continues that of the format's name and version. A record
//! counts once its line break is on the disk, to which it is flushed before anything that relies on it is done. A last line
//! without its line break is what a killed process left; it never counted and is cut off. Anything else that does not
//! check is damage, and refused.

use crate::error::{Error, Result};
use crate::sisa::checkpoint::Digest;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What the first line continues: raised whenever the meaning of a record changes.
const VERSION: &str = "unlearn state 1";
/// The file's name in the directory.
const NAME: &str = "journal";
/// The file that is locked.
const LOCK: &str = "lock";

/// The journal of a directory, and the lock on it.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    last: Digest,
    /// Held while the journal is open; the system lets go of it when the process ends, however it does.
    _lock: File,
}

/// One record.
pub(super) type Record = Vec<String>;

impl Journal {
    /// Opens the journal of a directory for appending, making it when `create` is set and there is none; returns what it
    /// holds.
    pub(super) fn open(directory: &Path, create: bool) -> Result<(Journal, Vec<Record>)> {
        let path = directory.join(NAME);
        if !create && !path.is_file() {
            return Err(refuse(
                directory,
                "there is no state in this directory; make one with unlearn train --state",
            ));
        }
        fs::create_dir_all(directory)
            .map_err(|e| refuse(directory, &format!("cannot be made a directory: {e}")))?;
        let lock = lock(directory)?;
        let cannot = |e: std::io::Error| refuse(&path, &format!("cannot be opened: {e}"));
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(create).open(&path).map_err(cannot)?;
        let (records, last, length) = check(&path)?;
        if file.metadata().map_err(cannot)?.len() > length {
            file.set_len(length).and_then(|()| file.sync_all()).map_err(cannot)?;
        }
        // A new file must be found again after a loss of power.
        if cfg!(unix) {
            File::open(directory).and_then(|d| d.sync_all()).map_err(cannot)?;
        }
        Ok((Journal { path, file, last, _lock: lock }, records))
    }

    /// Appends a record; it is on the disk when this returns.
    pub(super) fn append(&mut self, record: &[String]) -> Result<()> {
        let fields = record.join("\t");
        assert!(!fields.contains(['\n', '\r']), "a record with a line break: {fields:?}");
        let digest = sealed(self.last, &fields);
        let line = format!("{digest} {fields}\n");
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|e| refuse(&self.path, &format!("cannot be written: {e}")))?;
        self.last = digest;
        Ok(())
    }
}

/// The records of a directory, without a lock on it.
pub(super) fn read(directory: &Path) -> Result<Vec<Record>> {
    let path = directory.join(NAME);
    if !path.is_file() {
        return Err(refuse(
            directory,
            "there is no state in this directory; make one with unlearn train --state",
        ));
    }
    check(&path).map(|(records, ..)| records)
}

fn lock(directory: &Path) -> Result<File> {
    let path = directory.join(LOCK);
    let cannot = |e: std::io::Error| refuse(&path, &format!("cannot be locked: {e}"));
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(refuse(directory, "another process is at work on this state; wait until it is done"))
        }
        Err(TryLockError::Error(e)) => Err(cannot(e)),
    }
}

fn sealed(last: Digest, fields: &str) -> Digest {
    let mut bytes = last.0.to_vec();
    bytes.extend_from_slice(fields.as_bytes());
    Digest::of(&bytes)
}

/// The records, the last digest and the length of what counts.
fn check(path: &Path) -> Result<(Vec<Record>, Digest, u64)> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(refuse(path, &format!("cannot be read: {e}"))),
    };
    let (mut records, mut last, mut length) = (Vec::new(), Digest::of(VERSION.as_bytes()), 0);
    for (n, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let Some(line) = line.strip_suffix(b"\n") else { break };
        length += line.len() as u64 + 1;
        let found = std::str::from_utf8(line).ok().and_then(|text| text.split_once(' '));
        let found = found.and_then(|(digest, fields)| Some((digest.parse::<Digest>().ok()?, fields)));
        match found {
            Some((digest, fields)) if digest == sealed(last, fields) => {
                last = digest;
                records.push(fields.split('\t').map(str::to_owned).collect());
            }
            _ => return Err(damaged(path, n + 1)),
        }
    }
    Ok((records, last, length))
}

/// A line that does not check.
pub(super) fn damaged(path: &Path, line: usize) -> Error {
    refuse(
        path,
        &format!(
            "line {line} is damaged or of another version (its checksum or its fields do not fit): what was forgotten \
             from there on is not known. Put a copy of the directory back, or train anew in an empty one and forget \
             everything again"
        ),
    )
}

fn refuse(path: &Path, message: &str) -> Error {
    Error::File { file: path.display().to_string(), message: message.to_owned() }
}
