//! How much dearer one strategy is than another, over the cells of a study.

use super::cost::{Measure, Vectors};
use super::table::{Block, Table};
use super::{Arrival, Strategy};
use crate::report::number::short;
use crate::report::table::{Align, Table as Text};
use std::fmt;

/// Smallest, median and largest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Smallest.
    pub low: f64,
    /// Median (the upper one of two).
    pub median: f64,
    /// Largest.
    pub high: f64,
}

impl Range {
    /// Of numbers, of which those that are not numbers are left out; `None` when none is left.
    pub fn of(mut values: Vec<f64>) -> Option<Range> {
        values.retain(|v| !v.is_nan());
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        Some(Range { low: values[0], median: values[values.len() / 2], high: values[last] })
    }

    /// In a table.
    fn cell(range: Option<Range>) -> String {
        range.map_or(String::new(), |r| format!("{}..{} ({})", short(r.low), short(r.high), short(r.median)))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} (median {})", short(self.low), short(self.high), short(self.median))
    }
}

/// What a gain is about.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Visits or seconds.
    pub measure: Measure,
    /// How much of the carrying counts.
    pub vectors: Vectors,
    /// Only cells of this pattern.
    pub arrival: Option<Arrival>,
}

impl Table<'_> {
    /// Cost of the first strategy over that of the second, cell by cell.
    pub fn gain(&self, over: Strategy, of: Strategy, about: About) -> Option<Range> {
        let find = |b: &Block, s: Strategy| {
            let row = b.rows.iter().find(|r| r.strategy == s)?;
            Some(row.share(about.measure, about.vectors)?.mean)
        };
        let here = |b: &&Block| about.arrival.is_none_or(|a| b.cell.arrival == a);
        let ratio = |b: &Block| Some(find(b, over)? / find(b, of)?);
        Range::of(self.blocks.iter().filter(here).filter_map(ratio).collect())
    }

    /// The gains of every hybrid as aligned text: over all cells, pattern by pattern, and with the carrying of vectors.
    pub fn gains(&self) -> String {
        let timed = self.config.timings;
        let mut heads = vec![("strategy", Align::Left), ("requests", Align::Left), ("vectors", Align::Left)];
        let names: &[&str] = match timed {
            true => &["full, visits", "seconds", "sisa, visits", "seconds", "update, visits", "seconds"],
            false => &["full, visits", "sisa, visits", "update, visits"],
        };
        heads.extend(names.iter().map(|n| (*n, Align::Right)));
        let mut text = Text::new(&heads);
        for &of in &self.config.strategies {
            let Some(tolerance) = of.hybrid() else { continue };
            let mut kinds = vec![(None, Vectors::Ready)];
            kinds.extend(self.config.arrivals.iter().map(|a| (Some(*a), Vectors::Ready)));
            kinds.extend([(None, Vectors::Asked), (None, Vectors::All)]);
            for (arrival, vectors) in kinds {
                let requests = arrival.map_or("all".into(), |a| a.to_string());
                let mut cells = vec![of.to_string(), requests, vectors.to_string()];
                for over in [Strategy::Full, Strategy::Sisa, Strategy::Update(tolerance)] {
                    let mut push = |measure| {
                        let gain = self.gain(over, of, About { measure, vectors, arrival });
                        cells.push(Range::cell(gain));
                    };
                    push(Measure::Visits);
                    if timed {
                        push(Measure::Seconds);
                    }
                }
                text.row(cells);
            }
        }
        text.to_string()
    }
}
