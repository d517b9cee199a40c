//! What is computed once per trained model, so that a request costs visits of its own rows only.
//!
//! With the regulariser's gradient `ν = λθ + b`, `s = n/|R|` (mean) or 1 (sum) and the weight of a row in `F`:
//!
//! - `∇F_R = ν + s(∇F − ν − w Σ_F ∇ℓᵢ)`: from the kept enclosure of `∇F(θ)`, coordinate by coordinate;
//! - `∇²F_R = λI + s(∇²F − λI − w Σ_F ∇²ℓᵢ)`, so `Q_R ≤ sQ` and `L_R ≤ λ + s(L − λ)`, removed terms being
//!   positive semidefinite for a linear model;
//! - squared loss: `μ_R ≥ λ + s(μ − λ − w Σ_F ‖x̃ᵢ‖²)` by Weyl's inequality; `μ_R ≥ λ` for every loss.

use super::calibrate::Rates;
use crate::bound::residual::gradient_norm;
use crate::constants::{Constants, LocalConstants, Region};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::enclosed::{Enclosed, exact};
use crate::objective::{Problem, Reduction};
use crate::train::newton::Fit;
use nalgebra::DVector;

/// A trained model, ready for requests.
#[derive(Debug)]
pub struct Prepared<'a> {
    /// The problem trained on.
    pub problem: &'a Problem,
    /// The trained parameters.
    pub fit: &'a Fit,
    /// For seconds; nothing else depends on them.
    pub rates: Option<Rates>,
    linear: Option<Linear>,
}

/// What a linear model keeps.
#[derive(Debug)]
pub(crate) struct Linear {
    constants: Constants,
    /// Encloses `∇F(θ)`.
    gradient: Vec<Interval>,
    /// Of `∇²F(θ)`, where it is positive definite.
    factor: Option<Cholesky>,
}

/// The objective on the rows kept, as far as the forgotten rows alone tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Downdated {
    /// Encloses `∇F_R(θ)` at the trained parameters.
    pub(crate) gradient: Vec<Interval>,
    /// Valid everywhere.
    pub(crate) constants: Constants,
}

/// How far the result of a branch is from the exact minimiser on the rows kept, computed from the result alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certified {
    /// `‖∇F_R(θ)‖/L ≤ ‖θ − θ_r‖ ≤ ‖∇F_R(θ)‖/μ`.
    pub distance: Interval,
    /// Encloses `‖∇F_R(θ)‖`.
    pub gradient_norm: Interval,
    /// What it rests on.
    pub theorem: &'static str,
}

impl<'a> Prepared<'a> {
    /// Prepares a trained model: one Hessian and one enclosed gradient on all rows.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::Invalid`] when the parameters are for another problem or not finite.
    pub fn new(problem: &'a Problem, fit: &'a Fit) -> Result<Prepared<'a>> {
        Error::check_shape("trained parameters", problem.active(), fit.theta.len())?;
        if let Some(v) = fit.theta.iter().find(|v| !v.is_finite()) {
            return Err(Error::Invalid(format!("a trained parameter is {v}; all must be finite")));
        }
        let linear = problem.model().is_linear().then(|| {
            let full = problem.full();
            Linear {
                constants: Constants::of(&full, Region::Everywhere),
                gradient: Enclosed::full(problem).gradient(&exact(&fit.theta)),
                factor: Cholesky::new(full.hessian(&fit.theta), "the Hessian on all rows").ok(),
            }
        });
        Ok(Prepared { problem, fit, rates: None, linear })
    }

    /// Prepared before, for the same problem and parameters, and taken apart by [`Prepared::into_kept`].
    #[cfg(feature = "verify")]
    pub(crate) fn with_kept(problem: &'a Problem, fit: &'a Fit, kept: Option<Linear>) -> Prepared<'a> {
        Prepared { problem, fit, rates: None, linear: kept }
    }

    /// What was computed, to be kept where the problem and the parameters are.
    #[cfg(feature = "verify")]
    pub(crate) fn into_kept(self) -> Option<Linear> {
        self.linear
    }

    /// With seconds per visit measured on this machine, where the Hessian can be factored.
    pub fn calibrated(mut self) -> Prepared<'a> {
        self.rates = Rates::measure(self.problem, &self.fit.theta).ok();
        self
    }

    /// The Newton steps that retraining is expected to take: as many as training took; where that is not known (given
    /// parameters), one for squared loss and eight otherwise, which is what logistic and softmax fits from 0 usually take.
    pub fn iterations(&self) -> usize {
        match (self.fit.iterations, self.problem.model().loss()) {
            (0, Loss::Squared) => 1,
            (0, _) => 8,
            (known, _) => known,
        }
    }

    /// An enclosure of `‖∇F(θ)‖` on all rows; `None` for a network.
    pub(crate) fn fit_residual(&self) -> Option<Interval> {
        self.linear.as_ref().map(|l| norm(&l.gradient))
    }

    /// The factor of the Hessian on all rows.
    pub(crate) fn factor(&self) -> Option<&Cholesky> {
        self.linear.as_ref()?.factor.as_ref()
    }

    /// `n/|R|` or 1.
    pub(crate) fn scale(&self, forget: &RowSet) -> Interval {
        let n = self.problem.rows();
        match self.problem.reduction() {
            Reduction::Mean => Interval::point(n as f64) / Interval::point((n - forget.len()) as f64),
            Reduction::Sum => Interval::ONE,
        }
    }

    /// Gradient and constants on the rows kept, from the forgotten rows. `None` for a network.
    pub(crate) fn downdated(&self, forget: &RowSet) -> Result<Option<Downdated>> {
        self.problem.check_forget(forget)?;
        let Some(all) = &self.linear else { return Ok(None) };
        let (problem, theta) = (self.problem, &self.fit.theta);
        let forgotten = Enclosed::only(problem, |i| forget.contains(i));
        let dropped = forgotten.risk_gradient(&exact::<Interval>(theta));
        let (scale, ridge) = (self.scale(forget), Interval::point(problem.ridge()));
        let coordinate = |j: usize| {
            let b = problem.perturbation().map_or(0.0, |b| b[j]);
            let regulariser = ridge * Interval::point(theta[j]) + Interval::point(b);
            regulariser + scale * (all.gradient[j] - regulariser - dropped[j])
        };
        let gradient = (0..theta.len()).map(coordinate).collect();
        let smoothness = ridge + scale * (Interval::point(all.constants.smoothness) - ridge);
        let mut mu = problem.ridge();
        if problem.model().loss() == Loss::Squared {
            let local = LocalConstants::new(problem, Region::Everywhere);
            let row = |i: &usize| Interval::point(local.row(*i).smoothness);
            let lost = forgotten.weight::<Interval>() * forget.rows().iter().map(row).sum::<Interval>();
            let left = ridge + scale * (Interval::point(all.constants.strong_convexity) - ridge - lost);
            mu = mu.max(left.lo());
            if mu <= 0.0 {
                mu = Constants::of(&problem.retained(forget)?, Region::Everywhere).strong_convexity;
            }
        }
        let constants = Constants {
            smoothness: smoothness.hi(),
            strong_convexity: mu,
            hessian_lipschitz: (scale * Interval::point(all.constants.hessian_lipschitz)).hi(),
        };
        Ok(Some(Downdated { gradient, constants }))
    }

    /// Certifies a result; `None` where nothing can be certified (networks, no strong convexity).
    pub(crate) fn certify(
        &self,
        forget: &RowSet,
        constants: &Constants,
        theta: &DVector<f64>,
    ) -> Option<Certified> {
        let gradient = gradient_norm(&Enclosed::retained(self.problem, forget), theta);
        certified(gradient, constants)
    }
}

/// The certificate that a gradient norm gives.
pub(crate) fn certified(gradient_norm: Interval, constants: &Constants) -> Option<Certified> {
    use crate::bound::residual::{THEOREM, distance, distance_from_below};
    let above = distance(gradient_norm, constants.strong_convexity).ok()?.value.hi();
    if !above.is_finite() {
        return None;
    }
    let below = distance_from_below(gradient_norm, constants.smoothness).map_or(0.0, |b| b.value.lo());
    Some(Certified { distance: Interval::new(below.max(0.0), above), gradient_norm, theorem: THEOREM })
}
