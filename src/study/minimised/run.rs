//! The grid: one seed after another, on several threads, records in the order of the grid.

use super::system::System;
use super::{Record, Strategy};
use crate::data::{Dataset, RowSet};
use crate::error::{Error, Result};
use crate::sisa::partition::Partition;
use crate::study::stream::run::in_order;
use crate::study::stream::{self, Arrival};
use crate::train::newton_cg::MOST_DENSE;
use serde_json::{Value, json};

/// What a study was asked for.
#[derive(Debug, Clone)]
pub struct Config {
    /// Data, model, shards, requests, seeds. How runs are trained is not read: there are none. One slice.
    pub streams: stream::Config,
    /// The strategies.
    pub strategies: Vec<Strategy>,
}

impl Config {
    /// As the first line of the study's JSON.
    pub fn header(&self) -> Value {
        let c = &self.streams;
        json!({
            "study": "minimised streams",
            "version": env!("CARGO_PKG_VERSION"),
            "data": c.data,
            "scale": format!("{:?}", c.scale),
            "model": c.model,
            "bias": c.bias,
            "ridge": c.ridge,
            "test": c.test,
            "shards": c.shards,
            "requests": c.requests,
            "arrivals": c.arrivals.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "strategies": self.strategies.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "seed": c.seed,
            "seeds": c.seeds,
            "timings": c.timings,
        })
    }
}

/// A study, checked.
#[derive(Debug)]
pub struct Study {
    /// What was asked for.
    pub config: Config,
    streams: stream::Study,
}

impl Study {
    /// Checks that everything fits together before any work is done.
    ///
    /// # Errors
    /// Those of [`stream::Study::new`]; [`Error::Invalid`] for more than one slice, a pattern that needs some, or a model too wide for a Hessian.
    pub fn new(config: Config, data: Dataset) -> Result<Study> {
        let refuse = |text: String| Err(Error::Invalid(text));
        if config.streams.slices != [1] {
            return refuse("minimisers have no slices to resume from; ask for one".into());
        }
        if config.streams.arrivals.contains(&Arrival::Recent) {
            return refuse(
                "requests of the pattern recent ask for the last slices first, and minimisers have one: use uniform".into(),
            );
        }
        let streams = stream::Study::new(config.streams, data)?;
        let k = streams.rows(streams.config.seed)?.train.active();
        if k > MOST_DENSE {
            return refuse(format!(
                "{k} parameters: updates of minimisers need a Hessian, at most {MOST_DENSE} parameters; use fewer features"
            ));
        }
        let config = Config { streams: streams.config.clone(), strategies: config.strategies };
        Ok(Study { config, streams })
    }

    /// Number of trials: one per seed.
    pub fn trials(&self) -> usize {
        self.streams.trials()
    }

    /// Everything, in the order of the grid whatever the number of threads; `progress` is called once per trial.
    ///
    /// # Errors
    /// The first error of a trial.
    pub fn run(&self, jobs: usize, progress: &(dyn Fn() + Sync)) -> Result<Vec<Record>> {
        let first = self.config.streams.seed;
        in_order(self.trials(), jobs, &|i| self.trial(first + i as u64), progress)
    }

    fn trial(&self, seed: u64) -> Result<Vec<Record>> {
        let config = &self.config.streams;
        let rows = self.streams.rows(seed)?;
        let system = |shards| {
            let partition = Partition::uniform(rows.train.rows(), shards, 1, seed)?;
            System::train(&rows.train, partition)
        };
        let single = system(1)?;
        let most = config.requests.iter().copied().max().expect("checked: a number of requests");
        let cells = config.cells();
        let mut records: Vec<(usize, Record)> = Vec::new();
        let mut alone: Vec<(Vec<RowSet>, Strategy, Vec<Record>)> = Vec::new();
        for &shards in &config.shards {
            let sharded = system(shards)?;
            for &arrival in &config.arrivals {
                // Fewer requests are the first ones of more: one stream, looked at on the way.
                let requests = arrival.requests(sharded.partition(), most, seed)?;
                for (n, &strategy) in self.config.strategies.iter().enumerate() {
                    let here = |count| {
                        let place =
                            |c: &stream::Cell| (c.shards, c.arrival, c.requests) == (shards, arrival, count);
                        cells.iter().position(place).expect("a cell of the grid")
                    };
                    let named = (cells[here(most)], seed, config.timings);
                    // One model does not see shards: the same requests, the same answers.
                    let known = alone.iter().find(|(r, s, _)| *s == strategy && *r == requests);
                    let found: Vec<Record> = match known {
                        Some((.., found)) => {
                            let arrival = arrival.to_string();
                            let renamed =
                                |r: &Record| Record { shards, arrival: arrival.clone(), ..r.clone() };
                            found.iter().map(renamed).collect()
                        }
                        None => {
                            let system = if strategy.is_single() { &single } else { &sharded };
                            system.records(&rows, &requests, &config.requests, strategy, named)?
                        }
                    };
                    if strategy.is_single() {
                        alone.push((requests.clone(), strategy, found.clone()));
                    }
                    let placed = |r: Record| (here(r.requests) * self.config.strategies.len() + n, r);
                    records.extend(found.into_iter().map(placed));
                }
            }
        }
        records.sort_by_key(|(place, _)| *place);
        Ok(records.into_iter().map(|(_, r)| r).collect())
    }
}
