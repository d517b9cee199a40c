//! What the identities compare with: retraining with the weights of the kept rows and λ unchanged, enclosed.
//!
//! An identity is checked twice. Its two sides, enclosed in precise arithmetic, must agree to [`RESOLUTION`] of
//! their size; and what the library's own function returns in floats must agree with the exact value to
//! that, or where the condition `κ` of what it inverts is large, to `8nκε`: the accuracy its algorithm promises.

use super::case::SMALLEST_SIZE;
use super::evidence::RESOLUTION;
use super::system::System;
use super::{Case, Evidence, Outcome};
use crate::constants::{Constants, Region};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::enclosure::eigenvalues;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::tolerance::tol;
use crate::objective::enclosed::Enclosed;
use crate::objective::{Objective, Problem};
use crate::train::minimiser::refined;
use crate::train::newton::minimise;
use crate::unlearn::leave_out::LeaveOut;
use nalgebra::{DMatrix, DVector};

/// A formula under test: from the problem, a minimiser `θ` on all rows and the forget set to a vector.
pub type Formula = fn(&Problem, &DVector<f64>, &RowSet) -> Result<DVector<f64>>;

/// The objective on the kept rows with the weights they have in the full one: retraining under the sum
/// reduction, and under the mean reduction the variant that still divides by `n`.
pub(crate) fn kept_objective<'a>(problem: &'a Problem, forget: &RowSet) -> Result<Objective<'a>> {
    problem.check_forget(forget)?;
    only(problem, |i| !forget.contains(i))
}

/// The same for enclosures.
pub(crate) fn kept_enclosed<'a>(problem: &'a Problem, forget: &RowSet) -> Enclosed<'a> {
    Enclosed::only(problem, |i| !forget.contains(i))
}

/// The objective on some rows, each with its weight in the full one.
pub(crate) fn only(problem: &Problem, take: impl Fn(usize) -> bool) -> Result<Objective<'_>> {
    let full = problem.full();
    problem.weighted(full.weights().iter().enumerate().map(|(i, w)| if take(i) { *w } else { 0.0 }).collect())
}

/// `∇²F` on all rows at a point.
pub(crate) fn full_system(problem: &Problem, theta: Vec<Precise>) -> Result<System<'_>> {
    System::new(Enclosed::full(problem), &problem.full(), theta)
}

/// The Hessian without the forgotten rows, weights unchanged, at a point.
pub(crate) fn kept_system<'a>(
    problem: &'a Problem,
    forget: &RowSet,
    theta: Vec<Precise>,
) -> Result<System<'a>> {
    System::new(kept_enclosed(problem, forget), &kept_objective(problem, forget)?, theta)
}

/// Ends of a spectrum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    /// At most the smallest eigenvalue; positive.
    pub(crate) least: f64,
    /// At least the largest.
    pub(crate) most: f64,
}

impl Ends {
    /// The ends of a positive definite matrix.
    ///
    /// # Errors
    /// [`Error::Hypothesis`] when it is not provably positive definite: nothing can be compared then.
    pub(crate) fn of(matrix: &DMatrix<f64>) -> Result<Ends> {
        let l = eigenvalues(matrix);
        let (least, most) = (l[0].lo(), l[l.len() - 1].hi());
        if least > 0.0 && most.is_finite() {
            return Ok(Ends { least, most });
        }
        Err(Error::Hypothesis {
            theorem: "identity between solutions",
            why: format!("a matrix to be inverted has its smallest eigenvalue at or above {least:.3e} only"),
        })
    }

    /// `λ_max/λ_min`.
    pub(crate) fn condition(self) -> f64 {
        self.most / self.least
    }
}

/// The size to which floats are held that invert matrices of condition `κ` over `terms` terms.
pub(crate) fn float_size(size: f64, terms: usize, kappa: f64) -> f64 {
    size * (tol(terms, kappa) / RESOLUTION).max(1.0)
}

/// The exact minimisers of a case, before and after, with fixed weights.
pub(crate) struct Fixed<'a> {
    /// `θ` as computed: what formulas are handed.
    pub(crate) computed: &'a DVector<f64>,
    /// `θ`.
    pub(crate) theta: &'a Located,
    /// `θ₋U`.
    pub(crate) retrained: Located,
    /// What [`LeaveOut`] computes at the computed `θ`.
    pub(crate) out: LeaveOut,
    /// `‖θ‖ + ‖θ₋U‖`.
    pub(crate) size: f64,
    /// The size for floats.
    pub(crate) float_size: f64,
}

impl<'a> Fixed<'a> {
    /// Fits twice.
    ///
    /// # Errors
    /// Those of the fits; [`Error::Hypothesis`] when a Hessian is singular to working precision.
    pub(crate) fn of(case: &'a Case) -> Result<Fixed<'a>> {
        let problem = &case.problem;
        let fit = case.fit()?;
        let kept = kept_objective(problem, &case.forget)?;
        let refit = minimise(&kept, fit.theta.clone())?;
        let mu = Constants::of(&kept, Region::Everywhere).strong_convexity;
        let retrained = refined(&kept_enclosed(problem, &case.forget), &kept, &refit, mu)?;
        let out = LeaveOut::new(problem, &fit.theta, &case.forget)?;
        let a = Ends::of(&problem.full().hessian(&fit.theta))?;
        let m = out.leverages().nrows();
        let left = Ends::of(&(DMatrix::identity(m, m) - out.leverages()))?;
        let kappa = a.condition() / left.least.min(1.0);
        // A minimiser may be 0 because large gradients cancel.
        let reach = kept.gradient_mass(&refit.theta) + problem.full().gradient_mass(&fit.theta);
        let size = fit.theta.norm() + refit.theta.norm() + reach / a.most + SMALLEST_SIZE;
        let theta = case.fit_precise()?;
        // Formulas are handed the computed minimiser and carry on what it misses.
        let missed = theta.distance(&Located::at(&fit.theta)).hi();
        let rounded = float_size(size, problem.rows() + problem.active(), kappa);
        Ok(Fixed {
            computed: &fit.theta,
            theta,
            retrained,
            out,
            size,
            float_size: rounded + kappa * missed / RESOLUTION,
        })
    }
}

/// Evidence that floats agree with an exact vector.
pub(crate) fn agree(floats: &DVector<f64>, exact: &Located, size: f64) -> Outcome {
    same(&Located::at(floats), exact, size)
}

/// Evidence that two vectors are the same.
pub(crate) fn same(a: &Located, b: &Located, size: f64) -> Outcome {
    Outcome::Compared(Evidence::identity(a.distance(b), size + SMALLEST_SIZE))
}

/// An elimination that did not succeed.
pub(crate) fn singular(what: &'static str) -> Error {
    Error::Hypothesis { theorem: "identity between solutions", why: format!("{what} may be singular") }
}
