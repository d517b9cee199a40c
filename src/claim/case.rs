//! One case: a problem, a forget set and a run, with the expensive results computed once.

use crate::bound::ledger::distance;
use crate::constants::{Constants, Region};
use crate::data::RowSet;
use crate::error::Result;
use crate::numeric::interval::Interval;
use crate::objective::Problem;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::newton::{Fit, minimise};
use crate::train::plan::Plan;
use crate::train::rounding::{Drift, drift};
use crate::train::sgd::{self, Trajectory};
use nalgebra::DVector;
use std::sync::OnceLock;

/// Vectors below this size count as 0: the squares in their norms come near underflow.
pub(crate) const SMALLEST_SIZE: f64 = 1e-130;

/// Everything a checker may look at.
#[derive(Debug)]
pub struct Case {
    /// `generated`, `directed`, or the name of the data set.
    pub origin: String,
    /// What distinguishes the case among those of its origin, for example the sparsity.
    pub label: String,
    /// The problem trained on.
    pub problem: Problem,
    /// The rows to forget.
    pub forget: RowSet,
    /// The run of stochastic gradient descent.
    pub plan: Plan,
    /// Its start `θ_0`.
    pub start: DVector<f64>,
    /// How coupled retraining divides its batches.
    pub normalisation: Normalisation,
    fits: [OnceLock<Result<Fit>>; 2],
    runs: [OnceLock<Result<Trajectory>>; 2],
    drift: OnceLock<Result<Drift>>,
    retained: OnceLock<Result<Constants>>,
}

impl Case {
    /// A case; nothing is computed yet.
    pub fn new(
        origin: impl Into<String>,
        problem: Problem,
        forget: RowSet,
        plan: Plan,
        start: DVector<f64>,
        normalisation: Normalisation,
    ) -> Case {
        Case {
            origin: origin.into(),
            label: String::new(),
            problem,
            forget,
            plan,
            start,
            normalisation,
            fits: Default::default(),
            runs: Default::default(),
            drift: OnceLock::new(),
            retained: OnceLock::new(),
        }
    }

    /// The same case with a label.
    pub fn labelled(mut self, label: impl Into<String>) -> Case {
        self.label = label.into();
        self
    }

    /// The minimiser on all rows.
    ///
    /// # Errors
    /// As [`minimise`].
    pub fn fit(&self) -> Result<&Fit> {
        self.fits[0]
            .get_or_init(|| minimise(&self.problem.full(), self.start.clone()))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The exactly retrained minimiser.
    ///
    /// # Errors
    /// As [`minimise`] and [`Problem::retained`].
    pub fn refit(&self) -> Result<&Fit> {
        self.fits[1]
            .get_or_init(|| {
                let from = self.fit().map_or_else(|_| self.start.clone(), |f| f.theta.clone());
                minimise(&self.problem.retained(&self.forget)?, from)
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The recorded run on all rows.
    ///
    /// # Errors
    /// As [`sgd::train`].
    pub fn run(&self) -> Result<&Trajectory> {
        self.runs[0]
            .get_or_init(|| sgd::train(&self.problem, &self.plan, self.start.clone()))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The coupled retraining run.
    ///
    /// # Errors
    /// As [`sgd::retrain`].
    pub fn rerun(&self) -> Result<&Trajectory> {
        self.runs[1]
            .get_or_init(|| {
                sgd::retrain(&self.problem, &self.plan, self.start.clone(), &self.forget, self.normalisation)
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The two halves of the batch gradients.
    ///
    /// # Errors
    /// As [`Coupling::new`].
    pub fn coupling(&self) -> Result<Coupling<'_>> {
        Coupling::new(&self.problem, &self.plan, &self.forget, self.normalisation)
    }

    /// Does the run ever use a forgotten row?
    pub fn meets_forget_set(&self) -> bool {
        self.plan.steps.iter().any(|s| s.rows.iter().any(|&i| self.forget.contains(i)))
    }

    /// Constants of the objective on the rows kept, valid everywhere (linear models).
    ///
    /// # Errors
    /// As [`Problem::retained`].
    pub fn retained_constants(&self) -> Result<Constants> {
        self.retained
            .get_or_init(|| Ok(Constants::of(&self.problem.retained(&self.forget)?, Region::Everywhere)))
            .clone()
    }

    /// The distance of `theta` from the exact minimiser on the rows kept: the computed distance,
    /// widened by `‖∇F_R‖/μ` at the computed minimiser. Unbounded above when `μ` is not positive.
    ///
    /// # Errors
    /// As [`Case::refit`].
    pub fn distance_to_refit(&self, theta: &DVector<f64>) -> Result<Interval> {
        let refit = self.refit()?;
        let mu = self.retained_constants()?.strong_convexity.max(0.0);
        let radius = (Interval::point(refit.residual_bound()) / Interval::point(mu)).hi();
        Ok((distance(theta, &refit.theta) + Interval::new(-radius, radius)).nonnegative())
    }

    /// The size of the vectors compared with the minimisers: their own, and, since a minimiser may be 0
    /// because large gradients cancel, how far those gradients could have moved it, `Σ wᵢ‖∇ℓᵢ‖ / L`.
    ///
    /// # Errors
    /// As [`Case::refit`].
    pub fn fit_size(&self) -> Result<f64> {
        let refit = self.refit()?;
        let mass = self.problem.retained(&self.forget)?.gradient_mass(&refit.theta);
        let reach = mass / self.retained_constants()?.smoothness.max(f64::MIN_POSITIVE);
        Ok(self.fit()?.theta.norm() + refit.theta.norm() + reach + SMALLEST_SIZE)
    }

    /// The distance of `theta` from the coupled retraining run's end, with both runs' rounding.
    ///
    /// # Errors
    /// As [`Case::rerun`].
    pub fn distance_to_rerun(&self, theta: &DVector<f64>) -> Result<Interval> {
        let rerun = self.rerun()?;
        let allowance = self.run_rounding()? + self.sum_rounding(theta);
        Ok((distance(theta, rerun.last()) + Interval::new(-allowance, allowance)).nonnegative())
    }

    /// Effort and rounding of both runs together.
    fn drift(&self) -> Result<Drift> {
        self.drift.get_or_init(|| self.compute_drift()).clone()
    }

    fn compute_drift(&self) -> Result<Drift> {
        let coupling = self.coupling()?;
        let run = drift(&self.problem, &self.plan, self.run()?, |_| 1.0);
        let rerun = drift(&self.problem, &self.plan, self.rerun()?, |k| coupling.renormalisation(k));
        Ok(Drift { effort: run.effort + rerun.effort, allowance: run.allowance + rerun.allowance })
    }

    /// Allowance for the rounding of both runs together.
    ///
    /// # Errors
    /// As [`Case::rerun`].
    pub fn run_rounding(&self) -> Result<f64> {
        Ok(self.drift()?.allowance)
    }

    /// The size of what is compared with the runs: where they ended and how far they went. A relative
    /// resolution refers to it.
    ///
    /// # Errors
    /// As [`Case::rerun`].
    pub fn run_size(&self) -> Result<f64> {
        Ok(self.run()?.last().norm() + self.rerun()?.last().norm() + self.drift()?.effort)
    }

    /// Allowance for a vector assembled from the recorded steps.
    fn sum_rounding(&self, theta: &DVector<f64>) -> f64 {
        let travelled = self.run().map_or(0.0, |run| run.radius_around(run.start()));
        4.0 * f64::EPSILON * (self.plan.len() + 1) as f64 * (theta.norm() + travelled)
    }

    /// The ball around the start that contains both paths (everything, for a linear model).
    ///
    /// # Errors
    /// As [`Case::rerun`].
    pub fn region(&self) -> Result<Region<'_>> {
        let (run, rerun) = (self.run()?, self.rerun()?);
        let radius = run.enclosing_radius().max(rerun.enclosing_radius());
        Ok(Region::natural(&self.problem, run.start(), radius))
    }
}
