//! Claims about Newton's step on the rows kept: T-newton.

use super::{
    CONVEX, QUADRATIC, Step, at_points, gradient, gradient_size, newton_from, rows_kept, size, tenth_deleted,
};
use crate::bound::{newton, residual};
use crate::claim::fixed::{agree, float_size, same};
use crate::claim::identities::both;
use crate::claim::system::System;
use crate::claim::{Case, Claim, Evidence, Outcome, Verdict};
use crate::error::Result;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::objective::Reduction;
use crate::objective::enclosed::exact;

pub(super) fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "newton-residual",
            title: "gradient left after one Newton step",
            statement: "‖∇F_R(θ+Δ)‖ ≤ (Q/2)‖Δ‖², Δ = −∇²F_R(θ)⁻¹∇F_R(θ)",
            source: "classical; Guo et al. 2020 (arXiv 1911.03030), Theorem 1, with the factor ½ they lack",
            theorem: Some(newton::RESIDUAL),
            item: "bound::newton::residual_after",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: newton_residual,
            directed: Vec::new,
        },
        Claim {
            id: "newton-aposteriori",
            title: "Newton removal, from the step taken",
            statement: "‖θ+Δ − θ_r‖ ≤ (Q/2μ)‖Δ‖²",
            source: "classical; constant derived here",
            theorem: Some(newton::A_POSTERIORI),
            item: "bound::newton::a_posteriori",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: newton_aposteriori,
            directed: Vec::new,
        },
        Claim {
            id: "newton-apriori",
            title: "Newton removal, from where it begins",
            statement: "‖θ+Δ − θ_r‖ ≤ (Q/2μ)‖θ−θ_r‖² ≤ (Q/2μ³)‖∇F_R(θ)‖²",
            source: "classical; constant derived here; the second form after Sekhari et al. 2021 (arXiv 2103.03279), recalled",
            theorem: Some(newton::A_PRIORI),
            item: "bound::newton::a_priori",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: newton_apriori,
            directed: Vec::new,
        },
        Claim {
            id: "newton-steps",
            title: "two Newton steps",
            statement: "‖θ_2 − θ_r‖ ≤ (Q/2μ)((Q/2μ)‖θ−θ_r‖²)²",
            source: "classical; constant derived here",
            theorem: Some(newton::A_PRIORI),
            item: "bound::newton::after_steps",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: newton_twice,
            directed: Vec::new,
        },
        Claim {
            id: "newton-quadratic-exact",
            title: "Newton removal is exact for squared loss",
            statement: "θ_o − ∇²F_R⁻¹∇F_R(θ_o) = θ_r for squared loss and linear models, mean and sum",
            source: "classical",
            theorem: Some("Unlearn.Newton.newton_exact_quadratic"),
            item: "unlearn::newton::Newton",
            expected: Verdict::Holds,
            domain: QUADRATIC,
            check: newton_exact,
            directed: || vec![tenth_deleted(Reduction::Mean), tenth_deleted(Reduction::Sum)],
        },
    ]
}

fn newton_residual(case: &Case) -> Result<Outcome> {
    let c = case.retained_constants()?;
    at_points(case, |theta| {
        let s = newton_from(case, theta)?;
        let bound = newton::residual_after(s.length, s.rho, c.hessian_lipschitz)?;
        Ok(Evidence::inequality(gradient(case, &s.end), bound.value, gradient_size(case, &s.end)?))
    })
}

fn newton_aposteriori(case: &Case) -> Result<Outcome> {
    let c = case.retained_constants()?;
    at_points(case, |theta| {
        let s = newton_from(case, theta)?;
        let bound = newton::a_posteriori(s.length, s.rho, c.hessian_lipschitz, c.strong_convexity)?;
        Ok(Evidence::inequality(case.distance_to_refit(&s.end)?, bound.value, size(case, &s.end)?))
    })
}

fn newton_apriori(case: &Case) -> Result<Outcome> {
    let c = case.retained_constants()?;
    at_points(case, |theta| {
        let Step { rho, end, .. } = newton_from(case, theta)?;
        let measured = case.distance_to_refit(&end)?;
        let by_gradient = residual::distance(gradient(case, theta), c.strong_convexity)?.value;
        let against = |distance| -> Result<Evidence> {
            let bound = newton::a_priori(distance, rho, c.hessian_lipschitz, c.strong_convexity)?;
            Ok(Evidence::inequality(measured, bound.value, size(case, &end)?))
        };
        Ok(against(case.distance_to_refit(theta)?)?.worse(against(by_gradient)?))
    })
}

fn newton_twice(case: &Case) -> Result<Outcome> {
    let c = case.retained_constants()?;
    let (q, mu) = (c.hessian_lipschitz, c.strong_convexity);
    at_points(case, |theta| {
        let once = newton_from(case, theta)?;
        let twice = newton_from(case, &once.end)?;
        let e = newton::a_priori(case.distance_to_refit(theta)?, once.rho, q, mu)?.value;
        // The second step is not exact either.
        let unsolved = Interval::point(twice.rho) / Interval::point(mu);
        let bound = newton::after_steps(e, 1, q, mu)?.value + unsolved;
        Ok(Evidence::inequality(case.distance_to_refit(&twice.end)?, bound, size(case, &twice.end)?))
    })
}

/// The exact step from the computed minimiser, taken as exact (the identity holds at any `θ`), against the exact
/// retrained minimiser; and the method's own step.
fn newton_exact(case: &Case) -> Result<Outcome> {
    let fit = &case.fit()?.theta;
    let theta = exact::<Precise>(fit);
    let retained = case.problem.retained(&case.forget)?;
    let system = System::new(rows_kept(case), &retained, theta.clone())?;
    let g = rows_kept(case).gradient(&theta);
    let step = system.solve(&g.into_iter().map(|g| -g).collect::<Vec<_>>());
    let (refit, size) = (case.refit_precise()?, case.fit_size()?);
    let c = case.retained_constants()?;
    let terms = case.problem.rows() + case.problem.active();
    let floats = float_size(size, terms, c.smoothness / c.strong_convexity);
    both(same(&Located::at(fit).plus(&step), refit, size), agree(&newton_from(case, fit)?.end, refit, floats))
}
