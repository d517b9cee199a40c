//! Reading, writing, standardising, splitting and generating data, through the public interface.

#[path = "data/bad_binary.rs"]
mod bad_binary;
#[path = "data/bad_text.rs"]
mod bad_text;
#[path = "data/formats.rs"]
mod formats;
#[path = "data/generator.rs"]
mod generator;
#[path = "data/random_bytes.rs"]
mod random_bytes;
#[path = "data/round_trip.rs"]
mod round_trip;
#[path = "data/splits.rs"]
mod splits;
#[path = "data/standardize.rs"]
mod standardize;
#[path = "data/targets.rs"]
mod targets;

use proptest::test_runner::{Config, FileFailurePersistence};
use std::path::PathBuf;
use tempfile::TempDir;

/// The usual number of cases; the seed of a failure is kept in a file beside its test, to be
/// committed with the repair.
fn config() -> Config {
    let beside = FileFailurePersistence::WithSource("regressions");
    Config { failure_persistence: Some(Box::new(beside)), ..Config::default() }
}

/// A directory of its own with one file in it.
struct File {
    dir: TempDir,
    path: PathBuf,
}

impl File {
    fn new(name: &str, bytes: impl AsRef<[u8]>) -> File {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).expect("a temporary file");
        File { dir, path }
    }

    /// Another file beside the first.
    fn beside(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).expect("a temporary file");
        path
    }
}
