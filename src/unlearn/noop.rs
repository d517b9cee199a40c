//! Doing nothing: the error every method has to beat.
//!
//! `θ_u = θ_o`. Costs no row visit. Guaranteed: for a minimiser `‖∇F_R(θ_o)‖/μ` (T-residual); for a run
//! the best applicable case of `‖θ_t − θ′_t‖ ≤ Σ_k a_k P_k` (see [`crate::bound::sgd`]).

use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, certificate};
use crate::error::Result;

/// The method.
#[derive(Debug, Clone, Copy, Default)]
pub struct Noop;

impl Unlearner for Noop {
    fn name(&self) -> &'static str {
        "noop"
    }

    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Guarantee, Request, Trained, Unlearner, noop::Noop};
    /// // Mean of ½(θ−1)², ½(θ−3)² and ½θ²: θ_o = 1. Without the second row ½(θ−1)² + ½θ²: θ_r = ½.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// let left = Noop.remove(&request).unwrap();
    /// // The gradient at 1 is 1 and μ = 2: the bound ½ is attained.
    /// let Guarantee::Within { distance, .. } = left.guarantee else { panic!() };
    /// assert!((distance - 0.5).abs() < 1e-12);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let guarantee = match request.trained {
            Trained::Minimiser(fit) => match certificate::retained_constants(request)? {
                Some(constants) => certificate::minimiser(request, &constants, &fit.theta, None)?,
                None => certificate::not_convex(),
            },
            Trained::Run { trajectory, .. } => match request.untouched()? {
                Some(exact) => exact,
                None => certificate::untouched_model(&request.coupling()?, trajectory)?,
            },
        };
        let theta = request.trained.theta().clone();
        Ok(Unlearned { theta, guarantee, cost: Cost::default(), mask: None })
    }
}

impl Request<'_> {
    /// For a run that never meets a forgotten row: nothing has to be done, exactly.
    pub(crate) fn untouched(&self) -> Result<Option<Guarantee>> {
        let Trained::Run { plan, .. } = self.trained else { return Ok(None) };
        let coupling = self.coupling()?;
        Ok((!(0..plan.len()).any(|k| coupling.touches(k)))
            .then_some(Guarantee::Exact { theorem: "the run never uses a forgotten row" }))
    }
}
