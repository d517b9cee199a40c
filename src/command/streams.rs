//! `unlearn streams`: what retraining, updating and choosing between them cost over a stream of requests.

use super::{Outcome, output};
use std::path::PathBuf;
use unlearn::data::{open, read};
use unlearn::error::Result;
use unlearn::report::progress::Progress;
use unlearn::sisa::blueprint::Settings;
use unlearn::sisa::schedule::Epochs;
use unlearn::study::scale::Scale;
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
    /// Numbers of slices per shard
    #[arg(long, value_name = "R,…", value_delimiter = ',', default_values_t = [1, 5], allow_negative_numbers = true)]
    slices: Vec<usize>,
    /// Numbers of requests
    #[arg(long, value_name = "K,…", value_delimiter = ',', default_values_t = [8, 40], allow_negative_numbers = true)]
    requests: Vec<usize>,
    /// Patterns of requests: uniform, clustered, recent, bursts
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_values_t = [Arrival::Uniform, Arrival::Clustered, Arrival::Recent, Arrival::Bursts])]
    arrivals: Vec<Arrival>,
    /// Tolerances of the certified strategies: distances of a shard from the retrained one
    #[arg(long, value_name = "ε,…", value_delimiter = ',', default_values_t = [0.001, 0.01, 0.1], allow_negative_numbers = true)]
    tolerance: Vec<f64>,
    /// Share of a full training up to which the threshold strategy retrains
    #[arg(long, value_name = "τ", default_value_t = 0.05, allow_negative_numbers = true)]
    threshold: f64,
    /// Gradient residuals of the amended strategies; they retrain up to the same share [default: none]
    #[arg(long, value_name = "r,…", value_delimiter = ',', allow_negative_numbers = true)]
    amended: Vec<f64>,
    /// Passes over the rows that one run without slices would make
    #[arg(long, value_name = "N", default_value_t = 6, allow_negative_numbers = true)]
    epochs: usize,
    /// Rows per batch
    #[arg(long, value_name = "N", default_value_t = 16, allow_negative_numbers = true)]
    batch: usize,
    /// Step size
    #[arg(long, value_name = "η", default_value_t = 0.05, allow_negative_numbers = true)]
    rate: f64,
    /// How many seeds, from --seed on
    #[arg(long, value_name = "N", default_value_t = 4, allow_negative_numbers = true)]
    seeds: u64,
    /// Write one HTML page with the table and all figures into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
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
            epochs: Epochs::Floor { unsliced: arguments.epochs },
            batch: arguments.batch,
            rate: Schedule::Constant { rate: arguments.rate },
            optimiser: Optimiser::Sgd { momentum: 0.0 },
            weight_decay: None,
            seed: options.seed,
        },
        shards: arguments.shards.clone(),
        slices: arguments.slices.clone(),
        arrivals: arguments.arrivals.clone(),
        requests: arguments.requests.clone(),
        strategies: Strategy::all(&arguments.tolerance, arguments.threshold, &arguments.amended)?,
        seed: options.seed,
        seeds: arguments.seeds,
        timings: options.timings,
    };
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
