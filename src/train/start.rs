//! Where training starts when nobody says where.

use crate::model::Model;
use crate::objective::Problem;
use nalgebra::DVector;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Starting parameters (`k` of them): zeros for a linear model; for a network every parameter of a
/// layer uniform in `±1/√fan_in` (the default of `torch.nn.Linear`), since at zero all units of a layer
/// would stay equal.
///
/// All `d` parameters are drawn before the mask is applied, so that models pruned differently start
/// from the same values at the places they share.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, model::{Activation, Model}, objective::Problem, train::start::start};
/// let x = Design::dense(1, 4, vec![1.0; 4]).unwrap();
/// let data = Dataset::new("one", x, vec![0.0]).unwrap();
/// let model = Model::new(vec![4, 2, 1], Activation::Tanh, Loss::Squared, true).unwrap();
/// let problem = Problem::new(data.into(), model, 0.0).unwrap();
/// let theta = start(&problem, 7);
/// assert_eq!(theta, start(&problem, 7));
/// assert!(theta.rows(0, 10).iter().all(|v| v.abs() <= 0.5));
/// ```
pub fn start(problem: &Problem, seed: u64) -> DVector<f64> {
    let model = problem.model();
    if model.is_linear() {
        return DVector::zeros(problem.active());
    }
    problem.mask().restrict(&drawn(model, seed)).expect("one value was drawn per parameter")
}

/// All `d` parameters, each uniform in `±1/√fan_in` of its layer, for a linear model too: what pruning at
/// initialisation looks at.
pub fn drawn(model: &Model, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draw = |j| {
        let fan_in = model.widths()[model.coordinate(j).layer] as f64;
        rng.random_range(-1.0..=1.0) / fan_in.sqrt()
    };
    (0..model.parameters()).map(draw).collect()
}
