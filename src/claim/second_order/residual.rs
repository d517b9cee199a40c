//! Claims about what a gradient norm says: T-residual.

use super::{CONVEX, at_points, gradient, rows_kept, size};
use crate::bound::residual;
use crate::claim::case::SMALLEST_SIZE;
use crate::claim::{Case, Claim, Evidence, Outcome, Verdict};
use crate::error::Result;
use crate::numeric::interval::Interval;
use crate::objective::enclosed::exact;

pub(super) fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "residual-distance",
            title: "distance from the gradient norm",
            statement: "‖θ − θ_r‖ ≤ ‖∇F_R(θ)‖/μ",
            source: "folklore (Nesterov 2004, §2.1)",
            theorem: Some(residual::THEOREM),
            item: "bound::residual::distance",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: residual_distance,
            directed: Vec::new,
        },
        Claim {
            id: "residual-lower",
            title: "distance from below from the gradient norm",
            statement: "‖θ − θ_r‖ ≥ ‖∇F_R(θ)‖/L",
            source: "folklore (Nesterov 2004, §2.1)",
            theorem: Some(residual::LOWER),
            item: "bound::residual::distance_from_below",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: residual_lower,
            directed: Vec::new,
        },
        Claim {
            id: "residual-loss-gap",
            title: "loss gap from the gradient norm",
            statement: "F_R(θ) − F_R(θ_r) ≤ ‖∇F_R(θ)‖²/(2μ)",
            source: "folklore (Nesterov 2004, §2.1)",
            theorem: Some(residual::GAP),
            item: "bound::residual::loss_gap",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: residual_gap,
            directed: Vec::new,
        },
    ]
}

fn residual_distance(case: &Case) -> Result<Outcome> {
    let mu = case.retained_constants()?.strong_convexity;
    at_points(case, |theta| {
        let bound = residual::distance(gradient(case, theta), mu)?;
        Ok(Evidence::inequality(case.distance_to_refit(theta)?, bound.value, size(case, theta)?))
    })
}

fn residual_lower(case: &Case) -> Result<Outcome> {
    let smoothness = case.retained_constants()?.smoothness;
    at_points(case, |theta| {
        let bound = residual::distance_from_below(gradient(case, theta), smoothness)?;
        Ok(Evidence::inequality(bound.value, case.distance_to_refit(theta)?, size(case, theta)?))
    })
}

fn residual_gap(case: &Case) -> Result<Outcome> {
    let retained = rows_kept(case);
    let mu = case.retained_constants()?.strong_convexity;
    let refit = case.refit()?;
    let lowest = retained.value(&exact(&refit.theta));
    // The exact minimum is lower than the value at the computed minimiser by at most this.
    let below = residual::loss_gap(gradient(case, &refit.theta), mu)?.value.hi();
    at_points(case, |theta| {
        let here: Interval = retained.value(&exact(theta));
        let gap = here - lowest + Interval::new(0.0, below);
        let bound = residual::loss_gap(gradient(case, theta), mu)?;
        let size = here.abs().mid() + lowest.abs().mid() + SMALLEST_SIZE;
        Ok(Evidence::inequality(gap, bound.value, size))
    })
}
