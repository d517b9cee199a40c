//! Leaving rows out of a linear model with one output, from one factorisation of the full Hessian.
//!
//! With `A = ∇²F(θ)` on all rows, `w` the weight of a row (1 or 1/n), `X_U` the forgotten rows,
//! `S = diag(ℓ″)`, `ℓ′` their slopes and `G = X_U A⁻¹X_Uᵀ`, the Newton step of the objective without the
//! forgotten rows (weights of the others and λ *unchanged*) is
//!
//! `δ = w A⁻¹X_Uᵀ (I − wSG)⁻¹ ℓ′`,
//!
//! at a minimiser `θ` of `F`: `|U|` solves instead of a new factorisation. For squared loss `θ + δ` is the
//! retrained minimiser and `X_U(θ + δ)` are the leave-k-out predictions (Woodbury; Izzo et al. 2021,
//! arXiv 2002.10077, Theorem 2); for one row and any loss it is the approximate leave-one-out of Rahnama
//! Rad and Maleki 2020 (arXiv 1801.10243, recalled).
//!
//! "Weights unchanged" is retraining under the sum reduction. Under the mean reduction retraining also
//! rescales the rows kept against λ, and the formula is *not* retraining.

use super::features::features;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::objective::Problem;
use nalgebra::{DMatrix, DVector};

/// The step that leaves the forgotten rows out, with what it was made from.
#[derive(Debug, Clone)]
pub struct LeaveOut {
    features: DMatrix<f64>,
    leverages: DMatrix<f64>,
    residuals: DVector<f64>,
    change: DVector<f64>,
    step: DVector<f64>,
}

impl LeaveOut {
    /// Prepares the step at `theta`, a minimiser of the full objective.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a model that is not linear with one output, [`Error::Shape`] when `theta` or
    /// the forget set do not fit, [`Error::Indefinite`] when the Hessian is singular, with or without the
    /// forgotten rows.
    pub fn new(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<LeaveOut> {
        problem.check_forget(forget)?;
        let x = features(problem, forget.rows())?;
        Error::check_shape("parameters", problem.active(), theta.len())?;
        let full = problem.full();
        let w = full.weights()[0];
        let solved = Cholesky::new(full.hessian(theta), "the Hessian on all rows")?.solve_matrix(&x);
        let gram = x.tr_mul(&solved);
        let (slope, bend) = derivatives(problem, forget.rows(), &x.tr_mul(theta));
        // Through S^½ on both sides the matrix is symmetric, and a saturated row (S = 0) divides nothing.
        let root = bend.map(f64::sqrt);
        let leverages = DMatrix::from_fn(x.ncols(), x.ncols(), |i, j| w * root[i] * gram[(i, j)] * root[j]);
        let remaining = DMatrix::identity(x.ncols(), x.ncols()) - &leverages;
        let factor = Cholesky::new(remaining, "I − H_UU of the forgotten rows")?;
        let seen = root.component_mul(&(&gram * &slope));
        let weights = &slope + root.component_mul(&factor.solve(&seen)) * w;
        Ok(LeaveOut {
            change: &gram * &weights * w,
            step: solved * weights * w,
            residuals: -slope,
            features: x,
            leverages,
        })
    }

    /// `δ`: what is added to `θ`.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::{Problem, Reduction}, unlearn::leave_out::LeaveOut};
    /// // Rows x = 1, 1 with y = 1, 3, sum reduction, λ = 1: θ = 4/3; without the second row θ = 1/2.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap().with_reduction(Reduction::Sum);
    /// let theta = nalgebra::dvector![4.0 / 3.0];
    /// let out = LeaveOut::new(&problem, &theta, &RowSet::new(2, vec![1]).unwrap()).unwrap();
    /// assert!((theta[0] + out.step()[0] - 0.5).abs() < 1e-15);
    /// assert!((out.leverages()[(0, 0)] - 1.0 / 3.0).abs() < 1e-15);
    /// ```
    pub fn step(&self) -> &DVector<f64> {
        &self.step
    }

    /// `X_U δ`: by how much the outputs of the forgotten rows change.
    pub fn change(&self) -> &DVector<f64> {
        &self.change
    }

    /// `X_Uᵀ`, one column per forgotten row, on the kept coordinates.
    pub fn features(&self) -> &DMatrix<f64> {
        &self.features
    }

    /// `H_UU = w S^½ X_U A⁻¹X_Uᵀ S^½`; the diagonal holds the leverages.
    pub fn leverages(&self) -> &DMatrix<f64> {
        &self.leverages
    }

    /// `−ℓ′` at `θ`: the residuals `y − z` for squared loss, label minus probability for logistic.
    pub fn residuals(&self) -> &DVector<f64> {
        &self.residuals
    }
}

/// `y_U − X_Uθ₋U`: the residuals of the forgotten rows under the model retrained without them,
/// `(I − H_UU)⁻¹(y_U − X_Uθ)` (Izzo et al. 2021, Theorem 2, for fixed λ), without retraining.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::{Problem, Reduction}};
/// use unlearn::unlearn::leave_out::leave_out_residuals;
/// // As in `LeaveOut::step`: without the second row θ = 1/2, so its residual is 3 − 1/2.
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
/// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
/// let problem = Problem::new(data.into(), model, 1.0).unwrap().with_reduction(Reduction::Sum);
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let r = leave_out_residuals(&problem, &nalgebra::dvector![4.0 / 3.0], &forget).unwrap();
/// assert!((r[0] - 2.5).abs() < 1e-15);
/// ```
///
/// # Errors
/// As [`LeaveOut::new`]; [`Error::Invalid`] for another loss than squared, where it is no identity.
pub fn leave_out_residuals(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<DVector<f64>> {
    if problem.model().loss() != Loss::Squared {
        return Err(Error::Invalid(
            "leave-k-out residuals are exact for squared loss only; use leave_one_out_outputs".into(),
        ));
    }
    let out = LeaveOut::new(problem, theta, forget)?;
    Ok(out.residuals() - out.change())
}

/// Approximate leave-one-out (ALO): for every row the output it would get from one Newton step on the
/// others, `z_i + q_i ℓ′_i/(1 − q_i ℓ″_i)` with `q_i = w xᵢᵀA⁻¹xᵢ`, all from one factorisation.
///
/// Exact leave-one-out for squared loss under the sum reduction. Source: Rahnama Rad and Maleki 2020
/// (arXiv 1801.10243), recalled.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, model::Model, objective::{Problem, Reduction}};
/// use unlearn::unlearn::leave_out::leave_one_out_outputs;
/// // x = 1, 1 and y = 1, 3, λ = 1: without the first row θ = 3/2, without the second 1/2.
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
/// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
/// let problem = Problem::new(data.into(), model, 1.0).unwrap().with_reduction(Reduction::Sum);
/// let z = leave_one_out_outputs(&problem, &nalgebra::dvector![4.0 / 3.0]).unwrap();
/// assert!((z[0] - 1.5).abs() < 1e-15 && (z[1] - 0.5).abs() < 1e-15);
/// ```
///
/// # Errors
/// As [`LeaveOut::new`].
pub fn leave_one_out_outputs(problem: &Problem, theta: &DVector<f64>) -> Result<DVector<f64>> {
    let rows: Vec<usize> = (0..problem.rows()).collect();
    let x = features(problem, &rows)?;
    Error::check_shape("parameters", problem.active(), theta.len())?;
    let full = problem.full();
    let w = full.weights()[0];
    let solved = Cholesky::new(full.hessian(theta), "the Hessian on all rows")?.solve_matrix(&x);
    let mut z = x.tr_mul(theta);
    let (slope, bend) = derivatives(problem, &rows, &z);
    for i in rows {
        let q = w * x.column(i).dot(&solved.column(i));
        let left = 1.0 - q * bend[i];
        // A leverage of 1 up to rounding: the other rows do not determine this output.
        if left <= f64::EPSILON * x.nrows() as f64 {
            return Err(Error::Indefinite { what: "the Hessian without one row", pivot: i });
        }
        z[i] += q * slope[i] / left;
    }
    Ok(z)
}

/// `ℓ′` and `ℓ″` of the named rows at outputs `z`.
pub(crate) fn derivatives(
    problem: &Problem,
    rows: &[usize],
    z: &DVector<f64>,
) -> (DVector<f64>, DVector<f64>) {
    let loss = problem.model().loss();
    let at = |f: &dyn Fn(usize, &mut [f64])| {
        DVector::from_fn(rows.len(), |i, _| {
            let mut out = [0.0];
            f(i, &mut out);
            out[0]
        })
    };
    let slope = at(&|i, out| loss.gradient(&[z[i]], problem.target()[rows[i]], out));
    let bend = at(&|i, out| loss.curvature(&[z[i]], out));
    (slope, bend)
}
