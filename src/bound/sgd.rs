//! T-sgd: how far adding forgotten gradients back is from coupled retraining.
//!
//! Train `θ_{k+1} = θ_k − η_k(keep_k + drop_k)(θ_k)`, retrain `θ′_{k+1} = θ′_k − η_k keep_k(θ′_k)` from
//! the same start, unlearn `θ_u = θ_t + Σ_k η_k drop_k(φ_k)`. With `x_k = η_k L_k`, `q_k = 1 − η_k μ_k`,
//! `a_k = η_k‖drop_k(θ_k)‖` and `R_k` the Lipschitz constant of `drop_k`,
//!
//! `‖θ_u − θ′_t‖ ≤ Σ_k ( η_k R_k ‖θ_k − φ_k‖ + a_k Γ_k )`,
//!
//! | regime | hypotheses | Γ_k |
//! |---|---|---|
//! | general | L_i-Lipschitz `keep_i` | `Π_{i>k}(1+x_i) − 1` |
//! | convex | also convex, `x_i ≤ 2` | `min{Σ_{i>k} x_i, 2}` |
//! | strongly convex | also `μ_i`-strongly monotone, `η_i ≤ 2/(L_i+μ_i)` | `min{Σ_{i>k} x_i Π_{k<j<i} q_j, 1 + Π_{i>k} q_i}` |
//!
//! | sharp | as strongly convex or convex, `η_i(L_i+μ_i) < 2` | `1 − P_k + P_k·2σ_k/(1+σ_k)`, `σ_k = Σ_{i>k} η_i(L_i−μ_i)/(2−η_i(L_i+μ_i))`, `P_k = Π_{i>k} q_i` |
//!
//! The sharp factor is never larger than either branch of the two minima; it comes from the calculus of
//! averaged operators (Bauschke and Combettes 2011, Proposition 4.44, for compositions).
//!
//! This is the corrected form of Jia et al. 2023 (arXiv 2304.04934), Proposition 2; derived here. For
//! constants that do not vary with the step the strongly convex sum is `(L/μ)(1 − q^r)`.
//!
//! The distance of the *untouched* model from retraining obeys `‖θ_t − θ′_t‖ ≤ Σ_k a_k P_k` with
//! `P_k = Π_{i>k}(1+x_i)`, `1` or `Π_{i>k} q_i` in the three regimes.

use super::Bound;
use super::ledger::{Entry, Ledger};
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;

/// Which hypotheses on the retained part are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// Lipschitz gradients only.
    General,
    /// Convex and not too large steps.
    Convex,
    /// Strongly convex and not too large steps.
    StronglyConvex,
    /// Convex or strongly convex, with steps strictly below the limit; the smallest bound.
    Sharp,
}

impl Regime {
    /// All regimes, from the weakest hypotheses to the strongest.
    pub const ALL: [Regime; 4] = [Regime::General, Regime::Convex, Regime::StronglyConvex, Regime::Sharp];

    /// The theorem on add-back for this regime.
    pub fn theorem(self) -> &'static str {
        match self {
            Regime::General => "Unlearn.Sgd.unlearn_error_general",
            Regime::Convex => "Unlearn.Sgd.unlearn_error_convex",
            Regime::StronglyConvex => "Unlearn.Sgd.unlearn_error_strongly_convex",
            Regime::Sharp => "Unlearn.Averaged.unlearn_error_sharp",
        }
    }

    /// Checks the hypotheses on every step.
    ///
    /// # Errors
    /// [`Error::Hypothesis`] naming the step and the numbers that break it.
    pub fn check(self, ledger: &Ledger) -> Result<()> {
        let fail = |why: String| Err(Error::Hypothesis { theorem: self.theorem(), why });
        if ledger.momentum != 0.0 {
            return fail(format!("momentum {} is not 0; use the momentum theorem", ledger.momentum));
        }
        if self == Regime::General {
            return Ok(());
        }
        if !ledger.convex {
            return fail("a network with hidden layers is not convex".into());
        }
        for (k, e) in ledger.entries.iter().enumerate() {
            match self {
                Regime::Convex if e.stretch().hi() > 2.0 => {
                    return fail(format!("step {k}: η·L = {} exceeds 2", e.stretch().hi()));
                }
                Regime::StronglyConvex => {
                    let sum = Interval::point(e.keep_lipschitz) + Interval::point(e.keep_strong);
                    if e.keep_strong <= 0.0 {
                        return fail(format!("step {k}: no strong convexity (weight decay is 0)"));
                    }
                    if (e.eta * sum).hi() > 2.0 {
                        return fail(format!("step {k}: η·(L+μ) = {} exceeds 2", (e.eta * sum).hi()));
                    }
                }
                Regime::Sharp if room(e).lo() <= 0.0 => {
                    return fail(format!("step {k}: η·(L+μ) is not below 2"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The bound on `‖θ_u − θ′_t‖` (see the module's documentation).
///
/// ```
/// use unlearn::bound::{ledger::{Entry, Ledger}, sgd::{Regime, addback_error}};
/// use unlearn::numeric::interval::Interval;
/// // A forgotten gradient of norm 3 at step 0, then one retained step; η = ½, L = 1, recorded gradients.
/// let quiet = Entry {
///     eta: Interval::point(0.5), keep_lipschitz: 1.0, keep_strong: 0.0, keep_hessian_lipschitz: 0.0,
///     touched: false, drop_lipschitz: 0.0, drop_norm: Interval::ZERO, displacement: Interval::ZERO,
/// };
/// let kick = Entry { touched: true, drop_norm: Interval::point(3.0), ..quiet };
/// let ledger = Ledger { entries: vec![kick, quiet], convex: true, momentum: 0.0 };
/// // General: a·((1+½) − 1) = 1.5·0.5; convex: a·min(½, 2): the same for one step.
/// let b = addback_error(&ledger, Regime::Convex).unwrap();
/// assert!(b.value.contains(0.75) && b.value.hi() < 0.75 + 1e-14);
/// ```
///
/// # Errors
/// As [`Regime::check`].
pub fn addback_error(ledger: &Ledger, regime: Regime) -> Result<Bound> {
    regime.check(ledger)?;
    let mut total = Interval::ZERO;
    for (gamma, e) in growth(ledger, regime).into_iter().zip(&ledger.entries) {
        if e.touched {
            let moved = e.eta * Interval::point(e.drop_lipschitz) * e.displacement;
            total = total + moved + e.kick() * gamma;
        }
    }
    Ok(Bound { theorem: regime.theorem(), value: total })
}

/// The bound on the distance `‖θ_t − θ′_t‖` of doing nothing.
///
/// # Errors
/// As [`Regime::check`].
pub fn noop_error(ledger: &Ledger, regime: Regime) -> Result<Bound> {
    regime.check(ledger)?;
    let mut carried = Interval::ONE;
    let mut total = Interval::ZERO;
    for e in ledger.entries.iter().rev() {
        if e.touched {
            total = total + e.kick() * carried;
        }
        match regime {
            Regime::General => carried = carried * (Interval::ONE + e.stretch()),
            Regime::Convex => {}
            Regime::StronglyConvex | Regime::Sharp => carried = carried * e.contraction(),
        }
    }
    Ok(Bound { theorem: "Unlearn.Sgd.noop_error", value: total })
}

/// `2 − η(L+μ)`.
fn room(e: &Entry) -> Interval {
    Interval::point(2.0) - e.eta * (Interval::point(e.keep_lipschitz) + Interval::point(e.keep_strong))
}

/// `Γ_k` for every step, computed from the last step backwards.
fn growth(ledger: &Ledger, regime: Regime) -> Vec<Interval> {
    let two = Interval::point(2.0);
    let mut gammas = vec![Interval::ZERO; ledger.entries.len()];
    // Of the steps after k: Π(1+x); Σ x Π q (q = 1 in the convex regime) or σ; Π q.
    let (mut product, mut sum, mut shrink) = (Interval::ONE, Interval::ZERO, Interval::ONE);
    for (k, e) in ledger.entries.iter().enumerate().rev() {
        gammas[k] = match regime {
            Regime::General => product - Interval::ONE,
            Regime::Convex => sum.min(two),
            Regime::StronglyConvex => sum.min(Interval::ONE + shrink),
            Regime::Sharp => {
                // 2σ/(1+σ) written so that it stays at most 2 for any size of σ.
                let turned = two - two / (Interval::ONE + sum);
                (Interval::ONE - shrink) + shrink * turned
            }
        };
        let x = e.stretch();
        match regime {
            Regime::General => product = product * (Interval::ONE + x),
            Regime::Convex => sum = sum + x,
            Regime::StronglyConvex => {
                sum = x + e.contraction() * sum;
                shrink = shrink * e.contraction();
            }
            Regime::Sharp => {
                let spread = Interval::point(e.keep_lipschitz) - Interval::point(e.keep_strong);
                sum = sum + e.eta * spread.nonnegative() / room(e);
                shrink = shrink * e.contraction();
            }
        }
    }
    gammas
}
