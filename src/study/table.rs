//! The evaluation table: per sparsity one row per method, `mean ± deviation (gap to Retrain)`, in percent.
//!
//! The gap printed is the distance of the two means, as in Jia et al. 2023; since every method meets every seed it
//! is the mean of the paired differences too, whose bootstrap interval is beside it. *Disparity* is the mean of
//! the absolute gaps of the metrics shown. Whatever is within the gap of `retrain-uncoupled` is chance.

use super::config::Config;
use super::method::REFERENCE;
use super::record::Record;
use super::scenario::Scenario;
use crate::metric::summary::{Summary, disparity, gap};
use crate::report::number::{count, exact, short};
use crate::report::paragraph::paragraph;
use crate::report::table::{Align, Table as Text};
use std::fmt;

/// A metric of the table.
#[derive(Clone, Copy)]
pub struct Metric {
    /// Its heading.
    pub name: &'static str,
    /// Where it stands in a record.
    pub of: fn(&Record) -> Option<f64>,
}

/// One metric of one method over the seeds, as shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The values.
    pub value: Summary,
    /// The differences from Retrain, seed by seed, over the seeds where both have a result.
    pub gap: Summary,
}

/// One method at one sparsity.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The method.
    pub method: String,
    /// One entry per metric of the table; `None` where no seed has a result.
    pub entries: Vec<Option<Entry>>,
    /// Mean of the absolute gaps; `None` when one is missing.
    pub disparity: Option<f64>,
    /// The calibrated threshold attack.
    pub threshold: Option<Entry>,
    /// Balanced accuracies of the published and of the calibrated attack.
    pub balanced: [Option<Summary>; 2],
    /// Distance of the parameters from Retrain's.
    pub distance: Option<Summary>,
    /// Distance from what the bound speaks about.
    pub bounded_distance: Option<Summary>,
    /// Widest certified interval over the seeds: the largest upper end of the distance from the exact minimiser.
    pub certified: Option<f64>,
    /// What the method guarantees; `None` when it guarantees nothing for some seed.
    pub bound: Option<Summary>,
    /// Row visits.
    pub row_visits: Option<Summary>,
    /// Floating-point operations.
    pub flops: Option<Summary>,
    /// Seconds, where they were recorded.
    pub seconds: Option<Summary>,
    /// Seeds without a result, and the reason of the first.
    pub failed: (usize, Option<String>),
}

/// The rows of one sparsity.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The sparsity asked for.
    pub sparsity: f64,
    /// Parameters kept by the mask.
    pub active: usize,
    /// One row per method, in the order asked for.
    pub rows: Vec<Row>,
}

/// The table of a study.
#[derive(Clone)]
pub struct Table {
    /// What it is about.
    pub config: Config,
    /// Its metrics.
    pub metrics: Vec<Metric>,
    /// One block per sparsity.
    pub blocks: Vec<Block>,
}

/// The metrics of a scenario.
pub fn metrics(scenario: &Scenario) -> Vec<Metric> {
    let mut metrics = vec![
        Metric { name: "UA", of: |r| r.ua },
        Metric { name: "MIA", of: |r| r.mia },
        Metric { name: "RA", of: |r| r.ra },
        Metric { name: "TA", of: |r| r.ta },
    ];
    match scenario {
        Scenario::Trojan { .. } => {
            metrics[3].name = "SA";
            metrics.insert(0, Metric { name: "ASR", of: |r| r.asr });
        }
        Scenario::Transfer { .. } => metrics.push(Metric { name: "probe", of: |r| r.probe }),
        Scenario::ClassWise { .. } | Scenario::Random { .. } => {}
    }
    metrics
}

impl Table {
    /// Sums up the records of a study, of the seeds that have been finished.
    pub fn new(config: &Config, records: &[Record]) -> Table {
        let metrics = metrics(&config.scenario);
        let block = |&sparsity: &f64| {
            let here: Vec<&Record> = records.iter().filter(|r| r.sparsity == sparsity).collect();
            let retrained: Vec<&Record> = here.iter().filter(|r| r.method == REFERENCE).copied().collect();
            let row = |name: &str| {
                let mine: Vec<&Record> = here.iter().filter(|r| r.method == name).copied().collect();
                row(name, &mine, &retrained, &metrics, config.seed)
            };
            let rows = config.methods.iter().map(|m| row(&m.method)).collect();
            Block { sparsity, active: retrained.first().map_or(0, |r| r.active), rows }
        };
        let blocks = config.sparsity.iter().map(block).collect();
        Table { config: config.clone(), metrics, blocks }
    }
}

fn row(name: &str, mine: &[&Record], retrained: &[&Record], metrics: &[Metric], seed: u64) -> Row {
    let entry = |of: fn(&Record) -> Option<f64>| -> Option<Entry> {
        let values: Vec<f64> = mine.iter().filter_map(|r| of(r)).collect();
        let pairs: Vec<(f64, f64)> = mine
            .iter()
            .filter_map(|m| Some((of(m)?, of(retrained.iter().find(|r| r.seed == m.seed)?)?)))
            .collect();
        let (left, right): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        Some(Entry { value: Summary::of(&values, seed)?, gap: gap(&left, &right, seed)? })
    };
    let plain = |of: fn(&Record) -> Option<f64>| {
        Summary::of(&mine.iter().filter_map(|r| of(r)).collect::<Vec<f64>>(), seed)
    };
    let entries: Vec<Option<Entry>> = metrics.iter().map(|m| entry(m.of)).collect();
    let gaps: Option<Vec<f64>> = entries.iter().map(|e| e.map(|e| e.gap.mean)).collect();
    let certified = mine.iter().filter_map(|r| r.certified_high);
    let all = |summary: Option<Summary>| summary.filter(|s| s.count == mine.len());
    let failures: Vec<&String> = mine.iter().filter_map(|r| r.failure.as_ref()).collect();
    Row {
        method: name.to_owned(),
        entries,
        disparity: gaps.and_then(|g| disparity(&g)),
        threshold: entry(|r| r.threshold_mia),
        balanced: [plain(|r| r.mia_balanced_accuracy), plain(|r| r.threshold_balanced_accuracy)],
        distance: plain(|r| r.distance),
        bounded_distance: plain(|r| r.bounded_distance),
        certified: certified.fold(None, |a: Option<f64>, b| Some(a.map_or(b, |a| a.max(b)))),
        bound: all(plain(|r| r.bound)),
        row_visits: plain(|r| r.row_visits),
        flops: plain(|r| r.flops),
        seconds: plain(|r| r.seconds),
        failed: (failures.len(), failures.first().map(|f| (*f).clone())),
    }
}

/// A number of percent.
fn percent(x: f64) -> String {
    // Rounding must not leave a minus sign before zero.
    format!("{:.2}", 100.0 * x + 0.0)
}

fn cell(entry: &Option<Entry>) -> String {
    entry.map_or("—".into(), |e| {
        format!("{} ± {} ({})", percent(e.value.mean), percent(e.value.deviation), percent(e.gap.mean.abs()))
    })
}

impl Table {
    /// The first lines: what the table is about.
    pub(super) fn title(&self) -> String {
        let c = &self.config;
        let list = |classes: &[f64]| classes.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        let what = match &c.scenario {
            Scenario::ClassWise { classes } => format!("forgetting class {}", list(classes)),
            Scenario::Random { fraction } => {
                format!("forgetting {} % of the training rows at random", percent(*fraction))
            }
            Scenario::Trojan { fraction, target, .. } => {
                format!(
                    "forgetting a Trojan ({} % of the training rows, target class {target})",
                    percent(*fraction)
                )
            }
            Scenario::Transfer { classes, probed } => {
                format!("forgetting class {} before probing for {}", list(classes), list(probed))
            }
        };
        let seeds = count(c.seeds as usize, "seed");
        let without = if c.test_without_classes { "; TA and MIA without the forgotten classes" } else { "" };
        paragraph(
            "",
            &format!(
                "{what}: {} on {}, pruned by {}, {seeds}. Percent, mean ± standard deviation (gap to Retrain); \
                 cost in row visits, as a share of Retrain's{without}.",
                c.model, c.data, c.pruner
            ),
        )
    }

    /// Attacks, intervals, distances and bounds, which the main table has no room for.
    pub fn details(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            text.push_str(&format!("\n{}\n", heading(block)));
            let names: Vec<String> = self.metrics.iter().map(|m| format!("gap {}", m.name)).collect();
            let mut columns = vec![("95 % intervals", Align::Left)];
            columns.extend(names.iter().map(|n| (n.as_str(), Align::Right)));
            let more = [
                "attack",
                "threshold MIA",
                "attack",
                "distance",
                "certified",
                "of the bound",
                "bound",
                "GFLOP",
            ];
            columns.extend(more.map(|n| (n, Align::Right)));
            let mut table = Text::new(&columns);
            for row in &block.rows {
                let interval = |e: &Option<Entry>| {
                    e.map_or("—".into(), |e| format!("[{}, {}]", percent(e.gap.low), percent(e.gap.high)))
                };
                let number = |s: Option<f64>| s.map_or("—".into(), short);
                let mean = |s: &Option<Summary>| number(s.map(|s| s.mean));
                let share = |s: &Option<Summary>| s.map_or("—".into(), |s| percent(s.mean));
                let mut cells = vec![row.method.clone()];
                cells.extend(row.entries.iter().map(interval));
                cells.extend([share(&row.balanced[0]), cell(&row.threshold), share(&row.balanced[1])]);
                cells.extend([mean(&row.distance), number(row.certified), mean(&row.bounded_distance)]);
                cells.extend([mean(&row.bound), number(row.flops.map(|f| f.mean / 1e9))]);
                table.row(cells);
            }
            text.push_str(&table.to_string());
        }
        text + "\n" + &paragraph("", EXPLANATION)
    }
}

const EXPLANATION: &str = "attack: balanced accuracy of the membership attack before it, on the rows it was fitted to \
    (50 knows nothing); distance: of the parameters from Retrain's; certified: largest proved upper end of the \
    distance from the exact minimiser; of the bound: distance from what the bound speaks about, coupled retraining \
    or the minimiser; bound: what the method guarantees about it without retraining.";

pub(super) fn heading(block: &Block) -> String {
    // Rounded where 100 · 0.55 is not 55.
    let percent = exact((1e10 * block.sparsity).round() / 1e8);
    format!("sparsity {percent} %, {} kept", count(block.active, "parameter"))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())?;
        let timed = self.blocks.iter().flat_map(|b| &b.rows).any(|r| r.seconds.is_some());
        for block in &self.blocks {
            let mut columns = vec![("method", Align::Left)];
            columns.extend(self.metrics.iter().map(|m| (m.name, Align::Right)));
            columns.extend([("disparity", Align::Right), ("cost", Align::Right)]);
            columns.extend(timed.then_some(("seconds", Align::Right)));
            let mut table = Text::new(&columns);
            let retrain = block.rows.iter().find(|r| r.method == REFERENCE).and_then(|r| r.row_visits);
            for row in &block.rows {
                let mut cells = vec![row.method.clone()];
                cells.extend(row.entries.iter().map(cell));
                cells.push(row.disparity.map_or("—".into(), percent));
                cells.push(match (row.row_visits, retrain) {
                    (Some(visits), Some(all)) if all.mean > 0.0 => format!("{:.3}", visits.mean / all.mean),
                    _ => "—".into(),
                });
                if timed {
                    cells.push(row.seconds.map_or("—".into(), |s| short(s.mean)));
                }
                table.row(cells);
            }
            write!(f, "\n{}\n{table}", heading(block))?;
            for row in &block.rows {
                if let (failed, Some(why)) = &row.failed {
                    let text = format!("{} has no result for {}: {why}", row.method, count(*failed, "seed"));
                    f.write_str(&paragraph("", &text))?;
                }
            }
        }
        Ok(())
    }
}
