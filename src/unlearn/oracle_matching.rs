//! Oracle matching and datamodel matching (Georgiev et al. 2024, arXiv 2410.23232, Algorithms A.1 to A.3 in the authors'
//! copy): train the model until its outputs are those that the retrained model would give.
//!
//! | algorithm | outputs to match | rows |
//! |---|---|---|
//! | OM (A.1) | the oracle's, `f_x(θ_r)` | forgotten, and in every epoch other retained ones |
//! | DMM (A.3) | DM-Direct's, `h(x) = f_x(θ_0) − Σ_F β_i(x)` | forgotten, and retained ones drawn once |
//! | OMRS | the oracle's | retained ones only: cannot move what only forgotten rows determine |
//!
//! Minimised: `‖f_x(θ) − aim(x)‖²`, the mean over a batch. In a linear model OM converges to `θ_r` geometrically even row by row,
//! because the aims fit `θ_r` exactly and its gradients there vanish; descent on the rows kept does not
//! ([`crate::neighbour::linear_theory`]). For networks nothing is guaranteed. Cost in the paper: below 5 % of retraining,
//! *without* the oracle or the datamodels, which are thousands of trainings.

use super::datamodel::{self, Datamodels};
use super::muso::{ahead, outputs_at};
use super::{Cost, Request, Unlearned, Unlearner, evidence, settings};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use crate::train::epochs::MOST_EPOCHS;
use crate::train::flops;
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

/// How steps are made of gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// `θ ← θ − ηg`.
    Gradient,
    /// Adam (Kingma, Ba 2015) with its usual constants 0.9, 0.999, 1e-8: what the paper uses.
    Adam,
}

/// A matching.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matching {
    /// Passes; 1 to 8 in the paper.
    pub epochs: usize,
    /// `η`, positive; 1e-6 to 1e-3 in the paper (Adam).
    pub rate: f64,
    /// Rows per batch, positive; 512 in the paper.
    pub batch: usize,
    /// Retained rows per forgotten row; at least one row and at most all. 3 to 5 in the paper.
    pub retain: f64,
    /// Draw the retained rows anew in every epoch (OM), or once (DMM)?
    pub resample: bool,
    /// With the forgotten rows? Without them it is OMRS.
    pub forgotten: bool,
    /// What kind of steps.
    pub steps: Steps,
    /// Seed of draws and orders.
    pub seed: u64,
}

/// What a matching ends with.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched {
    /// The kept parameters.
    pub theta: DVector<f64>,
    /// Rows visited.
    pub visits: usize,
}

/// Matches outputs, from a start. `aims` holds the outputs wanted at every row of the data, outputs × n; those of rows that
/// are not visited are not read. Any model.
///
/// # Errors
/// [`Error::Shape`] when aims or start do not fit, [`Error::Invalid`] for settings outside their domains and when a parameter
/// overflows; as [`Problem::check_forget`].
pub fn match_outputs(
    problem: &Problem,
    aims: &DMatrix<f64>,
    forget: &RowSet,
    start: DVector<f64>,
    matching: &Matching,
) -> Result<Matched> {
    problem.check_forget(forget)?;
    matching.check()?;
    Error::check_shape("outputs to match, per row", problem.network().outputs(), aims.nrows())?;
    Error::check_shape("outputs to match (one column per row)", problem.rows(), aims.ncols())?;
    Error::check_shape("parameters", problem.active(), start.len())?;
    let mut kept = forget.complement();
    let share = (matching.retain * forget.len() as f64).round().clamp(1.0, kept.len() as f64) as usize;
    let mut rng = ChaCha8Rng::seed_from_u64(matching.seed);
    let mut ws = problem.network().workspace();
    let (mut theta, mut visits) = (start, 0);
    let mut g = DVector::zeros(theta.len());
    let mut state = Moments::new(theta.len());
    let mut rows = Vec::new();
    for epoch in 0..matching.epochs {
        if epoch == 0 || matching.resample {
            kept.shuffle(&mut rng);
            rows.clear();
            rows.extend_from_slice(&kept[..share]);
            if matching.forgotten {
                rows.extend_from_slice(forget.rows());
            }
        }
        rows.shuffle(&mut rng);
        for batch in rows.chunks(matching.batch) {
            g.fill(0.0);
            let net = problem.network();
            for &i in batch {
                let x = problem.data().design().row(i);
                net.forward(theta.as_slice(), x, &mut ws);
                let last = ws.z.len() - 1;
                let (delta, z) = (&mut ws.delta[last], &ws.z[last]);
                (0..z.len()).for_each(|c| delta[c] = z[c] - aims[(c, i)]);
                net.propagate(theta.as_slice(), &mut ws);
                net.add_gradient(2.0 / batch.len() as f64, x, &ws, g.as_mut_slice());
            }
            match matching.steps {
                Steps::Gradient => theta.axpy(-matching.rate, &g, 1.0),
                Steps::Adam => state.step(&mut theta, &g, matching.rate),
            }
            visits += batch.len();
        }
        if !theta.iter().all(|v| v.is_finite()) {
            return Err(Error::Invalid(format!(
                "a parameter overflowed in epoch {} at rate {:e}: use a smaller rate",
                epoch + 1,
                matching.rate
            )));
        }
    }
    Ok(Matched { theta, visits })
}

impl Matching {
    fn check(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::Invalid(text));
        if self.epochs > MOST_EPOCHS {
            return refuse(format!("epochs {}: at most {MOST_EPOCHS}", self.epochs));
        }
        if !(self.rate > 0.0 && self.rate.is_finite()) {
            return refuse(format!("rate {}: it must be a positive finite number", self.rate));
        }
        if self.batch == 0 {
            return refuse("batch 0: a batch needs at least one row".into());
        }
        if !(self.retain >= 0.0 && self.retain.is_finite()) {
            return refuse(format!("retain {}: it must be a finite number, 0 or larger", self.retain));
        }
        Ok(())
    }
}

/// Adam's running means.
struct Moments {
    first: DVector<f64>,
    second: DVector<f64>,
    shrink: (f64, f64),
}

impl Moments {
    fn new(k: usize) -> Moments {
        Moments { first: DVector::zeros(k), second: DVector::zeros(k), shrink: (1.0, 1.0) }
    }

    fn step(&mut self, theta: &mut DVector<f64>, g: &DVector<f64>, rate: f64) {
        const BETA: (f64, f64) = (0.9, 0.999);
        self.shrink = (self.shrink.0 * BETA.0, self.shrink.1 * BETA.1);
        for j in 0..g.len() {
            self.first[j] = BETA.0 * self.first[j] + (1.0 - BETA.0) * g[j];
            self.second[j] = BETA.1 * self.second[j] + (1.0 - BETA.1) * g[j] * g[j];
            let (m, v) = (self.first[j] / (1.0 - self.shrink.0), self.second[j] / (1.0 - self.shrink.1));
            theta[j] -= rate * m / (v.sqrt() + 1e-8);
        }
    }
}

/// Whose outputs are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oracle {
    /// Newton's step on the rows kept: the retrained model, for squared loss.
    Newton,
    /// DM-Direct with single-deletion datamodels: squared loss.
    Datamodel,
}

/// The method, for linear models: gradient steps.
#[derive(Debug, Clone, Copy)]
pub struct OracleMatching {
    /// Whose outputs.
    pub oracle: Oracle,
    /// Passes.
    pub epochs: usize,
    /// Step size as a multiple of `1/(2 max‖x̃ᵢ‖²)`, in (0, 2): every batch contracts.
    pub rate: f64,
    /// Rows per batch.
    pub batch: usize,
    /// Retained rows per forgotten row.
    pub retain: f64,
    /// Seed of draws and orders.
    pub seed: u64,
}

impl OracleMatching {
    /// 100 epochs in batches of 32 at rate 1, five retained rows per forgotten one (the paper's 3 to 5), drawn anew in each
    /// epoch.
    pub fn new(seed: u64) -> OracleMatching {
        OracleMatching { oracle: Oracle::Newton, epochs: 100, rate: 1.0, batch: 32, retain: 5.0, seed }
    }
}

impl Unlearner for OracleMatching {
    fn name(&self) -> &'static str {
        "oracle-matching"
    }

    /// Cost: two visits of every row kept for the oracle (the Hessian on all rows for datamodels), then the rows of the
    /// batches.
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let (problem, start) = (request.problem, request.trained.theta());
        let begun = Instant::now();
        let (n, m, k) = (problem.rows(), request.forget.len(), start.len());
        // Also says what it cannot serve.
        let newton = ahead(request, self.name(), 1)?;
        let (guide, guide_visits, guide_flops) = match self.oracle {
            Oracle::Newton => (newton, 2 * (n - m), flops::newton(n - m, k)),
            Oracle::Datamodel => {
                datamodel::check(problem, self.name())?;
                let guide = Datamodels::new(problem, start, request.forget)?.direct(1.0);
                (guide, n + m, n as f64 * flops::hessian(k) + flops::solve(k) + 2.0 * (m * k * k) as f64)
            }
        };
        let all: Vec<usize> = (0..n).collect();
        let matching = Matching {
            epochs: self.epochs,
            rate: self.rate / (2.0 * largest_row(problem)),
            batch: self.batch,
            retain: self.retain,
            resample: self.oracle == Oracle::Newton,
            forgotten: true,
            steps: Steps::Gradient,
            seed: self.seed,
        };
        let aims = outputs_at(problem, &guide, &all);
        let found = match_outputs(problem, &aims, request.forget, start.clone(), &matching)?;
        let cost = Cost {
            row_visits: (guide_visits + found.visits) as f64,
            flops: guide_flops + found.visits as f64 * flops::gradient(k),
            seconds: begun.elapsed().as_secs_f64(),
        };
        let guarantee = evidence::of_any(request, &found.theta)?;
        Ok(Unlearned { theta: found.theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let oracle = if self.oracle == Oracle::Newton { "newton" } else { "datamodel" };
        vec![
            ("oracle", oracle.into()),
            ("epochs", self.epochs.to_string()),
            ("rate", settings::text(self.rate)),
            ("batch", self.batch.to_string()),
            ("retain", settings::text(self.retain)),
            ("seed", self.seed.to_string()),
        ]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match (name, value) {
            ("oracle", "newton") => self.oracle = Oracle::Newton,
            ("oracle", "datamodel") => self.oracle = Oracle::Datamodel,
            ("oracle", _) => {
                return Err(Error::Invalid(format!("oracle '{value}': choose newton or datamodel")));
            }
            ("epochs", _) => match settings::count(name, value, 0)? {
                epochs if epochs > MOST_EPOCHS => {
                    return Err(Error::Invalid(format!("epochs {epochs}: at most {MOST_EPOCHS}")));
                }
                epochs => self.epochs = epochs,
            },
            ("rate", _) => match settings::nonnegative(name, value)? {
                rate if rate > 0.0 && rate < 2.0 => self.rate = rate,
                rate => return Err(Error::Invalid(format!("rate {rate}: it must be between 0 and 2"))),
            },
            ("batch", _) => self.batch = settings::count(name, value, 1)?,
            ("retain", _) => self.retain = settings::nonnegative(name, value)?,
            ("seed", _) => self.seed = settings::seed(name, value)?,
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}

/// `max‖x̃ᵢ‖²` over the rows of a linear model as its kept parameters see them; at least the smallest normal number.
fn largest_row(problem: &Problem) -> f64 {
    let layer = &problem.network().layers[0];
    let of = |i: usize| {
        let x = problem.data().design().row(i);
        layer.units.iter().map(|u| u.input_norm_squared(x, layer.fan_in)).fold(0.0, f64::max)
    };
    // 1/(2·1e-300) and products with features below 1e-150 stay finite.
    (0..problem.rows()).map(of).fold(1e-300, f64::max)
}
