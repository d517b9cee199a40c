//! `unlearn choices`: how good the choices of the planner for one model are.

use super::{Outcome, output};
use unlearn::data::{open, read};
use unlearn::error::Result;
use unlearn::hybrid::Tolerance;
use unlearn::report::progress::Progress;
use unlearn::study::choices::table::Table;
use unlearn::study::choices::{Config, Record, Study};
use unlearn::study::scale::Scale;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A built-in data set (wdbc, digits, wine, iris, diabetes) or a file (.csv, .svm, .npz, IDX)
    #[arg(long, value_name = "NAME|FILE", default_value = "wdbc")]
    data: String,
    /// Target column of a CSV file [default: the last]
    #[arg(long, value_name = "COL")]
    target: Option<String>,
    /// linear:logistic, linear:softmax or linear:squared [default: what the targets ask for]
    #[arg(long, value_name = "SPEC")]
    model: Option<String>,
    /// Layers without bias
    #[arg(long)]
    no_bias: bool,
    /// λ
    #[arg(long, value_name = "λ", default_value_t = 0.01, allow_negative_numbers = true)]
    ridge: f64,
    /// standardize, largest (divide by the largest value) or none [default: largest for images, else standardize]
    #[arg(long, value_name = "NAME")]
    scale: Option<Scale>,
    /// Numbers of rows to forget
    #[arg(long, value_name = "M,…", value_delimiter = ',', default_values_t = [1, 6, 28, 114], allow_negative_numbers = true)]
    forget: Vec<usize>,
    /// Tolerances: distances from the retrained model
    #[arg(
        long,
        value_name = "ε,…",
        value_delimiter = ',',
        default_value = "1e-12,1e-9,1e-6,1e-4,0.01,1",
        allow_negative_numbers = true
    )]
    tolerance: Vec<Tolerance>,
    /// How many seeds, from --seed on
    #[arg(long, value_name = "N", default_value_t = 4, allow_negative_numbers = true)]
    seeds: u64,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let options = &arguments.options;
    let data = open(&arguments.data, &read::Options { target: arguments.target.clone() })?;
    let all = |known: &dyn Fn(f64) -> bool| data.target().iter().all(|t| known(*t));
    let usual = if all(&|t| [-1.0, 0.0, 1.0].contains(&t)) {
        "linear:logistic"
    } else if all(&|t| t >= 0.0 && t.fract() == 0.0 && t < 64.0) {
        "linear:softmax"
    } else {
        "linear:squared"
    };
    let config = Config {
        data: arguments.data.clone(),
        scale: arguments.scale.unwrap_or_else(|| Scale::natural(&data)),
        model: arguments.model.clone().unwrap_or_else(|| usual.into()),
        bias: !arguments.no_bias,
        ridge: arguments.ridge,
        forget: arguments.forget.clone(),
        tolerances: arguments.tolerance.clone(),
        seed: options.seed,
        seeds: arguments.seeds,
        timings: options.timings,
    };
    let study = Study::new(config, &data)?;
    let mut json = options.open(&[])?;
    let progress = Progress::new(study.trials(), !options.quiet);
    let records = study.run(&|| progress.step("choices"))?;
    drop(progress);
    json.object(|| study.config.header())?;
    json.write(&records.iter().map(Record::line).collect::<String>())?;
    if json.leaves_standard_output() && !options.quiet {
        output::print(&Table::new(&study.config, &records).to_string())?;
    }
    Ok(Outcome::Done)
}
