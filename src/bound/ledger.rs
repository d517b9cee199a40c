//! What a certificate needs to know about each step of a recorded run. Everything here comes from the
//! *original* trajectory: no retraining is needed to fill it in.

use crate::constants::LocalConstants;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::enclosed::exact;
use crate::train::coupling::Coupling;
use crate::train::rounding::RunEnclosure;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;

/// Where forgotten gradients are evaluated when they are added back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// `φ_k = θ_0`: the papers' theory (Thudi et al. 2022; Jia et al. 2023).
    Start,
    /// `φ_k = θ_t`: one ascent step from the trained model.
    End,
    /// `φ_k = θ_k`: the recorded gradients.
    Recorded,
}

impl Reference {
    /// The three reference points.
    pub const ALL: [Reference; 3] = [Reference::Start, Reference::End, Reference::Recorded];

    /// `φ_k` on a recorded run.
    pub fn point(self, run: &Trajectory, k: usize) -> &DVector<f64> {
        match self {
            Reference::Start => run.start(),
            Reference::End => run.last(),
            Reference::Recorded => &run.points[k],
        }
    }

    /// How far the exact `φ_k` can be from [`Reference::point`].
    pub(crate) fn radius(self, known: &RunEnclosure, k: usize) -> f64 {
        match self {
            Reference::Start => 0.0,
            Reference::End => known.last(),
            Reference::Recorded => known.radii[k],
        }
    }

    /// `‖θ_k − φ_k‖` on the exact run.
    fn displacement(self, run: &Trajectory, known: &RunEnclosure, k: usize) -> Interval {
        if self == Reference::Recorded {
            return Interval::ZERO;
        }
        let slack = Interval::point(known.radii[k]) + Interval::point(self.radius(known, k));
        let computed = distance(&run.points[k], self.point(run, k));
        (computed + Interval::around(0.0, slack.hi())).nonnegative()
    }
}

/// One step of the run as the theorems see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// `η_k`.
    pub eta: Interval,
    /// `L_k`: Lipschitz constant of `keep_k`.
    pub keep_lipschitz: f64,
    /// `μ_k`: strong monotonicity of `keep_k` (0 for merely convex, negative if unknown).
    pub keep_strong: f64,
    /// `Q_k`: Lipschitz constant of the Jacobian of `keep_k`.
    pub keep_hessian_lipschitz: f64,
    /// Does the batch hold forgotten rows?
    pub touched: bool,
    /// `R_k`: Lipschitz constant of `drop_k`.
    pub drop_lipschitz: f64,
    /// `‖drop_k(θ_k)‖`.
    pub drop_norm: Interval,
    /// `‖θ_k − φ_k‖`.
    pub displacement: Interval,
}

impl Entry {
    /// `x_k = η_k L_k`.
    pub fn stretch(&self) -> Interval {
        self.eta * Interval::point(self.keep_lipschitz)
    }

    /// `q_k = 1 − η_k μ_k`.
    pub fn contraction(&self) -> Interval {
        (Interval::ONE - self.eta * Interval::point(self.keep_strong)).nonnegative()
    }

    /// `a_k = η_k ‖drop_k(θ_k)‖`.
    pub fn kick(&self) -> Interval {
        self.eta * self.drop_norm
    }
}

/// The steps of a run, ready for the bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    /// One entry per step.
    pub entries: Vec<Entry>,
    /// Are the row losses convex (a linear model)?
    pub convex: bool,
    /// `β`.
    pub momentum: f64,
}

impl Ledger {
    /// Fills in the ledger of the *exact* run, enclosed around the recorded one by `known`. `local` must be valid
    /// on a region that contains both exact paths, the recorded one and the reference points (everywhere,
    /// for linear models).
    ///
    /// # Errors
    /// [`Error::Shape`] when the run or its enclosure does not have one point more than the plan has steps.
    pub fn new(
        coupling: &Coupling<'_>,
        run: &Trajectory,
        known: &RunEnclosure,
        reference: Reference,
        local: &LocalConstants<'_>,
    ) -> Result<Ledger> {
        let plan = coupling.plan;
        Error::check_shape("points of the run (steps + 1)", plan.len() + 1, run.points.len())?;
        Error::check_shape("radii of the run (steps + 1)", plan.len() + 1, known.radii.len())?;
        let entries = (0..plan.len())
            .map(|k| {
                let c = coupling.constants(k, local);
                let touched = coupling.touches(k);
                let drop_norm = if touched {
                    // drop_k is R_k-Lipschitz: the exact θ_k is within e_k of the recorded point.
                    let at_point = norm(&coupling.drop_enclosed(k, &exact::<Interval>(&run.points[k])));
                    let moved = Interval::point(c.drop_lipschitz) * Interval::point(known.radii[k]);
                    (at_point + Interval::around(0.0, moved.hi())).nonnegative()
                } else {
                    Interval::ZERO
                };
                Entry {
                    eta: Interval::point(plan.steps[k].eta),
                    keep_lipschitz: c.keep_lipschitz,
                    keep_strong: c.keep_strong,
                    keep_hessian_lipschitz: c.keep_hessian_lipschitz,
                    touched,
                    drop_lipschitz: if touched { c.drop_lipschitz } else { 0.0 },
                    drop_norm,
                    displacement: reference.displacement(run, known, k),
                }
            })
            .collect();
        Ok(Ledger { entries, convex: coupling.problem.model().is_linear(), momentum: plan.momentum })
    }
}

/// `‖a − b‖` as an interval: the subtraction rounds each coordinate once.
pub(crate) fn distance(a: &DVector<f64>, b: &DVector<f64>) -> Interval {
    let n = Interval::norm((a - b).as_slice());
    n * Interval::relative(2.0 * f64::EPSILON)
}
