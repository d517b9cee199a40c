//! How a model is fitted: the options that `train` and `remove` share.

use super::input::{self, Input};
use nalgebra::DVector;
use std::path::PathBuf;
use std::str::FromStr;
use unlearn::data::RowSet;
use unlearn::error::{Error, Result};
use unlearn::objective::{Problem, Reduction};
use unlearn::train::coupling::Normalisation;
use unlearn::train::newton::{Fit, minimise};
use unlearn::train::pipeline::Recipe;
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::sgd::{self, Trajectory};
use unlearn::train::start::start;

#[derive(clap::Args, Debug)]
#[group(skip)]
pub(super) struct Options {
    /// Stochastic gradient descent instead of Newton's method
    #[arg(long)]
    pub(super) sgd: bool,
    /// Rows per batch
    #[arg(long, value_name = "N", default_value_t = 32, requires = "sgd", allow_negative_numbers = true)]
    batch: usize,
    /// Passes over the rows
    #[arg(long, value_name = "N", default_value_t = 10, requires = "sgd", allow_negative_numbers = true)]
    epochs: usize,
    /// Step size
    #[arg(long, value_name = "η", default_value_t = 0.1, requires = "sgd", allow_negative_numbers = true)]
    rate: f64,
    /// At step k of t: constant η; inverse:DECAY η/(1+DECAY·k); steps:EVERY:FACTOR η·FACTOR^⌊k/EVERY⌋; cosine:LAST from η down to LAST
    #[arg(long, value_name = "NAME", default_value = "constant", requires = "sgd")]
    schedule: Shape,
    /// Heavy-ball momentum
    #[arg(long, value_name = "β", default_value_t = 0.0, requires = "sgd", allow_negative_numbers = true)]
    momentum: f64,
    /// Coefficient of θ in every batch gradient [default: what the ridge amounts to]
    #[arg(long, value_name = "γ", requires = "sgd", allow_negative_numbers = true)]
    weight_decay: Option<f64>,
    /// Retraining divides a batch by the rows left in it, not by its original size
    #[arg(long, requires = "sgd")]
    renormalise: bool,
    /// Parameters to start from [default: zeros; for an mlp uniform in ±1/√fan_in, from the seed]
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
}

/// A step size schedule without its first step size.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Constant,
    Inverse { decay: f64 },
    Steps { every: usize, factor: f64 },
    Cosine { last: f64 },
}

impl FromStr for Shape {
    type Err = Error;
    fn from_str(s: &str) -> Result<Shape> {
        let parts: Vec<&str> = s.split(':').collect();
        let number = |text: &str| {
            let value = text.parse::<f64>().ok().filter(|v| *v >= 0.0 && v.is_finite());
            value.ok_or_else(|| Error::Invalid(format!("'{text}' is not a number from 0 upwards")))
        };
        match parts.as_slice() {
            ["constant"] => Ok(Shape::Constant),
            ["inverse", decay] => Ok(Shape::Inverse { decay: number(decay)? }),
            ["cosine", last] => Ok(Shape::Cosine { last: number(last)? }),
            ["steps", every, factor] => match every.parse() {
                Ok(every) if every > 0 => Ok(Shape::Steps { every, factor: number(factor)? }),
                _ => Err(Error::Invalid(format!("'{every}' is not a positive number of steps"))),
            },
            _ => {
                Err(Error::Invalid("write constant, inverse:DECAY, steps:EVERY:FACTOR or cosine:LAST".into()))
            }
        }
    }
}

/// A fitted model and how it came about.
pub(super) enum Trained {
    /// To stationarity.
    Minimiser(Fit),
    /// By a recorded run.
    Run {
        /// What was run.
        plan: Plan,
        /// Its points.
        trajectory: Trajectory,
    },
}

impl Trained {
    /// The parameters.
    pub(super) fn theta(&self) -> &DVector<f64> {
        match self {
            Trained::Minimiser(fit) => &fit.theta,
            Trained::Run { trajectory, .. } => trajectory.last(),
        }
    }
}

/// How a model will be fitted, for those who fit it more than once.
pub(super) struct Prepared {
    /// The first parameters, on the problem's mask.
    pub(super) start: DVector<f64>,
    plan: Option<Plan>,
    normalisation: Normalisation,
}

impl Prepared {
    /// The recipe.
    pub(super) fn recipe(&self) -> Recipe<'_> {
        match &self.plan {
            Some(plan) => Recipe::Run { plan, normalisation: self.normalisation },
            None => Recipe::Minimiser,
        }
    }
}

impl Options {
    /// Trains on all rows of the problem.
    pub(super) fn train(&self, problem: &Problem, seed: u64, quiet: bool) -> Result<Trained> {
        self.fit(problem, None, seed, quiet)
    }

    /// Trains as if the rows to forget, if there are any, had never been there: the minimiser on the
    /// others, or the coupled run.
    pub(super) fn train_without_forgotten(&self, input: &Input, seed: u64, quiet: bool) -> Result<Trained> {
        self.fit(&input.problem, input.forget.as_ref(), seed, quiet)
    }

    /// How coupled retraining divides its batches.
    pub(super) fn normalisation(&self) -> Normalisation {
        if self.renormalise { Normalisation::Renormalised } else { Normalisation::Fixed }
    }

    /// Start and plan, without training.
    pub(super) fn prepare(&self, problem: &Problem, seed: u64, quiet: bool) -> Result<Prepared> {
        let plan = if self.sgd { Some(self.plan(problem, seed)?) } else { None };
        Ok(Prepared { start: self.first(problem, seed, quiet)?, plan, normalisation: self.normalisation() })
    }

    /// The parameters that training starts from.
    fn first(&self, problem: &Problem, seed: u64, quiet: bool) -> Result<DVector<f64>> {
        match &self.start {
            Some(path) => input::parameters(problem, path, quiet),
            None => Ok(start(problem, seed)),
        }
    }

    fn fit(&self, problem: &Problem, forget: Option<&RowSet>, seed: u64, quiet: bool) -> Result<Trained> {
        let from = self.first(problem, seed, quiet)?;
        if !self.sgd {
            input::check_trainable(problem)?;
            let objective = match forget {
                Some(forget) => problem.retained(forget)?,
                None => problem.full(),
            };
            return Ok(Trained::Minimiser(minimise(&objective, from)?));
        }
        let plan = self.plan(problem, seed)?;
        let trajectory = match forget {
            Some(forget) => sgd::retrain(problem, &plan, from, forget, self.normalisation())?,
            None => sgd::train(problem, &plan, from)?,
        };
        Ok(Trained::Run { plan, trajectory })
    }

    fn plan(&self, problem: &Problem, seed: u64) -> Result<Plan> {
        if self.epochs == 0 {
            return Err(Error::Invalid("--epochs 0: at least one pass is needed".into()));
        }
        let batches = Batches { rows: problem.rows(), size: self.batch, epochs: self.epochs, seed };
        let steps = problem.rows().div_ceil(self.batch.max(1)).saturating_mul(self.epochs);
        let remedy = "use fewer epochs or larger batches";
        input::check_size("the recorded run", steps, problem.model().parameters(), remedy)?;
        input::check_size("the batches", problem.rows(), self.epochs, "use fewer epochs")?;
        let rate = self.rate;
        let schedule = match self.schedule {
            Shape::Constant => Schedule::Constant { rate },
            Shape::Inverse { decay } => Schedule::InverseTime { rate, decay },
            Shape::Steps { every, factor } => Schedule::Steps { rate, every, factor },
            Shape::Cosine { last } => Schedule::Cosine { rate, last },
        };
        let implied = match problem.reduction() {
            Reduction::Mean => problem.ridge(),
            // A batch mean stands for F/n.
            Reduction::Sum => problem.ridge() / problem.rows() as f64,
        };
        Plan::shuffled(batches, schedule, self.momentum, self.weight_decay.unwrap_or(implied))
    }
}
