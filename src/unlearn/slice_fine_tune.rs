//! Fine-tuning the affected slices of a shard to a stated gradient residual: the amended direct update, a reconstruction.
//!
//! A third-party summary of Li et al. 2024 (arXiv 2412.14505, body not read) says that contributions are subtracted and a
//! subset of slices is fine-tuned to convergence. Here, for one shard of a sharded ensemble ([`crate::sisa`]) with
//! slices `D_0 … D_{R−1}`, with `r` the earliest slice that lost a row since the shard was exact:
//!
//! `F_A(θ) = (1/n_A) Σ_{i kept in A} ℓᵢ(θ) + (γ/2)‖θ‖² + ⟨b̂, θ⟩`,
//!
//! `A` the slices of the [`Scope`] (those from `r` on), `n_A` the number of their rows *before* any deletion, `γ` the run's weight
//! decay, `b̂` its perturbation. It is the function whose gradient is the shard's own step on one batch of all rows
//! of `A`: a run divides each batch by its original size and adds `γθ` ([`crate::train::coupling::Normalisation::Fixed`]). For all
//! slices it is `F_R`, which a last stage of full batches descends on, and around whose minimiser mini-batches move.
//! Other divisors weigh the ridge differently and have another minimiser: the rows kept, `γn_kept/n_A`; the rows of the
//! whole shard, `γn/n_A`; and so has the problem's λ where the run's `γ` is another.
//!
//! Fine-tuning stops when the enclosed `‖∇F_A(θ)‖` is at most the residual `ρ`. Then, `μ` the strong convexity of each:
//!
//! - `‖θ − argmin F_A‖ ≤ ‖∇F_A(θ)‖/μ_A ≤ ρ/μ_A`, from whatever start ([`crate::bound::residual`]);
//! - `‖θ − argmin F_R‖ ≤ ‖∇F_R(θ)‖/μ_R`, which is small when `A` is the whole shard and need not be otherwise: fine-tuning on
//!   some slices forgets the others;
//! - for the distance from the retrained shard see [`crate::hybrid::stream`] and [`crate::bound::amended`].
//!
//! **Iterations.** [`Method::Descent`]: steps of `1/L` (the literal reading), at most [`enough_iterations`]. [`Method::Newton`]: each
//! step solves with the Hessian, `p = −∇²F⁻¹∇F`, and is halved until `‖∇F(θ + αp)‖² ≤ (1 − α/2)‖∇F(θ)‖²` (along `p`, `½‖∇F‖²` falls
//! at the rate `‖∇F‖²`); for squared loss one step. Counted: each row kept in `A` once per gradient and once per Hessian, as
//! everywhere; certificates are not counted. [`Tuned::predicted`] was known after the first Newton step (gradients are
//! forecast to shrink quadratically, `g_{j+1} = g_1(g_j/g_0)²`; for squared loss it is known before it), for descent before
//! the first step, from above.

use super::direct_fine_tune::enough_iterations;
use crate::bound::{Bound, residual};
use crate::constants::{Constants, Region};
use crate::data::RowSet;
use crate::data::read::LARGEST_DENSE;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::enclosed::exact;
use crate::objective::{Objective, Problem, Reduction};
use crate::sisa::schedule::ShardPlan;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::plan::{Plan, Step};
use nalgebra::DVector;

mod amendment;

pub use amendment::{Amendment, Method, Scope, Start};

/// More steps of gradient descent than this are not made.
pub const MOST_DESCENT: usize = 20_000;
/// More Newton steps than this are not made.
const MOST_NEWTON: usize = 100;

/// `F_A` of a shard without the rows that are gone.
#[derive(Debug, Clone)]
pub struct ShardObjective<'a> {
    problem: &'a Problem,
    /// With the run's weight decay for a ridge, and the perturbation of a batch mean.
    own: Problem,
    weights: Vec<f64>,
    /// One step on one batch: all rows of the slices.
    whole: Plan,
    gone: &'a RowSet,
    kept: u64,
}

impl<'a> ShardObjective<'a> {
    /// On the given slices.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the model has hidden layers (nothing is known of the distance to a minimiser then), when
    /// there is no such slice, or when none of their rows is left; as [`Problem::check_forget`].
    pub fn new(
        problem: &'a Problem,
        shard: &ShardPlan,
        slices: &[usize],
        gone: &'a RowSet,
    ) -> Result<ShardObjective<'a>> {
        if !problem.model().is_linear() {
            return Err(Error::Invalid(
                "fine-tuning to a stated residual needs a linear model: with hidden layers a small gradient says \
                 nothing about the distance to a minimiser"
                    .into(),
            ));
        }
        if let Some(s) = slices.iter().find(|&&s| s >= shard.slices.len()) {
            return Err(Error::Invalid(format!("slice {s} of a shard with {}", shard.slices.len())));
        }
        problem.check_forget(gone)?;
        let mut rows: Vec<usize> = slices.iter().flat_map(|&s| shard.slices[s].iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        let weight = 1.0 / rows.len() as f64;
        let mut weights = vec![0.0; problem.rows()];
        let mut kept = 0;
        for &i in rows.iter().filter(|i| !gone.contains(**i)) {
            weights[i] = weight;
            kept += 1;
        }
        if kept == 0 {
            return Err(Error::Invalid(
                "no row is left in the slices to fine-tune on; retrain the shard".into(),
            ));
        }
        let decay = shard.plan.weight_decay;
        let mut own = problem.clone().with_ridge(decay)?;
        if let (Some(b), Reduction::Sum) = (problem.perturbation(), problem.reduction()) {
            own = own.with_perturbation(b / problem.rows() as f64)?;
        }
        let whole = Plan::new(vec![Step { rows, eta: 1.0 }], 0.0, decay)?;
        Ok(ShardObjective { problem, own, weights, whole, gone, kept })
    }

    /// The rows that are kept: what a gradient visits.
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// In floating point.
    pub fn objective(&self) -> Objective<'_> {
        self.own.weighted(self.weights.clone()).expect("one finite weight per row")
    }

    /// `L`, `μ` and `Q`, valid everywhere.
    pub fn constants(&self) -> Constants {
        Constants::of(&self.objective(), Region::Everywhere)
    }

    /// An enclosure of `‖∇F_A(θ)‖` in exact arithmetic.
    pub fn gradient_norm(&self, theta: &DVector<f64>) -> Interval {
        let (problem, plan, forget) = (self.problem, &self.whole, self.gone);
        let coupling = Coupling { problem, plan, forget, normalisation: Normalisation::Fixed };
        norm(&coupling.keep_enclosed(0, &exact::<Interval>(theta)))
    }

    /// At least the distance from `θ` to the minimiser.
    ///
    /// # Errors
    /// [`Error::Hypothesis`] when strong convexity is not known.
    pub fn to_minimiser(&self, theta: &DVector<f64>) -> Result<Bound> {
        residual::distance(self.gradient_norm(theta), self.constants().strong_convexity)
    }
}

/// A fine-tuned shard.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// The parameters.
    pub theta: DVector<f64>,
    /// Steps taken.
    pub steps: usize,
    /// Rows whose gradient was taken.
    pub gradients: u64,
    /// Rows whose Hessian was taken.
    pub hessians: u64,
    /// Row visits that were predicted (see the module's documentation).
    pub predicted: u64,
    /// `‖∇F_A‖` at the end, enclosed: at most the residual.
    pub residual: Interval,
    /// At least the distance to the minimiser of `F_A`.
    pub to_minimiser: Bound,
}

impl Tuned {
    /// Row visits.
    pub fn visits(&self) -> u64 {
        self.gradients + self.hessians
    }
}

/// How fine-tuning ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// At the residual.
    Tuned(Tuned),
    /// Stopped: it would take as many row visits as are allowed, or more.
    Dearer {
        /// Row visits until then.
        visits: u64,
    },
}

/// Fine-tunes until the enclosed gradient is at most `residual`, in fewer than `budget` row visits. The path does not
/// depend on the budget, only whether its end is reached.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem};
/// use unlearn::sisa::schedule::{ShardPlan, Steps};
/// use unlearn::train::plan::Schedule;
/// use unlearn::unlearn::slice_fine_tune::{Ended, Method, ShardObjective, tune};
/// // ½(θ−4)² and ½(θ−1)², γ = ½; without the first, still divided by 2: F = ¼(θ−1)² + ¼θ², least at ½.
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![4.0, 1.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
/// let rate = Schedule::Constant { rate: 0.1 };
/// let steps = Steps { batch: 2, rate, momentum: 0.0, weight_decay: 0.5, seed: 1 };
/// let shard = ShardPlan::new(vec![vec![0, 1]], vec![1], steps, 0).unwrap();
/// let gone = RowSet::new(2, vec![0]).unwrap();
/// let f = ShardObjective::new(&problem, &shard, &[0], &gone).unwrap();
/// let start = nalgebra::dvector![9.0];
/// let Ended::Tuned(t) = tune(&f, start.clone(), 1e-9, Method::Newton, None).unwrap() else { panic!() };
/// // A gradient, a Hessian, and a look at where the step ended: one row each.
/// assert_eq!((t.theta[0], t.steps, t.visits(), t.predicted), (0.5, 1, 3, 3));
/// assert!(t.residual.hi() <= 1e-9 && t.to_minimiser.value.hi() <= 1.01e-9);
/// assert_eq!(tune(&f, start, 1e-9, Method::Newton, Some(3)).unwrap(), Ended::Dearer { visits: 1 });
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] when the objective is not known to be strongly convex, [`Error::Invalid`] for a residual that is not
/// above 0 or a Hessian that does not fit into memory, [`Error::NotConverged`] when rounding or the number of
/// steps keeps the gradient above the residual.
pub fn tune(
    objective: &ShardObjective<'_>,
    start: DVector<f64>,
    target: f64,
    method: Method,
    budget: Option<u64>,
) -> Result<Ended> {
    amendment::check_residual(target)?;
    Error::check_shape("starting parameters", objective.problem.active(), start.len())?;
    let constants = objective.constants();
    residual::check_strong(residual::THEOREM, constants.strong_convexity)?;
    if method == Method::Newton {
        let k = start.len();
        if k.checked_mul(k).is_none_or(|numbers| numbers > LARGEST_DENSE) {
            return Err(Error::Invalid(format!(
                "Newton's steps need a Hessian of {k} × {k} numbers; use descent, or prune"
            )));
        }
    }
    let f = objective.objective();
    let mut run =
        Tuning { f: &f, m: objective.kept, theta: start, gradient: DVector::zeros(0), taken: [0; 3] };
    run.gradient = run.gradient_at(&run.theta.clone());
    run.taken[0] += run.m;
    let first = run.gradient.norm();
    let mut predicted = run.visits();
    loop {
        let size = run.gradient.norm();
        if size <= target {
            let there = objective.gradient_norm(&run.theta);
            if there.hi() <= target {
                let [gradients, hessians, steps] = run.taken;
                let to_minimiser = residual::distance(there, constants.strong_convexity)?;
                return Ok(Ended::Tuned(Tuned {
                    theta: run.theta,
                    steps: steps as usize,
                    gradients,
                    hessians,
                    predicted,
                    residual: there,
                    to_minimiser,
                }));
            }
        }
        let most = if method == Method::Newton { MOST_NEWTON } else { MOST_DESCENT };
        if !size.is_finite() || run.taken[2] == most as u64 {
            return Err(run.stuck(target));
        }
        // What the next step takes at least.
        let next = if method == Method::Newton { 2 * run.m } else { run.m };
        if budget.is_some_and(|most| run.visits() + next >= most) {
            return Ok(Ended::Dearer { visits: run.visits() });
        }
        match method {
            Method::Newton => run.newton(target)?,
            Method::Descent => run.descend(constants.smoothness, target)?,
        }
        if run.taken[2] == 1 {
            predicted = match method {
                Method::Newton => forecast(&run, first, target, objective.problem.model().loss()),
                Method::Descent => {
                    let most =
                        enough_iterations(constants.strong_convexity, constants.smoothness, first, target);
                    // Saturates.
                    (run.m as f64 * (most + 1.0)) as u64
                }
            };
        }
    }
}

/// Fine-tuning on its way.
struct Tuning<'o> {
    f: &'o Objective<'o>,
    /// Rows that a gradient or a Hessian visits.
    m: u64,
    theta: DVector<f64>,
    gradient: DVector<f64>,
    /// Gradients and Hessians of rows, and steps.
    taken: [u64; 3],
}

impl Tuning<'_> {
    fn visits(&self) -> u64 {
        self.taken[0] + self.taken[1]
    }

    fn gradient_at(&self, theta: &DVector<f64>) -> DVector<f64> {
        self.f.gradient(theta)
    }

    fn stuck(&self, target: f64) -> Error {
        Error::NotConverged {
            what: "fine-tuning on the slices (rounding, or the number of steps, keeps it above the residual; use a \
                   larger residual or weight decay)",
            iterations: self.taken[2] as usize,
            residual: self.gradient.norm(),
            target,
        }
    }

    fn descend(&mut self, smoothness: f64, target: f64) -> Result<()> {
        let next = &self.theta - &self.gradient / smoothness;
        let there = self.gradient_at(&next);
        self.taken[0] += self.m;
        // In exact arithmetic a step of 1/L makes the gradient shorter.
        if there.norm() >= self.gradient.norm() {
            return Err(self.stuck(target));
        }
        (self.theta, self.gradient) = (next, there);
        self.taken[2] += 1;
        Ok(())
    }

    fn newton(&mut self, target: f64) -> Result<()> {
        let hessian = self.f.hessian(&self.theta);
        self.taken[1] += self.m;
        let direction = -Cholesky::new(hessian, "the Hessian on the slices")?.solve(&self.gradient);
        let square = self.gradient.norm_squared();
        let mut step = 1.0;
        // 2⁻⁶⁰ of a step changes nothing any more.
        while step >= 2.0_f64.powi(-60) {
            let next = &self.theta + &direction * step;
            let there = self.gradient_at(&next);
            self.taken[0] += self.m;
            if there.norm_squared() <= (1.0 - 0.5 * step) * square {
                (self.theta, self.gradient) = (next, there);
                self.taken[2] += 1;
                return Ok(());
            }
            step *= 0.5;
        }
        Err(self.stuck(target))
    }
}

/// Row visits when gradients go on to shrink as Newton's do.
fn forecast(run: &Tuning<'_>, first: f64, target: f64, loss: Loss) -> u64 {
    let (second, mut size, mut steps) = (run.gradient.norm(), run.gradient.norm(), 0);
    if loss == Loss::Squared {
        return run.visits();
    }
    while size > target && steps < MOST_NEWTON as u64 {
        size = second * (size / first).powi(2);
        steps += 1;
    }
    run.visits() + 2 * steps * run.m
}
