//! Influence functions (infinitesimal jackknife): one step with the Hessian on *all* rows.
//!
//! Write the mean objective as a mean of rows that carry their share of the regulariser,
//! `F = (1/n) Σ f_i`, `f_i = ℓ_i + (λ/2)‖θ‖² + ⟨b,θ⟩`, and `H = ∇²F(θ_o)`.
//!
//! | name | weights after removal | step |
//! |---|---|---|
//! | `influence` (simplex) | 1/\|R\| on the rows kept, summing to 1 | `(1/\|R\|) H⁻¹ Σ_F ∇f_i(θ_o)` |
//! | `influence-boolean` | 1/n on the rows kept, summing to \|R\|/n | `(1/n) H⁻¹ Σ_F ∇f_i(θ_o)` |
//!
//! They differ by the factor `n/|R|` exactly. Where `∇F(θ_o) = 0` the first is `−H⁻¹∇F_R(θ_o)`, because
//! `|R|∇F_R = n∇F − Σ_F ∇f_i`. The ridge belongs *into* the rows: the simplex step contains
//! `(m/|R|)(λθ_o + b)`, which leaving the ridge out of `f_i` would lose. Written with the forgotten rows
//! alone, the step does not take over the training's remaining gradient when `θ_o` is not stationary.
//!
//! Under the sum reduction the regulariser is counted once and no weight changes on the rows kept: both
//! names give `H⁻¹ Σ_F ∇ℓ_i(θ_o)`.
//!
//! Koh, Liang 2017 (arXiv 1703.04730); simplex weights: Jia et al. 2023 (arXiv 2304.04934), Proposition
//! 1 (recalled). The bound is T-influence ([`crate::bound::influence`]) or, where it is sharper,
//! T-residual at the result. For a network the Hessian at
//! `θ_o` must be positive definite.

use super::newton::{newton_step, not_a_minimiser};
use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, certificate};
use crate::bound::influence::{Terms, curvature_change, error, safe_error};
use crate::bound::{Bound, residual};
use crate::constants::{Constants, Region};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::enclosed::Enclosed;
use crate::objective::{Problem, Reduction};
use crate::train::{flops, newton_cg};
use nalgebra::DVector;
use std::time::Instant;

/// What becomes of the weights of the rows kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// They grow to `1/|R|`.
    Simplex,
    /// They stay `1/n`.
    Boolean,
}

/// The method.
#[derive(Debug, Clone, Copy)]
pub struct Influence {
    /// What becomes of the weights.
    pub weights: Weights,
}

impl Unlearner for Influence {
    fn name(&self) -> &'static str {
        match self.weights {
            Weights::Simplex => "influence",
            Weights::Boolean => "influence-boolean",
        }
    }

    /// Cost: the Hessian on all `n` rows (or as many products with it as conjugate gradients take) and the gradients of
    /// the forgotten ones.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, influence::{Influence, Weights}};
    /// // Mean of ½(θ−1)², ½(θ−3)² and ½θ²: θ_o = 1, H = 2, ∇f = (1−3) + 1 = −1 for the second row.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// let with = |weights| Influence { weights }.remove(&request).unwrap().theta[0];
    /// assert!((with(Weights::Simplex) - 0.5).abs() < 1e-15);   // 1 − ½·1/1
    /// assert!((with(Weights::Boolean) - 0.75).abs() < 1e-15);  // 1 − ½·1/2
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let theta = request.trained.theta();
        let begun = Instant::now();
        let (step, products) = influence_step(request.problem, request.forget, theta, self.weights)?;
        let unlearned = theta + &step;
        let (n, m, k) = (request.problem.rows() as f64, request.forget.len() as f64, theta.len());
        let (visits, system) = match products {
            None => (n, n * flops::hessian(k) + flops::solve(k)),
            Some(p) => (p as f64 * n, p as f64 * n * flops::product(k)),
        };
        let cost = Cost {
            row_visits: visits + m,
            flops: system + m * flops::gradient(k),
            seconds: begun.elapsed().as_secs_f64(),
        };
        if unlearned.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data("the step overflows; standardise the data or raise the ridge".into()));
        }
        let guarantee = self.guarantee(request, &unlearned)?;
        Ok(Unlearned { theta: unlearned, guarantee, cost, mask: None })
    }
}

impl Influence {
    fn guarantee(&self, request: &Request<'_>, theta: &DVector<f64>) -> Result<Guarantee> {
        if let Some(none) = not_a_minimiser(request) {
            return Ok(none);
        }
        let Trained::Minimiser(fit) = request.trained else { unreachable!("runs have returned above") };
        let Some(kept) = certificate::retained_constants(request)? else {
            return Ok(certificate::not_convex());
        };
        // T-influence is about the simplex step.
        let simplex = self.weights == Weights::Simplex || request.problem.reduction() == Reduction::Sum;
        let own = if simplex { Some(self.own_bound(request, &fit.theta, theta, &kept)) } else { None };
        certificate::minimiser(request, &kept, theta, own)
    }

    /// The better of T-influence and its safe form, for the step that ends exactly at the returned floats.
    fn own_bound(
        &self,
        request: &Request<'_>,
        from: &DVector<f64>,
        end: &DVector<f64>,
        kept: &Constants,
    ) -> Result<Bound> {
        let (full, retained) = (request.problem.full(), request.problem.retained(request.forget)?);
        let all = Constants::of(&full, Region::Everywhere);
        let all_rows = Enclosed::full(request.problem);
        let rows_kept = Enclosed::retained(request.problem, request.forget);
        let terms = Terms {
            curvature_change: curvature_change(&full, &retained, from)?,
            hessian_lipschitz: kept.hessian_lipschitz,
            linear_residual: residual::linear_residual(&all_rows, &rows_kept, from, end),
        };
        let gradient = residual::gradient_norm(&rows_kept, from);
        let displacement = residual::distance(gradient, kept.strong_convexity)?.value.hi();
        let direct = error(Interval::point(displacement), terms, all.strong_convexity);
        let newton = from + newton_step(&retained, from)?.0;
        let rho = residual::linear_residual(&rows_kept, &rows_kept, from, &newton);
        let both = Terms { linear_residual: (terms.linear_residual + rho).next_up(), ..terms };
        let length = |end: &DVector<f64>| norm(&residual::difference(end, from));
        let lengths = (length(&newton), length(end));
        certificate::better(direct, safe_error(lengths.0, lengths.1, both, kept.strong_convexity))
    }
}

/// The step of either kind from any parameters, and the products with the Hessian where it was not formed.
pub(crate) fn influence_step(
    problem: &Problem,
    forget: &RowSet,
    theta: &DVector<f64>,
    weights: Weights,
) -> Result<(DVector<f64>, Option<usize>)> {
    let right = right_side(problem, forget, theta, weights)?;
    if newton_cg::chosen(problem) {
        let solved = newton_cg::solve(&problem.full(), theta, &right)?;
        return Ok((solved.x, Some(solved.products)));
    }
    Ok((Cholesky::new(problem.full().hessian(theta), "the Hessian on all rows")?.solve(&right), None))
}

/// The right-hand side of the influence step, whatever the Hessian is approximated by.
pub(crate) fn right_side(
    problem: &Problem,
    forget: &RowSet,
    theta: &DVector<f64>,
    weights: Weights,
) -> Result<DVector<f64>> {
    let (n, m) = (problem.rows() as f64, forget.len() as f64);
    let forgotten = (0..problem.rows()).map(|i| if forget.contains(i) { 1.0 } else { 0.0 }).collect();
    let mut sum = problem.weighted(forgotten)?.risk_gradient(theta);
    // Σ_F ∇f_i, and by how much the weights of the rows kept grow.
    let factor = match (problem.reduction(), weights) {
        (Reduction::Sum, _) => 1.0,
        (Reduction::Mean, _) => {
            sum.axpy(m * problem.ridge(), theta, 1.0);
            if let Some(b) = problem.perturbation() {
                sum.axpy(m, b, 1.0);
            }
            if weights == Weights::Simplex { n / (n - m) } else { 1.0 }
        }
    };
    let scale = if problem.reduction() == Reduction::Mean { factor / n } else { 1.0 };
    Ok(sum * scale)
}
