//! What the README quotes is what the command prints.

#![cfg(feature = "cli")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Blocks that begin with `$ unlearn …`: the arguments and the lines quoted below them.
fn quoted() -> Vec<(Vec<String>, Vec<String>)> {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    readme
        .split("```text\n")
        .skip(1)
        .filter_map(|rest| {
            let block = rest.split("```").next()?;
            let mut lines = block.lines();
            let arguments = lines.next()?.strip_prefix("$ unlearn")?;
            Some((
                arguments.split_whitespace().map(str::to_owned).collect(),
                lines.map(str::to_owned).collect(),
            ))
        })
        .collect()
}

/// Lines of shell blocks that begin with `unlearn`.
fn typed() -> Vec<Vec<String>> {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let blocks =
        readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next().map(str::to_owned));
    blocks
        .flat_map(|b| b.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|l| l.strip_prefix("unlearn ").map(|a| a.split_whitespace().map(str::to_owned).collect()))
        .collect()
}

#[test]
fn typed_commands_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("forget.txt"), "3\n17\n42\n").expect("a writable folder");
    let commands = typed();
    assert!(commands.len() >= 3, "the README types {} commands", commands.len());
    for arguments in commands {
        let out = Command::new(env!("CARGO_BIN_EXE_unlearn"))
            .args(&arguments)
            .current_dir(folder.path())
            .output()
            .expect("the command runs");
        assert!(out.status.success(), "unlearn {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    }
}

/// Blanks do not count; `…` stands for the rest of the line.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn quoted_output_is_printed() {
    let blocks = quoted();
    assert!(blocks.len() >= 3, "the README quotes {} commands", blocks.len());
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("forget.txt"), "3\n17\n42\n").expect("a writable folder");
    // Made by NumPy with the lines that the README shows.
    let theta = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme/theta.npy");
    fs::copy(theta, folder.path().join("theta.npy")).expect("a writable folder");
    for (arguments, lines) in blocks {
        let out = Command::new(env!("CARGO_BIN_EXE_unlearn"))
            .args(&arguments)
            .current_dir(folder.path())
            .output()
            .expect("the command runs");
        assert!(out.status.success(), "unlearn {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        let printed: Vec<String> = String::from_utf8_lossy(&out.stdout).lines().map(squeezed).collect();
        for line in lines {
            let want = squeezed(&line);
            let found = match want.strip_suffix('…') {
                Some(start) => printed.iter().any(|p| p.starts_with(start.trim_end())),
                None => printed.contains(&want),
            };
            assert!(found, "unlearn {arguments:?} does not print: {line}\n{}", printed.join("\n"));
        }
    }
}
