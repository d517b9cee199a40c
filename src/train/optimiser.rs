//! Optimisers whose state can be stored, so that a run stops after any step and goes on to the same bits.
//!
//! The batch gradient `g` of step `k` is what [`super::sgd`] uses: the mean over the batch (over its original size
//! when rows are left out, [`super::coupling::Normalisation::Fixed`]) plus `γθ` and the perturbation.
//!
//! - SGD (as `torch.optim.SGD` without dampening or Nesterov): `v ← βv + g`, `θ ← θ − ηv`: bit for bit
//!   [`super::sgd::train`] and [`super::sgd::retrain`].
//! - Adam (Kingma, Ba 2015, arXiv 1412.6980, Algorithm 1; recalled): `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
//!   `θ ← θ − η·m̂/(√v̂ + ε)` with `m̂ = m/(1−β₁ᵗ)`, `v̂ = v/(1−β₂ᵗ)` and `t` counted from 1. Weight decay is part of
//!   `g`, as in `torch.optim.Adam`.

use super::coupling::{add_regulariser, write_loss_gradient};
use super::plan::Plan;
use super::sgd::check_rows;
use super::stepper::Stepper;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use nalgebra::DVector;
use std::ops::Range;

mod state;

pub use state::State;

/// Row gradients computed: the unit of cost in the literature on sharded retraining.
pub type Visits = u64;

/// How a gradient becomes a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimiser {
    /// Stochastic gradient descent.
    Sgd {
        /// `β`, in `[0, 1)`; a plan has the same one.
        momentum: f64,
    },
    /// Adam; a plan's momentum is then 0.
    Adam {
        /// `β₁`, in `[0, 1)`.
        beta1: f64,
        /// `β₂`, in `[0, 1)`.
        beta2: f64,
        /// `ε`, positive.
        epsilon: f64,
    },
}

impl Optimiser {
    /// Adam with the constants of its paper: 0.9, 0.999, 10⁻⁸.
    pub const ADAM: Optimiser = Optimiser::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    /// Checks the domains.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the setting.
    pub fn check(self) -> Result<()> {
        let share = |name: &str, b: f64| match (0.0..1.0).contains(&b) {
            true => Ok(()),
            false => Err(Error::Invalid(format!("{name} {b}: it must be in [0, 1)"))),
        };
        match self {
            Optimiser::Sgd { momentum } => share("momentum", momentum),
            Optimiser::Adam { beta1, beta2, epsilon } => {
                share("beta1", beta1)?;
                share("beta2", beta2)?;
                if !(epsilon > 0.0 && epsilon.is_finite()) {
                    return Err(Error::Invalid(format!("epsilon {epsilon}: it must be positive and finite")));
                }
                Ok(())
            }
        }
    }

    /// The momentum that a plan for this optimiser states.
    pub fn plan_momentum(self) -> f64 {
        match self {
            Optimiser::Sgd { momentum } => momentum,
            Optimiser::Adam { .. } => 0.0,
        }
    }
}

/// One step of Adam from the gradient `g`.
fn adam([beta1, beta2, epsilon]: [f64; 3], eta: f64, g: &DVector<f64>, state: &mut State) {
    state.step += 1;
    let (left1, left2) = (1.0 - power(beta1, state.step), 1.0 - power(beta2, state.step));
    let moments = state.first.iter_mut().zip(state.second.iter_mut());
    for ((theta, &g), (m, v)) in state.theta.iter_mut().zip(g.iter()).zip(moments) {
        *m = beta1 * *m + (1.0 - beta1) * g;
        *v = beta2 * *v + (1.0 - beta2) * g * g;
        *theta -= eta * (*m / left1) / ((*v / left2).sqrt() + epsilon);
    }
}

/// `bᵗ` by squaring: the same bits for the same `t`, wherever a run was resumed (`powi` does not promise its bits).
fn power(mut b: f64, mut t: u64) -> f64 {
    let mut product = 1.0;
    while t > 0 {
        if t & 1 == 1 {
            product *= b;
        }
        b *= b;
        t >>= 1;
    }
    product
}

/// Continues a run over the given steps of its plan, without the rows to forget, and counts the row visits.
///
/// Resuming from the state after step `k` gives the same bits as a run that never stopped.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem};
/// use unlearn::train::{optimiser::{self, Optimiser, State}, plan::{Plan, Step}};
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![2.0, 4.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
/// let plan = Plan::new(vec![Step { rows: vec![0, 1], eta: 1.0 }; 2], 0.0, 0.0).unwrap();
/// let sgd = Optimiser::Sgd { momentum: 0.0 };
/// let start = State::start(nalgebra::dvector![0.0], sgd);
/// let (all, visits) = optimiser::advance(&problem, &plan, sgd, None, start.clone(), 0..2).unwrap();
/// assert_eq!((all.theta[0], visits), (3.0, 4));          // to the mean target and there it stays
/// // Without row 1 the divisor stays 2: θ ← θ − ½(θ − 2): 1, 1.5.
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let (half, one) = optimiser::advance(&problem, &plan, sgd, Some(&forget), start, 0..1).unwrap();
/// let (rest, two) = optimiser::advance(&problem, &plan, sgd, Some(&forget), half, 1..2).unwrap();
/// assert_eq!((rest.theta[0], one + two), (1.5, 2));
/// // Adam's first step has length η whatever the gradient (up to ε).
/// let start = State::start(nalgebra::dvector![0.0], Optimiser::ADAM);
/// let (adam, _) = optimiser::advance(&problem, &plan, Optimiser::ADAM, None, start, 0..1).unwrap();
/// assert!((adam.theta[0] - 1.0).abs() < 1e-8);
/// ```
///
/// # Errors
/// - [`Error::Invalid`] when the optimiser's settings are out of their domain or are not the plan's, the steps are not a
///   part of the plan, the state is not the one before the first of them, or a batch names a row that does not exist;
/// - [`Error::Shape`] when the state has another number of parameters;
/// - [`Error::NotConverged`] when a parameter overflows;
/// - as [`Problem::check_forget`].
pub fn advance(
    problem: &Problem,
    plan: &Plan,
    optimiser: Optimiser,
    forget: Option<&RowSet>,
    mut state: State,
    steps: Range<usize>,
) -> Result<(State, Visits)> {
    optimiser.check()?;
    if plan.momentum != optimiser.plan_momentum() {
        return Err(Error::Invalid(format!(
            "the plan has momentum {}, the optimiser needs {}: make the plan with the optimiser's",
            plan.momentum,
            optimiser.plan_momentum()
        )));
    }
    if steps.start > steps.end || steps.end > plan.len() {
        return Err(Error::Invalid(format!(
            "steps {} to {} of a plan with {} steps",
            steps.start,
            steps.end,
            plan.len()
        )));
    }
    if state.step != steps.start as u64 {
        return Err(Error::Invalid(format!(
            "the state is the one after {} steps; step {} cannot be continued from it",
            state.step, steps.start
        )));
    }
    state.check(problem.active(), optimiser)?;
    check_rows(problem, plan)?;
    if let Some(forget) = forget {
        problem.check_forget(forget)?;
    }
    let kept = |k: usize, kept: &mut Vec<usize>| {
        kept.clear();
        let rows = plan.steps[k].rows.iter().copied();
        kept.extend(rows.filter(|&i| forget.is_none_or(|f| !f.contains(i))));
    };
    let mut rows = Vec::new();
    let overflow = |k: usize| Error::NotConverged {
        what: "training (a parameter overflowed; use a smaller step size)",
        iterations: k + 1,
        residual: f64::INFINITY,
        target: f64::MAX,
    };
    let constants = match optimiser {
        Optimiser::Adam { beta1, beta2, epsilon } => [beta1, beta2, epsilon],
        Optimiser::Sgd { momentum } => {
            let mut run = Stepper::new(problem, state.theta.as_slice(), momentum, plan.weight_decay)?;
            run.set_velocity(state.first.as_slice());
            for k in steps {
                let step = &plan.steps[k];
                kept(k, &mut rows);
                run.step(&rows, step.rows.len() as f64, step.eta);
                state.step += 1;
                if !run.is_finite() {
                    return Err(overflow(k));
                }
            }
            run.read(state.theta.as_mut_slice());
            run.read_velocity(state.first.as_mut_slice());
            return Ok((state, run.visits()));
        }
    };
    let mut g = DVector::zeros(problem.active());
    let mut ws = problem.network().workspace();
    let mut visits = 0;
    for k in steps {
        let step = &plan.steps[k];
        kept(k, &mut rows);
        let divisor = step.rows.len() as f64;
        write_loss_gradient(problem, rows.iter().copied(), divisor, &state.theta, &mut ws, &mut g);
        add_regulariser(problem, plan, &state.theta, &mut g);
        visits += rows.len() as Visits;
        adam(constants, step.eta, &g, &mut state);
        // A second moment may overflow while the parameters, no longer moving, stay finite.
        if !state.theta.iter().chain(&state.second).all(|v| v.is_finite()) {
            return Err(overflow(k));
        }
    }
    Ok((state, visits))
}
