//! `unlearn remove --tolerance`: the planner's choice carried out and certified.

use super::plan::{heading, minimiser, plan_json, refuse_runs};
use super::{Outcome, input, output, remove};
use serde_json::{Value, json};
use unlearn::bound::audit::audit;
use unlearn::certificate::{self, Certificate};
use unlearn::data::{RowSet, write};
use unlearn::error::{Error, Result};
use unlearn::hybrid::answer::Attempt;
use unlearn::hybrid::{Answer, Branch, Prepared, Tolerance, serve};
use unlearn::report::between;
use unlearn::report::json::interval;
use unlearn::report::number::short;
use unlearn::report::paragraph::paragraph;

pub(super) fn run(arguments: &remove::Arguments, tolerance: Tolerance) -> Result<Outcome> {
    let options = &arguments.options;
    refuse_runs(&arguments.training)?;
    if let Some(path) = &arguments.output {
        output::check_target(path, &["npy", "csv", "txt", "json"])?;
    }
    let draw = input::Draw { test: arguments.test, forget: arguments.forget_fraction, seed: options.seed };
    let input = arguments.input.load(draw)?;
    let Some(forget) = &input.forget else {
        return Err(Error::Invalid(
            "remove needs to know what to forget: --forget FILE or --forget-fraction FRACTION".into(),
        ));
    };
    if let Some(path) = &arguments.certificate {
        Certificate::check(&input.problem, Some(forget))?;
        output::check_target(path, &["cert", "txt"])?;
    }
    let mut json = options.open(&[&arguments.output, &arguments.certificate])?;
    let fit = minimiser(&input.problem, arguments.parameters.as_ref(), &arguments.training, options)?;
    let prepared = Prepared::new(&input.problem, &fit)?.calibrated();
    let answer = serve(&prepared, forget, tolerance)?;
    let made = match &arguments.certificate {
        Some(path) => Some((path, certificate(&input, forget, &answer)?)),
        None => None,
    };
    if let Some(path) = &arguments.output {
        write::vector(path, input.problem.mask().embed(&answer.theta).as_slice())?;
    }
    if let Some((path, made)) = &made {
        certificate::write(path, made)?;
    }
    json.object(|| {
        let mut value = object(&answer, options.timings);
        let described = input.describe(&arguments.input);
        if let (Some(all), Some(about)) = (value.as_object_mut(), described.as_object()) {
            all.extend(about.clone());
        }
        value["theta"] = input.problem.mask().embed(&answer.theta).as_slice().into();
        if let Some((path, made)) = &made {
            value["certificate"] =
                json!({ "file": path.display().to_string(), "distance": interval(made.distance()) });
        }
        value
    })?;
    if json.leaves_standard_output() && !options.quiet {
        let mut text = heading(&arguments.input, &input.problem, forget, tolerance) + &described(&answer);
        if let Some((path, made)) = &made {
            let (lo, hi) = between::ends(made.distance());
            text += &format!("  certificate  {}, between {lo} and {hi}\n", path.display());
        }
        output::print(&text)?;
    }
    Ok(Outcome::Done)
}

/// A file that others can check. The result is its own reference; where strong convexity from λ alone does not
/// reach the tolerance, the retrained model is.
fn certificate(input: &input::Input, forget: &RowSet, answer: &Answer) -> Result<Certificate> {
    let (problem, theta) = (&input.problem, &answer.theta);
    let own = Certificate::new(problem, Some(forget), theta, theta)?;
    if answer.plan.tolerance.holds(own.distance().hi()) {
        return Ok(own);
    }
    let reference = audit(problem, Some(forget), theta)?.reference;
    let other = Certificate::new(problem, Some(forget), theta, &reference)?;
    Ok(if other.distance().hi() < own.distance().hi() { other } else { own })
}

fn described(answer: &Answer) -> String {
    let mut text =
        paragraph("  chosen       ", &format!("{}: {}", answer.plan.chosen().branch, answer.plan.choice.why));
    if answer.tried.len() > 1 {
        let each = |t: &Attempt| {
            let told = t.certified.map_or("nothing certified".into(), |c| {
                format!("certified to {}", between::above(c.distance.hi()))
            });
            format!("{} ({told})", t.branch)
        };
        let tried: Vec<String> = answer.tried.iter().map(each).collect();
        text += &paragraph("  tried        ", &tried.join(", then "));
    }
    text += &paragraph("  guarantee    ", &guarantee(answer));
    let chosen = answer.plan.chosen();
    let checks = &answer.certification;
    text += &format!("  certifying   {} row visits, {} s\n", checks.row_visits, short(checks.seconds));
    text += &format!(
        "  cost         {} row visits ({} {}), {} operations, {} s ({} s predicted)\n",
        answer.cost.row_visits,
        chosen.work.visits(),
        if chosen.branch.is_foreseen() { "predicted" } else { "forecast" },
        short(answer.cost.flops),
        short(answer.cost.seconds),
        chosen.seconds.map_or("?".into(), short),
    );
    text
}

fn guarantee(answer: &Answer) -> String {
    let certified = answer.certified.map(|c| between::ends(c.distance));
    match (answer.branch, certified) {
        (Branch::Retrain, Some((_, hi))) => {
            let below = !answer.plan.tolerance.holds(answer.certified.map_or(0.0, |c| c.distance.hi()));
            let note = if below && answer.plan.tolerance != Tolerance::EXACT {
                "; the tolerance is below what 64-bit numbers can certify here"
            } else {
                ""
            };
            format!(
                "this is the retrained model, bit for bit; the exact minimiser over the reals is at most {hi} away{note}"
            )
        }
        (Branch::Retrain, None) => "this is the retrained model, bit for bit".into(),
        (_, Some((lo, hi))) => format!(
            "between {lo} and {hi} from the exactly retrained model ({}), from the gradient at the result",
            answer.certified.map_or("", |c| c.theorem)
        ),
        (_, None) => "none: nothing can be certified here, and any distance was allowed".into(),
    }
}

fn object(answer: &Answer, timings: bool) -> Value {
    let attempt = |t: &Attempt| {
        json!({
            "branch": t.branch.to_string(),
            "row_visits": t.visits,
            "distance": t.certified.map(|c| interval(c.distance)),
        })
    };
    json!({
        "plan": plan_json(&answer.plan, timings),
        "branch": answer.branch.to_string(),
        "exact": answer.branch == Branch::Retrain,
        "distance": answer.certified.map(|c| interval(c.distance)),
        "gradient_norm": answer.certified.map(|c| interval(c.gradient_norm)),
        "theorem": answer.certified.map(|c| c.theorem),
        "tried": answer.tried.iter().map(attempt).collect::<Vec<_>>(),
        "row_visits": answer.cost.row_visits,
        "predicted_row_visits": answer.plan.chosen().work.visits(),
        "certification_row_visits": answer.certification.row_visits,
        "flops": answer.cost.flops,
        "seconds": timings.then_some(answer.cost.seconds),
    })
}
