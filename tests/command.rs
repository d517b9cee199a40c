//! The command line as a person types it.

#[path = "command/audit.rs"]
mod audit;
#[path = "command/bad_input.rs"]
mod bad_input;
#[path = "command/derive.rs"]
mod derive;
#[path = "command/fuzz.rs"]
mod fuzz;
#[path = "command/list.rs"]
mod list;
#[path = "command/plan.rs"]
mod plan;
#[path = "command/prune.rs"]
mod prune;
#[path = "command/remove.rs"]
mod remove;
#[path = "command/state.rs"]
mod state;
#[path = "command/streams.rs"]
mod streams;
#[path = "command/study.rs"]
mod study;
#[path = "command/train.rs"]
mod train;
#[path = "command/verify.rs"]
mod verify;
#[path = "command/wide.rs"]
mod wide;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder of its own to type commands in.
struct Desk {
    folder: tempfile::TempDir,
}

/// What a command left behind.
#[derive(Debug)]
struct Ran {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Desk {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file to be named on the command line.
    fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn vector(&self, name: &str) -> Vec<f64> {
        unlearn::data::read::vector(self.path(name)).unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_unlearn")));
        command.current_dir(self.folder.path()).args(line.split_whitespace());
        command
    }

    /// Runs `unlearn LINE`; the arguments are separated by spaces.
    fn unlearn(&self, line: &str) -> Ran {
        let output = self.command(line).stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs it, expecting success and silence on standard error.
    fn done(&self, line: &str) -> String {
        let ran = self.unlearn(line);
        assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "unlearn {line}\n{}", ran.out);
        ran.out
    }

    /// Runs it, expecting one line on standard error that holds every one of `parts`, nothing on
    /// standard output and status 2.
    fn refused(&self, line: &str, parts: &[&str]) {
        let ran = self.unlearn(line);
        assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""), "unlearn {line}\n{}", ran.err);
        assert!(ran.err.starts_with("unlearn: ") && ran.err.ends_with('\n'), "unlearn {line}\n{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "unlearn {line}\n{}", ran.err);
        for part in parts {
            assert!(ran.err.contains(part), "unlearn {line}\n{}\nlacks {part:?}", ran.err);
        }
    }
}

/// The objects of JSON lines.
fn objects(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn help_and_version_go_to_standard_output() {
    let desk = Desk::new();
    let help = desk.done("--help");
    for word in
        ["verify", "audit", "train", "prune", "remove", "plan", "status", "derive", "list", "Exit status"]
    {
        assert!(help.contains(word), "{help}");
    }
    assert!(desk.done("derive --help").contains("gauss-newton"));
    assert_eq!(desk.done("--version"), format!("unlearn {}\n", env!("CARGO_PKG_VERSION")));
}

/// The reader goes away before anything is written.
#[test]
fn a_closed_pipe_is_no_error() {
    let desk = Desk::new();
    for line in ["list claims", "list claims --json -", "verify residual-loss-gap --cases 3", "--help"] {
        let mut child = desk.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{line}");
    }
}
