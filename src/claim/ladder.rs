//! The removal ladder: what a second-order removal leaves of the gradient, from what was measured to the worst
//! case, every rung against the one below.

use super::case::SMALLEST_SIZE;
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::bound::audit::{Certifier, Step};
use crate::bound::guo::{self, Removal};
use crate::bound::ladder::{Method, rungs};
use crate::bound::residual;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::objective::Objective;
use nalgebra::DVector;

pub(crate) const CONVEX: Domain = Domain {
    losses: &Loss::ALL,
    depth: Depth::Linear,
    masks: true,
    momentum: false,
    run: false,
    wide: false,
};
pub(crate) const SMOOTH: Domain = Domain { losses: &[Loss::Logistic, Loss::Softmax], ..CONVEX };
pub(crate) const LOGISTIC: Domain = Domain { losses: &[Loss::Logistic], ..CONVEX };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "ladder-rows",
            title: "gradient after a step, row by row",
            statement: "‖∇F_R(θ+Δ)‖ ≤ ‖∇F_R(θ) + ∇²F_R(θ)Δ‖ + (c₃/2)·w·Σ_R ‖x̃ᵢ‖|x̃ᵢΔ|², c₃ = 1/(6√3) or √2/(3√3)",
            source: "derived here",
            theorem: Some(guo::ROWS),
            item: "bound::guo::rows",
            expected: Verdict::Holds,
            domain: SMOOTH,
            check: |case| remainder(case, guo::rows),
            directed: Vec::new,
        },
        Claim {
            id: "ladder-spectral",
            title: "gradient after a step, through the data's norm",
            statement: "‖∇F_R(θ+Δ)‖ ≤ ‖∇F_R(θ) + ∇²F_R(θ)Δ‖ + (1/(12√3))·w·‖X_R‖₂·‖(X_RΔ)∘(X_RΔ)‖₂",
            source: "derived here; sharpens Guo et al. 2020 (arXiv 1911.03030), Corollaries 1 and 2",
            theorem: Some(guo::SPECTRAL),
            item: "bound::guo::spectral",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: |case| remainder(case, guo::spectral),
            directed: Vec::new,
        },
        Claim {
            id: "ladder-data-dependent",
            title: "Guo's data-dependent bound, halved, any row norm",
            statement: "‖∇F_R(θ+Δ)‖ ≤ ‖∇F_R(θ) + ∇²F_R(θ)Δ‖ + (c₃/2)·w·R·‖X_R‖₂‖Δ‖‖X_RΔ‖, R = max_R ‖x̃ᵢ‖",
            source: "Guo et al. 2020 (arXiv 1911.03030), Corollaries 1 and 2, from two secondary sources; ½ and R \
                     derived here",
            theorem: Some("Unlearn.Ladder.sharp_le_data"),
            item: "bound::guo::data_dependent",
            expected: Verdict::Holds,
            domain: SMOOTH,
            check: |case| remainder(case, guo::data_dependent),
            directed: Vec::new,
        },
        Claim {
            id: "ladder-worst-case",
            title: "Newton removal, known before any training",
            statement: "‖∇F_R(θ+Δ)‖ ≤ (c₃/2)·w|R|·R³(g/λ)², g = 2mc₁R/n (mean), mc₁R (sum), for every linear term",
            source: "after Guo et al. 2020 (arXiv 1911.03030), Theorem 4, from two secondary sources; both constants \
                     derived here",
            theorem: None,
            item: "bound::guo::Removal",
            expected: Verdict::Holds,
            domain: SMOOTH,
            check: worst_case,
            directed: Vec::new,
        },
        Claim {
            id: "ladder-newton",
            title: "the ladder of Newton removal",
            statement: "‖θ_u−θ_r‖ ≤ ‖∇F_R(θ_u)‖/μ ≤ (ρ+sharp)/μ ≤ (ρ+data-dependent)/μ ≤ worst case/μ, μ = λ",
            source: "derived here; the upper two after Guo et al. 2020 (arXiv 1911.03030)",
            theorem: Some("Unlearn.Ladder.removal_ladder"),
            item: "bound::ladder::rungs",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: |case| chain(case, Method::Newton),
            directed: Vec::new,
        },
        Claim {
            id: "ladder-influence",
            title: "the ladder of influence removal",
            statement: "the same with ρ = ‖(∇²F_R − ∇²F)(θ)Δ‖; worst case (m/n)c₂R²g/λ (mean) or mc₂R²g/λ (sum) more",
            source: "derived here; constants as in Koh et al. 2019 (arXiv 1905.13289), recalled",
            theorem: None,
            item: "bound::ladder::rungs",
            expected: Verdict::Holds,
            domain: SMOOTH,
            check: |case| chain(case, Method::Influence),
            directed: Vec::new,
        },
    ]
}

/// What a residual of the case is judged by: the size of what cancels in a gradient at `θ`.
pub(crate) fn gradient_size(case: &Case, theta: &DVector<f64>) -> Result<f64> {
    let mass = case.problem.retained(&case.forget)?.gradient_mass(theta);
    Ok(mass + case.retained_constants()?.smoothness * theta.norm() + SMALLEST_SIZE)
}

/// The step that solves `∇²F_S(θ)Δ = −∇F_R(θ)`, as computed: Newton's when `S` are the rows kept, the influence step when
/// they are all rows.
pub(crate) fn step(
    curved: &Objective<'_>,
    kept: &Objective<'_>,
    theta: &DVector<f64>,
) -> Result<DVector<f64>> {
    Ok(-Cholesky::new(curved.hessian(theta), "the Hessian of the step")?.solve(&kept.gradient(theta)))
}

/// Newton's step from `θ` as the retained rows see it, and its end.
pub(crate) fn newton_from(case: &Case, theta: &DVector<f64>) -> Result<(Step, DVector<f64>)> {
    let kept = case.problem.retained(&case.forget)?;
    let end = theta + step(&kept, &kept, theta)?;
    let step = Certifier::new(&case.problem, Some(&case.forget))?.step(theta, &end)?;
    Ok((step, end))
}

/// The gradient after Newton's step from the fit and after half of it from the start, against the linear residual
/// and a remainder.
fn remainder(case: &Case, bound: fn(Loss, &Step) -> Interval) -> Result<Outcome> {
    let certifier = Certifier::new(&case.problem, Some(&case.forget))?;
    let loss = case.problem.model().loss();
    let compare = |theta: &DVector<f64>, share: f64| -> Result<Evidence> {
        let kept = case.problem.retained(&case.forget)?;
        let newton = step(&kept, &kept, theta)?;
        let step = certifier.step(theta, &(theta + newton * share))?;
        let right = step.retained_residual + bound(loss, &step);
        Ok(Evidence::inequality(step.gradient_after, right, gradient_size(case, theta)?))
    };
    Ok(Outcome::Compared(compare(&case.fit()?.theta, 1.0)?.worse(compare(&case.start, 0.5)?)))
}

fn worst_case(case: &Case) -> Result<Outcome> {
    let theta = &case.fit()?.theta;
    let (step, _) = newton_from(case, theta)?;
    let bound = Removal::new(&case.problem, &case.forget)?.newton(step.fit_residual, step.retained_residual);
    Ok(Outcome::Compared(Evidence::inequality(step.gradient_after, bound.value, gradient_size(case, theta)?)))
}

fn chain(case: &Case, method: Method) -> Result<Outcome> {
    let (problem, forget, theta) = (&case.problem, &case.forget, &case.fit()?.theta);
    let (full, kept) = (problem.full(), problem.retained(forget)?);
    let curved = if method == Method::Newton { &kept } else { &full };
    let end = theta + step(curved, &kept, theta)?;
    let step = Certifier::new(problem, Some(forget))?.step(theta, &end)?;
    let rungs = rungs(problem, forget, &step, method)?;
    let mu = case.retained_constants()?.strong_convexity;
    let distance = residual::distance(rungs[0].gradient, mu)?;
    let size = theta.norm() + case.fit_size()?;
    let mut worst = Evidence::inequality(case.distance_to_refit(&end)?, distance.value, size);
    let gradients = gradient_size(case, theta)?;
    for pair in rungs.windows(2) {
        worst = worst.worse(Evidence::inequality(pair[0].gradient, pair[1].gradient, gradients));
    }
    Ok(Outcome::Compared(worst))
}
