//! A study of streams as one page: the frontier of cost and certified distance, cost against requests, the table.

use super::cost::{Measure, Vectors};
use super::table::{Block, Table};
use super::{Config, Strategy};
use crate::report::figure::{Axis, Chart, Point, Series};
use crate::report::page::Page;

/// Certified distances below this are drawn at it: 0 has no place on a logarithmic axis.
const FLOOR: f64 = 1e-8;
/// Shares of visits below this are drawn at it.
const LEAST: f64 = 1e-4;

/// The page of a table.
pub fn page(config: &Config, table: &Table<'_>) -> Page {
    let mut page = Page::new("Retrain or update: streams of requests");
    page.paragraph(&format!(
        "Data {}, model {}, λ = {}, {} seeds from {} on. The hybrid is a reconstruction from the abstract of Li et al. 2024 \
         (arXiv 2412.14505).",
        config.data, config.model, config.ridge, config.seeds, config.seed
    ));
    table.findings().iter().for_each(|finding| page.paragraph(finding));
    page.heading("Gains");
    page.preformatted(&table.gains());
    page.paragraph(Table::gains_legend());
    page.heading("Frontier");
    for block in &table.blocks {
        page.figure(&frontier(block, Measure::Visits).svg(), &format!(
            "{block}. Down and to the left is better. Exact strategies are drawn at {FLOOR:e} although their distance is 0, \
             and costs of 0 at {LEAST:e}; a strategy that certifies nothing is left out."
        ));
        if config.timings {
            page.figure(&frontier(block, Measure::Seconds).svg(), "The same in seconds.");
        }
    }
    if config.requests.len() > 1 {
        page.heading("Cost against the number of requests");
        for chart in growth(config, table) {
            page.figure(
                &chart.svg(),
                "Mean over the seeds of the row visits while answering, as a share of those of full.",
            );
        }
    }
    page.heading("Table");
    let heads: Vec<String> = table.heads().into_iter().map(String::from).collect();
    for block in &table.blocks {
        page.paragraph(&block.to_string());
        let rows: Vec<Vec<String>> = block.rows.iter().map(|r| Table::cells(r, config.timings)).collect();
        page.table(&heads, &rows);
    }
    page.paragraph(&table.legend());
    page.heading("Configuration");
    page.preformatted(&config.header().to_string());
    page
}

/// Cost against certified distance, one point per strategy; strategies that differ by their tolerance are joined.
pub fn frontier(block: &Block, measure: Measure) -> Chart {
    let family = |wanted: fn(Strategy) -> bool, name: &str| {
        let rows = block.rows.iter().filter(|r| wanted(r.strategy));
        let point = |r: &super::table::Row| {
            let bound = r.certified?.max(FLOOR);
            let at = |share: f64| (100.0 * share).max(100.0 * LEAST);
            Some(Point::plain(bound, at(r.share(measure, Vectors::Ready)?.mean)))
        };
        let mut points: Vec<Point> = rows.filter_map(point).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        Series { name: name.into(), points }
    };
    let series = vec![
        family(|s| s == Strategy::Full, "full"),
        family(|s| s == Strategy::Sisa, "sisa"),
        family(|s| matches!(s, Strategy::Update(_)), "update"),
        family(|s| matches!(s, Strategy::Hybrid(_)), "hybrid"),
        family(|s| matches!(s, Strategy::Threshold(_)), "threshold"),
        family(|s| matches!(s, Strategy::Amended { .. }), "amended"),
    ];
    Chart {
        title: block.to_string(),
        x: Axis::logarithmic("largest certified distance from the retrained shard"),
        y: Axis::logarithmic(match measure {
            Measure::Visits => "row visits (% of full)",
            Measure::Seconds => "seconds (% of full)",
        }),
        series: series.into_iter().filter(|s| !s.points.is_empty()).collect(),
    }
}

/// Cost against requests, one chart per pattern and ensemble.
fn growth(config: &Config, table: &Table<'_>) -> Vec<Chart> {
    let mut charts = Vec::new();
    for &arrival in &config.arrivals {
        for &shards in &config.shards {
            for &slices in &config.slices {
                let blocks: Vec<&Block> = table
                    .blocks
                    .iter()
                    .filter(|b| (b.cell.arrival, b.cell.shards, b.cell.slices) == (arrival, shards, slices))
                    .collect();
                let series = |strategy: &Strategy| {
                    let point = |b: &&Block| {
                        let row = b.rows.iter().find(|r| r.strategy == *strategy)?;
                        let share = (100.0 * row.visits[0].mean).max(100.0 * LEAST);
                        Some(Point::plain(b.cell.requests as f64, share))
                    };
                    Series { name: strategy.to_string(), points: blocks.iter().filter_map(point).collect() }
                };
                charts.push(Chart {
                    title: format!("{arrival}, {shards} shards of {slices} slices"),
                    x: Axis::linear("requests"),
                    y: Axis::logarithmic("row visits (% of full)"),
                    series: config.strategies.iter().map(series).collect(),
                });
            }
        }
    }
    charts
}
