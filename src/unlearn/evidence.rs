//! What is known about a result that no theorem speaks about.

use super::{Guarantee, Request, Trained, certificate};
use crate::bound::ledger::distance;
use crate::error::Result;
use crate::numeric::interval::Interval;
use nalgebra::DVector;

/// The best guarantee for any parameters, whatever made them: for a linear model trained to a minimiser
/// `‖∇F_R(θ)‖/μ` (T-residual); for a recorded run the distance that the untouched model is guaranteed plus the
/// way from it.
pub(crate) fn of_any(request: &Request<'_>, theta: &DVector<f64>) -> Result<Guarantee> {
    match request.trained {
        Trained::Minimiser(_) => match certificate::retained_constants(request)? {
            Some(constants) => certificate::minimiser(request, &constants, theta, None),
            None => Ok(certificate::not_convex()),
        },
        Trained::Run { trajectory, .. } => {
            let moved = distance(theta, trajectory.last());
            let untouched = match request.untouched()? {
                Some(_) if theta == trajectory.last() => return certificate_unmoved(),
                Some(_) => 0.0,
                None => match certificate::untouched_model(&request.coupling()?, trajectory)? {
                    Guarantee::Within { distance, .. } => distance,
                    other => return Ok(other),
                },
            };
            let total = (moved + Interval::point(untouched)).hi();
            if total.is_finite() {
                let theorem = "Unlearn.Sgd.noop_error and the triangle inequality";
                Ok(Guarantee::Within { distance: total, theorem })
            } else {
                Ok(Guarantee::None { why: "the way from the trained model overflows".into() })
            }
        }
    }
}

fn certificate_unmoved() -> Result<Guarantee> {
    Ok(Guarantee::Exact { theorem: "the run never uses a forgotten row" })
}
