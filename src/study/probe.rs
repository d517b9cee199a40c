//! Linear probing: what a frozen network's hidden features are worth for other classes.

use crate::data::{Dataset, Design};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::metric::accuracy::accuracy;
use crate::model::Model;
use crate::objective::Problem;
use crate::train::newton::minimise;
use nalgebra::DVector;

/// λ of the probe: small beside the data, and enough to make the fit unique.
pub const RIDGE: f64 = 1e-3;

/// Accuracy, on the second data set, of softmax regression fitted on the last hidden features of the first, with
/// the classes that occur in the first. `network` gives model and mask, `theta` the `k` kept parameters.
///
/// Source: Jia et al. 2023 (arXiv 2304.04934), transfer learning by linear probing; here fitted to the minimum
/// with ridge [`RIDGE`] instead of 200 epochs of Adam, so that nothing depends on how long it ran.
///
/// # Errors
/// [`Error::Invalid`] for a linear model, which has no hidden features, or fewer than two classes; whatever fitting
/// raises.
pub fn probe(network: &Problem, theta: &DVector<f64>, train: &Dataset, test: &Dataset) -> Result<f64> {
    if network.model().is_linear() {
        return Err(Error::Invalid(
            "a linear model has no hidden features to probe; use an mlp for the transfer scenario".into(),
        ));
    }
    let mut classes = train.target().to_vec();
    classes.sort_by(f64::total_cmp);
    classes.dedup();
    if classes.len() < 2 {
        return Err(Error::Invalid("a probe needs training rows of at least two classes".into()));
    }
    let features = |data: &Dataset| -> Result<Dataset> {
        let net = network.network();
        let (mut ws, mut values) = (net.workspace(), Vec::new());
        for i in 0..data.rows() {
            net.forward(theta.as_slice(), data.design().row(i), &mut ws);
            values.extend_from_slice(&ws.a[ws.a.len() - 2]);
        }
        let width = values.len() / data.rows();
        // A class that only the test rows have is one the probe gets wrong: it takes the next number.
        let number = |y: &f64| classes.iter().position(|c| c == y).unwrap_or(classes.len()) as f64;
        let labels = data.target().iter().map(number).collect();
        Dataset::new(data.name.clone(), Design::dense(data.rows(), width, values)?, labels)
    };
    let (train, test) = (features(train)?, features(test)?);
    let model = Model::linear(train.cols(), classes.len() + 1, Loss::Softmax, true)?;
    let fitted = Problem::new(train.into(), model.clone(), RIDGE)?;
    let fit = minimise(&fitted.full(), DVector::zeros(model.parameters()))?;
    let tested = Problem::new(test.into(), model, RIDGE)?;
    let rows: Vec<usize> = (0..tested.rows()).collect();
    Ok(accuracy(&tested, &fit.theta, &rows).expect("softmax has labels and there are test rows"))
}
