//! `unlearn train`: fit a model, keep the parameters and the trajectory.

use super::input::{self, Input};
use super::training::{self, Trained};
use super::{Outcome, output, stateful};
use nalgebra::{DMatrix, DVector};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use unlearn::data::write;
use unlearn::error::{Error, Result};
use unlearn::metric::accuracy::accuracy;
use unlearn::report::number::{count, exact, short};

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) input: input::Options,
    #[command(flatten)]
    pub(super) training: training::Options,
    /// With --sgd: train an ensemble of sharded runs into a new directory, where `plan`, `remove` and `status --state DIR`
    /// find it
    #[arg(long, value_name = "DIR", requires = "sgd",
          conflicts_with_all = ["forget", "test", "output", "trajectory"])]
    pub(super) state: Option<PathBuf>,
    /// Shards of the ensemble: a row is seen by one of them only
    #[arg(long, value_name = "S", default_value_t = 5, requires = "state", allow_negative_numbers = true)]
    pub(super) shards: usize,
    /// Slices of a shard, with a checkpoint after each
    #[arg(long, value_name = "R", default_value_t = 1, requires = "state", allow_negative_numbers = true)]
    pub(super) slices: usize,
    /// Keep this share of the rows aside for testing, drawn from the seed
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    test: Option<f64>,
    /// Write the parameters, zeros at pruned places (.npy, .csv, .txt or .json)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write every point of the run, one per row (.npy, .csv or .json; .npz with the step sizes)
    #[arg(long, value_name = "FILE", requires = "sgd")]
    trajectory: Option<PathBuf>,
    #[command(flatten)]
    pub(super) options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let options = &arguments.options;
    if let Some(directory) = &arguments.state {
        return stateful::create(arguments, directory);
    }
    if let Some(path) = &arguments.output {
        output::check_target(path, &["npy", "csv", "txt", "json"])?;
    }
    if let Some(path) = &arguments.trajectory {
        output::check_target(path, &["npy", "npz", "csv", "json"])?;
    }
    let draw = input::Draw { test: arguments.test, forget: None, seed: options.seed };
    let input = arguments.input.load(draw)?;
    let mut json = options.open(&[&arguments.output, &arguments.trajectory])?;
    let trained = arguments.training.train_without_forgotten(&input, options.seed, options.quiet)?;
    let result = Report::new(&input, &trained)?;
    if let Some(path) = &arguments.output {
        write::vector(path, input.problem.mask().embed(trained.theta()).as_slice())?;
    }
    if let (Some(path), Trained::Run { plan, trajectory }) = (&arguments.trajectory, &trained) {
        let rates: Vec<f64> = plan.steps.iter().map(|s| s.eta).collect();
        save_trajectory(path, &input, &trajectory.points, &rates)?;
    }
    json.object(|| result.json(input.describe(&arguments.input), &input, &trained))?;
    if json.leaves_standard_output() && !options.quiet {
        output::print(&result.text(arguments, &input, &trained))?;
    }
    Ok(Outcome::Done)
}

/// What is reported about a fitted model.
struct Report {
    objective: f64,
    gradient_norm: f64,
    accuracies: Vec<(&'static str, usize, Option<f64>)>,
}

impl Report {
    fn new(input: &Input, trained: &Trained) -> Result<Report> {
        let (problem, theta) = (&input.problem, trained.theta());
        let (objective, retained) = match &input.forget {
            Some(forget) => (problem.retained(forget)?, forget.complement()),
            None => (problem.full(), (0..problem.rows()).collect()),
        };
        let mut accuracies = vec![("training", retained.len(), accuracy(problem, theta, &retained))];
        if let Some(forget) = &input.forget {
            accuracies.push(("forgotten", forget.len(), accuracy(problem, theta, forget.rows())));
        }
        if let Some(test) = &input.test {
            let rows: Vec<usize> = (0..test.rows()).collect();
            accuracies.push(("test", rows.len(), accuracy(test, theta, &rows)));
        }
        let (value, gradient_norm) = (objective.value(theta), objective.gradient(theta).norm());
        if !(value.is_finite() && gradient_norm.is_finite()) {
            return Err(Error::Data(
                "the objective overflows at the trained parameters; scale the data down, with --standardize or \
                 beforehand, or use a smaller step size"
                    .into(),
            ));
        }
        Ok(Report { objective: value, gradient_norm, accuracies })
    }

    fn text(&self, arguments: &Arguments, input: &Input, trained: &Trained) -> String {
        let problem = &input.problem;
        let forgotten =
            input.forget.as_ref().map_or(String::new(), |f| format!(", without {} of them", f.len()));
        let how = match trained {
            Trained::Minimiser(fit) => format!(
                "{}, stationary up to rounding (allowance {})",
                count(fit.iterations, "Newton step"),
                short(fit.rounding)
            ),
            Trained::Run { plan, .. } => {
                format!("{} of gradient descent, {} row visits", count(plan.len(), "step"), plan.visits())
            }
        };
        let mut text = format!(
            "{} on {} ({}{forgotten}), {} of {} parameters active\n  objective      {}\n  gradient norm  {}\n  \
             trained by     {how}\n",
            arguments.input.model,
            problem.data().name,
            count(problem.rows(), "row"),
            problem.active(),
            problem.model().parameters(),
            exact(self.objective),
            short(self.gradient_norm),
        );
        for (what, rows, share) in &self.accuracies {
            if let Some(share) = share {
                text.push_str(&format!(
                    "  accuracy       {share:.4} on {}\n",
                    count(*rows, &format!("{what} row"))
                ));
            }
        }
        text
    }

    fn json(&self, mut value: Value, input: &Input, trained: &Trained) -> Value {
        value["objective"] = self.objective.into();
        value["gradient_norm"] = self.gradient_norm.into();
        let pairs = self.accuracies.iter().map(|(what, _, share)| ((*what).to_owned(), json!(share)));
        value["accuracy"] = Value::Object(pairs.collect());
        match trained {
            Trained::Minimiser(fit) => {
                value["optimiser"] = "newton".into();
                value["iterations"] = fit.iterations.into();
                value["rounding"] = fit.rounding.into();
            }
            Trained::Run { plan, .. } => {
                value["optimiser"] = "sgd".into();
                value["iterations"] = plan.len().into();
            }
        }
        value["theta"] = input.problem.mask().embed(trained.theta()).as_slice().into();
        value
    }
}

fn save_trajectory(path: &Path, input: &Input, points: &[DVector<f64>], rates: &[f64]) -> Result<()> {
    let mask = input.problem.mask();
    let (steps, d) = (points.len(), mask.parameters());
    let flat: Vec<f64> = points.iter().flat_map(|p| mask.embed(p).as_slice().to_vec()).collect();
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
        write::archive(path, &[("points", &[steps, d], &flat), ("eta", &[rates.len()], rates)])
    } else {
        write::matrix(path, &DMatrix::from_row_slice(steps, d, &flat))
    }
}
