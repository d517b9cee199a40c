//! Exact removal of a group of rows from ridge regression in closed form.
//!
//! With `A = wXᵀX + λI` the Hessian on all rows (`w` the weight of a row), `e_F = y_F − X_Fθ_o` and
//! `S = I − wX_FA⁻¹X_Fᵀ`,
//!
//! `θ_r = θ_o − w A⁻¹X_Fᵀ S⁻¹ e_F`.
//!
//! This is Woodbury's identity for `A_R = A − wX_FᵀX_F`; Cook, Weisberg 1982, Izzo et al. 2021 (arXiv
//! 2002.10077). It needs the regulariser to stay as it is, `A_R = A − wX_FᵀX_F`:
//!
//! - `sum`: `w = 1`, λ and `b` are counted once. Exact.
//! - `mean`: dividing by `|R|` instead of `n` is, times `|R|`, `A_R = XᵀX − X_FᵀX_F + λ|R|I`, so the
//!   ridge changes by `λmI`, in every direction. Not a change of rank `m`: refused, unless λ = 0 and
//!   there is no perturbation, where `w = 1/n` gives the same minimiser. (Newton's step is exact for
//!   either reduction.)
//!
//! `S` is positive definite exactly when the rows kept determine the solution.

use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, certificate};
use crate::constants::kept_inputs;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::numeric::woodbury::{Way, cheapest, subtract_rows};
use crate::objective::{Problem, Reduction};
use crate::train::flops;
use crate::train::newton::{Fit, STATIONARY};
use nalgebra::{DMatrix, DVector};
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, Default)]
pub struct RidgeDeletion;

impl Unlearner for RidgeDeletion {
    fn name(&self) -> &'static str {
        "ridge-deletion"
    }

    /// Cost: the Hessian on all `n` rows and the `m` forgotten ones.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::objective::{Problem, Reduction};
    /// use unlearn::{loss::Loss, model::Model, train::newton::minimise};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, ridge_deletion::RidgeDeletion};
    /// // ½(θ−1)² + ½(θ−5)² + ½θ²: θ_o = 6/3 = 2. Without the second row: θ_r = ½.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 5.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap().with_reduction(Reduction::Sum);
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// // A = 3, S = 1 − ⅓, e = 3: 2 − ⅓·(3/2)·3.
    /// assert!((RidgeDeletion.remove(&request).unwrap().theta[0] - 0.5).abs() < 1e-15);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let problem = request.problem;
        applicable(problem)?;
        let Trained::Minimiser(fit) = request.trained else {
            return Err(Error::Invalid(
                "ridge-deletion updates a minimiser; for a recorded run use recollection, which is exact for \
                 squared loss"
                    .into(),
            ));
        };
        let begun = Instant::now();
        let full = problem.full();
        let w = full.weights()[0];
        let marks = (0..problem.rows()).map(|i| if request.forget.contains(i) { 1.0 } else { 0.0 }).collect();
        // The kept inputs of a single output, bias last, are the kept parameters in their order.
        let (k, rows, _) = kept_inputs(&problem.weighted(marks)?);
        let xt = DMatrix::from_vec(k, request.forget.len(), rows);
        let residuals = DVector::from_iterator(
            request.forget.len(),
            request
                .forget
                .rows()
                .iter()
                .zip(xt.column_iter())
                .map(|(&i, x)| problem.target()[i] - x.dot(&fit.theta)),
        );
        let (solved, flops) = solve(full.hessian(&fit.theta), &xt, w, &residuals)?;
        let theta = &fit.theta - solved;
        let row_visits = (problem.rows() + request.forget.len()) as f64;
        let flops = problem.rows() as f64 * flops::hessian(k) + flops;
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        if theta.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data("the update overflows; standardise the data or raise the ridge".into()));
        }
        let guarantee = guarantee(request, fit, &theta)?;
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }
}

/// `wA_R⁻¹X_Fᵀe_F` and its operations: through the factor of `A` and `S`, or where there are so many rows that `S` costs more
/// than another matrix of order `k`, through `A_R` itself (`A⁻¹X_FᵀS⁻¹ = A_R⁻¹X_Fᵀ`).
fn solve(
    mut a: DMatrix<f64>,
    xt: &DMatrix<f64>,
    w: f64,
    residuals: &DVector<f64>,
) -> Result<(DVector<f64>, f64)> {
    let (k, m) = xt.shape();
    let (order, rank) = (k as f64, m as f64);
    if cheapest(k, m, false) == Way::Refactor {
        subtract_rows(&mut a, xt, &vec![w; m]);
        let left = Cholesky::new(a, "the Hessian on the rows kept")?;
        return Ok((left.solve(&(xt * residuals)) * w, rank * order * order + flops::solve(k)));
    }
    let a = Cholesky::new(a, "the Hessian on all rows")?;
    let solved = a.solve_matrix(xt) * w;
    let s = DMatrix::identity(m, m) - xt.tr_mul(&solved);
    let s = Cholesky::new(
        s,
        "I − H_FF (the leverage of the forgotten rows; the rows kept do not determine the model)",
    )?;
    // The factor of A, A⁻¹X_Fᵀ, S and its factor.
    let flops = flops::solve(k) + 2.0 * rank * order * (order + rank) + flops::solve(m);
    Ok((solved * s.solve(residuals), flops))
}

/// The identity speaks about a minimiser; from other parameters the step ends `A_R⁻¹∇F(θ_o)` off, which
/// only the residual at its end can tell.
fn guarantee(request: &Request<'_>, fit: &Fit, theta: &DVector<f64>) -> Result<Guarantee> {
    let Some(c) = certificate::retained_constants(request)? else { return Ok(certificate::not_convex()) };
    // As far as `minimise` may stop from the floor of rounding; NaN counts as further.
    if c.strong_convexity > 0.0 && fit.residual <= STATIONARY * fit.rounding {
        return Ok(Guarantee::Exact { theorem: "Unlearn.Ridge.ridge_removal_exact" });
    }
    certificate::minimiser(request, &c, theta, None)
}

fn applicable(problem: &Problem) -> Result<()> {
    if problem.model().loss() != Loss::Squared || !problem.model().is_linear() {
        return Err(Error::Invalid(
            "ridge-deletion is for a linear model with squared loss; use newton for other losses".into(),
        ));
    }
    let changes = problem.ridge() != 0.0 || problem.perturbation().is_some();
    if problem.reduction() == Reduction::Mean && changes {
        return Err(Error::Invalid(
            "ridge-deletion needs the regulariser to keep its weight, but under the mean reduction removing \
             rows changes it relative to the data; use the sum reduction, or newton, which is exact for \
             squared loss under either"
                .into(),
        ));
    }
    Ok(())
}
