//! The share of rows a classifier labels correctly.

use crate::loss::Loss;
use crate::objective::Problem;
use nalgebra::DVector;

/// The share of `rows` whose label is predicted: the sign of the logit for logistic loss (0 predicts
/// label 0), the largest logit for softmax (ties go to the smaller class). `None` for squared loss,
/// which has no labels, and when there is no row.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, metric::accuracy::accuracy, model::Model, objective::Problem};
/// let x = Design::dense(3, 1, vec![-1.0, 2.0, 3.0]).unwrap();
/// let data = Dataset::new("three", x, vec![0.0, 1.0, 0.0]).unwrap();
/// let model = Model::linear(1, 1, Loss::Logistic, false).unwrap();
/// let problem = Problem::new(data.into(), model, 0.0).unwrap();
/// // θ = 1 predicts 0, 1, 1.
/// assert_eq!(accuracy(&problem, &nalgebra::dvector![1.0], &[0, 1]), Some(1.0));
/// assert_eq!(accuracy(&problem, &nalgebra::dvector![1.0], &[0, 2]), Some(0.5));
/// ```
///
/// Panics when `theta` does not have `k` entries or a row is out of range.
pub fn accuracy(problem: &Problem, theta: &DVector<f64>, rows: &[usize]) -> Option<f64> {
    if rows.is_empty() || problem.model().loss() == Loss::Squared {
        return None;
    }
    let net = problem.network();
    let mut ws = net.workspace();
    let right = rows
        .iter()
        .filter(|&&i| {
            let z = net.forward(theta.as_slice(), problem.data().design().row(i), &mut ws);
            let predicted = match problem.model().loss() {
                Loss::Softmax => (1..z.len()).fold(0, |best, c| if z[c] > z[best] { c } else { best }),
                Loss::Logistic | Loss::Squared => usize::from(z[0] > 0.0),
            };
            problem.target()[i] == predicted as f64
        })
        .count();
    Some(right as f64 / rows.len() as f64)
}
