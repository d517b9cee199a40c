//! Deterministic stochastic gradient descent with a recorded trajectory.

use super::coupling::Normalisation;
use super::plan::Plan;
use super::stepper::Stepper;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::objective::Problem;
use nalgebra::DVector;

/// Every point of a run, `θ_0 … θ_t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    /// `t + 1` points.
    pub points: Vec<DVector<f64>>,
}

impl Trajectory {
    /// `θ_0`.
    pub fn start(&self) -> &DVector<f64> {
        &self.points[0]
    }

    /// `θ_t`.
    pub fn last(&self) -> &DVector<f64> {
        &self.points[self.points.len() - 1]
    }

    /// The radius of a ball around the start that contains the recorded points with some room: 10⁻⁶ of the way,
    /// 10⁻⁹ of the start's size, and 10⁻¹² (of units of about 1) around a run that hardly moves from 0. [`super::rounding::RunEnclosure`] proves whether the exact run stays in it too.
    pub fn enclosing_radius(&self) -> f64 {
        self.radius_around(self.start()) * (1.0 + 1e-6) + 1e-9 * self.start().norm() + 1e-12
    }

    /// Largest distance of a point from `center`.
    pub fn radius_around(&self, center: &DVector<f64>) -> f64 {
        self.points.iter().map(|p| Interval::norm((p - center).as_slice()).hi()).fold(0.0, f64::max)
    }
}

/// Runs the plan on all rows.
///
/// Given the same problem, plan and start, the result is the same bit for bit.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, model::Model, objective::Problem};
/// use unlearn::train::{plan::{Plan, Step}, sgd};
/// let x = Design::dense(1, 1, vec![1.0]).unwrap();
/// let data = Dataset::new("one", x, vec![2.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
/// // θ ← θ − ½(θ − 2), twice, from 0: 1, then 1.5.
/// let step = Step { rows: vec![0], eta: 0.5 };
/// let plan = Plan::new(vec![step.clone(), step], 0.0, 0.0).unwrap();
/// let run = sgd::train(&problem, &plan, nalgebra::dvector![0.0]).unwrap();
/// assert_eq!(run.last()[0], 1.5);
/// ```
///
/// # Errors
/// [`Error::Shape`] when the start has the wrong length, [`Error::Invalid`] when a batch names a row
/// that does not exist, [`Error::NotConverged`] when the iterates overflow.
pub fn train(problem: &Problem, plan: &Plan, start: DVector<f64>) -> Result<Trajectory> {
    recorded(problem, plan, start, None)
}

/// The last point of [`train`], to the bit, without the others: nothing is allocated on the way.
///
/// # Errors
/// As [`train`].
pub fn train_final(problem: &Problem, plan: &Plan, start: DVector<f64>) -> Result<DVector<f64>> {
    last(problem, plan, start, None)
}

/// Coupled retraining: the same start and the same grid of batches with the forgotten rows excised.
///
/// Steps whose batch holds no forgotten row compute exactly what [`train`] computes, so a run that
/// never meets the forget set is reproduced bit for bit.
///
/// # Errors
/// As [`train`] and [`Problem::check_forget`].
pub fn retrain(
    problem: &Problem,
    plan: &Plan,
    start: DVector<f64>,
    forget: &RowSet,
    normalisation: Normalisation,
) -> Result<Trajectory> {
    recorded(problem, plan, start, Some((forget, normalisation)))
}

/// The last point of [`retrain`], to the bit, without the others: nothing is allocated on the way.
///
/// # Errors
/// As [`retrain`].
pub fn retrain_final(
    problem: &Problem,
    plan: &Plan,
    start: DVector<f64>,
    forget: &RowSet,
    normalisation: Normalisation,
) -> Result<DVector<f64>> {
    last(problem, plan, start, Some((forget, normalisation)))
}

/// A forget set and by what retraining divides.
type Without<'a> = Option<(&'a RowSet, Normalisation)>;

fn recorded(problem: &Problem, plan: &Plan, start: DVector<f64>, without: Without<'_>) -> Result<Trajectory> {
    let mut points = Vec::with_capacity(plan.len() + 1);
    points.push(start.clone());
    run(problem, plan, &start, without, |stepper| {
        let mut point = DVector::zeros(start.len());
        stepper.read(point.as_mut_slice());
        points.push(point);
    })?;
    Ok(Trajectory { points })
}

fn last(
    problem: &Problem,
    plan: &Plan,
    mut start: DVector<f64>,
    without: Without<'_>,
) -> Result<DVector<f64>> {
    let stepper = run(problem, plan, &start, without, |_| ())?;
    stepper.read(start.as_mut_slice());
    Ok(start)
}

fn run<'p>(
    problem: &'p Problem,
    plan: &Plan,
    start: &DVector<f64>,
    without: Without<'_>,
    mut after_step: impl FnMut(&Stepper<'p>),
) -> Result<Stepper<'p>> {
    Error::check_shape("starting parameters", problem.active(), start.len())?;
    check_rows(problem, plan)?;
    let mut forgotten = vec![false; if without.is_some() { problem.rows() } else { 0 }];
    if let Some((forget, _)) = without {
        problem.check_forget(forget)?;
        forget.rows().iter().for_each(|&i| forgotten[i] = true);
    }
    let mut stepper = Stepper::new(problem, start.as_slice(), plan.momentum, plan.weight_decay)?;
    let mut kept = Vec::with_capacity(plan.steps.iter().map(|s| s.rows.len()).max().unwrap_or(0));
    for (k, step) in plan.steps.iter().enumerate() {
        let size = step.rows.len();
        match without {
            Some((_, normalisation)) if step.rows.iter().any(|&i| forgotten[i]) => {
                kept.clear();
                kept.extend(step.rows.iter().copied().filter(|&i| !forgotten[i]));
                let divisor = match normalisation {
                    Normalisation::Fixed => size,
                    Normalisation::Renormalised => kept.len().max(1),
                };
                stepper.step(&kept, divisor as f64, step.eta);
            }
            _ => stepper.step(&step.rows, size as f64, step.eta),
        }
        after_step(&stepper);
        // What is not finite stays so: it is enough to look now and then.
        if ((k + 1) % LOOK == 0 || k + 1 == plan.len()) && !stepper.is_finite() {
            return Err(Error::NotConverged {
                what: "stochastic gradient descent (a parameter overflowed; use a smaller step size)",
                iterations: k + 1,
                residual: f64::INFINITY,
                target: f64::MAX,
            });
        }
    }
    Ok(stepper)
}

/// Steps between two looks at whether a parameter overflowed.
pub(super) const LOOK: usize = 64;

/// Does every batch name rows that exist?
pub(crate) fn check_rows(problem: &Problem, plan: &Plan) -> Result<()> {
    let rows = problem.rows();
    for (k, step) in plan.steps.iter().enumerate() {
        if let Some(i) = step.rows.iter().find(|&&i| i >= rows) {
            return Err(Error::Invalid(format!("step {k} uses row {i}; the data has {rows} rows")));
        }
    }
    Ok(())
}
