//! Deterministic stochastic gradient descent with a recorded trajectory.

use super::coupling::{Coupling, Normalisation, add_regulariser, write_loss_gradient};
use super::plan::Plan;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::model::Workspace;
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
    run(problem, plan, start, |k, theta, ws, g| {
        let rows = &plan.steps[k].rows;
        write_loss_gradient(problem, rows.iter().copied(), rows.len() as f64, theta, ws, g);
        add_regulariser(problem, plan, theta, g);
    })
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
    let coupling = Coupling::new(problem, plan, forget, normalisation)?;
    run(problem, plan, start, |k, theta, ws, g| coupling.write_keep(k, theta, ws, g))
}

fn run(
    problem: &Problem,
    plan: &Plan,
    start: DVector<f64>,
    gradient: impl Fn(usize, &DVector<f64>, &mut Workspace, &mut DVector<f64>),
) -> Result<Trajectory> {
    Error::check_shape("starting parameters", problem.active(), start.len())?;
    for (k, step) in plan.steps.iter().enumerate() {
        if let Some(i) = step.rows.iter().find(|&&i| i >= problem.rows()) {
            return Err(Error::Invalid(format!(
                "step {k} uses row {i}; the data has {} rows",
                problem.rows()
            )));
        }
    }
    let mut velocity = DVector::zeros(start.len());
    let mut g = DVector::zeros(start.len());
    let mut ws = problem.network().workspace();
    let mut points = Vec::with_capacity(plan.len() + 1);
    points.push(start);
    for (k, step) in plan.steps.iter().enumerate() {
        let theta = &points[k];
        gradient(k, theta, &mut ws, &mut g);
        velocity *= plan.momentum;
        velocity += &g;
        let mut next = theta.clone();
        next.axpy(-step.eta, &velocity, 1.0);
        if !next.iter().all(|v| v.is_finite()) {
            return Err(Error::NotConverged {
                what: "stochastic gradient descent (a parameter overflowed; use a smaller step size)",
                iterations: k + 1,
                residual: f64::INFINITY,
                target: f64::MAX,
            });
        }
        points.push(next);
    }
    Ok(Trajectory { points })
}
