//! Claims about adding gradients back, against coupled retraining: T-identity, T-sgd, T-recollection.

use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::bound::ledger::{Ledger, Reference};
use crate::bound::sgd::{Regime, addback_error, noop_error};
use crate::bound::{momentum, recollection};
use crate::constants::LocalConstants;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::objective::enclosed::exact;
use crate::unlearn::addback::addback;
use crate::unlearn::enclosed::{Added, Carried};
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

/// The ledger of the exact run.
pub(crate) fn ledger(case: &Case, reference: Reference) -> Result<Ledger> {
    let local = LocalConstants::new(&case.problem, case.region()?);
    Ledger::new(&case.coupling()?, case.run()?, case.run_enclosure()?, reference, &local)
}

/// The exact add-back result, around what the method returns.
pub(crate) fn added_back(case: &Case, ledger: &Ledger, reference: Reference) -> Result<Located> {
    let (coupling, run) = (case.coupling()?, case.run()?);
    let exact = Added::new(&coupling, run, reference).end(ledger, run, case.run_enclosure()?);
    Ok(around(&addback(&coupling, run, reference), &exact))
}

/// A vector given by enclosures, as a ball around the floats that were computed for it: wrong floats make it
/// large, and the verdict undecided.
fn around(computed: &DVector<f64>, exact: &Located) -> Located {
    let computed = Located::at(computed);
    let off = computed.distance(exact).hi();
    computed.widened(off)
}

fn bounded(case: &Case, regime: Regime) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let mut worst: Option<Evidence> = None;
        for reference in Reference::ALL {
            let ledger = ledger(case, reference)?;
            let bound = addback_error(&ledger, regime)?;
            let measured = added_back(case, &ledger, reference)?.distance(&case.rerun_located()?);
            let e = Evidence::inequality(measured, bound.value, case.run_size()?);
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
    let measured = case.run_located()?.distance(&case.rerun_located()?);
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
    let (coupling, run, known) = (case.coupling()?, case.run()?, case.run_enclosure()?);
    let ledger = ledger(case, Reference::Recorded)?;
    let added = Added::new(&coupling, run, Reference::Recorded);
    let bound = momentum::addback_error(&ledger, &added.partial_sums(&ledger, known))?;
    let theta = around(&addback(&coupling, run, Reference::Recorded), &added.end(&ledger, run, known));
    Ok(Outcome::Compared(Evidence::inequality(
        theta.distance(&case.rerun_located()?),
        bound.value,
        case.run_size()?,
    )))
}

/// Both sides of T-identity, enclosed separately and compared.
///
/// `keep_k` and `drop_k` are enclosed at the recorded points; on the exact ones they are at most `L_k` and `R_k`
/// times the proved radii away.
fn identity(case: &Case) -> Result<Outcome> {
    let (run, rerun, coupling) = (case.run()?, case.rerun()?, case.coupling()?);
    let (known, reknown) = (case.run_enclosure()?, case.rerun_enclosure()?);
    let t = case.plan.len();
    // κ_k(t) = Σ_{i≥k} η_i β^{i−k}, from the last step backwards.
    let mut kappa = vec![Interval::ZERO; t];
    let mut tail = Interval::ZERO;
    for k in (0..t).rev() {
        tail = Interval::point(case.plan.steps[k].eta) + Interval::point(case.plan.momentum) * tail;
        kappa[k] = tail;
    }
    // Adds factor·(a − b) and returns the size of what cancels in it.
    let add = |sum: &mut [Interval], factor: Interval, a: &[Interval], b: &[Interval]| {
        for (s, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
            *s = *s + factor * (*a - *b);
        }
        (factor.abs() * (norm(a) + norm(b))).mid()
    };
    let mut kept = vec![Interval::ZERO; case.problem.active()];
    let mut scale = case.run_size()?;
    for k in 0..t {
        let a = coupling.keep_enclosed(k, &exact::<Interval>(&run.points[k]));
        let b = coupling.keep_enclosed(k, &exact::<Interval>(&rerun.points[k]));
        scale += add(&mut kept, -kappa[k], &a, &b);
    }
    let mut worst: Option<Evidence> = None;
    for reference in Reference::ALL {
        let ledger = ledger(case, reference)?;
        let left = Added::new(&coupling, run, reference).end(&ledger, run, known);
        let (mut right, mut radius, mut size) = (kept.clone(), Interval::ZERO, scale);
        for k in 0..t {
            let entry = &ledger.entries[k];
            let moved = |lipschitz: f64, a: f64, b: f64| {
                kappa[k] * Interval::point(lipschitz) * (Interval::point(a) + Interval::point(b))
            };
            radius = radius + moved(entry.keep_lipschitz, known.radii[k], reknown.radii[k]);
            if coupling.touches(k) {
                let a = coupling.drop_enclosed(k, &exact::<Interval>(reference.point(run, k)));
                let b = coupling.drop_enclosed(k, &exact::<Interval>(&run.points[k]));
                size += add(&mut right, kappa[k], &a, &b);
                radius = radius + moved(entry.drop_lipschitz, reference.radius(known, k), known.radii[k]);
            }
        }
        // θ_u = θ′_t + right.
        let right =
            Located::enclosed(right.into_iter().map(Precise::covering).collect()).widened(radius.hi());
        let deviation = left.distance(&case.rerun_located()?.plus(&right));
        let e = Evidence::identity(deviation, size);
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("there are three reference points")))
}

fn recollection_exact(case: &Case) -> Result<Outcome> {
    let (run, known) = (case.run()?, case.run_enclosure()?);
    let carried = recollect(&case.coupling()?, run);
    let ledger = ledger(case, Reference::Recorded)?;
    let theta = Carried::new(&case.coupling()?, run, &carried).end(&ledger, run, known);
    let largest = carried.iter().map(|v| v.norm()).fold(0.0, f64::max);
    let deviation = theta.distance(&case.rerun_located()?);
    Ok(Outcome::Compared(Evidence::identity(deviation, case.run_size()? + largest)))
}

fn recollection_bounded(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let (run, known) = (case.run()?, case.run_enclosure()?);
        let vectors = recollect(&case.coupling()?, run);
        let carried = Carried::new(&case.coupling()?, run, &vectors);
        let ledger = ledger(case, Reference::Recorded)?;
        let bound = recollection::recollection_error(&ledger, &carried.sizes(&ledger, known))?;
        Ok(Outcome::Compared(Evidence::inequality(
            carried.end(&ledger, run, known).distance(&case.rerun_located()?),
            bound.value,
            case.run_size()?,
        )))
    })())
}
