//! Datamodels of ridge regression: the group oracle, single deletions, and what adding single deletions up misses.

use super::controls::instance;
use super::controls::with_problem;
use super::fixed::{Fixed, agree, same};
use super::identities::{LEAST_SQUARES, both};
use super::leave_out::ExactLeaveOut;
use super::sgd::applicable;
use super::{Case, Claim, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::solve::dot;
use crate::objective::Reduction;
use crate::unlearn::datamodel::Datamodels;
use crate::unlearn::features::features;
use nalgebra::DVector;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let source = "Georgiev et al. 2024 (arXiv 2410.23232), Algorithm A.2 in the authors' copy; closed form derived here";
    vec![
        Claim {
            id: "datamodel-oracle",
            title: "the oracle of datamodel matching in closed form",
            statement: "f_x(θ₋F) = f_x(θ) − wxᵀA⁻¹X_Fᵀ(I − H_FF)⁻¹e_F for every row x; on F it is y_F − (I − H_FF)⁻¹e_F, which \
                        are MUSO's labels; λ and the weight w of a row unchanged",
            source: "derived here (Woodbury's identity)",
            theorem: Some("Unlearn.Ridge.ridge_removal_exact"),
            item: "unlearn::datamodel::Datamodels",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| both(oracle_exact(case)?, oracle(case, Datamodels::oracle)?),
            directed: Vec::new,
        },
        Claim {
            id: "datamodel-direct-single",
            title: "datamodel subtraction is exact for one row",
            statement: "θ − wA⁻¹x_ie_i/(1 − h_ii) = θ₋i for one forgotten row, λ and weights unchanged",
            source,
            theorem: Some("Unlearn.Ridge.ridge_removal_exact"),
            item: "unlearn::datamodel::Datamodels",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| {
                let one = single(case)?;
                both(direct_exact(&one, leverage)?, oracle(&one, |dm| dm.direct(1.0))?)
            },
            directed: Vec::new,
        },
        Claim {
            id: "datamodel-direct-error",
            title: "what datamodel subtraction misses",
            statement: "θ_DM − θ₋F = wA⁻¹X_Fᵀ[(I − H_FF)⁻¹ − (I − diag H_FF)⁻¹]e_F, θ_DM = θ − Σ_F wA⁻¹x_ie_i/(1 − h_ii)",
            source: "derived here",
            theorem: None,
            item: "unlearn::datamodel::Datamodels",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| both(error_exact(case)?, subtraction(case)?),
            directed: Vec::new,
        },
        Claim {
            id: "datamodel-direct-groups",
            title: "datamodel subtraction for groups",
            statement: "θ − Σ_F wA⁻¹x_ie_i/(1 − h_ii) = θ₋F for several forgotten rows",
            source: "additivity of datamodels, taken for exact (Georgiev et al. 2024, arXiv 2410.23232, DM-Direct)",
            theorem: None,
            item: "unlearn::datamodel::Datamodels",
            expected: Verdict::Refuted,
            domain: LEAST_SQUARES,
            check: |case| direct_exact(case, leverage),
            directed: || vec![two_of_three(2)],
        },
        Claim {
            id: "influence-is-datamodel",
            title: "the influence function as a single-deletion datamodel",
            statement: "θ − wA⁻¹x_ie_i = θ₋i for one forgotten row",
            source: "a frequent confusion of influence with deletion; the leverage is missing",
            theorem: None,
            item: "claim::datamodel::no_leverage",
            expected: Verdict::Refuted,
            domain: LEAST_SQUARES,
            check: |case| direct_exact(&single(case)?, no_leverage),
            directed: || vec![two_of_three(1)],
        },
    ]
}

/// x = 1, 1, 1 and y = 1, 3, 5, sum, λ = 1: θ = 9/4, without the last row 4/3, without the last two ½.
fn two_of_three(forgotten: usize) -> Case {
    let case = instance(Loss::Squared, 1, &[1.0; 3], &[1.0, 3.0, 5.0], 1.0, forgotten);
    with_problem(case, |p| p.with_reduction(Reduction::Sum)).labelled("three rows at 1")
}

/// The case with its first forgotten row alone.
fn single(case: &Case) -> Result<Case> {
    let forget = RowSet::new(case.problem.rows(), case.forget.rows()[..1].to_vec())?;
    let (problem, plan, start) = (case.problem.clone(), case.plan.clone(), case.start.clone());
    Ok(Case::new(case.origin.clone(), problem, forget, plan, start, case.normalisation))
}

/// `f_x` at every row, and at most how much larger than the parameters outputs are.
fn outputs(case: &Case, theta: &[Precise]) -> Result<(Located, f64)> {
    let rows: Vec<usize> = (0..case.problem.rows()).collect();
    let x = features(&case.problem, &rows)?;
    let z = x.column_iter().map(|x| dot(x.as_slice(), theta)).collect();
    Ok((Located::enclosed(z), 1.0 + x.norm()))
}

fn oracle_exact(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let out = ExactLeaveOut::new(&case.problem, &fixed.theta.coordinates(), &case.forget)?;
        let retrained = fixed.retrained.coordinates();
        let (before, reach) = outputs(case, &fixed.theta.coordinates())?;
        let (change, _) = outputs(case, &out.step()?.coordinates())?;
        let (after, _) = outputs(case, &retrained)?;
        let everywhere = same(&before.plus(&change), &after, fixed.size * reach);
        let y: Vec<Precise> =
            case.forget.rows().iter().map(|&i| Precise::exact(case.problem.target()[i])).collect();
        let size = fixed.size * reach + y.iter().map(|y| y.float().abs()).sum::<f64>();
        let labels = y.iter().zip(out.residuals()?.coordinates()).map(|(y, r)| *y - r).collect();
        let wanted = out.x.column_iter().map(|x| dot(x.as_slice(), &retrained)).collect();
        both(everywhere, same(&Located::enclosed(labels), &Located::enclosed(wanted), size))
    })())
}

/// Does something made of the library's datamodels give the retrained solution?
///
/// # Errors
/// Those of the fits.
pub fn oracle(case: &Case, of: fn(&Datamodels) -> DVector<f64>) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let dm = Datamodels::new(&case.problem, fixed.computed, &case.forget)?;
        Ok(agree(&of(&dm), &fixed.retrained, fixed.float_size))
    })())
}

/// What a residual is divided by: `1 − h_ii`.
pub(crate) fn leverage(h: Precise) -> Precise {
    Precise::ONE - h
}

/// Nothing: the influence function.
pub(crate) fn no_leverage(_: Precise) -> Precise {
    Precise::ONE
}

/// `Σ_F wA⁻¹x_ie_i/divisor(h_ii)`.
fn subtracted(out: &ExactLeaveOut, divisor: fn(Precise) -> Precise) -> Vec<Precise> {
    let share = |i: usize| -(out.weight * out.slope[i] / divisor(out.weight * out.gram[i][i]));
    let shares: Vec<Precise> = (0..out.gram.len()).map(share).collect();
    let at = |p: usize| out.solved.iter().zip(&shares).fold(Precise::ZERO, |s, (v, c)| s + v[p] * *c);
    (0..out.x.nrows()).map(at).collect()
}

/// `θ − Σ_F wA⁻¹x_ie_i/divisor(h_ii)`, enclosed.
fn direct(fixed: &Fixed<'_>, out: &ExactLeaveOut, divisor: fn(Precise) -> Precise) -> Located {
    let minus = subtracted(out, divisor).into_iter().map(|s| -s).collect();
    fixed.theta.plus(&Located::enclosed(minus))
}

/// Does subtracting single deletions give the retrained solution? Enclosed.
///
/// # Errors
/// Those of the fits.
pub(crate) fn direct_exact(case: &Case, divisor: fn(Precise) -> Precise) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let out = ExactLeaveOut::new(&case.problem, &fixed.theta.coordinates(), &case.forget)?;
        Ok(same(&direct(&fixed, &out, divisor), &fixed.retrained, fixed.size))
    })())
}

/// The error of subtraction against its formula, enclosed: `θ_DM` from single deletions, `θ₋F` from retraining.
fn error_exact(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let out = ExactLeaveOut::new(&case.problem, &fixed.theta.coordinates(), &case.forget)?;
        let difference = |a: &[Precise], b: &[Precise]| a.iter().zip(b).map(|(a, b)| *a - *b).collect();
        // wA⁻¹X_Fᵀ(I − H_FF)⁻¹e_F is minus the step of the group, wA⁻¹X_Fᵀ(I − diag H_FF)⁻¹e_F what is subtracted.
        let group: Vec<Precise> = out.step()?.coordinates().into_iter().map(|s| -s).collect();
        let formula: Vec<Precise> = difference(&group, &subtracted(&out, leverage));
        let measured: Vec<Precise> =
            difference(&direct(&fixed, &out, leverage).coordinates(), &fixed.retrained.coordinates());
        Ok(same(&Located::enclosed(measured), &Located::enclosed(formula), fixed.size))
    })())
}

/// The library's `θ_DM` against the exact one.
fn subtraction(case: &Case) -> Result<Outcome> {
    subtracts(case, |dm| dm.direct(1.0))
}

/// Does something made of the library's datamodels give `θ_DM`?
///
/// # Errors
/// Those of the fits.
pub fn subtracts(case: &Case, of: fn(&Datamodels) -> DVector<f64>) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let out = ExactLeaveOut::new(&case.problem, &fixed.theta.coordinates(), &case.forget)?;
        let dm = Datamodels::new(&case.problem, fixed.computed, &case.forget)?;
        // A row of leverage near 1 divides by what is left of it, as the group does.
        Ok(agree(&of(&dm), &direct(&fixed, &out, leverage), fixed.float_size))
    })())
}
