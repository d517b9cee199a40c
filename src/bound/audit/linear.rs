//! The certificate of a linear model: strong convexity, sharpened by the curvature where the minimiser is.

use super::row::Retained;
use super::{Audit, apart, check_vector, curvature, gradient, objective};
use crate::bound::residual::check_strong;
use crate::bound::{Bound, localisation, residual};
use crate::data::RowSet;
use crate::enclosure::Enclosed;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, norm};
use crate::numeric::spectrum::least_positive_eigenvalue;
use crate::objective::{Problem, Reduction};
use nalgebra::DVector;

/// Most parameters for which the curvature at the reference is enclosed: beyond, a factorisation costs seconds.
const MOST_LOCALISED: usize = 1024;

/// The retained objective with its constants, ready to certify any number of vectors.
pub struct Certifier<'a> {
    pub(super) rows: Retained<'a>,
    strong_convexity: Interval,
    smoothness: f64,
    pub(super) forget: Option<&'a RowSet>,
}

impl<'a> Certifier<'a> {
    /// Encloses the constants of the retained objective.
    ///
    /// # Errors
    /// As [`audit`](super::audit()).
    pub fn new(problem: &'a Problem, forget: Option<&'a RowSet>) -> Result<Certifier<'a>> {
        if !problem.model().is_linear() {
            let why = "the objective of a network with hidden layers is not strongly convex; only a minimiser near the \
                       parameters can be certified";
            return Err(Error::Hypothesis { theorem: residual::THEOREM, why: why.into() });
        }
        let objective = objective(problem, forget)?;
        let retained: Vec<usize> =
            (0..problem.rows()).filter(|i| forget.is_none_or(|f| !f.contains(*i))).collect();
        let weight = match problem.reduction() {
            Reduction::Mean => Interval::ONE / Interval::point(retained.len() as f64),
            Reduction::Sum => Interval::ONE,
        };
        let (strong_convexity, smoothness) = curvature::constants(&objective, weight);
        check_strong(residual::THEOREM, strong_convexity.lo())?;
        Ok(Certifier { rows: Retained { problem, retained, weight }, strong_convexity, smoothness, forget })
    }

    /// The proved lower bound `μ > 0` on the strong convexity of `F_R`.
    pub fn strong_convexity(&self) -> f64 {
        self.strong_convexity.lo()
    }

    pub(super) fn check(&self, theta: &DVector<f64>) -> Result<()> {
        check_vector(self.rows.problem, theta)
    }

    /// A radius from the curvature at the reference; `None` where the residual bound is all there is.
    fn localised(&self, reference: &DVector<f64>, gradient: f64) -> Option<Bound> {
        let problem = self.rows.problem;
        let loss = problem.model().loss();
        localisation::theorem(loss)?;
        if problem.active() > MOST_LOCALISED {
            return None;
        }
        let hessian = Enclosed::new(problem, self.forget).ok()?.hessian(reference);
        let least = least_positive_eigenvalue(&hessian.mid)? - Interval::point(hessian.error);
        localisation::distance(loss, gradient, problem.ridge(), least.lo(), self.rows.largest_norm()).ok()
    }

    /// Certifies the distance of `θ` by way of any `θ̂`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::Invalid`] as [`audit`](super::audit()), for either vector.
    pub fn certify(&self, theta: &DVector<f64>, reference: &DVector<f64>) -> Result<Audit> {
        self.check(theta)?;
        self.check(reference)?;
        let mu = self.strong_convexity.lo();
        let gradient_norm = norm(&gradient::enclose(&self.rows, theta));
        let left = norm(&gradient::enclose(&self.rows, reference));
        let plain = residual::distance(left, mu)?;
        let sharp = self.localised(reference, left.hi()).filter(|b| b.value.hi() < plain.value.hi());
        let Bound { theorem, value } = sharp.unwrap_or(plain);
        let radius = value.hi();
        let (difference, around) = apart(theta, reference, radius);
        let above = residual::distance(gradient_norm, mu)?.value;
        // Where overflow leaves no finite constant there is nothing from below but 0.
        let below = match residual::distance_from_below(gradient_norm, self.smoothness) {
            Ok(bound) => bound.value.lo(),
            Err(_) => 0.0,
        };
        let balls: Vec<Ball> = difference.iter().map(|d| Ball::from(*d)).collect();
        let (output_gap, retained_output_gap) = self.rows.output_gaps(&balls, radius);
        Ok(Audit {
            // Both contain the distance, so they meet.
            distance: Interval::new(around.lo().max(below), around.hi().min(above.hi())),
            gradient_norm,
            strong_convexity: self.strong_convexity,
            smoothness: self.smoothness,
            output_gap,
            retained_output_gap,
            retained: self.rows.retained.len(),
            forgotten: self.forget.map_or(0, RowSet::len),
            reference: reference.clone(),
            radius,
            theorem,
            local: None,
        })
    }
}
