//! A study as one page: the table and the figures that readers know from Jia et al. 2023, each with error bars.

use super::method::REFERENCE;
use super::table::{Block, Row, Table, heading};
use super::trend::{Finding, text};
use crate::metric::summary::Summary;
use crate::report::figure::{Axis, Chart, Point, Radar, Series};
use crate::report::number::short;
use crate::report::page::Page;

/// The page of a table, with the findings if there are any.
pub fn page(table: &Table, findings: &[Finding]) -> Page {
    let mut page = Page::new(&format!("Unlearning on pruned models: {}", table.config.scenario.name()));
    page.paragraph(&table.title());
    page.paragraph(
        "Figures show the mean over the seeds; bars are one standard deviation to either side, cut at 0 and 100 %; \
         methods are set apart a little. Sparsity is the share of the weights pruned. Retrain, black, is the reference: on the given mask, from scratch, without the \
         forgotten rows. The row retrain-uncoupled is a second such model from another draw: what lies within its gap \
         is chance.",
    );
    page.heading("Table");
    for block in &table.blocks {
        add_table(&mut page, table, block);
    }
    page.heading("Metrics against sparsity");
    for (m, metric) in table.metrics.iter().enumerate() {
        let chart = chart(table, metric.name, Axis::linear(format!("{} (%)", metric.name)), |row, _| {
            row.entries[m].map(|e| {
                let (mean, low, high) = scaled(&e.value, 100.0);
                // A share has no room beyond these, whatever the deviation.
                (mean, low.max(0.0), high.min(100.0))
            })
        });
        page.figure(&chart.svg(), &format!("{} against sparsity. {}", metric.name, meaning(metric.name)));
    }
    let disparity = chart(
        table,
        "distance from Retrain over all metrics",
        Axis::linear("mean |gap| (points)"),
        |row, _| row.disparity.map(|d| (100.0 * d, 100.0 * d, 100.0 * d)),
    );
    page.figure(
        &disparity.svg(),
        "Mean of the absolute gaps to Retrain. Jia et al. report that it shrinks with sparsity.",
    );
    page.heading("All criteria at once");
    for block in &table.blocks {
        page.figure(
            &radar(table, block).svg(),
            "Per metric 1 − |gap to Retrain|; saved is 1 − row visits as a share of Retrain's. The rim is Retrain's \
             behaviour at no cost.",
        );
    }
    page.heading("Cost");
    let visits = chart(table, "cost of the removal", Axis::logarithmic("row visits"), |row, _| {
        row.row_visits.map(|s| scaled(&s, 1.0))
    });
    page.figure(&visits.svg(), "Row visits: one gradient, Hessian–vector product or row of a Hessian each.");
    if let Some(errors) = errors(table) {
        page.heading("Error and bound");
        page.figure(
            &errors.svg(),
            "Distance of the parameters from exactly retrained ones (coupled retraining for runs, the minimiser \
             otherwise) and what the method guarantees without retraining. Methods without a guarantee have no bound.",
        );
    }
    page.heading("Attacks, intervals, distances");
    page.preformatted(&table.details());
    if !findings.is_empty() {
        page.heading("Claims");
        page.paragraph(&text::explanation());
        for family in text::families(findings) {
            let Finding { claim, statement, source, .. } = &family[0];
            page.paragraph(&format!("{claim}: {statement}. Source: {source}."));
            let rows: Vec<Vec<String>> = family.iter().map(|f| text::cells(f).to_vec()).collect();
            page.table(&text::HEADS.map(String::from), &rows);
        }
    }
    page.heading("Configuration");
    page.preformatted(&table.config.header());
    page
}

fn meaning(metric: &str) -> &'static str {
    match metric {
        "UA" => "1 − accuracy on the forgotten rows.",
        "MIA" => {
            "Share of the forgotten rows that a confidence attack calls non-members. Only the gap to Retrain means something."
        }
        "RA" => "Accuracy on the retained rows.",
        "TA" | "SA" => "Accuracy on the test rows.",
        "ASR" => "Share of triggered test rows of other classes labelled as the target class.",
        _ => "Accuracy of a linear probe on the hidden units, on classes the source model never saw.",
    }
}

/// Mean and one standard deviation to either side.
fn scaled(s: &Summary, factor: f64) -> (f64, f64, f64) {
    (factor * s.mean, factor * (s.mean - s.deviation), factor * (s.mean + s.deviation))
}

fn chart(table: &Table, title: &str, y: Axis, of: impl Fn(&Row, &Block) -> Option<(f64, f64, f64)>) -> Chart {
    let sparsities = || table.blocks.iter().map(|b| b.sparsity);
    let width = sparsities().fold(0.0, f64::max) - sparsities().fold(1.0, f64::min);
    let series = table.config.methods.iter().enumerate().map(|(i, method)| {
        let points = table.blocks.iter().filter_map(|block| {
            let (y, low, high) = of(&block.rows[i], block)?;
            // Set apart by a share of the axis: methods that agree would hide each other.
            let apart = 0.4 * width.max(0.01) * (i as f64 - 0.5 * table.config.methods.len() as f64);
            Some(Point { x: 100.0 * block.sparsity + apart, y, low, high })
        });
        Series { name: method.method.clone(), points: points.collect() }
    });
    let mut series: Vec<Series> = series.filter(|s| !s.points.is_empty()).collect();
    series.sort_by_key(|s| s.name != REFERENCE);
    Chart { title: title.to_owned(), x: Axis::linear("sparsity (%)"), y, series }
}

/// Measured distance and bound, for the methods that guarantee something; `None` when none does.
fn errors(table: &Table) -> Option<Chart> {
    let measured = chart(table, "", Axis::linear(""), |row, _| {
        row.bound.and(row.bounded_distance).map(|s| scaled(&s, 1.0))
    });
    let bound = chart(table, "", Axis::linear(""), |row, _| row.bound.map(|s| scaled(&s, 1.0)));
    let pairs = measured.series.into_iter().zip(bound.series).flat_map(|(error, bound)| {
        let name = error.name.clone();
        [error, Series { name: format!("{name}: bound"), ..bound }]
    });
    // An exact method has distance 0, which has no place among decades.
    let visible = |s: &Series| s.points.iter().any(|p| p.y > 0.0 && p.y.is_finite());
    let series: Vec<Series> = pairs.filter(visible).collect();
    let title = "error and bound".to_owned();
    let (x, y) = (Axis::linear("sparsity (%)"), Axis::logarithmic("‖θ − θ_r‖"));
    (!series.is_empty()).then_some(Chart { title, x, y, series })
}

fn radar(table: &Table, block: &Block) -> Radar {
    let reference = block.rows.iter().find(|r| r.method == REFERENCE);
    let visits = reference.and_then(|r| r.row_visits).map_or(f64::NAN, |v| v.mean);
    let mut spokes: Vec<String> = table.metrics.iter().map(|m| m.name.to_owned()).collect();
    spokes.push("saved".into());
    let series = block.rows.iter().filter_map(|row| {
        let mut values: Vec<f64> =
            row.entries.iter().map(|e| e.map(|e| 1.0 - e.gap.mean.abs())).collect::<Option<_>>()?;
        values.push(1.0 - row.row_visits?.mean / visits);
        Some((row.method.clone(), values))
    });
    let mut series: Vec<(String, Vec<f64>)> = series.collect();
    series.sort_by_key(|(name, _)| name != REFERENCE);
    Radar { title: heading(block), spokes, series }
}

fn add_table(page: &mut Page, table: &Table, block: &Block) {
    let mut heads = vec![heading(block)];
    heads.extend(table.metrics.iter().map(|m| m.name.to_owned()));
    heads.extend(["mean |gap|", "row visits", "distance", "bound"].map(String::from));
    let number = |s: Option<f64>| s.map_or("—".to_owned(), short);
    let rows: Vec<Vec<String>> = block
        .rows
        .iter()
        .map(|row| {
            let mut cells = vec![row.method.clone()];
            cells.extend(row.entries.iter().map(|e| {
                e.map_or("—".to_owned(), |e| {
                    let (mean, deviation, gap) = (e.value.mean, e.value.deviation, e.gap.mean.abs());
                    format!("{:.2} ± {:.2} ({:.2})", 100.0 * mean, 100.0 * deviation, 100.0 * gap)
                })
            }));
            cells.push(row.disparity.map_or("—".to_owned(), |d| format!("{:.2}", 100.0 * d)));
            cells.extend([row.row_visits, row.distance, row.bound].map(|s| number(s.map(|s| s.mean))));
            cells
        })
        .collect();
    page.table(&heads, &rows);
}
