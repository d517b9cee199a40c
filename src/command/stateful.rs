//! `train`, `plan` and `remove` with `--state DIR`: a stream of requests to an ensemble that lives in a directory.

use super::answers::{plan_json, plan_text, spent_text};
use super::{Cli, Command, Outcome, output, train};
use clap::Parser;
use nalgebra::DVector;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use unlearn::data::{RowSet, read, write};
use unlearn::error::{Error, Result};
use unlearn::hybrid::state::{State, summary};
use unlearn::hybrid::{Policy, Terms, Tolerance};
use unlearn::report::number::count;
use unlearn::sisa::blueprint::Blueprint;
use unlearn::unlearn::slice_fine_tune::Amendment;

/// What is said under the help of `plan`.
pub(super) const PLAN_HELP: &str =
    "A sharded ensemble (unlearn train --sgd --state DIR): unlearn plan --state DIR --help";
/// What is said under the help of `remove`.
pub(super) const REMOVE_HELP: &str =
    "A sharded ensemble (unlearn train --sgd --state DIR): unlearn remove --state DIR --help";
/// What is said after a usage error.
pub(super) const KNOWN: &str =
    "with --state the model, the data and the training are those the state was made with";

/// `plan` and `remove` on a state, which take other options than on one model.
#[derive(Parser)]
#[command(name = "unlearn", disable_help_subcommand = true)]
enum Typed {
    /// How a request would be answered: cost of retraining, bound of an update, per shard; changes nothing
    Plan(Asked),
    /// Answer a request, or heal what was updated
    Remove(Work),
}

/// A command on a state.
pub(super) enum OnState {
    Plan(Box<Asked>),
    Remove(Box<Work>),
}

#[derive(clap::Args)]
pub(super) struct Asked {
    /// The directory, made by `unlearn train --sgd --state DIR`
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Rows to forget: one 0-based index per line, or an integer .npy
    #[arg(long, value_name = "FILE")]
    forget: PathBuf,
    /// Update a shard when it is certified to be this near to the retrained one, else retrain it: 0 to inf
    #[arg(
        long,
        value_name = "ε",
        required_unless_present = "policy",
        conflicts_with = "policy",
        allow_negative_numbers = true
    )]
    tolerance: Option<Tolerance>,
    /// threshold:SHARE, or calibrated[:SECONDS-PER-VISIT:SECONDS-PER-COORDINATE], measured here where not given
    /// (reconstructions; what they return may be certified to nothing)
    #[arg(long, value_name = "POLICY")]
    policy: Option<Named>,
    /// Amend updates: fine-tune them on the affected slices until the gradient is at most RESIDUAL (a tolerance: where an
    /// update alone is not within it; only scope all brings a shard near the retrained one). SCOPE: affected, hit or
    /// all; METHOD: newton or descent; START: carried, subtracted or nothing
    #[arg(long, value_name = "RESIDUAL[:SCOPE[:METHOD[:START]]]", allow_negative_numbers = true)]
    amend: Option<Amendment>,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args)]
pub(super) struct Work {
    /// The directory, made by `unlearn train --sgd --state DIR`
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Rows to forget: one 0-based index per line, or an integer .npy
    #[arg(long, value_name = "FILE", required_unless_present_any = ["heal", "resume"])]
    forget: Option<PathBuf>,
    /// Update a shard when it is certified to be this near to the retrained one, else retrain it: 0 to inf
    #[arg(
        long,
        value_name = "ε",
        conflicts_with_all = ["policy", "heal", "resume"],
        allow_negative_numbers = true
    )]
    tolerance: Option<Tolerance>,
    /// threshold:SHARE, or calibrated[:SECONDS-PER-VISIT:SECONDS-PER-COORDINATE], measured here where not given
    /// (reconstructions; what they return may be certified to nothing)
    #[arg(long, value_name = "POLICY", conflicts_with_all = ["heal", "resume"])]
    policy: Option<Named>,
    /// Amend updates: fine-tune them on the affected slices until the gradient is at most RESIDUAL (a tolerance: where an
    /// update alone is not within it; only scope all brings a shard near the retrained one). SCOPE: affected, hit or
    /// all; METHOD: newton or descent; START: carried, subtracted or nothing
    #[arg(long, value_name = "RESIDUAL[:SCOPE[:METHOD[:START]]]", allow_negative_numbers = true, conflicts_with_all = ["heal", "resume"])]
    amend: Option<Amendment>,
    /// Retrain every shard that is not exact
    #[arg(long, conflicts_with_all = ["forget", "resume"])]
    heal: bool,
    /// Only finish what an interrupted command began (the others do that too)
    #[arg(long, conflicts_with = "forget")]
    resume: bool,
    /// Write the parameters of every shard, zeros at pruned places, as arrays shard-0, shard-1, … (.npz)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    options: Output,
}

/// A policy as it is typed.
#[derive(Debug, Clone, Copy)]
enum Named {
    Given(Policy),
    Measured,
}

impl FromStr for Named {
    type Err = Error;
    fn from_str(text: &str) -> Result<Named> {
        if text == "calibrated" { Ok(Named::Measured) } else { text.parse().map(Named::Given) }
    }
}

#[derive(clap::Args)]
#[group(skip)]
struct Output {
    /// Write the result as JSON to a file, or to standard output for '-'
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
    /// No explanations
    #[arg(long)]
    quiet: bool,
}

impl Output {
    fn options(&self) -> output::Options {
        output::Options { seed: 0, jobs: None, json: self.json.clone(), timings: false, quiet: self.quiet }
    }
}

/// What was typed, if it is `plan` or `remove` with `--state`.
pub(super) fn typed() -> Option<std::result::Result<OnState, clap::Error>> {
    let words: Vec<_> = std::env::args_os().collect();
    let named = words.get(1).is_some_and(|w| w == "plan" || w == "remove");
    let state = |w: &std::ffi::OsString| w == "--state" || w.to_string_lossy().starts_with("--state=");
    (named && words.iter().skip(2).any(state)).then(|| {
        Typed::try_parse_from(words).map(|typed| match typed {
            Typed::Plan(asked) => OnState::Plan(Box::new(asked)),
            Typed::Remove(work) => OnState::Remove(Box::new(work)),
        })
    })
}

pub(super) fn run(command: &OnState) -> Result<Outcome> {
    match command {
        OnState::Plan(asked) => plan(asked),
        OnState::Remove(work) => remove(work),
    }
}

/// `train --state`: the words that were typed are kept, so that the ensemble can be laid out again.
pub(super) fn create(arguments: &train::Arguments, directory: &Path) -> Result<Outcome> {
    let options = &arguments.options;
    let words: Option<Vec<String>> = std::env::args_os().skip(2).map(|w| w.into_string().ok()).collect();
    let Some(words) = words else {
        return Err(Error::Invalid("a state keeps what was typed, which must be text (UTF-8)".into()));
    };
    let blueprint = blueprint(arguments)?;
    let mut json = options.open(&[])?;
    let state = State::create(directory, blueprint, &words)?;
    let known = summary(directory)?;
    let plan = state.stream().ensemble().blueprint();
    json.object(|| {
        json!({
            "state": directory.display().to_string(),
            "shards": plan.shards(),
            "slices": arguments.slices,
            "rows": plan.partition().rows(),
            "row_visits": known.training,
        })
    })?;
    if json.leaves_standard_output() && !options.quiet {
        output::print(&format!(
            "{} on {}: {} in {} of {} slices each, {} row visits\n  state  {}\n",
            arguments.input.model,
            plan.problem().data().name,
            count(plan.partition().rows(), "row"),
            count(plan.shards(), "shard"),
            arguments.slices,
            known.training,
            directory.display()
        ))?;
    }
    Ok(Outcome::Done)
}

fn blueprint(arguments: &train::Arguments) -> Result<Blueprint> {
    let input = arguments.input.load(super::input::Draw::default())?;
    let settings = arguments.training.of_shards(arguments.options.seed)?;
    Blueprint::uniform(input.problem, arguments.shards, arguments.slices, settings)
}

/// The ensemble of a state, laid out from what was typed when it was made.
fn laid_out(directory: &Path) -> Result<Blueprint> {
    let known = summary(directory)?;
    let words = ["unlearn", "train"].into_iter().map(str::to_owned).chain(known.description.iter().cloned());
    let again = |why: String| {
        Error::Invalid(format!(
            "{} was made with unlearn train {}, which now gives: {why} (names of files are those of the folder it was typed in)",
            directory.display(),
            known.description.join(" ")
        ))
    };
    match Cli::try_parse_from(words) {
        Ok(Cli { command: Some(Command::Train(arguments)), .. }) => {
            blueprint(&arguments).map_err(|e| again(e.to_string()))
        }
        Ok(_) => Err(again("another command".into())),
        Err(e) => Err(again(super::one_line(&e.to_string()))),
    }
}

fn open(directory: &Path) -> Result<State> {
    State::open(directory, laid_out(directory)?)
}

fn request(state: &State, path: &Path) -> Result<RowSet> {
    read::indices(path, state.stream().ensemble().blueprint().problem().rows())
}

fn plan(asked: &Asked) -> Result<Outcome> {
    if summary(&asked.state)?.interrupted {
        return Err(Error::Invalid(format!(
            "the last command on {0} was interrupted; finish it with unlearn remove --state {0} --resume",
            asked.state.display()
        )));
    }
    let named = named(asked.tolerance, asked.policy)?;
    let mut state = open(&asked.state)?;
    let terms = Terms { policy: resolved(named, &state), amendment: asked.amend };
    let plan = state.plan(&request(&state, &asked.forget)?, terms)?;
    let options = asked.output.options();
    let mut json = options.open(&[])?;
    json.object(|| plan_json(&plan, None))?;
    if json.leaves_standard_output() && !options.quiet {
        output::print(&plan_text(&plan))?;
    }
    Ok(Outcome::Done)
}

fn remove(work: &Work) -> Result<Outcome> {
    let options = work.options.options();
    if let Some(path) = &work.output {
        output::check_target(path, &["npz"])?;
    }
    let named = if work.forget.is_some() { Some(named(work.tolerance, work.policy)?) } else { None };
    let mut state = open(&work.state)?;
    let finished = state.finished_interrupted_work();
    let asked = work.forget.as_ref().map(|path| request(&state, path)).transpose()?;
    let mut json = options.open(&[&work.output])?;
    let mut text = String::new();
    if finished {
        text += "what an interrupted command began was finished\n";
    }
    let mut value = json!({ "finished_interrupted": finished });
    if let (Some(request), Some(named)) = (&asked, named) {
        let terms = Terms { policy: resolved(named, &state), amendment: work.amend };
        let (plan, spent) = state.answer(request, terms)?;
        text += &plan_text(&plan);
        text += &spent_text(spent);
        value = plan_json(&plan, Some(spent));
        value["finished_interrupted"] = finished.into();
    } else if work.heal {
        let stale = state.stream().stale();
        let spent = state.heal()?;
        text +=
            &format!("{} healed: every shard is exact\n{}", count(stale.len(), "shard"), spent_text(spent));
        value["healed"] = stale.into();
        value["row_visits"] = spent.visits.into();
        value["predicted_row_visits"] = spent.predicted.into();
    }
    if let Some(path) = &work.output {
        save(path, &state)?;
    }
    json.object(|| value)?;
    if json.leaves_standard_output() && !options.quiet {
        output::print(&text)?;
    }
    Ok(Outcome::Done)
}

/// With the costs of this machine where they are wanted.
fn resolved(named: Named, state: &State) -> Policy {
    match named {
        Named::Given(policy) => policy,
        Named::Measured => Policy::measured(state.stream().ensemble().blueprint().problem()),
    }
}

fn named(tolerance: Option<Tolerance>, policy: Option<Named>) -> Result<Named> {
    match (tolerance, policy) {
        (Some(t), _) => Ok(Named::Given(Policy::Certified(t))),
        (None, Some(p)) => Ok(p),
        (None, None) => Err(Error::Invalid(
            "say how near a shard must be to the retrained one: --tolerance ε (0 retrains), or --policy"
                .into(),
        )),
    }
}

fn save(path: &Path, state: &State) -> Result<()> {
    let ensemble = state.stream().ensemble();
    let mask = ensemble.blueprint().problem().mask();
    let models: Vec<DVector<f64>> = ensemble.models().iter().map(|theta| mask.embed(theta)).collect();
    let names: Vec<String> = (0..models.len()).map(|k| format!("shard-{k}")).collect();
    let shapes: Vec<[usize; 1]> = models.iter().map(|m| [m.len()]).collect();
    let arrays: Vec<(&str, &[usize], &[f64])> =
        (0..models.len()).map(|k| (names[k].as_str(), &shapes[k][..], models[k].as_slice())).collect();
    write::archive(path, &arrays)
}
