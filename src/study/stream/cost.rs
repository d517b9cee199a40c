//! What counts as the cost of a strategy.

use super::Record;
use std::fmt;

/// In what costs are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Row visits: the same on every machine.
    Visits,
    /// Seconds on the machine that wrote the records.
    Seconds,
}

/// How much of the carrying of vectors counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// Nothing: they are there when a request comes.
    Ready,
    /// Those of the rows asked for, carried when they are first asked for.
    Asked,
    /// Those of all rows, carried before the first request and again, along the new run, after every retraining.
    All,
}

impl Vectors {
    /// From the least to the most.
    pub const EACH: [Vectors; 3] = [Vectors::Ready, Vectors::Asked, Vectors::All];
}

impl fmt::Display for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Vectors::Ready => "ready",
            Vectors::Asked => "when asked",
            Vectors::All => "all",
        })
    }
}

/// The cost of a record; `None` for seconds of records without times.
pub fn cost(record: &Record, measure: Measure, vectors: Vectors) -> Option<f64> {
    let (answering, asked, all) = match measure {
        Measure::Visits => {
            (Some(record.visits as f64), Some(record.carried as f64), Some(record.preparation as f64))
        }
        Measure::Seconds => (record.seconds, record.carried_seconds, record.preparation_seconds),
    };
    Some(match vectors {
        Vectors::Ready => answering?,
        Vectors::Asked => answering? + asked?,
        Vectors::All => answering? + all?,
    })
}
