//! Formulas that remove rows exactly or cheaply: hand examples, independent computations, and checkers
//! that must reject wrong variants of every formula.

#[macro_use]
#[path = "../common/weakened.rs"]
mod weakening;

mod controls;
mod formulas;
mod weakened;

use nalgebra::DVector;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::objective::{Problem, Reduction};

/// A linear model without bias under the sum reduction: rows one after the other.
fn problem(loss: Loss, cols: usize, rows: &[f64], targets: &[f64], ridge: f64) -> Problem {
    let design = Design::dense(targets.len(), cols, rows.to_vec()).unwrap();
    let data = Dataset::new("test", design, targets.to_vec()).unwrap();
    let model = Model::linear(cols, 1, loss, false).unwrap();
    Problem::new(data.into(), model, ridge).unwrap().with_reduction(Reduction::Sum)
}

fn forget(total: usize, rows: &[usize]) -> RowSet {
    RowSet::new(total, rows.to_vec()).unwrap()
}

/// Normwise agreement of hand-sized numbers; a dozen operations on numbers of this size round by less.
fn close(a: &DVector<f64>, b: &[f64]) -> bool {
    let b = DVector::from_column_slice(b);
    (a - &b).norm() <= 1e-13 * (1.0 + b.norm())
}
