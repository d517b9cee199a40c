//! Datamodels of ridge regression in closed form, and DM-Direct with them (Georgiev et al. 2024, arXiv 2410.23232, Algorithm
//! A.2 in the authors' copy; closed forms derived here).
//!
//! With `A = wXᵀX + λI`, `H_FF = wX_F A⁻¹X_Fᵀ` and residuals `e = y − Xθ`, weights of rows and λ unchanged:
//!
//! | | formula |
//! |---|---|
//! | group-deletion oracle | `f_x(θ_r) = f_x(θ) − wxᵀA⁻¹X_Fᵀ(I − H_FF)⁻¹e_F`; on the forgotten rows `y_F − (I − H_FF)⁻¹e_F`, MUSO's labels |
//! | single-deletion datamodel | `β_i(x) = f_x(θ) − f_x(θ₋ᵢ) = wxᵀA⁻¹xᵢ eᵢ/(1 − h_ii)` |
//! | DM-Direct | `h(x) = f_x(θ) − μ Σ_{i∈F} β_i(x)`, multiplier `μ` (1 in the code) |
//! | its error, `μ = 1` | `wxᵀA⁻¹X_Fᵀ[(I − H_FF)⁻¹ − (I − diag H_FF)⁻¹]e_F` |
//!
//! `h` is linear in `x`: as a model its parameters are `θ − μ Σ_F wA⁻¹xᵢeᵢ/(1 − h_ii)`. It is retraining for one row and for
//! rows with `h_ij = 0`, and not for groups. The plain influence function leaves the `1 − h_ii` out as well.

use super::leave_out::LeaveOut;
use super::{Cost, Request, Trained, Unlearned, Unlearner, evidence, settings};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::objective::{Problem, Reduction};
use crate::train::flops;
use nalgebra::{DMatrix, DVector};
use std::time::Instant;

/// The single-deletion datamodels of the forgotten rows, and the group oracle beside them.
#[derive(Debug, Clone)]
pub struct Datamodels {
    theta: DVector<f64>,
    /// `wA⁻¹xᵢeᵢ/(1 − h_ii)`: what row `i` put into the parameters, one column per forgotten row.
    effects: DMatrix<f64>,
    /// `θ_r − θ`.
    group: DVector<f64>,
}

impl Datamodels {
    /// From a minimiser on all rows.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::{Problem, Reduction}, unlearn::datamodel::Datamodels};
    /// // x = 1, 1, 1 and y = 1, 3, 5, sum, λ = 1: θ = 9/4. Without row 1: 2. Without row 2: 4/3. Without both: ½.
    /// let x = Design::dense(3, 1, vec![1.0; 3]).unwrap();
    /// let data = Dataset::new("three", x, vec![1.0, 3.0, 5.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap().with_reduction(Reduction::Sum);
    /// let forget = RowSet::new(3, vec![1, 2]).unwrap();
    /// let dm = Datamodels::new(&problem, &nalgebra::dvector![2.25], &forget).unwrap();
    /// assert!((dm.effects() - nalgebra::dmatrix![0.25, 11.0 / 12.0]).norm() < 1e-15);
    /// assert!((dm.direct(1.0)[0] - (2.25 - 0.25 - 11.0 / 12.0)).abs() < 1e-15); // 1.083…, not ½
    /// assert!((dm.oracle()[0] - 0.5).abs() < 1e-15);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything but a linear model with squared loss, and as [`LeaveOut::new`].
    pub fn new(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<Datamodels> {
        if problem.model().loss() != Loss::Squared {
            return Err(Error::Invalid(
                "datamodels in closed form are for squared loss; neighbour::lasso estimates them for others"
                    .into(),
            ));
        }
        let out = LeaveOut::new(problem, theta, forget)?;
        let full = problem.full();
        let w = full.weights()[0];
        let mut effects =
            Cholesky::new(full.hessian(theta), "the Hessian on all rows")?.solve_matrix(out.features());
        for (j, mut column) in effects.column_iter_mut().enumerate() {
            column *= w * out.residuals()[j] / (1.0 - out.leverages()[(j, j)]);
        }
        Ok(Datamodels { theta: theta.clone(), effects, group: out.step().clone() })
    }

    /// `wA⁻¹xᵢeᵢ/(1 − h_ii)`, one column per forgotten row: `β_i(x)` is its inner product with `x`.
    pub fn effects(&self) -> &DMatrix<f64> {
        &self.effects
    }

    /// `β`, one row per forgotten row, at points given as columns.
    pub fn betas(&self, points: &DMatrix<f64>) -> DMatrix<f64> {
        self.effects.tr_mul(points)
    }

    /// The parameters of DM-Direct.
    pub fn direct(&self, multiplier: f64) -> DVector<f64> {
        &self.theta - self.effects.column_sum() * multiplier
    }

    /// `θ_r`, by deletion of the whole group.
    pub fn oracle(&self) -> DVector<f64> {
        &self.theta + &self.group
    }
}

/// The method: DM-Direct as a model.
#[derive(Debug, Clone, Copy)]
pub struct Datamodel {
    /// `μ ≥ 0`; 1 in the code, about 0.9 was reported to help with estimated datamodels.
    pub multiplier: f64,
}

impl Default for Datamodel {
    fn default() -> Datamodel {
        Datamodel { multiplier: 1.0 }
    }
}

impl Unlearner for Datamodel {
    fn name(&self) -> &'static str {
        "datamodel"
    }

    /// Cost: the Hessian on all rows and the forgotten ones.
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let problem = request.problem;
        let Trained::Minimiser(fit) = request.trained else {
            return Err(Error::Invalid(
                "datamodel starts from a minimiser; for a recorded run use recollection, which is exact for squared loss"
                    .into(),
            ));
        };
        check(problem, self.name())?;
        let begun = Instant::now();
        let theta = Datamodels::new(problem, &fit.theta, request.forget)?.direct(self.multiplier);
        if theta.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data("the update overflows; standardise the data or raise the ridge".into()));
        }
        let (n, m, k) = (problem.rows(), request.forget.len(), theta.len());
        let cost = Cost {
            row_visits: (n + m) as f64,
            flops: n as f64 * flops::hessian(k) + flops::solve(k) + 2.0 * (m * k * k) as f64,
            seconds: begun.elapsed().as_secs_f64(),
        };
        let guarantee = evidence::of_any(request, &theta)?;
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("multiplier", settings::text(self.multiplier))]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if name != "multiplier" {
            return Err(settings::unknown(self.name(), name, &self.settings()));
        }
        self.multiplier = settings::nonnegative(name, value)?;
        Ok(())
    }
}

/// Do deletions leave the weights of the other rows and λ as they are?
pub(super) fn check(problem: &Problem, method: &'static str) -> Result<()> {
    if problem.model().loss() != Loss::Squared || !problem.model().is_linear() {
        return Err(Error::Invalid(format!(
            "{method} with datamodels is for a linear model with squared loss; neighbour::lasso estimates them for others"
        )));
    }
    if problem.reduction() == Reduction::Mean && (problem.ridge() != 0.0 || problem.perturbation().is_some())
    {
        return Err(Error::Invalid(format!(
            "{method} adds up deletions of single rows with the regulariser as it is, but under the mean reduction \
             each changes it relative to the data; use the sum reduction"
        )));
    }
    Ok(())
}
