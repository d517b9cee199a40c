//! One case: a problem, a forget set and a run, with the expensive results computed once.

use crate::bound::ledger::distance;
use crate::constants::{LocalConstants, Region};
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
        let local = LocalConstants::new(&self.problem, self.region()?);
        let coupling = self.coupling()?;
        let run = drift(&self.problem, &self.plan, self.run()?, &local, |_| 1.0);
        let rerun = drift(&self.problem, &self.plan, self.rerun()?, &local, |k| coupling.renormalisation(k));
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
        if self.problem.model().is_linear() {
            return Ok(Region::Everywhere);
        }
        let (run, rerun) = (self.run()?, self.rerun()?);
        let radius = run.radius_around(run.start()).max(rerun.radius_around(run.start()));
        // The exact runs may leave the ball of the computed ones by their rounding, which is far below this.
        let radius = radius * (1.0 + 1e-6) + 1e-9 * run.start().norm();
        Ok(Region::Ball { center: run.start(), radius })
    }
}
