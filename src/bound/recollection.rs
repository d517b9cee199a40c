//! T-recollection: propagating the removal through the recorded run is exact for quadratics and of
//! second order otherwise.
//!
//! `v_{k+1} = (I − η_k H_k) v_k + η_k drop_k(θ_k)` with `H_k = ∇keep_k(θ_k)`, and the error
//! `e_k ≥ ‖θ_k + v_k − θ′_k‖` obeys `e_{k+1} = c_k e_k + (η_k Q_k/2)(‖v_k‖ + e_k)²`, where
//! `c_k ≥ ‖I − η_k H_k‖`. Derived here; the same idea as Hessian-free recollection (Qiao et al. 2024,
//! arXiv 2404.01712).
//!
//! What is squared is a bound on `‖θ_k − θ′_k‖`, and any other bound on it serves as well. The *confined*
//! form carries `G_{k+1} = c_k G_k + η_k‖drop_k(θ_k)‖ ≥ ‖θ_{k+1} − θ′_{k+1}‖` along and squares
//! `min{‖v_k‖ + e_k, G_k}`, which keeps a quadratic recursion from running away.
//!
//! With momentum the velocities differ by `keep_k(θ_k) + H_k v_k − keep_k(θ′_k) = H_k(θ_k + v_k − θ′_k) − r`,
//! `‖r‖ ≤ (Q_k/2)‖θ′_k − θ_k‖²`, beyond what they inherit, so
//! `p_{k+1} = β p_k + L_k e_k + (Q_k/2)(…)²`, `e_{k+1} = e_k + η_k p_{k+1}`, and likewise
//! `s_{k+1} = β s_k + L_k G_k + ‖drop_k(θ_k)‖`, `G_{k+1} = G_k + η_k s_{k+1}`.
//!
//! The confined forms are proved as `Unlearn.Continuation.confined_error_plain` and, with momentum,
//! `Unlearn.Continuation.confined_error`.

use super::Bound;
use super::ledger::{Entry, Ledger};
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;

/// The theorem's name.
pub const THEOREM: &str = "Unlearn.Recollection.error";

/// The bound on `‖θ_t + v_t − θ′_t‖`, given enclosures of `‖v_0‖ … ‖v_t‖`.
///
/// # Errors
/// [`Error::Shape`] when the sizes disagree, [`Error::Hypothesis`] when the run used momentum.
pub fn recollection_error(ledger: &Ledger, carried: &[Interval]) -> Result<Bound> {
    Error::check_shape("carried vectors (steps + 1)", ledger.entries.len() + 1, carried.len())?;
    if ledger.momentum != 0.0 {
        return Err(Error::Hypothesis {
            theorem: THEOREM,
            why: format!("momentum {} is not 0", ledger.momentum),
        });
    }
    let half = Interval::point(0.5);
    let mut e = Interval::ZERO;
    for (entry, v) in ledger.entries.iter().zip(carried) {
        let c = step_factor(ledger, entry);
        let q = Interval::point(entry.keep_hessian_lipschitz);
        e = c * e + half * entry.eta * q * (*v + e).square();
    }
    Ok(Bound { theorem: THEOREM, value: e })
}

/// The confined form, for a run with any momentum.
///
/// # Errors
/// [`Error::Shape`] when the sizes disagree.
pub fn confined_error(ledger: &Ledger, carried: &[Interval]) -> Result<Bound> {
    Error::check_shape("carried vectors (steps + 1)", ledger.entries.len() + 1, carried.len())?;
    let (half, beta) = (Interval::point(0.5), Interval::point(ledger.momentum));
    let (mut e, mut gap) = (Interval::ZERO, Interval::ZERO);
    // Their velocities, with momentum.
    let (mut p, mut s) = (Interval::ZERO, Interval::ZERO);
    for (entry, v) in ledger.entries.iter().zip(carried) {
        let between = (*v + e).min(gap);
        let bent = half * Interval::point(entry.keep_hessian_lipschitz) * between.square();
        if ledger.momentum == 0.0 {
            let c = step_factor(ledger, entry);
            e = c * e + entry.eta * bent;
            gap = c * gap + entry.kick();
        } else {
            let l = Interval::point(entry.keep_lipschitz);
            p = beta * p + l * e + bent;
            s = beta * s + l * gap + entry.drop_norm;
            e = e + entry.eta * p;
            gap = gap + entry.eta * s;
        }
    }
    Ok(Bound { theorem: "Unlearn.Continuation.confined_error", value: e })
}

/// `c_k ≥ ‖I − η_k H‖` for every Hessian of `keep_k`.
pub(crate) fn step_factor(ledger: &Ledger, entry: &Entry) -> Interval {
    // Spectrum of H within [μ, L] (convex) or [−L, L]: ‖I − ηH‖ ≤ max(|1 − ημ|, |1 − ηL|).
    let low = if ledger.convex { entry.keep_strong } else { -entry.keep_lipschitz };
    (Interval::ONE - entry.eta * Interval::point(low)).abs().max((Interval::ONE - entry.stretch()).abs())
}
