//! The whole command: what a person at a terminal waits for, and the memory it takes.

use crate::frame::case::Other;
use crate::frame::{Bench, Case, memory};
use std::path::Path;
use std::process::{Command, Stdio};

/// Command by command.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "The whole command",
        "From the shell's point of view: start-up, reading, work, output. Peak memory is that of the process. Beside it, \
         what the interpreter of the peers needs before it computes anything.",
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let forget = folder.path().join("forget");
    let theta = folder.path().join("theta.npy");
    std::fs::write(&forget, "3\n17\n42\n").expect("a writable folder");
    let (forget, theta) = (forget.to_string_lossy(), theta.to_string_lossy());
    let model = ["--model", "linear:softmax", "--data", "digits", "--standardize", "--ridge", "0.01"];
    let train = [&["train"], &model[..], &["--output", &theta, "--quiet"]].concat();
    let audit = [&["audit"], &model[..], &["--forget", &forget, "--parameters", &theta, "--quiet"]].concat();
    one(bench, "unlearn --version", &["--version"]);
    one(bench, "unlearn train, softmax on digits", &train);
    one(bench, "unlearn audit, softmax on digits", &audit);
    let claim = ["verify", "newton-aposteriori", "--cases", "200", "--data", "generated", "--quiet"];
    one(bench, "unlearn verify, one claim, 200 cases", &claim);
}

/// Runs the command once more or less silently.
///
/// Panics when it fails: what is measured must be the work, not a message.
fn call(program: &Path, arguments: &[&str]) {
    let status = silent(program, arguments).status().expect("a program that starts");
    assert!(status.success(), "{} {arguments:?}: {status}", program.display());
}

fn silent(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The largest resident memory that was seen while the command ran.
fn peak(program: &Path, arguments: &[&str]) -> Option<u64> {
    let mut child = silent(program, arguments).spawn().ok()?;
    let mut highest = None;
    while child.try_wait().ok()?.is_none() {
        highest = memory::status(&child.id().to_string(), "VmHWM").max(highest);
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    highest
}

fn one(bench: &mut Bench, name: &str, arguments: &[&str]) {
    let program = Path::new(env!("CARGO_BIN_EXE_unlearn"));
    call(program, arguments);
    let highest = peak(program, arguments);
    let size = highest.map_or_else(|| "memory unknown".into(), |b| format!("{:.0} MB", b as f64 / 1e6));
    let python = bench.peers.python.clone();
    let mut others: Vec<Other<'_>> = Vec::new();
    for (name, code) in [("import numpy", "import numpy"), ("import torch", "import torch")] {
        let starts = |p: &Path| silent(p, &["-c", code]).status().is_ok_and(|s| s.success());
        if let Some(p) = python.clone().filter(|p| arguments == ["--version"] && starts(p)) {
            others.push((name, Box::new(move || call(&p, &["-c", code]))));
        }
    }
    bench.measure(Case::new(name, size), (), |()| call(program, arguments), |()| Vec::new(), others);
}
