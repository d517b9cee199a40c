//! What the identities compare with: retraining with the weights of the kept rows and λ unchanged, and
//! how much of a deviation rounding may explain.

use super::{Case, Evidence, Outcome};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::enclosure::eigenvalues;
use crate::numeric::interval::Interval;
use crate::numeric::tolerance::tol;
use crate::objective::{Objective, Problem};
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

/// The objective on some rows, each with its weight in the full one.
pub(crate) fn only(problem: &Problem, take: impl Fn(usize) -> bool) -> Result<Objective<'_>> {
    let full = problem.full();
    problem.weighted(full.weights().iter().enumerate().map(|(i, w)| if take(i) { *w } else { 0.0 }).collect())
}

/// Proved ends of a spectrum.
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

/// The full fit of a case, retraining with fixed weights, and the numbers that bound rounding.
pub(crate) struct Fixed<'a> {
    /// `θ`.
    pub(crate) theta: &'a DVector<f64>,
    /// `θ₋U`.
    pub(crate) retrained: DVector<f64>,
    /// What [`LeaveOut`] computes at `θ`.
    pub(crate) out: LeaveOut,
    /// `λ_max(A)/λ_min(A)/λ_min(I − H_UU)`: the condition of the update.
    pub(crate) kappa: f64,
    /// How far `θ` and `θ₋U` are from stationary, and what rounding that condition explains.
    pub(crate) allowance: f64,
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
        let refit = crate::train::newton::minimise(&kept, fit.theta.clone())?;
        let out = LeaveOut::new(problem, &fit.theta, &case.forget)?;
        let a = Ends::of(&problem.full().hessian(&fit.theta))?;
        let h = Ends::of(&kept.hessian(&refit.theta))?;
        let m = out.leverages().nrows();
        let left = Ends::of(&(DMatrix::identity(m, m) - out.leverages()))?;
        let kappa = a.condition() / left.least.min(1.0);
        let size = fit.theta.norm() + refit.theta.norm();
        let allowance = tol(problem.rows() + problem.active(), kappa) * size
            + (fit.residual_bound() + refit.residual_bound()) / h.least;
        Ok(Fixed { theta: &fit.theta, retrained: refit.theta, out, kappa, allowance })
    }
}

/// The least allowance. Norms square their entries, so a residual whose entries are below 2⁻⁵¹¹ counts
/// as 0; solutions that should be 0 come out at that size, divided by a curvature.
fn not_underflowing(allowance: f64) -> f64 {
    allowance.max(2.0_f64.powi(-480))
}

/// Evidence that two computations agree up to the allowance.
pub(crate) fn agree(a: &DVector<f64>, b: &DVector<f64>, allowance: f64) -> Outcome {
    Outcome::Compared(Evidence::identity((a - b).norm(), not_underflowing(allowance)))
}

/// Evidence for `left ≤ right` between computed numbers that rounding blurs by the allowance: holds up
/// to it, is refuted beyond three times it, as for identities.
pub(crate) fn at_most(left: f64, right: f64, allowance: f64) -> Evidence {
    let allowance = not_underflowing(allowance);
    Evidence::inequality(
        Interval::around(left, allowance),
        Interval::point(right) + Interval::point(2.0 * allowance),
        0.0,
    )
}
