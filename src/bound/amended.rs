//! T-amended: how far a fine-tuned model is from a run that it did not follow.
//!
//! Let `F` be `μ`-strongly convex with minimiser `θ*`, and let a run take steps `θ′_{k+1} = θ′_k − η_k g_k(θ′_k)`, each `g_k`
//! the gradient of a convex function with Hessians between `μ_k` and `L_k`. With `c_k = max{|1 − η_kμ_k|, |1 − η_kL_k|}`
//! (`1 − η_kμ_k` when `η_k(L_k + μ_k) ≤ 2`) the end of the run obeys
//!
//! `‖θ′_T − θ*‖ ≤ ( Π_k c_k )‖θ′_0 − θ*‖ + Σ_k ( Π_{j>k} c_j ) η_k‖g_k(θ*)‖`.
//!
//! *Proof.* `θ′_{k+1} − θ* = (θ′_k − η_k g_k(θ′_k)) − (θ* − η_k g_k(θ*)) − η_k g_k(θ*)`; the exact step contracts by `c_k`. ∎
//! A step on all rows of `F` has `g_k = ∇F` and adds nothing, so that after a last stage of `t` full batches, `η(L + μ) ≤ 2`,
//! only `(1 − ημ)^t` times the distance at its beginning is left: the end of a long enough run is known without
//! running it. A mini-batch adds its *noise* `‖g_k(θ*)‖`, which no residual makes smaller.
//!
//! None of this needs `θ*`: for any `θ`, with `δ = ‖∇F(θ)‖/μ ≥ ‖θ − θ*‖` ([`super::residual`]),
//! `‖g_k(θ*)‖ ≤ ‖g_k(θ)‖ + L_kδ` and `‖θ′_0 − θ*‖ ≤ ‖θ′_0 − θ‖ + δ`, and so
//!
//! `‖θ − θ′_T‖ ≤ δ + ( Π_k c_k )(‖θ′_0 − θ‖ + δ) + Σ_k ( Π_{j>k} c_j ) η_k(‖g_k(θ)‖ + L_kδ)`.
//!
//! Nothing here counts deleted rows. Gradient descent without momentum only: a heavy-ball step need not contract in this
//! norm. Derived here; the contraction of a gradient step is folklore (Nesterov 2004, theorem 2.1.15).

use crate::numeric::interval::Interval;

/// The theorem.
pub const THEOREM: &str = "Unlearn.Amended.amended_error";
/// The theorem on the way from a model with a known distance.
pub const MOVED: &str = "the bound before amendment and the way moved";

/// `max{|1 − ημ|, |1 − ηL|}`, at most: what a gradient step does to distances.
///
/// ```
/// use unlearn::bound::amended::contraction;
/// use unlearn::numeric::interval::Interval;
/// // ½·3θ²: θ − η3θ. A step of ½ overshoots, −½θ; with curvature 1 beside it, ½.
/// assert!(contraction(Interval::point(0.5), 3.0, 3.0).contains(0.5));
/// assert!(contraction(Interval::point(0.25), 1.0, 3.0).contains(0.75));
/// ```
pub fn contraction(eta: Interval, mu: f64, smoothness: f64) -> Interval {
    let off = |h: f64| (Interval::ONE - eta * Interval::point(h)).abs();
    off(mu).max(off(smoothness))
}

/// What the steps after some point of a run make of a distance `D` from `θ*` at that point: at most `factor·D + noise`.
///
/// ```
/// use unlearn::bound::amended::Tail;
/// use unlearn::numeric::interval::Interval;
/// let at = Interval::point;
/// // F = ½θ², two steps of ½: from 4, 4·½·½ = 1; the first with noise 2 instead: ½·(½·4 + ½·2) = 1½.
/// let mut tail = Tail::NONE;
/// tail.before(at(0.5), at(0.5), Interval::ZERO);
/// tail.before(at(0.5), at(0.5), at(2.0));
/// assert!(tail.of(at(4.0)).contains(1.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tail {
    factor: Interval,
    noise: Interval,
}

impl Tail {
    /// No step.
    pub const NONE: Tail = Tail { factor: Interval::ONE, noise: Interval::ZERO };

    /// Puts a step in front: `η`, its contraction, and at least `‖g(θ*)‖`.
    pub fn before(&mut self, eta: Interval, contraction: Interval, noise: Interval) {
        self.noise = self.noise + self.factor * eta * noise;
        self.factor = self.factor * contraction;
    }

    /// The noise so far: more steps in front can only add to it.
    pub fn noise(&self) -> Interval {
        self.noise
    }

    /// The distance at the end of the run.
    pub fn of(&self, distance: Interval) -> Interval {
        self.factor * distance + self.noise
    }
}
