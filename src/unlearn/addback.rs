//! Gradient add-back: undo forgotten steps by adding their gradients.
//!
//! `θ_u = θ_t + Σ_k κ_k(t) drop_k(φ_k)` with `κ_k(t) = Σ_{i=k}^{t−1} η_i β^{i−k}` (just `η_k` without
//! momentum). At `φ_k = θ_0` it is the method analysed by Thudi et al. 2022 (arXiv 2109.13398) and Jia
//! et al. 2023 (arXiv 2304.04934); at `θ_t` a single ascent step; at `θ_k` the recorded gradients.

use crate::bound::ledger::Reference;
use crate::train::coupling::Coupling;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;

/// The unlearned parameters `θ_u`.
pub fn addback(coupling: &Coupling<'_>, run: &Trajectory, reference: Reference) -> DVector<f64> {
    run.last() + accumulate(coupling, run, reference, |_| {})
}

/// `A_0 … A_{t−1}` with `A_k = Σ_{j<k} κ_j(k) drop_j(θ_j)`: what has been added back before step `k`.
pub fn partial_sums(coupling: &Coupling<'_>, run: &Trajectory) -> Vec<DVector<f64>> {
    let mut sums = Vec::with_capacity(coupling.plan.len());
    accumulate(coupling, run, Reference::Recorded, |a| sums.push(a.clone()));
    sums
}

/// Runs the sums; `before` sees `A_k` before each step. Returns `A_t`.
fn accumulate(
    coupling: &Coupling<'_>,
    run: &Trajectory,
    reference: Reference,
    mut before: impl FnMut(&DVector<f64>),
) -> DVector<f64> {
    let k = coupling.problem.active();
    let (mut sum, mut buffer) = (DVector::zeros(k), DVector::zeros(k));
    for (step_number, step) in coupling.plan.steps.iter().enumerate() {
        before(&sum);
        buffer *= coupling.plan.momentum;
        if coupling.touches(step_number) {
            buffer += coupling.drop(step_number, reference.point(run, step_number));
        }
        sum.axpy(step.eta, &buffer, 1.0);
    }
    sum
}
