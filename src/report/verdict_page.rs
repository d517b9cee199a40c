//! What `verify --report` shows: every verdict, how tight the bounds are, and the counterexamples that fit on paper.

use super::counterexample;
use super::figure::{Axis, Chart, Distribution, Point, Series, Spread};
use super::number::short;
use super::page::Page;
use crate::claim::Verdict;
use crate::verify::campaign::{Counterexample, Finding};
use crate::verify::picture::Picture;
use crate::verify::schedule::{Standing, Summary};

/// The page of a campaign.
pub fn page(summaries: &[Summary]) -> Page {
    let mut page = Page::new("Claims of machine unlearning, checked against retraining");
    page.paragraph(&super::verdicts::last_line(summaries));
    page.heading("Verdicts");
    add_table(&mut page, summaries);
    page.preformatted(super::verdicts::legend());
    page.heading("How tight the bounds are");
    for expected in [Verdict::Holds, Verdict::Refuted] {
        if let Some(figure) = tightness(summaries, expected) {
            page.figure(
                &figure.svg(),
                "Measured error divided by claimed bound, per claim and kind of data: whisker from least to most, box over \
                 the middle half of the cases, bar at the median. Right of 1 the bound is violated; such lines are filled. What is beyond ten decades from 1 is drawn at the edge.",
            );
        }
    }
    page.heading("Counterexamples");
    for summary in summaries {
        for finding in &summary.findings {
            if let Some(found) = &finding.counterexample {
                add_counterexample(&mut page, summary, finding, found);
            }
        }
    }
    page
}

fn add_table(page: &mut Page, summaries: &[Summary]) {
    let heads =
        ["claim", "statement", "expected", "verdict", "data", "cases", "open", "worst", "median", "theorem"];
    let rows = summaries.iter().flat_map(|summary| {
        summary.findings.iter().map(|f| {
            let mark = match summary.standing() {
                Standing::AsExpected => "",
                Standing::Open => " ??",
                Standing::Unexpected => " !!",
            };
            vec![
                format!("{}{mark}", summary.claim.id),
                summary.claim.title.to_owned(),
                summary.claim.expected.word().to_owned(),
                if f.cases == 0 { "-".to_owned() } else { f.verdict.word().to_owned() },
                f.data.clone(),
                f.cases.to_string(),
                f.undecided.to_string(),
                short(f.worst_ratio),
                short(f.median_ratio),
                summary.claim.theorem.unwrap_or("not machine-checked").to_owned(),
            ]
        })
    });
    page.table(&heads.map(String::from), &rows.collect::<Vec<_>>());
}

fn tightness(summaries: &[Summary], expected: Verdict) -> Option<Distribution> {
    let rows = summaries.iter().filter(|s| s.claim.expected == expected).flat_map(|s| {
        s.findings.iter().filter_map(|f| {
            let spread = Spread::of(&f.ratios)?;
            Some((format!("{} ({})", s.claim.id, f.data), spread, f.verdict == Verdict::Refuted))
        })
    });
    let rows: Vec<(String, Spread, bool)> = rows.collect();
    let title = match expected {
        Verdict::Refuted => "claims that are false",
        Verdict::Holds | Verdict::Undecided => "claims that hold",
    };
    let label = "measured / claimed".to_owned();
    (!rows.is_empty()).then(|| Distribution { title: title.to_owned(), label, mark: 1.0, rows })
}

fn add_counterexample(page: &mut Page, summary: &Summary, finding: &Finding, found: &Counterexample) {
    let claim = &summary.claim;
    page.paragraph(&format!("{}: {}. {}", claim.id, claim.statement, counterexample::brief(finding, found)));
    if let Some(picture) = &found.picture {
        let caption =
            format!("{} The smallest case found, drawn; all of its numbers are below.", claim.title);
        page.figure(&drawn(claim.id, picture).svg(), &caption);
        page.preformatted(&counterexample::full(found));
    }
}

fn drawn(title: &str, picture: &Picture) -> Chart {
    let series = picture.curves.iter().map(|(name, points)| Series {
        name: name.clone(),
        points: points.iter().map(|&(x, y)| Point::plain(x, y)).collect(),
    });
    Chart {
        title: title.to_owned(),
        x: Axis::linear(picture.across.clone()),
        y: Axis::linear(picture.up.clone()),
        series: series.collect(),
    }
}
