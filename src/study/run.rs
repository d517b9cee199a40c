//! Runs a study on several threads, its records in the order of the grid whatever the number of threads.

use super::config::Config;
use super::record::{Cell, Record};
use super::trial::Trial;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::mask::Scope;
use crate::model::{Model, Spec};
use crate::train::pruning::Pruner;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A study that has been checked.
#[derive(Debug, Clone)]
pub struct Study {
    /// What was asked for.
    pub config: Config,
    /// The whole data, unscaled.
    pub data: Dataset,
    /// The dense model.
    pub model: Model,
    /// The pruner.
    pub pruner: Pruner,
}

/// How to run, which changes no number.
#[derive(Debug, Clone, Default)]
pub struct Running {
    /// Threads; 0 counts as 1.
    pub jobs: usize,
    /// Record seconds?
    pub timings: bool,
    /// A folder for parameters, masks, rows and data.
    pub parameters: Option<PathBuf>,
}

/// More seeds than anyone waits for; the grid is held in memory.
const SEEDS: u64 = 100_000;

/// Results that wait for their turn.
struct Queue<'s> {
    next: usize,
    waiting: BTreeMap<usize, Result<Vec<Record>>>,
    sink: &'s mut (dyn FnMut(Vec<Record>) -> Result<()> + Send),
    failed: Option<Error>,
}

impl Study {
    /// Checks everything that can be checked before any training, the first seed's draw of the scenario included.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Shape`] and [`Error::Data`] saying what does not fit.
    pub fn new(config: Config, data: Dataset) -> Result<Study> {
        let spec: Spec = config.model.parse()?;
        // From all rows, so that the number of classes does not depend on the split.
        let model = spec.resolve(&data, config.bias)?;
        let refuse = |text: String| Err(Error::Invalid(text));
        if model.loss() == crate::loss::Loss::Squared {
            return refuse(
                "squared loss has no classes, so nothing here can be measured; use a logistic or softmax model".into(),
            );
        }
        // −1/+1 become 0/1 here, so that classes are named the same everywhere.
        let (labels, _) = model.loss().targets(data.target())?;
        let data = Dataset::new(data.name.clone(), data.design().clone(), labels)?;
        config.training.check(model.is_linear())?;
        config.training.check_size(data.rows(), model.parameters())?;
        if config.seeds == 0 {
            return refuse("--seeds 0: at least one seed is needed".into());
        }
        if !(config.ridge >= 0.0 && config.ridge.is_finite()) {
            return refuse(format!("--ridge {}: λ must be a finite number, 0 or larger", config.ridge));
        }
        if config.seeds > SEEDS || config.seed.checked_add(config.seeds).is_none() {
            return refuse(format!(
                "seeds from {} on: {} of them are too many; at most {SEEDS}, below 2⁶⁴",
                config.seed, config.seeds
            ));
        }
        if config.sparsity.is_empty() {
            return refuse("name at least one sparsity; 0 is the dense model".into());
        }
        for (k, s) in config.sparsity.iter().enumerate() {
            Scope::Weights.kept(&model, *s)?;
            if config.sparsity[..k].contains(s) {
                return refuse(format!("sparsity {s} is named twice"));
            }
        }
        let transfer = matches!(config.scenario, super::Scenario::Transfer { .. });
        if transfer && model.is_linear() {
            return refuse(
                "the transfer scenario probes hidden features; a linear model has none: use an mlp".into(),
            );
        }
        let pruner = config.pruner.parse()?;
        config.scenario.draw(&data, config.test, config.scale, config.seed)?;
        Ok(Study { config, data, model, pruner })
    }

    /// Every cell, in the order of the records: seed by seed, sparsity by sparsity, method by method.
    pub fn grid(&self) -> Vec<Cell> {
        let methods = &self.config.methods;
        let of = |(seed, sparsity): (u64, f64)| {
            methods.iter().map(move |m| Cell { seed, sparsity, method: m.method.clone() })
        };
        self.trials().into_iter().flat_map(of).collect()
    }

    /// Seeds and sparsities: what is trained once for all methods.
    fn trials(&self) -> Vec<(u64, f64)> {
        let seeds = self.config.seed..self.config.seed + self.config.seeds;
        seeds.flat_map(|seed| self.config.sparsity.iter().map(move |s| (seed, *s))).collect()
    }

    /// Runs what is missing after the first `done` records of the grid and hands the new records over in its order,
    /// in pieces, from any of the threads. `progress` is called after every cell, of those done before too.
    ///
    /// # Errors
    /// Whatever the sink raises, or a cell that fails for a reason that is not its method's or its training's.
    pub fn run(
        &self,
        running: &Running,
        done: usize,
        sink: &mut (dyn FnMut(Vec<Record>) -> Result<()> + Send),
        progress: &(dyn Fn() + Sync),
    ) -> Result<()> {
        let trials = self.trials();
        let methods = self.config.methods.len();
        (0..done).for_each(|_| progress());
        let first = done / methods;
        let next = AtomicUsize::new(first);
        let stop = AtomicBool::new(false);
        let queue = Mutex::new(Queue { next: first, waiting: BTreeMap::new(), sink, failed: None });
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(&(seed, sparsity)) = trials.get(i) else { break };
                // Of a trial that was interrupted, the records that are there already are not made again.
                let skip = done.saturating_sub(i * methods);
                let found = Trial { study: self, seed, sparsity }.run(skip, running, progress);
                let mut queue = queue.lock().expect("no thread panics while it holds the queue");
                queue.waiting.insert(i, found);
                if queue.hand_over().is_err() {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..running.jobs.min(trials.len() - first.min(trials.len())) {
                scope.spawn(|| {
                    let _busy = crate::numeric::threads::busy();
                    work();
                });
            }
            work();
        });
        match queue.into_inner().expect("no thread panics while it holds the queue").failed {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl Queue<'_> {
    /// Hands over what has its turn.
    fn hand_over(&mut self) -> std::result::Result<(), ()> {
        while let Some(found) = self.waiting.remove(&self.next) {
            self.next += 1;
            if let Err(error) = found.and_then(|records| (self.sink)(records)) {
                self.failed.get_or_insert(error);
            }
        }
        if self.failed.is_some() { Err(()) } else { Ok(()) }
    }
}
