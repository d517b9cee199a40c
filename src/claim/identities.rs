//! Identities of least squares and generalised linear models: deletion in closed form, leave-k-out
//! residuals, projective updates. Retraining keeps the weights of the kept rows and λ as they are.

use super::fixed::{Fixed, Formula, agree, same, singular};
use super::leave_out::{ExactLeaveOut, project};
use super::sgd::applicable;
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::numeric::solve::{dot, eliminate_vector};
use crate::numeric::span::Span;
use crate::objective::{Problem, Reduction};
use crate::unlearn::leave_out::{LeaveOut, leave_out_residuals};
use crate::unlearn::projective::projective_update;
use crate::unlearn::ridge_deletion::RidgeDeletion;
use crate::unlearn::{Request, Trained, Unlearner};
use nalgebra::{DMatrix, DVector};

pub(crate) const LEAST_SQUARES: Domain = Domain {
    losses: &[Loss::Squared],
    depth: Depth::Linear,
    masks: true,
    momentum: false,
    run: false,
    wide: false,
};

pub(crate) const ONE_OUTPUT: Domain = Domain { losses: &[Loss::Squared, Loss::Logistic], ..LEAST_SQUARES };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "woodbury-deletion",
            title: "ridge deletion in closed form",
            statement: "θ₋U = θ − wA⁻¹X_Uᵀ(I − H_UU)⁻¹(y_U − X_Uθ), A = wXᵀX + λI, H_UU = wX_U A⁻¹X_Uᵀ, \
                        λ and the weight w of a row unchanged",
            source: "classical (Sherman, Morrison, Woodbury)",
            theorem: Some("Unlearn.Ridge.ridge_removal_exact"),
            item: "unlearn::ridge_deletion::RidgeDeletion",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| all([woodbury_exact(case)?, deletion(case, woodbury)?, shipped(case)?]),
            directed: Vec::new,
        },
        Claim {
            id: "leave-k-out-residuals",
            title: "residuals of forgotten rows without retraining",
            statement: "y_U − X_Uθ₋U = (I − H_UU)⁻¹r = (I − T)⁻¹Dr, r = y_U − X_Uθ, D = diag(1/(1−h_ii)), \
                        T_ij = h_ij/(1−h_ii) for i ≠ j",
            source: "Izzo et al. 2021 (arXiv 2002.10077), Theorem 2 with equation (6); fixed ridge as in its appendix C",
            theorem: Some("Unlearn.Removal.leave_k_out_residual"),
            item: "unlearn::leave_out::leave_out_residuals",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| all([residuals_exact(case)?, residuals(case, leave_out_residuals)?]),
            directed: Vec::new,
        },
        Claim {
            id: "projective-update",
            title: "projective residual update is a projection",
            statement: "θ_res = θ + P(θ₋U − θ), P onto span(x_U); logistic: θ_res = θ + P·(Newton step)",
            source: "Izzo et al. 2021 (arXiv 2002.10077), Theorems 1 and 5",
            theorem: Some("Unlearn.Removal.projective_update_exact"),
            item: "unlearn::projective::projective_update",
            expected: Verdict::Holds,
            domain: ONE_OUTPUT,
            check: |case| both(projected_exact(case)?, projected(case, projective_update)?),
            directed: Vec::new,
        },
        Claim {
            id: "projective-not-worse",
            title: "projective residual update never hurts",
            statement: "‖θ_res − θ₋U‖ ≤ ‖θ − θ₋U‖ for least squares",
            source: "follows from Izzo et al. 2021 (arXiv 2002.10077), Theorem 1",
            theorem: Some("Unlearn.Removal.projective_update_better"),
            item: "unlearn::projective::projective_update",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| both(not_worse_exact(case)?, not_worse(case, projective_update)?),
            directed: Vec::new,
        },
    ]
}

/// `θ + δ` of [`LeaveOut`].
pub fn woodbury(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<DVector<f64>> {
    Ok(theta + LeaveOut::new(problem, theta, forget)?.step())
}

/// The removal method, where it serves the request: under the sum reduction.
fn shipped(case: &Case) -> Result<Outcome> {
    if case.problem.reduction() != Reduction::Sum {
        return Ok(Outcome::NotApplicable("the method refuses the mean reduction".into()));
    }
    let trained = Trained::Minimiser(case.fit()?);
    let request = Request { problem: &case.problem, forget: &case.forget, trained };
    let theta = RidgeDeletion.remove(&request)?.theta;
    deletion(case, move |_, _, _| Ok(theta.clone()))
}

/// Whose leverage divides `h_ij` in `T`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denominator {
    /// `h_ij/(1 − h_ii)`: equation (6) of Izzo et al. 2021.
    Own,
    /// `h_ij/(1 − h_jj)`: their equation (7) and Algorithm 2 as printed.
    Other,
}
use Denominator::{Other, Own};

/// `(I − T)⁻¹D r` with either reading of `T`.
///
/// # Errors
/// As [`LeaveOut::new`].
pub fn izzo(
    problem: &Problem,
    theta: &DVector<f64>,
    forget: &RowSet,
    denominator: Denominator,
) -> Result<DVector<f64>> {
    let out = LeaveOut::new(problem, theta, forget)?;
    let h = out.leverages();
    let left = |i: usize| 1.0 - h[(i, i)];
    let matrix = DMatrix::from_fn(h.nrows(), h.nrows(), |i, j| match (i == j, denominator) {
        (true, _) => 1.0,
        (false, Own) => -h[(i, j)] / left(i),
        (false, Other) => -h[(i, j)] / left(j),
    });
    let scaled = DVector::from_fn(h.nrows(), |i, _| out.residuals()[i] / left(i));
    // A singular matrix means that the formula has no value: reported as infinitely wrong.
    Ok(matrix.lu().solve(&scaled).unwrap_or_else(|| DVector::from_element(h.nrows(), f64::MAX)))
}

/// Both sides of Woodbury's deletion, enclosed.
fn woodbury_exact(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let out = ExactLeaveOut::new(&case.problem, &fixed.theta.coordinates(), &case.forget)?;
        Ok(same(&fixed.theta.plus(&out.step()?), &fixed.retrained, fixed.size))
    })())
}

/// `(I − H_UU)⁻¹r` and `(I − T)⁻¹Dr` against `y_U − X_Uθ₋U`, all enclosed.
fn residuals_exact(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let out = ExactLeaveOut::new(&case.problem, &fixed.theta.coordinates(), &case.forget)?;
        let (exact, size) = residuals_after(case, &fixed);
        let m = out.gram.len();
        let h = |i: usize, j: usize| out.weight * out.gram[i][j];
        let left: Vec<Precise> = (0..m).map(|i| Precise::ONE - h(i, i)).collect();
        let entry = |i: usize, j: usize| if i == j { Precise::ONE } else { -(h(i, j) / left[i]) };
        let t = (0..m).map(|i| (0..m).map(|j| entry(i, j)).collect()).collect();
        let scaled: Vec<Precise> = out.slope.iter().zip(&left).map(|(s, l)| -*s / *l).collect();
        let izzo = eliminate_vector(t, &scaled).ok_or_else(|| singular("I − T"))?;
        both(same(&out.residuals()?, &exact, size), same(&Located::enclosed(izzo), &exact, size))
    })())
}

/// `y_U − X_Uθ₋U` and its size.
fn residuals_after(case: &Case, fixed: &Fixed<'_>) -> (Located, f64) {
    let x = fixed.out.features();
    let theta = fixed.retrained.coordinates();
    let after = |(j, &i): (usize, &usize)| {
        Precise::exact(case.problem.target()[i]) - dot(x.column(j).as_slice(), &theta)
    };
    let exact: Vec<Precise> = case.forget.rows().iter().enumerate().map(after).collect();
    let y: f64 = case.forget.rows().iter().map(|&i| case.problem.target()[i].abs()).sum();
    (Located::enclosed(exact), y + x.norm() * fixed.size)
}

/// `θ + P(θ₋U − θ)` or `θ + P·(Newton step)`, enclosed, and how much the step adds to the sizes compared.
fn projection(case: &Case, fixed: &Fixed<'_>) -> Result<(Located, f64)> {
    let theta = fixed.theta.coordinates();
    let change: Vec<Precise> = if case.problem.model().loss() == Loss::Squared {
        fixed.retrained.coordinates().into_iter().zip(&theta).map(|(a, b)| a - *b).collect()
    } else {
        super::steps::exact_step(&case.problem, &theta, &case.forget)?.coordinates()
    };
    let projected = project(fixed.out.features(), &change)?;
    Ok((fixed.theta.plus(&Located::enclosed(projected)), norm(&change).mid()))
}

/// The shortest change of `θ` that gives the forgotten rows the outputs of retraining, against the projection;
/// both enclosed.
fn projected_exact(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let theta = fixed.theta.coordinates();
        // X_Uδ without retraining; P δ is the shortest vector with X_U(Pδ) = X_Uδ.
        let change = ExactLeaveOut::new(&case.problem, &theta, &case.forget)?.step()?.coordinates();
        let update = fixed.theta.plus(&Located::enclosed(project(fixed.out.features(), &change)?));
        let (exact, moved) = projection(case, &fixed)?;
        Ok(same(&update, &exact, fixed.size + moved))
    })())
}

fn not_worse_exact(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let left = projection(case, &fixed)?.0.distance(&fixed.retrained);
        let right = fixed.theta.distance(&fixed.retrained);
        Ok(Outcome::Compared(Evidence::inequality(left, right, fixed.size)))
    })())
}

/// Does a formula give the retrained least-squares solution?
///
/// # Errors
/// Those of the fits and of the formula.
pub fn deletion(
    case: &Case,
    formula: impl Fn(&Problem, &DVector<f64>, &RowSet) -> Result<DVector<f64>>,
) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let candidate = formula(&case.problem, fixed.computed, &case.forget)?;
        Ok(agree(&candidate, &fixed.retrained, fixed.float_size))
    })())
}

/// Does a formula give the residuals of the forgotten rows under the retrained solution?
///
/// # Errors
/// Those of the fits and of the formula.
pub fn residuals(
    case: &Case,
    formula: impl Fn(&Problem, &DVector<f64>, &RowSet) -> Result<DVector<f64>>,
) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let candidate = formula(&case.problem, fixed.computed, &case.forget)?;
        let (exact, size) = residuals_after(case, &fixed);
        Ok(agree(&candidate, &exact, size * (fixed.float_size / fixed.size)))
    })())
}

/// Is a formula's result `θ + P(θ₋U − θ)` (least squares) or `θ + P·(Newton step)` (logistic)?
///
/// # Errors
/// Those of the fits and of the formula.
pub fn projected(case: &Case, formula: Formula) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let candidate = formula(&case.problem, fixed.computed, &case.forget)?;
        let (exact, moved) = projection(case, &fixed)?;
        let condition = Span::of_columns(fixed.out.features())?.condition();
        let size = fixed.float_size * (1.0 + moved / fixed.size) * condition;
        Ok(agree(&candidate, &exact, size))
    })())
}

/// Is a formula's result at most as far from the retrained solution as `θ`?
///
/// # Errors
/// Those of the fits and of the formula.
pub fn not_worse(case: &Case, formula: Formula) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let candidate = Located::at(&formula(&case.problem, fixed.computed, &case.forget)?);
        let condition = Span::of_columns(fixed.out.features())?.condition();
        let left = candidate.distance(&fixed.retrained);
        let right = fixed.theta.distance(&fixed.retrained);
        Ok(Outcome::Compared(Evidence::inequality(left, right, fixed.float_size * condition)))
    })())
}

/// The outcome of several that speaks most against the claim.
fn all<const N: usize>(outcomes: [Outcome; N]) -> Result<Outcome> {
    let silent = Outcome::NotApplicable("nothing could be compared".into());
    outcomes.into_iter().try_fold(silent, both)
}

/// The outcome that speaks more against the claim.
pub(crate) fn both(a: Outcome, b: Outcome) -> Result<Outcome> {
    Ok(match (a, b) {
        (Outcome::Compared(a), Outcome::Compared(b)) => Outcome::Compared(Evidence::worse(a, b)),
        (Outcome::Compared(a), _) | (_, Outcome::Compared(a)) => Outcome::Compared(a),
        (a, _) => a,
    })
}
