//! Findings for people.

use super::finding::{Finding, LEVEL, Unit, Verdict};
use crate::report::number::short;
use crate::report::paragraph::paragraph;
use crate::report::table::{Align, Table};

/// The headings of [`cells`].
pub const HEADS: [&str; 6] = ["statement", "left → right", "effect [95 %]", "p", "Holm", "verdict"];

/// One finding as a row: shares in percent and their differences in points, sizes with the ratio of left to right.
pub fn cells(finding: &Finding) -> [String; 6] {
    let number = |x: Option<f64>| {
        x.map_or("—".into(), |x| match finding.unit {
            // Rounding must not leave a minus sign before zero.
            Unit::Share => format!("{:.2}", (1e4 * x).round() / 100.0 + 0.0),
            Unit::Ratio => short(x),
        })
    };
    let sign = if finding.unit == Unit::Ratio { "×" } else { "" };
    let verdict = match finding.verdict {
        Verdict::Undecided if finding.differing < finding.needs => format!(
            "undecided: {} of {} seeds differ, {} would be needed",
            finding.differing, finding.seeds, finding.needs
        ),
        Verdict::Contradicted => format!("contradicted (Holm {} for the opposite)", short(finding.opposite)),
        verdict => verdict.to_string(),
    };
    [
        finding.part.clone(),
        format!("{} → {}", number(finding.left), number(finding.right)),
        format!("{sign}{} [{}, {}]", number(finding.effect), number(finding.low), number(finding.high)),
        short(finding.p),
        short(finding.adjusted),
        verdict,
    ]
}

/// How the tables are to be read.
pub fn explanation() -> String {
    format!(
        "Every statement says that its left side lies above its right side, seed by seed. Shares in percent, effect \
         the difference in points; distances and bounds by geometric means, effect their ratio (×). p: one-sided \
         exact sign-flip test over the seeds; Holm: after Holm's correction over the claim. Supported or \
         contradicted at level {LEVEL}; undecided says that the seeds do not tell."
    )
}

/// The findings in families, each under its statement.
pub fn families(findings: &[Finding]) -> impl Iterator<Item = &[Finding]> {
    findings.chunk_by(|a, b| a.claim == b.claim)
}

/// All findings as text.
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for family in families(findings) {
        text += &format!("\n{}", paragraph(&format!("{}: ", family[0].claim), &family[0].statement));
        text += &paragraph("  source: ", &family[0].source);
        let aligns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];
        let columns: Vec<(&str, Align)> = HEADS.into_iter().zip(aligns).collect();
        let mut table = Table::new(&columns);
        family.iter().for_each(|finding| table.row(cells(finding)));
        text += &table.to_string();
    }
    text + "\n" + &paragraph("", &explanation())
}
