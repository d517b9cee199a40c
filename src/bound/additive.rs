//! T-additive: how far vectors that were carried before it was known what else would be forgotten are from
//! retraining.
//!
//! Carry one vector per unit `u` of rows along the recorded run, each with the Hessian of the *whole* batch,
//!
//! `v_{u,k+1} = (I − η_k H_k) v_{u,k} + η_k r_{u,k}`,  `v_{u,0} = 0`,
//!
//! `H_k = ∇(keep_k + drop_k)(θ_k)`, `r_{u,k} = (1/|B_k|) Σ_{i ∈ B_k ∩ u} ∇ℓᵢ(θ_k)`. Nothing here depends on the forget
//! set, and with fixed divisors `Σ_{u ⊂ F} r_{u,k} = drop_k(θ_k)`, so `v_k = Σ_{u ⊂ F} v_{u,k}` obeys the same
//! recursion with `drop_k`. For `e_k = θ_k + v_k − θ′_k`, with `H̄_k` the average of `∇keep_k` between `θ′_k` and `θ_k`,
//!
//! `e_{k+1} = (I − η_k H̄_k) e_k + η_k ( (H̄_k − ∇keep_k(θ_k)) − ∇drop_k(θ_k) ) v_k`.
//!
//! *Proof.* `θ_{k+1} − θ′_{k+1} = (I − η_k H̄_k)(θ_k − θ′_k) − η_k drop_k(θ_k)`; add `v_{k+1}`, where `drop_k` cancels, and
//! `(I − η_k H_k)v_k = (I − η_k H̄_k)v_k + η_k(H̄_k − H_k)v_k`. ∎
//! Hence, with `c_k ≥ ‖I − η_k H̄_k‖`, `R_k` and `Q_k` the Lipschitz constants of `drop_k` and of `∇keep_k`, and any
//! `G_k ≥ ‖θ_k − θ′_k‖`,
//!
//! `‖e_{k+1}‖ ≤ c_k‖e_k‖ + η_k ( R_k‖v_k‖ + (Q_k/2)·min{‖v_k‖ + ‖e_k‖, G_k}·‖v_k‖ + b_k ) + a_k`,
//!
//! where `b_k` and `a_k` bound what rounding adds to the carried vectors (their Hessian part and the step), and
//! `‖v_k‖ ≤ Σ_u ‖v_{u,k}‖` from norms kept when they were carried. For quadratics `Q_k = 0`, and what is left is the
//! curvature of the forgotten rows, which recollection with the retained Hessian does not have.
//!
//! With momentum the velocities `p_{u,k+1} = βp_{u,k} + H_k v_{u,k} − r_{u,k}` are carried too, and in the same way
//! `s_{k+1} = βs_k + L_k e_k + R_k‖v_k‖ + (Q_k/2)·min{…}·‖v_k‖ + b_k`, `e_{k+1} = e_k + η_k s_{k+1} + a_k`.
//!
//! `G` is carried along as in [`super::recollection::confined_error`]. Everything is known before a request but sums
//! over the forgotten rows. Derived here.

use super::Bound;
use super::ledger::Ledger;
use super::recollection::step_factor;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;

/// What justifies it.
pub const THEOREM: &str = "additive carried vectors (derived in bound::additive)";

/// What rounding adds to the carried vectors in one step, upper bounds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Defect {
    /// `b_k`: in `H_k v_k − drop_k(θ_k)`.
    pub product: f64,
    /// `a_k`: in `v_{k+1} = v_k − η_k p_{k+1}`.
    pub step: f64,
}

/// The bound on `‖θ_t + v_t − θ′_t‖`, given `‖v_0‖ … ‖v_{t−1}‖` (or upper bounds) and the rounding of every step.
///
/// ```
/// use unlearn::bound::{additive::{Defect, additive_error}, ledger::{Entry, Ledger}};
/// use unlearn::numeric::interval::Interval;
/// // ½(θ−1)² forgotten, used in both steps, η = ½, θ_0 = 0: v_1 = −½, then the whole Hessian shrinks it by ½
/// // although retraining has no curvature: e_2 = ηR‖v_1‖ = ½·1·½.
/// let entry = Entry {
///     eta: Interval::point(0.5), keep_lipschitz: 0.0, keep_strong: 0.0, keep_hessian_lipschitz: 0.0, touched: true,
///     drop_lipschitz: 1.0, drop_norm: Interval::ONE, displacement: Interval::ZERO,
/// };
/// let ledger = Ledger { entries: vec![entry; 2], convex: true, momentum: 0.0 };
/// let carried = [Interval::ZERO, Interval::point(0.5)];
/// let bound = additive_error(&ledger, &carried, &[Defect::default(); 2]).unwrap();
/// assert!(bound.value.contains(0.25) && bound.value.hi() < 0.2500001);
/// ```
///
/// # Errors
/// [`Error::Shape`] when the sizes disagree.
pub fn additive_error(ledger: &Ledger, carried: &[Interval], defects: &[Defect]) -> Result<Bound> {
    Error::check_shape("carried norms (one per step)", ledger.entries.len(), carried.len())?;
    Error::check_shape("rounding (one per step)", ledger.entries.len(), defects.len())?;
    let (half, beta) = (Interval::point(0.5), Interval::point(ledger.momentum));
    let (mut e, mut gap) = (Interval::ZERO, Interval::ZERO);
    // Their velocities, with momentum.
    let (mut s, mut p) = (Interval::ZERO, Interval::ZERO);
    for ((entry, v), defect) in ledger.entries.iter().zip(carried).zip(defects) {
        let q = Interval::point(entry.keep_hessian_lipschitz);
        let between = (*v + e).min(gap);
        let missed = (Interval::point(entry.drop_lipschitz) + half * q * between) * *v;
        let pushed = missed + Interval::point(defect.product);
        let step = Interval::point(defect.step);
        if ledger.momentum == 0.0 {
            let c = step_factor(ledger, entry);
            e = c * e + entry.eta * pushed + step;
            gap = c * gap + entry.kick();
        } else {
            let l = Interval::point(entry.keep_lipschitz);
            s = beta * s + l * e + pushed;
            p = beta * p + l * gap + entry.drop_norm;
            e = e + entry.eta * s + step;
            gap = gap + entry.eta * p;
        }
    }
    Ok(Bound { theorem: THEOREM, value: e })
}
