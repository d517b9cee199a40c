//! A certified distance as a file that someone else can check, with other software and without this program.
//!
//! A certificate holds the retained rows, λ, the audited parameters `θ`, a reference `θ̂` with a radius `ρ`, and the
//! claim `lo ≤ ‖θ − θ_r‖₂ ≤ hi` about the exact minimiser `θ_r` of the retained objective, all as exact floats. What
//! makes it true is short enough to be checked by a proof assistant:
//!
//! `‖∇F_R(θ̂)‖ ≤ λρ`, hence `‖θ̂ − θ_r‖ ≤ ρ`, hence `‖θ − θ̂‖ − ρ ≤ ‖θ − θ_r‖ ≤ ‖θ − θ̂‖ + ρ`.
//!
//! `proofs/check-certificate FILE` verifies it in Coq's kernel ([`THEOREMS`]); [`Certificate::verify`] in this crate's
//! interval arithmetic. The format is described in `proofs/certificate/FORMAT.md`.
//!
//! Two differences from [`crate::bound::audit`], both of which can only widen the interval: strong convexity
//! enters as λ, not as a larger eigenvalue bound, and for the logistic loss `ρ` leaves room for sigmoids that the checker
//! encloses to 2⁻⁷⁰.
//!
//! Source: the residual bound of `bound::residual`; the room for the sigmoids is derived here.

mod certify;
mod number;
mod read;
mod runs;
mod write;

pub use read::{parse, read};
pub use runs::Runs;
pub use write::write;

use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::objective::Reduction;

/// What Coq proves about an accepted file: for squared and for logistic loss.
pub const THEOREMS: [&str; 2] =
    ["Unlearn.ClaimRidge.ridge_certificate_sound", "Unlearn.ClaimLogistic.logistic_certificate_sound"];

/// Most rows that a certificate keeps: what the Coq checker verifies in well under a minute.
pub const MOST_ROWS: usize = 200;
/// Most active parameters of a certificate.
pub const MOST_ACTIVE: usize = 20;
/// Most bytes of a file.
pub const MOST_BYTES: usize = 4 << 20;
/// Rows and parameters are counted below this.
const MOST_COUNTED: usize = 1_000_000_000;

/// A claim about a distance, with everything that its proof needs. Its numbers are finite, its sizes agree
/// and keep the limits; whether it is true is for [`Certificate::verify`] to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    loss: Loss,
    reduction: Reduction,
    forgotten: Runs,
    active: Runs,
    ridge: f64,
    theta: Vec<f64>,
    reference: Vec<f64>,
    radius: f64,
    lo: f64,
    hi: f64,
    /// Retained rows one after the other, active columns only, a bias as a column of ones.
    design: Vec<f64>,
    target: Vec<f64>,
}

impl Certificate {
    /// The claim: `lo ≤ ‖θ − θ_r‖₂ ≤ hi`.
    pub fn distance(&self) -> Interval {
        Interval::new(self.lo, self.hi)
    }

    /// Squared or logistic.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Mean or sum of the row losses.
    pub fn reduction(&self) -> Reduction {
        self.reduction
    }

    /// λ.
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// Rows forgotten, among all rows of the data set that was audited. No proof rests on them.
    pub fn forgotten(&self) -> &Runs {
        &self.forgotten
    }

    /// Active parameters, among all parameters of the model that was audited. No proof rests on them.
    pub fn active(&self) -> &Runs {
        &self.active
    }

    /// The `k` active parameters `θ` in question.
    pub fn theta(&self) -> &[f64] {
        &self.theta
    }

    /// `θ̂`.
    pub fn reference(&self) -> &[f64] {
        &self.reference
    }

    /// `ρ`.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// The retained rows on the active columns, `n·k` numbers row by row; a bias is a column of ones.
    pub fn design(&self) -> &[f64] {
        &self.design
    }

    /// The `n` retained targets; for logistic loss 0 or 1.
    pub fn target(&self) -> &[f64] {
        &self.target
    }
}
