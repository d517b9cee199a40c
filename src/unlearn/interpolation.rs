//! Deletion for interpolating linear models: fewer rows than parameters, no ridge.
//!
//! `θ = X⁺y` is the shortest parameter vector that fits every row. When the rows are independent
//! (derived here; related: Block, Mokhtari and Shakkottai 2025, arXiv 2505.22601, and MUSO, arXiv
//! 2410.08557, both recalled):
//! - `θ₋U = P θ` with `P` the projection onto the span of the rows *kept*: no target and no forgotten row
//!   is needed;
//! - refitting all rows after replacing the forgotten targets by `x_f·θ₋U` gives `θ₋U`.
//!
//! The loss gradients of the kept rows vanish at `θ`, so gradient and Newton methods return `θ` itself.

use super::features::features;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::span::Span;
use crate::objective::Problem;
use nalgebra::DVector;

/// The shortest `θ` with `xᵢᵀθ = targetᵢ` for the named rows; `targets` has one entry per named row.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, unlearn::interpolation::minimum_norm};
/// // θ₁ + θ₂ = 2: (1, 1) is the shortest solution.
/// let data = Dataset::new("one", Design::dense(1, 2, vec![1.0, 1.0]).unwrap(), vec![2.0]).unwrap();
/// let model = Model::linear(2, 1, Loss::Squared, false).unwrap();
/// let problem = Problem::new(data.into(), model, 0.0).unwrap();
/// let theta = minimum_norm(&problem, &[0], &nalgebra::dvector![2.0]).unwrap();
/// assert!((theta - nalgebra::dvector![1.0, 1.0]).norm() < 1e-14);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for anything but a linear model with squared loss, [`Error::Shape`] when the
/// targets do not fit the rows, [`Error::Data`] when the rows are linearly dependent.
pub fn minimum_norm(problem: &Problem, rows: &[usize], targets: &DVector<f64>) -> Result<DVector<f64>> {
    Error::check_shape("targets (one per row)", rows.len(), targets.len())?;
    Ok(independent(problem, rows)?.least_norm(targets))
}

/// `P θ`: the minimum-norm interpolator of the rows kept, from that of all rows.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, unlearn::interpolation::project_out};
/// // Rows (1, 0) → 3 and (1, 1) → 5: θ = (3, 2); the first row alone gives (3, 0).
/// let x = Design::dense(2, 2, vec![1.0, 0.0, 1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![3.0, 5.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(2, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let theta = project_out(&problem, &nalgebra::dvector![3.0, 2.0], &forget).unwrap();
/// assert!((theta - nalgebra::dvector![3.0, 0.0]).norm() < 1e-14);
/// ```
///
/// # Errors
/// As [`minimum_norm`] and [`Problem::check_forget`]. `θ` itself is not checked: run from another start
/// than 0, gradient descent ends at `θ + (I − P_row)θ_0`, whose projection is not retraining.
pub fn project_out(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<DVector<f64>> {
    problem.check_forget(forget)?;
    Error::check_shape("parameters", problem.active(), theta.len())?;
    Ok(independent(problem, &forget.complement())?.project(theta))
}

/// Targets for which refitting *all* rows gives the model without the forgotten ones: `y` on the rows
/// kept, `x_f·θ₋U` on the forgotten.
///
/// # Errors
/// As [`project_out`].
pub fn forgetting_targets(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<DVector<f64>> {
    let without = project_out(problem, theta, forget)?;
    let x = features(problem, forget.rows())?;
    let mut targets = DVector::from_column_slice(problem.target());
    for (&i, z) in forget.rows().iter().zip(x.tr_mul(&without).iter()) {
        targets[i] = *z;
    }
    Ok(targets)
}

fn independent(problem: &Problem, rows: &[usize]) -> Result<Span> {
    if problem.model().loss() != Loss::Squared {
        return Err(Error::Invalid("only squared loss has a minimum-norm interpolator".into()));
    }
    let span = Span::of_columns(&features(problem, rows)?)?;
    if span.rank() < rows.len() {
        return Err(Error::Data(format!(
            "the {} rows span only {} dimensions of the {} kept parameters; remove dependent rows",
            rows.len(),
            span.rank(),
            problem.active()
        )));
    }
    Ok(span)
}
