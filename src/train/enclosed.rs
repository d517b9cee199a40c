//! The halves of a batch gradient as enclosures: the formulas of `coupling.rs` over any [`Real`], with every
//! quotient the real number it stands for.

use super::coupling::Coupling;
use super::plan::{Plan, Step};
use crate::numeric::real::Real;
use crate::objective::enclosed::{loss_gradient, loss_hvp};
use crate::objective::{Problem, Reduction};

impl Coupling<'_> {
    /// `keep_k(θ)`.
    pub(crate) fn keep_enclosed<T: Real>(&self, k: usize, theta: &[T]) -> Vec<T> {
        let step = &self.plan.steps[k];
        let sum = loss_gradient(self.problem, self.keep_rows(step), theta);
        regularised(self.problem, self.plan, theta, divided(sum, self.keep_divisor(step)))
    }

    /// `drop_k(θ)`.
    pub(crate) fn drop_enclosed<T: Real>(&self, k: usize, theta: &[T]) -> Vec<T> {
        let step = &self.plan.steps[k];
        let forgotten = step.rows.iter().copied().filter(|i| self.forget.contains(*i));
        let r = divided(loss_gradient(self.problem, forgotten, theta), step.rows.len() as f64);
        if self.keep_divisor(step) == step.rows.len() as f64 || self.kept(step) == 0 {
            return r;
        }
        // ρ/(1−ρ)·h = h_sum·(|B| − |kept|)/(|kept||B|).
        let (size, kept) = (step.rows.len() as f64, self.kept(step) as f64);
        let back = T::exact(size - kept) / (T::exact(kept) * T::exact(size));
        let h = loss_gradient(self.problem, self.keep_rows(step), theta);
        r.into_iter().zip(h).map(|(r, h)| r - back * h).collect()
    }

    /// The Jacobian of `keep_k` at `θ` applied to `v`.
    pub(crate) fn keep_hvp_enclosed<T: Real>(&self, k: usize, theta: &[T], v: &[T]) -> Vec<T> {
        let step = &self.plan.steps[k];
        let h = divided(loss_hvp(self.problem, self.keep_rows(step), theta, v), self.keep_divisor(step));
        let decay = T::exact(self.plan.weight_decay);
        h.into_iter().zip(v).map(|(h, v)| h + decay * *v).collect()
    }
}

/// The gradient that training follows on a batch.
pub(crate) fn batch_gradient<T: Real>(problem: &Problem, plan: &Plan, step: &Step, theta: &[T]) -> Vec<T> {
    let sum = loss_gradient(problem, step.rows.iter().copied(), theta);
    regularised(problem, plan, theta, divided(sum, step.rows.len() as f64))
}

fn divided<T: Real>(sum: Vec<T>, divisor: f64) -> Vec<T> {
    let divisor = T::exact(divisor);
    sum.into_iter().map(|g| g / divisor).collect()
}

/// Adds `γθ` and the linear perturbation (divided by n under the sum reduction).
fn regularised<T: Real>(problem: &Problem, plan: &Plan, theta: &[T], mut g: Vec<T>) -> Vec<T> {
    let decay = T::exact(plan.weight_decay);
    for (j, g) in g.iter_mut().enumerate() {
        *g = *g + decay * theta[j];
        if let Some(b) = problem.perturbation() {
            let b = T::exact(b[j]);
            *g = *g
                + match problem.reduction() {
                    Reduction::Mean => b,
                    Reduction::Sum => b / T::exact(problem.rows() as f64),
                };
        }
    }
    g
}
