//! Regressions by counted instructions: what timing on a shared machine cannot show.
//!
//! `cargo bench --bench instructions` counts the instructions of one call of each kernel on a fixed input under
//! `valgrind --tool=callgrind` and compares with `instructions.expected`; `-- --accept` writes that file anew, `-- NAME…`
//! counts only those. A count above the band fails. A kernel is called twice and three times in two processes; the
//! difference is one call, without start-up and preparation.
//!
//! Counts belong to a compiler and to the kernel that the processor of valgrind can run (it has no AVX-512): where one
//! of them is not that of the file, nothing is compared, and that is said.

mod expected;
mod kernels;

use expected::Expected;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use unlearn::numeric::gram::Kernel;

/// How far a count may grow: addresses decide which branches `memcpy` and the allocator take.
const BAND: f64 = 0.02;

/// The argument of the process that is counted.
const COUNTED: &str = "--counted";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| w != "--bench").collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [COUNTED, name, calls] => counted(name, calls),
        _ => compare(&words),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("instructions: {e}");
            ExitCode::FAILURE
        }
    }
}

fn counted(name: &str, calls: &str) -> Result<bool, String> {
    let calls = calls.parse().map_err(|e| format!("{calls}: {e}"))?;
    kernels::call(name, calls)?;
    println!("{}", Kernel::best().name());
    Ok(true)
}

/// Instructions of a process that calls the kernel, and the vector kernel it chose.
fn count(name: &str, calls: usize) -> Result<(u64, String), String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([COUNTED, name, &calls.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("valgrind: {e}"))?;
    let told = String::from_utf8_lossy(&out.stderr);
    let number = told.lines().find_map(|l| l.split("Collected : ").nth(1)?.trim().parse().ok());
    match number {
        Some(n) if out.status.success() => Ok((n, String::from_utf8_lossy(&out.stdout).trim().to_owned())),
        _ => Err(format!("{name}: valgrind gave no count ({}):\n{told}", out.status)),
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.expected")
}

/// Did no count grow?
fn compare(words: &[String]) -> Result<bool, String> {
    let accept = words.iter().any(|w| w == "--accept");
    let chosen: Vec<&String> = words.iter().filter(|w| *w != "--accept").collect();
    let names = || kernels::NAMES.iter().filter(|n| chosen.is_empty() || chosen.iter().any(|c| c == *n));
    if let Some(unknown) = chosen.iter().find(|c| !kernels::NAMES.contains(&c.as_str())) {
        return Err(format!("no kernel is called '{unknown}'; there are {}", kernels::NAMES.join(", ")));
    }
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("instructions: not counted, valgrind is not installed");
        return Ok(true);
    }
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let mut expected = Expected::parse(&text)?;
    let compiler = expected::compiler()?;
    if !accept && expected.compiler != compiler {
        println!(
            "instructions: not compared, the counts are those of {}, this is {compiler}",
            expected.compiler
        );
        return Ok(true);
    }
    let mut fine = true;
    for name in names() {
        let (two, kernel) = count(name, 2)?;
        let (three, _) = count(name, 3)?;
        let found = three.saturating_sub(two);
        if accept {
            expected.kernel.clone_from(&kernel);
            expected.counts.insert((*name).to_owned(), found);
            println!("{name}: {found}");
            continue;
        }
        if kernel != expected.kernel {
            println!("instructions: not compared, counted for '{}', this runs '{kernel}'", expected.kernel);
            return Ok(true);
        }
        fine &= judge(name, found, expected.counts.get(*name).copied());
    }
    if accept {
        expected.compiler = compiler;
        expected.counts.retain(|name, _| kernels::NAMES.contains(&name.as_str()));
        std::fs::write(file(), expected.text()).map_err(|e| format!("{}: {e}", file().display()))?;
    }
    Ok(fine)
}

fn judge(name: &str, found: u64, wanted: Option<u64>) -> bool {
    let Some(wanted) = wanted else {
        println!(
            "{name}: {found}, not in the file: accept it with cargo bench --bench instructions -- --accept"
        );
        return false;
    };
    let change = found as f64 / wanted as f64 - 1.0;
    let said = match change {
        c if c > BAND => {
            "GREW: make it cheaper, or accept it with cargo bench --bench instructions -- --accept"
        }
        c if c < -BAND => "fewer: accept it, so that it stays so",
        _ => "as expected",
    };
    println!("{name}: {found} instructions, {:+.2} % ({said})", 100.0 * change);
    change <= BAND
}
