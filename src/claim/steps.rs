//! Identities between Newton steps, influence steps and leave-one-out predictions.
//!
//! `A = ∇²F(θ)` on all rows, `H` without the forgotten ones (weights and λ unchanged), `g = Σ_U w∇ℓ`:
//! the Newton step is `H⁻¹g`, the influence step (infinitesimal jackknife) `A⁻¹g`.

use super::case::SMALLEST_SIZE;
use super::fixed::{Ends, Formula, agree, float_size, full_system, kept_objective, kept_system, only, same};
use super::identities::{ONE_OUTPUT, both};
use super::leave_out::{ExactLeaveOut, derivatives};
use super::sgd::applicable;
use super::{Case, Claim, Domain, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::solve::dot;
use crate::objective::Problem;
use crate::objective::enclosed::{Enclosed, exact};
use crate::unlearn::features::features;
use crate::unlearn::leave_out::{LeaveOut, leave_one_out_outputs};
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
            check: |case| {
                both(
                    low_rank(case)?,
                    newton_step(case, |p, t, f| Ok(LeaveOut::new(p, t, f)?.step().clone()))?,
                )
            },
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
            check: |case| both(rescaled_exact(case)?, rescaled(case, |h| 1.0 / (1.0 - h))?),
            directed: Vec::new,
        },
        Claim {
            id: "alo-newton",
            title: "approximate leave-one-out is a Newton step",
            statement: "z_i + q_iℓ′_i/(1 − q_iℓ″_i) = xᵢᵀ(θ + H⁻¹wℓ′_i x_i), q_i = wxᵢᵀA⁻¹xᵢ",
            source: "Rahnama Rad and Maleki 2020 (arXiv 1801.10243), recalled",
            theorem: Some("Unlearn.Identities.alo_exact"),
            item: "unlearn::leave_out::leave_one_out_outputs",
            expected: Verdict::Holds,
            domain: ONE_OUTPUT,
            check: |case| both(alo_exact(case)?, leave_one_out(case, leave_one_out_outputs)?),
            directed: Vec::new,
        },
    ]
}

/// `H⁻¹g`, enclosed.
pub(crate) fn exact_step(problem: &Problem, theta: &[Precise], forget: &RowSet) -> Result<Located> {
    let g = Enclosed::only(problem, |i| forget.contains(i)).risk_gradient(theta);
    Ok(kept_system(problem, forget, theta.to_vec())?.solve(&g))
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
        let size = float_size(fit.theta.norm() + refit.theta.norm(), terms, h.condition());
        Ok(agree(&candidate, case.refit_precise()?, size))
    })())
}

/// The step from the full Hessian against the step itself, both enclosed, at the fit and at the start. (Neither
/// need be exact: the identity holds at any `θ`.)
fn low_rank(case: &Case) -> Result<Outcome> {
    let at = |theta: &DVector<f64>| {
        applicable((|| {
            let point = exact::<Precise>(theta);
            let step = exact_step(&case.problem, &point, &case.forget)?;
            let low_rank = ExactLeaveOut::new(&case.problem, &point, &case.forget)?.step()?;
            Ok(same(&low_rank, &step, step_scale(case, theta)?))
        })())
    };
    both(at(&case.fit()?.theta)?, at(&case.start)?)
}

/// `‖θ‖` and how far the forgotten gradients could move it.
fn step_scale(case: &Case, theta: &DVector<f64>) -> Result<f64> {
    let a = Ends::of(&case.problem.full().hessian(theta))?;
    Ok(theta.norm() + gradient_size(&case.problem, theta, &case.forget)? / a.most + SMALLEST_SIZE)
}

/// Does a formula give the Newton step `H⁻¹g`, at the fit and at the case's start?
///
/// # Errors
/// Those of the fit and of the formula.
pub fn newton_step(case: &Case, formula: Formula) -> Result<Outcome> {
    let at = |theta: &DVector<f64>| {
        applicable((|| {
            let (p, forget) = (&case.problem, &case.forget);
            let step = exact_step(p, &exact(theta), forget)?;
            let a = Ends::of(&p.full().hessian(theta))?;
            let h = Ends::of(&kept_objective(p, forget)?.hessian(theta))?;
            let candidate = formula(p, theta, forget)?;
            let left = {
                let leverages = LeaveOut::new(p, theta, forget)?;
                let m = leverages.leverages().nrows();
                Ends::of(&(DMatrix::identity(m, m) - leverages.leverages()))?.least.min(1.0)
            };
            let kappa = a.condition() / left + h.condition();
            let size = theta.norm() + candidate.norm() + gradient_size(p, theta, forget)? / a.least;
            Ok(agree(&candidate, &step, float_size(size, p.rows() + p.active(), kappa)))
        })())
    };
    both(at(&case.fit()?.theta)?, at(&case.start)?)
}

/// `Σ_U w‖∇ℓ‖`, of which `g` may be a small difference.
fn gradient_size(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<f64> {
    Ok(only(problem, |i| forget.contains(i))?.gradient_mass(theta))
}

/// Is `H⁻¹g − A⁻¹g` equal to `share · H⁻¹H_U A⁻¹g`? The claim has `share = 1`. Both sides are enclosed at the
/// computed fit, taken as exact: the identity holds at any `θ`.
///
/// # Errors
/// Those of the fit.
pub fn difference(case: &Case, share: f64) -> Result<Outcome> {
    applicable((|| {
        let (p, theta) = (&case.problem, exact::<Precise>(&case.fit()?.theta));
        let forgotten = Enclosed::only(p, |i| case.forget.contains(i));
        let g = forgotten.risk_gradient(&theta);
        let influence = full_system(p, theta.clone())?.solve(&g);
        let h = kept_system(p, &case.forget, theta.clone())?;
        let step = h.solve(&g);
        let bent = forgotten.risk_hvp(&theta, &influence.coordinates());
        let share = Precise::exact(share);
        let right = h.solve(&bent.into_iter().map(|b| share * b).collect::<Vec<_>>());
        Ok(same(&step, &influence.plus(&right), step_scale(case, &case.fit()?.theta)?))
    })())
}

/// Is the Newton step of one row its influence step times `factor(h)`? The claim has `1/(1−h)`.
///
/// # Errors
/// Those of the fit.
pub fn rescaled(case: &Case, factor: fn(f64) -> f64) -> Result<Outcome> {
    row_by_row(case, |one| {
        let influence = DVector::from_iterator(one.x.len(), one.influence.center.iter().map(|c| c.float()));
        let scaled = influence * factor(one.leverage.float());
        Ok(agree(&scaled, &one.newton, one.float_size))
    })
}

fn rescaled_exact(case: &Case) -> Result<Outcome> {
    row_by_row(case, |one| {
        let left = Precise::ONE - one.leverage;
        let scaled = one.influence.coordinates().into_iter().map(|v| v / left).collect();
        Ok(same(&Located::enclosed(scaled), &one.newton, one.size))
    })
}

/// Do a formula's outputs equal `xᵢᵀ(θ + Newton step of row i)`?
///
/// # Errors
/// Those of the fit and of the formula.
pub fn leave_one_out(
    case: &Case,
    formula: fn(&Problem, &DVector<f64>) -> Result<DVector<f64>>,
) -> Result<Outcome> {
    let outputs = formula(&case.problem, &case.fit()?.theta)?;
    row_by_row(case, |one| {
        let size = one.x.norm() * one.float_size;
        Ok(agree(&DVector::from_element(1, outputs[one.row]), &one.output(), size))
    })
}

fn alo_exact(case: &Case) -> Result<Outcome> {
    row_by_row(case, |one| {
        // q = wxᵀA⁻¹x, h = qℓ″.
        let output = one.z + one.q * one.slope / (Precise::ONE - one.leverage);
        Ok(same(&Located::enclosed(vec![output]), &one.output(), one.x.norm() * one.size))
    })
}

/// One forgotten row on its own, with both steps enclosed.
struct One<'a> {
    row: usize,
    theta: &'a [Precise],
    x: DVector<f64>,
    /// `xᵀθ` and `ℓ′` there.
    z: Precise,
    slope: Precise,
    q: Precise,
    leverage: Precise,
    newton: Located,
    influence: Located,
    /// The size of what is compared, for enclosures and for floats.
    size: f64,
    float_size: f64,
}

impl One<'_> {
    /// `xᵀ(θ + Newton step)`.
    fn output(&self) -> Located {
        let moved: Vec<Precise> =
            self.newton.coordinates().into_iter().zip(self.theta).map(|(n, t)| n + *t).collect();
        Located::enclosed(vec![dot(self.x.as_slice(), &moved)])
    }
}

/// At the computed fit, taken as exact: these identities hold at any `θ`.
fn row_by_row(case: &Case, compare: impl Fn(&One<'_>) -> Result<Outcome>) -> Result<Outcome> {
    let (p, fit) = (&case.problem, &case.fit()?.theta);
    let theta = exact::<Precise>(fit);
    let mut worst = Outcome::NotApplicable("no row could be left out".into());
    for &row in case.forget.rows().iter().take(MOST_ROWS) {
        let single = RowSet::new(p.rows(), vec![row])?;
        let outcome = applicable((|| {
            let x = features(p, &[row])?.column(0).clone_owned();
            let a_ends = Ends::of(&p.full().hessian(fit))?;
            let h_ends = Ends::of(&kept_objective(p, &single)?.hessian(fit))?;
            let system = full_system(p, theta.clone())?;
            let z = dot(x.as_slice(), &theta);
            let (slope, bend) = derivatives(p.model().loss(), z, p.target()[row]);
            let solved = system.solve(&exact::<Precise>(&x)).coordinates();
            let q = Enclosed::full(p).weight::<Precise>() * dot(x.as_slice(), &solved);
            let leverage = q * bend;
            let influence = system.solve(&Enclosed::only(p, |i| i == row).risk_gradient(&theta));
            let newton = exact_step(p, &theta, &single)?;
            let left = (1.0 - leverage.float()).max(f64::EPSILON);
            let kappa = h_ends.condition() + a_ends.condition() / left;
            let size = fit.norm() + gradient_size(p, fit, &single)? / a_ends.least + SMALLEST_SIZE;
            let float_size = float_size(size, p.rows() + p.active(), kappa);
            let theta = &theta;
            compare(&One { row, theta, x, z, slope, q, leverage, newton, influence, size, float_size })
        })())?;
        worst = both(worst, outcome)?;
    }
    Ok(worst)
}
