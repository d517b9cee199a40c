//! `unlearn audit`: a certified interval around the distance from the exactly retrained model.

use super::{Outcome, input, output};
use nalgebra::DVector;
use serde_json::{Value, json};
use std::path::PathBuf;
use unlearn::bound::audit::{Audit, audit};
use unlearn::bound::kantorovich::{Located, THEOREM};
use unlearn::certificate::{self, Certificate};
use unlearn::data::RowSet;
use unlearn::error::{Error, Result};
use unlearn::numeric::interval::Interval;
use unlearn::report::between;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: input::Options,
    /// The parameters in question: one number per parameter in PyTorch's order (.npy, or one per line)
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Write a certificate, which proofs/check-certificate verifies in Coq (linear:squared and linear:logistic with
    /// λ above 0, at most 20 active parameters and 200 rows kept)
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let options = &arguments.options;
    let input = arguments.input.load(input::Draw::default())?;
    let problem = &input.problem;
    let theta = match &arguments.parameters {
        Some(path) => input::parameters(problem, path, options.quiet)?,
        None => {
            return Err(Error::Invalid(format!(
                "audit needs --parameters FILE: {} numbers, one per line or a .npy, each layer's weights \
                 (outputs x inputs, row by row) and then its bias",
                problem.model().parameters()
            )));
        }
    };
    // Before the work is done, and before anything is written.
    if let Some(path) = &arguments.certificate {
        Certificate::check(problem, input.forget.as_ref())?;
        output::check_target(path, &["cert", "txt"])?;
    }
    let found = examine(&input, &theta)?;
    let made = match (&arguments.certificate, &found) {
        (Some(path), Found::Certified(a)) => {
            Some((path, Certificate::new(problem, input.forget.as_ref(), &theta, &a.reference)?))
        }
        _ => None,
    };
    let mut json = options.open(&[&arguments.certificate])?;
    if let Some((path, certificate)) = &made {
        certificate::write(path, certificate)?;
    }
    json.object(|| {
        let mut object = found.json(&input);
        if let Some((path, made)) = &made {
            object["certificate"] =
                json!({ "file": path.display().to_string(), "distance": enclosure(made.distance()) });
        }
        object
    })?;
    if json.leaves_standard_output() {
        let mut text = found.text(arguments, &input);
        if let (Some((path, made)), false) = (&made, options.quiet) {
            let (lo, hi) = between::ends(made.distance());
            text += &format!("certificate: {}, between {lo} and {hi}\n", path.display());
        }
        output::print(&text)?;
    }
    Ok(Outcome::Done)
}

/// What came out.
enum Found {
    Certified(Box<Audit>),
    /// No certificate was found.
    Nothing {
        why: String,
    },
}

fn examine(input: &input::Input, theta: &DVector<f64>) -> Result<Found> {
    let problem = &input.problem;
    if problem.model().is_linear() {
        if problem.ridge() == 0.0 {
            // Only the data can make the objective strongly convex, and only eigenvalues show it.
            let k = problem.active();
            input::check_size("the Hessian", k, k, "use a --ridge above 0, or prune with --mask")?;
        }
        return Ok(Found::Certified(Box::new(audit(problem, input.forget.as_ref(), theta)?)));
    }
    match audit(problem, input.forget.as_ref(), theta) {
        Err(Error::Hypothesis { why, .. }) => Ok(Found::Nothing { why }),
        Err(other) => Err(other),
        Ok(found) => Ok(Found::Certified(Box::new(found))),
    }
}

/// JSON has no infinity: an end at infinity is `null`.
fn enclosure(x: Interval) -> Value {
    let end = |v: f64| v.is_finite().then_some(v);
    json!({ "lo": end(x.lo()), "hi": end(x.hi()) })
}

impl Found {
    fn json(&self, input: &input::Input) -> Value {
        let problem = &input.problem;
        let forgotten = input.forget.as_ref().map_or(0, RowSet::len);
        let unknown = Interval::new(0.0, f64::INFINITY);
        let (distance, gradient, convexity, gaps) = match self {
            Found::Certified(a) => {
                (a.distance, a.gradient_norm, a.strong_convexity, [a.output_gap, a.retained_output_gap])
            }
            Found::Nothing { .. } => (unknown, unknown, Interval::ENTIRE, [unknown; 2]),
        };
        let (guarantee, theorem, reason) = match self {
            Found::Certified(a) if a.local.is_some() => ("newton-kantorovich", Some(THEOREM), None),
            Found::Certified(a) => ("strong-convexity", Some(a.theorem), None),
            Found::Nothing { why } => ("none", None, Some(why)),
        };
        let (radius, local) = match self {
            Found::Certified(a) => (Some(a.radius), a.local),
            Found::Nothing { .. } => (None, None),
        };
        json!({
            "distance": enclosure(distance),
            "gradient_norm": enclosure(gradient),
            "strong_convexity": enclosure(convexity),
            "retained": problem.rows() - forgotten,
            "forgotten": forgotten,
            "active": problem.active(),
            "parameters": problem.model().parameters(),
            "guarantee": guarantee,
            "theorem": theorem,
            "output_gap": enclosure(gaps[0]),
            "retained_output_gap": enclosure(gaps[1]),
            "reason": reason,
            "radius": radius,
            "unique_within": local.map(|l| l.uniqueness),
            "contraction": local.map(|l| l.contraction),
        })
    }

    fn text(&self, arguments: &Arguments, input: &input::Input) -> String {
        let problem = &input.problem;
        let forgotten = input.forget.as_ref().map_or(0, RowSet::len);
        let mut text = String::new();
        if !arguments.options.quiet {
            text += &format!(
                "{} on {}: {forgotten} of {} rows forgotten, {} of {} parameters active\n",
                arguments.input.model,
                arguments.input.data,
                problem.rows(),
                problem.active(),
                problem.model().parameters()
            );
        }
        let a = match self {
            Found::Nothing { why } => return text + &format!("no certificate: {why}\n"),
            Found::Certified(a) => a,
        };
        let between = |x: Interval| {
            let (lo, hi) = between::ends(x);
            format!("between {lo} and {hi}")
        };
        let whom = if a.local.is_some() { "the local minimum nearby" } else { "the exactly retrained model" };
        text += &format!("distance from {whom}: {}\n", between(a.distance));
        if arguments.options.quiet {
            return text;
        }
        text += &format!("largest change of an output: {} over all rows", between(a.output_gap));
        if forgotten > 0 {
            text += &format!(",\n  {} over the rows kept", between(a.retained_output_gap));
        }
        text += &format!("\ngradient norm: {}\n", between(a.gradient_norm));
        if let Some(local) = a.local {
            return text + &local_text(a, &local);
        }
        text += &format!("strong convexity: at least {}\n", between::ends(a.strong_convexity).0);
        text + &format!(
            "The distance is Euclidean, to the exact minimiser on the {} of {} rows kept, with the input read as exact\n\
             64-bit numbers and every rounding enclosed. It rests on strong convexity\n\
             ({}), not on how the parameters were made.\n",
            a.retained,
            problem.rows(),
            a.theorem
        )
    }
}

/// What is certain for a network, and what is not.
fn local_text(a: &Audit, local: &Located) -> String {
    format!(
        "curvature there: at least {}\n\
         Newton's method from the given parameters, on the {} rows kept, led to a point that a stationary point of the\n\
         exact objective lies within {} of. It is the only one within {} of that point, and a strict\n\
         local minimum ({THEOREM}, {}), with every rounding enclosed.\n\
         It need not be a global minimum, nor the one that retraining from scratch would find.\n",
        between::ends(a.strong_convexity).0,
        a.retained,
        between::ends(Interval::new(0.0, a.radius)).1,
        between::ends(Interval::new(local.uniqueness, f64::INFINITY)).0,
        a.theorem
    )
}
