//! `unlearn study`: the evaluation table, methods × sparsities × seeds on a scenario.

use super::{Outcome, output};
use std::path::{Path, PathBuf};
use unlearn::data::{Dataset, open, read};
use unlearn::error::{Error, Result};
use unlearn::loss::Loss;
use unlearn::report::progress::Progress;
use unlearn::study::config::Fingerprint;
use unlearn::study::journal::Journal;
use unlearn::study::method::{FLOOR, Method, NOOP, REFERENCE, usual};
use unlearn::study::page::page;
use unlearn::study::run::Running;
use unlearn::study::scale::Scale;
use unlearn::study::table::Table;
use unlearn::study::training::Training;
use unlearn::study::trend::{self, Finding};
use unlearn::study::trigger::Trigger;
use unlearn::study::{Config, Record, Scenario, Study};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What is forgotten: class-wise, random, trojan or transfer
    #[arg(long, value_name = "NAME", default_value = "class-wise")]
    scenario: String,
    /// A built-in data set (wdbc, digits, wine, iris, diabetes) or a file (.csv, .svm, .npz, IDX)
    #[arg(long, value_name = "NAME|FILE", default_value = "digits")]
    data: String,
    /// Target column of a CSV file [default: the last]
    #[arg(long, value_name = "COL")]
    target: Option<String>,
    /// As for train [default: one hidden layer of 32 tanh units, softmax, or logistic for two classes]
    #[arg(long, value_name = "SPEC")]
    model: Option<String>,
    /// Layers without bias
    #[arg(long)]
    no_bias: bool,
    /// λ, and the weight decay of gradient descent
    #[arg(long, value_name = "λ", default_value_t = 5e-4, allow_negative_numbers = true)]
    ridge: f64,
    /// standardize, largest (divide by the largest value) or none [default: largest for images, else standardize]
    #[arg(long, value_name = "NAME")]
    scale: Option<Scale>,
    /// Keep this share of the rows aside for testing
    #[arg(long, value_name = "FRACTION", default_value_t = 0.3, allow_negative_numbers = true)]
    test: f64,
    /// TA, and the non-members of the membership attack, without the forgotten classes
    #[arg(long)]
    test_without_classes: bool,
    /// class-wise, transfer: the classes to forget [default: 0]
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',', allow_negative_numbers = true)]
    classes: Vec<f64>,
    /// random, trojan: the share of the training rows to forget
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1, allow_negative_numbers = true)]
    fraction: f64,
    /// trojan: the class that triggered rows are labelled with
    #[arg(long, value_name = "CLASS", default_value_t = 0.0, allow_negative_numbers = true)]
    target_class: f64,
    /// trojan: patch, patch:PIXELS or feature [default: a patch on images, else a feature]
    #[arg(long, value_name = "NAME")]
    trigger: Option<String>,
    /// transfer: the classes that the source model never sees [default: the last third]
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',', allow_negative_numbers = true)]
    probe_classes: Vec<f64>,
    /// Shares of the weights to prune
    #[arg(long, value_name = "S,…", value_delimiter = ',', default_values_t = [0.0, 0.5, 0.9, 0.95], allow_negative_numbers = true)]
    sparsity: Vec<f64>,
    /// omp, imp, synflow or random
    #[arg(long, value_name = "NAME", default_value = "omp")]
    pruner: String,
    /// Rows of the table besides retrain, retrain-uncoupled and noop [default: those that suit the model]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    methods: Vec<String>,
    /// A hyper-parameter of a method, such as fine-tune.epochs=5; may be repeated
    #[arg(long = "set", value_name = "METHOD.NAME=VALUE")]
    settings: Vec<String>,
    /// newton or sgd [default: newton for linear models]
    #[arg(long, value_name = "NAME")]
    optimiser: Option<String>,
    /// sgd: passes over the rows
    #[arg(long, value_name = "N", default_value_t = 30, allow_negative_numbers = true)]
    epochs: usize,
    /// sgd: rows per batch
    #[arg(long, value_name = "N", default_value_t = 32, allow_negative_numbers = true)]
    batch: usize,
    /// sgd: step size
    #[arg(long, value_name = "η", default_value_t = 0.1, allow_negative_numbers = true)]
    rate: f64,
    /// sgd: heavy-ball momentum
    #[arg(long, value_name = "β", default_value_t = 0.9, allow_negative_numbers = true)]
    momentum: f64,
    /// How many seeds, from --seed on
    #[arg(long, value_name = "N", default_value_t = 10, allow_negative_numbers = true)]
    seeds: u64,
    /// The --json file must be there already (one that is there is continued in any case)
    #[arg(long, requires = "json")]
    resume: bool,
    /// Write parameters, masks, rows and data of every cell, so that others can compute the metrics again
    #[arg(long, value_name = "DIR")]
    parameters_dir: Option<PathBuf>,
    /// Write one HTML page with the table and all figures into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Test what is said of sparsity and unlearning over the seeds, print the verdicts, and write them to FILE;
    /// adds all schedules of l1-sparse, and the masks that every pruner makes without the forgotten rows
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    claims: Option<Option<PathBuf>>,
    /// Also print attacks, bootstrap intervals, distances and bounds
    #[arg(long)]
    details: bool,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let options = &arguments.options;
    let data = open(&arguments.data, &read::Options { target: arguments.target.clone() })?;
    let study = Study::new(arguments.config(&data)?, data)?;
    let running = Running {
        jobs: options.threads()?,
        timings: options.timings,
        parameters: arguments.parameters_dir.clone(),
    };
    let grid = study.grid();
    let header = study.config.header();
    let (mut journal, mut records) = match &options.json {
        Some(path) if path.as_os_str() != "-" => {
            if arguments.resume && !path.exists() {
                let message = "there is nothing to resume; leave out --resume to begin".to_owned();
                return Err(Error::File { file: path.display().to_string(), message });
            }
            let (journal, records) = Journal::open(path, &header, &grid)?;
            (Some(journal), records)
        }
        _ => (None, Vec::new()),
    };
    for folder in [&arguments.parameters_dir, &arguments.report].into_iter().flatten() {
        output::make_folder(folder)?;
    }
    let to_standard = options.json.as_deref() == Some(Path::new("-"));
    if to_standard {
        output::print(&format!("{header}\n"))?;
    }
    let progress = Progress::new(grid.len(), !options.quiet);
    let done = records.len();
    let mut sink = |new: Vec<Record>| {
        if let Some(journal) = &mut journal {
            journal.append(&new)?;
        }
        if to_standard {
            output::print(&new.iter().map(Record::line).collect::<String>())?;
        }
        records.extend(new);
        Ok(())
    };
    study.run(&running, done, &mut sink, &|| progress.step(study.config.scenario.name()))?;
    drop(progress);
    let table = Table::new(&study.config, &records);
    let findings = match &arguments.claims {
        Some(_) => trend::findings(&study.config, &records),
        None => Vec::new(),
    };
    if let Some(folder) = &arguments.report {
        page(&table, &findings).write(folder)?;
    }
    let lines: String = findings.iter().map(Finding::line).collect();
    if let Some(Some(path)) = &arguments.claims {
        write_claims(path, &format!("{header}\n{lines}"))?;
    }
    if to_standard {
        output::print(&lines)?;
    }
    if !to_standard && !options.quiet {
        output::print(&table.to_string())?;
        if arguments.details {
            output::print(&table.details())?;
        }
        if arguments.claims.is_some() {
            output::print(&trend::text::text(&findings))?;
        }
    }
    Ok(Outcome::Done)
}

impl Arguments {
    fn config(&self, data: &Dataset) -> Result<Config> {
        let classes = classes(data);
        let model = match &self.model {
            Some(spec) => spec.clone(),
            None if classes.len() > 2 => {
                let outputs = classes.iter().fold(0.0_f64, |a, b| a.max(*b)) as usize + 1;
                format!("mlp:{}-32-{outputs}:tanh:softmax", data.cols())
            }
            None => format!("mlp:{}-32-1:tanh:logistic", data.cols()),
        };
        let spec: unlearn::model::Spec = model.parse()?;
        let training = self.training(model.starts_with("linear"))?;
        if spec.loss() != Loss::Squared && classes.len() > CLASSES {
            return Err(Error::Data(format!(
                "{} has {} different targets, which are no classes; name the target column with --target",
                data.name,
                classes.len()
            )));
        }
        let mut methods = self.chosen(&training)?;
        if self.claims.is_some() {
            methods.extend(Method::variants(&methods));
        }
        Ok(Config {
            scenario: self.scenario(data, &classes)?,
            data: self.data.clone(),
            fingerprint: Fingerprint::of(data),
            test: self.test,
            test_without_classes: self.test_without_classes,
            scale: self.scale.unwrap_or_else(|| Scale::natural(data)),
            model,
            bias: !self.no_bias,
            ridge: self.ridge,
            training,
            pruner: self.pruner.clone(),
            compare_pruners: self.claims.is_some(),
            sparsity: self.sparsity.clone(),
            seed: self.options.seed,
            seeds: self.seeds,
            methods,
        })
    }

    fn training(&self, linear: bool) -> Result<Training> {
        let sgd = Training::Sgd {
            epochs: self.epochs,
            batch: self.batch,
            rate: self.rate,
            momentum: self.momentum,
        };
        match self.optimiser.as_deref() {
            Some("newton") => Ok(Training::Newton),
            Some("sgd") => Ok(sgd),
            None => Ok(if linear { Training::Newton } else { sgd }),
            Some(other) => Err(Error::Invalid(format!("unknown optimiser '{other}'; choose newton or sgd"))),
        }
    }

    fn scenario(&self, data: &Dataset, classes: &[f64]) -> Result<Scenario> {
        let forgotten = if self.classes.is_empty() { vec![0.0] } else { self.classes.clone() };
        match self.scenario.as_str() {
            "class-wise" => Ok(Scenario::ClassWise { classes: forgotten }),
            "random" => Ok(Scenario::Random { fraction: self.fraction }),
            "trojan" => Ok(Scenario::Trojan {
                fraction: self.fraction,
                target: self.target_class,
                trigger: self.trigger(data)?,
            }),
            "transfer" => {
                let probed = if self.probe_classes.is_empty() {
                    classes[classes.len() - classes.len() / 3..].to_vec()
                } else {
                    self.probe_classes.clone()
                };
                Ok(Scenario::Transfer { classes: forgotten, probed })
            }
            other => Err(Error::Invalid(format!(
                "unknown scenario '{other}'; choose class-wise, random, trojan or transfer"
            ))),
        }
    }

    fn trigger(&self, data: &Dataset) -> Result<Trigger> {
        let Some(text) = &self.trigger else { return Ok(Trigger::natural(data)) };
        match text.split_once(':').unwrap_or((text, "2")) {
            ("feature", _) if text == "feature" => Ok(Trigger::Feature),
            ("patch", size) if size.parse::<usize>().is_ok() => {
                Ok(Trigger::Patch { size: size.parse().expect("just checked") })
            }
            _ => {
                Err(Error::Invalid(format!("unknown trigger '{text}'; write patch, patch:PIXELS or feature")))
            }
        }
    }

    /// The reference and its floors, then the methods named or usual.
    fn chosen(&self, training: &Training) -> Result<Vec<Method>> {
        let usual = usual(training);
        let mut names: Vec<&str> = vec![REFERENCE, FLOOR, NOOP];
        let named: Vec<&str> = if self.methods.is_empty() {
            usual.iter().map(|(name, _)| *name).collect()
        } else {
            self.methods.iter().map(String::as_str).collect()
        };
        for name in named {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut settings: Vec<(&str, &str, &str)> = Vec::new();
        for (method, changed) in usual {
            settings.extend(changed.iter().map(|(name, value)| (*method, *name, *value)));
        }
        for text in &self.settings {
            let parts = text.split_once('.').and_then(|(m, rest)| Some((m, rest.split_once('=')?)));
            let Some((method, (name, value))) = parts else {
                return Err(Error::Invalid(format!(
                    "--set {text}: write METHOD.NAME=VALUE, such as fine-tune.epochs=5"
                )));
            };
            if !names.contains(&method) {
                return Err(Error::Invalid(format!(
                    "--set {text}: {method} is not among the methods of this study"
                )));
            }
            // Later ones replace earlier ones, and the usual ones.
            settings.push((method, name, value));
        }
        let of = |method: &str| -> Vec<(String, String)> {
            let mine = settings.iter().filter(|(m, ..)| *m == method);
            mine.map(|(_, name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        names.into_iter().map(|name| Method::new(name, &of(name))).collect()
    }
}

/// More different targets than this are measurements, not classes.
const CLASSES: usize = 1000;

/// The different targets, increasing.
fn classes(data: &Dataset) -> Vec<f64> {
    let mut all = data.target().to_vec();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

fn write_claims(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|e| Error::File {
        file: path.display().to_string(),
        message: format!("the verdicts cannot be written: {e}"),
    })
}
