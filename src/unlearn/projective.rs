//! The projective residual update of Izzo et al. 2021 (arXiv 2002.10077, Theorems 1 and 5).
//!
//! `θ_res = θ + P(θ₋U − θ)` with `P` the orthogonal projection onto the span of the forgotten rows. It
//! needs only the leave-k-out predictions: the shortest change of `θ` that gives the forgotten rows the
//! outputs they would have after retraining. So `‖θ_res − θ₋U‖ = ‖(I − P)(θ₋U − θ)‖`: never worse than
//! leaving `θ` alone, and exact only if `θ₋U − θ` lies in that span. For logistic loss `θ₋U − θ` is
//! replaced by the Newton step.

use super::leave_out::LeaveOut;
use crate::data::RowSet;
use crate::error::Result;
use crate::numeric::span::Span;
use crate::objective::Problem;
use nalgebra::DVector;

/// `θ_res` from a minimiser `θ` of the full objective; the weights of the kept rows and λ stay as they
/// are (the sum reduction's retraining).
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::{Problem, Reduction}};
/// use unlearn::unlearn::projective::projective_update;
/// // One row (1, 0) with y = 2 and one (0, 1) with y = 4, λ = 1: θ = (1, 2). Retraining without the
/// // second row gives (1, 0), and the change lies along that row: the update is exact here.
/// let x = Design::dense(2, 2, vec![1.0, 0.0, 0.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![2.0, 4.0]).unwrap();
/// let model = Model::linear(2, 1, Loss::Squared, false).unwrap();
/// let problem = Problem::new(data.into(), model, 1.0).unwrap().with_reduction(Reduction::Sum);
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let theta = projective_update(&problem, &nalgebra::dvector![1.0, 2.0], &forget).unwrap();
/// assert!((theta - nalgebra::dvector![1.0, 0.0]).norm() < 1e-14);
/// ```
///
/// # Errors
/// As [`LeaveOut::new`] and [`Span::of_columns`].
pub fn projective_update(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<DVector<f64>> {
    let out = LeaveOut::new(problem, theta, forget)?;
    Ok(theta + Span::of_columns(out.features())?.least_norm(out.change()))
}
