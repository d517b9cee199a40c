//! Carrying a plan out: run, certify, go on to the next dearer branch if the certificate is not within the tolerance.

use super::branch::{Branch, Workload};
use super::estimate::{Plan, estimate};
use super::prepared::{Certified, Prepared};
use super::tolerance::Tolerance;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::train::flops;
use crate::unlearn::newton::newton_step;
use crate::unlearn::retrain::Retrain;
use crate::unlearn::ridge_deletion::RidgeDeletion;
use crate::unlearn::{Cost, Guarantee, Request, Trained, Unlearner};
use nalgebra::DVector;
use std::time::Instant;

/// A served request.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The `k` kept parameters.
    pub theta: DVector<f64>,
    /// What made them.
    pub branch: Branch,
    /// What is guaranteed: exact for retraining, the certificate for the others.
    pub guarantee: Guarantee,
    /// The certificate of these parameters, for retraining too; `None` where nothing can be certified.
    pub certified: Option<Certified>,
    /// What was run, in order; the last one is the answer.
    pub tried: Vec<Attempt>,
    /// All attempts together, without the evaluation of their certificates.
    pub cost: Cost,
    /// The certificates: the gradient of every row kept per attempt, enclosed.
    pub certification: Cost,
    /// What was planned.
    pub plan: Plan,
}

/// One branch that was run.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Which.
    pub branch: Branch,
    /// What it added to the cost.
    pub visits: u64,
    /// How long that took, without the certificate.
    pub seconds: f64,
    /// Its certificate.
    pub certified: Option<Certified>,
}

/// Serves a request: plans, runs and certifies.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::hybrid::{Branch, Prepared, Tolerance, serve};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
/// let x = Design::dense(3, 1, vec![1.0, 1.0, 2.0]).unwrap();
/// let data = Dataset::new("three", x, vec![1.0, 3.0, 0.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
/// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
/// let forget = RowSet::new(3, vec![1]).unwrap();
/// let prepared = Prepared::new(&problem, &fit).unwrap();
/// let answer = serve(&prepared, &forget, Tolerance::new(1e-9).unwrap()).unwrap();
/// // Without row 1: θ(1 + (1 + 4)/2) = ½, θ_r = 1/7; Newton's step is exact.
/// assert_eq!(answer.branch, Branch::Newton { steps: 1 });
/// assert!(answer.certified.unwrap().distance.hi() < 1e-9 && (answer.theta[0] - 1.0 / 7.0).abs() < 1e-15);
/// ```
///
/// # Errors
/// As [`estimate`], and whatever retraining raises.
pub fn serve(prepared: &Prepared<'_>, forget: &RowSet, tolerance: Tolerance) -> Result<Answer> {
    carry_out(prepared, forget, estimate(prepared, forget, tolerance)?)
}

/// Runs a plan made for this model and these rows.
///
/// # Errors
/// As [`serve`].
pub fn carry_out(prepared: &Prepared<'_>, forget: &RowSet, plan: Plan) -> Result<Answer> {
    let mut run = Run::new(prepared, forget, &plan);
    let mut next = plan.choice.index;
    let (theta, branch, certified) = loop {
        let branch = plan.estimates[next].branch;
        if let Some((theta, certified)) = run.attempt(branch)? {
            let near = certified.is_some_and(|c| plan.tolerance.holds(c.distance.hi()));
            if near || branch == Branch::Retrain || plan.tolerance == Tolerance::ANY {
                break (theta, branch, certified);
            }
        }
        next = run.after(next);
    };
    let guarantee = match (branch, &certified) {
        (Branch::Retrain, _) => Guarantee::Exact { theorem: "by definition" },
        (_, Some(c)) => Guarantee::Within { distance: c.distance.hi(), theorem: c.theorem },
        (_, None) => {
            Guarantee::None { why: "nothing can be certified here, and nothing was asked for".into() }
        }
    };
    let Run { tried, cost, certification, .. } = run;
    // The branch may have stopped before its last step.
    let branch = tried.last().map_or(branch, |t| t.branch);
    Ok(Answer { theta, branch, guarantee, certified, tried, cost, certification, plan })
}

/// Runs every branch to its end, whether it is worth it or not: what a planner could have known afterwards. Newton's steps
/// follow each other, each an attempt with what it added. A branch whose linear algebra fails is left out.
///
/// # Errors
/// As [`serve`].
pub fn run_all(prepared: &Prepared<'_>, forget: &RowSet) -> Result<(Plan, Vec<Attempt>)> {
    let plan = estimate(prepared, forget, Tolerance::EXACT)?;
    let branches = || plan.estimates.iter().map(|e| e.branch);
    let steps = |b| if let Branch::Newton { steps } = b { steps } else { 0 };
    let most = branches().map(steps).max().unwrap_or(0);
    let mut run = Run::new(prepared, forget, &plan);
    for branch in branches().filter(|b| matches!(steps(*b), s if s == 0 || s == most)) {
        run.attempt(branch)?;
    }
    let tried = run.tried;
    Ok((plan, tried))
}

/// The state between attempts.
struct Run<'r, 'a> {
    prepared: &'r Prepared<'a>,
    forget: &'r RowSet,
    plan: &'r Plan,
    tried: Vec<Attempt>,
    /// Where Newton's method is, and after how many steps.
    newton: Option<(DVector<f64>, usize)>,
    /// Has a step of it been in vain? Then rounding is what is left, and another one is in vain too.
    stalled: bool,
    cost: Cost,
    certification: Cost,
}

impl<'r, 'a> Run<'r, 'a> {
    fn new(prepared: &'r Prepared<'a>, forget: &'r RowSet, plan: &'r Plan) -> Run<'r, 'a> {
        let (cost, certification) = (Cost::default(), Cost::default());
        Run { prepared, forget, plan, tried: Vec::new(), newton: None, stalled: false, cost, certification }
    }

    /// The next dearer branch.
    fn after(&self, index: usize) -> usize {
        assert!(index + 1 < self.plan.estimates.len(), "retraining is the last branch and always an answer");
        index + 1
    }

    fn certify(&mut self, theta: &DVector<f64>) -> Option<Certified> {
        let constants = &self.plan.known.as_ref()?.constants;
        let begun = Instant::now();
        let certified = self.prepared.certify(self.forget, constants, theta);
        let visits = (self.prepared.problem.rows() - self.forget.len()) as f64;
        self.certification.row_visits += visits;
        self.certification.flops += visits * flops::gradient(theta.len());
        self.certification.seconds += begun.elapsed().as_secs_f64();
        certified
    }

    /// Adds to the cost what was done.
    fn spent(&mut self, visits: u64, flops: f64, seconds: f64) {
        self.cost.row_visits += visits as f64;
        self.cost.flops += flops;
        self.cost.seconds += seconds;
    }

    /// Runs a branch; `None` when its linear algebra failed, which only retraining may not.
    fn attempt(&mut self, branch: Branch) -> Result<Option<(DVector<f64>, Option<Certified>)>> {
        let (prepared, forget) = (self.prepared, self.forget);
        let request =
            Request { problem: prepared.problem, forget, trained: Trained::Minimiser(prepared.fit) };
        let work = Workload::of(branch, prepared.problem.rows(), forget.len(), 0);
        let begun = Instant::now();
        let mut flops = work.flops(prepared.problem.active());
        let found = match branch {
            Branch::Noop => Ok((prepared.fit.theta.clone(), 0)),
            Branch::Influence => match &self.plan.influence {
                Some(theta) => Ok((theta.clone(), work.visits())),
                None => Err(Error::Invalid("there is no influence step".into())),
            },
            Branch::RidgeDeletion => {
                RidgeDeletion.remove(&request).map(|u| (u.theta, u.cost.row_visits as u64))
            }
            Branch::Newton { steps } => return Ok(self.newton(steps)),
            Branch::Retrain => {
                let done = Retrain.remove(&request)?;
                flops = done.cost.flops;
                Ok((done.theta, done.cost.row_visits as u64))
            }
        };
        let Ok((theta, visits)) = found else { return Ok(None) };
        // The influence step was taken when it was planned.
        let before = if branch == Branch::Influence { self.plan.influence_seconds } else { 0.0 };
        let seconds = before + begun.elapsed().as_secs_f64();
        self.spent(visits, flops, seconds);
        let certified = self.certify(&theta);
        self.tried.push(Attempt { branch, visits, seconds, certified });
        Ok(Some((theta, certified)))
    }

    /// Newton's steps from where the last ones ended, until one is certified to be near enough.
    fn newton(&mut self, most: usize) -> Option<(DVector<f64>, Option<Certified>)> {
        let objective = self.prepared.problem.retained(self.forget).ok()?;
        let (mut theta, mut done) =
            self.newton.take().unwrap_or_else(|| (self.prepared.fit.theta.clone(), 0));
        let one =
            Workload::of(Branch::Newton { steps: 1 }, self.prepared.problem.rows(), self.forget.len(), 0);
        let mut certified: Option<Certified> = None;
        // To compare with, every step is taken.
        let all = self.plan.tolerance == Tolerance::EXACT;
        if self.stalled && !all {
            return None;
        }
        while done < most {
            let begun = Instant::now();
            let next = newton_step(&objective, &theta).ok().map(|(step, _)| &theta + step);
            theta = next.filter(|t| t.iter().all(|v| v.is_finite()))?;
            done += 1;
            let (visits, seconds) = (one.visits(), begun.elapsed().as_secs_f64());
            self.spent(visits, one.flops(theta.len()), seconds);
            let before = self.tried.last().filter(|_| done > 1).and_then(|t| t.certified);
            certified = self.certify(&theta);
            let far = |c: Option<Certified>| c.map_or(f64::INFINITY, |c| c.distance.hi());
            self.stalled = far(before) <= 2.0 * far(certified);
            let branch = Branch::Newton { steps: done };
            self.tried.push(Attempt { branch, visits, seconds, certified });
            if certified.is_some_and(|c| self.plan.tolerance.holds(c.distance.hi())) || self.stalled && !all {
                break;
            }
        }
        self.newton = Some((theta.clone(), done));
        Some((theta, certified))
    }
}
