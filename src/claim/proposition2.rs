//! Claims about add-back that are printed, or tempting, and false. Each must be refuted.

use super::directed;
use super::sgd::{LINEAR, added_back, applicable, ledger, untouched_run};
use super::{Case, Claim, Domain, Evidence, Outcome, Verdict};
use crate::bound::ledger::{Ledger, Reference};
use crate::constants::{Constants, Region};
use crate::data::Design;
use crate::error::Result;
use crate::loss::Loss;
use crate::mask::Mask;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::objective::enclosed::{Enclosed, exact};
use crate::train::plan::{Plan, Step};

const SOURCE: &str = "Jia et al. 2023 (arXiv 2304.04934), Proposition 2";

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "prop2-printed",
            title: "Proposition 2 as printed, constant 1",
            statement: "‖θ_u − θ′_t‖ ≤ η² t ‖m⊙(θ_t−θ_0)‖ σ, even with σ the global smoothness constant and η the largest step",
            source: SOURCE,
            theorem: Some("Unlearn.Refuted.no_universal_constant"),
            item: "claim::proposition2::printed",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: as_printed,
            directed: || vec![directed::one_long_line()],
        },
        Claim {
            id: "prop2-scale",
            title: "Proposition 2: one constant for every loss scale",
            statement: "the constant that Proposition 2 needs is unchanged by ℓ → 16ℓ, λ → 16λ, η → η/16, which leaves every trajectory unchanged",
            source: SOURCE,
            theorem: Some("Unlearn.Refuted.no_universal_constant"),
            item: "claim::proposition2::printed",
            expected: Verdict::Refuted,
            domain: Domain { losses: &[Loss::Squared], ..LINEAR },
            check: scale_invariant,
            directed: || vec![directed::one_long_line()],
        },
        Claim {
            id: "prop2-return",
            title: "Proposition 2: no error when the run returns",
            statement: "‖θ_u − θ′_t‖ ≤ 10⁶ η² t ‖m⊙(θ_t−θ_0)‖ σ, also when θ_t = θ_0",
            source: SOURCE,
            theorem: Some("Unlearn.Refuted.returning_trajectory"),
            item: "claim::proposition2::printed",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: with_any_constant,
            directed: || vec![directed::returning()],
        },
        Claim {
            id: "prop2-sparser",
            title: "a sparser mask means a smaller error",
            statement: "the add-back error under a mask is at most the error of the dense model from the same start",
            source: "Jia et al. 2023 (arXiv 2304.04934), the reading of Proposition 2 in its text",
            theorem: Some("Unlearn.Refuted.sparser_not_smaller"),
            item: "claim::proposition2::sparser",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: sparser,
            directed: || vec![directed::sparser()],
        },
        Claim {
            id: "sgd-min-one",
            title: "convex add-back error with min{·, 1}",
            statement: "‖θ_u − θ′_t‖ ≤ Σ_k a_k min{Σ_{i>k} x_i, 1} for convex losses and recorded gradients",
            source: "a natural guess, false; the true constant is 2",
            theorem: Some("Unlearn.Refuted.min_one_refuted"),
            item: "claim::proposition2::min_one",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: min_one,
            directed: || vec![directed::kaczmarz()],
        },
        Claim {
            id: "sgd-commuting",
            title: "convex add-back error with 1 − Π(1−x)",
            statement: "‖θ_u − θ′_t‖ ≤ Σ_k a_k (1 − Π_{i>k}(1 − x_i)) for convex losses, x_i ≤ 1 and recorded gradients",
            source: "a natural guess, true only when the Hessians commute",
            theorem: Some("Unlearn.Refuted.one_minus_product_refuted"),
            item: "claim::proposition2::commuting",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: commuting,
            directed: || vec![directed::kaczmarz()],
        },
        Claim {
            id: "addback-beats-noop",
            title: "adding gradients back beats doing nothing",
            statement: "‖θ_t + Σ η_k drop_k(θ_k) − θ′_t‖ ≤ ‖θ_t − θ′_t‖",
            source: "implicit in the use of add-back as a baseline",
            theorem: Some("Unlearn.Refuted.addback_worse_than_noop"),
            item: "unlearn::addback::addback",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: beats_noop,
            directed: || vec![directed::washed_out()],
        },
        Claim {
            id: "thudi-scaling",
            title: "the unlearning-error proxy scales with the step",
            statement: "the constant C in ‖θ_u − θ′_t‖ ≤ C·½η² t σ ‖θ_t−θ_0‖ is unchanged by η → η/10",
            source: "Thudi et al. 2022 (arXiv 2109.13398), the proxy of its released code; read in the code",
            theorem: None,
            item: "claim::proposition2::proxy_scaling",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: proxy_scaling,
            directed: || vec![directed::one_long_line()],
        },
        Claim {
            id: "recollection-released",
            title: "recollection in the released order is exact",
            statement: "on quadratics a ← (I − ηH)(a + η drop), H the full-batch Hessian, leaves at most 1 % of the error of the untouched model",
            source: "released code of Qiao et al. 2024 (arXiv 2404.01712); read in the code",
            theorem: Some("Unlearn.Refuted.early_recollection_refuted"),
            item: "claim::proposition2::released_order",
            expected: Verdict::Refuted,
            domain: Domain { losses: &[Loss::Squared], ..LINEAR },
            check: released_order,
            directed: || vec![directed::one_long_line()],
        },
    ]
}

/// `η² t ‖θ_t − θ_0‖ σ` with the most generous readings: the largest step, and for `σ` the closed-form
/// smoothness constant, which is at least `‖M∇²ℓM‖` everywhere.
fn printed(case: &Case) -> Result<Interval> {
    let eta = case.plan.steps.iter().map(|s| s.eta).fold(0.0, f64::max);
    let sigma = Constants::of(&case.problem.full(), Region::Everywhere).smoothness;
    Ok(Interval::point(eta).square()
        * Interval::point(case.plan.len() as f64)
        * case.run_located()?.distance(&Located::at(&case.start))
        * Interval::point(sigma))
}

fn error_from_start(case: &Case) -> Result<Interval> {
    let theta = added_back(case, &ledger(case, Reference::Start)?, Reference::Start)?;
    Ok(theta.distance(&case.rerun_located()?))
}

fn compare(case: &Case, measured: Interval, bound: Interval) -> Result<Outcome> {
    Ok(Outcome::Compared(Evidence::inequality(measured, bound, case.run_size()?)))
}

fn as_printed(case: &Case) -> Result<Outcome> {
    match untouched_run(case) {
        Some(outcome) => Ok(outcome),
        None => compare(case, error_from_start(case)?, printed(case)?),
    }
}

fn with_any_constant(case: &Case) -> Result<Outcome> {
    match untouched_run(case) {
        Some(outcome) => Ok(outcome),
        None => compare(case, error_from_start(case)?, Interval::point(1e6) * printed(case)?),
    }
}

/// The same case with every number of the data multiplied by 4, so that the squared loss is multiplied
/// by 16; all factors are powers of two, so the trajectories agree bit for bit.
fn rescaled(case: &Case) -> Result<Case> {
    const SCALE: f64 = 4.0;
    const SQUARE: f64 = SCALE * SCALE;
    let p = &case.problem;
    // A bias is a feature of constant 1, which cannot be rescaled in place: it becomes a column.
    let data = p.data();
    let mut rows = Vec::new();
    let mut dense = vec![0.0; data.cols()];
    for i in 0..data.rows() {
        data.design().row(i).write_dense(&mut dense);
        rows.extend(dense.iter().map(|v| SCALE * v));
        if p.model().has_bias() {
            rows.push(SCALE);
        }
    }
    let cols = data.cols() + usize::from(p.model().has_bias());
    let design = Design::dense(data.rows(), cols, rows)?;
    let target = p.target().iter().map(|y| SCALE * y).collect();
    let scaled = crate::data::Dataset::new(data.name.clone(), design, target)?;
    let model = crate::model::Model::linear(cols, 1, Loss::Squared, false)?;
    let problem = crate::objective::Problem::new(scaled.into(), model, SQUARE * p.ridge())?
        .with_reduction(p.reduction())
        .with_mask(p.mask().clone())?;
    let steps = case.plan.steps.iter().map(|s| Step { rows: s.rows.clone(), eta: s.eta / SQUARE }).collect();
    let plan = Plan::new(steps, case.plan.momentum, SQUARE * case.plan.weight_decay)?;
    Ok(Case::new(
        case.origin.clone(),
        problem,
        case.forget.clone(),
        plan,
        case.start.clone(),
        case.normalisation,
    ))
}

fn scale_invariant(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let other = rescaled(case)?;
    same_constant(case, &other, printed(case)?, printed(&other)?)
}

/// Is the constant that `case` needs enough for `other`?
fn same_constant(case: &Case, other: &Case, p: Interval, p_other: Interval) -> Result<Outcome> {
    let (e, e_other) = (error_from_start(case)?, error_from_start(other)?);
    if p.lo() <= 0.0 || e.lo() <= 0.0 {
        return Ok(Outcome::NotApplicable(
            "no error, or no displacement, to calibrate the constant on".into(),
        ));
    }
    compare(other, e_other, e / p * p_other)
}

fn proxy_scaling(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let steps = case.plan.steps.iter().map(|s| Step { rows: s.rows.clone(), eta: s.eta / 10.0 }).collect();
    let plan = Plan::new(steps, case.plan.momentum, case.plan.weight_decay)?;
    let other = Case::new(
        case.origin.clone(),
        case.problem.clone(),
        case.forget.clone(),
        plan,
        case.start.clone(),
        case.normalisation,
    );
    // The factor ½ is common to both sides.
    same_constant(case, &other, printed(case)?, printed(&other)?)
}

fn sparser(case: &Case) -> Result<Outcome> {
    if case.problem.mask().is_full() {
        return Ok(Outcome::NotApplicable("nothing is pruned".into()));
    }
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let p = &case.problem;
    let dense = Case::new(
        case.origin.clone(),
        p.clone().with_mask(Mask::full(p.model().parameters()))?,
        case.forget.clone(),
        case.plan.clone(),
        p.mask().embed(&case.start),
        case.normalisation,
    );
    compare(case, error_from_start(case)?, error_from_start(&dense)?)
}

/// `Σ a_k Γ_k` with the caller's `Γ`, which sees the stretches `x_i` of the later steps.
fn with_growth(case: &Case, gamma: impl Fn(&[Interval]) -> Option<Interval>) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let ledger: Ledger = ledger(case, Reference::Recorded)?;
        crate::bound::sgd::Regime::Convex.check(&ledger)?;
        let x: Vec<Interval> = ledger.entries.iter().map(|e| e.stretch()).collect();
        let mut bound = Interval::ZERO;
        for (k, e) in ledger.entries.iter().enumerate().filter(|(_, e)| e.touched) {
            match gamma(&x[k + 1..]) {
                Some(g) => bound = bound + e.kick() * g,
                None => return Ok(Outcome::NotApplicable("a step is larger than 1/L".into())),
            }
        }
        let theta = added_back(case, &ledger, Reference::Recorded)?;
        compare(case, theta.distance(&case.rerun_located()?), bound)
    })())
}

fn min_one(case: &Case) -> Result<Outcome> {
    with_growth(case, |x| Some(x.iter().copied().sum::<Interval>().min(Interval::ONE)))
}

fn commuting(case: &Case) -> Result<Outcome> {
    with_growth(case, |x| {
        let mut product = Interval::ONE;
        for x in x {
            if x.hi() > 1.0 + 1e-9 {
                return None;
            }
            product = product * (Interval::ONE - *x).nonnegative();
        }
        Some(Interval::ONE - product)
    })
}

fn beats_noop(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let theta = added_back(case, &ledger(case, Reference::Recorded)?, Reference::Recorded)?;
    let rerun = case.rerun_located()?;
    compare(case, theta.distance(&rerun), case.run_located()?.distance(&rerun))
}

fn released_order(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    // In precise arithmetic at the recorded points, taken as exact; for squared loss the Hessian is the same
    // everywhere and forgotten gradients move by at most R_k e_k, which each step stretches by at most 1 + η_kL.
    let (run, coupling, known) = (case.run()?, case.coupling()?, case.run_enclosure()?);
    let ledger = ledger(case, Reference::Recorded)?;
    let full = Enclosed::full(&case.problem);
    let at = exact::<Precise>(run.start());
    let smoothness = Interval::point(case.full_constants().smoothness);
    let mut a = vec![Precise::ZERO; case.problem.active()];
    let mut radius = Interval::ZERO;
    for (k, step) in case.plan.steps.iter().enumerate() {
        let eta = Precise::exact(step.eta);
        if coupling.touches(k) {
            let drop = coupling.drop_enclosed(k, &exact::<Precise>(&run.points[k]));
            a.iter_mut().zip(drop).for_each(|(a, d)| *a = *a + eta * d);
            let moved = Interval::point(ledger.entries[k].drop_lipschitz) * Interval::point(known.radii[k]);
            radius = radius + Interval::point(step.eta) * moved;
        }
        let bent = full.hvp(&at, &a);
        a.iter_mut().zip(bent).for_each(|(a, h)| *a = *a - eta * h);
        radius = (Interval::ONE + Interval::point(step.eta) * smoothness) * radius;
    }
    let theta = case.run_located()?.plus(&Located::enclosed(a).widened(radius.hi()));
    let rerun = case.rerun_located()?;
    let untouched = case.run_located()?.distance(&rerun);
    compare(case, theta.distance(&rerun), Interval::point(0.01) * untouched)
}
