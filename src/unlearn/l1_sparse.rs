//! ℓ1-sparse unlearning: fine-tune on the rows kept under a penalty that makes parameters vanish.
//!
//! `min F_R(θ) + γ_e‖θ‖₁` from `θ_o`, by proximal stochastic gradient steps ([`crate::train::epochs`]): soft
//! thresholding, so zeros are exact, with the weight `γ_e` constant, growing or decreasing over the epochs. Jia et
//! al. 2023 (arXiv 2304.04934); their released code takes subgradients `γ sign(θ)` instead, which gives no exact zero.
//! All kept parameters are penalised, biases included, as there. On a pruned model it acts on what is kept.
//!
//! Guaranteed: what is known of any parameters, as for [`super::fine_tune`].

use super::fine_tune::run_cost;
use super::{Request, Unlearned, Unlearner, evidence, settings};
use crate::error::Result;
use crate::train::epochs::{Direction, Settings, State};
use crate::train::proximal::PenaltySchedule;
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L1Sparse {
    /// The run.
    pub run: Settings,
    /// `γ`, the largest weight of the penalty.
    pub gamma: f64,
    /// How the weight changes.
    pub schedule: PenaltySchedule,
}

impl L1Sparse {
    /// The run of [`super::fine_tune::FineTune::new`]; decreasing from γ = 1e-3 (chosen here, so that some
    /// parameters of small models vanish in ten epochs; the released code of Jia et al. 2023 was run with 1e-4, and
    /// the 0.2 of its argument parser destroys a network).
    pub fn new(seed: u64) -> L1Sparse {
        let run = super::fine_tune::FineTune::new(seed).run;
        L1Sparse { run, gamma: 1e-3, schedule: PenaltySchedule::Decreasing }
    }

    /// Continues to the end of epoch `until`; stopping and continuing gives the bits of one run.
    ///
    /// # Errors
    /// As [`Request::check`] and [`Settings::advance`].
    pub fn advance(&self, request: &Request<'_>, state: State, until: usize) -> Result<State> {
        request.check()?;
        let rows = request.forget.complement();
        let weight = |epoch| self.schedule.weight(self.gamma, epoch, self.run.epochs);
        self.run.advance(request.problem, &rows, Direction::Descent, weight, state, until)
    }
}

impl Unlearner for L1Sparse {
    fn name(&self) -> &'static str {
        "l1-sparse"
    }

    /// Cost: every row kept, once per epoch.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, l1_sparse::L1Sparse};
    /// // θ_o = 1, the gradient kept there is 1: 1 − ¼ = ¾, and the threshold ¼·3 leaves exactly 0.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// let mut method = L1Sparse::new(0);
    /// (method.run.epochs, method.run.rate, method.run.momentum, method.gamma) = (1, 0.25, 0.0, 3.001);
    /// assert_eq!(method.remove(&request).unwrap().theta[0], 0.0);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let begun = Instant::now();
        let start = State::start(request.trained.theta().clone());
        let theta = self.advance(request, start, self.run.epochs)?.theta;
        let kept = request.problem.rows() - request.forget.len();
        let cost = run_cost(&self.run, kept, theta.len(), begun);
        let guarantee = evidence::of_any(request, &theta)?;
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let mut all = settings::of_run(&self.run);
        all.insert(all.len() - 1, ("gamma", settings::text(self.gamma)));
        all.insert(all.len() - 1, ("gamma-schedule", self.schedule.to_string()));
        all
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "gamma" => self.gamma = settings::nonnegative(name, value)?,
            "gamma-schedule" => self.schedule = value.parse()?,
            _ if settings::set_run(&mut self.run, name, value)? => {}
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}
