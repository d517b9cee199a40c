//! The file of counts: what they belong to, then one kernel per line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

/// Counts, and what they belong to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// As `rustc --version` says.
    pub(crate) compiler: String,
    /// The vector kernel.
    pub(crate) kernel: String,
    /// Instructions of one call.
    pub(crate) counts: BTreeMap<String, u64>,
}

impl Expected {
    /// Reads what [`Expected::text`] wrote; an empty text gives no counts.
    pub(crate) fn parse(text: &str) -> Result<Expected, String> {
        let mut expected = Expected::default();
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            let (key, value) = line.split_once(": ").ok_or_else(|| format!("not 'name: value': {line}"))?;
            match key {
                "compiler" => value.clone_into(&mut expected.compiler),
                "kernel" => value.clone_into(&mut expected.kernel),
                name => {
                    let count = value.parse().map_err(|e| format!("{name}: '{value}' is no count: {e}"))?;
                    expected.counts.insert(name.to_owned(), count);
                }
            }
        }
        Ok(expected)
    }

    /// The file.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("compiler: {}\nkernel: {}\n", self.compiler, self.kernel);
        for (name, count) in &self.counts {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}: {count}");
        }
        text
    }
}

/// The compiler that cargo used.
pub(crate) fn compiler() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let out = Command::new(rustc).arg("--version").output().map_err(|e| format!("rustc: {e}"))?;
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}
