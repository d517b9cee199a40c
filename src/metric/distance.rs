//! How far unlearned parameters are from retrained ones: measured, certified and guaranteed beforehand.

use crate::bound::audit::Certifier;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::objective::Problem;
use nalgebra::DVector;

/// `‖θ_u − θ_r‖₂` between kept parameters, as computed. Panics when their numbers differ.
pub fn between(unlearned: &DVector<f64>, retrained: &DVector<f64>) -> f64 {
    (unlearned - retrained).norm()
}

/// The certified interval around the distance from the exact minimiser on the retained rows, by way of an
/// untrusted `reference` near it ([`crate::bound::audit`]); `None` where no theorem applies: networks with hidden
/// layers, or no strong convexity.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, metric::distance::certified, model::Model, objective::Problem};
/// // Without row 1: ½(θ − 1)² + ½θ², least at ½.
/// let x = Design::dense(2, 1, vec![1.0, 3.0]).unwrap();
/// let data = Dataset::new("tiny", x, vec![1.0, 1.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let found = certified(&problem, &forget, &nalgebra::dvector![2.0], &nalgebra::dvector![0.5]).unwrap();
/// assert!(found.unwrap().contains(1.5));
/// ```
///
/// # Errors
/// [`Error::Shape`] and [`Error::Invalid`] as [`Certifier::certify`].
pub fn certified(
    problem: &Problem,
    forget: &RowSet,
    theta: &DVector<f64>,
    reference: &DVector<f64>,
) -> Result<Option<Interval>> {
    match Certifier::new(problem, Some(forget)) {
        Ok(certifier) => Ok(Some(certifier.certify(theta, reference)?.distance)),
        Err(Error::Hypothesis { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}
