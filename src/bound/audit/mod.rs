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
//! next to nothing. For logistic and softmax losses `μ = λ` is used, not the larger curvature near `θ̂`.
//!
//! Source: folklore residual bound; proved as [`THEOREM`]. Hypotheses checked: the model is linear (its losses
//! are convex in the outputs), `μ > 0`.

mod curvature;
mod gaps;

use crate::bound::residual;
use crate::bound::residual::check_strong;
use crate::data::RowSet;
use crate::enclosure::{Enclosed, exact};
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, norm};
use crate::objective::{Objective, Problem};
use crate::train::newton::minimise;
use nalgebra::DVector;

/// The theorem that the interval rests on.
pub const THEOREM: &str = residual::THEOREM;

/// What is certain about the distance of given parameters `θ` from the minimiser `θ_r` of the retained
/// objective over the reals.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// `lo ≤ ‖θ − θ_r‖₂ ≤ hi`.
    pub distance: Interval,
    /// Encloses `‖∇F_R(θ)‖₂`.
    pub gradient_norm: Interval,
    /// Encloses the largest `μ` for which `F_R` is `μ`-strongly convex; its lower end is positive.
    pub strong_convexity: Interval,
    /// An upper bound on the Lipschitz constant of `∇F_R`.
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
}

/// Audits `θ` (its `k` kept parameters) against the minimiser on the rows that are not forgotten, all rows
/// when `forget` is `None`.
///
/// Newton's method looks for `θ̂`, from `θ` and then from 0; where it fails, `θ` itself takes that place.
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
/// [`Error::Hypothesis`] for a network with hidden layers or when `μ > 0` cannot be shown (logistic and
/// softmax: λ = 0; squared: λ = 0 and dependent columns), [`Error::Shape`] when `θ` or the forget set is for another
/// problem, [`Error::Invalid`] when a parameter is not finite or no row is retained.
pub fn audit(problem: &Problem, forget: Option<&RowSet>, theta: &DVector<f64>) -> Result<Audit> {
    let certifier = Certifier::new(problem, forget)?;
    certifier.check(theta)?;
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

/// The retained objective with its constants, ready to certify any number of vectors.
pub struct Certifier<'a> {
    rows: Enclosed<'a>,
    strong_convexity: Interval,
    smoothness: f64,
    forgotten: usize,
}

impl<'a> Certifier<'a> {
    /// Encloses the constants of the retained objective.
    ///
    /// # Errors
    /// As [`audit`].
    pub fn new(problem: &'a Problem, forget: Option<&RowSet>) -> Result<Certifier<'a>> {
        if !problem.model().is_linear() {
            let why = "the objective of a network with hidden layers is not strongly convex, so its minimiser \
                       need not be unique and no distance from it is certified yet";
            return Err(Error::Hypothesis { theorem: THEOREM, why: why.into() });
        }
        let objective = objective(problem, forget)?;
        let forgotten = forget.map_or(0, RowSet::len);
        let rows = Enclosed::new(problem, forget)?;
        let weight = rows.rows()[0].1;
        let (strong_convexity, smoothness) = curvature::constants(&objective, weight);
        check_strong(THEOREM, strong_convexity.lo())?;
        Ok(Certifier { rows, strong_convexity, smoothness, forgotten })
    }

    fn check(&self, theta: &DVector<f64>) -> Result<()> {
        Error::check_shape("kept parameters", self.rows.problem().active(), theta.len())?;
        match theta.iter().find(|v| !v.is_finite()) {
            Some(v) => Err(Error::Invalid(format!("a parameter is {v}; all must be finite"))),
            None => Ok(()),
        }
    }

    /// Certifies the distance of `θ` by way of any `θ̂`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::Invalid`] as [`audit`], for either vector.
    pub fn certify(&self, theta: &DVector<f64>, reference: &DVector<f64>) -> Result<Audit> {
        self.check(theta)?;
        self.check(reference)?;
        let mu = self.strong_convexity.lo();
        let gradient_norm = norm(&self.rows.gradient(&exact(theta)));
        let radius = residual::distance(norm(&self.rows.gradient(&exact(reference))), mu)?.value.hi();
        let difference: Vec<Interval> = theta
            .iter()
            .zip(reference.iter())
            .map(|(a, b)| Interval::point(*a) - Interval::point(*b))
            .collect();
        let slack = Interval::new(-radius, radius);
        let around = (norm(&difference) + slack).nonnegative();
        let above = residual::distance(gradient_norm, mu)?.value;
        // Where overflow leaves no finite constant there is nothing from below but 0.
        let below = match residual::distance_from_below(gradient_norm, self.smoothness) {
            Ok(bound) => bound.value.lo(),
            Err(_) => 0.0,
        };
        let balls: Vec<Ball> = difference.iter().map(|d| Ball::from(*d)).collect();
        let (output_gap, retained_output_gap) = gaps::linear(&self.rows, &balls, radius);
        Ok(Audit {
            // Both contain the distance, so they meet.
            distance: Interval::new(around.lo().max(below), around.hi().min(above.hi())),
            gradient_norm,
            strong_convexity: self.strong_convexity,
            smoothness: self.smoothness,
            output_gap,
            retained_output_gap,
            retained: self.rows.rows().len(),
            forgotten: self.forgotten,
            reference: reference.clone(),
            radius,
        })
    }
}
