//! Unlearning methods, one file each. Every method says what its result guarantees and what it cost.
//!
//! What a result is compared with depends on how the model was trained ([`Trained`]). A model trained
//! to a minimiser is compared with the minimiser on the rows kept; for a network, whose minimiser is not
//! unique, with the one Newton's method reaches from the trained parameters. A model that came from a
//! recorded run is compared with coupled retraining: the same start and the same batches without the
//! forgotten rows.
//!
//! Some methods have a theorem of their own (`newton`, `influence`, the add-backs, `recollection`, `precomputed`,
//! `ridge-deletion`). The others ([`fine_tune`], [`gradient_ascent`], [`fisher`], [`l1_sparse`], [`influence_cg`],
//! [`woodfisher`], [`amnesiac`], [`deltagrad`], [`direct_fine_tune`], [`datamodel`], [`muso`], [`oracle_matching`])
//! promise nothing by themselves; their results carry what holds for *any* parameters: for a linear model trained to a
//! minimiser `‖∇F_R(θ)‖/μ`, for a recorded run the distance guaranteed for the untouched model plus the way from it.

pub mod addback;
pub mod amnesiac;
mod certificate;
pub mod datamodel;
pub mod deltagrad;
pub mod direct_fine_tune;
pub(crate) mod enclosed;
mod evidence;
pub mod factored;
pub mod features;
pub mod fine_tune;
pub mod fisher;
pub mod gradient_ascent;
mod history;
pub mod influence;
pub mod influence_cg;
pub mod interpolation;
pub mod l1_sparse;
pub mod leave_out;
pub mod leave_out_sweep;
pub mod minibatch;
pub mod muso;
pub mod newton;
pub mod noop;
pub mod oracle_matching;
mod outcome;
pub mod precomputed;
pub mod projective;
mod propagation;
pub mod recollection;
pub mod report;
pub mod retrain;
pub mod retrain_repruned;
pub mod ridge_deletion;
mod settings;
pub mod slice_fine_tune;
pub mod subtraction;
pub mod woodfisher;

pub use outcome::{Cost, Guarantee, Unlearned};

use crate::bound::ledger::Reference;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::newton::Fit;
use crate::train::plan::Plan;
use crate::train::pruning::Pruner;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;

/// What is to be forgotten, and what is known about the model that remembers it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The problem trained on.
    pub problem: &'a Problem,
    /// The rows to forget.
    pub forget: &'a RowSet,
    /// How the model came about.
    pub trained: Trained<'a>,
}

/// How the model to be changed was trained; decides what "retraining" means.
#[derive(Debug, Clone, Copy)]
pub enum Trained<'a> {
    /// To stationarity: retraining is the minimiser on the rows kept.
    Minimiser(&'a Fit),
    /// By a recorded run: retraining is the coupled run without the forgotten rows.
    Run {
        /// The plan that was run.
        plan: &'a Plan,
        /// Its recorded points.
        trajectory: &'a Trajectory,
        /// How coupled retraining divides its batches.
        normalisation: Normalisation,
    },
}

impl<'a> Request<'a> {
    /// Checks that problem, forget set and model belong together. Every method calls it first.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Invalid`] naming what does not fit.
    pub fn check(&self) -> Result<()> {
        self.problem.check_forget(self.forget)?;
        if let Trained::Run { plan, trajectory, .. } = self.trained {
            check_run(self.problem, plan, trajectory)?;
        }
        let theta = self.trained.theta();
        Error::check_shape("trained parameters", self.problem.active(), theta.len())?;
        if theta.iter().any(|v| !v.is_finite()) {
            return Err(Error::Invalid("a trained parameter is not finite".into()));
        }
        Ok(())
    }

    /// The recorded run's two halves.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a model that did not come from a recorded run.
    pub fn coupling(&self) -> Result<Coupling<'a>> {
        match self.trained {
            Trained::Run { plan, normalisation, .. } => {
                Coupling::new(self.problem, plan, self.forget, normalisation)
            }
            Trained::Minimiser(_) => Err(Error::Invalid(
                "this needs the recorded run of the training; the model was given as a minimiser".into(),
            )),
        }
    }
}

/// Checks that problem, plan and recorded points belong together.
pub(crate) fn check_run(problem: &Problem, plan: &Plan, run: &Trajectory) -> Result<()> {
    Error::check_shape("points of the run (steps + 1)", plan.len() + 1, run.points.len())?;
    for point in &run.points {
        Error::check_shape("parameters of a recorded point", problem.active(), point.len())?;
    }
    let rows = problem.rows();
    match plan.steps.iter().flat_map(|s| &s.rows).find(|&&i| i >= rows) {
        Some(i) => Err(Error::Invalid(format!("the plan uses row {i}; the data has {rows} rows"))),
        None => Ok(()),
    }
}

impl<'a> Trained<'a> {
    /// The trained parameters.
    pub fn theta(&self) -> &'a DVector<f64> {
        match self {
            Trained::Minimiser(fit) => &fit.theta,
            Trained::Run { trajectory, .. } => trajectory.last(),
        }
    }
}

/// A method that forgets rows.
pub trait Unlearner {
    /// The name used on the command line.
    fn name(&self) -> &'static str;

    /// Forgets the request's rows.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] when the method cannot serve this kind of request (the text
    /// says which can), and whatever its computation raises.
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned>;

    /// The hyper-parameters by name, as they are; what a result has to be reported with.
    fn settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Changes one hyper-parameter, written as [`Unlearner::settings`] writes it.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the method has no hyper-parameter of that name (the text lists those it has)
    /// or the value is outside its domain.
    fn set(&mut self, name: &str, _value: &str) -> Result<()> {
        Err(settings::unknown(self.name(), name, &self.settings()))
    }
}

/// Every method with its default hyper-parameters, in the order of tables. `seed` is for those that draw.
pub fn methods(seed: u64) -> Vec<Box<dyn Unlearner>> {
    vec![
        Box::new(noop::Noop),
        Box::new(retrain::Retrain),
        Box::new(retrain::RetrainUncoupled { seed }),
        Box::new(retrain_repruned::RetrainRepruned { pruner: Pruner::Omp, seed, pruner_seed: seed }),
        Box::new(addback::Addback { reference: Reference::Start }),
        Box::new(addback::Addback { reference: Reference::End }),
        Box::new(addback::Addback { reference: Reference::Recorded }),
        Box::new(amnesiac::Amnesiac),
        Box::new(recollection::Recollection),
        Box::new(precomputed::PerRow),
        Box::new(deltagrad::DeltaGrad::default()),
        Box::new(direct_fine_tune::DirectFineTune::default()),
        Box::new(influence::Influence { weights: influence::Weights::Simplex }),
        Box::new(influence::Influence { weights: influence::Weights::Boolean }),
        Box::new(influence_cg::InfluenceCg::default()),
        Box::new(woodfisher::WoodFisher::default()),
        Box::new(newton::Newton { steps: 1 }),
        Box::new(ridge_deletion::RidgeDeletion),
        Box::new(datamodel::Datamodel::default()),
        Box::new(muso::Muso::default()),
        Box::new(oracle_matching::OracleMatching::new(seed)),
        Box::new(fine_tune::FineTune::new(seed)),
        Box::new(gradient_ascent::GradientAscent::new(seed)),
        Box::new(fisher::Fisher::new(seed)),
        Box::new(l1_sparse::L1Sparse::new(seed)),
    ]
}

/// The method of that name.
///
/// ```
/// use unlearn::unlearn::method;
/// assert_eq!(method("newton", 0).unwrap().name(), "newton");
/// let text = method("newtn", 0).err().unwrap().to_string();
/// assert!(text.contains("noop, retrain, retrain-uncoupled, retrain-repruned"));
/// ```
///
/// # Errors
/// [`Error::Invalid`] listing the names.
pub fn method(name: &str, seed: u64) -> Result<Box<dyn Unlearner>> {
    let all = methods(seed);
    let names = all.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ");
    all.into_iter()
        .find(|m| m.name() == name)
        .ok_or_else(|| Error::Invalid(format!("unknown method '{name}'; choose one of {names}")))
}

/// The method of that name with some hyper-parameters changed.
///
/// ```
/// use unlearn::unlearn::configured;
/// let method = configured("fine-tune", 7, &[("epochs", "3")]).unwrap();
/// assert!(method.settings().contains(&("epochs", "3".into())));
/// let text = configured("newton", 0, &[("gamma", "1")]).err().unwrap().to_string();
/// assert!(text.contains("newton has no setting 'gamma'"), "{text}");
/// ```
///
/// # Errors
/// As [`method`] and [`Unlearner::set`].
pub fn configured(name: &str, seed: u64, settings: &[(&str, &str)]) -> Result<Box<dyn Unlearner>> {
    let mut found = method(name, seed)?;
    for (name, value) in settings {
        found.set(name, value)?;
    }
    Ok(found)
}
