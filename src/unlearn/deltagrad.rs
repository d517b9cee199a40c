//! DeltaGrad: replay the run without the forgotten rows, with the gradients of the rows kept guessed from the recorded
//! ones at most steps.
//!
//! Recorded: `θ_t` and the batch gradient `g_t(θ_t)` of every step (`2·T·k` numbers). The replay `θ′_t` takes
//!
//! - an *explicit* step for `t < j0` and whenever `T0` divides `t − j0`: the true gradient of the rows kept; the pair
//!   `s = θ′_t − θ_t`, `y = g_t(θ′_t) − g_t(θ_t)` is remembered, the last `m` of them;
//! - otherwise `g_t(θ′_t) ≈ g_t(θ_t) + B(θ′_t − θ_t)` with the L-BFGS matrix `B` of the pairs
//!   ([`crate::numeric::lbfgs`]), from which the gradients of the forgotten rows, evaluated at `θ′_t`, are taken away:
//!   with `n` rows in the batch, `r` of them forgotten, and `g` containing the weight decay,
//!   `[ n(Bs + g_t) − r(∇F_removed(θ′_t) + γθ′_t) ]/(n − r)` under renormalised divisors, as in the source, and
//!   `Bs + g_t − (1/n) Σ_removed ∇ℓᵢ(θ′_t)` under fixed ones.
//!
//! Wu, Dobriban, Davidson 2020 (arXiv 2006.14755): read in the authors' released code, where full batches and
//! mini-batches go by the same formulas; the paper's text was not read. Their text claims an error of smaller order than
//! the share removed (from third-party notes), with constants that are not explicit: nothing is derived from it here.
//! Their defaults (README of the code) are `T0 = 5` or 10, `j0 = 20`, `m = 2`. Added here: fixed divisors; momentum, whose
//! buffer is replayed; a step is also explicit while there is no pair yet; the steps before the first forgotten row
//! are the recorded ones. The pair of an explicit step mixes batches when batches differ.
//!
//! With `T0 = 1` it *is* coupled retraining, bit for bit. Otherwise it is exact only where `B(θ′_t − θ_t)` is: for
//! quadratics, full batches and a single parameter. In more dimensions `B` answers the newest `s` alone, and equality
//! is reached only in the limit, where the runs have converged and `s` no longer turns.
//!
//! Guaranteed: that it is exact when every step was explicit; otherwise what is known of any parameters.

use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, check_run, evidence, settings};
use crate::error::{Error, Result};
use crate::model::Workspace;
use crate::numeric::lbfgs::Lbfgs;
use crate::objective::Problem;
use crate::train::coupling::{Coupling, Normalisation, add_regulariser, write_loss_gradient};
use crate::train::flops;
use crate::train::log::Storage;
use crate::train::plan::Plan;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;
use std::time::Instant;

/// More pairs than this are refused: a product costs as many vectors, and curvature so old is of no use.
pub const MOST_PAIRS: usize = 1000;

/// The method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeltaGrad {
    /// `T0`, 1 or more: steps from one explicit step to the next.
    pub period: usize,
    /// `j0`: explicit steps at the beginning.
    pub burn_in: usize,
    /// `m`, 1 or more: pairs remembered.
    pub memory: usize,
}

impl Default for DeltaGrad {
    fn default() -> DeltaGrad {
        DeltaGrad { period: 5, burn_in: 20, memory: 2 }
    }
}

/// The batch gradients at the recorded points: with them, what DeltaGrad keeps of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Cache {
    gradients: Vec<DVector<f64>>,
}

impl Cache {
    /// Evaluates them, as training does.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Invalid`] when problem, plan and run do not belong together.
    pub fn new(problem: &Problem, plan: &Plan, run: &Trajectory) -> Result<Cache> {
        check_run(problem, plan, run)?;
        let mut ws = problem.network().workspace();
        let gradient = |(step, theta): (&crate::train::plan::Step, &DVector<f64>)| {
            let mut g = DVector::zeros(problem.active());
            let size = step.rows.len() as f64;
            write_loss_gradient(problem, step.rows.iter().copied(), size, theta, &mut ws, &mut g);
            add_regulariser(problem, plan, theta, &mut g);
            g
        };
        Ok(Cache { gradients: plan.steps.iter().zip(&run.points).map(gradient).collect() })
    }

    /// `2·T·k`: these gradients and the points they belong to.
    pub fn storage(&self) -> Storage {
        Storage::deltagrad(self.gradients.len(), self.gradients.first().map_or(0, DVector::len))
    }
}

/// A replayed run.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// `θ′_0 … θ′_T`.
    pub trajectory: Trajectory,
    /// Steps from the first forgotten row on.
    pub replayed: usize,
    /// How many of them were explicit.
    pub explicit: usize,
    /// Row gradients evaluated.
    pub row_visits: usize,
}

impl DeltaGrad {
    /// Is step `t` explicit by the schedule?
    pub fn explicit(&self, t: usize) -> bool {
        t < self.burn_in || (t - self.burn_in).is_multiple_of(self.period)
    }

    /// How many of the first `steps` are explicit by the schedule: `min{j0, T} + ⌈(T − j0)/T0⌉`.
    ///
    /// ```
    /// use unlearn::unlearn::deltagrad::DeltaGrad;
    /// let share = |period| DeltaGrad { period, burn_in: 10, memory: 2 }.explicit_steps(200) as f64 / 200.0;
    /// assert_eq!([share(1), share(2), share(5), share(10)], [1.0, 0.525, 0.24, 0.145]);
    /// ```
    pub fn explicit_steps(&self, steps: usize) -> usize {
        self.burn_in.min(steps) + steps.saturating_sub(self.burn_in).div_ceil(self.period)
    }

    /// Checks the domains.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the setting.
    pub fn check(&self) -> Result<()> {
        if self.period == 0 {
            return Err(Error::Invalid(
                "period 0: it must be 1 or larger; 1 makes every step explicit".into(),
            ));
        }
        if !(1..=MOST_PAIRS).contains(&self.memory) {
            return Err(Error::Invalid(format!("memory {}: it must be from 1 to {MOST_PAIRS}", self.memory)));
        }
        Ok(())
    }

    /// Replays a run without the forgotten rows.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Invalid`] when run, cache and coupling do not belong together, a setting is out of
    /// its domain, or a parameter overflows.
    pub fn replay(&self, coupling: &Coupling<'_>, run: &Trajectory, cache: &Cache) -> Result<Replay> {
        self.check()?;
        check_run(coupling.problem, coupling.plan, run)?;
        Error::check_shape("cached gradients (one per step)", coupling.plan.len(), cache.gradients.len())?;
        let mut points = vec![run.start().clone()];
        let mut velocity: DVector<f64> = DVector::zeros(coupling.problem.active());
        let (mut apart, mut explicit, mut replayed, mut row_visits) = (false, 0, 0, 0);
        let mut bent = Lbfgs::new(self.memory);
        let mut work = Work::new(coupling);
        for (t, step) in coupling.plan.steps.iter().enumerate() {
            apart |= coupling.touches(t);
            if !(apart && self.explicit(t)) {
                velocity *= coupling.plan.momentum;
            }
            if !apart {
                velocity += &cache.gradients[t];
                points.push(run.points[t + 1].clone());
                continue;
            }
            replayed += 1;
            let (theta, recorded) = (&points[t], &cache.gradients[t]);
            let s = theta - &run.points[t];
            let still = s.iter().all(|v| *v == 0.0);
            if self.explicit(t) || (bent.is_empty() && !still) {
                explicit += 1;
                row_visits += step.rows.len();
                let whole = work.explicit(coupling, t, theta);
                if !still {
                    bent.add(s, whole - recorded);
                }
            } else {
                row_visits += work.guess(coupling, t, theta, bent.product(&s) + recorded);
            }
            let next = if self.explicit(t) {
                // As retraining steps, to the bit.
                coupling.step(t, theta, &mut velocity)?
            } else {
                velocity += &work.keep;
                theta - &velocity * step.eta
            };
            if !next.iter().all(|v| v.is_finite()) {
                return Err(Error::Invalid(format!(
                    "a parameter overflowed in step {t} of the replay: use a smaller period, or retrain"
                )));
            }
            points.push(next);
        }
        Ok(Replay { trajectory: Trajectory { points }, replayed, explicit, row_visits })
    }
}

/// Buffers of a replay.
struct Work {
    ws: Workspace,
    /// The gradient that the step follows.
    keep: DVector<f64>,
    rest: DVector<f64>,
}

impl Work {
    fn new(coupling: &Coupling<'_>) -> Work {
        let zero = DVector::zeros(coupling.problem.active());
        Work { ws: coupling.problem.network().workspace(), keep: zero.clone(), rest: zero }
    }

    /// Writes `keep_t(θ)` and returns the gradient of the whole batch, both halves together.
    fn explicit(&mut self, coupling: &Coupling<'_>, t: usize, theta: &DVector<f64>) -> DVector<f64> {
        coupling.write_keep(t, theta, &mut self.ws, &mut self.keep);
        if coupling.touches(t) { &self.keep + coupling.drop(t, theta) } else { self.keep.clone() }
    }

    /// Writes what is left of a guessed batch gradient without its forgotten rows; returns the rows visited.
    fn guess(
        &mut self,
        coupling: &Coupling<'_>,
        t: usize,
        theta: &DVector<f64>,
        whole: DVector<f64>,
    ) -> usize {
        let rows = &coupling.plan.steps[t].rows;
        let forgotten = rows.iter().filter(|&&i| coupling.forget.contains(i)).count();
        let (n, r) = (rows.len() as f64, forgotten as f64);
        if forgotten == rows.len() {
            // Nothing is left to guess.
            coupling.write_keep(t, theta, &mut self.ws, &mut self.keep);
            return 0;
        }
        self.keep = whole;
        if forgotten == 0 {
            return 0;
        }
        let gone = rows.iter().copied().filter(|i| coupling.forget.contains(*i));
        write_loss_gradient(coupling.problem, gone, n, theta, &mut self.ws, &mut self.rest);
        self.keep -= &self.rest;
        if coupling.normalisation == Normalisation::Renormalised {
            self.rest.fill(0.0);
            add_regulariser(coupling.problem, coupling.plan, theta, &mut self.rest);
            self.keep.axpy(-r / n, &self.rest, 1.0);
            self.keep *= n / (n - r);
        }
        forgotten
    }
}

impl Unlearner for DeltaGrad {
    fn name(&self) -> &'static str {
        "deltagrad"
    }

    /// Cost: at explicit steps the batch, otherwise its forgotten rows; and `4m + 1` products of `k` numbers for `Bs`. The
    /// recorded gradients belong to training.
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let Trained::Run { plan, trajectory, .. } = request.trained else {
            return Err(Error::Invalid(
                "deltagrad replays a recorded run; for a minimiser use newton, influence or retrain".into(),
            ));
        };
        let coupling = request.coupling()?;
        let cache = Cache::new(request.problem, plan, trajectory)?;
        let begun = Instant::now();
        let replay = self.replay(&coupling, trajectory, &cache)?;
        let theta = replay.trajectory.last().clone();
        let guesses = (replay.replayed - replay.explicit) * (8 * self.memory + 1) * theta.len();
        let cost = Cost {
            row_visits: replay.row_visits as f64,
            flops: replay.row_visits as f64 * flops::gradient(theta.len()) + guesses as f64,
            seconds: begun.elapsed().as_secs_f64(),
        };
        let guarantee = if replay.explicit == replay.replayed {
            Guarantee::Exact { theorem: "every step was explicit: coupled retraining" }
        } else {
            evidence::of_any(request, &theta)?
        };
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("period", self.period.to_string()),
            ("burn-in", self.burn_in.to_string()),
            ("memory", self.memory.to_string()),
        ]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let mut changed = *self;
        match name {
            "period" => changed.period = settings::count(name, value, 1)?,
            "burn-in" => changed.burn_in = settings::count(name, value, 0)?,
            "memory" => changed.memory = settings::count(name, value, 1)?,
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        changed.check()?;
        *self = changed;
        Ok(())
    }
}
