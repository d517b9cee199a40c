//! How sure a classifier is of the right label.

use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::objective::Problem;
use nalgebra::DVector;

/// The probability that the model gives to the label of each of `rows`: `p(yᵢ|xᵢ) = e^{−ℓᵢ(θ)}`, for softmax and
/// logistic loss alike.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, metric::confidence::confidences, model::Model, objective::Problem};
/// let x = Design::dense(2, 1, vec![0.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![0.0, 1.0]).unwrap();
/// let model = Model::linear(1, 1, Loss::Logistic, false).unwrap();
/// let problem = Problem::new(data.into(), model, 0.0).unwrap();
/// // Logits 0 and ln 3: probabilities ½ of label 0 and ¾ of label 1.
/// let p = confidences(&problem, &nalgebra::dvector![3.0_f64.ln()], &[0, 1]).unwrap();
/// assert!((p[0] - 0.5).abs() < 1e-15 && (p[1] - 0.75).abs() < 1e-15);
/// ```
///
/// Panics when `theta` does not have `k` entries or a row is out of range.
///
/// # Errors
/// [`Error::Invalid`] for squared loss, which has no labels; [`Error::Data`] when an output overflows.
pub fn confidences(problem: &Problem, theta: &DVector<f64>, rows: &[usize]) -> Result<Vec<f64>> {
    let (net, loss) = (problem.network(), problem.model().loss());
    if loss == Loss::Squared {
        return Err(Error::Invalid(
            "squared loss gives no probability to a label; use a logistic or softmax model".into(),
        ));
    }
    let mut ws = net.workspace();
    rows.iter()
        .map(|&i| {
            let z = net.forward(theta.as_slice(), problem.data().design().row(i), &mut ws);
            let p = (-loss.value(z, problem.target()[i])).exp();
            if p.is_nan() { Err(Error::Data(format!("the outputs of row {i} overflow"))) } else { Ok(p) }
        })
        .collect()
}
