//! Identities between Newton steps, influence steps and leave-one-out predictions.
//!
//! `A = ∇²F(θ)` on all rows, `H` without the forgotten ones (weights and λ unchanged), `g = Σ_U w∇ℓ`:
//! the Newton step is `H⁻¹g`, the influence step (infinitesimal jackknife) `A⁻¹g`.

use super::fixed::{Ends, Formula, agree, kept_objective, only};
use super::identities::{ONE_OUTPUT, both};
use super::sgd::applicable;
use super::{Case, Claim, Domain, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::numeric::tolerance::tol;
use crate::objective::Problem;
use crate::unlearn::features::features;
use crate::unlearn::leave_out::{LeaveOut, derivatives, leave_one_out_outputs};
use nalgebra::{DMatrix, DVector};

/// Rows looked at one by one; more say nothing new.
pub(crate) const MOST_ROWS: usize = 8;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "newton-low-rank",
            title: "the Newton step from the full Hessian",
            statement: "H⁻¹g = wA⁻¹X_Uᵀ(I − wSG)⁻¹ℓ′, G = X_U A⁻¹X_Uᵀ, S = diag(ℓ″)",
            source: "classical (Sherman, Morrison, Woodbury)",
            theorem: Some("Unlearn.Removal.woodbury"),
            item: "unlearn::leave_out::LeaveOut",
            expected: Verdict::Holds,
            domain: ONE_OUTPUT,
            check: |case| newton_step(case, |p, t, f| Ok(LeaveOut::new(p, t, f)?.step().clone())),
            directed: Vec::new,
        },
        Claim {
            id: "newton-minus-influence",
            title: "what the influence step misses",
            statement: "H⁻¹g − A⁻¹g = H⁻¹H_U A⁻¹g, H_U = A − H",
            source: "derived here",
            theorem: Some("Unlearn.Influence.newton_minus_influence"),
            item: "claim::steps::difference",
            expected: Verdict::Holds,
            domain: Domain { losses: &Loss::ALL, ..ONE_OUTPUT },
            check: |case| difference(case, 1.0),
            directed: Vec::new,
        },
        Claim {
            id: "influence-rescaled",
            title: "influence underestimates by one minus leverage",
            statement: "H⁻¹g = A⁻¹g/(1−h), h = wℓ″xᵀA⁻¹x, for one row, sum reduction or fixed weights",
            source: "derived here; the rescaling of Rubinstein and Hopkins 2025 (arXiv 2506.06656)",
            theorem: Some("Unlearn.Influence.rank_one_leverage"),
            item: "claim::steps::rescaled",
            expected: Verdict::Holds,
            domain: ONE_OUTPUT,
            check: |case| rescaled(case, |h| 1.0 / (1.0 - h)),
            directed: Vec::new,
        },
        Claim {
            id: "alo-newton",
            title: "approximate leave-one-out is a Newton step",
            statement: "z_i + q_iℓ′_i/(1 − q_iℓ″_i) = xᵢᵀ(θ + H⁻¹wℓ′_i x_i), q_i = wxᵢᵀA⁻¹xᵢ",
            source: "Rahnama Rad and Maleki 2020 (arXiv 1801.10243), recalled",
            theorem: None,
            item: "unlearn::leave_out::leave_one_out_outputs",
            expected: Verdict::Holds,
            domain: ONE_OUTPUT,
            check: |case| leave_one_out(case, leave_one_out_outputs),
            directed: Vec::new,
        },
    ]
}

/// `H⁻¹g` with the Hessian without the forgotten rows formed and factored.
pub(crate) fn dense_step(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<DVector<f64>> {
    let g = only(problem, |i| forget.contains(i))?.risk_gradient(theta);
    let h = kept_objective(problem, forget)?.hessian(theta);
    Ok(Cholesky::new(h, "the Hessian without the forgotten rows")?.solve(&g))
}

/// Does a formula give the exactly retrained minimiser, under the problem's own reduction?
///
/// # Errors
/// Those of the fits and of the formula.
pub fn retraining(case: &Case, formula: Formula) -> Result<Outcome> {
    applicable((|| {
        let (fit, refit) = (case.fit()?, case.refit()?);
        let candidate = formula(&case.problem, &fit.theta, &case.forget)?;
        let h = Ends::of(&case.problem.retained(&case.forget)?.hessian(&refit.theta))?;
        let terms = case.problem.rows() + case.problem.active();
        let allowance = tol(terms, h.condition()) * (fit.theta.norm() + refit.theta.norm())
            + (fit.residual_bound() + refit.residual_bound()) / h.least;
        Ok(agree(&candidate, &refit.theta, allowance))
    })())
}

/// Does a formula give the Newton step `H⁻¹g`, at the fit and at the case's start?
///
/// # Errors
/// Those of the fit and of the formula.
pub fn newton_step(case: &Case, formula: Formula) -> Result<Outcome> {
    let at = |theta: &DVector<f64>| {
        applicable((|| {
            let (p, forget) = (&case.problem, &case.forget);
            let exact = dense_step(p, theta, forget)?;
            let a = Ends::of(&p.full().hessian(theta))?;
            let h = Ends::of(&kept_objective(p, forget)?.hessian(theta))?;
            let candidate = formula(p, theta, forget)?;
            let left = {
                let leverages = LeaveOut::new(p, theta, forget)?;
                let m = leverages.leverages().nrows();
                Ends::of(&(DMatrix::identity(m, m) - leverages.leverages()))?.least.min(1.0)
            };
            let kappa = a.condition() / left + h.condition();
            let size = theta.norm() + exact.norm() + gradient_size(p, theta, forget)? / a.least;
            Ok(agree(&candidate, &exact, tol(p.rows() + p.active(), kappa) * size))
        })())
    };
    both(at(&case.fit()?.theta)?, at(&case.start)?)
}

/// `Σ_U w‖∇ℓ‖`, of which `g` may be a small difference.
fn gradient_size(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<f64> {
    Ok(only(problem, |i| forget.contains(i))?.gradient_mass(theta))
}

/// Is `H⁻¹g − A⁻¹g` equal to `share · H⁻¹H_U A⁻¹g`? The claim has `share = 1`.
///
/// # Errors
/// Those of the fit.
pub fn difference(case: &Case, share: f64) -> Result<Outcome> {
    applicable((|| {
        let (p, theta) = (&case.problem, &case.fit()?.theta);
        let forgotten = only(p, |i| case.forget.contains(i))?;
        let (g, h_u) = (forgotten.risk_gradient(theta), forgotten.risk_hessian(theta));
        let (h, a) = (kept_objective(p, &case.forget)?.hessian(theta), p.full().hessian(theta));
        let (h_ends, a_ends) = (Ends::of(&h)?, Ends::of(&a)?);
        let h = Cholesky::new(h, "the Hessian without the forgotten rows")?;
        let influence = Cholesky::new(a, "the Hessian on all rows")?.solve(&g);
        let step = h.solve(&g);
        let right = h.solve(&(&h_u * &influence)) * share;
        // A change of the influence step reaches the right side times ‖H⁻¹H_U‖.
        let carried = (h_u.norm() / h_ends.least).max(1.0);
        let kappa = h_ends.condition() + a_ends.condition() * carried;
        let size = step.norm() + influence.norm() + right.norm();
        Ok(agree(&(step - influence), &right, tol(p.rows() + p.active(), kappa) * size))
    })())
}

/// Is the Newton step of one row its influence step times `factor(h)`? The claim has `1/(1−h)`.
///
/// # Errors
/// Those of the fit.
pub fn rescaled(case: &Case, factor: fn(f64) -> f64) -> Result<Outcome> {
    row_by_row(case, |one| Ok(agree(&one.newton, &(&one.influence * factor(one.leverage)), one.allowance)))
}

/// Do a formula's outputs equal `xᵢᵀ(θ + Newton step of row i)`?
///
/// # Errors
/// Those of the fit and of the formula.
pub fn leave_one_out(
    case: &Case,
    formula: fn(&Problem, &DVector<f64>) -> Result<DVector<f64>>,
) -> Result<Outcome> {
    let theta = &case.fit()?.theta;
    let outputs = formula(&case.problem, theta)?;
    row_by_row(case, |one| {
        let exact = one.x.dot(&(theta + &one.newton));
        let terms = one.x.len() + case.problem.rows();
        let allowance = one.x.norm() * (one.allowance + tol(terms, 1.0) * theta.norm());
        Ok(agree(&DVector::from_element(1, outputs[one.row]), &DVector::from_element(1, exact), allowance))
    })
}

/// One forgotten row on its own, with both steps from factored matrices.
struct One {
    row: usize,
    x: DVector<f64>,
    leverage: f64,
    newton: DVector<f64>,
    influence: DVector<f64>,
    allowance: f64,
}

fn row_by_row(case: &Case, compare: impl Fn(&One) -> Result<Outcome>) -> Result<Outcome> {
    let (p, theta) = (&case.problem, &case.fit()?.theta);
    let mut worst = Outcome::NotApplicable("no row could be left out".into());
    for &row in case.forget.rows().iter().take(MOST_ROWS) {
        let single = RowSet::new(p.rows(), vec![row])?;
        let outcome = applicable((|| {
            let x = features(p, &[row])?.column(0).clone_owned();
            let (_, bend) = derivatives(p, &[row], &DVector::from_element(1, x.dot(theta)));
            let a = p.full().hessian(theta);
            let (a_ends, h_ends) = (Ends::of(&a)?, Ends::of(&kept_objective(p, &single)?.hessian(theta))?);
            let a = Cholesky::new(a, "the Hessian on all rows")?;
            let leverage = p.full().weights()[row] * bend[0] * x.dot(&a.solve(&x));
            let influence = a.solve(&only(p, |i| i == row)?.risk_gradient(theta));
            let newton = dense_step(p, theta, &single)?;
            let kappa = h_ends.condition() + a_ends.condition() / (1.0 - leverage).max(f64::EPSILON);
            let size = newton.norm() + influence.norm();
            let allowance = tol(p.rows() + p.active(), kappa) * size;
            compare(&One { row, x, leverage, newton, influence, allowance })
        })())?;
        worst = both(worst, outcome)?;
    }
    Ok(worst)
}
