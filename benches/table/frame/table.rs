//! The table as text: on the terminal, and in `benches/README.md` between two markers.

use super::case::{Compared, Measured};
use super::peer::Role;
use std::fmt::Write as _;

/// Where the table begins and ends.
pub(crate) const MARKERS: (&str, &str) = ("<!-- table -->", "<!-- end of table -->");

/// Three significant digits and a unit.
pub(crate) fn seconds(t: f64) -> String {
    let (value, unit) = match t {
        t if t >= 1.0 => (t, "s"),
        t if t >= 1e-3 => (t * 1e3, "ms"),
        t if t >= 1e-6 => (t * 1e6, "µs"),
        t => (t * 1e9, "ns"),
    };
    format!("{} {unit}", digits(value))
}

/// Three significant digits.
pub(crate) fn digits(v: f64) -> String {
    let decimals = if v >= 100.0 || v == 0.0 { 0 } else { (2 - v.abs().log10().floor() as i32).clamp(0, 6) };
    format!("{v:.*}", decimals as usize)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", digits(bytes as f64 / 1e6))
}

fn side(s: &Compared) -> String {
    let memory = s.memory.map(|b| format!(", {}", megabytes(b))).unwrap_or_default();
    format!("{}× {}{memory}", digits(s.ratio), s.name)
}

fn joined<'a>(sides: impl Iterator<Item = &'a Compared>) -> String {
    let all: Vec<String> = sides.map(side).collect();
    if all.is_empty() { "–".into() } else { all.join("; ") }
}

fn agreement(m: &Measured) -> String {
    let worst = m.sides.iter().filter_map(|s| s.difference).reduce(f64::max);
    worst.map_or_else(|| "–".into(), |d| format!("{d:.0e}"))
}

fn cost(m: &Measured) -> String {
    let mut text = seconds(m.seconds);
    if let (Some(rate), Some((_, unit))) = (m.rate(), m.case.units) {
        let _ = match rate {
            r if r >= 1e5 => write!(text, " ({} M {unit}/s)", digits(r / 1e6)),
            r => write!(text, " ({} {unit}/s)", digits(r)),
        };
    }
    if let Some(bytes) = m.memory {
        let _ = write!(text, ", {}", megabytes(bytes));
    }
    text
}

fn work(m: &Measured) -> String {
    m.case.flops.map_or_else(|| "–".into(), |f| format!("{} M", digits(f / 1e6)))
}

fn share(m: &Measured) -> String {
    m.share.map_or_else(|| "–".into(), |s| format!("{:.0} %", 100.0 * s))
}

fn targets(m: &Measured) -> String {
    let all: Vec<String> = m.verdicts.iter().map(super::target::Verdict::text).collect();
    if all.is_empty() { "–".into() } else { all.join("; ") }
}

fn of(m: &Measured, role: Option<Role>) -> impl Iterator<Item = &Compared> {
    m.sides.iter().filter(move |s| s.role == role)
}

/// One case on the terminal.
pub(crate) fn line(m: &Measured) -> String {
    let mut text = format!("{} ({}): {}", m.case.name, m.case.size, cost(m));
    if m.share.is_some() {
        let _ = write!(text, ", {} of the limit of {}flop", share(m), work(m));
    }
    let _ = write!(text, ", median of {}", m.rounds);
    for s in &m.sides {
        let _ = write!(text, "\n    {}", side(s));
        if let Some(d) = s.difference {
            let _ = write!(text, " (results differ by {d:.0e})");
        }
    }
    for v in &m.verdicts {
        let _ = write!(text, "\n    {}", v.text());
    }
    text
}

/// All families as Markdown.
pub(crate) fn markdown(families: &[(String, String, Vec<Measured>)]) -> String {
    let mut out = String::new();
    for (title, introduction, lines) in families {
        let _ = writeln!(out, "\n### {title}\n\n{introduction}\n");
        out.push_str("| case | time | useful flop | of the limit | other ways here | tuned peer | default call | agree to | targets |\n");
        out.push_str("|---|---|---|---|---|---|---|---|---|\n");
        for m in lines {
            let columns = [
                format!("{} ({})", m.case.name, m.case.size),
                cost(m),
                work(m),
                share(m),
                joined(of(m, None)),
                joined(of(m, Some(Role::Tuned))),
                joined(of(m, Some(Role::Default))),
                agreement(m),
                targets(m),
            ];
            let _ = writeln!(out, "| {} |", columns.join(" | "));
        }
    }
    out
}

/// `text` with what lies between the markers replaced.
///
/// # Errors
/// When a marker is missing, doubled or out of order.
pub(crate) fn replaced(text: &str, table: &str) -> Result<String, String> {
    let (begin, end) = MARKERS;
    for marker in [begin, end] {
        let found = text.matches(marker).count();
        if found != 1 {
            return Err(format!("the marker {marker} occurs {found} times"));
        }
    }
    let (head, rest) = text.split_once(begin).unwrap_or_default();
    let (_, tail) = rest.split_once(end).ok_or_else(|| format!("{end} stands before {begin}"))?;
    Ok(format!("{head}{begin}\n{}\n{end}{tail}", table.trim_end()))
}
