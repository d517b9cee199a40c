//! The one comparator: normwise, with a message that says how far off and where.

use nalgebra::{DMatrix, DVector};
use unlearn::numeric::tolerance::tol;

/// A matrix known up to rounding: its entries and the size of the terms that were added to form the
/// largest rounding error among them, in units of one ε.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) entries: DMatrix<f64>,
    pub(crate) scale: f64,
}

/// A column as a matrix.
pub(crate) fn column(v: &DVector<f64>) -> DMatrix<f64> {
    DMatrix::from_column_slice(v.len(), 1, v.as_slice())
}

/// Panics unless `max |got − want| ≤ tolerance · scale`.
#[track_caller]
pub(crate) fn assert_close(what: &str, got: &DMatrix<f64>, want: &DMatrix<f64>, scale: f64, tolerance: f64) {
    assert_eq!(got.shape(), want.shape(), "{what}: shapes differ");
    let bound = tolerance * scale;
    let mut worst = (0, 0, 0.0);
    for j in 0..got.ncols() {
        for i in 0..got.nrows() {
            let off = (got[(i, j)] - want[(i, j)]).abs();
            // A NaN is the worst of all and stays so.
            if off.is_nan() || off > worst.2 {
                worst = (i, j, if off.is_nan() { f64::INFINITY } else { off });
            }
        }
    }
    let (i, j, off) = worst;
    assert!(
        off <= bound,
        "{what}: entry ({i}, {j}) is {:e}, expected {:e}: off by {off:e}, {:.3} times the tolerance \
         {bound:e} ({tolerance:e} of {scale:e})",
        got[(i, j)],
        want[(i, j)],
        off / bound
    );
}

/// Compares with an oracle that has tracked its own rounding.
#[track_caller]
pub(crate) fn assert_expected(what: &str, got: &DMatrix<f64>, want: &Expected) {
    // The oracle's scale already counts every operation: one term, condition one.
    assert_close(what, got, &want.entries, want.scale, tol(1, 1.0));
}

/// Panics unless all entries are the same numbers (0 and −0 are the same number).
#[track_caller]
pub(crate) fn assert_same(what: &str, got: &DMatrix<f64>, want: &DMatrix<f64>) {
    assert_close(what, got, want, 1.0, 0.0);
}
