//! From the gradient a removal leaves to `(ε, δ)`: objective perturbation.

use super::ladder::{LOGISTIC, gradient_size, newton_from};
use super::ladder_guo::row_instance;
use super::{Case, Claim, Evidence, Outcome, Verdict};
use crate::bound::audit::Certifier;
use crate::bound::guo::Removal;
use crate::bound::removal::{Budget, gaussian_delta, printed_delta};
use crate::claim::controls::guo_residual;
use crate::error::Result;
use crate::numeric::interval::Interval;
use crate::objective::Reduction;
use nalgebra::DVector;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "guo-perturbed-corrected",
            title: "Guo's residual bound with the perturbation in it",
            statement: "‖∇L_b(w⁻; D′)‖ ≤ (γ/2)R³m²(2CR + ‖b‖/n)²/(λ²(n−m)); sum of losses + (λn/2)‖w‖² + ⟨b,w⟩, b fixed, \
                        ‖x‖ ≤ R",
            source: "derived here; corrects Guo et al. 2020 (arXiv 1911.03030), Theorems 1 and 4",
            theorem: Some("Unlearn.Ladder.guo_corrected"),
            item: "bound::guo::guo_corrected",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: perturbed,
            directed: Vec::new,
        },
        Claim {
            id: "removal-laplace",
            title: "perturbation with exponential tails certifies ε",
            statement: "|log p(b − u) − log p(b)| ≤ ε for p(b) ∝ e^{−ε‖b‖/r}, u = ∇F_R(θ_u), r its certified bound",
            source: "Guo et al. 2020 (arXiv 1911.03030), Theorem 3 (i), from two secondary sources",
            theorem: None,
            item: "bound::removal::Budget",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: laplace,
            directed: Vec::new,
        },
        Claim {
            id: "removal-gaussian-small-epsilon",
            title: "Guo's Gaussian δ, ε up to 1",
            statement: "δ*(ε) ≤ 1.5e^{−c²/2} for noise of deviation cr/ε, ε ≤ 1, c from ½ to 5; δ* the exact δ",
            source: "Guo et al. 2020 (arXiv 1911.03030), Theorem 3 (ii), from two secondary sources; exact δ: Balle and \
                     Wang 2018 (arXiv 1805.06083), recalled",
            theorem: None,
            item: "bound::removal::gaussian_delta",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: |case| printed(case, &[0.125, 0.25, 0.5, 1.0]),
            directed: Vec::new,
        },
        Claim {
            id: "guo-gaussian-any-epsilon",
            title: "Guo's Gaussian δ for every ε",
            statement: "δ*(ε) ≤ 1.5e^{−c²/2} for noise of deviation cr/ε and every ε > 0",
            source: "Guo et al. 2020 (arXiv 1911.03030), Theorem 3 (ii), from two secondary sources, which state no limit \
                     on ε",
            theorem: None,
            item: "bound::removal::gaussian_delta",
            expected: Verdict::Refuted,
            domain: LOGISTIC,
            check: |case| printed(case, &[1.0, 4.0, 16.0]),
            directed: || vec![row_instance(2.0, 1.0, &[0.0, 1.0], Reduction::Mean)],
        },
    ]
}

/// Guo's residual for the case's own linear term and with its start as a linear term.
fn perturbed(case: &Case) -> Result<Outcome> {
    if case.problem.reduction() != Reduction::Mean {
        return Ok(Outcome::NotApplicable("Guo's ridge is proportional to the number of rows".into()));
    }
    let problem = case.problem.clone().with_perturbation(case.start.clone())?;
    let start = DVector::zeros(problem.active());
    let with = Case::new("", problem, case.forget.clone(), case.plan.clone(), start, case.normalisation);
    let mut worst = None;
    for case in [case, &with] {
        let removal = Removal::new(&case.problem, &case.forget)?;
        let p = case.problem.perturbation().map_or(Interval::ZERO, |b| Interval::norm(b.as_slice()));
        let (residual, size) = guo_residual(case)?;
        // The library's linear term is that of the mean: b = np.
        let bound = removal.guo_corrected(p * Interval::point(removal.rows as f64));
        let e = Evidence::inequality(residual, bound.value, size);
        worst = Some(worst.map_or(e, |w: Evidence| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("two problems")))
}

/// The "removal" that leaves the model untouched, with `b` the case's start.
fn laplace(case: &Case) -> Result<Outcome> {
    let theta = &case.fit()?.theta;
    let u = case.problem.retained(&case.forget)?.gradient(theta);
    let certified = Certifier::new(&case.problem, Some(&case.forget))?.step(theta, theta)?.gradient_after;
    // The computed vector may round above the exact one.
    let r = certified.max(Interval::norm(u.as_slice())).hi();
    if r == 0.0 {
        return Ok(Outcome::NotApplicable("nothing is left of the gradient".into()));
    }
    let epsilon = case.problem.ridge();
    let beta = Budget::new(epsilon, 0.5)?.laplace_scale(r);
    let (shifted, b) = (Interval::norm((&case.start - &u).as_slice()), Interval::norm(case.start.as_slice()));
    let change = ((shifted - b) / Interval::point(beta)).abs();
    let size = epsilon + b.hi() / beta;
    Ok(Outcome::Compared(Evidence::inequality(change, Interval::point(epsilon), size)))
}

/// The printed δ against the exact one, for the gradient that Newton's step leaves.
fn printed(case: &Case, epsilons: &[f64]) -> Result<Outcome> {
    let theta = &case.fit()?.theta;
    let (step, _) = newton_from(case, theta)?;
    let r = step.gradient_after;
    if r.lo() <= 1e-9 * gradient_size(case, theta)? {
        return Ok(Outcome::NotApplicable("nothing but rounding is left of the gradient".into()));
    }
    let mut worst: Option<Evidence> = None;
    for &epsilon in epsilons {
        for c in (1..=10).map(|k| 0.5 * f64::from(k)) {
            let sigma = Interval::point(c * r.hi()) / Interval::point(epsilon);
            let a = Interval::point(r.hi()) / sigma;
            let e = Evidence::inequality(gaussian_delta(a, epsilon), printed_delta(c), 0.0);
            worst = Some(worst.map_or(e, |w| w.worse(e)));
        }
    }
    Ok(Outcome::Compared(worst.expect("the lists are not empty")))
}
