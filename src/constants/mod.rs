//! Smoothness, strong convexity and Hessian-Lipschitz constants of the objective, in closed form.
//!
//! All constants are upper bounds (strong convexity: lower bound) rounded outwards, valid on a stated
//! region: everywhere for linear models, on a ball for networks with hidden layers.
//!
//! For one row write `T₁, T₂, T₃` for bounds on the first three derivatives of the outputs in all kept
//! parameters (ℓ₂ operator norms). They follow layer by layer. With `A_l ≥ ‖ã_l‖`, `V_l ≥ ‖W_l‖₂`,
//! `C_l ≥` the largest column norm of `W_l`, and the suprema `B₁, B₂, B₃` of the activation's
//! derivatives:
//!
//! - layer 1: `T₁ = A₀`, `T₂ = T₃ = 0`;
//! - next layer: `T₁′ = √(A² + (V B₁ T₁)²)`,
//!   `T₂′ = (a + √(a² + 4b²))/2` with `a = C B₂ T₁² + V B₁ T₂`, `b = B₁ T₁`,
//!   `T₃′ = C B₃ T₁³ + 3 C B₂ T₁ T₂ + V B₁ T₃ + (2/√3)(B₂ T₁² + B₁ T₂)`.
//!
//! (Split a unit direction into the new layer's share `s` and the older ones' share `t`,
//! `s² + t² = 1`, and maximise; `max 3st² = 2/√3`.) The loss is composed by
//! `L = c₂T₁² + c₁T₂` and `Q = c₃T₁³ + 3c₂T₁T₂ + c₁T₃`. For one hidden layer and one output these are
//! the formulas of the one-hidden-layer case; the recursion is derived here.

mod kept;
mod row;

pub(crate) use kept::{kept_inputs, kept_rows, too_wide};
pub use row::{LocalConstants, RowConstants};

use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::numeric::nonnegative;
use crate::numeric::spectrum::{gamma, gram_norm_upper, smallest_eigenvalue_lower};
use crate::objective::{Objective, Problem};
use nalgebra::DVector;

/// Where a constant is valid, in the space of kept parameters.
#[derive(Debug, Clone, Copy)]
pub enum Region<'a> {
    /// All of `ℝᵏ`; finite constants exist for linear models only.
    Everywhere,
    /// The closed Euclidean ball.
    Ball {
        /// Centre, `k` numbers.
        center: &'a DVector<f64>,
        /// Radius.
        radius: f64,
    },
}

impl<'a> Region<'a> {
    /// Everywhere for linear models, the ball for networks.
    pub fn natural(problem: &Problem, center: &'a DVector<f64>, radius: f64) -> Region<'a> {
        if problem.model().is_linear() { Region::Everywhere } else { Region::Ball { center, radius } }
    }
}

/// Constants of a whole objective, ridge included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constants {
    /// `L ≥ ‖∇²F‖` on the region.
    pub smoothness: f64,
    /// `μ ≤ λ_min(∇²F)` on the region; negative when convexity cannot be shown.
    pub strong_convexity: f64,
    /// `Q`: Lipschitz constant of `∇²F` on the region.
    pub hessian_lipschitz: f64,
}

/// A weight is the float next to the `1/n` it stands for.
const AS_REAL: Interval = Interval::relative(f64::EPSILON);

impl Constants {
    /// The constants of `F_w` on a region, whether its weights are the floats they are or the quotients `1/n` that
    /// those stand for.
    ///
    /// For linear models with nonnegative weights: `L = c₂·λ_max(Σ wᵢx̃ᵢx̃ᵢᵀ) + λ`,
    /// `Q = c₃·λ_max(Σ wᵢ‖x̃ᵢ‖x̃ᵢx̃ᵢᵀ)` on the columns any output has kept, `μ = λ` (squared loss:
    /// `λ + λ_min` of the risk Hessian). On more than 2,048 columns with a ridge, upper bounds on the same norms from the stored
    /// entries, and `μ = λ`. With hidden layers: sums of the row constants.
    ///
    /// Derived here; the spectral forms are sharper than the sums `Σ wᵢ‖xᵢ‖²`, `Σ wᵢ‖xᵢ‖³`.
    pub fn of(objective: &Objective<'_>, region: Region<'_>) -> Constants {
        let p = objective.problem();
        let ridge = Interval::point(p.ridge());
        if p.model().is_linear() && objective.weights().iter().all(|w| *w >= 0.0) {
            return Constants::linear(objective);
        }
        let local = LocalConstants::new(p, region);
        let (mut l, mut q) = (Interval::ZERO, Interval::ZERO);
        for (i, w) in objective.support() {
            let row = local.row(i);
            let w = Interval::point(w).abs() * AS_REAL;
            l = l + w * Interval::point(row.smoothness);
            q = q + w * Interval::point(row.hessian_lipschitz);
        }
        Constants {
            smoothness: (l + ridge).hi(),
            strong_convexity: (ridge - l).lo(),
            hessian_lipschitz: q.hi(),
        }
    }

    fn linear(objective: &Objective<'_>) -> Constants {
        let p = objective.problem();
        let c = p.model().loss().constants();
        let ridge = Interval::point(p.ridge());
        if too_wide(objective) {
            return Constants::wide(objective);
        }
        let (columns, rows, weights) = kept_inputs(objective);
        let norms: Vec<f64> = rows.chunks_exact(columns.max(1)).map(|r| Interval::norm(r).hi()).collect();
        let l = Interval::point(c.curvature)
            * Interval::point(gram_norm_upper(columns, &rows, &weights))
            * AS_REAL;
        let q = if c.third == 0.0 {
            Interval::ZERO
        } else {
            let scaled: Vec<f64> = weights
                .iter()
                .zip(&norms)
                .map(|(w, n)| (Interval::point(*w) * Interval::point(*n)).hi())
                .collect();
            Interval::point(c.third) * Interval::point(gram_norm_upper(columns, &rows, &scaled)) * AS_REAL
        };
        let mu = match p.model().loss() {
            Loss::Squared => {
                // The Hessian is constant; forming it and its weights round by at most γ·Σ wᵢ‖x̃ᵢ‖².
                let h = objective.risk_hessian(&DVector::zeros(p.active()));
                let mass: Interval = weights
                    .iter()
                    .zip(&norms)
                    .map(|(w, n)| Interval::point(*w) * Interval::point(*n).square())
                    .sum();
                let rounding = Interval::point(gamma(weights.len() + 4)) * mass;
                let sharp = Interval::point(smallest_eigenvalue_lower(&h)) - rounding + ridge;
                sharp.lo().max(p.ridge())
            }
            _ => p.ridge(),
        };
        Constants { smoothness: (l + ridge).hi(), strong_convexity: mu, hessian_lipschitz: q.hi() }
    }

    /// The same from the stored entries alone: upper bounds by [`crate::numeric::nonnegative`], `μ = λ`.
    fn wide(objective: &Objective<'_>) -> Constants {
        let p = objective.problem();
        let c = p.model().loss().constants();
        let (rows, weights) = kept_rows(objective);
        let bound = |weights: &[f64]| Interval::point(nonnegative::gram_norm_upper(&rows, weights)) * AS_REAL;
        let l = Interval::point(c.curvature) * bound(&weights);
        let q = if c.third == 0.0 {
            Interval::ZERO
        } else {
            let longer = |(i, w): (usize, &f64)| (Interval::point(*w) * Interval::norm(rows.row(i).1)).hi();
            let scaled: Vec<f64> = weights.iter().enumerate().map(longer).collect();
            Interval::point(c.third) * bound(&scaled)
        };
        Constants {
            smoothness: (l + Interval::point(p.ridge())).hi(),
            strong_convexity: p.ridge(),
            hessian_lipschitz: q.hi(),
        }
    }
}
