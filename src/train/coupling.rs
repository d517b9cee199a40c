//! The two halves of every batch gradient once some rows are to be forgotten.
//!
//! Training follows `g_k = keep_k + drop_k`; coupled retraining follows `keep_k` alone, from the same
//! start, on the same grid of batches. With `B_k` the batch, `h, r` the sums of loss gradients over
//! its retained and forgotten rows divided by `|B_k|`, and `ρ_k` the forgotten share:
//!
//! | normalisation | keep_k(θ) | drop_k(θ) |
//! |---|---|---|
//! | `Fixed` (retraining still divides by \|B_k\|) | h + γθ + b | r |
//! | `Renormalised` (divides by the rows left) | h/(1−ρ) + γθ + b | r − ρ/(1−ρ)·h |
//!
//! γ is the weight decay, b the linear perturbation. A batch that is forgotten entirely keeps only
//! the γθ + b part under either normalisation.

use super::plan::{Plan, Step};
use super::stepper::Stepper;
use crate::constants::LocalConstants;
use crate::data::RowSet;
use crate::error::Result;
use crate::model::Workspace;
use crate::numeric::interval::Interval;
use crate::objective::{Problem, Reduction};
use nalgebra::DVector;

/// By what a retraining batch is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Normalisation {
    /// By the size of the original batch.
    #[default]
    Fixed,
    /// By the number of rows left in it.
    Renormalised,
}

/// A problem, a plan and a forget set: enough to evaluate both halves at any point.
#[derive(Debug, Clone, Copy)]
pub struct Coupling<'a> {
    /// The problem trained on.
    pub problem: &'a Problem,
    /// The run.
    pub plan: &'a Plan,
    /// The rows to forget.
    pub forget: &'a RowSet,
    /// How retraining divides.
    pub normalisation: Normalisation,
}

/// Constants of the two halves of one step, upper bounds (strong convexity: lower bound).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepConstants {
    /// Lipschitz constant of `keep_k`.
    pub keep_lipschitz: f64,
    /// Strong monotonicity of `keep_k`; 0 is only meaningful for convex losses.
    pub keep_strong: f64,
    /// Lipschitz constant of the Jacobian of `keep_k`.
    pub keep_hessian_lipschitz: f64,
    /// Lipschitz constant of `drop_k`.
    pub drop_lipschitz: f64,
}

impl<'a> Coupling<'a> {
    /// Couples a plan with a forget set.
    ///
    /// # Errors
    /// As [`Problem::check_forget`].
    pub fn new(
        problem: &'a Problem,
        plan: &'a Plan,
        forget: &'a RowSet,
        normalisation: Normalisation,
    ) -> Result<Coupling<'a>> {
        problem.check_forget(forget)?;
        Ok(Coupling { problem, plan, forget, normalisation })
    }

    /// Does batch `k` hold a forgotten row?
    pub fn touches(&self, k: usize) -> bool {
        self.plan.steps[k].rows.iter().any(|&i| self.forget.contains(i))
    }

    /// `keep_k(θ)`.
    pub fn keep(&self, k: usize, theta: &DVector<f64>) -> DVector<f64> {
        let mut g = DVector::zeros(self.problem.active());
        self.write_keep(k, theta, &mut self.problem.network().workspace(), &mut g);
        g
    }

    /// `keep_k(θ)` into `g`, for loops that reuse their buffers.
    pub(crate) fn write_keep(
        &self,
        k: usize,
        theta: &DVector<f64>,
        ws: &mut Workspace,
        g: &mut DVector<f64>,
    ) {
        let step = &self.plan.steps[k];
        write_loss_gradient(self.problem, self.keep_rows(step), self.keep_divisor(step), theta, ws, g);
        add_regulariser(self.problem, self.plan, theta, g);
    }

    /// Step `k` of coupled retraining from `θ` with the velocity given, which is advanced too: to the bit what
    /// [`super::sgd::retrain`] computes there.
    ///
    /// # Errors
    /// As [`Stepper::new`].
    pub(crate) fn step(
        &self,
        k: usize,
        theta: &DVector<f64>,
        velocity: &mut DVector<f64>,
    ) -> Result<DVector<f64>> {
        let (step, plan) = (&self.plan.steps[k], self.plan);
        let mut run = Stepper::new(self.problem, theta.as_slice(), plan.momentum, plan.weight_decay)?;
        run.set_velocity(velocity.as_slice());
        run.step(&self.keep_rows(step).collect::<Vec<_>>(), self.keep_divisor(step), step.eta);
        let mut next = theta.clone();
        run.read(next.as_mut_slice());
        run.read_velocity(velocity.as_mut_slice());
        Ok(next)
    }

    /// `drop_k(θ)`.
    pub fn drop(&self, k: usize, theta: &DVector<f64>) -> DVector<f64> {
        let step = &self.plan.steps[k];
        let size = step.rows.len() as f64;
        let forgotten = step.rows.iter().copied().filter(|i| self.forget.contains(*i));
        let mut r = loss_gradient(self.problem, forgotten, size, theta);
        let back = self.keep_share_returned(step);
        if back > 0.0 {
            r.axpy(-back, &loss_gradient(self.problem, self.keep_rows(step), size, theta), 1.0);
        }
        r
    }

    /// The Jacobian of `keep_k` at `θ` applied to `v`.
    pub fn keep_hvp(&self, k: usize, theta: &DVector<f64>, v: &DVector<f64>) -> DVector<f64> {
        let step = &self.plan.steps[k];
        let net = self.problem.network();
        let mut ws = net.workspace();
        let mut out = v * self.plan.weight_decay;
        let s = 1.0 / self.keep_divisor(step);
        for i in self.keep_rows(step) {
            let x = self.problem.data().design().row(i);
            net.forward(theta.as_slice(), x, &mut ws);
            net.backward(theta.as_slice(), self.problem.target()[i], &mut ws);
            net.add_hvp(s, theta.as_slice(), v.as_slice(), x, &mut ws, out.as_mut_slice());
        }
        out
    }

    /// Constants of step `k` from the row constants on some region.
    pub fn constants(&self, k: usize, local: &LocalConstants<'_>) -> StepConstants {
        let step = &self.plan.steps[k];
        let size = Interval::point(step.rows.len() as f64);
        let (mut h, mut q, mut r) = (Interval::ZERO, Interval::ZERO, Interval::ZERO);
        for &i in &step.rows {
            let c = local.row(i);
            if self.forget.contains(i) {
                r = r + Interval::point(c.smoothness);
            } else {
                h = h + Interval::point(c.smoothness);
                q = q + Interval::point(c.hessian_lipschitz);
            }
        }
        let divisor = Interval::point(self.keep_divisor(step));
        let decay = Interval::point(self.plan.weight_decay);
        let back = Interval::around(
            self.keep_share_returned(step),
            2.0 * f64::EPSILON * self.keep_share_returned(step),
        );
        let convex = self.problem.model().is_linear();
        StepConstants {
            keep_lipschitz: (h / divisor + decay).hi(),
            keep_strong: if convex { self.plan.weight_decay } else { (decay - h / divisor).lo() },
            keep_hessian_lipschitz: (q / divisor).hi(),
            drop_lipschitz: ((r + back * h) / size).hi(),
        }
    }

    /// The factor by which `keep_k` weighs its rows more than training did: 1 under
    /// [`Normalisation::Fixed`].
    pub fn renormalisation(&self, k: usize) -> f64 {
        let step = &self.plan.steps[k];
        step.rows.len() as f64 / self.keep_divisor(step)
    }

    pub(super) fn keep_rows(&self, step: &'a Step) -> impl Iterator<Item = usize> + use<'a> {
        let forget = self.forget;
        step.rows.iter().copied().filter(move |i| !forget.contains(*i))
    }

    pub(super) fn kept(&self, step: &Step) -> usize {
        step.rows.iter().filter(|&&i| !self.forget.contains(i)).count()
    }

    /// What the retained sum is divided by (1 for a batch with no retained row: the sum is empty).
    pub(super) fn keep_divisor(&self, step: &Step) -> f64 {
        match self.normalisation {
            Normalisation::Fixed => step.rows.len() as f64,
            Normalisation::Renormalised => self.kept(step).max(1) as f64,
        }
    }

    /// `ρ/(1−ρ)` under renormalisation: the share of `h` that `keep` takes over from `drop`.
    fn keep_share_returned(&self, step: &Step) -> f64 {
        let kept = self.kept(step);
        match self.normalisation {
            Normalisation::Renormalised if kept > 0 => (step.rows.len() - kept) as f64 / kept as f64,
            _ => 0.0,
        }
    }
}

/// `(1/divisor) Σ ∇ℓᵢ(θ)` over the given rows, added in their order.
pub(crate) fn loss_gradient(
    problem: &Problem,
    rows: impl Iterator<Item = usize>,
    divisor: f64,
    theta: &DVector<f64>,
) -> DVector<f64> {
    let mut g = DVector::zeros(problem.active());
    write_loss_gradient(problem, rows, divisor, theta, &mut problem.network().workspace(), &mut g);
    g
}

/// As [`loss_gradient`], into `g`.
pub(crate) fn write_loss_gradient(
    problem: &Problem,
    rows: impl Iterator<Item = usize>,
    divisor: f64,
    theta: &DVector<f64>,
    ws: &mut Workspace,
    g: &mut DVector<f64>,
) {
    let net = problem.network();
    let s = 1.0 / divisor;
    g.fill(0.0);
    for i in rows {
        let x = problem.data().design().row(i);
        net.forward(theta.as_slice(), x, ws);
        net.backward(theta.as_slice(), problem.target()[i], ws);
        net.add_gradient(s, x, ws, g.as_mut_slice());
    }
}

/// Adds `γθ` and the linear perturbation (divided by n under the sum reduction, where the batch mean
/// stands for F/n).
pub(crate) fn add_regulariser(problem: &Problem, plan: &Plan, theta: &DVector<f64>, g: &mut DVector<f64>) {
    g.axpy(plan.weight_decay, theta, 1.0);
    if let Some(b) = problem.perturbation() {
        let scale = match problem.reduction() {
            Reduction::Mean => 1.0,
            Reduction::Sum => 1.0 / problem.rows() as f64,
        };
        g.axpy(scale, b, 1.0);
    }
}
