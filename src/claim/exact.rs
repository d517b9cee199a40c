//! Exact removal without a ridge or without recomputing: minimum-norm interpolation, unused rows.

use super::fixed::{Ends, Formula, agree};
use super::identities::LEAST_SQUARES;
use super::sgd::applicable;
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::numeric::tolerance::tol;
use crate::objective::Problem;
use crate::train::plan::Plan;
use crate::train::sgd;
use crate::unlearn::features::features;
use crate::unlearn::interpolation::{forgetting_targets, minimum_norm, project_out};
use crate::unlearn::minibatch::{Sampling, without_unused};
use nalgebra::DVector;

const RUN: Domain =
    Domain { losses: &Loss::ALL, depth: Depth::Any, masks: true, momentum: true, run: true, wide: false };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "min-norm-projection",
            title: "interpolators forget by projection",
            statement: "θ₋U = P_row(X_r)θ for θ = X⁺y, fewer independent rows than parameters, no ridge",
            source: "derived here; related: Block et al. 2025 (arXiv 2505.22601), recalled",
            theorem: Some("Unlearn.Removal.min_norm_removal"),
            item: "unlearn::interpolation::project_out",
            expected: Verdict::Holds,
            domain: Domain { wide: true, ..LEAST_SQUARES },
            check: |case| interpolates(case, project_out),
            directed: Vec::new,
        },
        Claim {
            id: "min-norm-relabel",
            title: "interpolators forget by refitting new targets",
            statement: "X⁺y′ = θ₋U with y′ = y on kept rows, x_f·θ₋U on forgotten rows",
            source: "derived here; related: MUSO (arXiv 2410.08557), recalled",
            theorem: None,
            item: "unlearn::interpolation::forgetting_targets",
            expected: Verdict::Holds,
            domain: Domain { wide: true, ..LEAST_SQUARES },
            check: |case| interpolates(case, relabel),
            directed: Vec::new,
        },
        Claim {
            id: "coupled-minibatch",
            title: "rows no batch held are forgotten bit for bit",
            statement: "if no batch holds a deleted row, the recorded run equals training without it, bitwise",
            source: "Ullah et al. 2021 (arXiv 2102.13179), Algorithms 3 and 4",
            theorem: None,
            item: "unlearn::minibatch::without_unused",
            expected: Verdict::Holds,
            domain: RUN,
            check: |case| bitwise(case, without_unused),
            directed: Vec::new,
        },
        Claim {
            id: "recompute-probability",
            title: "how often a deletion must recompute",
            statement: "P = 1 − (C(n−u,m)/C(n,m))^T ≤ min(1, umT/n); u = 1: 1 − (1−m/n)^T; seeded counts agree",
            source: "Ullah et al. 2021 (arXiv 2102.13179) for u = 1; groups derived here",
            theorem: None,
            item: "unlearn::minibatch::Sampling::recompute_probability",
            expected: Verdict::Holds,
            domain: RUN,
            check: recomputes,
            directed: Vec::new,
        },
    ]
}

fn relabel(problem: &Problem, theta: &DVector<f64>, forget: &RowSet) -> Result<DVector<f64>> {
    let rows: Vec<usize> = (0..problem.rows()).collect();
    minimum_norm(problem, &rows, &forgetting_targets(problem, theta, forget)?)
}

/// Does a formula turn the minimum-norm interpolator of all rows into that of the rows kept?
///
/// The reference is `X(XᵀX)⁻¹y` by Cholesky, not the decomposition the library uses.
///
/// # Errors
/// Those of the formula.
pub fn interpolates(case: &Case, formula: Formula) -> Result<Outcome> {
    let p = &case.problem;
    if p.rows() > p.active() {
        return Ok(Outcome::NotApplicable(format!("{} rows for {} parameters", p.rows(), p.active())));
    }
    applicable((|| {
        let all: Vec<usize> = (0..p.rows()).collect();
        let reference = |rows: &[usize]| -> Result<(DVector<f64>, f64)> {
            let x = features(p, rows)?;
            let gram = x.tr_mul(&x);
            let condition = Ends::of(&gram)?.condition();
            let y = DVector::from_iterator(rows.len(), rows.iter().map(|&i| p.target()[i]));
            Ok((x * Cholesky::new(gram, "the Gram matrix of the rows")?.solve(&y), condition))
        };
        let (theta, condition) = reference(&all)?;
        let (retrained, _) = reference(&case.forget.complement())?;
        let candidate = formula(p, &theta, &case.forget)?;
        let allowance = tol(p.rows() + p.active(), condition) * (theta.norm() + retrained.norm());
        Ok(agree(&candidate, &retrained, allowance))
    })())
}

/// Does the rewritten plan, run on the data without the forgotten rows that no batch held, give the
/// recorded run bit for bit? Measured: the number of differing coordinates.
///
/// # Errors
/// Those of the runs.
pub fn bitwise(case: &Case, rewrite: fn(&Plan, &RowSet) -> Option<Plan>) -> Result<Outcome> {
    let p = &case.problem;
    let used = |i: usize| case.plan.steps.iter().any(|s| s.rows.contains(&i));
    let unused: Vec<usize> = case.forget.rows().iter().copied().filter(|&i| !used(i)).collect();
    if unused.is_empty() || p.perturbation().is_some() {
        return Ok(Outcome::NotApplicable("every forgotten row was in some batch".into()));
    }
    let deleted = RowSet::new(p.rows(), unused)?;
    let Some(plan) = rewrite(&case.plan, &deleted) else {
        return Ok(Outcome::NotApplicable("a batch holds a deleted row".into()));
    };
    let data = p.data().select(&deleted.complement())?;
    let smaller = Problem::new(data.into(), p.model().clone(), p.ridge())?
        .with_reduction(p.reduction())
        .with_mask(p.mask().clone())?;
    let again = sgd::train(&smaller, &plan, case.start.clone())?;
    let differing = |a: &DVector<f64>, b: &DVector<f64>| {
        a.iter().zip(b.iter()).filter(|(a, b)| a.to_bits() != b.to_bits()).count()
    };
    let count: usize = case.run()?.points.iter().zip(&again.points).map(|(a, b)| differing(a, b)).sum();
    // A count: anything between 0 and 1 as the allowance tells none from some.
    Ok(Outcome::Compared(Evidence::identity(count as f64, 0.25)))
}

fn recomputes(case: &Case) -> Result<Outcome> {
    let n = case.problem.rows();
    let Some(first) = case.plan.steps.first() else {
        return Ok(Outcome::NotApplicable("the run has no step".into()));
    };
    let sampling = Sampling::new(n, first.rows.len().min(n), case.plan.len())?;
    // More steps make every probability 1 and tell no formula from another.
    let counted = Sampling { steps: sampling.steps.min(20), ..sampling };
    let mut worst: Option<Evidence> = None;
    let mut sizes = vec![1, case.forget.len()];
    sizes.dedup();
    for u in sizes {
        let p = sampling.recompute_probability(u)?;
        let bounded = Evidence::inequality(p, sampling.recompute_bound(u), 1.0);
        let e = bounded.worse(frequency(counted, u, counted.recompute_probability(u)?.mid()));
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("at least one size")))
}

/// Do seeded draws meet the first `deleted` rows as often as probability `p` says?
///
/// By Chernoff's bound, `N·KL(p̂‖p) ≥ log(2/δ)` has probability at most `δ` over the seeds, for each side
/// of `p`; `δ = 10⁻¹²` and `N = 1000`. Evidence for `N·KL(p̂‖p) ≤ log(2/δ)`.
pub fn frequency(sampling: Sampling, deleted: usize, p: f64) -> Evidence {
    const DRAWS: u32 = 1000;
    let meets = |seed: u32| sampling.draw(u64::from(seed)).iter().flatten().any(|&i| i < deleted);
    let share = f64::from((0..DRAWS).filter(|&s| meets(s)).count() as u32) / f64::from(DRAWS);
    let term = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a * (a / b).ln() };
    // A probability of 1 up to rounding allows no miss, one of 0 no hit.
    let p = if 1.0 - p < 1e-15 { 1.0 } else { p };
    let divergence = term(share, p) + term(1.0 - share, 1.0 - p);
    let measured = if divergence.is_finite() { divergence.max(0.0) * f64::from(DRAWS) } else { f64::MAX };
    Evidence::inequality(Interval::point(measured), Interval::point((2e12_f64).ln()), 1.0)
}
