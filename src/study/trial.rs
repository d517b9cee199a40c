//! One seed at one sparsity: train, prune, train again, retrain, forget by every method, measure.

use super::artefacts;
use super::method::{COUPLED, FLOOR, Method, REFERENCE, REPRUNED};
use super::probe::probe;
use super::record::Record;
use super::run::{Running, Study};
use super::scenario::{Scenario, Setting};
use super::training::{Fitted, NORMALISATION, Training, derived};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::mask::{Agreement, Mask, Scope};
use crate::metric::backdoor::Backdoor;
use crate::metric::distance;
use crate::metric::forgetting::{Forgetting, Tested};
use crate::metric::membership::{Confidences, svm_attack, threshold_attack};
use crate::objective::Problem;
use crate::train::flops;
use crate::train::pipeline::{Pipeline, Recipe};
use crate::train::pruning::Pruner;
use crate::train::start::start;
use crate::unlearn::retrain_repruned::RetrainRepruned;
use crate::unlearn::{Cost, Guarantee, Request, Unlearned, Unlearner};
use nalgebra::DVector;
use std::collections::BTreeMap;
use std::time::Instant;

/// One seed at one sparsity.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// The study.
    pub study: &'a Study,
    /// The seed.
    pub seed: u64,
    /// The sparsity.
    pub sparsity: f64,
}

/// What is trained once for all methods.
struct Trained {
    setting: Setting,
    dense: Problem,
    problem: Problem,
    fitted: Fitted,
    /// The reference, with its cost.
    retrained: Unlearned,
    /// What guarantees speak about: the coupled run, or the minimiser.
    coupled: Unlearned,
}

/// An unlearned model under its mask.
struct Forgotten {
    problem: Problem,
    unlearned: Unlearned,
}

impl Trial<'_> {
    /// The records of all methods but the first `skip`. A method that cannot serve, or a training that diverges or
    /// collapses, is a record that says so.
    ///
    /// # Errors
    /// When the scenario cannot be drawn or a file cannot be written.
    pub fn run(&self, skip: usize, running: &Running, progress: &(dyn Fn() + Sync)) -> Result<Vec<Record>> {
        let setting = self.setting()?;
        let methods = &self.study.config.methods[skip..];
        let trained = match self.train(setting) {
            Ok(trained) => trained,
            Err(error) => {
                let failed = |m: &Method| {
                    progress();
                    Record { failure: Some(error.to_string()), ..self.record(m) }
                };
                return Ok(methods.iter().map(failed).collect());
            }
        };
        let folder =
            running.parameters.as_ref().map(|folder| artefacts::folder(folder, self.seed, self.sparsity));
        if let Some(folder) = &folder {
            artefacts::write_setting(folder, &trained.setting, trained.problem.mask())?;
        }
        let mut records = Vec::with_capacity(methods.len());
        for method in methods {
            let record = match self.forget(method, &trained) {
                Ok(found) => {
                    if let Some(folder) = &folder {
                        let Forgotten { problem, unlearned } = &found;
                        let own_mask = unlearned.mask.is_some();
                        artefacts::write_parameters(
                            folder,
                            &method.method,
                            problem,
                            &unlearned.theta,
                            own_mask,
                        )?;
                    }
                    match self.measure(method, &trained, &found) {
                        Ok(record) => record,
                        Err(error) => Record { failure: Some(error.to_string()), ..self.record(method) },
                    }
                }
                Err(error) => Record { failure: Some(error.to_string()), ..self.record(method) },
            };
            records.push(Record { seconds: record.seconds.filter(|_| running.timings), ..record });
            progress();
        }
        Ok(records)
    }

    fn record(&self, method: &Method) -> Record {
        Record {
            seed: self.seed,
            sparsity: self.sparsity,
            method: method.method.clone(),
            ..Record::default()
        }
    }

    fn setting(&self) -> Result<Setting> {
        let config = &self.study.config;
        config.scenario.draw(&self.study.data, config.test, config.scale, self.seed)
    }

    fn train(&self, setting: Setting) -> Result<Trained> {
        let (config, training) = (&self.study.config, self.study.config.training);
        let dense = Problem::new(setting.train.clone(), self.study.model.clone(), config.ridge)?;
        let problem = dense.clone().with_mask(self.mask(&dense)?)?;
        let fitted = training.fit(&problem, None, self.seed)?;
        let retrained = self.retrain(&problem, &setting, 3)?;
        let request = Request { problem: &problem, forget: &setting.forget, trained: fitted.trained() };
        let coupled = crate::unlearn::retrain::Retrain.remove(&request)?;
        Ok(Trained { setting, dense, problem, fitted, retrained, coupled })
    }

    /// The mask for this sparsity, from the training that [`Training::fit`] does.
    fn mask(&self, dense: &Problem) -> Result<Mask> {
        if self.sparsity == 0.0 {
            return Ok(Mask::full(dense.model().parameters()));
        }
        self.prune(self.study.pruner, dense, None)
    }

    /// The mask that a pruner makes, of the pipeline that never had some rows if they are given.
    fn prune(&self, pruner: Pruner, dense: &Problem, without: Option<&RowSet>) -> Result<Mask> {
        let config = &self.study.config;
        let all: Vec<usize> = (0..dense.rows()).collect();
        let plan = match config.training {
            Training::Newton => None,
            Training::Sgd { .. } => Some(config.training.plan(&all, config.ridge, self.seed)?),
        };
        let recipe = match &plan {
            Some(plan) => Recipe::Run { plan, normalisation: NORMALISATION },
            None => Recipe::Minimiser,
        };
        let from = start(dense, derived(self.seed, 1)).as_slice().to_vec();
        let mut pipeline = Pipeline::new(dense, from, recipe)?;
        if let Some(forget) = without {
            pipeline = pipeline.without(forget)?;
        }
        Ok(pruner.prune(&pipeline, self.sparsity, Scope::Weights, derived(self.seed, 4))?.mask)
    }

    /// For every pruner, how much its mask agrees with the one made without the forgotten rows; a pruner that cannot
    /// reach the sparsity is left out.
    fn pruner_agreement(&self, trained: &Trained) -> BTreeMap<String, f64> {
        if !self.study.config.compare_pruners || self.sparsity == 0.0 {
            return BTreeMap::new();
        }
        let Trained { dense, setting, .. } = trained;
        let prunable = Scope::Weights.coordinates(dense.model());
        let of = |pruner: Pruner| {
            let with = self.prune(pruner, dense, None).ok()?;
            let without = self.prune(pruner, dense, Some(&setting.forget)).ok()?;
            Some((pruner.name().to_owned(), Agreement::on(&with, &without, &prunable).jaccard))
        };
        Pruner::ALL.into_iter().filter_map(of).collect()
    }

    /// Training on the retained rows with chance of its own.
    fn retrain(&self, problem: &Problem, setting: &Setting, role: u64) -> Result<Unlearned> {
        let training = self.study.config.training;
        let begun = Instant::now();
        let fitted = training.fit(problem, Some(&setting.forget), derived(self.seed, role))?;
        let kept = problem.rows() - setting.forget.len();
        let row_visits = training.row_visits(&fitted, kept);
        let flops = match &fitted {
            Fitted::Minimiser(fit) => (fit.iterations + 1) as f64 * flops::newton(kept, problem.active()),
            Fitted::Run { .. } => row_visits * flops::gradient(problem.active()),
        };
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        let guarantee =
            Guarantee::None { why: "retraining with other chance; the reference of the table".into() };
        Ok(Unlearned { theta: fitted.theta().clone(), guarantee, cost, mask: None })
    }

    fn forget(&self, method: &Method, trained: &Trained) -> Result<Forgotten> {
        let Trained { setting, problem, .. } = trained;
        let unlearned = match method.method.as_str() {
            REFERENCE => trained.retrained.clone(),
            FLOOR => self.retrain(problem, setting, 5)?,
            COUPLED => trained.coupled.clone(),
            // The pruner, the dense start and the draws of the pruner are those of the mask that it replaces.
            REPRUNED => {
                let request = Request { problem, forget: &setting.forget, trained: trained.fitted.trained() };
                let (seed, pruner_seed) = (derived(self.seed, 1), derived(self.seed, 4));
                RetrainRepruned { pruner: self.study.pruner, seed, pruner_seed }.remove(&request)?
            }
            _ => {
                let request = Request { problem, forget: &setting.forget, trained: trained.fitted.trained() };
                method.unlearner(derived(self.seed, 6))?.remove(&request)?
            }
        };
        if unlearned.theta.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data("a parameter overflows".into()));
        }
        let problem = match &unlearned.mask {
            Some(mask) => trained.dense.clone().with_mask(mask.clone())?,
            None => problem.clone(),
        };
        Ok(Forgotten { problem, unlearned })
    }

    fn measure(&self, method: &Method, trained: &Trained, found: &Forgotten) -> Result<Record> {
        let (config, setting) = (&self.study.config, &trained.setting);
        let Forgotten { problem, unlearned } = found;
        let theta = &unlearned.theta;
        let same = |data: &std::sync::Arc<crate::data::Dataset>| {
            Problem::new(data.clone(), self.study.model.clone(), config.ridge)?
                .with_mask(problem.mask().clone())
        };
        let test = same(&setting.test)?;
        let tested = match (config.test_without_classes, config.scenario.classes()) {
            (true, classes) if !classes.is_empty() => Tested::WithoutClasses(classes),
            _ => Tested::All,
        };
        let forgetting = Forgetting::of(problem, &setting.forget, &test, theta, tested)?;
        let seen = Confidences::of(problem, &setting.forget, &test, &tested.rows(&test)?, theta)?;
        let (published, calibrated) = (svm_attack(&seen)?, threshold_attack(&seen));
        let asr = match (&config.scenario, &setting.triggered) {
            (Scenario::Trojan { target, .. }, Some(triggered)) => {
                Some(Backdoor::of(&test, &same(triggered)?, theta, *target)?.attack_success)
            }
            _ => None,
        };
        let probed =
            setting.probe.as_ref().map(|(train, test)| probe(problem, theta, train, test)).transpose()?;
        let dense = |problem: &Problem, theta: &DVector<f64>| problem.mask().embed(theta);
        let full = dense(problem, theta);
        let to = |other: &Unlearned| distance::between(&full, &dense(&trained.problem, &other.theta));
        let is_minimiser = matches!(trained.fitted, Fitted::Minimiser(_));
        let certified = if is_minimiser && unlearned.mask.is_none() {
            distance::certified(problem, &setting.forget, theta, &trained.retrained.theta)?
        } else {
            None
        };
        let (bound, guarantee) = match &unlearned.guarantee {
            Guarantee::Exact { theorem } => (Some(0.0), (*theorem).to_owned()),
            Guarantee::Within { distance, theorem } => (Some(*distance), (*theorem).to_owned()),
            Guarantee::None { why } => (None, why.clone()),
        };
        let prunable = Scope::Weights.coordinates(problem.model());
        let agreement = Agreement::on(problem.mask(), trained.problem.mask(), &prunable).jaccard;
        Ok(Record {
            ua: Some(forgetting.unlearning),
            mia: Some(published.score),
            ra: Some(forgetting.retained),
            ta: Some(forgetting.test),
            asr,
            probe: probed,
            mia_balanced_accuracy: Some(published.balanced_accuracy),
            threshold_mia: Some(calibrated.score),
            threshold_balanced_accuracy: Some(calibrated.balanced_accuracy),
            distance: Some(to(&trained.retrained)),
            bounded_distance: Some(to(&trained.coupled)),
            certified_low: certified.map(|i| i.lo()),
            certified_high: certified.map(|i| i.hi()),
            bound,
            guarantee: Some(guarantee),
            row_visits: Some(unlearned.cost.row_visits),
            flops: Some(unlearned.cost.flops),
            seconds: Some(unlearned.cost.seconds),
            active: problem.active(),
            zeros: Some(theta.iter().filter(|v| **v == 0.0).count()),
            mask_agreement: Some(agreement),
            pruner_agreement: match method.method.as_str() {
                REFERENCE => self.pruner_agreement(trained),
                _ => BTreeMap::new(),
            },
            ..self.record(method)
        })
    }
}
