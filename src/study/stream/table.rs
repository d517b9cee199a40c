//! Means over the seeds, cell by cell, and the ranges of gains over all cells.

use super::run::{Cell, Config};
use super::{Arrival, Record, Strategy};
use crate::metric::summary::Summary;
use crate::report::between::above;
use crate::report::number::{count, short};
use crate::report::paragraph::paragraph;
use crate::report::table::{Align, Table as Text};
use crate::sisa::cost::slicing::combined;
use std::fmt;

/// One strategy in one cell, over the seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The strategy.
    pub strategy: Strategy,
    /// Row visits while answering, as a share of those of `full`.
    pub share: Summary,
    /// The same with what carrying the vectors took.
    pub prepared: Summary,
    /// The largest certified distance over all seeds; `None` when nothing was certified in one.
    pub certified: Option<f64>,
    /// The largest measured distance over all seeds.
    pub distance: f64,
    /// Accuracies on test, retained and forgotten rows, and membership.
    pub scores: [Summary; 4],
    /// Shards retrained and updated per request.
    pub answers: [f64; 2],
    /// Seconds of answering.
    pub seconds: Option<Summary>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What was varied.
    pub cell: Cell,
    /// One row per strategy.
    pub rows: Vec<Row>,
    /// Row visits that SISA's closed form expects while answering uniform requests of one row each (without the
    /// shrinking of the data), over those counted; `None` for other patterns.
    pub expected: Option<f64>,
}

/// The table of a study of streams.
pub struct Table<'a> {
    config: &'a Config,
    records: &'a [Record],
    /// The cells, in the order of the grid.
    pub blocks: Vec<Block>,
}

/// How much dearer one strategy is than another, over cells: smallest, median, largest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Smallest.
    pub low: f64,
    /// Median.
    pub median: f64,
    /// Largest.
    pub high: f64,
}

impl Range {
    fn of(mut values: Vec<f64>) -> Option<Range> {
        values.retain(|v| !v.is_nan());
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        Some(Range { low: values[0], median: values[values.len() / 2], high: values[last] })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} (median {})", short(self.low), short(self.high), short(self.median))
    }
}

impl<'a> Table<'a> {
    /// Summarises the records of a study.
    pub fn new(config: &'a Config, records: &'a [Record]) -> Table<'a> {
        let blocks = config.cells().into_iter().map(|cell| block(config, records, cell)).collect();
        Table { config, records, blocks }
    }

    /// Cost of the first strategy over that of the second, cell by cell, while answering or with all preparation.
    pub fn gain(&self, over: Strategy, of: Strategy, with_preparation: bool) -> Option<Range> {
        let find = |b: &Block, s: Strategy| {
            let row = b.rows.iter().find(|r| r.strategy == s)?;
            Some(if with_preparation { row.prepared.mean } else { row.share.mean })
        };
        let ratio = |b: &Block| Some(find(b, over)? / find(b, of)?);
        Range::of(self.blocks.iter().filter_map(ratio).collect())
    }

    /// What the study says in sentences.
    pub fn findings(&self) -> Vec<String> {
        let mut all = Vec::new();
        let n = self.records.len();
        let kept = |holds: &dyn Fn(&Record) -> bool| self.records.iter().filter(|r| holds(r)).count();
        let exact = ["full", "sisa"];
        let reference = kept(&|r| exact.contains(&&*r.strategy));
        all.push(format!(
            "Row visits predicted before every answer equal those counted in {} of {n} runs; the cheapest branch within the \
             tolerance was taken in {}; certified and measured distances are within what the strategy promises in {}; full and \
             sisa end at the retrained bits in {} of {reference}.",
            kept(&|r| r.predicted == r.visits),
            kept(&|r| r.regret == 0),
            kept(&|r| !outside(&self.config.strategies, r)),
            kept(&|r| exact.contains(&&*r.strategy) && r.exact),
        ));
        for &hybrid in &self.config.strategies {
            let Strategy::Hybrid(tolerance) = hybrid else { continue };
            let mut says = Vec::new();
            for over in [Strategy::Full, Strategy::Sisa, Strategy::Update(tolerance)] {
                if let Some(range) = self.gain(over, hybrid, false) {
                    says.push(format!("{over} takes {range} times as many row visits"));
                }
            }
            let prepared: Vec<String> = [Strategy::Full, Strategy::Sisa]
                .into_iter()
                .filter_map(|over| Some(format!("{over} {}", self.gain(over, hybrid, true)?)))
                .collect();
            all.push(format!(
                "{hybrid}: while answering, {}. With the carrying of all vectors counted: {}.",
                says.join("; "),
                prepared.join("; ")
            ));
        }
        all.push(
            "Li et al. 2024 (arXiv 2412.14505, abstract) report 1.5 to 8 times; their formulas, baselines and numbers of \
             requests are not public to us, so the ranges stand beside each other and are not the same quantity."
                .into(),
        );
        let expected: Vec<f64> = self.blocks.iter().filter_map(|b| b.expected).collect();
        if let Some(range) = Range::of(expected) {
            all.push(format!(
                "Uniform requests of one row: SISA's closed form (one request, times their number, data not shrinking) expects \
                 {range} times the row visits counted for sisa."
            ));
        }
        let timed = self.records.iter().filter_map(|r| Some((r.predicted_seconds?, r.seconds?)));
        if let Some(range) =
            Range::of(timed.filter(|(p, s)| *p > 0.0 && *s > 0.0).map(|(p, s)| s / p).collect())
        {
            all.push(format!(
                "Seconds of answering over those predicted from the cost of a row visit and of a coordinate, measured before: \
                 {range}."
            ));
        }
        all
    }

    /// A block as aligned text.
    pub fn of(&self, block: &Block) -> String {
        let align = |j: usize| if j == 0 { Align::Left } else { Align::Right };
        let heads = self.heads();
        let columns: Vec<(&str, Align)> =
            heads.iter().enumerate().map(|(j, head)| (*head, align(j))).collect();
        let mut text = Text::new(&columns);
        block.rows.iter().for_each(|row| text.row(Table::cells(row, self.config.timings)));
        text.to_string()
    }

    /// Columns of the rows of a block, as text.
    pub fn cells(row: &Row, certain: bool) -> Vec<String> {
        let percent = |s: &Summary| format!("{:.1}", 100.0 * s.mean);
        let mut cells = vec![row.strategy.to_string(), format!("{:.2}", 100.0 * row.share.mean)];
        cells.push(format!("{:.1}", 100.0 * row.prepared.mean));
        cells.push(format!("{:.2}/{:.2}", row.answers[0], row.answers[1]));
        cells.push(row.certified.map_or("none".into(), |c| if c == 0.0 { "0".into() } else { above(c) }));
        cells.push(short(row.distance));
        cells.extend(row.scores.iter().map(percent));
        if certain {
            cells.push(row.seconds.map_or(String::new(), |s| short(s.mean)));
        }
        cells
    }

    /// Headings of [`Table::cells`].
    pub fn heads(&self) -> Vec<&'static str> {
        let mut heads = vec![
            "strategy",
            "visits %",
            "prepared %",
            "retrain/update",
            "certified",
            "measured",
            "TA",
            "RA",
            "FA",
            "MIA",
        ];
        if self.config.timings {
            heads.push("seconds");
        }
        heads
    }

    /// What the columns are.
    pub fn legend() -> &'static str {
        "visits %: row visits while answering, as a share of those of full; prepared %: with what carrying the vectors took, \
         before the first request and again after every retraining; retrain/update: shards per request; certified: the largest \
         certified distance of a shard from the retrained one after any request, over the seeds; measured: the largest at the \
         end; TA, RA, FA: accuracy on test, kept and forgotten rows (%); MIA: share of the forgotten rows that the attack \
         calls non-members (%)."
    }
}

/// Did a run break what its strategy promises?
fn outside(strategies: &[Strategy], record: &Record) -> bool {
    let promise = strategies.iter().find(|s| s.to_string() == record.strategy).and_then(|s| s.promise());
    promise.is_some_and(|t| {
        let certified = t.distance().is_infinite() || record.certified.is_some_and(|c| t.holds(c));
        !certified || !t.holds(record.distance)
    })
}

fn block(config: &Config, records: &[Record], cell: Cell) -> Block {
    let here = |r: &&Record| {
        (r.shards, r.slices, r.requests) == (cell.shards, cell.slices, cell.requests)
            && r.arrival == cell.arrival.to_string()
    };
    let records: Vec<&Record> = records.iter().filter(here).collect();
    let of = |s: Strategy| -> Vec<&Record> {
        let name = s.to_string();
        records.iter().copied().filter(|r| r.strategy == name).collect()
    };
    let full = of(Strategy::Full);
    let sisa = of(Strategy::Sisa);
    let expected = (cell.arrival == Arrival::Uniform && !sisa.is_empty()).then(|| {
        let ratio = |r: &&Record| {
            let one =
                combined(r.training as f64, cell.shards as u64, cell.slices as u64, 1).unwrap_or(f64::NAN);
            one * r.forgotten as f64 / r.visits.max(1) as f64
        };
        sisa.iter().map(ratio).sum::<f64>() / sisa.len() as f64
    });
    let row = |&strategy: &Strategy| {
        let mine = of(strategy);
        let summary = |value: &dyn Fn(&Record) -> f64| {
            let values: Vec<f64> = mine.iter().map(|r| value(r)).collect();
            Summary::of(&values, config.seed)
        };
        let reference =
            |seed: u64| full.iter().find(|r| r.seed == seed).map_or(f64::NAN, |r| r.visits as f64);
        let mean = |value: fn(&Record) -> f64| mine.iter().map(|r| value(r)).sum::<f64>() / mine.len() as f64;
        Some(Row {
            strategy,
            share: summary(&|r| r.visits as f64 / reference(r.seed))?,
            prepared: summary(&|r| (r.visits + r.preparation) as f64 / reference(r.seed))?,
            certified: mine.iter().map(|r| r.certified).try_fold(0.0, |a: f64, c| Some(a.max(c?))),
            distance: mine.iter().map(|r| r.distance).fold(0.0, f64::max),
            scores: [
                summary(&|r| r.test_accuracy)?,
                summary(&|r| r.retained_accuracy)?,
                summary(&|r| r.forgotten_accuracy)?,
                summary(&|r| r.membership)?,
            ],
            answers: [
                mean(|r| r.retrained as f64 / r.answered as f64),
                mean(|r| r.updated as f64 / r.answered as f64),
            ],
            seconds: mine
                .iter()
                .all(|r| r.seconds.is_some())
                .then(|| summary(&|r| r.seconds.unwrap_or(0.0)))
                .flatten(),
        })
    };
    Block { cell, rows: config.strategies.iter().filter_map(row).collect(), expected }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { shards, slices, arrival, requests } = self.cell;
        write!(
            f,
            "{}, {arrival}, {} of {}",
            count(requests, "request"),
            count(shards, "shard"),
            count(slices, "slice")
        )
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for block in &self.blocks {
            writeln!(f, "{block}\n{}", self.of(block))?;
        }
        write!(f, "{}", paragraph("", Table::legend()))?;
        for finding in self.findings() {
            write!(f, "\n{}", paragraph("", &finding))?;
        }
        Ok(())
    }
}
