//! What `verify` writes for scripts: one JSON object per claim and kind of data, one per line.

use crate::claim::evidence::RESOLUTION;
use crate::numeric::interval::Interval;
use crate::verify::campaign::{Counterexample, Finding};
use crate::verify::schedule::{Standing, Summary};
use serde::Serialize;
use serde_json::{Value, json};

/// One line. Fields are written in this order; numbers that are not finite are written as `null`.
#[derive(Serialize)]
struct Line<'a> {
    claim: &'a str,
    title: &'a str,
    statement: &'a str,
    source: &'a str,
    theorem: Option<&'a str>,
    expected: &'a str,
    /// On this data.
    verdict: &'a str,
    /// Over all data of the run.
    overall: &'a str,
    as_expected: bool,
    data: &'a str,
    cases: usize,
    undecided: usize,
    /// Decided only by more precise retraining.
    tightened: usize,
    not_applicable: usize,
    failed: usize,
    worst_ratio: Option<f64>,
    median_ratio: Option<f64>,
    /// Differences below this share of what is compared do not count.
    resolution: f64,
    counterexample: Option<Value>,
    seconds: Option<f64>,
}

/// The lines of a claim, in the order of its findings.
///
/// `seconds` is `null` unless `timings` is set, because a time would make two runs differ. The ratios
/// are `null` when nothing was compared or they are infinite (a bound of 0 that is exceeded).
pub fn lines(summary: &Summary, timings: bool) -> String {
    summary.findings.iter().map(|finding| line(summary, finding, timings)).collect()
}

fn line(summary: &Summary, finding: &Finding, timings: bool) -> String {
    let ratio = |r: f64| (finding.cases > 0 && r.is_finite()).then_some(r);
    let claim = &summary.claim;
    let line = Line {
        claim: claim.id,
        title: claim.title,
        statement: claim.statement,
        source: claim.source,
        theorem: claim.theorem,
        expected: claim.expected.word(),
        verdict: finding.verdict.word(),
        overall: summary.verdict().word(),
        as_expected: summary.standing() == Standing::AsExpected,
        data: &finding.data,
        cases: finding.cases,
        undecided: finding.undecided,
        tightened: finding.tightened,
        not_applicable: finding.not_applicable,
        failed: finding.failed.as_ref().map_or(0, |(n, _)| *n),
        worst_ratio: ratio(finding.worst_ratio),
        median_ratio: ratio(finding.median_ratio),
        resolution: RESOLUTION,
        counterexample: finding.counterexample.as_ref().map(counterexample),
        seconds: timings.then_some(finding.seconds),
    };
    serde_json::to_string(&line).expect("a line has only string keys") + "\n"
}

/// Both sides and the case.
fn counterexample(found: &Counterexample) -> Value {
    json!({
        "measured": interval(found.evidence.measured),
        "bound": interval(found.evidence.bound),
        "case": found.case,
    })
}

/// `{"lo":…,"hi":…}`, an infinite end as `null`.
pub fn interval(x: Interval) -> Value {
    json!({ "lo": x.lo(), "hi": x.hi() })
}
