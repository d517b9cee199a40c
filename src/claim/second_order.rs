//! Claims about minimisers: residuals, Newton's step and influence, against the retrained minimiser.

use super::case::SMALLEST_SIZE;
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::bound::{influence, newton, residual};
use crate::constants::{Constants, Region};
use crate::data::{Dataset, Design, RowSet};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::Model;
use crate::numeric::interval::Interval;
use crate::objective::{Problem, Reduction};
use crate::train::coupling::Normalisation;
use crate::train::plan::Plan;
use crate::unlearn::influence::{Weights, influence_step};
use crate::unlearn::newton::newton_step;
use nalgebra::DVector;

const CONVEX: Domain = Domain {
    losses: &Loss::ALL,
    depth: Depth::Linear,
    masks: true,
    momentum: false,
    run: false,
    wide: false,
};
const QUADRATIC: Domain = Domain { losses: &[Loss::Squared], ..CONVEX };
const SMOOTH: Domain = Domain { losses: &[Loss::Logistic, Loss::Softmax], ..CONVEX };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    [residual_claims(), newton_claims(), influence_claims()].concat()
}

fn residual_claims() -> Vec<Claim> {
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

fn newton_claims() -> Vec<Claim> {
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
            theorem: Some(newton::A_PRIORI),
            item: "unlearn::newton::Newton",
            expected: Verdict::Holds,
            domain: QUADRATIC,
            check: newton_exact,
            directed: || vec![tenth_deleted(Reduction::Mean), tenth_deleted(Reduction::Sum)],
        },
    ]
}

fn influence_claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "influence-error",
            title: "influence removal, from the displacement",
            statement: "‖θ_o+Δ − θ_r‖ ≤ (1/μ)(‖H_R−H‖ + (Q/2)‖θ_r−θ_o‖)‖θ_r−θ_o‖, μ that of all rows",
            source: "derived here",
            theorem: Some(influence::THEOREM),
            item: "bound::influence::error",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: influence_error,
            directed: || vec![tenth_deleted(Reduction::Sum)],
        },
        Claim {
            id: "influence-safe",
            title: "influence removal, from the steps",
            statement: "‖θ_o+Δ − θ_r‖ ≤ (1/μ_R)((Q/2)‖Δ_N‖² + ‖H−H_R‖‖Δ‖), Δ_N the Newton step",
            source: "derived here; compare Koh et al. 2019 (arXiv 1905.13289), recalled",
            theorem: None,
            item: "bound::influence::safe_error",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: influence_safe,
            directed: || vec![tenth_deleted(Reduction::Sum)],
        },
        Claim {
            id: "influence-simplex-factor",
            title: "simplex weights scale the boolean step by n/|R|",
            statement: "−H⁻¹∇F_R(θ_o) = (n/|R|)·(1/n)H⁻¹ Σ_F ∇f_i(θ_o), f_i with its share of the ridge (mean)",
            source: "derived here; weights of Jia et al. 2023 (arXiv 2304.04934), Proposition 1, recalled",
            theorem: None,
            item: "unlearn::influence::Influence",
            expected: Verdict::Holds,
            domain: CONVEX,
            check: simplex_factor,
            directed: Vec::new,
        },
        Claim {
            id: "influence-is-newton",
            title: "influence removal is exact for squared loss",
            statement: "θ_o − ∇²F⁻¹∇F_R(θ_o) = θ_r for squared loss and linear models",
            source: "a frequent confusion of influence with Newton's step",
            theorem: None,
            item: "unlearn::influence::Influence",
            expected: Verdict::Refuted,
            domain: QUADRATIC,
            check: influence_exact,
            directed: || vec![tenth_deleted(Reduction::Sum)],
        },
        Claim {
            id: "influence-within-newton-bound",
            title: "influence removal obeys Newton's bound",
            statement: "‖θ_o+Δ − θ_r‖ ≤ (Q/2μ)‖θ_o−θ_r‖² for the influence step Δ",
            source: "a frequent confusion of influence with Newton's step",
            theorem: None,
            item: "bound::newton::a_priori",
            expected: Verdict::Refuted,
            domain: SMOOTH,
            check: influence_quadratic,
            directed: Vec::new,
        },
    ]
}

/// Ten rows `x = 1`, λ = 1, targets 0 except the one that is forgotten, 11. Summed: `θ_o = 1`,
/// `θ_r = 0`, and influence ends at 1/11: deleting 10 % leaves 9.1 % of the displacement. (Under the
/// mean the two Hessians coincide here, so influence happens to be exact.)
fn tenth_deleted(reduction: Reduction) -> Case {
    let design = Design::dense(10, 1, vec![1.0; 10]).expect("sizes agree");
    let target = (0..10).map(|i| if i == 0 { 11.0 } else { 0.0 }).collect();
    let data = Dataset::new("tenth", design, target).expect("finite numbers");
    let model = Model::linear(1, 1, Loss::Squared, false).expect("valid widths");
    let problem = Problem::new(data.into(), model, 1.0).expect("sizes agree").with_reduction(reduction);
    let forget = RowSet::new(10, vec![0]).expect("row 0 exists");
    let plan = Plan::new(Vec::new(), 0.0, 0.0).expect("no step, nothing to refuse");
    Case::new("directed", problem, forget, plan, DVector::zeros(1), Normalisation::Fixed)
        .labelled("ten rows x = 1, one forgotten")
}

/// The points at which claims about any `θ` are tried: the trained parameters and an arbitrary start.
fn points(case: &Case) -> Result<[DVector<f64>; 2]> {
    Ok([case.fit()?.theta.clone(), case.start.clone()])
}

/// Compares at every point and keeps the worst.
fn at_points(case: &Case, check: impl Fn(&DVector<f64>) -> Result<Evidence>) -> Result<Outcome> {
    let mut worst: Option<Evidence> = None;
    for theta in points(case)? {
        let e = check(&theta)?;
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("there are two points")))
}

/// `‖∇F_R(θ)‖`, and the size of what cancels in it.
fn gradient(case: &Case, theta: &DVector<f64>) -> Result<(Interval, f64)> {
    let retained = case.problem.retained(&case.forget)?;
    let hessian = retained.hessian(theta);
    let size = retained.gradient_mass(theta) + hessian.norm() * theta.norm();
    Ok((residual::gradient_norm(&retained, theta, &hessian), size))
}

fn size(case: &Case, theta: &DVector<f64>) -> Result<f64> {
    Ok(theta.norm() + case.fit_size()?)
}

fn residual_distance(case: &Case) -> Result<Outcome> {
    let mu = case.retained_constants()?.strong_convexity;
    at_points(case, |theta| {
        let bound = residual::distance(gradient(case, theta)?.0, mu)?;
        Ok(Evidence::inequality(case.distance_to_refit(theta)?, bound.value, size(case, theta)?))
    })
}

fn residual_lower(case: &Case) -> Result<Outcome> {
    let smoothness = case.retained_constants()?.smoothness;
    at_points(case, |theta| {
        let bound = residual::distance_from_below(gradient(case, theta)?.0, smoothness)?;
        Ok(Evidence::inequality(bound.value, case.distance_to_refit(theta)?, size(case, theta)?))
    })
}

fn residual_gap(case: &Case) -> Result<Outcome> {
    let retained = case.problem.retained(&case.forget)?;
    let mu = case.retained_constants()?.strong_convexity;
    let refit = case.refit()?;
    let lowest = retained.value(&refit.theta);
    // The exact minimum is lower than the value at the computed minimiser by at most this.
    let below = residual::loss_gap(Interval::point(refit.residual_bound()), mu)?.value.hi();
    at_points(case, |theta| {
        let here = retained.value(theta);
        let terms = case.problem.rows() + case.problem.data().cols();
        let rounding = crate::numeric::tolerance::tol(terms, 1.0) * (here.abs() + lowest.abs());
        let gap =
            Interval::point(here) - Interval::point(lowest) + Interval::new(-rounding, below + rounding);
        let bound = residual::loss_gap(gradient(case, theta)?.0, mu)?;
        Ok(Evidence::inequality(gap, bound.value, here.abs() + lowest.abs() + SMALLEST_SIZE))
    })
}

/// Newton's step from `θ`, as an interval around its length, with its linear residual and its end.
fn newton_from(case: &Case, theta: &DVector<f64>) -> Result<(Interval, f64, DVector<f64>)> {
    let s = newton_step(&case.problem.retained(&case.forget)?, theta)?;
    Ok((Interval::norm(s.step.as_slice()), s.linear_residual, theta + s.step))
}

fn newton_residual(case: &Case) -> Result<Outcome> {
    let c = case.retained_constants()?;
    at_points(case, |theta| {
        let (step, rho, end) = newton_from(case, theta)?;
        let bound = newton::residual_after(step, rho, c.hessian_lipschitz)?;
        let (measured, size) = gradient(case, &end)?;
        Ok(Evidence::inequality(measured, bound.value, size))
    })
}

fn newton_aposteriori(case: &Case) -> Result<Outcome> {
    let c = case.retained_constants()?;
    at_points(case, |theta| {
        let (step, rho, end) = newton_from(case, theta)?;
        let bound = newton::a_posteriori(step, rho, c.hessian_lipschitz, c.strong_convexity)?;
        Ok(Evidence::inequality(case.distance_to_refit(&end)?, bound.value, size(case, &end)?))
    })
}

fn newton_apriori(case: &Case) -> Result<Outcome> {
    let c = case.retained_constants()?;
    at_points(case, |theta| {
        let (_, rho, end) = newton_from(case, theta)?;
        let measured = case.distance_to_refit(&end)?;
        let by_gradient = residual::distance(gradient(case, theta)?.0, c.strong_convexity)?.value;
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
        let (_, rho, once) = newton_from(case, theta)?;
        let (_, rho_again, twice) = newton_from(case, &once)?;
        let e = newton::a_priori(case.distance_to_refit(theta)?, rho, q, mu)?.value;
        let rounding = Interval::point(rho_again) / Interval::point(mu);
        let bound = newton::after_steps(e, 1, q, mu)?.value + rounding;
        Ok(Evidence::inequality(case.distance_to_refit(&twice)?, bound, size(case, &twice)?))
    })
}

/// How far a computed solution of `A_R θ = …` and the computed minimiser may be apart when the exact
/// ones agree.
fn solution_allowance(case: &Case, linear_residual: f64) -> Result<f64> {
    let mu = case.retained_constants()?.strong_convexity;
    if mu <= 0.0 {
        return Err(Error::Hypothesis { theorem: newton::A_PRIORI, why: format!("μ = {mu}") });
    }
    Ok((linear_residual + case.refit()?.residual_bound()) / mu + 4.0 * f64::EPSILON * case.fit_size()?)
}

fn newton_exact(case: &Case) -> Result<Outcome> {
    let (_, rho, end) = newton_from(case, &case.fit()?.theta)?;
    let deviation = (end - &case.refit()?.theta).norm();
    Ok(Outcome::Compared(Evidence::identity(deviation, solution_allowance(case, rho)?)))
}

/// The simplex step from the trained parameters, what T-influence needs to know about it, its end.
struct Influenced {
    step: DVector<f64>,
    terms: influence::Terms,
    end: DVector<f64>,
}

fn influenced(case: &Case) -> Result<Influenced> {
    let theta = &case.fit()?.theta;
    let s = influence_step(&case.problem, &case.forget, theta, Weights::Simplex)?;
    let (full, retained) = (case.problem.full(), case.problem.retained(&case.forget)?);
    let terms = influence::Terms {
        curvature_change: influence::curvature_change(&full, &retained, theta)?,
        hessian_lipschitz: case.retained_constants()?.hessian_lipschitz,
        linear_residual: s.linear_residual,
    };
    Ok(Influenced { end: theta + &s.step, step: s.step, terms })
}

fn influence_error(case: &Case) -> Result<Outcome> {
    let i = influenced(case)?;
    let mu = Constants::of(&case.problem.full(), Region::Everywhere).strong_convexity;
    let moved = case.distance_to_refit(&case.fit()?.theta)?;
    let bound = influence::error(moved, i.terms, mu)?;
    Ok(Outcome::Compared(Evidence::inequality(
        case.distance_to_refit(&i.end)?,
        bound.value,
        size(case, &i.end)?,
    )))
}

fn influence_safe(case: &Case) -> Result<Outcome> {
    let i = influenced(case)?;
    let (newton, rho, _) = newton_from(case, &case.fit()?.theta)?;
    let terms = influence::Terms { linear_residual: i.terms.linear_residual + rho, ..i.terms };
    let mu = case.retained_constants()?.strong_convexity;
    let bound = influence::safe_error(newton, Interval::norm(i.step.as_slice()), terms, mu)?;
    Ok(Outcome::Compared(Evidence::inequality(
        case.distance_to_refit(&i.end)?,
        bound.value,
        size(case, &i.end)?,
    )))
}

/// The left side from the gradient on the rows kept, the right one from the forgotten rows alone.
fn simplex_factor(case: &Case) -> Result<Outcome> {
    if case.problem.reduction() == Reduction::Sum {
        return Ok(Outcome::NotApplicable("summed rows keep their weight: there is one step".into()));
    }
    let theta = &case.fit()?.theta;
    let full = case.problem.full();
    let hessian = full.hessian(theta);
    let g = case.problem.retained(&case.forget)?.gradient(theta);
    let left = -crate::numeric::factor::Cholesky::new(hessian.clone(), "the Hessian on all rows")?.solve(&g);
    let boolean = influence_step(&case.problem, &case.forget, theta, Weights::Boolean)?;
    let kept = case.problem.rows() - case.forget.len();
    let factor = case.problem.rows() as f64 / kept as f64;
    let mu = Constants::of(&full, Region::Everywhere).strong_convexity;
    let unsolved = (&hessian * &left + &g).norm() + factor * boolean.linear_residual;
    let rounding = gradient(case, theta)?.0;
    let allowance = (unsolved + (rounding.hi() - rounding.lo())) / mu
        + crate::numeric::tolerance::tol(case.problem.rows(), 1.0) * left.norm();
    Ok(Outcome::Compared(Evidence::identity((left - boolean.step * factor).norm(), allowance)))
}

/// Measured against rounding: any real distance refutes exactness.
fn influence_exact(case: &Case) -> Result<Outcome> {
    let i = influenced(case)?;
    let allowance = solution_allowance(case, i.terms.linear_residual)?;
    Ok(Outcome::Compared(Evidence::inequality(
        case.distance_to_refit(&i.end)?,
        Interval::point(allowance),
        size(case, &i.end)?,
    )))
}

fn influence_quadratic(case: &Case) -> Result<Outcome> {
    let i = influenced(case)?;
    let c = case.retained_constants()?;
    let moved = case.distance_to_refit(&case.fit()?.theta)?;
    let bound = newton::a_priori(moved, i.terms.linear_residual, c.hessian_lipschitz, c.strong_convexity)?;
    Ok(Outcome::Compared(Evidence::inequality(
        case.distance_to_refit(&i.end)?,
        bound.value,
        size(case, &i.end)?,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number behind `influence-is-newton`: 1/11 of the displacement is left after deleting 10 %.
    #[test]
    fn influence_leaves_an_eleventh_after_deleting_a_tenth() {
        let case = tenth_deleted(Reduction::Sum);
        let left = case.distance_to_refit(&influenced(&case).unwrap().end).unwrap();
        let moved = case.distance_to_refit(&case.fit().unwrap().theta).unwrap();
        let share = left / moved;
        assert!(share.contains(1.0 / 11.0) && share.hi() - share.lo() < 1e-12, "{share:?}");
        let bound = influence_error(&case).unwrap();
        let Outcome::Compared(e) = bound else { panic!("{bound:?}") };
        // T-influence is attained here.
        assert!((e.ratio().unwrap() - 1.0).abs() < 1e-9, "{e:?}");
    }
}
