//! Where coupled retraining can be, known without retraining: a self-consistent radius.
//!
//! Constants of a network exist on bounded sets only, and the bounds on a run need them on a set that
//! contains the *retrained* path, which is unknown. It can be confined. Let `B_r` be the ball around
//! `θ_0` of radius `max_k‖θ_k − θ_0‖ + r`, and let `L_k(r)` be the Lipschitz constant of `keep_k` on
//! it. With `γ_0 = p_0 = 0`,
//!
//! `p_{k+1} = β p_k + L_k(r) γ_k + ‖drop_k(θ_k)‖`, `γ_{k+1} = γ_k + η_k p_{k+1}`.
//!
//! **If `γ_t ≤ r`, then `‖θ_k − θ′_k‖ ≤ γ_k ≤ r` for every `k ≤ t`**, so `B_r` contains both paths.
//! Proof by induction on `k`, together with `‖v_k − v′_k‖ ≤ p_k` for the velocities: both start at 0. If
//! it holds at `k`, then `θ_k` and `θ′_k` lie in `B_r`, and so does the segment between them; hence
//! `‖keep_k(θ_k) + drop_k(θ_k) − keep_k(θ′_k)‖ ≤ L_k(r)γ_k + ‖drop_k(θ_k)‖`, which gives `p_{k+1}` and
//! `γ_{k+1}`, and `γ_{k+1} ≤ γ_t ≤ r` because `γ` never decreases. ∎
//!
//! Steps are discrete, so no continuity is needed. The same induction works with any other bound on
//! the gap that at step `k + 1` only uses constants on the segments of steps `0 … k`, never decreases
//! and stays at most `r`: recollection passes `max_k‖v_k‖ + e_t`. For linear models `B_r` is everything
//! and there is nothing to find. Derived here; proved as `Unlearn.Continuation.self_consistent_radius`.

use super::ledger::{Ledger, Reference};
use crate::constants::{LocalConstants, Region};
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::train::coupling::Coupling;
use crate::train::rounding::RunEnclosure;
use crate::train::sgd::Trajectory;

/// What justifies the region.
pub const THEOREM: &str = "Unlearn.Continuation.self_consistent_radius";

/// `γ_t`: a bound on the largest distance between the two paths, from the constants in the ledger.
///
/// ```
/// use unlearn::bound::{continuation::gap, ledger::{Entry, Ledger}};
/// use unlearn::numeric::interval::Interval;
/// // A forgotten gradient of norm 3 at step 0, then a retained step; η = ½, L = 1: 1.5, then 1.5·1.5.
/// let quiet = Entry {
///     eta: Interval::point(0.5), keep_lipschitz: 1.0, keep_strong: 0.0, keep_hessian_lipschitz: 0.0,
///     touched: false, drop_lipschitz: 0.0, drop_norm: Interval::ZERO, displacement: Interval::ZERO,
/// };
/// let kick = Entry { touched: true, drop_norm: Interval::point(3.0), ..quiet };
/// let ledger = Ledger { entries: vec![kick, quiet], convex: false, momentum: 0.0 };
/// assert!(gap(&ledger).contains(2.25));
/// ```
pub fn gap(ledger: &Ledger) -> Interval {
    let beta = Interval::point(ledger.momentum);
    let (mut p, mut gap) = (Interval::ZERO, Interval::ZERO);
    for entry in &ledger.entries {
        p = beta * p + Interval::point(entry.keep_lipschitz) * gap + entry.drop_norm;
        gap = gap + entry.eta * p;
    }
    gap
}

/// The ledger of a run with constants that are proved to hold on both paths. `bound` turns a ledger
/// into an upper bound on the gap between the paths (usually [`gap`]).
///
/// # Errors
/// As [`Ledger::new`], and [`Error::Hypothesis`] when no self-consistent radius was found.
pub fn certified_ledger(
    coupling: &Coupling<'_>,
    run: &Trajectory,
    known: &RunEnclosure,
    reference: Reference,
    bound: impl Fn(&Ledger) -> Result<f64>,
) -> Result<Ledger> {
    if coupling.problem.model().is_linear() {
        let local = LocalConstants::new(coupling.problem, Region::Everywhere);
        return Ledger::new(coupling, run, known, reference, &local);
    }
    if !known.largest().is_finite() {
        let why = "rounding may have carried the recorded run out of the region where constants are known; use \
                   fewer or smaller steps";
        return Err(Error::Hypothesis { theorem: THEOREM, why: why.into() });
    }
    let travelled = run.enclosing_radius();
    let on = |r: f64| {
        // The exact run is within `travelled` of the start (where its enclosure is finite), retraining within r of it.
        let radius = (Interval::point(travelled) + Interval::point(r)).hi();
        let region = Region::Ball { center: run.start(), radius };
        Ledger::new(coupling, run, known, reference, &LocalConstants::new(coupling.problem, region))
    };
    // Constants grow with the radius, so the bound at radius 0 is a lower limit for any answer.
    let least = bound(&on(0.0)?)?;
    for factor in [1.05, 1.25, 2.0, 4.0, 16.0] {
        let radius = factor * least;
        if !radius.is_finite() {
            break;
        }
        let ledger = on(radius)?;
        if bound(&ledger)? <= radius {
            return Ok(ledger);
        }
    }
    let why = format!(
        "no ball around the run could be shown to contain coupled retraining too (the paths may be \
         {least:.3e} apart or more); use fewer or smaller steps"
    );
    Err(Error::Hypothesis { theorem: THEOREM, why })
}
