//! The removal ladder: from what was measured to what could have been promised beforehand.
//!
//! For a linear model, `θ` trained on all rows and `θ_u = θ + Δ` what a second-order removal made of it:
//!
//! `‖θ_u − θ_r‖ ≤ ‖∇F_R(θ_u)‖/μ ≤ (ρ + sharp)/μ ≤ (ρ + data-dependent)/μ ≤ worst case/μ`,
//!
//! with `sharp` the smaller of the two sharp forms of [`super::guo`]. Every rung bounds the gradient left on the
//! rows kept, hence a distance (T-residual, [`super::residual`]) and a scale of perturbation ([`super::removal`]).
//! All of it in enclosures: of the gradient, of `ρ` and of every norm.
//!
//! Only the worst case is known before the removal, and whatever the perturbation is; a scale taken from
//! another rung is a budget that this removal respects, not a promise about the next one.

use super::audit::{Certifier, Step};
use super::guo::{self, Removal};
use super::residual;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::objective::{Problem, Reduction};
use nalgebra::DVector;

/// Which system the step solves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The Hessian of the rows kept.
    Newton,
    /// The Hessian of all rows, weights summing to one afterwards.
    Influence,
    /// The Hessian of all rows, the rows kept with their old weights.
    InfluenceBoolean,
}

impl Method {
    /// The method of that command-line name, if it has a ladder.
    pub fn named(name: &str) -> Option<Method> {
        match name {
            "newton" => Some(Method::Newton),
            "influence" => Some(Method::Influence),
            "influence-boolean" => Some(Method::InfluenceBoolean),
            _ => None,
        }
    }
}

/// One bound on `‖∇F_R(θ_u)‖`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rung {
    /// `a posteriori`, `sharp`, `data-dependent` or `worst case`.
    pub name: &'static str,
    /// An enclosure of the bound's value.
    pub gradient: Interval,
    /// What justifies it.
    pub theorem: &'static str,
}

/// The rungs of one removal, lowest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    /// Four rungs; three where no worst case is known (boolean influence weights under the mean; influence and the
    /// squared loss).
    pub rungs: Vec<Rung>,
    /// A lower bound on the strong convexity `μ > 0` of `F_R`.
    pub strong_convexity: f64,
}

impl Ladder {
    /// Encloses every rung for the step from `theta` (trained on all rows) to `unlearned`.
    ///
    /// ```
    /// use unlearn::bound::ladder::{Ladder, Method};
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// // Kept: ½(θ − 1)² + ½θ², least at ½. Staying at 1 leaves a gradient of 1 and μ = 2: the distance is ½.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let one = nalgebra::dvector![1.0];
    /// let ladder = Ladder::of(&problem, &forget, &one, &one, Method::Newton).unwrap();
    /// assert!(ladder.rungs[0].gradient.contains(1.0));
    /// assert!((ladder.distance(&ladder.rungs[0]).unwrap() - 0.5).abs() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// As [`Certifier::new`], [`Certifier::step`] and [`Removal::new`].
    pub fn of(
        problem: &Problem,
        forget: &RowSet,
        theta: &DVector<f64>,
        unlearned: &DVector<f64>,
        method: Method,
    ) -> Result<Ladder> {
        let certifier = Certifier::new(problem, Some(forget))?;
        let rungs = rungs(problem, forget, &certifier.step(theta, unlearned)?, method)?;
        Ok(Ladder { rungs, strong_convexity: certifier.strong_convexity() })
    }

    /// The distance that a rung allows.
    ///
    /// # Errors
    /// As [`residual::distance`].
    pub fn distance(&self, rung: &Rung) -> Result<f64> {
        Ok(residual::distance(rung.gradient, self.strong_convexity)?.value.hi())
    }
}

/// The rungs from an enclosed step.
///
/// # Errors
/// As [`Removal::new`], except that without a ridge (least squares with independent columns) the worst case
/// is left out.
pub fn rungs(problem: &Problem, forget: &RowSet, step: &Step, method: Method) -> Result<Vec<Rung>> {
    let loss = problem.model().loss();
    let rho = step.retained_residual;
    let (by_rows, by_norm) = (guo::rows(loss, step), guo::spectral(loss, step));
    let sharp = if by_norm.hi() < by_rows.hi() { (by_norm, guo::SPECTRAL) } else { (by_rows, guo::ROWS) };
    let mut rungs = vec![
        Rung { name: "a posteriori", gradient: step.gradient_after, theorem: residual::THEOREM },
        Rung { name: "sharp", gradient: rho + by_rows.min(by_norm), theorem: sharp.1 },
        Rung {
            name: "data-dependent",
            gradient: rho + guo::data_dependent(loss, step),
            theorem: guo::DATA_DEPENDENT,
        },
    ];
    let removal = match Removal::new(problem, forget) {
        Ok(removal) => removal,
        Err(Error::Hypothesis { .. }) => return Ok(rungs),
        Err(other) => return Err(other),
    };
    let worst = match method {
        Method::Newton => Some(removal.newton(step.fit_residual, rho)),
        // What the boolean weights leave out is of first order under the mean.
        Method::InfluenceBoolean if problem.reduction() == Reduction::Mean => None,
        Method::Influence | Method::InfluenceBoolean => {
            Some(removal.influence(step.fit_residual, step.full_residual))
        }
    };
    // Gradients of the squared loss have no bound.
    let worst = worst.filter(|b| b.value.is_finite());
    rungs.extend(worst.map(|b| Rung { name: "worst case", gradient: b.value, theorem: b.theorem }));
    Ok(rungs)
}
