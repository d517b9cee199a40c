//! `unlearn prune`: make a mask, and say how much of it is due to the rows to forget.

use super::training;
use super::{Outcome, input, output};
use serde_json::{Value, json};
use std::path::PathBuf;
use unlearn::data::write;
use unlearn::error::{Error, Result};
use unlearn::mask::{Agreement, Mask, Scope};
use unlearn::model::Model;
use unlearn::report::number::{count, short};
use unlearn::report::table::{Align, Table};
use unlearn::train::pipeline::Pipeline;
use unlearn::train::pruning::{Pruned, Pruner};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// omp (magnitude of the trained model), imp (in rounds, rewinding), synflow (no data) or random
    #[arg(long, value_name = "NAME")]
    pruner: Pruner,
    /// The share of the weights to prune, from 0 to below 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    sparsity: f64,
    /// Prune biases like weights [default: biases are kept and do not count]
    #[arg(long)]
    biases: bool,
    /// imp: the share of what is left that a round prunes [default: 0.2]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    round_rate: Option<f64>,
    /// imp --sgd: rounds start after this share of the steps of the dense run [default: 8/182]
    #[arg(long, value_name = "SHARE", requires = "sgd", allow_negative_numbers = true)]
    rewind: Option<f64>,
    /// synflow: rounds [default: 100]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    rounds: Option<usize>,
    #[command(flatten)]
    input: input::Options,
    #[command(flatten)]
    training: training::Options,
    /// Instead of --forget: this share of the training rows, drawn from the seed
    #[arg(long, value_name = "FRACTION", conflicts_with = "forget", allow_negative_numbers = true)]
    forget_fraction: Option<f64>,
    /// Keep this share of the rows aside for testing, drawn from the seed
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    test: Option<f64>,
    /// Write the mask, one 0 or 1 per parameter (.npy, .csv, .txt or .json)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let options = &arguments.options;
    let pruner = arguments.pruner()?;
    if let Some(path) = &arguments.output {
        output::check_target(path, &["npy", "csv", "txt", "json"])?;
    }
    if arguments.input.mask.is_some() {
        return Err(Error::Invalid("prune makes a mask from the dense model; leave --mask out".into()));
    }
    let draw = input::Draw { test: arguments.test, forget: arguments.forget_fraction, seed: options.seed };
    let input = arguments.input.load(draw)?;
    let scope = if arguments.biases { Scope::All } else { Scope::Weights };
    // A sparsity that cannot be is refused before training.
    scope.kept(input.problem.model(), arguments.sparsity)?;
    let mut json = options.open(&[&arguments.output])?;
    if pruner.sees_data() && !arguments.training.sgd && input.problem.ridge() == 0.0 {
        let k = input.problem.active();
        let remedy = "use a --ridge above 0, train with --sgd, or prune without data (synflow, random)";
        input::check_size("the Hessian", k, k, remedy)?;
    }
    let prepared = arguments.training.prepare(&input.problem, options.seed, options.quiet)?;
    let pipeline = Pipeline::new(&input.problem, prepared.start.as_slice().to_vec(), prepared.recipe())?;
    let pruned = pruner.prune(&pipeline, arguments.sparsity, scope, options.seed)?;
    let without = match &input.forget {
        Some(forget) => {
            let pipeline = pipeline.without(forget)?;
            Some(pruner.prune(&pipeline, arguments.sparsity, scope, options.seed)?.mask)
        }
        None => None,
    };
    let result = Report { arguments, input: &input, pruner, scope, pruned: &pruned, without };
    if let Some(path) = &arguments.output {
        let flags: Vec<f64> = pruned.mask.flags().into_iter().map(|kept| f64::from(u8::from(kept))).collect();
        write::vector(path, &flags)?;
    }
    json.object(|| result.json())?;
    if json.leaves_standard_output() && !options.quiet {
        output::print(&result.text())?;
    }
    Ok(Outcome::Done)
}

impl Arguments {
    /// The pruner with its settings; those of another pruner are refused.
    fn pruner(&self) -> Result<Pruner> {
        let foreign = |option: &str| {
            Err(Error::Invalid(format!("{option} does not belong to the pruner {}", self.pruner)))
        };
        let mut pruner = self.pruner;
        if let Some(share) = self.round_rate {
            let Pruner::Imp { rate, .. } = &mut pruner else { return foreign("--round-rate") };
            *rate = share;
        }
        if let Some(share) = self.rewind {
            let Pruner::Imp { rewind, .. } = &mut pruner else { return foreign("--rewind") };
            *rewind = share;
        }
        if let Some(number) = self.rounds {
            let Pruner::Synflow { rounds } = &mut pruner else { return foreign("--rounds") };
            *rounds = number;
        }
        Ok(pruner)
    }
}

/// What is reported about a mask.
struct Report<'a> {
    arguments: &'a Arguments,
    input: &'a input::Input,
    pruner: Pruner,
    scope: Scope,
    pruned: &'a Pruned,
    without: Option<Mask>,
}

/// Kept and all parameters of one layer.
struct Layer {
    weights: (usize, usize),
    biases: (usize, usize),
}

impl Report<'_> {
    fn model(&self) -> &Model {
        self.input.problem.model()
    }

    fn layers(&self) -> Vec<Layer> {
        let (model, flags) = (self.model(), self.pruned.mask.flags());
        let none = || Layer { weights: (0, 0), biases: (0, 0) };
        let mut layers: Vec<Layer> = (0..model.layers()).map(|_| none()).collect();
        for (j, kept) in flags.into_iter().enumerate() {
            let at = model.coordinate(j);
            let layer = &mut layers[at.layer];
            let (k, all) = if at.input.is_some() { &mut layer.weights } else { &mut layer.biases };
            *k += usize::from(kept);
            *all += 1;
        }
        layers
    }

    /// Prunable parameters and how many of them are kept.
    fn counts(&self) -> (usize, usize) {
        let coordinates = self.scope.coordinates(self.model());
        let flags = self.pruned.mask.flags();
        (coordinates.iter().filter(|&&j| flags[j]).count(), coordinates.len())
    }

    fn agreement(&self) -> Option<Agreement> {
        let coordinates = self.scope.coordinates(self.model());
        self.without.as_ref().map(|other| Agreement::on(&self.pruned.mask, other, &coordinates))
    }

    fn text(&self) -> String {
        let (kept, prunable) = self.counts();
        let what = if self.scope == Scope::Weights { "weights" } else { "parameters" };
        let mut table = Table::new(&[
            ("layer", Align::Right),
            ("weights kept", Align::Right),
            ("of", Align::Right),
            ("biases kept", Align::Right),
            ("of", Align::Right),
        ]);
        for (n, layer) in self.layers().iter().enumerate() {
            let numbers = [n + 1, layer.weights.0, layer.weights.1, layer.biases.0, layer.biases.1];
            table.row(numbers.map(|n| n.to_string()));
        }
        let mut text = format!(
            "{} on {}: {} keeps {kept} of {prunable} {what} (sparsity {:.4}), {} of {} parameters active\n{table}",
            self.arguments.input.model,
            self.input.problem.data().name,
            self.pruner,
            1.0 - kept as f64 / prunable as f64,
            self.pruned.mask.len(),
            self.pruned.mask.parameters(),
        );
        let visits = self.pruned.row_visits;
        text.push_str(&format!("cost: {visits} row visits, {} operations\n", short(self.pruned.flops)));
        match (self.agreement(), &self.input.forget) {
            (Some(found), Some(forget)) => text.push_str(&format!(
                "without the {} to forget: Jaccard {:.4} of the kept sets, {:.4} of the {what} decided the same\n",
                count(forget.len(), "row"),
                found.jaccard,
                found.equal
            )),
            _ if self.pruner.sees_data() => text.push_str(
                "the mask depends on the data; with --forget FILE its agreement with one made without those rows is \
                 reported\n",
            ),
            _ => {}
        }
        text
    }

    fn json(&self) -> Value {
        let (kept, prunable) = self.counts();
        let mut value = self.input.describe(&self.arguments.input);
        value["active"] = self.pruned.mask.len().into();
        value["pruner"] = self.pruner.name().into();
        value["settings"] = match self.pruner {
            Pruner::Imp { rate, rewind } => json!({ "round_rate": rate, "rewind": rewind }),
            Pruner::Synflow { rounds } => json!({ "rounds": rounds }),
            Pruner::Omp | Pruner::Random => json!({}),
        };
        value["seed"] = self.arguments.options.seed.into();
        value["biases_prunable"] = (self.scope == Scope::All).into();
        value["sparsity"] = (1.0 - kept as f64 / prunable as f64).into();
        value["prunable"] = prunable.into();
        value["kept"] = kept.into();
        let layer = |l: &Layer| {
            json!({
                "weights": l.weights.1, "weights_kept": l.weights.0,
                "biases": l.biases.1, "biases_kept": l.biases.0,
            })
        };
        value["layers"] = self.layers().iter().map(layer).collect();
        value["row_visits"] = self.pruned.row_visits.into();
        value["flops"] = self.pruned.flops.into();
        value["agreement"] = match self.agreement() {
            Some(found) => json!({ "jaccard": found.jaccard, "equal": found.equal }),
            None => Value::Null,
        };
        value["mask"] = self.pruned.mask.flags().into_iter().map(u8::from).collect();
        value
    }
}
