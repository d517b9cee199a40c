//! `unlearn streams`: what retraining, updating and choosing between them cost over a stream of requests.

use super::{Outcome, output};
use std::path::PathBuf;
use unlearn::data::{Dataset, open, read};
use unlearn::error::{Error, Result};
use unlearn::report::progress::Progress;
use unlearn::sisa::blueprint::Settings;
use unlearn::sisa::schedule::Epochs;
use unlearn::study::minimised;
use unlearn::study::scale::Scale;
use unlearn::study::stream::arrival::PATTERNS;
use unlearn::study::stream::page::page;
use unlearn::study::stream::table::Table;
use unlearn::study::stream::{Arrival, Config, Record, Strategy, Study};
use unlearn::train::optimiser::Optimiser;
use unlearn::train::plan::Schedule;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A built-in data set (wdbc, digits, wine, iris, diabetes) or a file (.csv, .svm, .npz, IDX)
    #[arg(long, value_name = "NAME|FILE", default_value = "wdbc")]
    data: String,
    /// Target column of a CSV file [default: the last]
    #[arg(long, value_name = "COL")]
    target: Option<String>,
    /// linear:logistic or linear:softmax [default: what the number of classes asks for]
    #[arg(long, value_name = "SPEC")]
    model: Option<String>,
    /// Layers without bias
    #[arg(long)]
    no_bias: bool,
    /// λ, and the weight decay of gradient descent
    #[arg(long, value_name = "λ", default_value_t = 0.01, allow_negative_numbers = true)]
    ridge: f64,
    /// standardize, largest (divide by the largest value) or none [default: largest for images, else standardize]
    #[arg(long, value_name = "NAME")]
    scale: Option<Scale>,
    /// Keep this share of the rows aside for testing
    #[arg(long, value_name = "FRACTION", default_value_t = 0.3, allow_negative_numbers = true)]
    test: f64,
    /// Numbers of shards
    #[arg(long, value_name = "S,…", value_delimiter = ',', default_values_t = [5, 20], allow_negative_numbers = true)]
    shards: Vec<usize>,
    /// descent: recorded runs that vectors are carried through; minimise: shards at their minimisers, every cost counted
    #[arg(long, value_enum, default_value_t = Train::Descent)]
    train: Train,
    /// Numbers of slices per shard [default: 1,5]
    #[arg(long, value_name = "R,…", value_delimiter = ',', allow_negative_numbers = true)]
    slices: Vec<usize>,
    /// Numbers of requests
    #[arg(long, value_name = "K,…", value_delimiter = ',', default_values_t = [8, 40], allow_negative_numbers = true)]
    requests: Vec<usize>,
    /// Patterns of requests: uniform, clustered, recent (needs slices), bursts [default: all; of minimisers all but recent]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    arrivals: Vec<Arrival>,
    /// Tolerances of the certified strategies: distances of a shard from the retrained one [default: 0.001,0.01,0.1; of
    /// minimisers 0.01,0.0001,0.000001]
    #[arg(long, value_name = "ε,…", value_delimiter = ',', allow_negative_numbers = true)]
    tolerance: Vec<f64>,
    /// Share of a full training up to which the threshold strategy retrains [default: 0.05]
    #[arg(long, value_name = "τ", allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Gradient residuals of the amended strategies; they retrain up to the same share [default: none]
    #[arg(long, value_name = "r,…", value_delimiter = ',', allow_negative_numbers = true)]
    amended: Vec<f64>,
    /// Passes over the rows that one run without slices would make [default: 6]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    epochs: Option<usize>,
    /// Rows per batch [default: 16]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    batch: Option<usize>,
    /// Step size [default: 0.05]
    #[arg(long, value_name = "η", allow_negative_numbers = true)]
    rate: Option<f64>,
    /// How many seeds, from --seed on
    #[arg(long, value_name = "N", default_value_t = 4, allow_negative_numbers = true)]
    seeds: u64,
    /// Write one HTML page with the table and all figures into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    #[command(flatten)]
    options: output::Options,
}

/// How shards are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Train {
    Descent,
    Minimise,
}

impl Arguments {
    fn tolerances(&self) -> &[f64] {
        match self.train {
            _ if !self.tolerance.is_empty() => &self.tolerance,
            Train::Descent => &[0.001, 0.01, 0.1],
            Train::Minimise => &[0.01, 1e-4, 1e-6],
        }
    }

    fn slices(&self) -> Vec<usize> {
        match self.train {
            Train::Minimise => vec![1],
            Train::Descent if self.slices.is_empty() => vec![1, 5],
            Train::Descent => self.slices.clone(),
        }
    }

    fn arrivals(&self) -> Vec<Arrival> {
        if !self.arrivals.is_empty() {
            return self.arrivals.clone();
        }
        let all = PATTERNS.into_iter().map(|(arrival, _)| arrival);
        all.filter(|a| self.train == Train::Descent || *a != Arrival::Recent).collect()
    }

    /// What only recorded runs have.
    fn check(&self) -> Result<()> {
        let given = [
            (!self.slices.is_empty(), "slices"),
            (self.threshold.is_some(), "threshold"),
            (!self.amended.is_empty(), "amended"),
            (self.epochs.is_some(), "epochs"),
            (self.batch.is_some(), "batch"),
            (self.rate.is_some(), "rate"),
            (self.report.is_some(), "report"),
        ];
        match given.iter().find(|(given, _)| *given && self.train == Train::Minimise) {
            None => Ok(()),
            Some((_, name)) => Err(Error::Invalid(format!(
                "--{name} is about runs of descent, and minimisers have none; leave it out, or use --train descent"
            ))),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    arguments.check()?;
    let options = &arguments.options;
    let data = open(&arguments.data, &read::Options { target: arguments.target.clone() })?;
    let two = data.target().iter().all(|t| [-1.0, 0.0, 1.0].contains(t));
    let usual = if two { "linear:logistic" } else { "linear:softmax" };
    let config = Config {
        data: arguments.data.clone(),
        test: arguments.test,
        scale: arguments.scale.unwrap_or_else(|| Scale::natural(&data)),
        model: arguments.model.clone().unwrap_or_else(|| usual.into()),
        bias: !arguments.no_bias,
        ridge: arguments.ridge,
        training: Settings {
            epochs: Epochs::Floor { unsliced: arguments.epochs.unwrap_or(6) },
            batch: arguments.batch.unwrap_or(16),
            rate: Schedule::Constant { rate: arguments.rate.unwrap_or(0.05) },
            optimiser: Optimiser::Sgd { momentum: 0.0 },
            weight_decay: None,
            seed: options.seed,
        },
        shards: arguments.shards.clone(),
        slices: arguments.slices(),
        arrivals: arguments.arrivals(),
        requests: arguments.requests.clone(),
        strategies: Strategy::all(
            arguments.tolerances(),
            arguments.threshold.unwrap_or(0.05),
            &arguments.amended,
        )?,
        seed: options.seed,
        seeds: arguments.seeds,
        timings: options.timings,
    };
    match arguments.train {
        Train::Descent => descent(arguments, config, data),
        Train::Minimise => minimise(arguments, config, data),
    }
}

/// Shards that are minimisers.
fn minimise(arguments: &Arguments, streams: Config, data: Dataset) -> Result<Outcome> {
    let options = &arguments.options;
    let strategies = minimised::Strategy::all(arguments.tolerances())?;
    let study = minimised::Study::new(minimised::Config { streams, strategies }, data)?;
    let mut json = options.open(&[])?;
    let progress = Progress::new(study.trials(), !options.quiet);
    let records = study.run(options.threads()?, &|| progress.step("streams"))?;
    drop(progress);
    json.object(|| study.config.header())?;
    json.write(&records.iter().map(minimised::Record::line).collect::<String>())?;
    if json.leaves_standard_output() && !options.quiet {
        output::print(&minimised::table::Table::new(&study.config, &records).to_string())?;
    }
    Ok(Outcome::Done)
}

/// Shards that are recorded runs.
fn descent(arguments: &Arguments, config: Config, data: Dataset) -> Result<Outcome> {
    let options = &arguments.options;
    let study = Study::new(config, data)?;
    let mut json = options.open(&[])?;
    if let Some(folder) = &arguments.report {
        output::make_folder(folder)?;
    }
    let progress = Progress::new(study.trials(), !options.quiet);
    let records = study.run(options.threads()?, &|| progress.step("streams"))?;
    drop(progress);
    json.object(|| study.config.header())?;
    json.write(&records.iter().map(Record::line).collect::<String>())?;
    let table = Table::new(&study.config, &records);
    if let Some(folder) = &arguments.report {
        page(&study.config, &table).write(folder)?;
    }
    if json.leaves_standard_output() && !options.quiet {
        output::print(&table.to_string())?;
    }
    Ok(Outcome::Done)
}
