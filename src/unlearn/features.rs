//! The rows of a linear model as its kept parameters see them.

use crate::error::{Error, Result};
use crate::model::Coordinate;
use crate::objective::Problem;
use nalgebra::DMatrix;

/// The `k × |rows|` matrix whose columns are `∂z/∂θ`: the features of each named row at the kept
/// coordinates, 1 at the bias. The output is `z = xᵀθ`.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, unlearn::features::features};
/// let x = Design::dense(2, 2, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
/// let data = Dataset::new("two", x, vec![0.0, 1.0]).unwrap();
/// let model = Model::linear(2, 1, Loss::Squared, true).unwrap();
/// let problem = Problem::new(data.into(), model, 1.0).unwrap();
/// assert_eq!(features(&problem, &[1]).unwrap().as_slice(), [3.0, 4.0, 1.0]);
/// ```
///
/// # Errors
/// [`Error::Invalid`] when the model is not linear with one output, or a row does not exist.
pub fn features(problem: &Problem, rows: &[usize]) -> Result<DMatrix<f64>> {
    let model = problem.model();
    if !model.is_linear() || model.outputs() != 1 {
        return Err(Error::Invalid(
            "this formula needs a linear model with one output (linear:squared or linear:logistic)".into(),
        ));
    }
    if let Some(i) = rows.iter().find(|&&i| i >= problem.rows()) {
        return Err(Error::Invalid(format!("row {i} of a data set with {} rows", problem.rows())));
    }
    let inputs: Vec<Option<usize>> = problem
        .mask()
        .active()
        .iter()
        .map(|&j| {
            let Coordinate { input, .. } = model.coordinate(j);
            input
        })
        .collect();
    let mut dense = vec![0.0; problem.data().cols()];
    let mut out = DMatrix::zeros(problem.active(), rows.len());
    for (&i, mut column) in rows.iter().zip(out.column_iter_mut()) {
        problem.data().design().row(i).write_dense(&mut dense);
        column.iter_mut().zip(&inputs).for_each(|(v, input)| *v = input.map_or(1.0, |c| dense[c]));
    }
    Ok(out)
}
