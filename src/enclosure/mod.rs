//! What a model does, enclosed: outputs, losses and weighted gradients over the reals, of any [`Problem`] (linear or with
//! hidden layers, dense or sparse rows, masked or not), at parameters that are floats taken as exact or only known up to
//! radii.
//!
//! The data, targets, λ and b are exact as floats. Every sum of products is a float sum with a proved bound on its
//! error ([`crate::numeric::product`]), every function of one number this crate's own interval version. Nothing of the system's
//! mathematics library enters. At exact parameters the widths are those of rounding; at balls each parameter moves by
//! itself, so for a Euclidean ball of radius `r` they are up to `√k` times what it needs.
//!
//! With `zₗ, aₗ, δₗ` as in a plain forward and backward pass: `∂ℓ/∂W_l[j,i] = δ_{l,j} ã_{l−1,i}`. Derived here.

mod activation;
mod hessian;
mod loss;
mod row;
mod tangents;

use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, Columns};
use crate::objective::{Problem, Reduction};
pub use hessian::Hessian;
use nalgebra::DVector;
pub(crate) use row::Pass;

/// A weighted objective `Σ wᵢ ℓᵢ(θ) + (λ/2)‖θ‖² + ⟨b, θ⟩` whose weights are real numbers known by enclosures.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::enclosure::{Enclosed, exact};
/// use unlearn::model::{Activation, Model};
/// use unlearn::{loss::Loss, objective::Problem};
/// // One row x = 2, y = 1; f = v·tanh(u·x), θ = (u, v) = (0, 3): f = 0, ∂f/∂u = v·x = 6, ∂f/∂v = 0.
/// let data = Dataset::new("one", Design::dense(1, 1, vec![2.0]).unwrap(), vec![1.0]).unwrap();
/// let model = Model::new(vec![1, 1, 1], Activation::Tanh, Loss::Squared, false).unwrap();
/// let problem = Problem::new(data.into(), model, 0.5).unwrap();
/// let g = Enclosed::new(&problem, None).unwrap().gradient(&exact(&nalgebra::dvector![0.0, 3.0]));
/// assert!(g[0].contains(-6.0) && g[1].contains(1.5)); // (f − y)·6 and λ·3
/// assert!(g[0].hi() - g[0].lo() < 1e-13);
/// ```
#[derive(Debug, Clone)]
pub struct Enclosed<'a> {
    pub(crate) problem: &'a Problem,
    /// Rows with their weights, increasing.
    pub(crate) rows: Vec<(usize, Interval)>,
}

/// A vector of floats taken as exact.
pub fn exact(theta: &DVector<f64>) -> Vec<Ball> {
    theta.iter().map(|t| Ball::exact(*t)).collect()
}

impl<'a> Enclosed<'a> {
    /// The objective on the rows that are not forgotten, with the real numbers `1/|R|` (mean) or 1 (sum) as weights.
    ///
    /// # Errors
    /// As [`Problem::retained`].
    pub fn new(problem: &'a Problem, forget: Option<&RowSet>) -> Result<Enclosed<'a>> {
        if let Some(forget) = forget {
            problem.check_forget(forget)?;
        }
        let rows: Vec<usize> =
            (0..problem.rows()).filter(|i| forget.is_none_or(|f| !f.contains(*i))).collect();
        let weight = match problem.reduction() {
            Reduction::Mean => Interval::ONE / Interval::point(rows.len() as f64),
            Reduction::Sum => Interval::ONE,
        };
        Ok(Enclosed { problem, rows: rows.into_iter().map(|i| (i, weight)).collect() })
    }

    /// The objective with any weights, one interval per row; rows of weight exactly 0 are left out.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is not one weight per row.
    pub fn weighted(problem: &'a Problem, weights: &[Interval]) -> Result<Enclosed<'a>> {
        Error::check_shape("row weights", problem.rows(), weights.len())?;
        let rows = weights.iter().copied().enumerate().filter(|(_, w)| *w != Interval::ZERO).collect();
        Ok(Enclosed { problem, rows })
    }

    /// The problem.
    pub fn problem(&self) -> &'a Problem {
        self.problem
    }

    /// The rows that count, increasing, with their weights.
    pub fn rows(&self) -> &[(usize, Interval)] {
        &self.rows
    }

    /// The gradient `Σ wᵢ ∇ℓᵢ(θ) + λθ + b`, one interval per kept parameter.
    ///
    /// Panics when `theta` does not have `k` entries.
    pub fn gradient(&self, theta: &[Ball]) -> Vec<Interval> {
        check(self.problem, theta);
        // A weight that all rows share is multiplied once, after the sum.
        let shared = self.rows.first().map(|r| r.1).filter(|w| self.rows.iter().all(|r| r.1 == *w));
        let mut columns = Columns::new(theta.len());
        let mut pass = Pass::new(self.problem);
        for &(i, weight) in &self.rows {
            pass.forward(theta, i);
            pass.backward(theta, i);
            pass.add_gradient(i, if shared.is_some() { Interval::ONE } else { weight }, &mut columns);
        }
        let (ridge, factor) = (Interval::point(self.problem.ridge()), shared.unwrap_or(Interval::ONE));
        let mut gradient = columns.enclosures();
        for (j, g) in gradient.iter_mut().enumerate() {
            *g = factor * *g + ridge * Interval::from(theta[j]);
            if let Some(b) = self.problem.perturbation() {
                *g = *g + Interval::point(b[j]);
            }
        }
        gradient
    }

    /// The value `Σ wᵢ ℓᵢ(θ) + (λ/2)‖θ‖² + ⟨b, θ⟩`. Panics when `theta` does not have `k` entries.
    pub fn value(&self, theta: &[Ball]) -> Interval {
        check(self.problem, theta);
        let mut pass = Pass::new(self.problem);
        let risk: Interval = self.rows.iter().map(|&(i, w)| w * pass.loss(theta, i)).sum();
        let squares: Interval = theta.iter().map(|t| Interval::from(*t).square()).sum();
        let half = Interval::point(0.5) * Interval::point(self.problem.ridge());
        let linear: Interval = self
            .problem
            .perturbation()
            .into_iter()
            .flat_map(|b| b.iter().zip(theta))
            .map(|(b, t)| Interval::point(*b) * Interval::from(*t))
            .sum();
        risk + half * squares + linear
    }
}

/// Outputs (logits) of one row. Panics when `theta` does not have `k` entries.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::enclosure::outputs;
/// use unlearn::numeric::product::Ball;
/// use unlearn::{loss::Loss, model::Model, objective::Problem};
/// let data = Dataset::new("one", Design::dense(1, 1, vec![2.0]).unwrap(), vec![1.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
/// let z = outputs(&problem, &[Ball { mid: 3.0, radius: 0.5 }], 0);
/// assert!(z[0].contains(5.0) && z[0].contains(7.0) && z[0].hi() < 7.0 + 1e-12);
/// ```
pub fn outputs(problem: &Problem, theta: &[Ball], row: usize) -> Vec<Interval> {
    check(problem, theta);
    let mut pass = Pass::new(problem);
    pass.forward(theta, row);
    pass.outputs().to_vec()
}

/// The loss of one row. Panics when `theta` does not have `k` entries.
pub fn loss(problem: &Problem, theta: &[Ball], row: usize) -> Interval {
    check(problem, theta);
    Pass::new(problem).loss(theta, row)
}

fn check(problem: &Problem, theta: &[Ball]) {
    assert_eq!(
        theta.len(),
        problem.active(),
        "a vector of {} for {} kept parameters",
        theta.len(),
        problem.active()
    );
}
