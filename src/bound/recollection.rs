//! T-recollection: propagating the removal through the recorded run is exact for quadratics and of
//! second order otherwise.
//!
//! `v_{k+1} = (I − η_k H_k) v_k + η_k drop_k(θ_k)` with `H_k = ∇keep_k(θ_k)`, and the error
//! `e_k ≥ ‖θ_k + v_k − θ′_k‖` obeys `e_{k+1} = c_k e_k + (η_k Q_k/2)(‖v_k‖ + e_k)²`, where
//! `c_k ≥ ‖I − η_k H_k‖`. Derived here; the same idea as Hessian-free recollection (Qiao et al. 2024,
//! arXiv 2404.01712).
//!
//! With momentum, `e_k` and `p_k ≥ ‖(velocity of training) + p_k^v − (velocity of retraining)‖`, where
//! `p^v` is the carried vector's own velocity, obey
//! `p_{k+1} = β p_k + L_k e_k + (Q_k/2)(‖v_k‖ + e_k)²`, `e_{k+1} = e_k + η_k p_{k+1}`: the velocities differ
//! by `keep_k(θ_k) + H_k v_k − keep_k(θ′_k) = H_k(θ_k + v_k − θ′_k) − r`, `‖r‖ ≤ (Q_k/2)‖θ′_k − θ_k‖²`.

use super::ledger::Ledger;
use super::{Bound, SUM_ROUNDING};
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use nalgebra::DVector;

/// The theorem's name.
pub const THEOREM: &str = "Unlearn.Recollection.error";

/// The bound on `‖θ_t + v_t − θ′_t‖`, given the recorded `v_0 … v_t`.
///
/// # Errors
/// [`Error::Shape`] when the sizes disagree, [`Error::Hypothesis`] when the run used momentum.
pub fn recollection_error(ledger: &Ledger, carried: &[DVector<f64>]) -> Result<Bound> {
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
        // Spectrum of H within [μ, L] (convex) or [−L, L]: ‖I − ηH‖ ≤ max(|1 − ημ|, |1 − ηL|).
        let low = if ledger.convex { entry.keep_strong } else { -entry.keep_lipschitz };
        let c = (Interval::ONE - entry.eta * Interval::point(low))
            .abs()
            .max((Interval::ONE - entry.stretch()).abs());
        let v = Interval::norm(v.as_slice()) * SUM_ROUNDING;
        let q = Interval::point(entry.keep_hessian_lipschitz);
        e = c * e + half * entry.eta * q * (v + e).square();
    }
    Ok(Bound { theorem: THEOREM, value: e })
}

/// The bound on `‖θ_t + v_t − θ′_t‖` for a run with any momentum, given the recorded `v_0 … v_t`.
///
/// # Errors
/// [`Error::Shape`] when the sizes disagree.
pub fn momentum_error(ledger: &Ledger, carried: &[DVector<f64>]) -> Result<Bound> {
    Error::check_shape("carried vectors (steps + 1)", ledger.entries.len() + 1, carried.len())?;
    let (half, beta) = (Interval::point(0.5), Interval::point(ledger.momentum));
    let (mut p, mut e) = (Interval::ZERO, Interval::ZERO);
    for (entry, v) in ledger.entries.iter().zip(carried) {
        let between = Interval::norm(v.as_slice()) * SUM_ROUNDING + e;
        let bent = half * Interval::point(entry.keep_hessian_lipschitz) * between.square();
        p = beta * p + Interval::point(entry.keep_lipschitz) * e + bent;
        e = e + entry.eta * p;
    }
    Ok(Bound { theorem: "recollection error with momentum", value: e })
}
