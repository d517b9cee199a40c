//! Runs streams of requests: one seed after another, on several threads, records in the order of the grid.

use super::{Arrival, Record, Strategy};
use crate::data::{Amount, Dataset, Forget, RowSet, Split};
use crate::error::{Error, Result};
use crate::hybrid::policy::Policy;
use crate::hybrid::stream::{Move, ShardPlan, Stream};
use crate::loss::Loss;
use crate::metric::membership::{Confidences, svm_attack};
use crate::model::Spec;
use crate::objective::Problem;
use crate::sisa::aggregate::{Aggregate, Weights};
use crate::sisa::blueprint::{Blueprint, Settings};
use crate::sisa::checkpoint::Memory;
use crate::sisa::ensemble::{Ensemble, Status};
use crate::sisa::partition::Partition;
use crate::study::scale::Scale;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

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
        })
    }
}

/// The rows of one seed.
struct Rows {
    train: Problem,
    test: Problem,
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
        let next = AtomicUsize::new(0);
        let found: Vec<Mutex<Option<Result<Vec<Record>>>>> =
            (0..self.trials()).map(|_| Mutex::new(None)).collect();
        let work = || {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(slot) = found.get(i) else { break };
                let records = self.trial(self.config.seed + i as u64);
                *slot.lock().expect("one thread per slot") = Some(records);
                progress();
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..jobs.min(self.trials()) {
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

    fn rows(&self, seed: u64) -> Result<Rows> {
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
        let rows = self.rows(seed)?;
        let rates = match self.config.timings {
            true => Some(Policy::measured(&rows.train)),
            false => None,
        };
        let single = Prepared::new(self.blueprint(&rows.train, 1, 1, seed)?)?;
        let mut records = Vec::new();
        let mut sharded: Option<((usize, usize), Prepared)> = None;
        let mut cells: Vec<(usize, Cell)> = self.config.cells().into_iter().enumerate().collect();
        // Cells of the same ensemble one after the other: it is trained and prepared once.
        cells.sort_by_key(|(_, c)| (c.shards, c.slices));
        for (place, cell) in cells {
            let key = (cell.shards, cell.slices);
            if sharded.as_ref().is_none_or(|(k, _)| *k != key) {
                let blueprint = self.blueprint(&rows.train, cell.shards, cell.slices, seed)?;
                sharded = Some((key, Prepared::new(blueprint)?));
            }
            let (_, sharded) = sharded.as_ref().expect("just made");
            let partition = sharded.stream.ensemble().blueprint().partition();
            let requests = cell.arrival.requests(partition, cell.requests, seed)?;
            for &strategy in &self.config.strategies {
                let system = if strategy.is_single() { &single } else { sharded };
                let record =
                    Answering { rows: &rows, cell, seed, strategy, rates }.record(system, &requests)?;
                records.push((place, record));
            }
        }
        records.sort_by_key(|(place, _)| *place);
        Ok(records.into_iter().map(|(_, r)| r).collect())
    }
}

/// A system before the first request.
struct Prepared {
    stream: Stream<Memory>,
    training: u64,
    preparation: u64,
    seconds: f64,
}

impl Prepared {
    fn new(blueprint: Blueprint) -> Result<Prepared> {
        let (mut stream, work) = Stream::train(blueprint, Memory::default())?;
        let begun = Instant::now();
        let preparation = stream.prepare()?;
        Ok(Prepared { stream, training: work.visits, preparation, seconds: begun.elapsed().as_secs_f64() })
    }
}

/// One strategy on one stream of requests.
struct Answering<'a> {
    rows: &'a Rows,
    cell: Cell,
    seed: u64,
    strategy: Strategy,
    rates: Option<Policy>,
}

impl Answering<'_> {
    fn record(&self, system: &Prepared, requests: &[RowSet]) -> Result<Record> {
        let mut stream = system.stream.clone();
        let (mut visits, mut predicted, mut coordinates, mut regret) = (0, 0, 0, 0);
        let (mut retrained, mut updated, mut seconds) = (0, 0, 0.0);
        let (mut certified, mut preparation) = (Some(0.0_f64), system.preparation);
        for request in requests {
            let begun = Instant::now();
            let (plan, spent) = stream.answer(request, self.strategy.policy())?;
            seconds += begun.elapsed().as_secs_f64();
            visits += spent.visits;
            predicted += spent.predicted;
            coordinates += spent.coordinates;
            let count = |choice: Move| plan.shards.iter().filter(|s| s.choice == choice).count();
            retrained += count(Move::Retrain);
            updated += count(Move::Update);
            if self.strategy.updates() && count(Move::Retrain) > 0 {
                // In the background: vectors along the new runs.
                preparation += stream.prepare()?;
            }
            regret += plan.shards.iter().map(|s| self.regret(s)).sum::<u64>();
            for status in stream.ensemble().status() {
                certified = match (certified, status) {
                    (Some(worst), Status::Within(bound)) => Some(worst.max(*bound)),
                    (worst, Status::Exact) => worst,
                    _ => None,
                };
            }
        }
        let ensemble = stream.ensemble();
        let deleted = ensemble.deleted().expect("something was forgotten");
        let (scratch, _) =
            Ensemble::train(ensemble.blueprint().clone(), Some(deleted), &mut Memory::default())?;
        let apart = ensemble.models().iter().zip(scratch.models()).map(|(a, b)| (a - b).norm());
        let attack = self.attack(ensemble, deleted)?;
        let timed = |value: f64| self.rates.map(|_| value);
        let predicted_seconds = self.rates.map(|rates| match rates {
            Policy::Calibrated { visit, coordinate } => {
                visit * predicted as f64 + coordinate * coordinates as f64
            }
            _ => 0.0,
        });
        let Cell { shards, slices, arrival, requests: asked } = self.cell;
        Ok(Record {
            seed: self.seed,
            shards,
            slices,
            arrival: arrival.to_string(),
            requests: asked,
            answered: requests.len(),
            forgotten: deleted.len(),
            strategy: self.strategy.to_string(),
            visits,
            predicted,
            coordinates,
            training: system.training,
            preparation: if self.strategy.updates() { preparation } else { 0 },
            retrained,
            updated,
            regret,
            certified,
            distance: apart.fold(0.0, f64::max),
            exact: ensemble.models() == scratch.models(),
            test_accuracy: accuracy(ensemble, &self.rows.test, &all(&self.rows.test))?,
            retained_accuracy: accuracy(ensemble, &self.rows.train, &deleted.complement())?,
            forgotten_accuracy: accuracy(ensemble, &self.rows.train, deleted.rows())?,
            membership: attack.score,
            attack: attack.balanced_accuracy,
            seconds: timed(seconds),
            predicted_seconds,
            preparation_seconds: timed(if self.strategy.updates() { system.seconds } else { 0.0 }),
        })
    }

    /// Visits that were not necessary: a shard was retrained although its update was within the promise.
    fn regret(&self, shard: &ShardPlan) -> u64 {
        let bound = shard.update.as_ref().ok().and_then(|u| u.bound);
        let allowed = match (self.strategy.promise(), bound) {
            (Some(promise), Some(bound)) => promise.distance() > 0.0 && promise.holds(bound),
            _ => false,
        };
        if allowed && shard.choice == Move::Retrain { shard.redo.visits } else { 0 }
    }

    fn attack(&self, ensemble: &Ensemble, deleted: &RowSet) -> Result<crate::metric::membership::Efficacy> {
        let (train, test) = (&self.rows.train, &self.rows.test);
        let retained = deleted.complement();
        let size = retained.len().min(test.rows());
        svm_attack(&Confidences {
            members: confidences(ensemble, train, &retained[..size])?,
            others: confidences(ensemble, test, &all(test)[..size])?,
            forgotten: confidences(ensemble, train, deleted.rows())?,
        })
    }
}

fn all(problem: &Problem) -> Vec<usize> {
    (0..problem.rows()).collect()
}

/// The mean probability that the shards give to each row's own label.
fn confidences(ensemble: &Ensemble, problem: &Problem, rows: &[usize]) -> Result<Vec<f64>> {
    let one = |&i: &usize| {
        let seen = ensemble.predict(problem.data().design().row(i), Aggregate::Mean, Weights::Uniform)?;
        Ok(seen.scores[problem.target()[i] as usize])
    };
    rows.iter().map(one).collect()
}

/// The share of rows whose label the ensemble predicts.
fn accuracy(ensemble: &Ensemble, problem: &Problem, rows: &[usize]) -> Result<f64> {
    let mut right = 0;
    for &i in rows {
        let seen = ensemble.predict(problem.data().design().row(i), Aggregate::Mean, Weights::Uniform)?;
        right += usize::from(seen.label == Some(problem.target()[i] as usize));
    }
    Ok(right as f64 / rows.len() as f64)
}
