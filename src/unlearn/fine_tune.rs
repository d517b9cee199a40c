//! Fine-tuning (FT): go on training on the rows kept and let the others fade.
//!
//! Stochastic gradient descent on `F_R` from `θ_o`, in epochs ([`crate::train::epochs`]). It promises nothing by
//! itself; run to stationarity on a strongly convex objective it is retraining. The compared method of Jia et
//! al. 2023 (arXiv 2304.04934).
//!
//! Guaranteed: what is known of any parameters. For a linear model trained to a minimiser `‖∇F_R(θ)‖/μ`; for a
//! recorded run the distance of the untouched model plus the way from it.

use super::{Cost, Request, Unlearned, Unlearner, evidence, settings};
use crate::error::Result;
use crate::train::epochs::{Direction, Settings, State};
use crate::train::flops;
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FineTune {
    /// The run.
    pub run: Settings,
}

impl FineTune {
    /// 10 epochs at rate 0.01, momentum 0.9 (read in the released code of Jia et al. 2023); batches of 32 and the
    /// ridge as weight decay (chosen here: their 256 rows and 5e-4 belong to larger data and no ridge).
    pub fn new(seed: u64) -> FineTune {
        let run = Settings { epochs: 10, rate: 0.01, batch: 32, momentum: 0.9, weight_decay: None, seed };
        FineTune { run }
    }

    /// Continues to the end of epoch `until`; stopping and continuing gives the bits of one run.
    ///
    /// # Errors
    /// As [`Request::check`] and [`Settings::advance`].
    pub fn advance(&self, request: &Request<'_>, state: State, until: usize) -> Result<State> {
        request.check()?;
        let rows = request.forget.complement();
        self.run.advance(request.problem, &rows, Direction::Descent, |_| 0.0, state, until)
    }
}

impl Unlearner for FineTune {
    fn name(&self) -> &'static str {
        "fine-tune"
    }

    /// Cost: every row kept, once per epoch.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, fine_tune::FineTune};
    /// // Mean of ½(θ−1)², ½(θ−3)² and ½θ²: θ_o = 1. The gradient kept there is (1−1) + 1.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// let mut method = FineTune::new(0);
    /// (method.run.epochs, method.run.rate) = (1, 0.25);
    /// let out = method.remove(&request).unwrap();
    /// assert!((out.theta[0] - 0.75).abs() < 1e-15 && out.cost.row_visits == 1.0);
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

/// What a run in epochs over `rows` rows costs.
pub(super) fn run_cost(run: &Settings, rows: usize, k: usize, begun: Instant) -> Cost {
    // A step size of 0 takes no step.
    let visits = if run.rate == 0.0 { 0.0 } else { run.epochs as f64 * rows as f64 };
    Cost { row_visits: visits, flops: visits * flops::gradient(k), seconds: begun.elapsed().as_secs_f64() }
}
