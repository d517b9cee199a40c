//! The influence step without a matrix: conjugate gradients on Hessian–vector products.
//!
//! Solves `(H + δI)Δ = (1/|R|) Σ_F ∇f_i(θ_o)` (simplex weights, see [`super::influence`]) with `H = ∇²F(θ_o)` on all
//! rows. `O(k)` memory; at `δ = 0` the step of `influence` up to the tolerance. For a network whose Hessian is not
//! positive definite the method stops with an error at the direction that shows it; `δ` above the size of the most
//! negative eigenvalue helps.
//!
//! Guaranteed: what is known of any parameters, as for [`super::fine_tune`].

use super::influence::{Weights, right_side};
use super::{Cost, Request, Unlearned, Unlearner, evidence, settings};
use crate::error::{Error, Result};
use crate::numeric::krylov::{Stop, conjugate_gradients};
use crate::train::flops;
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InfluenceCg {
    /// `δ`, added to the diagonal of the Hessian.
    pub damping: f64,
    /// Residual of the system, relative to its right-hand side, at which to stop.
    pub tolerance: f64,
    /// Products with the Hessian at most; 0 for ten per kept parameter and 100 more, since rounding makes conjugate
    /// gradients take more than the `k` of exact arithmetic.
    pub products: usize,
}

impl Default for InfluenceCg {
    /// No damping, a relative residual of 1e-10 (chosen here: far below what the step itself leaves open).
    fn default() -> InfluenceCg {
        InfluenceCg { damping: 0.0, tolerance: 1e-10, products: 0 }
    }
}

impl Unlearner for InfluenceCg {
    fn name(&self) -> &'static str {
        "influence-cg"
    }

    /// Cost: the gradients of the forgotten rows and one product per row and step.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, influence_cg::InfluenceCg};
    /// // As for `influence`: θ_o = 1, H = 2, Σ_F ∇f = −1, |R| = 1.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// assert!((InfluenceCg::default().remove(&request).unwrap().theta[0] - 0.5).abs() < 1e-14);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let (problem, theta) = (request.problem, request.trained.theta());
        let begun = Instant::now();
        let right = right_side(problem, request.forget, theta, Weights::Simplex)?;
        if right.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data("a gradient overflows; standardise the data".into()));
        }
        let k = theta.len();
        let most = if self.products == 0 { 10 * k + 100 } else { self.products };
        let full = problem.full();
        let product = |v: &nalgebra::DVector<f64>| {
            let mut hv = full.hvp(theta, v);
            hv.axpy(self.damping, v, 1.0);
            hv
        };
        let solved = conjugate_gradients(product, &right, Stop { tolerance: self.tolerance, most })?;
        let unlearned = theta + &solved.x;
        let (products, m) = ((solved.products * problem.rows()) as f64, request.forget.len() as f64);
        let cost = Cost {
            row_visits: products + m,
            flops: products * flops::product(k) + m * flops::gradient(k),
            seconds: begun.elapsed().as_secs_f64(),
        };
        if unlearned.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data("the step overflows; standardise the data or raise the ridge".into()));
        }
        let guarantee = evidence::of_any(request, &unlearned)?;
        Ok(Unlearned { theta: unlearned, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("damping", settings::text(self.damping)),
            ("tolerance", settings::text(self.tolerance)),
            ("products", self.products.to_string()),
        ]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "damping" => self.damping = settings::nonnegative(name, value)?,
            "tolerance" => {
                let tolerance = settings::nonnegative(name, value)?;
                // Below rounding the recursion goes on without getting anywhere.
                if !(1e-14..1.0).contains(&tolerance) {
                    return Err(Error::Invalid(format!("tolerance {value}: at least 1e-14 and below 1")));
                }
                self.tolerance = tolerance;
            }
            "products" => self.products = settings::count(name, value, 0)?,
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}
