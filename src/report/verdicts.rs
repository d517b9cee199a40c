//! What `verify` prints for people: the table, what its columns mean, what was refuted and how.

use super::counterexample;
use super::number::{count, short};
use super::paragraph::paragraph;
use super::table::{Align, Table};
use crate::claim::Verdict;
use crate::verify::campaign::Finding;
use crate::verify::schedule::{Standing, Summary};

/// How much is said about refuted claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Expected refutations in one line, unexpected ones in full.
    Brief,
    /// Every counterexample in full.
    Full,
}

/// One row per claim and kind of data, and below each claim its theorem. A claim that did not come out
/// as expected is marked `!!`, one that was left open `??`.
pub fn table(summaries: &[Summary]) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("", Left),
        ("claim and theorem", Left),
        ("expected", Left),
        ("verdict", Left),
        ("data", Left),
        ("cases", Right),
        ("open", Right),
        ("worst", Right),
        ("median", Right),
    ]);
    for summary in summaries {
        let mark = match summary.standing() {
            Standing::AsExpected => "",
            Standing::Open => "??",
            Standing::Unexpected => "!!",
        };
        let theorem = summary.claim.theorem.map(|t| format!("  {t}"));
        let names = [Some(summary.claim.id.to_owned()), theorem];
        let lines = summary.findings.len().max(names.iter().flatten().count());
        for line in 0..lines {
            let first = |text: &'static str| if line == 0 { text } else { "" };
            let mut cells = vec![
                first(mark).to_owned(),
                names.get(line).cloned().flatten().unwrap_or_default(),
                first(summary.claim.expected.word()).to_owned(),
            ];
            cells.extend(summary.findings.get(line).map_or_else(Default::default, found));
            table.row(cells);
        }
    }
    table.to_string()
}

/// What was found on one kind of data: verdict, data, cases, open, worst, median.
fn found(f: &Finding) -> [String; 6] {
    let ratio = |r: f64| if f.cases == 0 { "-".to_owned() } else { short(r) };
    [
        if silent(f) { "-".into() } else { f.verdict.word().into() },
        f.data.clone(),
        f.cases.to_string(),
        (f.undecided + f.failed.as_ref().map_or(0, |(n, _)| *n)).to_string(),
        ratio(f.worst_ratio),
        ratio(f.median_ratio),
    ]
}

/// Outside the claim's hypotheses in every case: nothing was found out.
fn silent(f: &Finding) -> bool {
    f.cases == 0 && f.failed.is_none()
}

/// What the columns mean.
pub fn legend() -> &'static str {
    "worst, median: measured error / claimed bound over the cases; 1 is sharp, above 1 a violation, inf a bound of 0.\n\
     For an identity the bound is 1e-9 of the size of what is compared.\n\
     Both sides are enclosed. holds: in every case the measured side is certainly at most the bound, up to 1e-9\n\
     relative. refuted: in some case it certainly exceeds it by more than that.\n\
     undecided: cases are open, by rounding or because they could not be evaluated. A claim expected to be refuted\n\
     needs one refutation on any data. !! not as expected, ?? open.\n\
     below a claim: its theorem in the Coq development, where there is one.\n"
}

/// How many cases were compared, how many of them more precise retraining decided and how many stayed open.
pub fn decided(summaries: &[Summary]) -> String {
    let total = |f: fn(&Finding) -> usize| summaries.iter().flat_map(|s| &s.findings).map(f).sum::<usize>();
    let compared = count(total(|f| f.cases), "case");
    let (tightened, open) = (total(|f| f.tightened), total(|f| f.undecided));
    format!(
        "{compared} compared: {tightened} tightened (decided by more precise retraining), {open} undecided\n"
    )
}

/// What needs words: refutations with their counterexamples, open cases, failed cases. Empty when
/// there is nothing to say.
pub fn remarks(summaries: &[Summary], detail: Detail) -> String {
    summaries.iter().map(|summary| remark(summary, detail)).collect()
}

fn remark(summary: &Summary, detail: Detail) -> String {
    let claim = &summary.claim;
    let standing = summary.standing();
    let mut text = String::new();
    for f in &summary.findings {
        if let Some(found) = &f.counterexample {
            text.push_str(&paragraph("    ", &counterexample::brief(f, found)));
            if detail == Detail::Full || standing == Standing::Unexpected {
                text.push_str(&counterexample::full(found));
            }
        }
        if let Some((n, why)) = &f.failed {
            let cases = count(*n, "case");
            text.push_str(&paragraph("    ", &format!("{}: {cases} could not be evaluated: {why}", f.data)));
        }
        // A few cases at the edge of rounding say nothing against a claim that is refuted elsewhere.
        if f.undecided > 0 && summary.verdict() != Verdict::Refuted {
            text.push_str(&format!(
                "    {}: rounding leaves {} open, also with more precise retraining\n",
                f.data,
                count(f.undecided, "case")
            ));
        }
    }
    let head = match standing {
        Standing::AsExpected => "",
        Standing::Open => "OPEN ",
        Standing::Unexpected => "UNEXPECTED ",
    };
    if text.is_empty() && standing == Standing::AsExpected {
        return text;
    }
    if summary.findings.iter().all(silent) {
        text.push_str("    no case was within its hypotheses\n");
    }
    let title = format!("  {head}{} ({}): {}\n", claim.id, summary.verdict(), claim.title);
    title + &paragraph("      ", claim.statement) + &text
}

/// One line: whether everything came out as expected, and what did not.
pub fn last_line(summaries: &[Summary]) -> String {
    let names = |standing: Standing| {
        let these = summaries.iter().filter(|s| s.standing() == standing);
        these.map(|s| format!("{} {}", s.claim.id, s.verdict())).collect::<Vec<_>>()
    };
    let (unexpected, open) = (names(Standing::Unexpected), names(Standing::Open));
    let all = count(summaries.len(), "claim");
    if unexpected.is_empty() && open.is_empty() {
        let refuted = summaries.iter().filter(|s| s.verdict() == Verdict::Refuted).count();
        return format!(
            "{all}: all as expected ({} hold, {refuted} refuted, as should be)\n",
            summaries.len() - refuted
        );
    }
    let mut parts = vec![format!("{} as expected", summaries.len() - unexpected.len() - open.len())];
    if !unexpected.is_empty() {
        parts.push(format!("{} NOT as expected ({})", unexpected.len(), unexpected.join(", ")));
    }
    if !open.is_empty() {
        parts.push(format!("{} open ({})", open.len(), open.join(", ")));
    }
    format!("{all}: {}\n", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{Claim, all};
    use crate::report::json;
    use crate::verify::schedule::Schedule;

    /// The claim on a few generated problems, judged against the given expectation.
    fn judged(id: &str, expected: Verdict) -> Summary {
        let claim = all().into_iter().find(|c| c.id == id).unwrap();
        let claims = [Claim { expected, ..claim }];
        Schedule { claims: &claims, generated: Some(4), suites: &[], seed: 1, jobs: 1 }.run(&|_| {}).remove(0)
    }

    #[test]
    fn what_is_not_as_expected_cannot_be_overlooked() {
        // The bound is 0 where the run returns; the error is not.
        let summaries =
            [judged("prop2-return", Verdict::Holds), judged("residual-loss-gap", Verdict::Refuted)];
        assert!(summaries.iter().all(|s| s.standing() == Standing::Unexpected));
        let table = table(&summaries);
        assert_eq!(table.lines().filter(|line| line.starts_with("!!")).count(), 2, "{table}");
        let remarks = remarks(&summaries, Detail::Brief);
        for part in ["UNEXPECTED prop2-return (refuted)", "steps ", "UNEXPECTED residual-loss-gap (holds)"] {
            assert!(remarks.contains(part), "{remarks}");
        }
        let last = last_line(&summaries);
        assert_eq!(
            last,
            "2 claims: 0 as expected; 2 NOT as expected (prop2-return refuted, residual-loss-gap holds)\n"
        );
    }

    #[test]
    fn an_expected_refutation_is_one_line_unless_asked_for() {
        let summaries = [judged("prop2-return", Verdict::Refuted)];
        let (brief, full) = (remarks(&summaries, Detail::Brief), remarks(&summaries, Detail::Full));
        assert!(brief.contains("(returning trajectory): 0.250 > ") && !brief.contains("steps  "), "{brief}");
        assert!(full.contains("claimed bound") && full.len() > brief.len(), "{full}");
        assert!(!table(&summaries).contains("!!"));
    }

    #[test]
    fn an_infinite_ratio_is_null_in_json() {
        let mut summary = judged("prop2-return", Verdict::Refuted);
        summary.findings[0].worst_ratio = f64::INFINITY;
        let line: serde_json::Value = serde_json::from_str(&json::lines(&summary, false)).unwrap();
        assert!(line["worst_ratio"].is_null() && line["median_ratio"].is_number(), "{line}");
        assert_eq!(line["verdict"], "refuted");
    }
}
