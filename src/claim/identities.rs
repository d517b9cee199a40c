//! Identities of least squares and generalised linear models: deletion in closed form, leave-k-out
//! residuals, projective updates. Retraining keeps the weights of the kept rows and λ as they are.

use super::fixed::{Fixed, Formula, agree, at_most};
use super::sgd::applicable;
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::tolerance::tol;
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
            check: |case| both(deletion(case, woodbury)?, shipped(case)?),
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
            check: |case| {
                both(residuals(case, leave_out_residuals)?, residuals(case, |p, t, f| izzo(p, t, f, Own))?)
            },
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
            check: |case| projected(case, projective_update),
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
            check: |case| not_worse(case, projective_update),
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
        let candidate = formula(&case.problem, fixed.theta, &case.forget)?;
        Ok(agree(&candidate, &fixed.retrained, fixed.allowance))
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
        let candidate = formula(&case.problem, fixed.theta, &case.forget)?;
        let x = fixed.out.features();
        let y =
            DVector::from_iterator(x.ncols(), case.forget.rows().iter().map(|&i| case.problem.target()[i]));
        let exact = &y - x.tr_mul(&fixed.retrained);
        // The residuals themselves round like y and X_Uθ, then move as the solutions do.
        let terms = case.problem.rows() + case.problem.active();
        let allowance = tol(terms, fixed.kappa) * (y.norm() + exact.norm()) + x.norm() * fixed.allowance;
        Ok(agree(&candidate, &exact, allowance))
    })())
}

/// Is a formula's result `θ + P(θ₋U − θ)` (least squares) or `θ + P·(Newton step)` (logistic)?
///
/// # Errors
/// Those of the fits and of the formula.
pub fn projected(case: &Case, formula: Formula) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let candidate = formula(&case.problem, fixed.theta, &case.forget)?;
        let change = if case.problem.model().loss() == Loss::Squared {
            &fixed.retrained - fixed.theta
        } else {
            super::steps::dense_step(&case.problem, fixed.theta, &case.forget)?
        };
        let (basis, condition) = gram_schmidt(fixed.out.features());
        let exact = fixed.theta + &basis * basis.tr_mul(&change);
        let terms = case.problem.rows() + case.problem.active();
        let size = fixed.theta.norm() + change.norm();
        let allowance = tol(terms, fixed.kappa * condition) * size + fixed.allowance;
        Ok(agree(&candidate, &exact, allowance))
    })())
}

/// Is a formula's result at most as far from the retrained solution as `θ`?
///
/// # Errors
/// Those of the fits and of the formula.
pub fn not_worse(case: &Case, formula: Formula) -> Result<Outcome> {
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let candidate = formula(&case.problem, fixed.theta, &case.forget)?;
        let (_, condition) = gram_schmidt(fixed.out.features());
        let left = (candidate - &fixed.retrained).norm();
        let right = (fixed.theta - &fixed.retrained).norm();
        Ok(Outcome::Compared(at_most(left, right, fixed.allowance * condition)))
    })())
}

/// The outcome that speaks more against the claim.
pub(crate) fn both(a: Outcome, b: Outcome) -> Result<Outcome> {
    Ok(match (a, b) {
        (Outcome::Compared(a), Outcome::Compared(b)) => Outcome::Compared(Evidence::worse(a, b)),
        (Outcome::Compared(a), _) | (_, Outcome::Compared(a)) => Outcome::Compared(a),
        (a, _) => a,
    })
}

/// An orthonormal basis of the columns' span by Gram–Schmidt, done twice, with the ratio of the longest
/// column to the shortest new direction. Independent of the decomposition the library uses.
fn gram_schmidt(x: &DMatrix<f64>) -> (DMatrix<f64>, f64) {
    let longest = x.column_iter().map(|c| c.norm()).fold(0.0, f64::max);
    let mut basis: Vec<DVector<f64>> = Vec::new();
    let mut shortest = longest;
    for column in x.column_iter() {
        let mut v = column.clone_owned();
        for _ in 0..2 {
            for b in &basis {
                v.axpy(-b.dot(&v), b, 1.0);
            }
        }
        if v.norm() > tol(x.nrows().max(x.ncols()), 1.0) * longest {
            shortest = shortest.min(v.norm());
            basis.push(v.normalize());
        }
    }
    let condition = if basis.is_empty() { 1.0 } else { longest / shortest };
    let matrix = DMatrix::from_fn(x.nrows(), basis.len(), |i, j| basis[j][i]);
    (matrix, condition)
}
