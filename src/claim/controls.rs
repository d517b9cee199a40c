//! Negative controls: statements in print or in released code that a sound check must refute.

use super::identities::{Denominator, LEAST_SQUARES, ONE_OUTPUT, izzo, residuals, woodbury};
use super::masks::{ANY_MODEL, MOST_PARAMETERS};
use super::sgd::applicable;
use super::steps::retraining;
use super::system::System;
use super::{Case, Claim, Domain, Evidence, Outcome, Verdict};
use crate::constants::{Constants, Region};
use crate::data::{Dataset, Design, RowSet};
use crate::error::Result;
use crate::loss::Loss;
use crate::mask::Mask;
use crate::model::Model;
use crate::numeric::enclosure::{operator_norm, singular_values, symmetric_norm};
use crate::numeric::interval::Interval;
use crate::numeric::power::norm_estimate;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::objective::enclosed::Enclosed;
use crate::objective::{Problem, Reduction};
use crate::train::coupling::Normalisation;
use crate::train::plan::{Plan, Step};
use crate::unlearn::features::features;
use nalgebra::DVector;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "guo-theorem-1-perturbed",
            title: "Guo's residual bound with objective perturbation",
            statement: "‖∇L_b(w⁻; D′)‖ ≤ 4γm²C²/(λ²(n−m)) also for b ≠ 0; logistic C = 1, γ = 1/4, times R⁵ for \
                        rows of norm up to R; sum of losses + (λn/2)‖w‖² + ⟨b,w⟩",
            source: "Guo et al. 2020 (arXiv 1911.03030), Theorems 1 and 4 as reported in secondary sources, \
                     applied to the perturbed loss (an acknowledged erratum)",
            theorem: Some("Unlearn.Guo.theorem1_fails"),
            item: "claim::controls::guo_residual",
            expected: Verdict::Refuted,
            domain: Domain { losses: &[Loss::Logistic], ..LEAST_SQUARES },
            check: guo,
            directed: || vec![guo_instance()],
        },
        Claim {
            id: "izzo-algorithm-2",
            title: "leave-k-out residuals as printed in the algorithm",
            statement: "y_U − X_Uθ₋U = (I − T)⁻¹Dr with T_ij = h_ij/(1 − h_jj)",
            source: "Izzo et al. 2021 (arXiv 2002.10077), Algorithm 2 and equation (7)",
            theorem: Some("Unlearn.Misread.izzo_printed_fails"),
            item: "claim::identities::izzo",
            expected: Verdict::Refuted,
            domain: LEAST_SQUARES,
            check: |case| residuals(case, |p, t, f| izzo(p, t, f, Denominator::Other)),
            directed: || vec![izzo_instance()],
        },
        Claim {
            id: "woodbury-scaled-ridge",
            title: "closed-form deletion when the ridge scales with n",
            statement: "θ − A⁻¹X_Uᵀ(I − H_UU)⁻¹r with A = XᵀX + λnI minimises the mean loss of the kept rows \
                        + (λ/2)‖θ‖²",
            source: "a common reading of the Woodbury downdate; no paper states it",
            theorem: Some("Unlearn.Misread.scaled_ridge_fails"),
            item: "unlearn::leave_out::LeaveOut",
            expected: Verdict::Refuted,
            domain: LEAST_SQUARES,
            check: scaled_ridge,
            directed: || vec![scaled_ridge_instance()],
        },
        Claim {
            id: "power-iteration-norm",
            title: "twenty power iterations bound the data's norm",
            statement: "‖X‖₂ ≤ √(‖(XᵀX)²⁰v‖/‖(XᵀX)¹⁹v‖) for a random start v",
            source: "released code of Guo et al. 2020 (facebookresearch/certified-removal, spectral_norm), used \
                     there inside a certificate",
            theorem: None,
            item: "numeric::power::norm_estimate",
            expected: Verdict::Refuted,
            domain: ONE_OUTPUT,
            check: power,
            directed: || vec![power_instance()],
        },
        Claim {
            id: "prop2-sigma",
            title: "largest singular value over unmasked indices",
            statement: "‖H_mm‖ ≤ σ(m) = max{σ_j(∇²ℓ) : m_j ≠ 0}, σ_1 ≥ σ_2 ≥ …",
            source: "the σ(m) of Jia et al. 2023 (arXiv 2304.04934), Proposition 2, taken literally",
            theorem: Some("Unlearn.Refuted.coordinate_sigma_too_small"),
            item: "claim::controls::indexed_by_coordinate",
            expected: Verdict::Refuted,
            domain: ANY_MODEL,
            check: indexed_by_coordinate,
            directed: || vec![sigma_instance()],
        },
    ]
}

/// A directed case: rows one after the other, no bias, mean reduction, start 0; forgets the last `m`.
pub(super) fn instance(loss: Loss, cols: usize, rows: &[f64], targets: &[f64], ridge: f64, m: usize) -> Case {
    let n = targets.len();
    let design = Design::dense(n, cols, rows.to_vec()).expect("sizes agree");
    let data = Dataset::new("directed", design, targets.to_vec()).expect("finite");
    let model = Model::linear(cols, 1, loss, false).expect("one output");
    let problem = Problem::new(data.into(), model, ridge).expect("valid");
    let forget = RowSet::new(n, (n - m..n).collect()).expect("distinct rows");
    let plan = Plan::new(vec![Step { rows: vec![0], eta: 0.125 }], 0.0, ridge).expect("valid");
    Case::new("directed", problem, forget, plan, DVector::zeros(cols), Normalisation::Fixed)
}

/// Rebuilds a case around a changed problem.
pub(super) fn with_problem(case: Case, change: impl FnOnce(Problem) -> Problem) -> Case {
    let problem = change(case.problem);
    let start = DVector::zeros(problem.active());
    Case::new(case.origin, problem, case.forget, case.plan, start, case.normalisation)
}

/// Two rows x = 1, y = 1, λ = 10, b = 2/(1+e²) − 40 in Guo's sum normalisation, so that ŵ = 2; the
/// library divides by n, hence b/2.
fn guo_instance() -> Case {
    let b = 2.0 / (1.0 + 2.0_f64.exp()) - 40.0;
    let case = instance(Loss::Logistic, 1, &[1.0, 1.0], &[1.0, 1.0], 10.0, 1);
    with_problem(case, |p| p.with_perturbation(DVector::from_element(1, b / 2.0)).expect("one entry"))
        .labelled("n = 2, x = 1, y = 1, λ = 10, b = 2/(1+e²) − 40")
}

/// Forgets rows of unequal leverage.
fn izzo_instance() -> Case {
    instance(Loss::Squared, 1, &[1.0, 1.0, 2.0], &[0.0, 1.0, 0.0], 1.0, 2).labelled("unequal leverages")
}

/// λn = 2: θ = 1, deletion in closed form gives 1/3, retraining gives 1/2.
fn scaled_ridge_instance() -> Case {
    instance(Loss::Squared, 1, &[1.0, 1.0], &[1.0, 3.0], 1.0, 1).labelled("one third against one half")
}

fn power_instance() -> Case {
    instance(Loss::Squared, 2, &[1.0, 0.0, 0.0, 0.999], &[0.0, 0.0], 1.0, 1)
        .labelled("singular values 1 and 0.999")
}

/// H = ½·11ᵀ from the rows (1, 1) and (0, 0); keeping the second coordinate only, σ(m) = 0 < ½.
fn sigma_instance() -> Case {
    let case = instance(Loss::Squared, 2, &[1.0, 1.0, 0.0, 0.0], &[0.0, 0.0], 0.0, 1);
    with_problem(case, |p| {
        p.with_mask(Mask::new(&[false, true]).expect("one is kept")).expect("two parameters")
    })
    .labelled("H = ½·11ᵀ, m = (0, 1)")
}

fn guo(case: &Case) -> Result<Outcome> {
    if case.problem.reduction() != Reduction::Mean {
        return Ok(Outcome::NotApplicable("Guo's ridge is proportional to the number of rows".into()));
    }
    applicable((|| {
        let (residual, size) = guo_residual(case)?;
        let (n, m) = (case.problem.rows() as f64, case.forget.len() as f64);
        let rows: Vec<usize> = (0..case.problem.rows()).collect();
        let x = features(&case.problem, &rows)?;
        let norms = x.column_iter().map(|c| Interval::norm(c.as_slice()));
        let largest = norms.fold(Interval::ONE, Interval::max);
        let (m, kept) = (Interval::point(m), Interval::point(n - m));
        // 4γ = 1.
        let bound = largest * largest.square().square() * m.square()
            / (Interval::point(case.problem.ridge()).square() * kept);
        Ok(Outcome::Compared(Evidence::inequality(residual, bound, size)))
    })())
}

/// `‖∇L_b(w⁻; D′)‖` in Guo's normalisation after their Newton step, and the size it is to be judged by.
///
/// Guo: `L_b(w; D) = Σ ℓ_i + (λn/2)‖w‖² + ⟨b, w⟩`, and after removal the ridge is `λ(n−m)` while `b` stays.
/// The library: `L_b/n` on all rows, so its perturbation is `p = b/n`; on the rows kept `L_b(·; D′)/(n−m)`, so
/// there the perturbation is `b/(n−m) = p·n/(n−m)`. Gradients are multiplied back by `n−m`.
///
/// # Errors
/// Those of the fit and of the solve.
pub fn guo_residual(case: &Case) -> Result<(Interval, f64)> {
    let theta = case.fit_precise()?.coordinates();
    let (n, m) = (case.problem.rows() as f64, case.forget.len() as f64);
    let mut removed = case.problem.clone();
    // b·n/(n−m) rounds three times; the gradient and what the step makes of it move by as much.
    let mut rounded = Interval::ZERO;
    if let Some(p) = case.problem.perturbation() {
        let p = p * (n / (n - m));
        rounded = Interval::point(2.0 * f64::EPSILON) * Interval::norm(p.as_slice());
        removed = removed.with_perturbation(p)?;
    }
    let kept = Enclosed::retained(&removed, &case.forget);
    let floats = removed.retained(&case.forget)?;
    let c = Constants::of(&floats, Region::Everywhere);
    let condition = Interval::point(c.smoothness) / Interval::point(c.strong_convexity);
    let moved = ((Interval::ONE + condition) * rounded).hi();
    let g = kept.gradient(&theta);
    let size = norm(&g).mid() * (n - m);
    let step = System::new(kept.clone(), &floats, theta.clone())?
        .solve(&g.into_iter().map(|g| -g).collect::<Vec<_>>());
    let end: Vec<Precise> = theta.into_iter().zip(step.coordinates()).map(|(t, s)| t + s).collect();
    let residual = (norm(&kept.gradient(&end)) + Interval::around(0.0, moved)).nonnegative();
    Ok((residual * Interval::point(n - m), size))
}

fn scaled_ridge(case: &Case) -> Result<Outcome> {
    if case.problem.reduction() != Reduction::Mean {
        return Ok(Outcome::NotApplicable("under the sum reduction the ridge does not scale".into()));
    }
    // Dividing XᵀX + λnI by n gives the mean objective's Hessian: the same formula.
    retraining(case, woodbury)
}

fn power(case: &Case) -> Result<Outcome> {
    let rows: Vec<usize> = (0..case.problem.rows()).collect();
    let x = features(&case.problem, &rows)?;
    if x.norm() == 0.0 {
        return Ok(Outcome::NotApplicable("every feature is 0".into()));
    }
    // What the method says is the float it returns.
    let claimed = Interval::point(norm_estimate(&x, 20, 0));
    Ok(Outcome::Compared(Evidence::inequality(operator_norm(&x), claimed, x.norm())))
}

/// `‖H_mm‖` against the largest `σ_j` whose *index* is an unmasked coordinate.
///
/// # Errors
/// None of its own.
pub fn indexed_by_coordinate(case: &Case) -> Result<Outcome> {
    let mask = case.problem.mask();
    let d = mask.parameters();
    if d > MOST_PARAMETERS {
        return Ok(Outcome::NotApplicable(format!("{d} parameters, more than {MOST_PARAMETERS}")));
    }
    let dense = case.problem.clone().with_mask(Mask::full(d))?;
    let at = mask.embed(&case.start);
    let whole = dense.full().risk_hessian(&at);
    if whole.norm() == 0.0 {
        return Ok(Outcome::NotApplicable("the Hessian is 0".into()));
    }
    let off = Enclosed::full(&dense).hessian_error(&at, &whole, true);
    let sigma: Vec<Interval> =
        singular_values(&whole).into_iter().map(|s| (s + Interval::around(0.0, off)).nonnegative()).collect();
    let claimed = mask.active().iter().map(|&j| sigma[j]).fold(Interval::ZERO, Interval::max);
    let pruned = case.problem.full().risk_hessian(&case.start);
    let off = Enclosed::full(&case.problem).hessian_error(&case.start, &pruned, true);
    let measured = (symmetric_norm(&pruned) + Interval::around(0.0, off)).nonnegative();
    Ok(Outcome::Compared(Evidence::inequality(measured, claimed, whole.norm())))
}
