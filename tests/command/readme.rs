//! The commands of the README, as printed there.

use super::Desk;

/// Runs every `unlearn …` and `cargo run --release …` line of the README's code blocks, in order and in
/// one folder, so that a command may use what an earlier one wrote.
#[test]
fn every_command_of_the_readme_runs() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let desk = Desk::new();
    let mut commands = 0;
    for block in readme.split("```").skip(1).step_by(2) {
        for line in block.lines().map(|line| line.trim().trim_start_matches("$ ")) {
            let line = line.split(" #").next().unwrap_or("").trim();
            let arguments = match line.strip_prefix("cargo run --release") {
                Some(rest) => rest.trim().trim_start_matches("--").trim(),
                None => match line.strip_prefix("unlearn ") {
                    Some(rest) => rest,
                    None => continue,
                },
            };
            desk.done(arguments);
            commands += 1;
        }
    }
    assert!(commands >= 2, "the README shows {commands} commands");
}
