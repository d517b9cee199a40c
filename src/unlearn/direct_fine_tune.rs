//! Subtract, then fine-tune: the "optimised direct update", a reconstruction.
//!
//! The abstract of Li et al. 2024 (arXiv 2412.14505) says that the output of the direct update is corrected at a small
//! cost; a third-party summary, that contributions are subtracted and part of the data is fine-tuned to convergence.
//! The paper's body was not read. Here: the recorded contributions are subtracted, then gradient descent with step `1/L`
//! runs on the mean objective `F_R` of the rows kept until `‖∇F_R‖ ≤ tolerance`.
//!
//! For `F_R` `μ`-strongly convex and `L`-smooth, `‖θ_s − θ*‖ ≤ (1 − μ/L)^s‖θ_0 − θ*‖` and at the end
//! `‖θ − θ*‖ ≤ ‖∇F_R(θ)‖/μ` ([`crate::bound::residual`]), whatever was subtracted: the minimiser `θ*` is unique, and the
//! subtraction only changes how many iterations it takes. It may take more of them than none at all.
//!
//! With [`Scope::Affected`] it runs on the mean over the rows kept of the batches *hit*, those in which a forgotten row stood at
//! least once: the units of one recorded run are its batches (the slices of a shard: [`super::slice_fine_tune`]). That is another
//! objective with another minimiser, and the rows left out are forgotten too. Where every epoch has a new order, after a few of them
//! every row was hit, and the two scopes are one.
//!
//! The minimiser is not where coupled retraining ends. Of [`Converged`] the distance to the minimiser is guaranteed; the
//! guarantee of the method on a recorded run is, as everywhere, the distance from coupled retraining, and all that is
//! known of it is what is known of any parameters.

use super::addback::{addback, drop_visits};
use super::{Cost, Request, Trained, Unlearned, Unlearner, evidence, settings};
use crate::bound::ledger::Reference;
use crate::bound::{Bound, residual};
use crate::constants::{Constants, Region};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::enclosed::Enclosed;
use crate::objective::{Problem, Reduction};
use crate::train::flops;
use crate::train::log::UpdateLog;
use crate::train::plan::Plan;
use nalgebra::DVector;
use std::time::Instant;

/// More iterations than this are refused: nobody waits for them.
pub const MOST_ITERATIONS: usize = 100_000_000;

/// What is subtracted before fine-tuning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subtract {
    /// What the forgotten rows contributed ([`super::addback`], recorded gradients).
    Rows,
    /// The updates of every batch with a forgotten row ([`super::amnesiac`]).
    Batches,
    /// Nothing: fine-tuning from the trained model.
    Nothing,
}

impl Subtract {
    /// All of them, with their names.
    const ALL: [(Subtract, &'static str); 3] =
        [(Subtract::Rows, "rows"), (Subtract::Batches, "batches"), (Subtract::Nothing, "nothing")];

    fn name(self) -> &'static str {
        Subtract::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, name)| name)
    }
}

/// Which of the rows kept are fine-tuned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those that shared a batch with a forgotten row.
    Affected,
}

impl Scope {
    /// Both, with their names.
    const ALL: [(Scope, &'static str); 2] = [(Scope::All, "all"), (Scope::Affected, "affected")];

    fn name(self) -> &'static str {
        Scope::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, name)| name)
    }

    /// The rows, increasing.
    ///
    /// ```
    /// use unlearn::data::RowSet;
    /// use unlearn::train::plan::{Plan, Step};
    /// use unlearn::unlearn::direct_fine_tune::Scope;
    /// let steps = [vec![0, 1], vec![2, 3], vec![4]].map(|rows| Step { rows, eta: 0.1 });
    /// let plan = Plan::new(steps.to_vec(), 0.0, 0.0).unwrap();
    /// let forget = RowSet::new(5, vec![3]).unwrap();
    /// assert_eq!(Scope::Affected.rows(&plan, &forget).unwrap(), [2]);
    /// assert_eq!(Scope::All.rows(&plan, &forget).unwrap(), [0, 1, 2, 4]);
    /// assert!(Scope::Affected.rows(&plan, &RowSet::new(5, vec![4]).unwrap()).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when no row kept shared a batch with a forgotten one.
    pub fn rows(self, plan: &Plan, forget: &RowSet) -> Result<Vec<usize>> {
        let kept = |rows: &mut dyn Iterator<Item = usize>| rows.filter(|i| !forget.contains(*i)).collect();
        let mut rows: Vec<usize> = match self {
            Scope::All => kept(&mut (0..forget.total())),
            Scope::Affected => {
                let hit = plan.steps.iter().filter(|s| s.rows.iter().any(|i| forget.contains(*i)));
                kept(&mut hit.flat_map(|s| s.rows.iter().copied()))
            }
        };
        rows.sort_unstable();
        rows.dedup();
        if rows.is_empty() {
            return Err(Error::Invalid(
                "no row that is kept shared a batch with a forgotten one, so that there is nothing to fine-tune on; use \
                 scope all"
                    .into(),
            ));
        }
        Ok(rows)
    }
}

/// The method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectFineTune {
    /// What is subtracted first.
    pub subtract: Subtract,
    /// On which rows it is fine-tuned.
    pub scope: Scope,
    /// The gradient norm at which fine-tuning stops, above 0.
    pub tolerance: f64,
    /// Iterations that are allowed; a request that may need more is refused before it begins.
    pub iterations: usize,
}

impl Default for DirectFineTune {
    /// The rows' contributions, all rows, to 10⁻⁸, in at most 20000 iterations (chosen here: enough for `L/μ` up to 1000).
    fn default() -> DirectFineTune {
        let (subtract, scope) = (Subtract::Rows, Scope::All);
        DirectFineTune { subtract, scope, tolerance: 1e-8, iterations: 20_000 }
    }
}

/// The end of fine-tuning.
#[derive(Debug, Clone, PartialEq)]
pub struct Converged {
    /// The parameters.
    pub theta: DVector<f64>,
    /// Steps taken.
    pub iterations: usize,
    /// At least the distance to the minimiser of `F_R`, or of the mean over the affected rows: `‖∇F_R(θ)‖/μ` with an enclosed gradient.
    pub to_minimiser: Bound,
}

/// How many steps of `1/L` are enough to get from a gradient of norm `from` to one of norm `to`:
/// the least `s` with `(L/μ)(1 − μ/L)^s · from ≤ to`, since `‖∇F(θ_s)‖ ≤ L‖θ_s − θ*‖` and `‖θ_0 − θ*‖ ≤ from/μ`.
///
/// ```
/// use unlearn::unlearn::direct_fine_tune::enough_iterations;
/// assert_eq!(enough_iterations(1.0, 2.0, 8.0, 1.0), 4.0); // 2·½⁴·8 = 1
/// assert_eq!(enough_iterations(1.0, 1.0, 8.0, 1.0), 1.0); // one step is enough on a sphere
/// ```
pub fn enough_iterations(strong_convexity: f64, smoothness: f64, from: f64, to: f64) -> f64 {
    let reduction = (smoothness / strong_convexity * from / to).ln();
    if reduction <= 0.0 || from <= to {
        return 0.0;
    }
    let rate = -(-strong_convexity / smoothness).ln_1p();
    // Up to rounding in the logarithms.
    (reduction / rate * (1.0 - 1e-12)).ceil().max(1.0)
}

/// Gradient descent with step `1/L` on the rows kept until `‖∇F_R‖ ≤ tolerance`.
///
/// # Errors
/// [`Error::Invalid`] for a network, a ridge of 0 or a tolerance that is not above 0, or when more than `most`
/// iterations may be needed ([`enough_iterations`]); [`Error::NotConverged`] when rounding keeps the gradient above a
/// very small tolerance.
pub fn converge(
    problem: &Problem,
    forget: &RowSet,
    start: DVector<f64>,
    tolerance: f64,
    most: usize,
) -> Result<Converged> {
    problem.check_forget(forget)?;
    let kept = (0..problem.rows()).filter(|i| !forget.contains(*i)).collect();
    converge_on(problem, kept, start, tolerance, most)
}

/// The same on the rows given: their mean (or sum) in place of `F_R`.
fn converge_on(
    problem: &Problem,
    rows: Vec<usize>,
    start: DVector<f64>,
    tolerance: f64,
    most: usize,
) -> Result<Converged> {
    if !problem.model().is_linear() || problem.ridge() <= 0.0 {
        return Err(Error::Invalid(
            "fine-tuning to a stated distance needs a strongly convex objective: a linear model and a ridge above 0"
                .into(),
        ));
    }
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        return Err(Error::Invalid(format!("tolerance {tolerance}: it must be a finite number above 0")));
    }
    Error::check_shape("starting parameters", problem.active(), start.len())?;
    let divisor = match problem.reduction() {
        Reduction::Mean => rows.len() as f64,
        Reduction::Sum => 1.0,
    };
    let mut weights = vec![0.0; problem.rows()];
    rows.iter().for_each(|&i| weights[i] = 1.0 / divisor);
    let objective = problem.weighted(weights)?;
    let constants = Constants::of(&objective, Region::Everywhere);
    let step = 1.0 / constants.smoothness;
    let mut theta = start;
    let mut iterations = 0;
    loop {
        let gradient = objective.gradient(&theta);
        let norm = gradient.norm();
        if norm <= tolerance {
            break;
        }
        if iterations == 0 {
            let needed = enough_iterations(constants.strong_convexity, constants.smoothness, norm, tolerance);
            if needed > most as f64 {
                return Err(Error::Invalid(format!(
                    "fine-tuning to a gradient of {tolerance:e} may need {needed:.0} iterations, and {most} are \
                     allowed; allow more, use a larger tolerance or ridge, or retrain"
                )));
            }
        }
        if iterations == most || !norm.is_finite() {
            return Err(Error::NotConverged {
                what: "fine-tuning on the rows kept (rounding is above the tolerance; use a larger one)",
                iterations,
                residual: norm,
                target: tolerance,
            });
        }
        theta.axpy(-step, &gradient, 1.0);
        iterations += 1;
    }
    let norm = residual::gradient_norm(&Enclosed { problem, rows, divisor }, &theta);
    let to_minimiser = residual::distance(norm, constants.strong_convexity)?;
    Ok(Converged { theta, iterations, to_minimiser })
}

impl DirectFineTune {
    /// Where fine-tuning starts, and the rows visited to get there.
    ///
    /// # Errors
    /// As [`Request::check`], and [`Error::Invalid`] for a model that did not come from a recorded run.
    pub fn start(&self, request: &Request<'_>) -> Result<(DVector<f64>, f64)> {
        request.check()?;
        let Trained::Run { plan, trajectory, .. } = request.trained else {
            return Err(Error::Invalid(
                "direct-fine-tune subtracts from a recorded run; for a minimiser use newton or fine-tune"
                    .into(),
            ));
        };
        Ok(match self.subtract {
            Subtract::Rows => {
                let coupling = request.coupling()?;
                (addback(&coupling, trajectory, Reference::Recorded), drop_visits(&coupling))
            }
            Subtract::Batches => {
                let log = UpdateLog::of_sensitive(plan, trajectory, request.forget)?;
                (log.without(&log.touched(request.forget)), 0.0)
            }
            Subtract::Nothing => (trajectory.last().clone(), 0.0),
        })
    }

    /// Subtracts and fine-tunes, with the distance to the minimiser on the rows kept, or on the affected ones.
    ///
    /// # Errors
    /// As [`DirectFineTune::start`] and [`converge`].
    pub fn converge(&self, request: &Request<'_>) -> Result<Converged> {
        let (start, _) = self.start(request)?;
        converge_on(request.problem, self.rows(request)?, start, self.tolerance, self.iterations)
    }

    fn rows(&self, request: &Request<'_>) -> Result<Vec<usize>> {
        match request.trained {
            Trained::Run { plan, .. } => self.scope.rows(plan, request.forget),
            Trained::Minimiser(_) => Err(Error::Invalid("batches are those of a recorded run".into())),
        }
    }
}

impl Unlearner for DirectFineTune {
    fn name(&self) -> &'static str {
        "direct-fine-tune"
    }

    /// Cost: the forgotten rows of every batch when their contributions are subtracted, and every row kept once per
    /// gradient (of those affected only, with that scope).
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        let begun = Instant::now();
        let (start, visits) = self.start(request)?;
        let rows = self.rows(request)?;
        let kept = rows.len() as f64;
        let done = converge_on(request.problem, rows, start, self.tolerance, self.iterations)?;
        let row_visits = visits + (done.iterations + 1) as f64 * kept;
        let flops = row_visits * flops::gradient(done.theta.len());
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        let guarantee = evidence::of_any(request, &done.theta)?;
        Ok(Unlearned { theta: done.theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("subtract", self.subtract.name().into()),
            ("scope", self.scope.name().into()),
            ("tolerance", settings::text(self.tolerance)),
            ("iterations", self.iterations.to_string()),
        ]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "subtract" => {
                let found = Subtract::ALL.iter().find(|(_, text)| *text == value);
                let refused = || {
                    let names = Subtract::ALL.map(|(_, text)| text).join(", ");
                    Error::Invalid(format!("subtract '{value}': it must be one of {names}"))
                };
                self.subtract = found.ok_or_else(refused)?.0;
            }
            "scope" => {
                let found = Scope::ALL.iter().find(|(_, text)| *text == value);
                let refused = || {
                    let names = Scope::ALL.map(|(_, text)| text).join(", ");
                    Error::Invalid(format!("scope '{value}': it must be one of {names}"))
                };
                self.scope = found.ok_or_else(refused)?.0;
            }
            "tolerance" => {
                let tolerance = settings::nonnegative(name, value)?;
                if tolerance == 0.0 {
                    return Err(Error::Invalid(
                        "tolerance 0: it must be above 0; rounding never gets there".into(),
                    ));
                }
                self.tolerance = tolerance;
            }
            "iterations" => {
                let iterations = settings::count(name, value, 0)?;
                if iterations > MOST_ITERATIONS {
                    let why = format!("iterations {iterations}: at most {MOST_ITERATIONS}");
                    return Err(Error::Invalid(why));
                }
                self.iterations = iterations;
            }
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}
