//! Claims about adding gradients back, against coupled retraining: T-identity, T-sgd, T-recollection.

use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::bound::ledger::{Ledger, Reference};
use crate::bound::sgd::{Regime, addback_error, noop_error};
use crate::bound::{momentum, recollection};
use crate::constants::LocalConstants;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::unlearn::addback::{addback, partial_sums};
use crate::unlearn::recollection::recollect;
use nalgebra::DVector;

pub(crate) const LINEAR: Domain =
    Domain { losses: &Loss::ALL, depth: Depth::Linear, masks: true, momentum: false, run: true, wide: false };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "sgd-identity",
            title: "add-back minus retraining, step by step",
            statement: "θ_u − θ′_t = −Σ κ_k [keep_k(θ_k) − keep_k(θ′_k)] + Σ κ_k [drop_k(φ_k) − drop_k(θ_k)]",
            source: "derived here",
            theorem: Some("Unlearn.Sgd.unlearn_identity"),
            item: "unlearn::addback::addback",
            expected: Verdict::Holds,
            domain: Domain { depth: Depth::Any, momentum: true, ..LINEAR },
            check: identity,
            directed: Vec::new,
        },
        Claim {
            id: "sgd-general",
            title: "add-back error, Lipschitz gradients only",
            statement: "‖θ_u − θ′_t‖ ≤ Σ_k (η_k R_k‖θ_k−φ_k‖ + a_k(Π_{i>k}(1+x_i) − 1))",
            source: "derived here; corrects Jia et al. 2023 (arXiv 2304.04934), Proposition 2",
            theorem: Some("Unlearn.Sgd.unlearn_error_general"),
            item: "bound::sgd::addback_error",
            expected: Verdict::Holds,
            domain: Domain { depth: Depth::Any, ..LINEAR },
            check: |case| bounded(case, Regime::General),
            directed: Vec::new,
        },
        Claim {
            id: "sgd-convex",
            title: "add-back error, convex losses",
            statement: "‖θ_u − θ′_t‖ ≤ Σ_k (η_k R_k‖θ_k−φ_k‖ + a_k min{Σ_{i>k} x_i, 2}) when x_i ≤ 2",
            source: "derived here",
            theorem: Some("Unlearn.Sgd.unlearn_error_convex"),
            item: "bound::sgd::addback_error",
            expected: Verdict::Holds,
            domain: LINEAR,
            check: |case| bounded(case, Regime::Convex),
            directed: Vec::new,
        },
        Claim {
            id: "sgd-strongly-convex",
            title: "add-back error, strongly convex losses",
            statement: "‖θ_u − θ′_t‖ ≤ Σ_k (η_k R_k‖θ_k−φ_k‖ + a_k min{Σ_{i>k} x_i Π_{k<j<i} q_j, 1 + Π_{i>k} q_i}) when η_i ≤ 2/(L_i+μ_i)",
            source: "derived here",
            theorem: Some("Unlearn.Sgd.unlearn_error_strongly_convex"),
            item: "bound::sgd::addback_error",
            expected: Verdict::Holds,
            domain: LINEAR,
            check: |case| bounded(case, Regime::StronglyConvex),
            directed: Vec::new,
        },
        Claim {
            id: "sgd-sharp",
            title: "add-back error, sharp convex form",
            statement: "‖θ_u − θ′_t‖ ≤ Σ_k (η_k R_k‖θ_k−φ_k‖ + a_k(1 − P_k + P_k·2σ_k/(1+σ_k))), σ_k = Σ_{i>k} η_i(L_i−μ_i)/(2−η_i(L_i+μ_i)), when η_i(L_i+μ_i) < 2",
            source: "derived here, by averaged operators",
            theorem: Some("Unlearn.Averaged.unlearn_error_sharp"),
            item: "bound::sgd::addback_error",
            expected: Verdict::Holds,
            domain: LINEAR,
            check: |case| bounded(case, Regime::Sharp),
            directed: Vec::new,
        },
        Claim {
            id: "sgd-noop",
            title: "distance of the untouched model",
            statement: "‖θ_t − θ′_t‖ ≤ Σ_k a_k P_k, P_k = Π_{i>k}(1+x_i), 1 or Π_{i>k} q_i",
            source: "derived here",
            theorem: Some("Unlearn.Sgd.noop_error"),
            item: "bound::sgd::noop_error",
            expected: Verdict::Holds,
            domain: Domain { depth: Depth::Any, ..LINEAR },
            check: untouched,
            directed: Vec::new,
        },
        Claim {
            id: "sgd-momentum",
            title: "add-back error with momentum",
            statement: "‖θ_u − θ′_t‖ ≤ e_t, p_{k+1} = βp_k + L_k(e_k + ‖A_k‖), e_{k+1} = e_k + η_k p_{k+1}",
            source: "derived here",
            theorem: Some("Unlearn.Momentum.unlearn_error"),
            item: "bound::momentum::addback_error",
            expected: Verdict::Holds,
            domain: Domain { depth: Depth::Any, momentum: true, ..LINEAR },
            check: with_momentum,
            directed: Vec::new,
        },
        Claim {
            id: "recollection-quadratic",
            title: "recollection retrains quadratics exactly",
            statement: "θ_t + v_t = θ′_t for squared loss and linear models",
            source: "derived here; the idea of Qiao et al. 2024 (arXiv 2404.01712)",
            theorem: Some("Unlearn.Recollection.exact_quadratic"),
            item: "unlearn::recollection::recollect",
            expected: Verdict::Holds,
            domain: Domain { losses: &[Loss::Squared], momentum: true, ..LINEAR },
            check: recollection_exact,
            directed: Vec::new,
        },
        Claim {
            id: "recollection-error",
            title: "recollection error, smooth losses",
            statement: "‖θ_t + v_t − θ′_t‖ ≤ e_t, e_{k+1} = c_k e_k + (η_k Q_k/2)(‖v_k‖ + e_k)²",
            source: "derived here",
            theorem: Some("Unlearn.Recollection.error"),
            item: "bound::recollection::recollection_error",
            expected: Verdict::Holds,
            domain: Domain { losses: &[Loss::Logistic, Loss::Softmax], ..LINEAR },
            check: recollection_bounded,
            directed: Vec::new,
        },
    ]
}

/// Turns a failed hypothesis into "not applicable"; everything else stays an error.
pub(crate) fn applicable(outcome: Result<Outcome>) -> Result<Outcome> {
    match outcome {
        Err(Error::Hypothesis { why, .. }) => Ok(Outcome::NotApplicable(why)),
        other => other,
    }
}

pub(crate) fn untouched_run(case: &Case) -> Option<Outcome> {
    (!case.meets_forget_set()).then(|| Outcome::NotApplicable("no batch holds a forgotten row".into()))
}

pub(crate) fn ledger(case: &Case, reference: Reference) -> Result<Ledger> {
    let local = LocalConstants::new(&case.problem, case.region()?);
    Ledger::new(&case.coupling()?, case.run()?, reference, &local)
}

fn bounded(case: &Case, regime: Regime) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let mut worst: Option<Evidence> = None;
        for reference in Reference::ALL {
            let bound = addback_error(&ledger(case, reference)?, regime)?;
            let theta = addback(&case.coupling()?, case.run()?, reference);
            let e = Evidence::inequality(case.distance_to_rerun(&theta)?, bound.value, case.run_size()?);
            worst = Some(worst.map_or(e, |w| w.worse(e)));
        }
        Ok(Outcome::Compared(worst.expect("there are three reference points")))
    })())
}

fn untouched(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let ledger = ledger(case, Reference::Recorded)?;
    let measured = case.distance_to_rerun(case.run()?.last())?;
    let mut worst: Option<Evidence> = None;
    for regime in Regime::ALL {
        match noop_error(&ledger, regime) {
            Ok(bound) => {
                let e = Evidence::inequality(measured, bound.value, case.run_size()?);
                worst = Some(worst.map_or(e, |w| w.worse(e)));
            }
            Err(Error::Hypothesis { .. }) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(Outcome::Compared(worst.expect("the general regime always applies without momentum")))
}

fn with_momentum(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let coupling = case.coupling()?;
    let bound =
        momentum::addback_error(&ledger(case, Reference::Recorded)?, &partial_sums(&coupling, case.run()?))?;
    let theta = addback(&coupling, case.run()?, Reference::Recorded);
    Ok(Outcome::Compared(Evidence::inequality(
        case.distance_to_rerun(&theta)?,
        bound.value,
        case.run_size()?,
    )))
}

/// Both sides of T-identity, computed separately and compared.
fn identity(case: &Case) -> Result<Outcome> {
    let (run, rerun, coupling) = (case.run()?, case.rerun()?, case.coupling()?);
    let t = case.plan.len();
    // κ_k(t) = Σ_{i≥k} η_i β^{i−k}, from the last step backwards.
    let mut kappa = vec![0.0; t];
    let mut tail = 0.0;
    for k in (0..t).rev() {
        tail = case.plan.steps[k].eta + case.plan.momentum * tail;
        kappa[k] = tail;
    }
    let mut worst: Option<Evidence> = None;
    for reference in Reference::ALL {
        let left = addback(&coupling, run, reference) - rerun.last();
        let mut right = DVector::zeros(case.problem.active());
        let mut size = 0.0;
        for k in 0..t {
            let (a, b) = (coupling.keep(k, &run.points[k]), coupling.keep(k, &rerun.points[k]));
            size += kappa[k] * (a.norm() + b.norm());
            right.axpy(-kappa[k], &(a - b), 1.0);
            if coupling.touches(k) {
                let (a, b) = (coupling.drop(k, reference.point(run, k)), coupling.drop(k, &run.points[k]));
                size += kappa[k] * (a.norm() + b.norm());
                right.axpy(kappa[k], &(a - b), 1.0);
            }
        }
        let terms = case.problem.data().cols() + case.problem.rows() + t;
        let scale = size + left.norm() + run.last().norm() + rerun.last().norm();
        // The identity is about the computed runs too: each step rounds relative to what it adds.
        let allowance = crate::numeric::tolerance::tol(terms, 1.0) * scale;
        let e = Evidence::identity((left - right).norm(), allowance);
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("there are three reference points")))
}

fn recollection_exact(case: &Case) -> Result<Outcome> {
    let (run, rerun) = (case.run()?, case.rerun()?);
    let carried = recollect(&case.coupling()?, run);
    let theta = run.last() + &carried[carried.len() - 1];
    let deviation = (theta - rerun.last()).norm();
    // Both runs and the carried vector round like the run itself.
    let largest = carried.iter().map(|v| v.norm()).fold(0.0, f64::max);
    let terms = case.problem.data().cols() + case.problem.rows() + case.plan.len();
    let allowance = 2.0 * case.run_rounding()?
        + crate::numeric::tolerance::tol(terms, 1.0) * (largest + run.last().norm());
    Ok(Outcome::Compared(Evidence::identity(deviation, allowance)))
}

fn recollection_bounded(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let carried = recollect(&case.coupling()?, case.run()?);
        let bound = recollection::recollection_error(&ledger(case, Reference::Recorded)?, &carried)?;
        let theta = case.run()?.last() + &carried[carried.len() - 1];
        Ok(Outcome::Compared(Evidence::inequality(
            case.distance_to_rerun(&theta)?,
            bound.value,
            case.run_size()?,
        )))
    })())
}
