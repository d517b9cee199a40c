//! `unlearn plan`: the cheapest way to serve a request within a tolerance, and why.

use super::training::{self, Trained};
use super::{Outcome, input, output, remove};
use serde_json::{Value, json};
use std::path::PathBuf;
use unlearn::data::RowSet;
use unlearn::error::{Error, Result};
use unlearn::hybrid::estimate::{Estimate, Plan, estimate};
use unlearn::hybrid::{Prepared, Tolerance};
use unlearn::objective::Problem;
use unlearn::report::between::above;
use unlearn::report::number::{count, short};
use unlearn::report::paragraph::paragraph;
use unlearn::report::table::{Align, Table};
use unlearn::train::newton::Fit;

#[derive(clap::Args)]
#[command(after_help = super::stateful::PLAN_HELP)]
pub(super) struct Arguments {
    /// The largest distance from the retrained model that is allowed: 0 to inf
    #[arg(long, value_name = "ε", allow_negative_numbers = true)]
    tolerance: Tolerance,
    #[command(flatten)]
    input: input::Options,
    /// Instead of --forget: this share of the training rows, drawn from the seed
    #[arg(long, value_name = "FRACTION", conflicts_with = "forget", allow_negative_numbers = true)]
    forget_fraction: Option<f64>,
    /// The trained parameters (a minimiser) instead of training here
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sgd", "start"])]
    parameters: Option<PathBuf>,
    #[command(flatten)]
    training: training::Options,
    /// Keep this share of the rows aside for testing, drawn from the seed
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    test: Option<f64>,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let options = &arguments.options;
    refuse_runs(&arguments.training)?;
    let draw = input::Draw { test: arguments.test, forget: arguments.forget_fraction, seed: options.seed };
    let input = arguments.input.load(draw)?;
    let Some(forget) = &input.forget else {
        return Err(Error::Invalid(
            "plan needs to know what to forget: --forget FILE or --forget-fraction FRACTION".into(),
        ));
    };
    let mut json = options.open(&[])?;
    let fit = minimiser(&input.problem, arguments.parameters.as_ref(), &arguments.training, options)?;
    let prepared = Prepared::new(&input.problem, &fit)?.calibrated();
    let plan = estimate(&prepared, forget, arguments.tolerance)?;
    json.object(|| {
        let mut value = input.describe(&arguments.input);
        value["plan"] = plan_json(&plan, options.timings);
        value
    })?;
    if json.leaves_standard_output() && !options.quiet {
        let text = format!(
            "{}{}{}",
            heading(&arguments.input, &input.problem, forget, arguments.tolerance),
            table(&plan),
            explained(&plan)
        );
        output::print(&text)?;
    }
    Ok(Outcome::Done)
}

/// One recorded run has no planner.
pub(super) fn refuse_runs(training: &training::Options) -> Result<()> {
    if training.sgd {
        return Err(Error::Invalid(
            "--tolerance is for a model trained to a minimiser; for recorded runs make a state with unlearn train --sgd \
             --state DIR and serve requests with unlearn remove --state DIR"
                .into(),
        ));
    }
    Ok(())
}

/// The trained model: given, or fitted here.
pub(super) fn minimiser(
    problem: &Problem,
    given: Option<&PathBuf>,
    training: &training::Options,
    options: &output::Options,
) -> Result<Fit> {
    let k = problem.active();
    input::check_size("the Hessian", k, k, "prune with --mask")?;
    match given {
        Some(path) => remove::given_minimiser(problem, path, options.quiet),
        None => match training.train(problem, options.seed, options.quiet)? {
            Trained::Minimiser(fit) => Ok(fit),
            Trained::Run { .. } => unreachable!("runs have been refused"),
        },
    }
}

/// What is asked for.
pub(super) fn heading(
    options: &input::Options,
    problem: &Problem,
    forget: &RowSet,
    tolerance: Tolerance,
) -> String {
    format!(
        "{} on {}: forget {} of {}, within {tolerance} of the retrained model\n",
        options.model,
        problem.data().name,
        forget.len(),
        count(problem.rows(), "row"),
    )
}

/// All branches, the chosen one marked.
pub(super) fn table(plan: &Plan) -> Table {
    let mut table = Table::new(&[
        ("", Align::Left),
        ("branch", Align::Left),
        ("row visits", Align::Right),
        ("operations", Align::Right),
        ("bound", Align::Right),
        ("forecast", Align::Right),
        ("seconds", Align::Right),
    ]);
    for (n, e) in plan.estimates.iter().enumerate() {
        let retrain = e.branch == unlearn::hybrid::Branch::Retrain;
        let about = if e.branch.is_foreseen() { "" } else { "~" };
        table.row([
            if n == plan.choice.index { "->" } else { "" }.to_owned(),
            e.branch.to_string(),
            format!("{about}{}", e.work.visits()),
            format!("{about}{}", short(e.flops)),
            if retrain {
                "exact".into()
            } else {
                e.bound.map_or("none".into(), |b| format!("<= {}", above(b)))
            },
            if retrain { "".into() } else { e.forecast.map_or(String::new(), |f| format!("~{}", short(f))) },
            e.seconds.map_or(String::new(), |s| format!("{about}{}", short(s))),
        ]);
    }
    table
}

fn explained(plan: &Plan) -> String {
    let chosen = plan.chosen();
    paragraph(&format!("{}: ", chosen.branch), &plan.choice.why)
        + "bound: on the distance from the retrained model, certified before anything is run; forecast: not a bound\n"
        + "~: a forecast; how many steps retraining takes is only known when it is done\n"
        + &format!("planning took {} row visits; none of the branches was run\n", plan.planning)
}

/// The plan in JSON.
pub(super) fn plan_json(plan: &Plan, timings: bool) -> Value {
    let branch = |e: &Estimate| {
        json!({
            "branch": e.branch.to_string(),
            "row_visits": e.work.visits(),
            "row_visits_forecast": !e.branch.is_foreseen(),
            "gradients": e.work.gradients,
            "hessians": e.work.hessians,
            "flops": e.flops,
            "seconds": e.seconds.filter(|_| timings),
            "bound": e.bound,
            "because": e.because,
            "forecast": e.forecast,
        })
    };
    json!({
        "tolerance": tolerance_json(plan.tolerance),
        "branches": plan.estimates.iter().map(branch).collect::<Vec<_>>(),
        "chosen": plan.chosen().branch.to_string(),
        "certified_beforehand": plan.choice.certain,
        "why": plan.choice.why,
        "planning_row_visits": plan.planning,
    })
}

/// JSON has no infinity.
pub(super) fn tolerance_json(tolerance: Tolerance) -> Value {
    if tolerance == Tolerance::ANY { "inf".into() } else { tolerance.distance().into() }
}
