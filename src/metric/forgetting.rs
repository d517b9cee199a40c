//! UA, RA and TA: accuracy where it should be lost and where it should be kept.

use super::accuracy::accuracy;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use nalgebra::DVector;

/// Which test rows the test accuracy is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tested<'a> {
    /// All of them.
    All,
    /// Those of other classes than these. Only on request: released code of Jia et al. 2023 leaves the
    /// forgotten class out when the *number* of forgotten rows is that of a class.
    WithoutClasses(&'a [f64]),
}

impl Tested<'_> {
    /// The rows meant, increasing.
    ///
    /// # Errors
    /// [`Error::Invalid`] when none is left.
    pub fn rows(self, test: &Problem) -> Result<Vec<usize>> {
        let without = match self {
            Tested::All => &[][..],
            Tested::WithoutClasses(classes) => classes,
        };
        let rows: Vec<usize> = (0..test.rows()).filter(|&i| !without.contains(&test.target()[i])).collect();
        if rows.is_empty() {
            return Err(Error::Invalid(
                "no test row is left without the forgotten classes; keep more rows for testing".into(),
            ));
        }
        Ok(rows)
    }
}

/// The three accuracies of an unlearned model, each in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forgetting {
    /// UA `= 1 − accuracy` on the forgotten rows.
    pub unlearning: f64,
    /// RA: accuracy on the retained rows.
    pub retained: f64,
    /// TA: accuracy on the test rows asked for.
    pub test: f64,
}

impl Forgetting {
    /// Evaluates a model, given by its `k` kept parameters, on training and test rows.
    ///
    /// Source: Jia et al. 2023 (arXiv 2304.04934), evaluation metrics (as summarised by others; not read there).
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::metric::forgetting::{Forgetting, Tested};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// let of = |x: Vec<f64>, y| {
    ///     let data = Dataset::new("d", Design::dense(x.len(), 1, x).unwrap(), y).unwrap();
    ///     Problem::new(data.into(), Model::linear(1, 1, Loss::Logistic, false).unwrap(), 0.0).unwrap()
    /// };
    /// // θ = 1 predicts the sign: wrong on row 1 of training and on row 0 of testing.
    /// let (train, test) = (of(vec![-1.0, 2.0, 3.0], vec![0.0, 0.0, 1.0]), of(vec![-1.0, 2.0], vec![1.0, 1.0]));
    /// let forget = RowSet::new(3, vec![1]).unwrap();
    /// let f = Forgetting::of(&train, &forget, &test, &nalgebra::dvector![1.0], Tested::All).unwrap();
    /// assert_eq!((f.unlearning, f.retained, f.test), (1.0, 1.0, 0.5));
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for squared loss or when no test row is left, [`Error::Shape`] when the forget set is for
    /// other data.
    pub fn of(
        train: &Problem,
        forget: &RowSet,
        test: &Problem,
        theta: &DVector<f64>,
        tested: Tested<'_>,
    ) -> Result<Forgetting> {
        train.check_forget(forget)?;
        let on = |problem: &Problem, rows: &[usize]| {
            accuracy(problem, theta, rows).ok_or_else(|| {
                Error::Invalid(
                    "squared loss has no labels, hence no accuracy; use a logistic or softmax model".into(),
                )
            })
        };
        Ok(Forgetting {
            unlearning: 1.0 - on(train, forget.rows())?,
            retained: on(train, &forget.complement())?,
            test: on(test, &tested.rows(test)?)?,
        })
    }
}
