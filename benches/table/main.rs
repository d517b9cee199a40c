//! Everything that is measured, by family, against peers, in one run.
//!
//! `cargo bench --bench table -- [FAMILY…] [--quick] [--python INTERPRETER] [--write]`
//!
//! Without `--python` peers run under `python3`, and those whose packages are not there are skipped with a message.
//! `--write` replaces the table of `benches/README.md` and the figure beside it. `benches/run` does all of it.

mod frame;

mod command;
mod csr;
mod enclosure;
mod factor;
mod gram;
mod hessian;
mod pruned;
mod removal;
mod retraining;
mod sgd;
mod threads;

use frame::peer::Peers;
use frame::{Bench, limit, machine, table};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A family: its name on the command line, and what runs it.
type Family = (&'static str, fn(&mut Bench));

const FAMILIES: [Family; 11] = [
    ("gram", gram::run),
    ("hessian", hessian::run),
    ("pruned", pruned::run),
    ("factor", factor::run),
    ("removal", removal::run),
    ("csr", csr::run),
    ("sgd", sgd::run),
    ("retraining", retraining::run),
    ("threads", threads::run),
    ("enclosure", enclosure::run),
    ("command", command::run),
];

#[derive(Default)]
struct Settings {
    families: Vec<String>,
    quick: bool,
    write: bool,
    python: Option<PathBuf>,
}

fn settings() -> Result<Settings, String> {
    let mut settings = Settings { python: Some("python3".into()), ..Settings::default() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            // Cargo says so.
            "--bench" => {}
            "--quick" => settings.quick = true,
            "--write" => settings.write = true,
            "--no-peers" => settings.python = None,
            "--python" => settings.python = Some(words.next().ok_or("--python needs an interpreter")?.into()),
            name if FAMILIES.iter().any(|(n, _)| *n == name) => settings.families.push(name.into()),
            other => {
                let names: Vec<&str> = FAMILIES.iter().map(|(n, _)| *n).collect();
                return Err(format!(
                    "'{other}' is not understood; families are {}, options --quick, --write, --no-peers and \
                     --python INTERPRETER",
                    names.join(", ")
                ));
            }
        }
    }
    if settings.write && !settings.families.is_empty() {
        return Err("--write is for the whole table: leave out the families".into());
    }
    Ok(settings)
}

fn main() -> ExitCode {
    match settings().and_then(|s| run(&s)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("table: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> Result<(), String> {
    let mut lines = machine::describe(limit::rate());
    lines.iter().for_each(|l| println!("{l}"));
    let mut bench = Bench::new(Peers::new(settings.python.clone()), settings.quick);
    let begin = std::time::Instant::now();
    for (name, family) in FAMILIES {
        if settings.families.is_empty() || settings.families.iter().any(|f| f == name) {
            family(&mut bench);
        }
    }
    lines.push(peers(&bench));
    let effort = if settings.quick { " (`--quick`: few rounds, slow calls left out)" } else { "" };
    lines.push(format!("Took {:.0} s{effort}.", begin.elapsed().as_secs_f64()));
    println!("\n{}", lines[lines.len() - 2..].join("\n"));
    if settings.write { write(&lines, &bench) } else { Ok(()) }
}

fn peers(bench: &Bench) -> String {
    let there: Vec<&str> = bench.peers.versions.values().map(String::as_str).collect();
    let absent: Vec<String> = bench.peers.absent.iter().map(|(n, why)| format!("{n} ({why})")).collect();
    let mut text =
        if there.is_empty() { "Peers: none".into() } else { format!("Peers: {}", there.join(", ")) };
    if !absent.is_empty() {
        text += &format!("; skipped: {}", absent.join(", "));
    }
    text + "."
}

fn write(lines: &[String], bench: &Bench) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches");
    let readme = folder.join("README.md");
    let text = std::fs::read_to_string(&readme).map_err(|e| format!("{}: {e}", readme.display()))?;
    let list: String = lines.iter().map(|l| format!("- {l}\n")).collect();
    let text = table::replaced(&text, &format!("\n{list}{}", table::markdown(&bench.families)))?;
    std::fs::write(&readme, text).map_err(|e| format!("{}: {e}", readme.display()))?;
    let figure = folder.join("sparse-speed.svg");
    std::fs::write(&figure, pruned::figure(bench)).map_err(|e| format!("{}: {e}", figure.display()))
}
