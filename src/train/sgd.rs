//! Deterministic stochastic gradient descent with a recorded trajectory.

use super::coupling::{Coupling, Normalisation, add_regulariser, loss_gradient};
use super::plan::Plan;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use nalgebra::DVector;

/// Every point of a run, `θ_0 … θ_t`, with an allowance for its rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    /// `t + 1` points.
    pub points: Vec<DVector<f64>>,
    /// Allowance for `‖θ_t − exact θ_t‖`: local rounding of each step,
    /// `4ε(‖θ‖ + η(|B|+d+8)·(Σ‖∇ℓᵢ‖/|B| + γ‖θ‖))`, carried forward by the step's expansion.
    pub rounding: f64,
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

    /// Largest distance of a point from `center`.
    pub fn radius_around(&self, center: &DVector<f64>) -> f64 {
        self.points.iter().map(|p| (p - center).norm()).fold(0.0, f64::max)
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
    run(problem, plan, start, |k, theta| {
        let step = &plan.steps[k];
        let mut g = loss_gradient(problem, step.rows.iter().copied(), step.rows.len() as f64, theta);
        add_regulariser(problem, plan, theta, &mut g);
        g
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
    run(problem, plan, start, |k, theta| coupling.keep(k, theta))
}

fn run(
    problem: &Problem,
    plan: &Plan,
    start: DVector<f64>,
    gradient: impl Fn(usize, &DVector<f64>) -> DVector<f64>,
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
    let mut points = Vec::with_capacity(plan.len() + 1);
    let mut rounding = Rounding::default();
    points.push(start);
    for (k, step) in plan.steps.iter().enumerate() {
        let theta = &points[k];
        let g = gradient(k, theta);
        rounding.advance(problem, plan, k, theta);
        velocity *= plan.momentum;
        velocity += g;
        let next = theta - &velocity * step.eta;
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
    Ok(Trajectory { points, rounding: rounding.position })
}

/// Running allowance for the distance between the computed and the exact run.
#[derive(Debug, Default)]
struct Rounding {
    position: f64,
    velocity: f64,
}

impl Rounding {
    fn advance(&mut self, problem: &Problem, plan: &Plan, k: usize, theta: &DVector<f64>) {
        let step = &plan.steps[k];
        let net = problem.network();
        let c = problem.model().loss().constants();
        let mut ws = net.workspace();
        let (mut mass, mut curvature) = (0.0, 0.0);
        let mut row = DVector::zeros(problem.active());
        for &i in &step.rows {
            let x = problem.data().design().row(i);
            net.forward(theta.as_slice(), x, &mut ws);
            net.backward(theta.as_slice(), problem.target()[i], &mut ws);
            row.fill(0.0);
            net.add_gradient(1.0, x, &ws, row.as_mut_slice());
            mass += row.norm() / step.rows.len() as f64;
            curvature += c.curvature * (x.norm_squared() + 1.0) / step.rows.len() as f64;
        }
        let size = theta.norm();
        let terms = (step.rows.len() + problem.data().cols() + 8) as f64;
        let lipschitz = curvature + plan.weight_decay;
        // Rounding the outputs moves the gradient by at most curvature·ε·‖θ‖ per chained operation.
        let local = 4.0 * f64::EPSILON * terms * (mass + lipschitz * size);
        let nonexpansive = problem.model().is_linear() && plan.momentum == 0.0 && step.eta * lipschitz <= 2.0;
        let carried = if nonexpansive { 0.0 } else { lipschitz * self.position };
        self.velocity = plan.momentum * self.velocity + carried + local;
        self.position += step.eta * self.velocity + 4.0 * f64::EPSILON * size;
    }
}
