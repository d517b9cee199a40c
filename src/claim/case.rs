//! One case: a problem, a forget set and a run, with the expensive results computed once.

use super::masks::Spectrum;
use crate::constants::{Constants, Region};
use crate::data::RowSet;
use crate::error::Result;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::objective::Problem;
use crate::objective::enclosed::Enclosed;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::minimiser::{around, refined};
use crate::train::newton::{Fit, minimise};
use crate::train::plan::Plan;
use crate::train::rounding::{RunEnclosure, effort};
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
    /// Are runs followed, and minimisers corrected, in precise arithmetic?
    tightened: bool,
    fits: [OnceLock<Result<Fit>>; 2],
    refitted: OnceLock<Result<Located>>,
    precise: [OnceLock<Result<Located>>; 2],
    runs: [OnceLock<Result<Trajectory>>; 2],
    enclosures: [OnceLock<Result<RunEnclosure>>; 2],
    effort: OnceLock<Result<f64>>,
    full: OnceLock<Constants>,
    /// Of the Hessians that the claims on masks compare.
    pub(super) nested_spectra: OnceLock<Result<[Spectrum; 3]>>,
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
            tightened: false,
            fits: Default::default(),
            refitted: OnceLock::new(),
            precise: Default::default(),
            runs: Default::default(),
            enclosures: Default::default(),
            effort: OnceLock::new(),
            full: OnceLock::new(),
            nested_spectra: OnceLock::new(),
            retained: OnceLock::new(),
        }
    }

    /// The same case with a label.
    pub fn labelled(mut self, label: impl Into<String>) -> Case {
        self.label = label.into();
        self
    }

    /// The same case with runs followed, and minimisers corrected, in precise arithmetic: for verdicts that rounding
    /// left open.
    pub fn tightened(&self) -> Case {
        let (problem, forget, plan) = (self.problem.clone(), self.forget.clone(), self.plan.clone());
        let case =
            Case::new(self.origin.clone(), problem, forget, plan, self.start.clone(), self.normalisation);
        Case {
            label: self.label.clone(),
            tightened: true,
            fits: self.fits.clone(),
            precise: self.precise.clone(),
            runs: self.runs.clone(),
            retained: self.retained.clone(),
            ..case
        }
    }

    /// Another case beside this one, its runs followed as closely as this one's.
    pub(crate) fn beside(&self, problem: Problem, plan: Plan, start: DVector<f64>) -> Case {
        let case =
            Case::new(self.origin.clone(), problem, self.forget.clone(), plan, start, self.normalisation);
        Case { label: self.label.clone(), tightened: self.tightened, ..case }
    }

    /// The minimiser on all rows, as computed.
    ///
    /// # Errors
    /// As [`minimise`].
    pub fn fit(&self) -> Result<&Fit> {
        self.fits[0]
            .get_or_init(|| minimise(&self.problem.full(), self.start.clone()))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The retrained minimiser, as computed.
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

    /// Constants of the objective on all rows, valid everywhere (linear models).
    pub fn full_constants(&self) -> Constants {
        *self.full.get_or_init(|| Constants::of(&self.problem.full(), Region::Everywhere))
    }

    /// The exact minimiser on the rows kept, around the computed one.
    pub(crate) fn refit_located(&self) -> Result<&Located> {
        let find = || {
            let mu = self.retained_constants()?.strong_convexity;
            if self.tightened {
                return self.refit_precise().cloned();
            }
            Ok(around(&Enclosed::retained(&self.problem, &self.forget), self.refit()?, mu))
        };
        self.refitted.get_or_init(find).as_ref().map_err(Clone::clone)
    }

    /// The exact minimiser on all rows, to about 25 digits where the condition allows it.
    pub(crate) fn fit_precise(&self) -> Result<&Located> {
        let find = || {
            let mu = self.full_constants().strong_convexity;
            refined(&Enclosed::full(&self.problem), &self.problem.full(), self.fit()?, mu)
        };
        self.precise[0].get_or_init(find).as_ref().map_err(Clone::clone)
    }

    /// The exact minimiser on the rows kept, to about 25 digits where the condition allows it.
    pub(crate) fn refit_precise(&self) -> Result<&Located> {
        let find = || {
            let mu = self.retained_constants()?.strong_convexity;
            let floats = self.problem.retained(&self.forget)?;
            refined(&Enclosed::retained(&self.problem, &self.forget), &floats, self.refit()?, mu)
        };
        self.precise[1].get_or_init(find).as_ref().map_err(Clone::clone)
    }

    /// The distance of `theta` from the exact minimiser on the rows kept: the distance from the computed one,
    /// widened by an enclosed `‖∇F_R‖/μ` there. Unbounded above when `μ` is not positive.
    ///
    /// # Errors
    /// As [`Case::refit`].
    pub fn distance_to_refit(&self, theta: &DVector<f64>) -> Result<Interval> {
        Ok(Located::at(theta).distance(self.refit_located()?))
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

    /// Where the exact run is, around the recorded one.
    ///
    /// # Errors
    /// As [`Case::run`].
    pub fn run_enclosure(&self) -> Result<&RunEnclosure> {
        let find = || {
            let of =
                if self.tightened { RunEnclosure::of_training_refined } else { RunEnclosure::of_training };
            Ok(of(&self.problem, &self.plan, self.run()?))
        };
        self.enclosures[0].get_or_init(find).as_ref().map_err(Clone::clone)
    }

    /// Where exact coupled retraining is, around the computed one.
    ///
    /// # Errors
    /// As [`Case::rerun`].
    pub fn rerun_enclosure(&self) -> Result<&RunEnclosure> {
        let find = || {
            let of = if self.tightened {
                RunEnclosure::of_retraining_refined
            } else {
                RunEnclosure::of_retraining
            };
            Ok(of(&self.coupling()?, self.rerun()?))
        };
        self.enclosures[1].get_or_init(find).as_ref().map_err(Clone::clone)
    }

    /// The end of the exact run.
    pub(crate) fn run_located(&self) -> Result<Located> {
        Ok(Located::at(self.run()?.last()).widened(self.run_enclosure()?.last()))
    }

    /// The end of exact coupled retraining.
    pub(crate) fn rerun_located(&self) -> Result<Located> {
        Ok(Located::at(self.rerun()?.last()).widened(self.rerun_enclosure()?.last()))
    }

    /// The distance of `theta` from the end of exact coupled retraining.
    ///
    /// # Errors
    /// As [`Case::rerun`].
    pub fn distance_to_rerun(&self, theta: &DVector<f64>) -> Result<Interval> {
        Ok(Located::at(theta).distance(&self.rerun_located()?))
    }

    /// How far both runs went if nothing cancelled.
    fn effort(&self) -> Result<f64> {
        let find = || {
            let coupling = self.coupling()?;
            let run = effort(&self.problem, &self.plan, self.run()?, |_| 1.0);
            Ok(run + effort(&self.problem, &self.plan, self.rerun()?, |k| coupling.renormalisation(k)))
        };
        self.effort.get_or_init(find).clone()
    }

    /// The size of what is compared with the runs: where they began and ended and how far they went. A relative
    /// resolution refers to it.
    ///
    /// # Errors
    /// As [`Case::rerun`].
    pub fn run_size(&self) -> Result<f64> {
        Ok(self.start.norm()
            + self.run()?.last().norm()
            + self.rerun()?.last().norm()
            + self.effort()?
            + SMALLEST_SIZE)
    }

    /// The ball around the start that contains both computed paths with room to spare (everything, for a linear
    /// model). Where [`Case::run_enclosure`] and [`Case::rerun_enclosure`] are finite it contains the exact paths too.
    ///
    /// # Errors
    /// As [`Case::rerun`].
    pub fn region(&self) -> Result<Region<'_>> {
        let (run, rerun) = (self.run()?, self.rerun()?);
        let radius = run.enclosing_radius().max(rerun.enclosing_radius());
        Ok(Region::natural(&self.problem, run.start(), radius))
    }
}
