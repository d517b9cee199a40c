//! Every branch with its predicted cost, the bound that is certified beforehand, and the choice.
//!
//! | branch | certified beforehand |
//! |---|---|
//! | noop | `G/μ`, `G` the enclosed `‖∇F_R(θ)‖` (T-residual) |
//! | influence | `‖∇F_R(θ+Δ)‖/μ`: its step `Δ` takes `O(k²)` with the kept factor, so it is simply taken |
//! | newton, j steps | `e ← (Q/2μ)e²` j times from `d = min(G/μ, ‖Δ‖ + ‖∇F_R(θ+Δ)‖/μ) ≥ ‖θ − θ_r‖` (T-newton); the exact step |
//! | ridge deletion | `‖∇F(θ)‖/μ`, in exact arithmetic |
//! | retrain | 0, by definition |
//!
//! Newton's bound takes the worst third derivative in the worst direction and is often useless although the step is
//! good. So there is a forecast besides, which is not a bound: along `Δ` the second-order remainder is known,
//! `T = ∇F_R(θ+Δ) − ∇F_R(θ) − ∇²F_R(θ)Δ`, and Newton's step leaves about that much, hence a certificate near
//! `‖T‖/μ`; its error is about `s = ‖H⁻¹T‖`, after the next step the gradient is about `‖T‖(s/‖Δ‖)²`, and so on. No
//! forecast is below what rounding leaves of a certificate.

use super::branch::{Branch, Workload};
use super::choose::{Choice, choose};
use super::prepared::{Certified, Downdated, Prepared, certified};
use super::tolerance::Tolerance;
use crate::bound::newton::{A_PRIORI, after_steps};
use crate::bound::residual;
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::Reduction;
use crate::objective::enclosed::{Enclosed, exact};
use crate::unlearn::influence::{Weights, right_side};
use nalgebra::DVector;
use std::time::Instant;

/// Most Newton steps that are offered. From the trained parameters four are usually enough; where a fifth of the rows are
/// forgotten the forecast may be a step short of what rounding allows, and then another step costs less than retraining.
const MOST_STEPS: usize = 6;

/// One branch before it is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Which.
    pub branch: Branch,
    /// What it will cost.
    pub work: Workload,
    /// Nominal operations.
    pub flops: f64,
    /// Seconds on this machine, where they were calibrated.
    pub seconds: Option<f64>,
    /// The distance from the retrained model that its result is certified not to exceed; `None` when no theorem applies.
    pub bound: Option<f64>,
    /// What the bound rests on, or why there is none.
    pub because: String,
    /// What its certificate is expected to say: not a bound.
    pub forecast: Option<f64>,
}

/// All branches in the order of their cost, and the one to take.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// By increasing row visits.
    pub estimates: Vec<Estimate>,
    /// Which to run, and why.
    pub choice: Choice,
    /// What was asked for.
    pub tolerance: Tolerance,
    /// Row visits that planning took (gradients and Hessian–vector products, most of them enclosed).
    pub planning: u64,
    /// The influence step's end, where one was computed.
    pub(crate) influence: Option<DVector<f64>>,
    /// How long that took.
    pub(crate) influence_seconds: f64,
    pub(crate) known: Option<Downdated>,
}

impl Plan {
    /// The estimate of the chosen branch.
    pub fn chosen(&self) -> &Estimate {
        &self.estimates[self.choice.index]
    }
}

/// Plans the removal of `forget` from a trained model.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::hybrid::{Branch, Prepared, Tolerance, estimate::estimate};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
/// // Mean of ½(θ−1)², ½(θ−3)² and ½θ²: θ_o = 1; without the second row θ_r = ½. The gradient kept at 1 is 1, μ = 2.
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
/// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let prepared = Prepared::new(&problem, &fit).unwrap();
/// let plan = |t| estimate(&prepared, &forget, Tolerance::new(t).unwrap()).unwrap();
/// assert!((plan(1.0).estimates[0].bound.unwrap() - 0.5).abs() < 1e-12); // attained: θ_r = ½
/// assert_eq!([0.0, 1.1, f64::INFINITY].map(|t| plan(t).chosen().branch), [Branch::Retrain, Branch::Noop, Branch::Noop]);
/// assert_eq!(plan(1e-9).chosen().branch, Branch::Influence); // these two rows have the same Hessian
/// ```
///
/// # Errors
/// [`crate::error::Error::Shape`] and [`crate::error::Error::Invalid`] when the forget set is for another problem.
pub fn estimate(prepared: &Prepared<'_>, forget: &RowSet, tolerance: Tolerance) -> Result<Plan> {
    let (problem, n, m) = (prepared.problem, prepared.problem.rows(), forget.len());
    let known = prepared.downdated(forget)?;
    let steps = Steps::new(prepared, forget, known.as_ref())?;
    let mut estimates: Vec<Estimate> = Vec::new();
    let mut add = |branch: Branch, found: Found| {
        let work = Workload::of(branch, n, m, prepared.iterations());
        let Found { bound, because, forecast } = found;
        let (flops, seconds) = (work.flops(problem.active()), prepared.rates.map(|r| r.seconds(&work)));
        estimates.push(Estimate { branch, work, flops, seconds, bound, because, forecast });
    };
    add(Branch::Noop, steps.noop());
    if steps.end.is_some() {
        add(Branch::Influence, steps.influence());
    }
    // What the closed form applies to: see its module.
    let changes = problem.ridge() != 0.0 || problem.perturbation().is_some();
    if problem.model().is_linear()
        && problem.model().loss() == Loss::Squared
        && (problem.reduction() == Reduction::Sum || !changes)
    {
        add(Branch::RidgeDeletion, steps.ridge_deletion());
    }
    if known.is_some() {
        let most = match problem.model().loss() {
            Loss::Squared => 1, // exact
            _ => MOST_STEPS.min(prepared.iterations()),
        };
        (1..=most).for_each(|j| add(Branch::Newton { steps: j }, steps.newton(j)));
    }
    let because = "by definition: its result is what the others are compared with".into();
    add(Branch::Retrain, Found { bound: Some(0.0), because, forecast: Some(0.0) });
    estimates
        .sort_by(|a, b| (a.work.visits(), a.flops).partial_cmp(&(b.work.visits(), b.flops)).expect("finite"));
    let choice = choose(&estimates, tolerance);
    let planning = if known.is_none() { 0 } else { m + if steps.end.is_some() { n } else { 0 } } as u64;
    let (influence, influence_seconds) = (steps.end, steps.seconds);
    Ok(Plan { estimates, choice, tolerance, planning, influence, influence_seconds, known })
}

/// What is known about a branch's error beforehand.
struct Found {
    bound: Option<f64>,
    because: String,
    forecast: Option<f64>,
}

impl Found {
    fn nothing(why: &str) -> Found {
        Found { bound: None, because: why.into(), forecast: None }
    }

    /// The result is there and certified.
    fn certified(c: &Certified) -> Found {
        let distance = c.distance.hi();
        Found { bound: Some(distance), because: c.theorem.into(), forecast: Some(distance) }
    }
}

/// The numbers that bounds and forecasts are made of.
struct Steps {
    known: Option<Downdated>,
    noop: Option<Certified>,
    /// `θ + Δ`.
    end: Option<DVector<f64>>,
    influence: Option<Certified>,
    /// How long the step took.
    seconds: f64,
    /// `‖Δ‖`, rounded up.
    length: f64,
    /// `‖∇F(θ)‖` on all rows.
    fit_residual: f64,
    /// `‖T‖` and `‖H⁻¹T‖`.
    remainder: Option<(f64, f64)>,
    /// What rounding leaves of a gradient.
    floor: f64,
}

const NO_CONVEXITY: &str = "no strong convexity is known: a linear model with a ridge above 0 has it";
const NETWORK: &str = "the objective of a network with hidden layers is not strongly convex";

impl Steps {
    fn new(prepared: &Prepared<'_>, forget: &RowSet, known: Option<&Downdated>) -> Result<Steps> {
        let mut steps = Steps {
            known: known.cloned(),
            noop: None,
            end: None,
            influence: None,
            seconds: 0.0,
            length: f64::INFINITY,
            fit_residual: prepared.fit_residual().map_or(f64::INFINITY, Interval::hi),
            remainder: None,
            floor: f64::INFINITY,
        };
        let Some(known) = known else { return Ok(steps) };
        let (problem, theta) = (prepared.problem, &prepared.fit.theta);
        steps.noop = certified(norm(&known.gradient), &known.constants);
        steps.floor = width(&known.gradient);
        let Some(factor) = prepared.factor() else { return Ok(steps) };
        let begun = Instant::now();
        let delta = factor.solve(&right_side(problem, forget, theta, Weights::Simplex)?);
        let end = theta + &delta;
        steps.seconds = begun.elapsed().as_secs_f64();
        if end.iter().any(|v| !v.is_finite()) {
            return Ok(steps);
        }
        let there = Enclosed::retained(problem, forget).gradient(&exact::<Interval>(&end));
        steps.influence = certified(norm(&there), &known.constants);
        steps.length = norm(&residual::difference(&end, theta)).hi();
        steps.floor = steps.floor.max(width(&there));
        // ∇²F_R Δ from HΔ, which is the right side, and the forgotten rows.
        let scale = prepared.scale(forget).mid();
        let weights = (0..problem.rows()).map(|i| if forget.contains(i) { 1.0 } else { 0.0 });
        let weight = problem.full().weights()[0];
        let dropped = problem.weighted(weights.map(|w| w * weight).collect())?.hvp(theta, &delta)
            - &delta * problem.ridge();
        let bent = curved(factor.lower(), &delta);
        let kept = &delta * problem.ridge() + (bent - &delta * problem.ridge() - dropped) * scale;
        let remainder =
            DVector::from_fn(end.len(), |j, _| there[j].mid() - known.gradient[j].mid() - kept[j]);
        steps.remainder = Some((remainder.norm(), factor.solve(&remainder).norm()));
        steps.end = Some(end);
        Ok(steps)
    }

    /// Why nothing is certified.
    fn unknown(&self) -> Found {
        Found::nothing(if self.known.is_some() { NO_CONVEXITY } else { NETWORK })
    }

    fn mu(&self) -> Option<f64> {
        self.known.as_ref().map(|k| k.constants.strong_convexity).filter(|mu| *mu > 0.0)
    }

    fn noop(&self) -> Found {
        self.noop.as_ref().map_or_else(|| self.unknown(), Found::certified)
    }

    fn influence(&self) -> Found {
        self.influence.as_ref().map_or_else(|| self.unknown(), Found::certified)
    }

    fn ridge_deletion(&self) -> Found {
        let Some(mu) = self.mu() else { return self.unknown() };
        let bound = (Interval::point(self.fit_residual) / Interval::point(mu)).hi();
        let because = "Unlearn.Ridge.ridge_removal_exact, in exact arithmetic".into();
        Found { bound: Some(bound), because, forecast: Some(bound.max(self.floor / mu)) }
    }

    fn newton(&self, steps: usize) -> Found {
        let (Some(mu), Some(known), Some(noop)) = (self.mu(), &self.known, &self.noop) else {
            return self.unknown();
        };
        let q = known.constants.hessian_lipschitz;
        let by_influence = self.influence.map_or(f64::INFINITY, |c| {
            (Interval::point(self.length) + Interval::point(c.distance.hi())).hi()
        });
        let start = Interval::point(noop.distance.hi().min(by_influence));
        let after = |steps| after_steps(start, steps, q, mu).map(|b| b.value.hi()).ok();
        // Steps after the first are known to help only where each bound is below the one before.
        let bound =
            after(steps).filter(|b| steps == 1 && b.is_finite() || after(steps - 1).is_some_and(|a| *b < a));
        let because = match bound {
            Some(_) => format!("{A_PRIORI}, in exact arithmetic"),
            None => "no contraction is shown: (Q/2μ) times the distance is 1 or more".into(),
        };
        let forecast =
            if q == 0.0 { Some(0.0) } else { self.remainder.map(|r| forecast(r, self.length, steps, mu)) };
        Found { bound, because, forecast: forecast.map(|f| f.max(self.floor / mu)) }
    }
}

/// The certificate expected after so many Newton steps.
fn forecast((gradient, distance): (f64, f64), length: f64, steps: usize, mu: f64) -> f64 {
    let (mut g, mut s) = (gradient, distance);
    for _ in 1..steps {
        let shrunk = (s / length).powi(2) * gradient;
        s *= shrunk / g;
        g = shrunk;
        // Nothing is left to shrink.
        if !(g > 0.0 && s.is_finite()) {
            break;
        }
    }
    g / mu
}

/// `L Lᵀ v` with the lower triangle of `L`.
fn curved(lower: &nalgebra::DMatrix<f64>, v: &DVector<f64>) -> DVector<f64> {
    let k = v.len();
    let up = DVector::from_fn(k, |j, _| (j..k).map(|i| lower[(i, j)] * v[i]).sum::<f64>());
    DVector::from_fn(k, |i, _| (0..=i).map(|j| lower[(i, j)] * up[j]).sum::<f64>())
}

/// How far an enclosed vector is from a float one.
fn width(g: &[Interval]) -> f64 {
    Interval::norm(&g.iter().map(|g| 0.5 * (g.hi() - g.lo())).collect::<Vec<_>>()).hi()
}
