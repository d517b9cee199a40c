//! What a removal gives: parameters, what is known about them, and what they cost.

use crate::mask::Mask;
use crate::objective::Problem;
use nalgebra::DVector;

/// What is known about the distance of an unlearned model from the retrained one.
#[derive(Debug, Clone, PartialEq)]
pub enum Guarantee {
    /// Equal in exact arithmetic (to trained parameters that are exact themselves).
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
    /// Row visits: one gradient, Hessian–vector product or row of a Hessian each. The removal alone;
    /// evaluating its guarantee is not counted.
    pub row_visits: f64,
    /// Nominal floating-point operations on the kept parameters, by the formulas of [`crate::train::flops`].
    pub flops: f64,
    /// Wall-clock seconds of the removal alone.
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
    /// The mask that `theta` belongs to, where it is not the problem's: re-pruning chooses its own.
    pub mask: Option<Mask>,
}

impl Unlearned {
    /// All `d` parameters, zeros at pruned places.
    pub fn embed(&self, problem: &Problem) -> DVector<f64> {
        self.mask.as_ref().unwrap_or(problem.mask()).embed(&self.theta)
    }
}
