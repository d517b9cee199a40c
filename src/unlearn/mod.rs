//! Unlearning methods, one file each. Every method says what its result guarantees and what it cost.

pub mod addback;
pub mod features;
pub mod interpolation;
pub mod leave_out;
pub mod minibatch;
pub mod projective;
pub mod recollection;

use crate::data::RowSet;
use crate::error::Result;
use crate::objective::Problem;
use crate::train::coupling::Normalisation;
use crate::train::newton::Fit;
use crate::train::plan::Plan;
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

impl<'a> Trained<'a> {
    /// The trained parameters.
    pub fn theta(&self) -> &'a DVector<f64> {
        match self {
            Trained::Minimiser(fit) => &fit.theta,
            Trained::Run { trajectory, .. } => trajectory.last(),
        }
    }
}

/// What is known about the distance of an unlearned model from the retrained one.
#[derive(Debug, Clone, PartialEq)]
pub enum Guarantee {
    /// Equal in exact arithmetic.
    Exact {
        /// Why.
        theorem: &'static str,
    },
    /// At most this far in Euclidean norm.
    Within {
        /// Upper bound on the distance.
        distance: f64,
        /// Why.
        theorem: &'static str,
    },
    /// Nothing is guaranteed.
    None {
        /// Which hypothesis is missing.
        why: String,
    },
}

/// What a removal cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Row visits: one gradient, Hessian–vector product or row of a Hessian each.
    pub row_visits: f64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// An unlearned model with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Unlearned {
    /// The `k` kept parameters.
    pub theta: DVector<f64>,
    /// How far it can be from retraining.
    pub guarantee: Guarantee,
    /// What it took.
    pub cost: Cost,
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
}
