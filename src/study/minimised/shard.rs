//! One shard: its last exact fit, what was deleted since, and how it answers.

use super::Strategy;
use crate::bound::residual::{distance, gradient_norm};
use crate::data::RowSet;
use crate::error::Result;
use crate::hybrid::prepared::Linear;
use crate::hybrid::{Branch, Prepared, Tolerance, serve};
use crate::objective::Problem;
use crate::objective::enclosed::Enclosed;
use crate::train::newton::{Fit, minimise};
use crate::unlearn::newton::newton_step;
use cpu_time::ThreadTime;
use nalgebra::DVector;

/// What answers took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Work {
    pub(super) branches: u64,
    pub(super) predicted: u64,
    pub(super) planning: u64,
    pub(super) certifying: u64,
    pub(super) preparation: u64,
    pub(super) preparation_seconds: f64,
}

/// What answered.
pub(super) struct Answered {
    pub(super) branch: Branch,
    /// The certified distance from the minimiser on the rows kept, 0 for retraining; `None` without a certificate.
    pub(super) certified: Option<f64>,
}

/// A shard with rows left.
pub(super) struct Shard {
    /// Those of the exact fit, by their places among all rows, increasing.
    rows: Vec<usize>,
    problem: Problem,
    fit: Fit,
    /// Places in `rows`.
    deleted: Vec<usize>,
    /// The answer.
    theta: DVector<f64>,
    kept: Kept,
}

/// What was prepared for the exact fit.
enum Kept {
    Nothing,
    Prepared(Option<Linear>),
}

impl Shard {
    /// Trains on some of all rows, by Newton's method.
    pub(super) fn train(all: &Problem, rows: Vec<usize>, start: DVector<f64>) -> Result<Shard> {
        let data = all.data().select(&rows)?;
        let problem = Problem::new(data.into(), all.model().clone(), all.ridge())?;
        let fit = minimise(&problem.full(), start)?;
        let theta = fit.theta.clone();
        Ok(Shard { rows, problem, fit, deleted: Vec::new(), theta, kept: Kept::Nothing })
    }

    /// As it was trained, with nothing prepared.
    pub(super) fn trained(&self) -> Shard {
        let (rows, problem, fit) = (self.rows.clone(), self.problem.clone(), self.fit.clone());
        Shard { theta: fit.theta.clone(), rows, problem, fit, deleted: Vec::new(), kept: Kept::Nothing }
    }

    pub(super) fn theta(&self) -> &DVector<f64> {
        &self.theta
    }

    /// Every row not deleted, by its place among all rows.
    pub(super) fn left(&self) -> Vec<usize> {
        let mut here = vec![true; self.rows.len()];
        self.deleted.iter().for_each(|&j| here[j] = false);
        self.rows.iter().zip(here).filter(|(_, here)| *here).map(|(i, _)| *i).collect()
    }

    /// How many these are.
    pub(super) fn size(&self) -> usize {
        self.rows.len() - self.deleted.len()
    }

    /// Newton's method takes two visits of every row per step, and one more look.
    fn newton(&self, rows: usize, steps: usize) -> u64 {
        2 * (steps as u64 + 1) * rows as u64
    }

    /// Forgets rows that it has; not all that are left.
    pub(super) fn forget(
        &mut self,
        all: &Problem,
        rows: &[usize],
        strategy: Strategy,
        work: &mut Work,
    ) -> Result<Answered> {
        self.deleted.extend(rows.iter().map(|i| self.rows.binary_search(i).expect("a row of the shard")));
        match strategy {
            Strategy::Full | Strategy::Sisa => self.retrain(all, DVector::zeros(self.theta.len()), work),
            Strategy::Warm => self.retrain(all, self.theta.clone(), work),
            Strategy::Step => self.step(work),
            Strategy::Update(tolerance) | Strategy::Hybrid(tolerance) => self.serve(all, tolerance, work),
        }
    }

    fn retrain(&mut self, all: &Problem, start: DVector<f64>, work: &mut Work) -> Result<Answered> {
        let left = self.left();
        work.predicted += self.newton(left.len(), self.fit.iterations);
        *self = Shard::train(all, left, start)?;
        work.branches += self.newton(self.rows.len(), self.fit.iterations);
        Ok(Answered { branch: Branch::Retrain, certified: Some(0.0) })
    }

    fn step(&mut self, work: &mut Work) -> Result<Answered> {
        let forget = RowSet::new(self.rows.len(), self.deleted.clone())?;
        let kept = (self.rows.len() - forget.len()) as u64;
        let (step, _) = newton_step(&self.problem.retained(&forget)?, &self.theta)?;
        self.theta += step;
        work.predicted += 2 * kept;
        work.branches += 2 * kept;
        // The loss is convex, so the ridge is the strong convexity.
        let gradient = gradient_norm(&Enclosed::retained(&self.problem, &forget), &self.theta);
        work.certifying += kept;
        let certified = distance(gradient, self.problem.ridge())?.value.hi();
        Ok(Answered {
            branch: Branch::Newton { steps: 1 },
            certified: Some(certified).filter(|c| c.is_finite()),
        })
    }

    fn serve(&mut self, all: &Problem, tolerance: Tolerance, work: &mut Work) -> Result<Answered> {
        let forget = RowSet::new(self.rows.len(), self.deleted.clone())?;
        let (n, m) = (self.rows.len() as u64, forget.len() as u64);
        let prepared = match std::mem::replace(&mut self.kept, Kept::Nothing) {
            Kept::Prepared(kept) => Prepared::with_kept(&self.problem, &self.fit, kept),
            Kept::Nothing => {
                let begun = ThreadTime::now();
                let prepared = Prepared::new(&self.problem, &self.fit)?;
                work.preparation += 3 * n;
                work.preparation_seconds += begun.elapsed().as_secs_f64();
                prepared
            }
        };
        let answer = serve(&prepared, &forget, tolerance)?;
        let kept = Kept::Prepared(prepared.into_kept());
        let tried = |branch| answer.tried.iter().any(|t| t.branch == branch);
        work.predicted += answer.plan.chosen().work.visits();
        work.branches += answer.cost.row_visits as u64;
        work.certifying += answer.certification.row_visits as u64;
        // The right side of an influence step is its branch's where it is taken.
        let planned = answer.plan.estimates.iter().any(|e| e.branch == Branch::Influence);
        work.planning += answer.plan.planning + if planned && !tried(Branch::Influence) { m } else { 0 };
        self.kept = kept;
        if answer.branch != Branch::Retrain {
            self.theta = answer.theta;
            return Ok(Answered {
                branch: answer.branch,
                certified: answer.certified.map(|c| c.distance.hi()),
            });
        }
        let rows = self.left();
        let problem = Problem::new(all.data().select(&rows)?.into(), all.model().clone(), all.ridge())?;
        let visits = answer.tried.last().map_or(0, |t| t.visits);
        let fit = Fit {
            theta: answer.theta.clone(),
            residual: answer.certified.map_or(f64::INFINITY, |c| c.gradient_norm.hi()),
            rounding: self.fit.rounding,
            iterations: (visits / (2 * (n - m))) as usize - 1,
        };
        *self = Shard { rows, problem, fit, deleted: Vec::new(), theta: answer.theta, kept: Kept::Nothing };
        Ok(Answered { branch: Branch::Retrain, certified: Some(0.0) })
    }

    /// How far the answer is from the minimiser retrained from 0, and how far that is certified to be from the one over the
    /// reals.
    pub(super) fn measured(&self, all: &Problem) -> Result<(f64, f64)> {
        let scratch = Shard::train(all, self.left(), DVector::zeros(self.theta.len()))?;
        let gradient = gradient_norm(&Enclosed::full(&scratch.problem), &scratch.theta);
        let reference = distance(gradient, all.ridge())?.value.hi();
        Ok(((&self.theta - scratch.theta).norm(), reference))
    }
}
