//! How far are given parameters from the exactly retrained ones? A certified interval (T-audit).
//!
//! Let `F_R` be the objective on the retained rows of a linear model, `μ`-strongly convex, with minimiser `θ_r`,
//! and `θ̂` any vector. Then `‖θ̂ − θ_r‖ ≤ ρ = ‖∇F_R(θ̂)‖/μ`, hence
//!
//! `‖θ − θ̂‖ − ρ ≤ ‖θ − θ_r‖ ≤ ‖θ − θ̂‖ + ρ`, and `‖∇F_R(θ)‖/L ≤ ‖θ − θ_r‖ ≤ ‖∇F_R(θ)‖/μ`.
//!
//! Nothing about `θ̂` is trusted: Newton's method proposes it, and a poor one only widens the interval. The
//! gradients are enclosed from the data as exact floats ([`crate::enclosure`]): logits and sums by proved rounding bounds,
//! the loss by this crate's own interval functions, the weight as the real number `1/|R|`.
//!
//! Width, as measured on the problems of `datasets/golden/audit.csv`: 10⁻¹⁴ to 10⁻¹³ where `L/μ` is below 10³, 10⁻¹¹ for
//! λ = 10⁻⁴ or raw features. It is the rounding of the logits and of the loss derivatives over μ; summing over rows adds
//! next to nothing. For logistic and softmax losses the curvature at `θ̂` then takes the place of `λ`
//! ([`crate::bound::localisation`]).
//!
//! With hidden layers `θ_r` is a minimiser near `θ`: Newton's method from `θ` proposes `θ̂`, and
//! [`crate::bound::kantorovich`] certifies that exactly one stationary point is in a ball around it and that it is a strict
//! local minimum. Nothing says that it is a global one, nor that training would end there.
//!
//! Source: folklore residual bound; proved as [`THEOREM`]. Hypotheses checked: `μ > 0` for linear models (their losses
//! are convex in the outputs), the conditions of the contraction for the others.

mod curvature;
mod gaps;
mod gradient;
mod linear;
mod local;
mod row;
mod step;

use crate::bound::{kantorovich, residual};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::product::norm;
use crate::objective::{Objective, Problem};
use crate::train::newton::minimise;
pub use linear::Certifier;
pub use local::{LARGEST, LocalCertifier};
use nalgebra::DVector;
pub use step::Step;

/// The theorem that the interval of a linear model rests on, where the curvature at `θ̂` does not sharpen it.
pub const THEOREM: &str = residual::THEOREM;

/// What is certain about the distance of given parameters `θ` from the minimiser `θ_r` of the retained
/// objective over the reals; for a network, from the local minimiser near `θ̂`.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// `lo ≤ ‖θ − θ_r‖₂ ≤ hi`.
    pub distance: Interval,
    /// Encloses `‖∇F_R(θ)‖₂`.
    pub gradient_norm: Interval,
    /// Encloses the largest `μ` for which `F_R` is `μ`-strongly convex; its lower end is positive. For a network: on a
    /// ball around `θ̂` that contains `θ_r`.
    pub strong_convexity: Interval,
    /// An upper bound on the Lipschitz constant of `∇F_R`; infinite for a network.
    pub smoothness: f64,
    /// Encloses the largest difference of one output (logit) of one row between `θ` and `θ_r`, over all rows.
    pub output_gap: Interval,
    /// The same over the retained rows alone.
    pub retained_output_gap: Interval,
    /// Rows that `F_R` is about.
    pub retained: usize,
    /// Rows forgotten.
    pub forgotten: usize,
    /// `θ̂`, not trusted.
    pub reference: DVector<f64>,
    /// `ρ ≥ ‖θ̂ − θ_r‖`.
    pub radius: f64,
    /// What `ρ` rests on.
    pub theorem: &'static str,
    /// For a network: how the local minimum was certified.
    pub local: Option<kantorovich::Located>,
}

/// Audits `θ` (its `k` kept parameters) against the minimiser on the rows that are not forgotten, all rows
/// when `forget` is `None`.
///
/// Newton's method looks for `θ̂`. For a linear model it starts from `θ` and then from 0; where it fails, `θ` itself takes
/// that place. For a network it starts from `θ` alone.
///
/// ```
/// use unlearn::bound::audit::audit;
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem};
/// // Without row 1: ½(θ − 1)² + ½·1·θ², least at ½. The parameter 2 is 3/2 away.
/// let x = Design::dense(2, 1, vec![1.0, 3.0]).unwrap();
/// let data = Dataset::new("tiny", x, vec![1.0, 1.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let audit = audit(&problem, Some(&forget), &nalgebra::dvector![2.0]).unwrap();
/// assert!(audit.distance.contains(1.5) && audit.distance.hi() - audit.distance.lo() < 1e-14);
/// assert!(audit.strong_convexity.contains(2.0) && audit.gradient_norm.contains(3.0));
/// assert!(audit.output_gap.contains(4.5) && audit.retained_output_gap.contains(1.5)); // x = 3 and x = 1
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] with the reason for a network that cannot be certified (more than [`LARGEST`] parameters, Newton's
/// method failed, an indefinite Hessian, no contraction) or when `μ > 0` cannot be shown for a linear model (logistic and
/// softmax: λ = 0; squared: λ = 0 and dependent columns), [`Error::Shape`] when `θ` or the forget set is for another
/// problem, [`Error::Invalid`] when a parameter is not finite or no row is retained.
pub fn audit(problem: &Problem, forget: Option<&RowSet>, theta: &DVector<f64>) -> Result<Audit> {
    if !problem.model().is_linear() {
        return local::audit(problem, forget, theta);
    }
    let certifier = Certifier::new(problem, forget)?;
    check_vector(problem, theta)?;
    let objective = objective(problem, forget)?;
    let from = |start: &DVector<f64>| minimise(&objective, start.clone()).ok().map(|fit| fit.theta);
    let reference = from(theta)
        .or_else(|| from(&DVector::zeros(problem.active())))
        .filter(|found| found.iter().all(|v| v.is_finite()))
        .unwrap_or_else(|| theta.clone());
    certifier.certify(theta, &reference)
}

fn objective<'a>(problem: &'a Problem, forget: Option<&RowSet>) -> Result<Objective<'a>> {
    forget.map_or_else(|| Ok(problem.full()), |forget| problem.retained(forget))
}

fn check_vector(problem: &Problem, theta: &DVector<f64>) -> Result<()> {
    Error::check_shape("kept parameters", problem.active(), theta.len())?;
    match theta.iter().find(|v| !v.is_finite()) {
        Some(v) => Err(Error::Invalid(format!("a parameter is {v}; all must be finite"))),
        None => Ok(()),
    }
}

/// `θ − θ̂`, and an enclosure of `‖θ − θ_r‖` given `‖θ̂ − θ_r‖ ≤ radius`.
fn apart(theta: &DVector<f64>, reference: &DVector<f64>, radius: f64) -> (Vec<Interval>, Interval) {
    let difference: Vec<Interval> =
        theta.iter().zip(reference.iter()).map(|(a, b)| Interval::point(*a) - Interval::point(*b)).collect();
    let around = (norm(&difference) + Interval::new(-radius, radius)).nonnegative();
    (difference, around)
}
