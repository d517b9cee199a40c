//! Forget sets, branches, answers.

use super::record::{Ran, Record};
use crate::data::{Dataset, RowSet};
use crate::error::{Error, Result};
use crate::hybrid::answer::{Answer, Attempt, run_all};
use crate::hybrid::estimate::Plan;
use crate::hybrid::{Branch, Prepared, Tolerance, serve};
use crate::model::Spec;
use crate::objective::Problem;
use crate::study::scale::Scale;
use crate::study::stream::run::SEEDS;
use crate::train::newton::{Fit, minimise};
use nalgebra::DVector;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// What a study was asked for.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name or file of the data.
    pub data: String,
    /// How features are scaled.
    pub scale: Scale,
    /// The model.
    pub model: String,
    /// Do layers have a bias?
    pub bias: bool,
    /// λ.
    pub ridge: f64,
    /// Numbers of rows forgotten.
    pub forget: Vec<usize>,
    /// Tolerances.
    pub tolerances: Vec<Tolerance>,
    /// First seed.
    pub seed: u64,
    /// How many seeds.
    pub seeds: u64,
    /// Are times wanted? They differ from run to run.
    pub timings: bool,
}

impl Config {
    /// As the first line of the study's JSON.
    pub fn header(&self) -> Value {
        json!({
            "study": "choices",
            "version": env!("CARGO_PKG_VERSION"),
            "data": self.data,
            "scale": format!("{:?}", self.scale),
            "model": self.model,
            "bias": self.bias,
            "ridge": self.ridge,
            "forget": self.forget,
            "tolerances": self.tolerances.iter().map(|t| t.distance()).collect::<Vec<_>>(),
            "seed": self.seed,
            "seeds": self.seeds,
            "timings": self.timings,
        })
    }
}

/// A study of choices, checked.
#[derive(Debug)]
pub struct Study {
    /// What was asked for.
    pub config: Config,
    problem: Problem,
}

impl Study {
    /// Checks that everything fits together before any work is done.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Shape`] and [`Error::Data`] saying what does not fit.
    pub fn new(mut config: Config, data: &Dataset) -> Result<Study> {
        // What is named twice counts once.
        config.forget.sort_unstable();
        config.forget.dedup();
        config.tolerances.sort_by(|a, b| a.distance().total_cmp(&b.distance()));
        config.tolerances.dedup();
        let refuse = |text: String| Err(Error::Invalid(text));
        let rows: Vec<usize> = (0..data.rows()).collect();
        let scaled = config.scale.apply(data, &rows)?;
        let spec: Spec = config.model.parse()?;
        let model = spec.resolve(data, config.bias)?;
        if !model.is_linear() || config.ridge <= 0.0 {
            return refuse(
                "certificates need strong convexity: use a linear model (linear:logistic, linear:softmax, linear:squared) and \
                 --ridge > 0"
                    .into(),
            );
        }
        let problem = Problem::new(scaled.into(), model, config.ridge)?;
        if let Some(m) = config.forget.iter().find(|m| **m == 0 || **m >= problem.rows()) {
            return refuse(format!(
                "--forget {m}: from 1 to {} of {} rows",
                problem.rows() - 1,
                problem.rows()
            ));
        }
        if config.forget.is_empty() || config.tolerances.is_empty() {
            return refuse("name at least one number of rows with --forget and one --tolerance".into());
        }
        if let Some(t) = config.tolerances.iter().find(|t| [Tolerance::EXACT, Tolerance::ANY].contains(t)) {
            return refuse(format!(
                "tolerance {t}: 0 always retrains and inf never does; there is nothing to choose"
            ));
        }
        if config.seeds == 0 || config.seeds > SEEDS || config.seed.checked_add(config.seeds).is_none() {
            return refuse(format!("--seeds {}: from 1 to {SEEDS}, and all of them below 2⁶⁴", config.seeds));
        }
        Ok(Study { config, problem })
    }

    /// Number of forget sets.
    pub fn trials(&self) -> usize {
        self.config.seeds as usize * self.config.forget.len()
    }

    /// Everything, one forget set after the other; `progress` is called after each.
    ///
    /// # Errors
    /// The first error of training, planning or retraining.
    pub fn run(&self, progress: &dyn Fn()) -> Result<Vec<Record>> {
        let problem = &self.problem;
        let fit: Fit = minimise(&problem.full(), DVector::zeros(problem.active()))?;
        let mut prepared = Prepared::new(problem, &fit)?;
        if self.config.timings {
            prepared = prepared.calibrated();
        }
        let mut records = Vec::new();
        for seed in self.config.seed..self.config.seed + self.config.seeds {
            for &count in &self.config.forget {
                let forget = drawn(problem.rows(), count, seed)?;
                let (plan, tried) = run_all(&prepared, &forget)?;
                let branches = self.ran(&plan, &tried);
                for &tolerance in &self.config.tolerances {
                    let answer = serve(&prepared, &forget, tolerance)?;
                    records.push(self.record(seed, &forget, &branches, &answer));
                }
                progress();
            }
        }
        Ok(records)
    }

    fn ran(&self, plan: &Plan, tried: &[Attempt]) -> Vec<Ran> {
        let of = |e: &crate::hybrid::Estimate| {
            let attempt = tried.iter().find(|t| t.branch == e.branch)?;
            // Newton's steps are attempts one after the other.
            let before = |t: &&Attempt| match (t.branch, e.branch) {
                (Branch::Newton { steps }, Branch::Newton { steps: most }) => steps <= most,
                (a, b) => a == b,
            };
            Some(Ran {
                branch: e.branch.to_string(),
                predicted: e.work.visits(),
                visits: tried.iter().filter(before).map(|t| t.visits).sum(),
                bound: e.bound,
                forecast: e.forecast,
                certified: attempt.certified.map(|c| c.distance.hi()),
                seconds: self.config.timings.then(|| tried.iter().filter(before).map(|t| t.seconds).sum()),
            })
        };
        plan.estimates.iter().filter_map(of).collect()
    }

    fn record(&self, seed: u64, forget: &RowSet, branches: &[Ran], answer: &Answer) -> Record {
        let tolerance = answer.plan.tolerance;
        let retrain = Branch::Retrain.to_string();
        let within = |b: &&Ran| b.branch == retrain || b.certified.is_some_and(|c| tolerance.holds(c));
        let best = branches.iter().filter(within).min_by_key(|b| b.visits).expect("retraining was run");
        let certified = answer.certified.map(|c| c.distance.hi());
        let timed = |seconds: Option<f64>| seconds.filter(|_| self.config.timings);
        Record {
            seed,
            rows: self.problem.rows(),
            forgotten: forget.len(),
            tolerance: tolerance.distance(),
            chosen: answer.plan.chosen().branch.to_string(),
            certain: answer.plan.choice.certain,
            predicted: answer.plan.chosen().work.visits(),
            answer: answer.branch.to_string(),
            visits: answer.cost.row_visits as u64,
            certified,
            within: answer.branch == Branch::Retrain || certified.is_some_and(|c| tolerance.holds(c)),
            best: best.branch.clone(),
            best_visits: best.visits,
            planning: answer.plan.planning,
            certifying: answer.certification.row_visits as u64,
            seconds: timed(Some(answer.cost.seconds)),
            predicted_seconds: timed(answer.plan.chosen().seconds),
            branches: branches.to_vec(),
        }
    }
}

/// So many rows, drawn from the seed; fewer rows are among more.
fn drawn(rows: usize, count: usize, seed: u64) -> Result<RowSet> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.truncate(count);
    RowSet::new(rows, order)
}
