//! What the models of an ensemble are worth: accuracy, and what an attack on membership sees.

use crate::data::RowSet;
use crate::error::Result;
use crate::metric::membership::{Confidences, Efficacy, svm_attack};
use crate::objective::Problem;
use crate::sisa::aggregate::{Aggregate, Weights};
use crate::sisa::ensemble::Ensemble;

/// The attack that knows as many kept rows as test rows, asked about the rows deleted.
pub(super) fn attack(
    ensemble: &Ensemble,
    train: &Problem,
    test: &Problem,
    deleted: &RowSet,
) -> Result<Efficacy> {
    let retained = deleted.complement();
    let size = retained.len().min(test.rows());
    svm_attack(&Confidences {
        members: confidences(ensemble, train, &retained[..size])?,
        others: confidences(ensemble, test, &all(test)[..size])?,
        forgotten: confidences(ensemble, train, deleted.rows())?,
    })
}

/// Every row.
pub(super) fn all(problem: &Problem) -> Vec<usize> {
    (0..problem.rows()).collect()
}

/// The mean probability that the shards give to each row's own label.
fn confidences(ensemble: &Ensemble, problem: &Problem, rows: &[usize]) -> Result<Vec<f64>> {
    let one = |&i: &usize| {
        let seen = ensemble.predict(problem.data().design().row(i), Aggregate::Mean, Weights::Uniform)?;
        Ok(seen.scores[problem.target()[i] as usize])
    };
    rows.iter().map(one).collect()
}

/// The share of rows whose label the ensemble predicts.
pub(super) fn accuracy(ensemble: &Ensemble, problem: &Problem, rows: &[usize]) -> Result<f64> {
    let mut right = 0;
    for &i in rows {
        let seen = ensemble.predict(problem.data().design().row(i), Aggregate::Mean, Weights::Uniform)?;
        right += usize::from(seen.label == Some(problem.target()[i] as usize));
    }
    Ok(right as f64 / rows.len() as f64)
}
