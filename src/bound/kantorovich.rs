//! T-kantorovich: a stationary point near given parameters, certified by a contraction. No convexity is needed.
//!
//! Let `A` be any matrix, `η ≥ ‖A∇F(θ₀)‖`, `κ₀ ≥ ‖I − A∇²F(θ₀)‖`, `a ≥ ‖A‖`, and `K` a Lipschitz constant of `∇²F` on the
//! ball `‖θ − θ₀‖ ≤ r`. If `κ = κ₀ + aKr < 1` and `η ≤ (1 − κ)r`, the ball holds exactly one stationary point, and it is
//! within `η/(1 − κ)` of `θ₀`: on the ball `θ ↦ θ − A∇F(θ)` contracts by `κ` and stays inside (Banach). With
//! `m ≤ λ_min(∇²F(θ₀))`, `∇²F ≥ m − Kr` on the ball; where that is positive the point is its unique minimiser.
//!
//! For `A = ∇²F(θ₀)⁻¹` and `λ_min ≥ m > 0`: `κ₀ = 0`, `a = 1/m`, `η = ‖∇F(θ₀)‖/m`, and `κ < 1` already says `m − Kr > 0`.
//! Some `r` will do as soon as `η·aK ≤ ¼`. The uniqueness radius is then searched upwards.
//!
//! Source: Kantorovich 1948 in Banach's form; proved as [`THEOREM`] and [`MINIMUM`].

use crate::error::{Error, Result};
use crate::numeric::interval::Interval;

/// The theorem on the stationary point.
pub const THEOREM: &str = "Unlearn.Kantorovich.unique_stationary_point";
/// The theorem on the minimum.
pub const MINIMUM: &str = "Unlearn.Kantorovich.local_minimum";

/// What is known at `θ₀`; each number is an upper bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Start {
    /// `η ≥ ‖A∇F(θ₀)‖`.
    pub step: f64,
    /// `κ₀ ≥ ‖I − A∇²F(θ₀)‖`.
    pub defect: f64,
    /// `a ≥ ‖A‖`.
    pub inverse: f64,
}

impl Start {
    /// For `A` the inverse Hessian, given `‖∇F(θ₀)‖ ≤ gradient` and `λ_min(∇²F(θ₀)) ≥ least > 0`.
    pub fn of_minimum(gradient: f64, least: f64) -> Start {
        let m = Interval::point(least);
        let step = (Interval::point(gradient) / m).hi();
        Start { step, defect: 0.0, inverse: (Interval::ONE / m).hi() }
    }
}

/// A certified stationary point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Located {
    /// It is at most this far from `θ₀`.
    pub radius: f64,
    /// The ball `‖θ − θ₀‖ ≤ uniqueness` holds no other.
    pub uniqueness: f64,
    /// `κ < 1` on the ball that was used for the distance.
    pub contraction: f64,
    /// `K` on the ball of that `κ`, and its radius.
    pub hessian_lipschitz: f64,
    /// The radius of the ball of `κ`.
    pub ball: f64,
}

/// Locates the stationary point near `θ₀`, given a bound `K(r)` for each radius, which may not decrease.
///
/// ```
/// use unlearn::bound::kantorovich::{Start, locate};
/// // F′ = x² − 2 from x₀ = 3/2: F′(x₀) = ¼, F″ = 3, K = 2. η = 1/12, ηK/3 = 1/18; √2 is 0.0858 away.
/// let found = locate(Start::of_minimum(0.25, 3.0), |_| 2.0).unwrap();
/// assert!(found.radius > 1.5 - 2f64.sqrt() && found.radius < 0.1);
/// // Within x₀ ± ½ there is no other zero (the other one is −√2).
/// assert!(found.uniqueness > 0.5 && found.uniqueness < 2.9);
/// // ηK/3 = 1/2 is too much for the contraction.
/// assert!(locate(Start::of_minimum(2.25, 3.0), |_| 2.0).is_err());
/// ```
///
/// # Errors
/// [`Error::Hypothesis`] with the numbers when no radius satisfies the conditions.
pub fn locate(start: Start, lipschitz: impl Fn(f64) -> f64) -> Result<Located> {
    let (step, defect) = (Interval::point(start.step), Interval::point(start.defect));
    // Infinite or NaN numbers fail every comparison below.
    let contraction = |r: f64| {
        let k = lipschitz(r);
        ((defect + Interval::point(start.inverse) * Interval::point(k) * Interval::point(r)).hi(), k)
    };
    let fits = |r: f64, kappa: f64| {
        kappa < 1.0 && start.step <= ((Interval::ONE - Interval::point(kappa)) * Interval::point(r)).lo()
    };
    // With a constant K the best ball for existence is twice the step; a smaller one gives a smaller distance.
    let base = (step / (Interval::ONE - defect)).hi();
    let mut found = None;
    let mut last = f64::INFINITY;
    if start.defect < 1.0 && base < f64::INFINITY {
        for r in [1.015625 * base, 1.25 * base, 2.0 * base].map(|r| r.max(f64::MIN_POSITIVE)) {
            let (kappa, k) = contraction(r);
            last = k;
            if fits(r, kappa) {
                found = Some((r, kappa, k));
                break;
            }
        }
    }
    let Some((ball, kappa, hessian_lipschitz)) = found else {
        let why = format!(
            "no contraction: with the step η = {:.3e} to the stationary point, an inverse Hessian of norm at most \
             {:.3e} and a Hessian that changes by at most {last:.3e} per unit, h = {:.3e} exceeds 1/4",
            start.step,
            start.inverse,
            start.step * start.inverse * last
        );
        return Err(Error::Hypothesis { theorem: THEOREM, why });
    };
    let radius = (step / (Interval::ONE - Interval::point(kappa))).hi();
    let mut uniqueness = ball;
    let mut r = 0.75 * (1.0 - start.defect) / (start.inverse * hessian_lipschitz);
    // K may grow with the radius: halve until it fits. 2⁻⁴⁰ reaches from any scale of parameters to rounding.
    for _ in 0..40 {
        // Beyond 10⁶ a radius says nothing more, and its constants overflow.
        if r <= ball {
            break;
        }
        if r < 1e6 && fits(r, contraction(r).0) {
            uniqueness = r;
            break;
        }
        r = (0.5 * r).min(1e6);
    }
    Ok(Located { radius, uniqueness, contraction: kappa, hessian_lipschitz, ball })
}
