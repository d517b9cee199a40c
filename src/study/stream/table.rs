//! Means over the seeds, cell by cell, and the ranges of gains over all cells.

use super::cost::{Measure, Vectors, cost};
use super::gain::{About, Range};
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
    /// Row visits as a share of those of `full` while answering, in the order of [`Vectors::EACH`].
    pub visits: [Summary; 3],
    /// The same in seconds.
    pub seconds: Option<[Summary; 3]>,
    /// The largest certified distance over all seeds; `None` when nothing was certified in one.
    pub certified: Option<f64>,
    /// The largest measured distance over all seeds.
    pub distance: f64,
    /// Accuracies on test, retained and forgotten rows, and membership.
    pub scores: [Summary; 4],
    /// Shards retrained, updated and amended per request.
    pub answers: [f64; 3],
    /// Seconds of answering one request.
    pub each: Option<Summary>,
}

impl Row {
    /// A cost as a share of that of `full` while answering.
    pub fn share(&self, measure: Measure, vectors: Vectors) -> Option<&Summary> {
        let place = Vectors::EACH.iter().position(|v| *v == vectors).expect("one of each");
        match measure {
            Measure::Visits => Some(&self.visits[place]),
            Measure::Seconds => self.seconds.as_ref().map(|s| &s[place]),
        }
    }
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
    pub(super) config: &'a Config,
    records: &'a [Record],
    /// The cells, in the order of the grid.
    pub blocks: Vec<Block>,
}

impl<'a> Table<'a> {
    /// Summarises the records of a study.
    pub fn new(config: &'a Config, records: &'a [Record]) -> Table<'a> {
        let blocks = config.cells().into_iter().map(|cell| block(config, records, cell)).collect();
        Table { config, records, blocks }
    }

    /// What the study says in sentences.
    pub fn findings(&self) -> Vec<String> {
        let mut all = Vec::new();
        let n = self.records.len();
        let kept = |holds: &dyn Fn(&Record) -> bool| self.records.iter().filter(|r| holds(r)).count();
        let exact = ["full", "sisa"];
        let reference = kept(&|r| exact.contains(&&*r.strategy));
        let plain = |r: &Record| r.amended == 0;
        all.push(format!(
            "Row visits predicted before every answer equal those counted in {} of {} runs without amended updates; the \
             cheapest branch within the tolerance was taken in {} of {n}; certified and measured distances are within what \
             the strategy promises in {}; full and sisa end at the retrained bits in {} of {reference}.",
            kept(&|r| plain(r) && r.predicted == r.visits),
            kept(&plain),
            kept(&|r| r.regret == 0),
            kept(&|r| !outside(&self.config.strategies, r)),
            kept(&|r| exact.contains(&&*r.strategy) && r.exact),
        ));
        let amended = self.records.iter().filter(|r| !plain(r) && r.predicted > 0);
        if let Some(range) = Range::of(amended.map(|r| r.visits as f64 / r.predicted as f64).collect()) {
            all.push(format!(
                "With amended updates, row visits counted over those predicted, which for fine-tuning is a forecast: {range}."
            ));
        }
        all.extend(self.config.strategies.iter().filter_map(|s| self.gain_found(*s)));
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
        all.extend(self.seconds_found());
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

    /// The gains of a hybrid in a sentence.
    fn gain_found(&self, of: Strategy) -> Option<String> {
        let tolerance = of.hybrid()?;
        let times = |vectors, measure, unit: &str, overs: &[Strategy]| {
            let about = About { measure, vectors, arrival: None };
            let one = |over: &Strategy| Some(format!("{over} {}", self.gain(*over, of, about)?));
            let told: Option<Vec<String>> = overs.iter().map(one).collect();
            told.map(|told| format!("{} times as many {unit}", told.join(", ")))
        };
        let overs = [Strategy::Full, Strategy::Sisa, Strategy::Update(tolerance)];
        let both = |vectors, overs: &[Strategy]| {
            let visits = times(vectors, Measure::Visits, "row visits", overs);
            let seconds = times(vectors, Measure::Seconds, "seconds", overs);
            [visits, seconds].into_iter().flatten().collect::<Vec<_>>().join("; ")
        };
        Some(format!(
            "{of}, while answering: {}. With the carrying of all vectors counted: {}.",
            both(Vectors::Ready, &overs),
            both(Vectors::All, &overs[..2])
        ))
    }

    /// How well seconds were predicted.
    fn seconds_found(&self) -> Option<String> {
        let ratio = |r: &Record| Some(r.seconds? / r.predicted_seconds.filter(|p| *p > 0.0)?);
        let ratios: Vec<f64> = self.records.iter().filter_map(ratio).collect();
        let near = ratios.iter().filter(|r| (2.0 / 3.0..=1.5).contains(*r)).count();
        let range = Range::of(ratios.clone())?;
        Some(format!(
            "Seconds of answering over those predicted before each answer: {range}; within a factor of 1.5 in {near} of {} \
             runs. Predicted from the plan and five numbers measured before the first request on the first shard of each \
             ensemble: a retraining, its row visits, the evaluation of an update, its vectors, a visit of fine-tuning.",
            ratios.len()
        ))
    }

    /// Columns of the rows of a block, as text.
    pub fn cells(row: &Row, timed: bool) -> Vec<String> {
        let percent = |s: &Summary| format!("{:.1}", 100.0 * s.mean);
        let mut cells = vec![row.strategy.to_string()];
        let mut shares = |of: &[Summary; 3]| {
            cells.push(format!("{:.2}", 100.0 * of[0].mean));
            cells.extend(of[1..].iter().map(percent));
        };
        shares(&row.visits);
        if timed {
            row.seconds.iter().for_each(shares);
            cells.push(row.each.map_or(String::new(), |s| short(1e3 * s.mean)));
        }
        cells.push(row.answers.map(|a| format!("{a:.2}")).join("/"));
        cells.push(row.certified.map_or("none".into(), |c| if c == 0.0 { "0".into() } else { above(c) }));
        cells.push(short(row.distance));
        cells.extend(row.scores.iter().map(percent));
        cells
    }

    /// Headings of [`Table::cells`].
    pub fn heads(&self) -> Vec<&'static str> {
        let mut heads = vec!["strategy", "visits %", "asked %", "all %"];
        if self.config.timings {
            heads.extend(["seconds %", "asked %", "all %", "ms each"]);
        }
        heads.extend(["retrain/update/amend", "certified", "measured", "TA", "RA", "FA", "MIA"]);
        heads
    }

    /// What the columns are.
    pub fn legend(&self) -> String {
        let times = match self.config.timings {
            true => {
                "; seconds %, asked %, all %: the same in seconds (the last one estimated from what a visit of carrying took \
                 in one shard); ms each: milliseconds of answering a request"
            }
            false => "",
        };
        format!(
            "visits %: row visits while answering, as a share of those of full; asked %: with what carrying the vectors of the \
             rows asked for took, when they were first asked for; all %: instead with what carrying all vectors takes, before \
             the first request and again after every retraining{times}; retrain/update/amend: shards per request; certified: the \
             largest certified distance of a shard from the retrained one after any request, over the seeds; measured: the \
             largest at the end; TA, RA, FA: accuracy on test, kept and forgotten rows (%); MIA: share of the forgotten rows \
             that the attack calls non-members (%)."
        )
    }

    /// What the columns of [`Table::gains`] are.
    pub fn gains_legend() -> &'static str {
        "How many times as much full, sisa and update (of the same tolerance) take as the strategy: smallest..largest \
         (median) over the cells; inf where it took nothing. vectors: ready, carrying them is not counted; when asked, \
         counted for the rows asked for; all, counted for all rows, beforehand and after every retraining. Below 1 the \
         strategy is the dearer one."
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
        let reference = |r: &Record, measure| {
            let of = full.iter().find(|f| f.seed == r.seed)?;
            cost(of, measure, Vectors::Ready)
        };
        let share = |measure, vectors| {
            let of = |r: &&Record| Some(cost(r, measure, vectors)? / reference(r, measure)?);
            Summary::of(&mine.iter().map(of).collect::<Option<Vec<f64>>>()?, config.seed)
        };
        let shares = |measure| {
            let [ready, asked, all] = Vectors::EACH.map(|vectors| share(measure, vectors));
            Some([ready?, asked?, all?])
        };
        let mean = |value: fn(&Record) -> f64| mine.iter().map(|r| value(r)).sum::<f64>() / mine.len() as f64;
        Some(Row {
            strategy,
            visits: shares(Measure::Visits)?,
            seconds: shares(Measure::Seconds),
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
                mean(|r| r.amended as f64 / r.answered as f64),
            ],
            each: mine
                .iter()
                .map(|r| Some(r.seconds? / r.answered as f64))
                .collect::<Option<Vec<f64>>>()
                .and_then(|each| Summary::of(&each, config.seed)),
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
        write!(f, "{}", paragraph("", &self.legend()))?;
        write!(f, "\n{}\n{}", self.gains(), paragraph("", Table::gains_legend()))?;
        for finding in self.findings() {
            write!(f, "\n{}", paragraph("", &finding))?;
        }
        Ok(())
    }
}
