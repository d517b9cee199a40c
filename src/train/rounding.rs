//! How far rounding can have carried a recorded run from the run in exact arithmetic.

use super::plan::Plan;
use super::sgd::Trajectory;
use crate::constants::{LocalConstants, Region};
use crate::numeric::interval::Interval;
use crate::objective::Problem;
use nalgebra::DVector;

/// How far a run went and how far rounding can have carried it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// `Σ η_k G_k`: the length of the run if no two row gradients cancelled.
    pub effort: f64,
    /// Allowance for `‖θ_t − exact θ_t‖`.
    pub allowance: f64,
}

/// Effort and rounding allowance of a run.
///
/// Step `k` rounds by at most `4ε(‖θ_k‖ + η_k N (G_k + L_k‖θ_k‖))`, with `N = |B| + d + 8` chained
/// operations, `G_k` the mean norm of the batch's row gradients and `L_k` the Lipschitz constant of the
/// batch gradient (rounding the outputs acts like a relative change of `θ`). Earlier errors are carried
/// through the step: unchanged where it is non-expansive (convex, `η_k L_k ≤ 2`, no momentum),
/// stretched by `1 + η_k L_k` otherwise. Derived here, after Higham 2002, §3.1; an a-priori allowance
/// to first order in ε, not an enclosure.
///
/// `rescale(k)` is the factor by which the step's batch gradient was renormalised (1 for training).
pub fn drift(problem: &Problem, plan: &Plan, run: &Trajectory, rescale: impl Fn(usize) -> f64) -> Drift {
    let (mut position, mut velocity, mut effort) = (0.0, 0.0, 0.0);
    let radius = run.enclosing_radius();
    let local = LocalConstants::new(problem, Region::natural(problem, run.start(), radius));
    let smoothness: Vec<f64> = (0..problem.rows()).map(|i| local.row(i).smoothness).collect();
    let convex = problem.model().is_linear() && plan.momentum == 0.0;
    for (k, step) in plan.steps.iter().enumerate() {
        let theta = &run.points[k];
        let size = length(theta);
        let share = rescale(k) / step.rows.len() as f64;
        let mass = share * step.rows.iter().map(|&i| row_gradient_norm(problem, i, theta)).sum::<f64>();
        let lipschitz = share * step.rows.iter().map(|&i| smoothness[i]).sum::<f64>() + plan.weight_decay;
        let terms = (step.rows.len() + problem.data().cols() + 8) as f64;
        let local_error = 4.0 * f64::EPSILON * terms * (mass + lipschitz * size);
        let carried = if convex && step.eta * lipschitz <= 2.0 { 0.0 } else { lipschitz * position };
        velocity = plan.momentum * velocity + carried + local_error;
        effort += step.eta * mass;
        position += step.eta * velocity + 4.0 * f64::EPSILON * size;
    }
    // 0·∞ where constants overflow: nothing is known then.
    Drift { effort, allowance: if position.is_nan() { f64::INFINITY } else { position } }
}

fn row_gradient_norm(problem: &Problem, i: usize, theta: &DVector<f64>) -> f64 {
    length(&super::coupling::loss_gradient(problem, std::iter::once(i), 1.0, theta))
}

/// `‖v‖`, slowly where the squares come near underflow: a run on tiny numbers rounds too.
fn length(v: &DVector<f64>) -> f64 {
    let fast = v.norm();
    if fast > 1e-140 { fast } else { Interval::norm(v.as_slice()).hi() }
}
