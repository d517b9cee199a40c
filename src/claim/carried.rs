//! Claims about updates of a recorded run beyond plain subtraction: vectors carried in advance, DeltaGrad, fine-tuning
//! after a subtraction.

use super::direct::{QUADRATIC, forgotten_by_itself, skipping_size};
use super::sgd::{LINEAR, added_back, ledger, untouched_run};
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::bound::ledger::Reference;
use crate::error::Result;
use crate::mask::Mask;
use crate::numeric::located::Located;
use crate::numeric::tolerance::tol;
use crate::train::coupling::Normalisation;
use crate::train::units::Units;
use crate::unlearn::addback::addback;
use crate::unlearn::deltagrad::{Cache, DeltaGrad};
use crate::unlearn::direct_fine_tune::converge;
use crate::unlearn::precomputed::Precomputed;

const PERIODIC: DeltaGrad = DeltaGrad { period: 3, burn_in: 0, memory: 2 };

/// Iterations of fine-tuning in a check.
const SOME: usize = 2000;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "additive-error",
            title: "vectors carried before the request",
            statement: "‖θ_t + Σ_u v_u − θ′_t‖ ≤ e_t, e_{k+1} = c_k e_k + η_k(R_k V_k + (Q_k/2)min{V_k + e_k, G_k}V_k), \
                        V_k = Σ_u ‖v_{u,k}‖; v_u carried with the Hessian of the whole batch, fixed divisors; with \
                        momentum by velocities",
            source: "derived here",
            theorem: Some("Unlearn.Additive.additive_error"),
            item: "bound::additive::additive_error",
            expected: Verdict::Holds,
            domain: Domain { momentum: true, ..LINEAR },
            check: additive,
            directed: || vec![used_twice()],
        },
        Claim {
            id: "deltagrad-every-step",
            title: "DeltaGrad with every step explicit",
            statement: "for T0 = 1 the replay is coupled retraining",
            source: "Wu, Dobriban, Davidson 2020 (arXiv 2006.14755), read in released code",
            theorem: None,
            item: "unlearn::deltagrad::DeltaGrad",
            expected: Verdict::Holds,
            domain: Domain { depth: Depth::Any, momentum: true, ..LINEAR },
            check: |case| deltagrad(case, DeltaGrad { period: 1, burn_in: 0, memory: 2 }),
            directed: Vec::new,
        },
        Claim {
            id: "deltagrad-one-parameter",
            title: "DeltaGrad on quadratics with one parameter",
            statement: "full batches, squared loss, one parameter: the replay is coupled retraining for any T0",
            source: "derived here",
            theorem: None,
            item: "unlearn::deltagrad::DeltaGrad",
            expected: Verdict::Holds,
            domain: QUADRATIC,
            check: one_parameter,
            directed: Vec::new,
        },
        Claim {
            id: "fine-tuned-distance",
            title: "fine-tuning after a subtraction",
            statement: "after gradient descent on F_R to ‖∇F_R(θ)‖ ≤ τ from θ_T + Σ c_t: ‖θ − θ*‖ ≤ ‖∇F_R(θ)‖/μ",
            source: "derived here; a reconstruction of the corrected update of Li et al. 2024 (arXiv 2412.14505), \
                     abstract read",
            theorem: Some("Unlearn.Convex.residual_bound"),
            item: "unlearn::direct_fine_tune::converge",
            expected: Verdict::Holds,
            domain: LINEAR,
            check: fine_tuned,
            directed: Vec::new,
        },
        Claim {
            id: "additive-quadratic",
            title: "additive vectors are exact for quadratics",
            statement: "θ_t + Σ_u v_u = θ′_t for squared loss and linear models",
            source: "what is true of recollection, said of its additive form; no paper states it",
            theorem: None,
            item: "unlearn::precomputed::Precomputed",
            expected: Verdict::Refuted,
            domain: QUADRATIC,
            check: additive_exact,
            directed: || vec![used_twice()],
        },
        Claim {
            id: "deltagrad-quadratic",
            title: "DeltaGrad is exact for quadratics and full batches",
            statement: "full batches, squared loss: the replay with m = 2, T0 = 3, j0 = 0 is coupled retraining",
            source: "what measurements near convergence suggest; no paper states it",
            theorem: None,
            item: "unlearn::deltagrad::DeltaGrad",
            expected: Verdict::Refuted,
            domain: QUADRATIC,
            check: |case| deltagrad(&full_batches(case), PERIODIC),
            directed: || vec![turning()],
        },
        Claim {
            id: "subtraction-speeds-fine-tuning",
            title: "subtracting first always shortens fine-tuning",
            statement: "‖θ_T + Σ c_t − θ*‖ ≤ ‖θ_T − θ*‖, θ* the minimiser of F_R",
            source: "what subtracting before fine-tuning presumes (Li et al. 2024, arXiv 2412.14505, as summarised)",
            theorem: None,
            item: "unlearn::direct_fine_tune::DirectFineTune",
            expected: Verdict::Refuted,
            domain: LINEAR,
            check: speeds_up,
            directed: || vec![forgotten_by_itself()],
        },
    ]
}

/// ½(θ−1)² forgotten and used twice: θ = 0, ½, ¾, retraining stays at 0, and the vector is −½, −½: ¼ is left.
fn used_twice() -> Case {
    super::directed::case(super::directed::Small {
        rows: &[(&[1.0], 1.0), (&[1.0], 0.0)],
        forget: &[0],
        steps: &[(0, 0.5), (0, 0.5)],
        mask: None,
    })
    .labelled("used twice")
}

/// Two directions of different curvature, of which the forgotten row moves both: the difference from the recorded run
/// turns between explicit steps, and one secant pair does not know the other direction.
fn turning() -> Case {
    super::directed::case(super::directed::Small {
        rows: &[(&[1.0, 0.0], 1.0), (&[0.0, 2.0], 1.0), (&[1.0, 1.0], 1.0)],
        forget: &[2],
        steps: &[(0, 0.25); 4],
        mask: None,
    })
    .labelled("turning")
}

fn stored(case: &Case) -> Result<(Precomputed, Located)> {
    let units = Units::each_of(&case.forget);
    let stored = Precomputed::new(&case.problem, &case.plan, case.run()?, &units)?;
    let theta = stored.remove(&case.forget)?.theta;
    Ok((stored, Located::at(&theta)))
}

/// The floats that are returned, against the bound that is said to hold for them.
fn additive(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    if case.normalisation != Normalisation::Fixed {
        return Ok(Outcome::NotApplicable("divisors are not fixed".into()));
    }
    let (stored, theta) = stored(case)?;
    let bound = stored.bound(&case.forget)?;
    let measured = theta.distance(&case.rerun_located()?);
    Ok(Outcome::Compared(Evidence::inequality(measured, bound.value, case.run_size()?)))
}

fn additive_exact(case: &Case) -> Result<Outcome> {
    if case.normalisation != Normalisation::Fixed {
        return Ok(Outcome::NotApplicable("divisors are not fixed".into()));
    }
    let (_, theta) = stored(case)?;
    Ok(Outcome::Compared(Evidence::identity(theta.distance(&case.rerun_located()?), case.run_size()?)))
}

/// The case with every batch full.
fn full_batches(case: &Case) -> Case {
    let mut plan = case.plan.clone();
    plan.steps.iter_mut().for_each(|s| s.rows = (0..case.problem.rows()).collect());
    case.beside(case.problem.clone(), plan, case.start.clone())
}

fn deltagrad(case: &Case, method: DeltaGrad) -> Result<Outcome> {
    let run = case.run()?;
    let cache = Cache::new(&case.problem, &case.plan, run)?;
    let replay = method.replay(&case.coupling()?, run, &cache)?;
    let deviation = Located::at(replay.trajectory.last()).distance(&case.rerun_located()?);
    Ok(Outcome::Compared(Evidence::identity(deviation, case.run_size()? * secant_size(case, &method)?)))
}

/// By how much rounding in a secant pair can be enlarged: the runs may be far more apart when a pair is used than when it
/// was made. In units of the resolution; at least 1.
fn secant_size(case: &Case, method: &DeltaGrad) -> Result<f64> {
    if method.period == 1 {
        return Ok(1.0);
    }
    let apart = case.run()?.points.iter().zip(&case.rerun()?.points).map(|(a, b)| (a - b).norm());
    let apart: Vec<f64> = apart.collect();
    let largest = apart.iter().copied().fold(0.0, f64::max);
    let least = apart.iter().copied().filter(|d| *d > 0.0).fold(f64::INFINITY, f64::min);
    let growth = if least < largest { largest / least } else { 1.0 };
    let terms = case.plan.len() * (case.problem.rows() + case.problem.active());
    Ok((tol(terms, growth) / super::evidence::RESOLUTION).max(1.0))
}

/// The case restricted to its first kept parameter, with full batches.
fn one_parameter(case: &Case) -> Result<Outcome> {
    let full = case.problem.mask();
    let keep: Vec<bool> = (0..full.parameters()).map(|j| full.active().first() == Some(&j)).collect();
    let problem = case.problem.clone().with_mask(Mask::new(&keep)?)?;
    let start = case.start.rows(0, 1).into_owned();
    deltagrad(&full_batches(&case.beside(problem, case.plan.clone(), start)), PERIODIC)
}

/// Nothing can be said where there is no unique minimiser.
fn strongly_convex(case: &Case) -> Option<Outcome> {
    (case.problem.ridge() <= 0.0).then(|| Outcome::NotApplicable("no ridge".into()))
}

fn after_rows(case: &Case) -> Result<Located> {
    added_back(case, &ledger(case, Reference::Recorded)?, Reference::Recorded)
}

fn fine_tuned(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = strongly_convex(case) {
        return Ok(outcome);
    }
    let start = addback(&case.coupling()?, case.run()?, Reference::Recorded);
    // Coarse enough to be reached: what is claimed holds for any tolerance.
    let gradient = case.problem.retained(&case.forget)?.gradient(&start).norm();
    match converge(&case.problem, &case.forget, start, (0.1 * gradient).max(1e-12), SOME) {
        Ok(done) => {
            let measured = case.distance_to_refit(&done.theta)?;
            Ok(Outcome::Compared(Evidence::inequality(measured, done.to_minimiser.value, case.fit_size()?)))
        }
        Err(e) => Ok(Outcome::NotApplicable(e.to_string())),
    }
}

fn speeds_up(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = untouched_run(case) {
        return Ok(outcome);
    }
    let size = match case.fit_size() {
        Ok(size) => size + skipping_size(case)?,
        Err(e) => return Ok(Outcome::NotApplicable(format!("no unique minimiser: {e}"))),
    };
    let minimiser = case.refit_located()?;
    let without = case.run_located()?.distance(minimiser);
    Ok(Outcome::Compared(Evidence::inequality(after_rows(case)?.distance(minimiser), without, size)))
}

#[cfg(test)]
mod tests {
    use super::super::direct::{beats_noop, is_skipping};
    use super::*;

    #[test]
    fn hand_made_cases_have_their_numbers() {
        let by = |outcome: Result<Outcome>| match outcome.unwrap() {
            Outcome::Compared(e) => e.measured.mid(),
            other => panic!("{other:?}"),
        };
        let case = forgotten_by_itself();
        assert!((by(beats_noop(&case)) - 0.5).abs() < 1e-12);
        assert!((by(is_skipping(&case)) - 0.5).abs() < 1e-12);
        assert!((by(speeds_up(&case)) - 0.5).abs() < 1e-12);
        assert!((by(additive_exact(&used_twice())) - 0.25).abs() < 1e-12);
        assert!(by(deltagrad(&full_batches(&turning()), PERIODIC)) > 1e-3);
    }
}
