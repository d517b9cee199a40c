//! Two terms of the removal's Taylor series: Chebyshev's step.
//!
//! `δ = −H⁻¹g` is Newton's step on the rows kept and `e = −½H⁻¹T[δ,δ]`, `T = ∇³F_R(θ)`, the next term. For one output per
//! row with logit changes `a_i = x̃ᵢ·δ`, `e_i = x̃ᵢ·e` and `|ℓ⁗| ≤ c₄`,
//!
//! `‖∇F_R(θ+δ+e)‖ ≤ s + Σ w‖x̃ᵢ‖(|ℓ‴_i|(|a_i e_i| + e_i²/2) + (c₄/6)|a_i + e_i|³)`,
//!
//! where `s = ‖g + H(δ+e) + ½T[δ,δ]‖` is what the two linear solves left (0 in exact arithmetic). Proof: Taylor's theorem to
//! third order in every logit; `½ℓ‴(a+e)² − ½ℓ‴a² = ℓ‴(ae + e²/2)`. Divided by `μ` it bounds the distance from
//! retraining (T-residual).
//!
//! Derived here, in the spirit of the higher-order infinitesimal jackknife of Giordano, Jordan and Broderick 2019
//! (arXiv 1907.12116). It is *not* always closer than Newton's step alone.

use super::Bound;
use crate::numeric::elementary::sigmoid;
use crate::numeric::interval::Interval;

/// What the bound is called.
pub const THEOREM: &str = "Unlearn.Ladder.taylor_step_residual";

/// One retained row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// `‖x̃ᵢ‖`.
    pub norm: Interval,
    /// `ℓ‴` at the row's logit.
    pub third: Interval,
    /// `a_i`: how far Newton's step moves the logit.
    pub first: Interval,
    /// `e_i`: how far the second term moves it.
    pub second: Interval,
}

/// `ℓ‴ = σ(1−σ)(1−2σ)` of the logistic loss.
pub fn logistic_third(z: Interval) -> Interval {
    let (p, q) = (sigmoid(z), sigmoid(-z));
    p * q * (q - p)
}

/// The bound on `‖∇F_R(θ+δ+e)‖`, with `s`, the weight of a row and `c₄`.
///
/// ```
/// use unlearn::bound::chebyshev::{Row, residual};
/// use unlearn::numeric::interval::Interval;
/// let p = Interval::point;
/// // 2·(½·(1·½ + ⅛) + (⅛/6)·(3/2)³) = 0.625 + 0.140625
/// let row = Row { norm: p(2.0), third: p(0.5), first: p(1.0), second: p(0.5) };
/// let bound = residual(&[row], Interval::ZERO, Interval::ONE, 0.125);
/// assert!((bound.value.mid() - 0.765625).abs() < 1e-14);
/// ```
pub fn residual(rows: &[Row], left: Interval, weight: Interval, fourth: f64) -> Bound {
    let sixth = Interval::point(fourth) / Interval::point(6.0);
    let half = Interval::point(0.5);
    let term = |row: &Row| {
        let (a, e) = (row.first, row.second);
        let both = (a + e).abs();
        let second = row.third.abs() * ((a * e).abs() + half * e.square());
        row.norm * (second + sixth * both * both.square())
    };
    Bound { theorem: THEOREM, value: left + weight * rows.iter().map(term).sum::<Interval>() }
}
