//! Claims about shards that are fine-tuned on their affected slices: what the residual says, and what it does not.

use super::directed::{Small, case};
use super::hybrid::RUNS;
use super::sisa::sharded::{Sharded, applicable};
use super::{Case, Claim, Evidence, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::hybrid::stream::Move;
use crate::hybrid::{Policy, Stream};
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::sisa::blueprint::{Blueprint, Settings};
use crate::sisa::checkpoint::Memory;
use crate::sisa::ensemble::Status;
use crate::sisa::schedule::Epochs;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::newton::minimise;
use crate::train::optimiser::Optimiser;
use crate::train::rounding::RunEnclosure;
use crate::train::sgd;
use crate::unlearn::slice_fine_tune::{Amendment, Ended, Method, Scope, ShardObjective, Start, tune};
use nalgebra::DVector;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let holds = Claim {
        id: "amended-minimiser",
        title: "a shard fine-tuned to a residual",
        statement: "‖θ − argmin F_A‖ ≤ ‖∇F_A(θ)‖/μ_A ≤ ρ/μ_A, F_A the objective of the shard's run on the rows kept in the \
                    affected slices",
        source: "derived here",
        theorem: Some(crate::bound::residual::THEOREM),
        item: "unlearn::slice_fine_tune::tune",
        expected: Verdict::Holds,
        domain: RUNS,
        check: at_minimiser,
        directed: Vec::new,
    };
    let refuted = Claim {
        theorem: None,
        item: "unlearn::slice_fine_tune::ShardObjective",
        expected: Verdict::Refuted,
        directed: || vec![forgetting_the_first_slice()],
        ..holds
    };
    vec![
        holds,
        Claim {
            id: "amended-error",
            title: "the bound of an amended shard",
            statement: "‖θ − θ′_T‖ ≤ min{B_u + ‖θ − θ_u‖, δ + Π c_k(‖θ_0 − θ‖ + δ) + Σ_k Π_{j>k} c_j η_k(‖g_k(θ)‖ + L_kδ)}, \
                        δ = ‖∇F_R(θ)‖/μ_R, c_k = max{|1 − η_kμ_k|, |1 − η_kL_k|}; the second without momentum",
            theorem: Some(crate::bound::amended::THEOREM),
            item: "hybrid::stream::Stream",
            check: bounded,
            ..holds
        },
        Claim {
            id: "amended-nearer",
            title: "fine-tuning the affected slices helps",
            statement: "an updated shard fine-tuned on the affected slices to ‖∇F_A‖ ≤ ρ, ρ small, is no farther from the \
                        retrained shard than before",
            source: "what fine-tuning a subset of slices presumes (Li et al. 2024, arXiv 2412.14505, as summarised)",
            check: nearer,
            ..refuted
        },
        Claim {
            id: "amended-residual-certifies",
            title: "a small gradient on the affected slices is a certificate",
            statement: "‖θ − θ′_T‖ ≤ ‖∇F_A(θ)‖/μ_A",
            source: "a natural slip, false; derived here",
            check: certifies,
            ..refuted
        },
    ]
}

/// Slices with targets 1, 1 and −1, −1 of one shard; the last row is forgotten. Fine-tuned on the second slice the model goes
/// to −1, whatever the first one said.
fn forgetting_the_first_slice() -> Case {
    let rows: &[(&[f64], f64)] = &[(&[1.0], 1.0), (&[1.0], 1.0), (&[1.0], -1.0), (&[1.0], -1.0)];
    case(Small { rows, forget: &[3], steps: &[(0, 0.125)], mask: None })
        .labelled("forgetting the first slice")
}

fn sharded(case: &Case, shards: usize) -> Result<Sharded> {
    Sharded::new(case, Optimiser::Sgd { momentum: case.plan.momentum }, shards, 2)
}

fn amendment(scope: Scope, residual: f64) -> Amendment {
    Amendment { residual, scope, method: Method::Newton, start: Start::Carried }
}

/// The first shard, its affected slices and the model that its vectors give.
struct Updated {
    sharded: Sharded,
    slices: Vec<usize>,
    theta: DVector<f64>,
    /// The end of its exact run without the rows.
    retrained: Located,
}

fn updated(case: &Case) -> Result<std::result::Result<Updated, Outcome>> {
    let sharded = sharded(case, 1)?;
    let (problem, plan) = (sharded.blueprint.problem(), sharded.blueprint.plan(0));
    let hit: Vec<bool> = plan.slices.iter().map(|s| s.iter().any(|i| sharded.forget.contains(*i))).collect();
    let slices = Scope::Affected.slices(&hit);
    if slices.is_empty() || !problem.model().is_linear() {
        return Ok(Err(Outcome::NotApplicable("nothing is hit".into())));
    }
    let (mut stream, _) = Stream::train(sharded.blueprint.clone(), Memory::default())?;
    let (plan, _) = stream.answer(&sharded.forget, Policy::Threshold { share: 0.0 })?;
    if plan.shards.iter().any(|s| s.choice != Move::Update) {
        return Ok(Err(Outcome::NotApplicable("no update".into())));
    }
    let theta = stream.ensemble().models()[0].clone();
    let retrained = retrained(&sharded.blueprint, 0, &sharded.forget)?;
    Ok(Ok(Updated { sharded, slices, theta, retrained }))
}

/// The end of the exact run of a shard without rows.
fn retrained(blueprint: &Blueprint, shard: usize, gone: &RowSet) -> Result<Located> {
    let (problem, plan) = (blueprint.problem(), &blueprint.plan(shard).plan);
    let run = sgd::retrain(problem, plan, blueprint.start(shard).theta.clone(), gone, Normalisation::Fixed)?;
    let coupling = Coupling::new(problem, plan, gone, Normalisation::Fixed)?;
    Ok(Located::at(run.last()).widened(RunEnclosure::of_retraining(&coupling, &run).last()))
}

/// Fine-tunes an updated shard until the gradient is a share of what it was, and looks at what came out.
fn after(
    case: &Case,
    share: f64,
    look: impl Fn(&Updated, &ShardObjective<'_>, &crate::unlearn::slice_fine_tune::Tuned) -> Result<Evidence>,
) -> Result<Outcome> {
    applicable((|| {
        let updated = match updated(case)? {
            Ok(updated) => updated,
            Err(outcome) => return Ok(outcome),
        };
        let (blueprint, gone) = (&updated.sharded.blueprint, &updated.sharded.forget);
        let made = ShardObjective::new(blueprint.problem(), blueprint.plan(0), &updated.slices, gone);
        let Ok(objective) = made else {
            return Ok(Outcome::NotApplicable("no row is left in the slices".into()));
        };
        let gradient = objective.gradient_norm(&updated.theta).hi();
        let residual = (share * gradient).max(1e-11);
        match tune(&objective, updated.theta.clone(), residual, Method::Newton, None) {
            Ok(Ended::Tuned(tuned)) => look(&updated, &objective, &tuned).map(Outcome::Compared),
            Ok(Ended::Dearer { .. }) => unreachable!("there is no budget"),
            Err(e) => Ok(Outcome::NotApplicable(e.to_string())),
        }
    })())
}

fn size(theta: &DVector<f64>, other: &DVector<f64>) -> f64 {
    theta.norm() + other.norm() + super::case::SMALLEST_SIZE
}

fn at_minimiser(case: &Case) -> Result<Outcome> {
    // Coarse: at a residual near rounding nothing could be told.
    after(case, 0.3, |_, objective, tuned| {
        let fit = minimise(&objective.objective(), tuned.theta.clone())?;
        let exact = Located::at(&fit.theta).widened(objective.to_minimiser(&fit.theta)?.value.hi());
        let measured = Located::at(&tuned.theta).distance(&exact);
        Ok(Evidence::inequality(measured, tuned.to_minimiser.value, size(&tuned.theta, &fit.theta)))
    })
}

fn nearer(case: &Case) -> Result<Outcome> {
    after(case, 1e-6, |updated, _, tuned| {
        let away = |theta: &DVector<f64>| Located::at(theta).distance(&updated.retrained);
        let size = size(&tuned.theta, &updated.theta);
        Ok(Evidence::inequality(away(&tuned.theta), away(&updated.theta), size))
    })
}

fn certifies(case: &Case) -> Result<Outcome> {
    after(case, 1e-6, |updated, _, tuned| {
        let measured = Located::at(&tuned.theta).distance(&updated.retrained);
        Ok(Evidence::inequality(measured, tuned.to_minimiser.value, size(&tuned.theta, &updated.theta)))
    })
}

fn bounded(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let sharded = sharded(case, 2)?;
        let own = &sharded.blueprint;
        // The same shards in long runs of full batches, which the end of the run is known of.
        let settings = Settings {
            epochs: Epochs::Floor { unsliced: 12 },
            batch: own.partition().rows(),
            ..own.settings().clone()
        };
        let full = Blueprint::new(own.problem().clone(), own.partition().clone(), settings)?;
        let mut worst: Option<Evidence> = None;
        for (blueprint, scope) in [(own, Scope::Affected), (&full, Scope::All)] {
            let (mut stream, _) = Stream::train(blueprint.clone(), Memory::default())?;
            let terms = Policy::Threshold { share: 0.0 }.amended(amendment(scope, 1e-9));
            let (plan, _) = stream.answer(&sharded.forget, terms)?;
            for shard in plan.shards.iter().filter(|s| s.choice == Move::Amend) {
                let k = shard.shard;
                let Status::Within(bound) = stream.ensemble().status()[k] else { continue };
                let theta = &stream.ensemble().models()[k];
                let measured = Located::at(theta).distance(&retrained(blueprint, k, &sharded.forget)?);
                let size = 2.0 * theta.norm() + super::case::SMALLEST_SIZE;
                let found = Evidence::inequality(measured, Interval::point(bound), size);
                worst = Some(worst.map_or(found, |w| w.worse(found)));
            }
        }
        Ok(worst.map_or_else(|| Outcome::NotApplicable("no shard has a bound".into()), Outcome::Compared))
    })())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hand_made_case_has_its_numbers() {
        let case = forgetting_the_first_slice();
        let Outcome::Compared(e) = nearer(&case).unwrap() else { panic!() };
        // From where retraining ends, above 0, to −1.
        assert!(e.measured.mid() > 1.0 && e.bound.mid() < 0.1, "{e:?}");
    }
}
