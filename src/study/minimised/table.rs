//! Totals cell by cell, and the ranges of gains over all cells.

use super::{Config, Record, Strategy};
use crate::report::between::above;
use crate::report::number::{count, short};
use crate::report::paragraph::paragraph;
use crate::report::table::{Align, Table as Text};
use crate::study::stream::Arrival;
use crate::study::stream::cost::Measure;
use crate::study::stream::gain::Range;
use crate::study::stream::run::Cell;
use std::fmt;

/// The table of a study.
pub struct Table<'a> {
    config: &'a Config,
    records: &'a [Record],
}

impl<'a> Table<'a> {
    /// Of the records of a study.
    pub fn new(config: &'a Config, records: &'a [Record]) -> Table<'a> {
        Table { config, records }
    }

    fn of(&self, cell: Cell, strategy: Strategy) -> Vec<&'a Record> {
        let (name, arrival) = (strategy.to_string(), cell.arrival.to_string());
        let here = |r: &&Record| {
            (r.shards, r.requests) == (cell.shards, cell.requests)
                && r.arrival == arrival
                && r.strategy == name
        };
        self.records.iter().filter(here).collect()
    }

    /// The mean total over the seeds; `None` for seconds of records without times.
    pub fn total(&self, cell: Cell, strategy: Strategy, measure: Measure) -> Option<f64> {
        let records = self.of(cell, strategy);
        let one = |r: &&Record| match measure {
            Measure::Visits => Some(r.total as f64),
            Measure::Seconds => r.seconds,
        };
        let all: Option<Vec<f64>> = records.iter().map(one).collect();
        Some(all?.iter().sum::<f64>() / records.len() as f64)
    }

    /// The cells with this pattern of requests, or all.
    fn cells(&self, arrival: Option<Arrival>) -> Vec<Cell> {
        let mut cells = self.config.streams.cells();
        cells.retain(|c| arrival.is_none_or(|a| c.arrival == a));
        cells
    }

    /// The total of the first strategy over that of the second, cell by cell.
    pub fn gain(
        &self,
        over: Strategy,
        of: Strategy,
        measure: Measure,
        arrival: Option<Arrival>,
    ) -> Option<Range> {
        let ratio = |c: &Cell| Some(self.total(*c, over, measure)? / self.total(*c, of, measure)?);
        Range::of(self.cells(arrival).iter().filter_map(ratio).collect())
    }

    /// In how many cells, of how many, a strategy takes less than each of the others.
    pub fn wins(
        &self,
        of: Strategy,
        others: &[Strategy],
        measure: Measure,
        arrival: Option<Arrival>,
    ) -> (usize, usize) {
        let cells = self.cells(arrival);
        let less = |c: &&Cell, other: &Strategy| {
            self.total(**c, of, measure)
                .zip(self.total(**c, *other, measure))
                .is_some_and(|(mine, theirs)| mine < theirs)
        };
        let won = cells.iter().filter(|c| others.iter().all(|o| less(c, o))).count();
        (won, cells.len())
    }

    fn measures(&self) -> &'static [(Measure, &'static str)] {
        let both = &[(Measure::Visits, "visits"), (Measure::Seconds, "seconds")];
        if self.config.streams.timings { both } else { &both[..1] }
    }

    fn hybrids(&self) -> impl Iterator<Item = (Strategy, Strategy)> {
        self.config.strategies.iter().filter_map(|s| match s {
            Strategy::Hybrid(t) => Some((*s, Strategy::Update(*t))),
            _ => None,
        })
    }

    /// The gains of every hybrid as aligned text: over all cells and pattern by pattern.
    pub fn gains(&self) -> String {
        let mut heads = vec![("strategy", Align::Left), ("requests", Align::Left), ("total", Align::Left)];
        let overs = ["full", "sisa", "sisa:warm", "update:ε", "update", "beats both"];
        heads.extend(overs.map(|h| (h, Align::Right)));
        let mut text = Text::new(&heads);
        for (of, update) in self.hybrids() {
            let patterns = self.config.streams.arrivals.iter().map(|a| Some(*a));
            for arrival in std::iter::once(None).chain(patterns) {
                for &(measure, unit) in self.measures() {
                    let name = arrival.map_or("all".into(), |a| a.to_string());
                    let mut cells = vec![of.to_string(), name, unit.into()];
                    for over in [Strategy::Full, Strategy::Sisa, Strategy::Warm, update, Strategy::Step] {
                        let cell =
                            |r: Range| format!("{}..{} ({})", short(r.low), short(r.high), short(r.median));
                        cells.push(self.gain(over, of, measure, arrival).map_or(String::new(), cell));
                    }
                    let (won, of) = self.wins(of, &[Strategy::Sisa, update], measure, arrival);
                    cells.push(format!("{won} of {of}"));
                    text.row(cells);
                }
            }
        }
        text.to_string()
    }

    /// What the columns of [`Table::gains`] are.
    pub fn gains_legend() -> &'static str {
        "How many times as much the strategies in the heads take in total as the hybrid (update:ε: of the same tolerance): \
         smallest..largest (median) over the cells. Below 1 the hybrid is the dearer one. beats both: in how many cells it \
         takes less in total than sisa and less than update:ε."
    }

    /// One cell as aligned text, a row per strategy.
    pub fn cell(&self, cell: Cell) -> String {
        let mut heads = vec![("strategy", Align::Left)];
        let numbers = ["branches", "planning", "certifying", "preparing", "total"];
        let times = ["ms", "preparing"];
        let ends = ["noop/infl./newton/retrain", "certified", "measured", "TA", "RA", "FA"];
        let timed = self.config.streams.timings;
        let times = if timed { &times[..] } else { &[] };
        heads.extend(numbers.iter().chain(times).chain(&ends).map(|h| (*h, Align::Right)));
        let mut text = Text::new(&heads);
        for &strategy in &self.config.strategies {
            let records = self.of(cell, strategy);
            let mean = |value: &dyn Fn(&Record) -> f64| {
                records.iter().map(|r| value(r)).sum::<f64>() / records.len() as f64
            };
            let largest =
                |value: &dyn Fn(&Record) -> f64| records.iter().map(|r| value(r)).fold(0.0, f64::max);
            let mut cells = vec![strategy.to_string()];
            let visits: [fn(&Record) -> u64; 5] =
                [|r| r.branches, |r| r.planning, |r| r.certifying, |r| r.preparation, |r| r.total];
            cells.extend(visits.map(|v| format!("{:.0}", mean(&|r| v(r) as f64))));
            if timed {
                let milliseconds = |s: Option<f64>| 1e3 * s.unwrap_or(f64::NAN);
                cells.push(short(mean(&|r| milliseconds(r.seconds))));
                cells.push(short(mean(&|r| milliseconds(r.preparation_seconds))));
            }
            let answers = [0, 1, 2, 3].map(|j| format!("{:.1}", mean(&|r| r.answers[j] as f64)));
            cells.push(answers.join("/"));
            let certified = largest(&|r| r.certified.unwrap_or(f64::INFINITY));
            cells.push(if certified == 0.0 { "0".into() } else { above(certified) });
            cells.push(short(largest(&|r| r.distance)));
            let scores: [fn(&Record) -> f64; 3] =
                [|r| r.test_accuracy, |r| r.retained_accuracy, |r| r.forgotten_accuracy];
            cells.extend(scores.map(|s| format!("{:.1}", 100.0 * mean(&|r| s(r)))));
            text.row(cells);
        }
        text.to_string()
    }

    /// What the columns of [`Table::cell`] are.
    pub fn legend(&self) -> String {
        let times = match self.config.streams.timings {
            true => {
                "; ms: milliseconds of processor time for everything; preparing: of these, for exact fits"
            }
            false => "",
        };
        format!(
            "Row visits of branches (in vain or not), of planning, of certificates, of preparing exact fits, and all of them, \
             for all requests together, means over the seeds{times}; then the answers by branch, the largest certified distance \
             of an answer from the retrained shard (0: all were retrained), the largest measured one in the end, and the \
             accuracy on test, kept and forgotten rows (%)."
        )
    }

    /// How a cell is called.
    pub fn title(cell: Cell) -> String {
        format!("{}, {}, {}", count(cell.requests, "request"), cell.arrival, count(cell.shards, "shard"))
    }

    /// What the study says in sentences.
    pub fn findings(&self) -> Vec<String> {
        let n = self.records.len();
        let kept = |r: &&Record| {
            let strategy = self.config.strategies.iter().find(|s| s.to_string() == r.strategy);
            strategy.is_some_and(|s| r.keeps(*s))
        };
        let mut all = vec![format!(
            "In {} of {n} runs every answer is certified to be within what its strategy promises, or retrained, and the end was \
             measured to be as near as certified.",
            self.records.iter().filter(kept).count(),
        )];
        let ratio = |r: &Record| r.branches as f64 / r.predicted as f64;
        if let Some(range) = Range::of(self.records.iter().map(ratio).collect()) {
            all.push(format!(
                "Row visits counted for branches over those predicted, which for retraining are a forecast and after which a \
                 dearer branch may follow: {range}."
            ));
        }
        let patterns: Vec<Option<Arrival>> = self
            .config
            .streams
            .arrivals
            .iter()
            .filter(|a| **a == Arrival::Bursts)
            .map(|a| Some(*a))
            .collect();
        for (of, update) in self.hybrids() {
            for arrival in std::iter::once(None).chain(patterns.clone()) {
                let told = |&(measure, unit): &(Measure, &str)| {
                    let (both, cells) = self.wins(of, &[Strategy::Sisa, update], measure, arrival);
                    let (every, _) = self.wins(
                        of,
                        &[Strategy::Full, Strategy::Sisa, Strategy::Warm, update],
                        measure,
                        arrival,
                    );
                    format!(
                        "in total {unit} in {both} of {cells} cells (with full and warm starts besides in {every})"
                    )
                };
                let told: Vec<String> = self.measures().iter().map(told).collect();
                let name = arrival.map_or("all patterns".into(), |a| format!("mixed requests ({a})"));
                all.push(format!("{of}, {name}: cheaper than both sisa and {update} {}.", told.join(", ")));
            }
        }
        all.push(
            "Li et al. 2024 (arXiv 2412.14505, abstract) report 1.5 to 8 times; their baselines are not public to us, so the \
             ranges stand beside each other and are not the same quantity."
                .into(),
        );
        all
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cell in self.cells(None) {
            writeln!(f, "{}\n{}", Table::title(cell), self.cell(cell))?;
        }
        write!(f, "{}", paragraph("", &self.legend()))?;
        write!(f, "\n{}\n{}", self.gains(), paragraph("", Table::gains_legend()))?;
        for finding in self.findings() {
            write!(f, "\n{}", paragraph("", &finding))?;
        }
        Ok(())
    }
}
