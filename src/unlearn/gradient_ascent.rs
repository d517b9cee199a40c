//! Gradient ascent (GA): several epochs of raising the loss of the forgotten rows, from the trained model.
//!
//! `v ← βv − (1/|B|) Σ_B ∇ℓᵢ(θ) + γθ`, `θ ← θ − ηv` over minibatches of `F`. It is *not* the add-back that the
//! bounds speak about ([`super::addback`]): that adds each forgotten gradient once, with the step size it was
//! subtracted with. The method of the tables of Jia et al. 2023 (arXiv 2304.04934), as read in their released code,
//! where momentum and weight *decay* stay on while the loss goes up. (Their networks also replace the running
//! statistics of batch normalisation by those of `F`; models here have none.)
//!
//! Guaranteed: what is known of any parameters, as for [`super::fine_tune`]. Losses without an upper bound, such as
//! squared loss, make long ascent overflow, which is an error.

use super::fine_tune::run_cost;
use super::{Request, Unlearned, Unlearner, evidence, settings};
use crate::error::Result;
use crate::train::epochs::{Direction, Settings, State};
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradientAscent {
    /// The run.
    pub run: Settings,
}

impl GradientAscent {
    /// 5 epochs at rate 1e-4, momentum 0.9, weight decay 5e-4 (read in the released code of Jia et al. 2023; there
    /// the rate is searched over decades); batches of 32 (chosen here; theirs have 256 rows).
    pub fn new(seed: u64) -> GradientAscent {
        let run =
            Settings { epochs: 5, rate: 1e-4, batch: 32, momentum: 0.9, weight_decay: Some(5e-4), seed };
        GradientAscent { run }
    }

    /// Continues to the end of epoch `until`; stopping and continuing gives the bits of one run.
    ///
    /// # Errors
    /// As [`Request::check`] and [`Settings::advance`].
    pub fn advance(&self, request: &Request<'_>, state: State, until: usize) -> Result<State> {
        request.check()?;
        let rows = request.forget.rows();
        self.run.advance(request.problem, rows, Direction::Ascent, |_| 0.0, state, until)
    }
}

impl Unlearner for GradientAscent {
    fn name(&self) -> &'static str {
        "gradient-ascent"
    }

    /// Cost: every forgotten row, once per epoch.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, gradient_ascent::GradientAscent};
    /// // θ_o = 1 as ever; the forgotten row ½(θ−3)² has the slope −2 there.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// let mut method = GradientAscent::new(0);
    /// (method.run.epochs, method.run.rate, method.run.weight_decay) = (1, 0.125, Some(0.0));
    /// let out = method.remove(&request).unwrap();
    /// assert!((out.theta[0] - 0.75).abs() < 1e-15 && out.cost.row_visits == 1.0);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let begun = Instant::now();
        let start = State::start(request.trained.theta().clone());
        let theta = self.advance(request, start, self.run.epochs)?.theta;
        let cost = run_cost(&self.run, request.forget.len(), theta.len(), begun);
        let guarantee = evidence::of_any(request, &theta)?;
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        settings::of_run(&self.run)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if settings::set_run(&mut self.run, name, value)? {
            Ok(())
        } else {
            Err(settings::unknown(self.name(), name, &self.settings()))
        }
    }
}
