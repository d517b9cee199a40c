//! Retraining: what every other method is compared with, and the floor below which differences mean
//! nothing.
//!
//! Both retrain *given the mask*: which parameters are kept was decided before, by whoever pruned, and that
//! may have looked at the forgotten rows ([`super::retrain_repruned`] prunes again without them).
//!
//! *Coupled* retraining repeats the training without the forgotten rows: the minimiser of `F_R`, or the
//! recorded run with the forgotten rows excised from its batches. *Uncoupled* retraining differs by
//! chance only (other batches, another start): its distance from coupled retraining is the distance two
//! honest retrainings have anyway.

use super::leave_out_sweep::Sweep;
use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, settings};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use crate::train::flops;
use crate::train::lockstep;
use crate::train::newton::{Fit, counted};
use crate::train::plan::{Plan, Step};
use crate::train::sgd;
use nalgebra::DVector;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

/// Coupled retraining.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retrain;

impl Unlearner for Retrain {
    fn name(&self) -> &'static str {
        "retrain"
    }

    /// Minimiser: Newton from 0 (a network: from the trained parameters), two visits of every retained
    /// row per iteration. Run: the retained rows of every batch.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, retrain::Retrain};
    /// // Mean of ½(θ−1)², ½(θ−3)² and ½θ²; without the second row ½(θ−1)² + ½θ²: θ_r = ½.
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// assert!((Retrain.remove(&request).unwrap().theta[0] - 0.5).abs() < 1e-15);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let begun = Instant::now();
        let (theta, row_visits, flops) = match request.trained {
            Trained::Minimiser(fit) => {
                let network = !request.problem.model().is_linear();
                let start = if network { fit.theta.clone() } else { DVector::zeros(fit.theta.len()) };
                newton_from(request, start)?
            }
            Trained::Run { plan, .. } => rerun(request, plan)?,
        };
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        let dense = request.problem.mask().is_full();
        let theorem = if dense { "by definition" } else { "by definition, given the mask" };
        let guarantee = Guarantee::Exact { theorem };
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }
}

/// How many starts uncoupled retraining tries.
const STARTS: usize = 5;

/// Retraining with other chance.
#[derive(Debug, Clone, Copy)]
pub struct RetrainUncoupled {
    /// Seed of the chance.
    pub seed: u64,
}

impl Unlearner for RetrainUncoupled {
    fn name(&self) -> &'static str {
        "retrain-uncoupled"
    }

    /// Minimiser: Newton from a random start (for a linear model the same minimum, up to rounding; for a
    /// network perhaps another one). Run: the coupled run with the rows renamed by a random permutation
    /// before the forgotten ones are excised. Orders drawn uniformly and renamed are orders drawn
    /// uniformly, so this is retraining with another shuffling seed, for any plan.
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let begun = Instant::now();
        let (theta, row_visits, flops) = match request.trained {
            Trained::Minimiser(fit) => {
                let mut draw = || DVector::from_fn(fit.theta.len(), |_, _| rng.random_range(-0.5..0.5));
                let mut found = newton_from(request, draw());
                // Newton's method may get stuck on a network; another start is as good a floor.
                for _ in 1..STARTS {
                    if matches!(found, Err(Error::NotConverged { .. })) {
                        found = newton_from(request, draw());
                    }
                }
                found?
            }
            Trained::Run { plan, .. } => {
                let mut name: Vec<usize> = (0..request.problem.rows()).collect();
                name.shuffle(&mut rng);
                let renamed = |s: &Step| Step { rows: s.rows.iter().map(|&i| name[i]).collect(), eta: s.eta };
                let steps = plan.steps.iter().map(renamed).collect();
                rerun(request, &Plan::new(steps, plan.momentum, plan.weight_decay)?)?
            }
        };
        let guarantee = match request.trained {
            Trained::Minimiser(_) if request.problem.model().is_linear() => {
                Guarantee::Exact { theorem: "the minimiser is unique" }
            }
            Trained::Minimiser(_) => Guarantee::None { why: "a network has many minimisers".into() },
            Trained::Run { .. } => Guarantee::None {
                why: "other batches lead elsewhere; this is the floor, not a target".into(),
            },
        };
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("seed", self.seed.to_string())]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "seed" => self.seed = settings::seed(name, value)?,
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}

/// Coupled retraining without each of many forget sets, by the fastest way there is: the parameters, in the order of the
/// sets.
///
/// Runs of a linear model with one output go in lock-step ([`lockstep::retrain`]) and end in the numbers of [`Retrain`].
/// Minimisers of such a model come from one factorisation ([`Sweep`]) and agree with [`Retrain`] to rounding. Everything
/// else is retrained set by set.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
/// use unlearn::unlearn::{Trained, retrain::sweep};
/// // Mean of ½(θ−1)², ½(θ−3)² and ½θ²: ½ without the second row, 3/2 without the first.
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
/// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
/// let forgets = [1, 0].map(|i| RowSet::new(2, vec![i]).unwrap());
/// let ends = sweep(&problem, Trained::Minimiser(&fit), &forgets).unwrap();
/// assert!((ends[0][0] - 0.5).abs() < 1e-15 && (ends[1][0] - 1.5).abs() < 1e-15);
/// ```
///
/// # Errors
/// As [`Request::check`] for any of the sets, and as [`Retrain`].
pub fn sweep(problem: &Problem, trained: Trained<'_>, forgets: &[RowSet]) -> Result<Vec<DVector<f64>>> {
    for forget in forgets {
        Request { problem, forget, trained }.check()?;
    }
    if forgets.is_empty() {
        return Ok(Vec::new());
    }
    let scalar = problem.model().is_linear() && problem.model().outputs() == 1;
    match trained {
        Trained::Run { plan, trajectory, normalisation } => {
            lockstep::retrain(problem, plan, trajectory.start(), forgets, normalisation)
        }
        Trained::Minimiser(fit) if scalar => {
            let mut sweep = Sweep::new(problem, &fit.theta)?;
            forgets.iter().map(|forget| Ok(sweep.leave_out(forget)?.theta)).collect()
        }
        Trained::Minimiser(_) => {
            let one = |forget| Ok(Retrain.remove(&Request { problem, forget, trained })?.theta);
            forgets.iter().map(one).collect()
        }
    }
}

fn newton_from(request: &Request<'_>, start: DVector<f64>) -> Result<(DVector<f64>, f64, f64)> {
    let (Fit { theta, iterations, .. }, products) =
        counted(&request.problem.retained(request.forget)?, start)?;
    let kept = request.problem.rows() - request.forget.len();
    let steps = (iterations + 1) as f64;
    let (visits, flops) = match products {
        None => (2.0 * steps * kept as f64, steps * flops::newton(kept, theta.len())),
        Some(products) => {
            let visits = (steps + products as f64) * kept as f64;
            let products = (products * kept) as f64 * flops::product(theta.len());
            (visits, steps * kept as f64 * flops::gradient(theta.len()) + products)
        }
    };
    Ok((theta, visits, flops))
}

fn rerun(request: &Request<'_>, plan: &Plan) -> Result<(DVector<f64>, f64, f64)> {
    let Trained::Run { trajectory, normalisation, .. } = request.trained else {
        unreachable!("only runs are run again")
    };
    let start = trajectory.start().clone();
    let theta = sgd::retrain_final(request.problem, plan, start, request.forget, normalisation)?;
    let visits = plan.steps.iter().flat_map(|s| &s.rows).filter(|&&i| !request.forget.contains(i)).count();
    let flops = visits as f64 * flops::gradient(theta.len());
    Ok((theta, visits as f64, flops))
}
