//! Recollection: carry the removal through the recorded run with one Hessian–vector product per step.
//!
//! `v_{k+1} = v_k − η_k p_{k+1}`, `p_{k+1} = β p_k + H_k v_k − drop_k(θ_k)`, `H_k = ∇keep_k(θ_k)`: the
//! derivative of retraining in the direction of leaving the forgotten rows out. Without momentum this
//! is `v_{k+1} = (I − η_k H_k) v_k + η_k drop_k(θ_k)`. Add-back is the same with `H_k` replaced by 0.
//!
//! Exact for quadratics, of second order otherwise ([`crate::bound::recollection`]); the idea of Qiao et
//! al. 2024 (arXiv 2404.01712). Needs a recorded run.

use super::addback::drop_visits;
use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, certificate};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::train::coupling::Coupling;
use crate::train::flops;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recollection;

impl Unlearner for Recollection {
    fn name(&self) -> &'static str {
        "recollection"
    }

    /// Cost: what add-back costs, and from the first forgotten row on one Hessian–vector product per
    /// retained row of every batch.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// use unlearn::train::{coupling::Normalisation, plan::{Plan, Step}, sgd};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, recollection::Recollection};
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
    /// // v = 0, then ½·(0−2) = −1, then (1−½)·(−1) = −½.
    /// assert_eq!(Recollection.remove(&request).unwrap().theta[0], 0.0);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let Trained::Run { trajectory, .. } = request.trained else {
            return Err(Error::Invalid(
                "recollection follows a recorded run; for a minimiser use newton, influence or retrain"
                    .into(),
            ));
        };
        let coupling = request.coupling()?;
        let begun = Instant::now();
        let carried = recollect(&coupling, trajectory);
        let theta = trajectory.last() + &carried[carried.len() - 1];
        let cost = Cost {
            row_visits: drop_visits(&coupling) + product_visits(&coupling),
            flops: drop_visits(&coupling) * flops::gradient(theta.len())
                + product_visits(&coupling) * flops::product(theta.len()),
            seconds: begun.elapsed().as_secs_f64(),
        };
        let problem = request.problem;
        let quadratic = problem.model().is_linear() && problem.model().loss() == Loss::Squared;
        let guarantee = match request.untouched()? {
            Some(exact) => exact,
            None if quadratic => Guarantee::Exact { theorem: "Unlearn.Recollection.exact_quadratic" },
            None => certificate::recollected(&coupling, trajectory, &carried, &theta)?,
        };
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }
}

/// Retained rows of the batches after the first forgotten row.
fn product_visits(coupling: &Coupling<'_>) -> f64 {
    let first = (0..coupling.plan.len()).find(|&k| coupling.touches(k));
    let after = first.map_or(&[][..], |k| &coupling.plan.steps[k + 1..]);
    after.iter().flat_map(|s| &s.rows).filter(|&&i| !coupling.forget.contains(i)).count() as f64
}

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
