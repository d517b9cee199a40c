//! How a model is trained, in a form that can be repeated under another mask or without some rows.

use super::coupling::Normalisation;
use super::flops;
use super::newton::minimise;
use super::plan::{Plan, Step};
use super::sgd;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::objective::Problem;
use nalgebra::DVector;

/// How a model is trained, so that it can be trained again under another mask or without some rows.
#[derive(Debug, Clone, Copy)]
pub enum Recipe<'a> {
    /// To a minimiser, with Newton's method.
    Minimiser,
    /// By a planned run.
    Run {
        /// The plan.
        plan: &'a Plan,
        /// How a run without some rows divides its batches.
        normalisation: Normalisation,
    },
}

/// Everything that pruning may look at: the dense problem, where training starts and how it goes on.
#[derive(Debug, Clone)]
pub struct Pipeline<'a> {
    problem: Problem,
    start: Vec<f64>,
    recipe: Recipe<'a>,
    without: Option<&'a RowSet>,
}

/// Trained parameters and what they took.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// All `d` parameters, zeros at pruned places.
    pub parameters: Vec<f64>,
    /// Row visits.
    pub row_visits: f64,
    /// Their operations (see [`super::flops`]).
    pub flops: f64,
}

impl<'a> Pipeline<'a> {
    /// A pipeline on all rows. The problem's own mask is ignored: pruning starts from the dense model.
    /// `start` holds all `d` parameters.
    ///
    /// # Errors
    /// [`Error::Shape`] for a start of another length, [`Error::Invalid`] when an entry is not finite or the
    /// problem has a linear perturbation, which lives on the coordinates of one mask.
    pub fn new(problem: &Problem, start: Vec<f64>, recipe: Recipe<'a>) -> Result<Pipeline<'a>> {
        if problem.perturbation().is_some() {
            return Err(Error::Invalid(
                "prune before perturbing: a linear perturbation belongs to one mask".into(),
            ));
        }
        let d = problem.model().parameters();
        Error::check_shape("starting parameters (all of them, dense)", d, start.len())?;
        if let Some(v) = start.iter().find(|v| !v.is_finite()) {
            return Err(Error::Invalid(format!("a starting parameter is {v}; all must be finite")));
        }
        let problem = problem.clone().with_mask(Mask::full(d))?;
        Ok(Pipeline { problem, start, recipe, without: None })
    }

    /// The same pipeline as if the rows to forget had never been there: the minimiser on the others, or
    /// the coupled run.
    ///
    /// # Errors
    /// As [`Problem::check_forget`].
    pub fn without(&self, forget: &'a RowSet) -> Result<Pipeline<'a>> {
        self.problem.check_forget(forget)?;
        Ok(Pipeline { without: Some(forget), ..self.clone() })
    }

    /// The dense problem.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// All `d` starting parameters.
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// Trains under a mask from the pipeline's start.
    ///
    /// # Errors
    /// Whatever training raises.
    pub fn train(&self, mask: &Mask) -> Result<Training> {
        let points = self.points(mask, &self.start, 0)?;
        Ok(points.end(mask))
    }

    /// Training under a mask, from step `from` of a run on.
    fn points(&self, mask: &Mask, start: &[f64], from: usize) -> Result<Points> {
        let problem = self.problem.clone().with_mask(mask.clone())?;
        let start = mask.restrict(start)?;
        match self.recipe {
            Recipe::Minimiser => {
                let objective = match self.without {
                    Some(forget) => problem.retained(forget)?,
                    None => problem.full(),
                };
                let fit = minimise(&objective, start)?;
                let rows = objective.support().count();
                let steps = (fit.iterations + 1) as f64;
                let flops = steps * flops::newton(rows, mask.len());
                Ok(Points { points: vec![fit.theta], row_visits: 2.0 * steps * rows as f64, flops })
            }
            Recipe::Run { plan, normalisation } => {
                let rest = Plan::new(plan.steps[from..].to_vec(), plan.momentum, plan.weight_decay)?;
                let present = |i: &&usize| self.without.is_none_or(|forget| !forget.contains(**i));
                let visits = |s: &Step| s.rows.iter().filter(present).count() as f64;
                let row_visits = rest.steps.iter().map(visits).sum::<f64>();
                let run = match self.without {
                    Some(forget) => sgd::retrain(&problem, &rest, start, forget, normalisation)?,
                    None => sgd::train(&problem, &rest, start)?,
                };
                Ok(Points { points: run.points, row_visits, flops: row_visits * flops::gradient(mask.len()) })
            }
        }
    }
}

/// The points of one training (a minimiser is one point) and what they took.
struct Points {
    points: Vec<DVector<f64>>,
    row_visits: f64,
    flops: f64,
}

impl Points {
    fn end(&self, mask: &Mask) -> Training {
        let parameters = mask.embed(&self.points[self.points.len() - 1]).as_slice().to_vec();
        Training { parameters, row_visits: self.row_visits, flops: self.flops }
    }
}

/// IMP's trainings: the first from the start, the others from an early point of it with what is left of
/// the plan. Momentum begins anew there, as with a fresh optimiser.
pub(super) struct Rewinding<'p, 'a> {
    pipeline: &'p Pipeline<'a>,
    step: usize,
    early: Option<Vec<f64>>,
}

impl<'p, 'a> Rewinding<'p, 'a> {
    pub(super) fn new(pipeline: &'p Pipeline<'a>, rewind: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&rewind) {
            return Err(Error::Invalid(format!(
                "rewind {rewind}: a share of the steps, at least 0 and below 1"
            )));
        }
        let step = match pipeline.recipe {
            Recipe::Minimiser => 0,
            Recipe::Run { plan, .. } => (rewind * plan.len() as f64) as usize,
        };
        Ok(Rewinding { pipeline, step, early: None })
    }

    pub(super) fn train(&mut self, mask: &Mask) -> Result<Training> {
        let points = match &self.early {
            Some(early) => self.pipeline.points(mask, early, self.step)?,
            None => {
                let points = self.pipeline.points(mask, self.pipeline.start(), 0)?;
                let early = match self.pipeline.recipe {
                    Recipe::Minimiser => self.pipeline.start().to_vec(),
                    Recipe::Run { .. } => mask.embed(&points.points[self.step]).as_slice().to_vec(),
                };
                self.early = Some(early);
                points
            }
        };
        Ok(points.end(mask))
    }
}
