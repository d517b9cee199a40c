//! Where the exact minimiser of a strongly convex objective is.
//!
//! `‖θ − θ*‖ ≤ ‖∇F(θ)‖/μ` for any `θ` (T-residual). At a computed minimiser the gradient is rounding, enclosed
//! by intervals, and the radius is that over μ. Where μ is small against the smoothness this may be too much to
//! decide a verdict; then the centre is moved by Newton steps whose gradients are [`Precise`], which leaves about
//! twenty-five digits instead of ten. Nothing about the centre or the factorisation is trusted.

use super::newton::Fit;
use crate::error::Result;
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::objective::Objective;
use crate::objective::enclosed::{Enclosed, exact};
use nalgebra::DVector;

/// Most Newton steps in precise arithmetic: each gains about as many digits as the condition leaves to floats. Three are
/// usual; a minimiser at 0 takes more, since zero has no last digit.
const MOST_REFINEMENTS: usize = 12;

/// `g/μ`, infinite unless `μ > 0`.
fn radius(gradient: Interval, mu: f64) -> f64 {
    if mu > 0.0 { (gradient / Interval::point(mu)).hi() } else { f64::INFINITY }
}

/// The minimiser, around a computed one. `mu` is a lower bound on the strong convexity.
pub(crate) fn around(objective: &Enclosed<'_>, fit: &Fit, mu: f64) -> Located {
    let gradient = norm(&objective.gradient(&exact::<Interval>(&fit.theta)));
    Located::at(&fit.theta).widened(radius(gradient, mu))
}

/// The minimiser, around a computed one that is corrected first. `floats` is the same objective.
///
/// # Errors
/// As [`Cholesky::new`].
pub(crate) fn refined(
    objective: &Enclosed<'_>,
    floats: &Objective<'_>,
    fit: &Fit,
    mu: f64,
) -> Result<Located> {
    let factor = Cholesky::new(floats.hessian(&fit.theta), "the Hessian at the minimiser")?;
    let mut center = exact::<Precise>(&fit.theta);
    let mut gradient = objective.gradient(&center);
    for _ in 0..MOST_REFINEMENTS {
        let step = factor.solve(&DVector::from_iterator(center.len(), gradient.iter().map(|g| g.float())));
        let next: Vec<Precise> =
            center.iter().zip(&step).map(|(c, s)| (*c - Precise::exact(*s)).middle()).collect();
        let g = objective.gradient(&next);
        if norm(&g).hi() >= norm(&gradient).hi() {
            break;
        }
        (center, gradient) = (next, g);
    }
    Ok(Located::enclosed(center).widened(radius(norm(&gradient), mu)))
}
