//! Newton's step on the rows kept.
//!
//! `θ_u = θ_o − (∇²F_R(θ_o))⁻¹ ∇F_R(θ_o)`, with gradient and Hessian of the objective on the rows *kept*
//! (ridge and perturbation included), repeated if asked. Guo et al. 2020 (arXiv 1911.03030); the bound is
//! T-newton ([`crate::bound::newton`]) or, where it is sharper, T-residual at the result. Exact for the squared loss and a linear model, under either
//! reduction.
//!
//! Beyond [`newton_cg::MOST_DENSE`] parameters (with a ridge) the system is solved by conjugate gradients, without a Hessian.

use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, certificate, settings};
use crate::bound::newton::{A_PRIORI, a_posteriori};
use crate::bound::residual::{difference, linear_residual};
use crate::error::{Error, Result};
use crate::numeric::factor::Cholesky;
use crate::numeric::real::norm;
use crate::objective::Objective;
use crate::objective::enclosed::Enclosed;
use crate::train::{flops, newton_cg};
use nalgebra::DVector;
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy)]
pub struct Newton {
    /// How many steps, at least one.
    pub steps: usize,
}

impl Unlearner for Newton {
    fn name(&self) -> &'static str {
        "newton"
    }

    /// Cost: two visits of every retained row per step, one for the gradient and one for the Hessian, or for every
    /// product with it.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Guarantee, Request, Trained, Unlearner, newton::Newton};
    /// // Mean of ½(θ−1)², ½(θ−3)² and ½θ²: θ_o = 1. The gradient kept there is 1, the Hessian 2.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// let out = Newton { steps: 1 }.remove(&request).unwrap();
    /// assert!((out.theta[0] - 0.5).abs() < 1e-15);
    /// assert!(matches!(out.guarantee, Guarantee::Exact { .. }));
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        if self.steps == 0 {
            return Err(Error::Invalid("newton needs at least one step; noop does nothing".into()));
        }
        let retained = request.problem.retained(request.forget)?;
        let begun = Instant::now();
        let mut theta = request.trained.theta().clone();
        let mut before = theta.clone();
        let kept = request.problem.rows() - request.forget.len();
        let (mut row_visits, mut flops) = (0.0, 0.0);
        for _ in 0..self.steps {
            before.copy_from(&theta);
            let (step, products) = newton_step(&retained, &before)?;
            theta += step;
            let (visits, operations) = flops::newton_step(kept, theta.len(), products);
            row_visits += visits;
            flops += operations;
        }
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        if theta.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data(
                "the Newton step overflows; standardise the data or raise the ridge".into(),
            ));
        }
        let guarantee = guarantee(request, &before, &theta)?;
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("steps", self.steps.to_string())]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "steps" => match settings::count(name, value, 1)? {
                // Quadratic convergence ends after a handful.
                steps if steps > 1000 => {
                    return Err(Error::Invalid(format!("steps {steps}: at most 1000")));
                }
                steps => self.steps = steps,
            },
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}

fn guarantee(request: &Request<'_>, before: &DVector<f64>, theta: &DVector<f64>) -> Result<Guarantee> {
    if let Some(none) = not_a_minimiser(request) {
        return Ok(none);
    }
    let Some(c) = certificate::retained_constants(request)? else { return Ok(certificate::not_convex()) };
    // Without strong convexity the minimiser need not be unique, and the step falls on any of them.
    if c.hessian_lipschitz == 0.0 && c.strong_convexity > 0.0 {
        return Ok(Guarantee::Exact { theorem: A_PRIORI });
    }
    // The theorem holds for any step with its residual: for the one that ends exactly at the returned floats.
    let exact = Enclosed::retained(request.problem, request.forget);
    let rho = linear_residual(&exact, &exact, before, theta);
    let step = norm(&difference(theta, before));
    let bound = a_posteriori(step, rho, c.hessian_lipschitz, c.strong_convexity);
    certificate::minimiser(request, &c, theta, Some(bound))
}

/// Second-order methods aim at the minimiser on the rows kept, which is not what a run is compared with.
pub(crate) fn not_a_minimiser(request: &Request<'_>) -> Option<Guarantee> {
    matches!(request.trained, Trained::Run { .. }).then(|| Guarantee::None {
        why: "the step aims at the minimiser on the rows kept; how far coupled retraining of the run ends \
              from it is unknown without retraining"
            .into(),
    })
}

/// The computed solution of `∇²F(θ)Δ = −∇F(θ)`, and the products with the Hessian where it was not formed.
pub(crate) fn newton_step(
    objective: &Objective<'_>,
    theta: &DVector<f64>,
) -> Result<(DVector<f64>, Option<usize>)> {
    if newton_cg::chosen(objective.problem()) {
        let solved = newton_cg::solve(objective, theta, &objective.gradient(theta))?;
        return Ok((-solved.x, Some(solved.products)));
    }
    let factor = Cholesky::new(objective.hessian(theta), "the Hessian on the rows kept")?;
    Ok((-factor.solve(&objective.gradient(theta)), None))
}
