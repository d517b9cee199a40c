//! The minimiser without each of many forget sets, for linear models with one output, from one factorisation.
//!
//! Let `w` be the weight of a row after `m` rows were removed (`1/(n−m)` or 1) and `A = w Σ ℓ″ᵢxᵢxᵢᵀ + λI` over *all* rows
//! at the trained `θ_0`. The Hessian that retraining without `U` has there is `P = A − VVᵀ`, `V = √w X_U √ℓ″_U`, so
//!
//! `P⁻¹g = A⁻¹g + A⁻¹V (I − VᵀA⁻¹V)⁻¹ VᵀA⁻¹g` (Woodbury 1950, recalled),
//!
//! with one factor of `A` for all sets of the same size and `m + 1` solves per set. From `m = k/2` on, factoring `P` itself
//! is cheaper. For squared
//! loss one step `θ_0 − P⁻¹∇F_R(θ_0)` is the retrained minimiser, and `∇F_R(θ_0)` is a sum over all rows, shared, minus `m`
//! rows. For logistic loss the step is repeated with `P` kept: the error shrinks by `‖I − P⁻¹∇²F_R(θ)‖` each time, which is
//! small when `U` is. Derived here. A set that leaves no such step is refitted by Newton's method.
//!
//! The residual handed out bounds the distance from the exact minimiser by `residual/μ`, `μ ≥ λ`, up to the rounding of
//! the residual; [`crate::metric::distance::certified`] encloses it.

use super::features::features;
use super::leave_out::derivatives;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::objective::{Problem, Reduction};
use crate::train::newton::minimise;
use nalgebra::{DMatrix, DVector};
use std::collections::BTreeMap;

/// A model prepared for leaving rows out many times.
#[derive(Debug, Clone)]
pub struct Sweep<'p> {
    problem: &'p Problem,
    theta: DVector<f64>,
    /// `Σ ℓ″ᵢxᵢxᵢᵀ`.
    curvature: DMatrix<f64>,
    /// By the number of rows removed.
    bases: BTreeMap<usize, Base>,
}

#[derive(Debug, Clone)]
struct Base {
    weight: f64,
    factor: Cholesky,
    /// `w Σ ∇ℓᵢ + λθ + b` over all rows.
    gradient: DVector<f64>,
}

/// A model without some of its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The `k` kept parameters.
    pub theta: DVector<f64>,
    /// `‖∇F_R(θ)‖` as computed; `None` for squared loss, where the step is the closed form.
    pub residual: Option<f64>,
    /// Steps taken.
    pub iterations: usize,
}

/// More steps than this are worse than Newton's method.
const MOST_STEPS: usize = 30;

impl<'p> Sweep<'p> {
    /// Prepares at the trained `theta` (a minimiser on all rows; another point only costs steps).
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, unlearn::leave_out_sweep::Sweep};
    /// // Rows x = 1, 1 with y = 1, 3, mean reduction, λ = 1: θ = 1; without the second row 1/2, without the first 3/2.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
    /// let mut sweep = Sweep::new(&problem, &nalgebra::dvector![1.0]).unwrap();
    /// let mut without = |i| sweep.leave_out(&RowSet::new(2, vec![i]).unwrap()).unwrap().theta[0];
    /// assert!((without(1) - 0.5).abs() < 1e-15 && (without(0) - 1.5).abs() < 1e-15);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a model that is not linear with one output, [`Error::Shape`] when `theta` does not fit.
    pub fn new(problem: &'p Problem, theta: &DVector<f64>) -> Result<Sweep<'p>> {
        features(problem, &[])?;
        Error::check_shape("parameters", problem.active(), theta.len())?;
        let curvature = problem.weighted(vec![1.0; problem.rows()])?.risk_hessian(theta);
        Ok(Sweep { problem, theta: theta.clone(), curvature, bases: BTreeMap::new() })
    }

    /// The minimiser without the rows of `forget`.
    ///
    /// # Errors
    /// As [`Problem::check_forget`]; [`Error::Indefinite`] when the rows left do not determine the parameters,
    /// [`Error::NotConverged`] as [`minimise`].
    pub fn leave_out(&mut self, forget: &RowSet) -> Result<LeftOut> {
        let (problem, theta) = (self.problem, self.theta.clone());
        problem.check_forget(forget)?;
        let x = features(problem, forget.rows())?;
        let (slope, bend) = derivatives(problem, forget.rows(), &x.tr_mul(&theta));
        let base = self.base(forget.len())?;
        let weight = base.weight;
        let gradient = &base.gradient - &x * slope * weight;
        let mut v = x;
        for (mut column, bend) in v.column_iter_mut().zip(&bend) {
            column *= (weight * bend).sqrt();
        }
        let step = if 2 * forget.len() >= problem.active() {
            let mut hessian = &self.curvature * weight - &v * v.transpose();
            (0..theta.len()).for_each(|j| hessian[(j, j)] += problem.ridge());
            Downdated::Whole(Cholesky::new(hessian, "the Hessian without the rows left out")?)
        } else {
            let factor = &self.bases[&forget.len()].factor;
            let solved = factor.solve_matrix(&v);
            let small = DMatrix::identity(v.ncols(), v.ncols()) - v.tr_mul(&solved);
            Downdated::Woodbury {
                factor,
                small: Cholesky::new(small, "I − H_UU of the rows left out")?,
                solved,
            }
        };
        let mut best = theta - step.solve(&gradient);
        if problem.model().loss() == Loss::Squared {
            return Ok(LeftOut { theta: best, residual: None, iterations: 1 });
        }
        let retained = problem.retained(forget)?;
        let mut gradient = retained.gradient(&best);
        for iterations in 1..MOST_STEPS {
            let next = &best - step.solve(&gradient);
            let there = retained.gradient(&next);
            // Written so that NaN ends it too.
            let halved = there.norm() <= 0.5 * gradient.norm();
            if !halved {
                let floor =
                    retained.gradient_mass(&best) * f64::EPSILON * (problem.rows() + best.len()) as f64;
                let (residual, theta) = (gradient.norm(), best);
                if residual <= floor {
                    return Ok(LeftOut { theta, residual: Some(residual), iterations });
                }
                break;
            }
            (best, gradient) = (next, there);
        }
        // The curvature at θ_0 says too little about this set.
        let fit = minimise(&retained, self.theta.clone())?;
        Ok(LeftOut { theta: fit.theta, residual: Some(fit.residual), iterations: fit.iterations })
    }

    fn base(&mut self, removed: usize) -> Result<&Base> {
        let (problem, theta) = (self.problem, &self.theta);
        if !self.bases.contains_key(&removed) {
            let weight = match problem.reduction() {
                Reduction::Mean => 1.0 / (problem.rows() - removed) as f64,
                Reduction::Sum => 1.0,
            };
            let mut hessian = &self.curvature * weight;
            (0..theta.len()).for_each(|j| hessian[(j, j)] += problem.ridge());
            let factor = Cholesky::new(hessian, "the Hessian on all rows")?;
            let gradient = problem.weighted(vec![weight; problem.rows()])?.gradient(theta);
            self.bases.insert(removed, Base { weight, factor, gradient });
        }
        Ok(&self.bases[&removed])
    }
}

/// `P`, ready to be solved with.
enum Downdated<'a> {
    Whole(Cholesky),
    Woodbury { factor: &'a Cholesky, solved: DMatrix<f64>, small: Cholesky },
}

impl Downdated<'_> {
    fn solve(&self, g: &DVector<f64>) -> DVector<f64> {
        match self {
            Downdated::Whole(factor) => factor.solve(g),
            Downdated::Woodbury { factor, solved, small } => {
                // VᵀA⁻¹g = (A⁻¹V)ᵀg.
                factor.solve(g) + solved * small.solve(&solved.tr_mul(g))
            }
        }
    }
}
