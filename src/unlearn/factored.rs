//! One factored Hessian for many removals.
//!
//! For a linear model with one output, taking rows off `F_w` (the weights of the others and λ *unchanged*, so retraining
//! under the sum reduction, or under the mean without a ridge up to the factor `n/|R|`) takes `Σ wᵢℓᵢ″x̃ᵢx̃ᵢᵀ` off its Hessian. The
//! Newton step without them follows from the factor on all rows, by whichever of Woodbury's identity and a new
//! factorisation costs less ([`crate::numeric::woodbury`]); rows that go for good are taken off the factor itself.

use super::features::features;
use super::leave_out::derivatives;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::factor::Cholesky;
use crate::numeric::woodbury::{Way, cheapest, solve_without, subtract_rows};
use crate::objective::Problem;
use nalgebra::{DMatrix, DVector};

const WITHOUT: &str = "the Hessian without the forgotten rows";

/// The Hessian at `θ` on the rows that are left, with its factor.
#[derive(Debug, Clone)]
pub struct Factored<'a> {
    problem: &'a Problem,
    theta: DVector<f64>,
    hessian: DMatrix<f64>,
    factor: Cholesky,
    gradient: DVector<f64>,
    gone: Vec<bool>,
}

/// A Newton step and how its system was solved.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is added to `θ`.
    pub step: DVector<f64>,
    /// How.
    pub way: Way,
}

impl<'a> Factored<'a> {
    /// Forms and factors the Hessian on all rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a model that is not linear with one output, [`Error::Shape`] when `theta` does not fit,
    /// [`Error::Indefinite`] for a singular Hessian.
    pub fn new(problem: &'a Problem, theta: &DVector<f64>) -> Result<Factored<'a>> {
        features(problem, &[])?;
        Error::check_shape("parameters", problem.active(), theta.len())?;
        let full = problem.full();
        let hessian = full.hessian(theta);
        Ok(Factored {
            problem,
            factor: Cholesky::of(&hessian, "the Hessian on all rows")?,
            gradient: full.gradient(theta),
            theta: theta.clone(),
            hessian,
            gone: vec![false; problem.rows()],
        })
    }

    /// The Newton step at `θ` of the objective without `forget` (and without the rows that have gone before).
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::{Problem, Reduction}, unlearn::factored::Factored};
    /// // Rows x = 1, 1 with y = 1, 3, summed, λ = 1: without the second row θ = 1/2, from anywhere.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap().with_reduction(Reduction::Sum);
    /// let mut factored = Factored::new(&problem, &nalgebra::dvector![5.0]).unwrap();
    /// let second = RowSet::new(2, vec![1]).unwrap();
    /// assert!((5.0 + factored.step(&second).unwrap().step[0] - 0.5).abs() < 1e-14);
    /// // For good: what is left is then the step of nothing more than the first row.
    /// factored.forget(&second).unwrap();
    /// assert!(factored.step(&second).is_err());
    /// assert!((5.0 + factored.remaining_step()[0] - 0.5).abs() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Invalid`] for a set of other data, a row that has gone, or nothing left;
    /// [`Error::Indefinite`] when the rows left do not determine the model.
    pub fn step(&self, forget: &RowSet) -> Result<Step> {
        let (rows, weights, gradient) = self.taken(forget)?;
        let b = gradient - &self.gradient;
        let (step, way) = solve_without(&self.hessian, &self.factor, (&rows, &weights), &b, WITHOUT)?;
        Ok(Step { step, way })
    }

    /// The Newton step at `θ` of the objective on the rows left.
    pub fn remaining_step(&self) -> DVector<f64> {
        -self.factor.solve(&self.gradient)
    }

    /// Takes rows off for good: the factor is changed by rotations, or formed again where that costs less or the rotations
    /// break down.
    ///
    /// # Errors
    /// As [`Factored::step`]; nothing has changed then.
    pub fn forget(&mut self, forget: &RowSet) -> Result<Way> {
        let (rows, weights, gradient) = self.taken(forget)?;
        let mut left = self.hessian.clone();
        subtract_rows(&mut left, &rows, &weights);
        let downdated = cheapest(left.nrows(), weights.len(), true) == Way::Downdate
            && self.factor.remove_rows(&rows, &weights, WITHOUT).is_ok();
        let way = if downdated {
            Way::Downdate
        } else {
            self.factor = Cholesky::of(&left, WITHOUT)?;
            Way::Refactor
        };
        left.fill_upper_triangle_with_lower_triangle();
        self.hessian = left;
        self.gradient -= gradient;
        forget.rows().iter().for_each(|&i| self.gone[i] = true);
        Ok(way)
    }

    /// The rows as the parameters see them, their `wᵢℓᵢ″` and `Σ wᵢ∇ℓᵢ`.
    fn taken(&self, forget: &RowSet) -> Result<(DMatrix<f64>, Vec<f64>, DVector<f64>)> {
        self.problem.check_forget(forget)?;
        if let Some(i) = forget.rows().iter().find(|&&i| self.gone[i]) {
            return Err(Error::Invalid(format!(
                "row {i} has been forgotten already; name rows that are left"
            )));
        }
        if self.gone.iter().filter(|g| **g).count() + forget.len() == self.problem.rows() {
            return Err(Error::Invalid("no row would be left".into()));
        }
        let x = features(self.problem, forget.rows())?;
        let w = self.problem.full().weights()[0];
        let (slope, bend) = derivatives(self.problem, forget.rows(), &x.tr_mul(&self.theta));
        let gradient = &x * (slope * w);
        Ok((x, bend.iter().map(|b| w * b).collect(), gradient))
    }
}
