//! Claims about plain subtraction from a recorded run: logs, by batches, by rows.

use super::sgd::{LINEAR, added_back, applicable, ledger, untouched_run};
use super::{Case, Claim, Domain, Evidence, Outcome, Verdict};
use crate::bound::ledger::Reference;
use crate::bound::skipping::{Step as Skip, skipping_error};
use crate::constants::LocalConstants;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::objective::enclosed::exact;
use crate::train::log::UpdateLog;
use crate::unlearn::subtraction::skipping;
use nalgebra::DVector;

pub(super) const QUADRATIC: Domain = Domain { losses: &[Loss::Squared], ..LINEAR };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "log-telescopes",
            title: "logged updates add up, and a suffix can be taken back",
            statement: "θ_0 + Σ_t Δ_t = θ_T and θ_T − Σ_{t ≥ T−m} Δ_t = θ_{T−m}, any optimiser",
            source: "Graves, Nagisetty, Ganesh 2021 (arXiv 2010.10981); the suffix derived here",
            theorem: None,
            item: "train::log::UpdateLog",
            expected: Verdict::Holds,
            domain: Domain { depth: super::Depth::Any, momentum: true, ..LINEAR },
            check: telescopes,
            directed: Vec::new,
        },
        Claim {
            id: "subtraction-quadratic",
            title: "what subtracting rows misses",
            statement: "θ_T + Σ c_t − θ′_T = Σ_t (I − P_t)c_t, c_t = η_t drop_t(θ_t), P_t = Π_{s>t}(I − η_s∇keep_s), \
                        for squared loss and linear models",
            source: "derived here",
            theorem: Some("Unlearn.Direct.plain_error"),
            item: "unlearn::subtraction::missed_by_rows",
            expected: Verdict::Holds,
            domain: QUADRATIC,
            check: |case| rows_missed(case, 1.0),
            directed: Vec::new,
        },
        Claim {
            id: "amnesiac-quadratic",
            title: "what subtracting batches misses",
            statement: "θˢ_T − (θ_T − Σ_{t∈S} Δ_t) = Σ_{t∈S} (I − P_t)Δ_t, P_t = Π_{s>t, s∉S}(I − η_sH_s), θˢ the run \
                        without the steps S, for squared loss and linear models",
            source: "derived here",
            theorem: Some("Unlearn.Direct.plain_error"),
            item: "unlearn::subtraction::missed_by_batches",
            expected: Verdict::Holds,
            domain: QUADRATIC,
            check: |case| batches_missed(case, 1.0),
            directed: Vec::new,
        },
        Claim {
            id: "amnesiac-error",
            title: "amnesiac result against training without the batches",
            statement: "‖θˢ_T − (θ_T − Σ_{t∈S} Δ_t)‖ ≤ Σ_{t∈S} min{Σ_{s>t, s∉S} η_sL_s, 2}‖Δ_t‖, convex losses, η_sL_s ≤ 2",
            source: "derived here",
            theorem: None,
            item: "bound::skipping::skipping_error",
            expected: Verdict::Holds,
            domain: LINEAR,
            check: batches_bounded,
            directed: Vec::new,
        },
        Claim {
            id: "amnesiac-beats-noop",
            title: "subtracting batches is never worse than nothing",
            statement: "‖θ_T − Σ_{t∈S} Δ_t − θ′_T‖ ≤ ‖θ_T − θ′_T‖",
            source: "a common belief; no paper states it",
            theorem: None,
            item: "unlearn::amnesiac::Amnesiac",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: beats_noop,
            directed: || vec![forgotten_by_itself()],
        },
        Claim {
            id: "amnesiac-is-skipping",
            title: "subtracting batches is training without them",
            statement: "θ_T − Σ_{t∈S} Δ_t = θˢ_T, the run without the steps S",
            source: "the reading that Graves, Nagisetty, Ganesh 2021 (arXiv 2010.10981) warn of",
            theorem: None,
            item: "unlearn::amnesiac::Amnesiac",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: is_skipping,
            directed: || vec![forgotten_by_itself()],
        },
    ]
}

/// ½(θ−1)² forgotten, then a step on ½θ² that ends at 0 from anywhere: the trained model is the retrained one, and
/// subtracting the first step of ½ leaves −½. Two steps, one parameter, two rows; one of each less and nothing can
/// be wrong.
pub(super) fn forgotten_by_itself() -> Case {
    super::directed::case(super::directed::Small {
        rows: &[(&[1.0], 1.0), (&[1.0], 0.0)],
        forget: &[0],
        steps: &[(0, 0.5), (1, 1.0)],
        mask: None,
    })
    .labelled("forgotten by itself")
}

fn telescopes(case: &Case) -> Result<Outcome> {
    let run = case.run()?;
    let log = UpdateLog::new(&case.plan, run)?;
    // Of the floats that are kept: what is compared is what they are, not where the exact run is.
    let size = run.points.iter().map(|p| p.norm()).fold(0.0, f64::max) + super::case::SMALLEST_SIZE;
    let apart = |a: &DVector<f64>, b: &DVector<f64>| {
        Evidence::identity(Located::at(a).distance(&Located::at(b)), size * (1 + case.plan.len()) as f64)
    };
    let mut worst = apart(&log.replay()?, run.last());
    for m in 0..=case.plan.len() {
        worst = worst.worse(apart(&log.before(m)?, &run.points[case.plan.len() - m]));
    }
    Ok(Outcome::Compared(worst))
}

/// The steps that hold a forgotten row.
fn touched(case: &Case) -> Result<Vec<bool>> {
    let coupling = case.coupling()?;
    Ok((0..case.plan.len()).map(|t| coupling.touches(t)).collect())
}

/// `Δ_t` on the exact run.
fn change(case: &Case, t: usize) -> Result<Located> {
    let (run, known) = (case.run()?, case.run_enclosure()?);
    let minus = |v: &DVector<f64>| Located::at(&-v);
    let recorded = Located::at(&run.points[t + 1]).plus(&minus(&run.points[t]));
    Ok(recorded.widened(known.radii[t]).widened(known.radii[t + 1]))
}

fn sum_of_changes(case: &Case) -> Result<Located> {
    let mut sum = Located::at(&DVector::zeros(case.problem.active()));
    for (t, touched) in touched(case)?.into_iter().enumerate() {
        if touched {
            sum = sum.plus(&change(case, t)?);
        }
    }
    Ok(sum)
}

/// What the amnesiac formula gives on the exact run.
fn amnesiac(case: &Case) -> Result<Located> {
    let minus = |v: Located| Located { center: v.center.into_iter().map(|c| -c).collect(), radius: v.radius };
    Ok(case.run_located()?.plus(&minus(sum_of_changes(case)?)))
}

/// The end of the run without the touched steps.
fn skipped(case: &Case) -> Result<Located> {
    let plan = skipping(&case.plan, &case.forget)?;
    case.beside(case.problem.clone(), plan, case.start.clone()).run_located()
}

/// The size of what is compared: updates that cancel count.
pub(super) fn skipping_size(case: &Case) -> Result<f64> {
    let run = case.run()?;
    let moved: f64 = run.points.windows(2).map(|p| (&p[1] - &p[0]).norm()).sum();
    Ok(case.run_size()? + 2.0 * moved)
}

/// `Σ (I − P)c`, where `kick(t)` encloses `c_t` (or `None` for a step that only carries), scaled by `share`: the claim has 1.
fn missed(case: &Case, share: f64, kick: impl Fn(usize) -> Result<Option<Kick>>) -> Result<Located> {
    let coupling = case.coupling()?;
    let run = case.run()?;
    let zero = vec![Precise::ZERO; case.problem.active()];
    let (mut sum, mut carried) = (zero.clone(), zero);
    for (t, step) in case.plan.steps.iter().enumerate() {
        let kick = kick(t)?;
        if kick.as_ref().is_none_or(|k| k.bends) {
            // The Hessian of a quadratic is the same at the recorded point.
            let bent = coupling.keep_hvp_enclosed(t, &exact::<Precise>(&run.points[t]), &carried);
            let eta = Precise::exact(step.eta);
            carried.iter_mut().zip(bent).for_each(|(c, b)| *c = *c - eta * b);
        }
        if let Some(kick) = kick {
            sum.iter_mut().zip(&kick.by).for_each(|(s, k)| *s = *s + *k);
            carried.iter_mut().zip(&kick.by).for_each(|(c, k)| *c = *c + *k);
        }
    }
    let share = Precise::exact(share);
    Ok(Located::enclosed(sum.into_iter().zip(carried).map(|(s, c)| share * (s - c)).collect()))
}

/// What is subtracted at a step.
struct Kick {
    by: Vec<Precise>,
    /// Is the step also taken without it?
    bends: bool,
}

/// Is what adding rows back misses `share` times the sum of the claim?
///
/// # Errors
/// Those of the runs.
pub fn rows_missed(case: &Case, share: f64) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let (coupling, run, known) = (case.coupling()?, case.run()?, case.run_enclosure()?);
    let ledger = ledger(case, Reference::Recorded)?;
    let kick = |t: usize| {
        let by = coupling.touches(t).then(|| {
            let drop = coupling.drop_enclosed(t, &exact::<Precise>(&run.points[t]));
            let off = Interval::point(ledger.entries[t].drop_lipschitz) * Interval::point(known.radii[t]);
            let eta = Precise::exact(case.plan.steps[t].eta);
            drop.into_iter().map(|d| eta * d.widened(off.hi())).collect()
        });
        Ok(by.map(|by| Kick { by, bends: true }))
    };
    let right = case.rerun_located()?.plus(&missed(case, share, kick)?);
    let deviation = added_back(case, &ledger, Reference::Recorded)?.distance(&right);
    Ok(Outcome::Compared(Evidence::identity(deviation, skipping_size(case)?)))
}

/// Is what subtracting batches misses `share` times the sum of the claim?
///
/// # Errors
/// Those of the runs.
pub fn batches_missed(case: &Case, share: f64) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let touched = touched(case)?;
    let kick = |t: usize| {
        Ok(if touched[t] { Some(Kick { by: change(case, t)?.coordinates(), bends: false }) } else { None })
    };
    let right = amnesiac(case)?.plus(&missed(case, share, kick)?);
    let deviation = skipped(case)?.distance(&right);
    Ok(Outcome::Compared(Evidence::identity(deviation, skipping_size(case)?)))
}

fn batches_bounded(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let local = LocalConstants::new(&case.problem, case.region()?);
        let touched = touched(case)?;
        let steps = case.plan.steps.iter().enumerate().map(|(t, step)| {
            if touched[t] {
                let zero = Located::at(&DVector::zeros(case.problem.active()));
                return Ok(Skip::Skipped(change(case, t)?.distance(&zero)));
            }
            let sum: Interval = step.rows.iter().map(|&i| Interval::point(local.row(i).smoothness)).sum();
            let l = sum / Interval::point(step.rows.len() as f64) + Interval::point(case.plan.weight_decay);
            Ok(Skip::Kept(Interval::point(step.eta) * l))
        });
        let bound = skipping_error(&steps.collect::<Result<Vec<_>>>()?, true)?;
        let measured = skipped(case)?.distance(&amnesiac(case)?);
        Ok(Outcome::Compared(Evidence::inequality(measured, bound.value, skipping_size(case)?)))
    })())
}

pub(super) fn beats_noop(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let retrained = case.rerun_located()?;
    let untouched = case.run_located()?.distance(&retrained);
    let measured = amnesiac(case)?.distance(&retrained);
    Ok(Outcome::Compared(Evidence::inequality(measured, untouched, skipping_size(case)?)))
}

pub(super) fn is_skipping(case: &Case) -> Result<Outcome> {
    let deviation = amnesiac(case)?.distance(&skipped(case)?);
    Ok(Outcome::Compared(Evidence::identity(deviation, skipping_size(case)?)))
}
