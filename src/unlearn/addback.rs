//! Gradient add-back: undo forgotten steps by adding their gradients.
//!
//! `θ_u = θ_t + Σ_k κ_k(t) drop_k(φ_k)` with `κ_k(t) = Σ_{i=k}^{t−1} η_i β^{i−k}` (just `η_k` without
//! momentum). At `φ_k = θ_0` it is the method analysed by Thudi et al. 2022 (arXiv 2109.13398) and Jia
//! et al. 2023 (arXiv 2304.04934); at `θ_t` a single ascent step; at `θ_k` the recorded gradients.
//!
//! Guaranteed: the best applicable theorem of [`crate::bound::sgd`] and [`crate::bound::momentum`]; for
//! networks on a region found by [`crate::bound::continuation`]. Needs a recorded run.

use super::{Cost, Request, Trained, Unlearned, Unlearner, certificate};
use crate::bound::ledger::Reference;
use crate::error::{Error, Result};
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::flops;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;
use std::time::Instant;

/// The method, with its reference point.
#[derive(Debug, Clone, Copy)]
pub struct Addback {
    /// Where forgotten gradients are evaluated.
    pub reference: Reference,
}

impl Unlearner for Addback {
    fn name(&self) -> &'static str {
        match self.reference {
            Reference::Start => "addback-start",
            Reference::End => "addback-end",
            Reference::Recorded => "addback-recorded",
        }
    }

    /// Cost: the forgotten rows of every batch; with renormalised batches every row of a batch that
    /// holds a forgotten one.
    ///
    /// ```
    /// use unlearn::bound::ledger::Reference;
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// use unlearn::train::{coupling::Normalisation, plan::{Plan, Step}, sgd};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, addback::Addback};
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![2.0, 0.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 0.0).unwrap();
    /// // Row 0, then row 1, η = ½, from 0: θ = 0, 1, ½. Without row 0: 0, 0, 0.
    /// let steps = vec![Step { rows: vec![0], eta: 0.5 }, Step { rows: vec![1], eta: 0.5 }];
    /// let plan = Plan::new(steps, 0.0, 0.0).unwrap();
    /// let run = sgd::train(&problem, &plan, nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![0]).unwrap();
    /// let trained = Trained::Run { plan: &plan, trajectory: &run, normalisation: Normalisation::Fixed };
    /// let request = Request { problem: &problem, forget: &forget, trained };
    /// // ½ + ½·(0 − 2): half of the gradient that was followed is not undone by the second step.
    /// let out = Addback { reference: Reference::Recorded }.remove(&request).unwrap();
    /// assert_eq!((out.theta[0], out.cost.row_visits), (-0.5, 1.0));
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let Trained::Run { trajectory, .. } = request.trained else {
            return Err(Error::Invalid(format!(
                "{} adds back the gradients of a recorded run; for a minimiser use newton, influence or retrain",
                self.name()
            )));
        };
        let coupling = request.coupling()?;
        let begun = Instant::now();
        let theta = addback(&coupling, trajectory, self.reference);
        let row_visits = drop_visits(&coupling);
        let flops = row_visits * flops::gradient(theta.len());
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        let guarantee = match request.untouched()? {
            Some(exact) => exact,
            None => certificate::addback(&coupling, trajectory, self.reference, &theta)?,
        };
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }
}

/// Rows whose gradients `drop_k` needs, over all steps.
pub(crate) fn drop_visits(coupling: &Coupling<'_>) -> f64 {
    let touched = (0..coupling.plan.len()).filter(|&k| coupling.touches(k));
    touched
        .map(|k| {
            let rows = &coupling.plan.steps[k].rows;
            let forgotten = rows.iter().filter(|&&i| coupling.forget.contains(i)).count();
            match coupling.normalisation {
                Normalisation::Fixed => forgotten as f64,
                Normalisation::Renormalised => rows.len() as f64,
            }
        })
        .sum()
}

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
