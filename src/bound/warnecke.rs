//! Changing features instead of removing rows: Warnecke et al. 2023.
//!
//! The rows of `Z` get other features, `‖x̃ᵢ′ − x̃ᵢ‖ ≤ M_f` for each; every row, before and after, has norm at most `R`. For a linear
//! model with one output the gradient of a row moves with its features at most at the rate
//! `γ_z = c₁ + c₂R‖θ‖` (`∂∇ℓ/∂x̃ = ℓ′I + ℓ″x̃θᵀ`), so with `G = w Σ_Z (∇ℓ(x̃ᵢ′) − ∇ℓ(x̃ᵢ))`, at a minimiser the gradient on
//! the changed data,
//!
//! | | bound |
//! |---|---|
//! | `‖G‖` | `wγ_z M_f\|Z\|` |
//! | `‖∇F′(θ − τG)‖`, first order | `(1 + τL)wγ_z M_f\|Z\|` |
//! | `‖∇F′(θ − H′⁻¹G)‖`, second order | `wn(c₃/2)R³·(wγ_z M_f\|Z\|/λ)²` |
//!
//! `L` is the smoothness of the whole objective, `H′` its Hessian on the changed data, `λ` its strong convexity, `w` the
//! weight of a row. Derived here. What the original fit left of its gradient, and the linear solve, is to be added.
//!
//! Warnecke et al. (arXiv 2108.11577) is recalled with `(1 + τγn)γ_z M_f|Z|` and `γ″γ_z²M_f²|Z|²/λ²`; read with the released code's
//! normalisation, a *sum* of losses and `(λ/2)‖θ‖²`, the second lacks the factor `n` and is false.

use super::Bound;
use crate::numeric::interval::Interval;

/// The theorem behind [`Change::gradient`].
pub const GRADIENT: &str = "Unlearn.Ladder.feature_change";
/// The theorem behind [`Change::first_order`].
pub const FIRST_ORDER: &str = "Unlearn.Ladder.first_order_residual";
/// The theorem behind [`Change::second_order`].
pub const SECOND_ORDER: &str = "Unlearn.Ladder.second_order_residual";

/// How many rows change and by how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// `|Z|`.
    pub rows: usize,
    /// `M_f`.
    pub features: Interval,
    /// `w`.
    pub weight: Interval,
    /// `γ_z`.
    pub rate: Interval,
}

impl Change {
    /// `wγ_z M_f|Z| ≥ ‖G‖`.
    ///
    /// ```
    /// use unlearn::bound::warnecke::Change;
    /// use unlearn::numeric::interval::Interval;
    /// let two = Interval::point(2.0);
    /// let change = Change { rows: 3, features: two, weight: Interval::ONE, rate: two };
    /// assert!(change.gradient().value.contains(12.0));
    /// assert!(change.first_order(two, Interval::ONE).value.contains(36.0)); // (1 + 2·1)·12
    /// // n = 5, c₃ = 1, R = 1, λ = 4: 5·½·(12/4)²
    /// assert!(change.second_order(5, 1.0, Interval::ONE, 4.0).value.contains(22.5));
    /// ```
    pub fn gradient(&self) -> Bound {
        let value = self.weight * self.rate * self.features * Interval::point(self.rows as f64);
        Bound { theorem: GRADIENT, value }
    }

    /// `(1 + τL)‖G‖` in the worst case.
    pub fn first_order(&self, rate: Interval, smoothness: Interval) -> Bound {
        Bound { theorem: FIRST_ORDER, value: (Interval::ONE + rate * smoothness) * self.gradient().value }
    }

    /// `wn(c₃/2)R³(‖G‖/λ)²` in the worst case.
    pub fn second_order(&self, rows: usize, third: f64, largest_row: Interval, strong: f64) -> Bound {
        let step = self.gradient().value / Interval::point(strong);
        let lipschitz = self.weight
            * Interval::point(rows as f64)
            * Interval::point(third)
            * largest_row
            * largest_row.square();
        Bound { theorem: SECOND_ORDER, value: Interval::point(0.5) * lipschitz * step.square() }
    }
}
