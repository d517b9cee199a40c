//! Trojans: does the trigger still work, and does the model still work without it?

use super::accuracy::accuracy;
use crate::error::{Error, Result};
use crate::objective::Problem;
use nalgebra::DVector;

/// What is left of a backdoor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backdoor {
    /// ASR: the share of triggered test rows *of other classes than the target* that are labelled as the target.
    /// Rows of the target class would count as successes without any backdoor (10 % of ten classes).
    pub attack_success: f64,
    /// SA: accuracy on the clean test rows, all classes.
    pub standard_accuracy: f64,
}

impl Backdoor {
    /// Evaluates a model, given by its `k` kept parameters, on the test rows with and without the trigger. Both
    /// problems carry the *true* labels.
    ///
    /// Source: Jia et al. 2023 (arXiv 2304.04934), Trojan cleanse; without the target class: derived here.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::{loss::Loss, metric::backdoor::Backdoor, model::Model, objective::Problem};
    /// let of = |x: Vec<f64>, y| {
    ///     let data = Dataset::new("d", Design::dense(x.len(), 1, x).unwrap(), y).unwrap();
    ///     Problem::new(data.into(), Model::linear(1, 1, Loss::Logistic, false).unwrap(), 0.0).unwrap()
    /// };
    /// // θ = 1 predicts the sign. The trigger turns one of the two rows of class 0 into class 1, the target.
    /// let labels = vec![0.0, 0.0, 1.0];
    /// let (clean, triggered) = (of(vec![-1.0, -2.0, 3.0], labels.clone()), of(vec![1.0, -2.0, 3.0], labels));
    /// let b = Backdoor::of(&clean, &triggered, &nalgebra::dvector![1.0], 1.0).unwrap();
    /// assert_eq!((b.attack_success, b.standard_accuracy), (0.5, 1.0));
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for squared loss or when every test row is of the target class, [`Error::Shape`] when
    /// the two differ in their number of rows.
    pub fn of(clean: &Problem, triggered: &Problem, theta: &DVector<f64>, target: f64) -> Result<Backdoor> {
        Error::check_shape("triggered test rows", clean.rows(), triggered.rows())?;
        let all: Vec<usize> = (0..clean.rows()).collect();
        let standard_accuracy = accuracy(clean, theta, &all).ok_or_else(|| {
            Error::Invalid("squared loss has no labels to attack; use a logistic or softmax model".into())
        })?;
        let others: Vec<usize> = all.into_iter().filter(|&i| clean.target()[i] != target).collect();
        if others.is_empty() {
            return Err(Error::Invalid(format!(
                "every test row is of the target class {target}, so there is nothing to attack; keep more rows for testing"
            )));
        }
        let net = triggered.network();
        let mut ws = net.workspace();
        let hit = others
            .iter()
            .filter(|&&i| {
                let z = net.forward(theta.as_slice(), triggered.data().design().row(i), &mut ws);
                triggered.model().loss().predict(z) == target
            })
            .count();
        Ok(Backdoor { attack_success: hit as f64 / others.len() as f64, standard_accuracy })
    }
}
