//! Claims about choosing between retraining and updating: what the planner promises, and what a hybrid does not.

use super::directed::{Small, case};
use super::identities::both;
use super::sisa::sharded::{Sharded, applicable, differing, none, same};
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::hybrid::stream::Move;
use crate::hybrid::{Branch, Policy, Prepared, Stream, Tolerance, estimate::estimate, serve};
use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::sisa::checkpoint::Memory;
use crate::sisa::ensemble::Status;
use crate::sisa::workload::workload;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::newton::minimise;
use crate::train::optimiser::Optimiser;
use crate::train::rounding::RunEnclosure;
use crate::train::sgd;
use nalgebra::DVector;

const CONVEX: Domain = Domain {
    losses: &Loss::ALL,
    depth: Depth::Linear,
    masks: true,
    momentum: false,
    run: false,
    wide: false,
};
pub(super) const RUNS: Domain = Domain { momentum: true, run: true, ..CONVEX };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let holds = Claim {
        id: "planner-within",
        title: "an update within the tolerance",
        statement: "served within ε (a quarter, a thousandth of what doing nothing is certified to) by anything but \
                    retraining, ‖θ − θ_r‖ ≤ ε",
        source: "derived here",
        theorem: Some(crate::bound::residual::THEOREM),
        item: "hybrid::answer::serve",
        expected: Verdict::Holds,
        domain: CONVEX,
        check: within,
        directed: Vec::new,
    };
    let refuted =
        Claim { theorem: None, expected: Verdict::Refuted, domain: RUNS, directed: unhealed, ..holds };
    vec![
        holds,
        Claim {
            id: "planner-zero",
            title: "tolerance 0 is retraining",
            statement: "with tolerance 0 every bit is that of retraining: of a minimiser, of an ensemble's shards",
            theorem: None,
            domain: RUNS,
            check: zero,
            ..holds
        },
        Claim {
            id: "hybrid-bound",
            title: "the bound of an updated shard",
            statement: "after requests answered by updates, a shard is at most its bound from its run without all rows \
                        deleted since it was exact",
            theorem: None,
            item: "hybrid::stream::Stream",
            domain: RUNS,
            check: bounded,
            ..holds
        },
        Claim {
            id: "hybrid-share",
            title: "a larger request, a larger share",
            statement: "ρ = W/W_full, deleted rows subtracted from both, does not fall when rows are added to a request",
            source: "a natural slip, false; the boundary of a hybrid after Li et al. 2024 (arXiv 2412.14505), reconstructed",
            item: "sisa::workload::workload",
            check: share,
            directed: || vec![four_rows(&[0, 1])],
            ..refuted
        },
        Claim {
            id: "hybrid-unhealed",
            title: "exact branch, exact model",
            statement: "after a request that retraining answered, every shard equals training from scratch, whatever \
                        answered the requests before",
            source: "a natural slip, false; derived here",
            item: "hybrid::stream::Stream",
            check: left_unhealed,
            ..refuted
        },
    ]
}

/// Least squares on four rows.
fn four_rows(forget: &[usize]) -> Case {
    let rows: &[(&[f64], f64)] = &[(&[1.0], 1.0), (&[1.0], -1.0), (&[1.0], 2.0), (&[1.0], 0.0)];
    case(Small { rows, forget, steps: &[(0, 0.5)], mask: None }).labelled("four rows")
}

fn unhealed() -> Vec<Case> {
    vec![four_rows(&[0, 2])]
}

fn within(case: &Case) -> Result<Outcome> {
    let prepared = Prepared::new(&case.problem, case.fit()?)?;
    let noop = estimate(&prepared, &case.forget, Tolerance::ANY)?.estimates[0].bound;
    let Some(noop) = noop.filter(|b| *b > 0.0) else {
        return Ok(Outcome::NotApplicable("doing nothing has no bound, or needs none".into()));
    };
    let mut worst: Option<Evidence> = None;
    for share in [0.25, 1e-3] {
        let tolerance = Tolerance::new(share * noop)?;
        let answer = serve(&prepared, &case.forget, tolerance)?;
        if answer.branch == Branch::Retrain {
            continue;
        }
        let measured = case.distance_to_refit(&answer.theta)?;
        let found = Evidence::inequality(measured, Interval::point(tolerance.distance()), case.fit_size()?);
        worst = Some(worst.map_or(found, |w| w.worse(found)));
    }
    Ok(worst.map_or_else(|| Outcome::NotApplicable("it retrains".into()), Outcome::Compared))
}

fn zero(case: &Case) -> Result<Outcome> {
    let on_minimiser = |fit| -> Result<Outcome> {
        let answer = serve(&Prepared::new(&case.problem, fit)?, &case.forget, Tolerance::EXACT)?;
        let again = minimise(&case.problem.retained(&case.forget)?, DVector::zeros(case.problem.active()))?;
        Ok(none(differing(&[answer.theta], &[again.theta])))
    };
    let on_shards = applicable((|| {
        let sharded = sharded(case)?;
        let (mut stream, _) = Stream::train(sharded.blueprint.clone(), Memory::default())?;
        stream.answer(&sharded.forget, Policy::Certified(Tolerance::EXACT))?;
        Ok(none(differing(stream.ensemble().models(), &sharded.scratch(&sharded.forget)?)))
    })())?;
    // Without a ridge there may be no minimiser.
    match case.fit().and_then(on_minimiser) {
        Ok(outcome) => both(outcome, on_shards),
        Err(_) => Ok(on_shards),
    }
}

fn sharded(case: &Case) -> Result<Sharded> {
    Sharded::new(case, Optimiser::Sgd { momentum: case.plan.momentum }, 2, 2)
}

/// The forgotten rows in the first shard, and the others.
fn split(sharded: &Sharded) -> (Option<RowSet>, Option<RowSet>) {
    let partition = sharded.blueprint.partition();
    let part = |first: bool| {
        let here = |i: &usize| partition.place(*i).is_some_and(|(k, _)| (k == 0) == first);
        let rows = sharded.forget.rows().iter().copied().filter(here).collect();
        RowSet::new(sharded.forget.total(), rows).ok()
    };
    (part(true), part(false))
}

fn bounded(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let sharded = sharded(case)?;
        let (mut stream, _) = Stream::train(sharded.blueprint.clone(), Memory::default())?;
        for &row in sharded.forget.rows() {
            let request = RowSet::new(sharded.forget.total(), vec![row])?;
            stream.answer(&request, Policy::Certified(Tolerance::ANY))?;
        }
        let mut worst: Option<Evidence> = None;
        for (k, status) in stream.ensemble().status().iter().enumerate() {
            let Status::Within(bound) = status else { continue };
            let (problem, plan) = (sharded.blueprint.problem(), &sharded.blueprint.plan(k).plan);
            let start = sharded.blueprint.start(k).theta.clone();
            let run = sgd::retrain(problem, plan, start, &sharded.forget, Normalisation::Fixed)?;
            let coupling = Coupling::new(problem, plan, &sharded.forget, Normalisation::Fixed)?;
            let exact = Located::at(run.last()).widened(RunEnclosure::of_retraining(&coupling, &run).last());
            let theta = &stream.ensemble().models()[k];
            let size = theta.norm() + run.last().norm() + super::case::SMALLEST_SIZE;
            let found =
                Evidence::inequality(Located::at(theta).distance(&exact), Interval::point(*bound), size);
            worst = Some(worst.map_or(found, |w| w.worse(found)));
        }
        Ok(worst.map_or_else(|| Outcome::NotApplicable("no shard has a bound".into()), Outcome::Compared))
    })())
}

fn share(case: &Case) -> Result<Outcome> {
    let sharded = Sharded::new(case, Optimiser::Sgd { momentum: case.plan.momentum }, 2, 1)?;
    let (partition, epochs) = (sharded.blueprint.partition(), &sharded.blueprint.settings().epochs);
    let share = |rows: &[usize]| -> Result<f64> {
        let request = RowSet::new(sharded.forget.total(), rows.to_vec())?;
        Ok(workload(partition, epochs, None, &request)?.share())
    };
    let rows = sharded.forget.rows();
    let mut worst: Option<Evidence> = None;
    for n in 1..rows.len() {
        let (smaller, larger) = (share(&rows[..n])?, share(&rows[..n + 1])?);
        // Quotients of counts.
        let about = |x: f64| Interval::around(x, 4.0 * f64::EPSILON);
        let found = Evidence::inequality(about(smaller), about(larger), 1.0);
        worst = Some(worst.map_or(found, |w| w.worse(found)));
    }
    Ok(worst
        .map_or_else(|| Outcome::NotApplicable("one row has no smaller request".into()), Outcome::Compared))
}

fn left_unhealed(case: &Case) -> Result<Outcome> {
    applicable((|| {
        let sharded = sharded(case)?;
        let (Some(first), Some(second)) = split(&sharded) else {
            return Ok(Outcome::NotApplicable("no two shards are hit".into()));
        };
        let (mut stream, _) = Stream::train(sharded.blueprint.clone(), Memory::default())?;
        stream.answer(&first, Policy::Certified(Tolerance::ANY))?;
        let (plan, _) = stream.answer(&second, Policy::Certified(Tolerance::EXACT))?;
        assert!(plan.shards.iter().all(|s| s.choice == Move::Retrain), "tolerance 0 did not retrain");
        Ok(same(&stream.ensemble().models()[0], &sharded.scratch(&sharded.forget)?[0]))
    })())
}
