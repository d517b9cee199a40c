//! Runs streams of requests: one seed after another, on several threads, records in the order of the grid.

use super::answering::{Answering, System};
use super::{Arrival, Record, Strategy};
use crate::data::{Amount, Dataset, Forget, RowSet, Split};
use crate::error::{Error, Result};
use crate::hybrid::stream::Stream;
use crate::loss::Loss;
use crate::model::Spec;
use crate::objective::Problem;
use crate::sisa::blueprint::{Blueprint, Settings};
use crate::sisa::checkpoint::Memory;
use crate::sisa::partition::Partition;
use crate::study::scale::Scale;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most seeds of a study.
pub const SEEDS: u64 = 10_000;

/// What is varied together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Shards `S`.
    pub shards: usize,
    /// Slices `R`.
    pub slices: usize,
    /// The pattern of the requests.
    pub arrival: Arrival,
    /// How many.
    pub requests: usize,
}

/// What a study was asked for.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name or file of the data.
    pub data: String,
    /// Share of the rows kept aside for testing.
    pub test: f64,
    /// How features are scaled.
    pub scale: Scale,
    /// The model.
    pub model: String,
    /// Do layers have a bias?
    pub bias: bool,
    /// λ.
    pub ridge: f64,
    /// How shards are trained; the seed is replaced by that of the trial.
    pub training: Settings,
    /// Numbers of shards.
    pub shards: Vec<usize>,
    /// Numbers of slices.
    pub slices: Vec<usize>,
    /// Patterns of requests.
    pub arrivals: Vec<Arrival>,
    /// Numbers of requests.
    pub requests: Vec<usize>,
    /// The strategies.
    pub strategies: Vec<Strategy>,
    /// First seed.
    pub seed: u64,
    /// How many seeds.
    pub seeds: u64,
    /// Are times wanted? They differ from run to run.
    pub timings: bool,
}

/// A study of streams, checked.
#[derive(Debug)]
pub struct Study {
    /// What was asked for.
    pub config: Config,
    data: Dataset,
    spec: Spec,
}

impl Config {
    /// All cells, in the order of the table.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for &arrival in &self.arrivals {
            for &requests in &self.requests {
                for &shards in &self.shards {
                    cells.extend(self.slices.iter().map(|&slices| Cell {
                        shards,
                        slices,
                        arrival,
                        requests,
                    }));
                }
            }
        }
        cells
    }

    /// As the first line of the study's JSON.
    pub fn header(&self) -> Value {
        let names = |all: Vec<String>| json!(all);
        json!({
            "study": "streams",
            "version": env!("CARGO_PKG_VERSION"),
            "data": self.data,
            "model": self.model,
            "bias": self.bias,
            "ridge": self.ridge,
            "test": self.test,
            "training": format!("{:?}", self.training),
            "shards": self.shards,
            "slices": self.slices,
            "requests": self.requests,
            "arrivals": names(self.arrivals.iter().map(ToString::to_string).collect()),
            "strategies": names(self.strategies.iter().map(ToString::to_string).collect()),
            "seed": self.seed,
            "seeds": self.seeds,
            "timings": self.timings,
        })
    }
}

/// What is named twice counts once.
fn once<T: Copy + PartialEq>(all: &mut Vec<T>) {
    let mut seen = Vec::with_capacity(all.len());
    all.retain(|x| {
        !seen.contains(x) && {
            seen.push(*x);
            true
        }
    });
}

/// The rows of one seed.
pub(in crate::study) struct Rows {
    pub(in crate::study) train: Problem,
    pub(in crate::study) test: Problem,
}

/// Trials on several threads, their records in order; `progress` is called once per trial.
pub(in crate::study) fn in_order<T: Send>(
    trials: usize,
    jobs: usize,
    trial: &(dyn Fn(usize) -> Result<Vec<T>> + Sync),
    progress: &(dyn Fn() + Sync),
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let found: Vec<Mutex<Option<Result<Vec<T>>>>> = (0..trials).map(|_| Mutex::new(None)).collect();
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = found.get(i) else { break };
            let records = trial(i);
            *slot.lock().expect("one thread per slot") = Some(records);
            progress();
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.min(trials) {
            scope.spawn(work);
        }
        work();
    });
    let mut records = Vec::new();
    for slot in found {
        let trial = slot.into_inner().expect("one thread per slot");
        records.extend(trial.expect("every trial was run")?);
    }
    Ok(records)
}

impl Study {
    /// Checks that everything fits together before any work is done.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Shape`] and [`Error::Data`] saying what does not fit.
    pub fn new(config: Config, data: Dataset) -> Result<Study> {
        let refuse = |text: String| Err(Error::Invalid(text));
        let spec: Spec = config.model.parse()?;
        let model = spec.resolve(&data, config.bias)?;
        if model.loss() == Loss::Squared {
            return refuse(
                "squared loss has no classes, so accuracy and membership have no meaning; use a logistic or softmax model"
                    .into(),
            );
        }
        if !model.is_linear() || config.ridge <= 0.0 {
            return refuse(
                "updates are certified for linear models with --ridge > 0 only; use linear:logistic or linear:softmax".into(),
            );
        }
        let empty = [
            (config.shards.is_empty(), "shards"),
            (config.slices.is_empty(), "slices"),
            (config.arrivals.is_empty(), "arrivals"),
            (config.requests.is_empty(), "requests"),
        ];
        if let Some((_, what)) = empty.iter().find(|(empty, _)| *empty) {
            return refuse(format!("name at least one number or pattern of --{what}"));
        }
        if config.seeds == 0 || config.seeds > SEEDS || config.seed.checked_add(config.seeds).is_none() {
            return refuse(format!("--seeds {}: from 1 to {SEEDS}, and all of them below 2⁶⁴", config.seeds));
        }
        let mut config = config;
        config.requests.sort_unstable();
        once(&mut config.requests);
        once(&mut config.shards);
        once(&mut config.slices);
        once(&mut config.arrivals);
        let study = Study { config, data, spec };
        let rows = study.rows(study.config.seed)?;
        for cell in study.config.cells() {
            let blueprint = study.blueprint(&rows.train, cell.shards, cell.slices, study.config.seed)?;
            cell.arrival.requests(blueprint.partition(), cell.requests, 0)?;
        }
        Ok(study)
    }

    /// Number of trials: one per seed.
    pub fn trials(&self) -> usize {
        self.config.seeds as usize
    }

    /// Everything, in the order of the grid whatever the number of threads; `progress` is called once per trial.
    ///
    /// # Errors
    /// The first error of a trial.
    pub fn run(&self, jobs: usize, progress: &(dyn Fn() + Sync)) -> Result<Vec<Record>> {
        in_order(self.trials(), jobs, &|i| self.trial(self.config.seed + i as u64), progress)
    }

    /// The trained ensemble of a seed, before the first request.
    ///
    /// # Errors
    /// Those of drawing rows, partitioning and training.
    pub fn stream(&self, seed: u64, shards: usize, slices: usize) -> Result<Stream<Memory>> {
        let blueprint = self.blueprint(&self.rows(seed)?.train, shards, slices, seed)?;
        Ok(Stream::train(blueprint, Memory::default())?.0)
    }

    /// The rows of a seed, split and scaled.
    pub(in crate::study) fn rows(&self, seed: u64) -> Result<Rows> {
        // What is forgotten comes later; the split needs to be told something.
        let forget = Forget::Random(Amount::Count(1));
        let split = Split::draw(&self.data, Amount::Fraction(self.config.test), &forget, seed)?;
        if split.test().is_empty() {
            return Err(Error::Invalid("no test row is left; keep a larger share with --test".into()));
        }
        let scaled = self.config.scale.apply(&self.data, split.train())?;
        let model = self.spec.resolve(&self.data, self.config.bias)?;
        let problem =
            |rows: &[usize]| Problem::new(scaled.select(rows)?.into(), model.clone(), self.config.ridge);
        Ok(Rows { train: problem(split.train())?, test: problem(split.test())? })
    }

    fn blueprint(&self, problem: &Problem, shards: usize, slices: usize, seed: u64) -> Result<Blueprint> {
        let settings = Settings { seed, ..self.config.training.clone() };
        let partition = Partition::uniform(problem.rows(), shards, slices, seed)?;
        Blueprint::new(problem.clone(), partition, settings)
    }

    fn trial(&self, seed: u64) -> Result<Vec<Record>> {
        let config = &self.config;
        let rows = self.rows(seed)?;
        let single = System::new(self.blueprint(&rows.train, 1, 1, seed)?, config.timings, None)?;
        let most = config.requests.iter().copied().max().expect("checked: a number of requests");
        let cells = config.cells();
        let amendment = config.strategies.iter().find_map(|s| s.terms().amendment);
        let mut records: Vec<(usize, Record)> = Vec::new();
        let mut alone: Vec<(Vec<RowSet>, Strategy, Vec<Record>)> = Vec::new();
        for &shards in &config.shards {
            for &slices in &config.slices {
                let blueprint = self.blueprint(&rows.train, shards, slices, seed)?;
                let sharded = System::new(blueprint, config.timings, amendment)?;
                for &arrival in &config.arrivals {
                    // Fewer requests are the first ones of more: one stream, looked at on the way.
                    let requests = arrival.requests(sharded.partition(), most, seed)?;
                    for (n, &strategy) in config.strategies.iter().enumerate() {
                        let system = if strategy.is_single() { &single } else { &sharded };
                        let answering = Answering { rows: &rows, shards, slices, arrival, seed, strategy };
                        let known = |(r, s, _): &&(Vec<RowSet>, Strategy, Vec<Record>)| {
                            *s == strategy && *r == requests
                        };
                        // One model does not see shards: the same requests, the same answers.
                        let found = match alone.iter().find(known) {
                            Some((.., found)) => found.iter().map(|r| answering.named(r)).collect(),
                            None => answering.records(system, &requests, &config.requests)?,
                        };
                        if strategy.is_single() {
                            alone.push((requests.clone(), strategy, found.clone()));
                        }
                        for record in found {
                            let here = |c: &Cell| {
                                (c.shards, c.slices, c.arrival, c.requests)
                                    == (shards, slices, arrival, record.requests)
                            };
                            let cell = cells.iter().position(here).expect("a cell of the grid");
                            records.push((cell * config.strategies.len() + n, record));
                        }
                    }
                }
            }
        }
        records.sort_by_key(|(place, _)| *place);
        Ok(records.into_iter().map(|(_, r)| r).collect())
    }
}
