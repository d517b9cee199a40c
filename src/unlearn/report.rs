//! Methods side by side: how far each ends from retraining, next to doing nothing and to the distance
//! two honest retrainings have anyway.

use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, method};
use crate::bound::ledger::distance;
use crate::bound::residual;
use crate::constants::{Constants, Region};
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::numeric::interval::Interval;
use crate::objective::enclosed::Enclosed;
use crate::train::coupling::Coupling;
use crate::train::newton::minimise;
use crate::train::rounding::RunEnclosure;
use crate::train::sgd;
use nalgebra::DVector;

/// One line of the comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The method's name.
    pub method: &'static str,
    /// Where it ended: the `k` kept parameters `θ_u`.
    pub theta: DVector<f64>,
    /// The mask that they belong to, where it is not the problem's.
    pub mask: Option<Mask>,
    /// The method's hyper-parameters.
    pub settings: Vec<(&'static str, String)>,
    /// `‖θ_u − θ_r‖` from the returned floats to the exact retrained model, which is enclosed around the computed
    /// one: a run by [`RunEnclosure`], a minimiser by its enclosed gradient. Networks trained to a minimum have no strong convexity: there the distance is the one from
    /// the *computed* retrained model, and [`Row::enclosed`] is false.
    pub distance: Interval,
    /// Does `distance` contain the distance from the exact retrained model?
    pub enclosed: bool,
    /// What the method guarantees without retraining.
    pub guarantee: Guarantee,
    /// What it took.
    pub cost: Cost,
    /// `distance / noop's distance` as computed: below 1 the method helps. NaN when doing nothing is
    /// already exact to the last bit.
    pub ratio: f64,
}

/// What retraining gives, and how well it is known.
struct Retrained {
    theta: DVector<f64>,
    /// Distance of `theta` from the exact retrained model, if it is known.
    radius: Option<f64>,
}

/// Runs the named methods and, always, `noop` and `retrain-uncoupled`, each once, in the order
/// no-op, floor, then as named.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
/// use unlearn::unlearn::{Request, Trained, report::compare};
/// // Mean of ½(θ−1)², ½(θ−3)² and ½θ²: θ_o = 1; without the second row θ_r = ½.
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
/// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
/// let problem = Problem::new(data.into(), model, 1.0).unwrap();
/// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
/// let rows = compare(&request, &["influence-boolean"], 0).unwrap();
/// assert_eq!(rows.iter().map(|r| r.method).collect::<Vec<_>>(), ["noop", "retrain-uncoupled", "influence-boolean"]);
/// assert!((rows[0].distance.mid() - 0.5).abs() < 1e-12 && (rows[2].ratio - 0.5).abs() < 1e-12);
/// ```
///
/// # Errors
/// As [`method`], and whatever retraining or a method raises.
pub fn compare(request: &Request<'_>, method_names: &[&str], seed: u64) -> Result<Vec<Row>> {
    // Unknown names are refused before anything expensive runs.
    let named = method_names.iter().map(|n| method(n, seed)).collect::<Result<Vec<_>>>()?;
    compare_methods(request, named, seed)
}

/// As [`compare`], with methods whose hyper-parameters have been chosen.
///
/// # Errors
/// Whatever retraining or a method raises.
pub fn compare_methods(
    request: &Request<'_>,
    chosen: Vec<Box<dyn Unlearner>>,
    seed: u64,
) -> Result<Vec<Row>> {
    request.check()?;
    let mut methods = vec![method("noop", seed)?, method("retrain-uncoupled", seed)?];
    for m in chosen {
        // The same method with other settings is another line.
        if !methods.iter().any(|o| o.name() == m.name() && o.settings() == m.settings()) {
            methods.push(m);
        }
    }
    let retrained = retrained(request)?;
    let mut rows: Vec<Row> = Vec::with_capacity(methods.len());
    let mut untouched = None;
    for m in methods {
        let out = m.remove(request)?;
        let slack = retrained.radius.unwrap_or(0.0);
        let computed = distance_apart(request, &out, &retrained.theta);
        // The first method is noop.
        let noop = *untouched.get_or_insert(computed.mid());
        rows.push(Row {
            method: m.name(),
            distance: (computed + Interval::around(0.0, slack)).nonnegative(),
            enclosed: retrained.radius.is_some(),
            guarantee: out.guarantee,
            cost: out.cost,
            ratio: computed.mid() / noop,
            settings: m.settings(),
            mask: out.mask,
            theta: out.theta,
        });
    }
    Ok(rows)
}

/// Models on different masks are compared as vectors of all `d` parameters.
fn distance_apart(request: &Request<'_>, out: &Unlearned, retrained: &DVector<f64>) -> Interval {
    match &out.mask {
        Some(mask) if mask != request.problem.mask() => {
            distance(&mask.embed(&out.theta), &request.problem.mask().embed(retrained))
        }
        _ => distance(&out.theta, retrained),
    }
}

fn retrained(request: &Request<'_>) -> Result<Retrained> {
    match request.trained {
        Trained::Minimiser(fit) => {
            let retained = request.problem.retained(request.forget)?;
            let refit = minimise(&retained, fit.theta.clone())?;
            let mu = if request.problem.model().is_linear() {
                Constants::of(&retained, Region::Everywhere).strong_convexity
            } else {
                0.0
            };
            let exact = Enclosed::retained(request.problem, request.forget);
            let radius = (mu > 0.0)
                .then(|| (residual::gradient_norm(&exact, &refit.theta) / Interval::point(mu)).hi());
            Ok(Retrained { theta: refit.theta, radius })
        }
        Trained::Run { plan, trajectory, normalisation } => {
            let start = trajectory.start().clone();
            let rerun = sgd::retrain(request.problem, plan, start, request.forget, normalisation)?;
            let coupling = Coupling::new(request.problem, plan, request.forget, normalisation)?;
            let radius = RunEnclosure::of_retraining(&coupling, &rerun).last();
            if !radius.is_finite() {
                return Err(Error::NotConverged {
                    what: "the retraining run (its rounding cannot be bounded; use smaller steps)",
                    iterations: plan.len(),
                    residual: radius,
                    target: f64::MAX,
                });
            }
            Ok(Retrained { radius: Some(radius), theta: rerun.last().clone() })
        }
    }
}
