//! The command line: one file per subcommand. No mathematics here; every number comes from the library.

mod answers;
mod audit;
mod choices;
mod claims;
mod derive;
mod input;
mod ladder;
mod list;
mod output;
mod plan;
mod prune;
mod remove;
mod serve;
mod settings;
mod stateful;
mod status;
mod streams;
mod study;
mod train;
mod training;
mod verify;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use unlearn::error::Result;

/// Machine unlearning whose error bounds are checked against true retraining.
///
/// Without a command, checks every claim (as `verify` does).
#[derive(Parser)]
#[command(name = "unlearn", version, args_conflicts_with_subcommands = true, after_help = EXIT_STATUS)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    verify: verify::Settings,
}

const EXIT_STATUS: &str = "Exit status: 0 done, and nothing refuted that should hold; 1 a claim did not come out as \
                           expected; 2 bad usage or bad input.";

#[derive(Subcommand)]
enum Command {
    /// Check claims on generated and on real data
    Verify(verify::Arguments),
    /// How far are these parameters from the exactly retrained ones? A certified interval
    Audit(audit::Arguments),
    /// Fit a model; keep the parameters and the trajectory
    Train(train::Arguments),
    /// Make a mask: omp, imp, synflow or random, at a sparsity
    Prune(prune::Arguments),
    /// Forget rows with a method, or within a tolerance; what the result guarantees and what it cost
    Remove(Box<remove::Arguments>),
    /// Retrain or update? The cheapest way to forget rows within a tolerance: cost and bound of each
    Plan(Box<plan::Arguments>),
    /// What a state knows: every shard exact, within a bound or neither; requests and costs
    Status(status::Arguments),
    /// The evaluation table: methods × sparsities × seeds on a scenario of forgetting
    Study(study::Arguments),
    /// Streams of requests: what retraining, updating and choosing between them cost
    Streams(streams::Arguments),
    /// One model: the choices of its planner beside what all branches took
    Choices(choices::Arguments),
    /// Value, gradient, Hessian and relatives at given parameters
    Derive(derive::Arguments),
    /// What there is: claims, methods, bounds, datasets, models
    List(list::Arguments),
}

/// Whether what was asked for came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done, and nothing was refuted that should hold.
    Done,
    /// A claim did not come out as expected.
    Unexpected,
}

/// Reads the command line, runs it and says what went wrong, if anything, in one line.
pub(crate) fn run() -> ExitCode {
    if let Some(command) = stateful::typed() {
        return match command {
            Ok(command) => finish(stateful::run(&command)),
            Err(error) if error.use_stderr() => {
                refuse(&format!("{}; {}", one_line(&error.to_string()), stateful::KNOWN))
            }
            Err(error) => finish(output::print(&error.to_string()).map(|()| Outcome::Done)),
        };
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return refuse(&one_line(&error.to_string())),
        // --help and --version.
        Err(error) => return finish(output::print(&error.to_string()).map(|()| Outcome::Done)),
    };
    finish(match cli.command {
        None => verify::run(&verify::Arguments { claims: Vec::new(), settings: cli.verify }),
        Some(Command::Verify(arguments)) => verify::run(&arguments),
        Some(Command::Audit(arguments)) => audit::run(&arguments),
        Some(Command::Train(arguments)) => train::run(&arguments),
        Some(Command::Prune(arguments)) => prune::run(&arguments),
        Some(Command::Remove(arguments)) => remove::run(&arguments),
        Some(Command::Plan(arguments)) => plan::run(&arguments),
        Some(Command::Status(arguments)) => status::run(&arguments),
        Some(Command::Study(arguments)) => study::run(&arguments),
        Some(Command::Streams(arguments)) => streams::run(&arguments),
        Some(Command::Choices(arguments)) => choices::run(&arguments),
        Some(Command::Derive(arguments)) => derive::run(&arguments),
        Some(Command::List(arguments)) => list::run(&arguments),
    })
}

fn finish(outcome: Result<Outcome>) -> ExitCode {
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Unexpected) => ExitCode::from(1),
        Err(error) => refuse(&error.to_string()),
    }
}

fn refuse(message: &str) -> ExitCode {
    output::complain(message);
    ExitCode::from(2)
}

/// A usage error of the parser without its usage block: what is wrong, and its tips.
fn one_line(text: &str) -> String {
    let kept = text
        .split("\n\n")
        .map(str::trim)
        .filter(|part| !part.starts_with("Usage:") && !part.starts_with("For more information"))
        .map(|part| part.strip_prefix("error: ").unwrap_or(part))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    // What the standard library says of -1 and of words.
    let text =
        kept.collect::<Vec<_>>().join("; ").replace("invalid digit found in string", "not a whole number");
    format!("{text}; unlearn --help explains the usage")
}
