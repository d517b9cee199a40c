//! Everything about an ensemble that neither training nor forgetting changes.

use super::checkpoint::{Digest, Fields, Provenance};
use super::partition::Partition;
use super::schedule::{Epochs, ShardPlan, Steps};
use crate::data::{Row, RowSet};
use crate::error::{Error, Result};
use crate::objective::{Problem, Reduction};
use crate::train::optimiser::{Optimiser, State};
use crate::train::plan::Schedule;
use crate::train::start::start;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How every shard is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Epochs of the stages.
    pub epochs: Epochs,
    /// Rows per batch; the last batch of an epoch may be smaller.
    pub batch: usize,
    /// Step sizes, over the steps of a shard's whole run.
    pub rate: Schedule,
    /// The optimiser.
    pub optimiser: Optimiser,
    /// `γ`; `None`: what the ridge amounts to on a batch mean, λ (divided by the number of rows of the data under the
    /// sum reduction).
    pub weight_decay: Option<f64>,
    /// Seed of the starts and of the orders.
    pub seed: u64,
}

/// A problem, a partition of its rows and how each shard is trained: fixed before anything is deleted.
#[derive(Debug, Clone)]
pub struct Blueprint {
    problem: Problem,
    partition: Partition,
    settings: Settings,
    plans: Vec<ShardPlan>,
    starts: Vec<State>,
    configurations: Vec<Digest>,
    /// Digest of each row's features and target.
    rows: Vec<Digest>,
}

impl Blueprint {
    /// Lays out the runs of all shards.
    ///
    /// # Errors
    /// [`Error::Shape`] when the partition is of another data set; as [`Optimiser::check`], [`Epochs::per_stage`] and
    /// [`ShardPlan::new`].
    pub fn new(problem: Problem, partition: Partition, settings: Settings) -> Result<Blueprint> {
        Error::check_shape("rows the partition refers to", problem.rows(), partition.total())?;
        settings.optimiser.check()?;
        let implied = match problem.reduction() {
            Reduction::Mean => problem.ridge(),
            Reduction::Sum => problem.ridge() / problem.rows() as f64,
        };
        let steps = Steps {
            batch: settings.batch,
            rate: settings.rate,
            momentum: settings.optimiser.plan_momentum(),
            weight_decay: settings.weight_decay.unwrap_or(implied),
            seed: settings.seed,
        };
        let (mut plans, mut starts) = (Vec::new(), Vec::new());
        for (k, slices) in partition.shards().iter().enumerate() {
            let epochs = settings.epochs.per_stage(slices.len())?;
            plans.push(ShardPlan::new(slices.clone(), epochs, steps, k)?);
            let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
            // The streams from 0 on are those of the orders.
            rng.set_stream(u64::MAX - k as u64);
            starts.push(State::start(start(&problem, rng.next_u64()), settings.optimiser));
        }
        let common = configuration(&problem, settings.optimiser);
        let runs = plans.iter().zip(&starts);
        let configurations = runs.map(|(plan, start)| run(common, plan, start)).collect();
        let rows = (0..problem.rows()).map(|i| content(&problem, i)).collect();
        Ok(Blueprint { problem, partition, settings, plans, starts, configurations, rows })
    }

    /// With [`Partition::uniform`] over all rows, from the seed of the settings.
    ///
    /// # Errors
    /// As [`Partition::uniform`] and [`Blueprint::new`].
    pub fn uniform(problem: Problem, shards: usize, slices: usize, settings: Settings) -> Result<Blueprint> {
        let partition = Partition::uniform(problem.rows(), shards, slices, settings.seed)?;
        Blueprint::new(problem, partition, settings)
    }

    /// The problem that all shards share.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Which row is where.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// How shards are trained.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Number of shards `S`.
    pub fn shards(&self) -> usize {
        self.plans.len()
    }

    /// The run of a shard. Panics when there is no such shard.
    pub fn plan(&self, shard: usize) -> &ShardPlan {
        &self.plans[shard]
    }

    /// Where the run of a shard starts. Panics when there is no such shard.
    pub fn start(&self, shard: usize) -> &State {
        &self.starts[shard]
    }

    /// Digests of all that the runs depend on except deletions, one per shard.
    pub fn configurations(&self) -> &[Digest] {
        &self.configurations
    }

    /// The rows of a shard that are kept, in all slices.
    pub fn kept(&self, shard: usize, deleted: Option<&RowSet>) -> usize {
        let slices = &self.plans[shard].slices;
        slices.iter().flatten().filter(|&&i| deleted.is_none_or(|d| !d.contains(i))).count()
    }

    /// What the state after a stage is the result of when the rows are deleted; its key is where it is stored.
    /// Panics when there is no such shard or stage.
    pub fn provenance(&self, shard: usize, stage: usize, deleted: Option<&RowSet>) -> Provenance {
        let mut ids = self.plans[shard].seen(stage);
        ids.retain(|&i| deleted.is_none_or(|d| !d.contains(i)));
        let content = ids.iter().fold(Fields::default(), |f, &i| f.bytes(&self.rows[i].0)).digest();
        Provenance { configuration: self.configurations[shard], shard, stage, ids, content }
    }
}

/// What every shard's training depends on: the model, its mask and what stands in the gradient besides rows.
fn configuration(problem: &Problem, optimiser: Optimiser) -> Digest {
    let model = problem.model();
    let flags =
        [model.has_bias(), problem.data().design().is_sparse(), problem.reduction() == Reduction::Sum];
    let (name, constants) = match optimiser {
        Optimiser::Sgd { momentum } => ("sgd", vec![momentum]),
        Optimiser::Adam { beta1, beta2, epsilon } => ("adam", vec![beta1, beta2, epsilon]),
    };
    let perturbation = problem.perturbation().map_or(&[][..], |b| b.as_slice());
    Fields::default()
        .bytes(env!("CARGO_PKG_VERSION").as_bytes())
        .rows(model.widths())
        .bytes(model.activation().name().as_bytes())
        .bytes(model.loss().name().as_bytes())
        .integers(flags.into_iter().map(u64::from))
        // Under the sum reduction the perturbation is divided by the number of rows.
        .rows(&[problem.rows()])
        .rows(problem.mask().active())
        .floats(perturbation)
        .bytes(name.as_bytes())
        .floats(&constants)
        .digest()
}

/// With one shard's start and steps.
fn run(common: Digest, shard: &ShardPlan, start: &State) -> Digest {
    let plan = &shard.plan;
    let fields = Fields::default()
        .bytes(&common.0)
        .bytes(&start.to_bytes())
        .floats(&[plan.momentum, plan.weight_decay])
        .rows(&shard.stages);
    plan.steps.iter().fold(fields, |f, step| f.rows(&step.rows).floats(&[step.eta])).digest()
}

/// A row's features and target.
fn content(problem: &Problem, row: usize) -> Digest {
    let fields = Fields::default().floats(&[problem.target()[row]]);
    match problem.data().design().row(row) {
        Row::Dense(values) => fields.floats(values).digest(),
        Row::Sparse(columns, values) => {
            fields.integers(columns.iter().map(|&c| u64::from(c))).floats(values).digest()
        }
    }
}
