//! Recollection: carry the removal through the recorded run with one Hessian–vector product per step.
//!
//! `v_{k+1} = v_k − η_k p_{k+1}`, `p_{k+1} = β p_k + H_k v_k − drop_k(θ_k)`, `H_k = ∇keep_k(θ_k)`: the
//! derivative of retraining in the direction of leaving the forgotten rows out. Without momentum this
//! is `v_{k+1} = (I − η_k H_k) v_k + η_k drop_k(θ_k)`. Add-back is the same with `H_k` replaced by 0.

use crate::train::coupling::Coupling;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;

/// `v_0 … v_t`; the unlearned parameters are `θ_t + v_t`.
pub fn recollect(coupling: &Coupling<'_>, run: &Trajectory) -> Vec<DVector<f64>> {
    let k = coupling.problem.active();
    let mut carried = vec![DVector::zeros(k)];
    let mut buffer: DVector<f64> = DVector::zeros(k);
    for (n, step) in coupling.plan.steps.iter().enumerate() {
        let theta = &run.points[n];
        let v = &carried[n];
        buffer *= coupling.plan.momentum;
        if v.iter().any(|x| *x != 0.0) {
            buffer += coupling.keep_hvp(n, theta, v);
        }
        if coupling.touches(n) {
            buffer -= coupling.drop(n, theta);
        }
        let next = v - &buffer * step.eta;
        carried.push(next);
    }
    carried
}
