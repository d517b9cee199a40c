//! `unlearn verify`: check claims on generated and on real data.

use super::{Outcome, claims, output};
use std::path::PathBuf;
use unlearn::claim;
use unlearn::error::{Error, Result};
use unlearn::report::json;
use unlearn::report::progress::Progress;
use unlearn::report::verdict_page;
use unlearn::report::verdicts::{self, Detail};
use unlearn::verify::real::{self, Suite};
use unlearn::verify::schedule::{Schedule, Standing, Summary};

/// The name under which generated problems appear beside the data sets.
const GENERATED: &str = "generated";

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Claims by id or part of it (see `unlearn list claims`) [default: all]
    #[arg(value_name = "CLAIM")]
    pub(super) claims: Vec<String>,
    #[command(flatten)]
    pub(super) settings: Settings,
}

#[derive(clap::Args)]
pub(super) struct Settings {
    /// Problems to generate per claim
    #[arg(long, value_name = "N", default_value_t = 1000, allow_negative_numbers = true)]
    cases: u32,
    /// Only on this data: generated, wdbc or digits; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    data: Vec<String>,
    /// Print every counterexample in full, also those that were expected
    #[arg(long)]
    verbose: bool,
    /// Write one HTML page with all verdicts and figures into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let settings = &arguments.settings;
    let options = &settings.options;
    if settings.cases == 0 {
        return Err(Error::Invalid("--cases 0: at least one problem must be drawn per claim".into()));
    }
    let mut claims = claims::select(&claim::all(), &arguments.claims)?;
    // Preparing the real cases takes fits; leave it when nobody asks for them.
    let only_generated = !settings.data.is_empty() && settings.data.iter().all(|name| name == GENERATED);
    let mut suites = if only_generated { Vec::new() } else { real::suites(options.seed)? };
    let generated = choose(&settings.data, &mut suites)?;
    let mut json = options.open(&[])?;
    if let Some(folder) = &settings.report {
        output::make_folder(folder)?;
    }

    let schedule = Schedule {
        claims: &[],
        generated: generated.then_some(settings.cases as usize),
        suites: &suites,
        seed: options.seed,
        jobs: options.threads()?,
    };
    claims.retain(|claim| schedule.covers(claim));
    if claims.is_empty() {
        return Err(Error::Invalid(format!(
            "none of these claims speaks about {}; leave --data out to check them on generated problems",
            settings.data.join(" or ")
        )));
    }
    let schedule = Schedule { claims: &claims, ..schedule };
    let summaries = {
        let bar = Progress::new(schedule.cases(), !options.quiet);
        schedule.run(&|claim| bar.step(claim.id))
    };

    let lines: String = summaries.iter().map(|s| json::lines(s, options.timings)).collect();
    json.write(&lines)?;
    if let Some(folder) = &settings.report {
        verdict_page::page(&summaries).write(folder)?;
    }
    if json.leaves_standard_output() {
        let named = !arguments.claims.is_empty();
        output::print(&text(&summaries, settings, named))?;
    }
    let unexpected = summaries.iter().any(|s| s.standing() == Standing::Unexpected);
    Ok(if unexpected { Outcome::Unexpected } else { Outcome::Done })
}

/// Keeps the suites that were asked for; says whether generated data was.
fn choose(names: &[String], suites: &mut Vec<Suite>) -> Result<bool> {
    let known: Vec<&str> = std::iter::once(GENERATED).chain(suites.iter().map(|s| s.name)).collect();
    if let Some(name) = names.iter().find(|n| !known.contains(&n.as_str())) {
        return Err(Error::Invalid(format!(
            "--data {name}: claims are checked on {}; take measurements on other data with `unlearn remove`",
            known.join(", ")
        )));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    let generated = wanted(GENERATED);
    suites.retain(|suite| wanted(suite.name));
    Ok(generated)
}

fn text(summaries: &[Summary], settings: &Settings, named: bool) -> String {
    let last = verdicts::last_line(summaries);
    if settings.options.quiet {
        return last;
    }
    let detail = if settings.verbose || named { Detail::Full } else { Detail::Brief };
    let remarks = verdicts::remarks(summaries, detail);
    let mut text =
        format!("{}\n{}{}\n", verdicts::table(summaries), verdicts::legend(), verdicts::decided(summaries));
    if !remarks.is_empty() {
        let hint = if detail == Detail::Brief { ", in full with --verbose" } else { "" };
        text.push_str(&format!("Counterexamples and remarks (measured > claimed){hint}:\n{remarks}\n"));
    }
    text + &last
}
