//! T-sgd with momentum: the kernel `κ_k(t) = Σ_{i=k}^{t−1} η_i β^{i−k}` replaces `η_k`.
//!
//! With heavy-ball momentum `v ← βv + g`, `θ ← θ − ηv`, the unlearned point is
//! `θ_u = θ_t + Σ_k κ_k(t) drop_k(θ_k)`, and the error `e_k ≥ ‖θ_k + A_k − θ′_k‖`, where
//! `A_k = Σ_{j<k} κ_j(k) drop_j(θ_j)`, obeys
//!
//! `p_{k+1} = β p_k + L_k (e_k + ‖A_k‖)`, `e_{k+1} = e_k + η_k p_{k+1}`, `e_0 = p_0 = 0`,
//!
//! for any `L_k`-Lipschitz `keep_k`. Derived here. At `β = 0` it is a sharper form of the general
//! bound, since it carries `‖Σ‖` where the closed form carries `Σ‖·‖`.

use super::Bound;
use super::ledger::Ledger;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;

/// The theorem's name.
pub const THEOREM: &str = "Unlearn.Momentum.unlearn_error";

/// The bound on `‖θ_u − θ′_t‖` for recorded gradients, given enclosures of `‖A_0‖ … ‖A_{t−1}‖`.
///
/// # Errors
/// [`Error::Shape`] when ledger and sums disagree in length.
pub fn addback_error(ledger: &Ledger, partial_sums: &[Interval]) -> Result<Bound> {
    Error::check_shape("partial sums (one per step)", ledger.entries.len(), partial_sums.len())?;
    let beta = Interval::point(ledger.momentum);
    let (mut p, mut e) = (Interval::ZERO, Interval::ZERO);
    for (entry, a) in ledger.entries.iter().zip(partial_sums) {
        p = beta * p + Interval::point(entry.keep_lipschitz) * (e + *a);
        e = e + entry.eta * p;
    }
    Ok(Bound { theorem: THEOREM, value: e })
}
