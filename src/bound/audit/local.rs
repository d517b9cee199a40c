//! The certificate of a network: one local minimum in a ball around a polished point.

use super::{Audit, apart, check_vector, gaps, objective};
use crate::bound::kantorovich::{self, MINIMUM, Start, THEOREM, locate};
use crate::constants::{LocalConstants, Region};
use crate::data::RowSet;
use crate::enclosure::{Enclosed, exact, outputs};
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, norm};
use crate::numeric::spectrum::least_positive_eigenvalue;
use crate::objective::Problem;
use crate::train::newton::minimise;
use nalgebra::DVector;

/// Most kept parameters of a network that is audited: each step of Newton's method factors a Hessian of that order, and
/// from afar there are dozens.
pub const LARGEST: usize = 1000;

fn refused(why: String) -> Error {
    Error::Hypothesis { theorem: THEOREM, why }
}

pub(super) fn audit(problem: &Problem, forget: Option<&RowSet>, theta: &DVector<f64>) -> Result<Audit> {
    let certifier = LocalCertifier::new(problem, forget)?;
    check_vector(problem, theta)?;
    if problem.active() > LARGEST {
        return Err(refused(format!(
            "{} parameters are kept; a network is certified by factoring its Hessian, for at most {LARGEST} (use a \
             --mask)",
            problem.active()
        )));
    }
    let fit = minimise(&objective(problem, forget)?, theta.clone()).map_err(|e| {
        refused(format!("Newton's method found no stationary point near the given parameters: {e}"))
    })?;
    certifier.certify(theta, &fit.theta)
}

/// The retained objective of a network, ready to certify points near one of its local minima.
pub struct LocalCertifier<'a> {
    rows: Enclosed<'a>,
    forgotten: usize,
}

impl<'a> LocalCertifier<'a> {
    /// # Errors
    /// As [`Problem::retained`].
    pub fn new(problem: &'a Problem, forget: Option<&RowSet>) -> Result<LocalCertifier<'a>> {
        Ok(LocalCertifier { rows: Enclosed::new(problem, forget)?, forgotten: forget.map_or(0, RowSet::len) })
    }

    /// A Lipschitz constant of the Hessian on the ball of the given radius: `Σ wᵢQᵢ`.
    fn hessian_lipschitz(&self, center: &DVector<f64>, radius: f64) -> f64 {
        let local = LocalConstants::new(self.rows.problem(), Region::Ball { center, radius });
        let weighted = |&(i, w): &(usize, Interval)| w * Interval::point(local.row(i).hessian_lipschitz);
        self.rows.rows().iter().map(weighted).sum::<Interval>().hi()
    }

    /// Certifies that exactly one stationary point is near `θ̂`, that it is a strict local minimum, and encloses the
    /// distance of `θ` from it.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::Invalid`] for vectors of another problem or that are not finite;
    /// [`Error::Hypothesis`] with the numbers when the Hessian is not proved positive definite or does not contract.
    pub fn certify(&self, theta: &DVector<f64>, reference: &DVector<f64>) -> Result<Audit> {
        let problem = self.rows.problem();
        check_vector(problem, theta)?;
        check_vector(problem, reference)?;
        let gradient = norm(&self.rows.gradient(&exact(reference))).hi();
        let hessian = self.rows.hessian(reference);
        let error = Interval::new(-hessian.error, hessian.error);
        let least = least_positive_eigenvalue(&hessian.mid).map(|l| l + error);
        let Some(least) = least.filter(|l| l.lo() > 0.0) else {
            return Err(refused(format!(
                "the Hessian at the point Newton's method found (gradient norm {gradient:.3e}) is not positive \
                 definite, as far as can be proved with its rounding of {:.3e}: a saddle point, or a minimum that \
                 is flat in some direction; a larger ridge may help",
                hessian.error
            )));
        };
        let start = Start::of_minimum(gradient, least.lo());
        let found = locate(start, |radius| self.hessian_lipschitz(reference, radius)).map_err(|e| {
            let Error::Hypothesis { theorem, why } = e else { return e };
            let least = least.lo();
            let why = format!(
                "{why}; the gradient norm where Newton's method stopped is {gradient:.3e}, the least curvature there \
                 {least:.3e}"
            );
            Error::Hypothesis { theorem, why }
        })?;
        Ok(self.audit(theta, reference, least, found))
    }

    fn audit(
        &self,
        theta: &DVector<f64>,
        reference: &DVector<f64>,
        least: Interval,
        found: kantorovich::Located,
    ) -> Audit {
        let (_, distance) = apart(theta, reference, found.radius);
        // ∇²F ≥ m − Kr on the ball of the contraction, in which the minimiser is.
        let change = Interval::point(found.hessian_lipschitz) * Interval::point(found.ball);
        let strong = Interval::new((least - change).lo().max(0.0), least.hi());
        let (here, ball) = (exact(theta), exact(reference));
        let ball: Vec<Ball> = ball.iter().map(|b| Ball { mid: b.mid, radius: found.radius }).collect();
        let problem = self.rows.problem();
        let (output_gap, retained_output_gap) = gaps::over_rows(&self.rows, |i| {
            let apart = outputs(problem, &here, i).into_iter().zip(outputs(problem, &ball, i));
            apart.map(|(a, b)| (a - b).abs()).fold(Interval::ZERO, Interval::max)
        });
        Audit {
            distance,
            gradient_norm: norm(&self.rows.gradient(&here)),
            strong_convexity: strong,
            smoothness: f64::INFINITY,
            output_gap,
            retained_output_gap,
            retained: self.rows.rows().len(),
            forgotten: self.forgotten,
            reference: reference.clone(),
            radius: found.radius,
            theorem: MINIMUM,
            local: Some(found),
        }
    }
}
