//! Amnesiac unlearning: subtract the recorded update of every batch that held a forgotten row.
//!
//! `θ_u = θ_T − Σ_{t ∈ S} Δ_t`, `Δ_t = θ_{t+1} − θ_t`, `S` the steps whose batch holds a forgotten row (Graves,
//! Nagisetty, Ganesh 2021, arXiv 2010.10981). What the other rows of these batches contributed, weight decay and inherited
//! momentum are subtracted with it. [`super::addback`] with recorded gradients is the same at the granularity of rows:
//! it subtracts only what the forgotten rows contributed to `Δ_t`; without momentum and weight decay, and with batches
//! that hold nothing else, both are the same.
//!
//! By its authors' own account it is not training without those batches: later updates depend on the parameters, and
//! [`super::subtraction`] says by how much. Reference here as everywhere: coupled retraining without the *rows*.
//!
//! Guaranteed: what is known of any parameters, the distance of the untouched model plus the way from it. Needs a
//! recorded run, whose updates ([`crate::train::log::UpdateLog`]) are `T·k` numbers.

use super::{Cost, Request, Trained, Unlearned, Unlearner, evidence};
use crate::error::{Error, Result};
use crate::train::log::UpdateLog;
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amnesiac;

impl Unlearner for Amnesiac {
    fn name(&self) -> &'static str {
        "amnesiac"
    }

    /// Cost: one subtraction of `k` numbers per update; no row is visited.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// use unlearn::train::{coupling::Normalisation, plan::{Plan, Step}, sgd};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, amnesiac::Amnesiac};
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
    /// let out = Amnesiac.remove(&Request { problem: &problem, forget: &forget, trained }).unwrap();
    /// assert_eq!((out.theta[0], out.cost.flops), (-0.5, 1.0));
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let Trained::Run { plan, trajectory, .. } = request.trained else {
            return Err(Error::Invalid(
                "amnesiac subtracts the updates of a recorded run; for a minimiser use newton, influence or retrain"
                    .into(),
            ));
        };
        let log = UpdateLog::of_sensitive(plan, trajectory, request.forget)?;
        let begun = Instant::now();
        let touched = log.touched(request.forget);
        let theta = log.without(&touched);
        let flops = (touched.len() * theta.len()) as f64;
        let cost = Cost { row_visits: 0.0, flops, seconds: begun.elapsed().as_secs_f64() };
        if theta.iter().any(|v| !v.is_finite()) {
            return Err(Error::Invalid("the updates overflow when they are subtracted; retrain".into()));
        }
        let guarantee = evidence::of_any(request, &theta)?;
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }
}
