//! Exact removal without a ridge or without recomputing: minimum-norm interpolation, unused rows.

use super::case::SMALLEST_SIZE;
use super::fixed::{Ends, Formula, agree, float_size, same, singular};
use super::identities::{LEAST_SQUARES, both};
use super::leave_out::{gram, project};
use super::sgd::applicable;
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::numeric::solve::{dot, eliminate_vector};
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
            check: |case| both(interpolates_exactly(case, false)?, interpolates(case, project_out)?),
            directed: Vec::new,
        },
        Claim {
            id: "min-norm-relabel",
            title: "interpolators forget by refitting new targets",
            statement: "X⁺y′ = θ₋U with y′ = y on kept rows, x_f·θ₋U on forgotten rows",
            source: "derived here; related: MUSO (arXiv 2410.08557), recalled",
            theorem: Some("Unlearn.Identities.min_norm_refit"),
            item: "unlearn::interpolation::forgetting_targets",
            expected: Verdict::Holds,
            domain: Domain { wide: true, ..LEAST_SQUARES },
            check: |case| both(interpolates_exactly(case, true)?, interpolates(case, relabel)?),
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
/// The reference is `X(XᵀX)⁻¹y` by elimination on enclosures, not the decomposition the library uses.
///
/// # Errors
/// Those of the formula.
pub fn interpolates(case: &Case, formula: Formula) -> Result<Outcome> {
    let p = &case.problem;
    if p.rows() > p.active() {
        return Ok(Outcome::NotApplicable(format!("{} rows for {} parameters", p.rows(), p.active())));
    }
    applicable((|| {
        let i = Interpolators::of(case)?;
        let candidate = formula(p, &i.computed(), &case.forget)?;
        Ok(agree(&candidate, &Located::enclosed(i.retrained), i.float_size))
    })())
}

/// The two minimum-norm interpolators of a case, enclosed.
struct Interpolators {
    /// `X⁺y` of all rows and of the rows kept.
    theta: Vec<Precise>,
    retrained: Vec<Precise>,
    size: f64,
    float_size: f64,
}

impl Interpolators {
    fn of(case: &Case) -> Result<Interpolators> {
        let p = &case.problem;
        let all: Vec<usize> = (0..p.rows()).collect();
        let theta = least_norm(p, &all, &targets(p, &all))?;
        let kept = case.forget.complement();
        let retrained = least_norm(p, &kept, &targets(p, &kept))?;
        let x = features(p, &all)?;
        let condition = Ends::of(&x.tr_mul(&x))?.condition();
        let size = norm(&theta).mid() + norm(&retrained).mid() + SMALLEST_SIZE;
        Ok(Interpolators {
            theta,
            retrained,
            size,
            float_size: float_size(size, p.rows() + p.active(), condition),
        })
    }

    /// `X⁺y` as floats: what formulas are handed.
    fn computed(&self) -> DVector<f64> {
        DVector::from_iterator(self.theta.len(), self.theta.iter().map(|t| t.float()))
    }
}

fn targets(problem: &Problem, rows: &[usize]) -> Vec<Precise> {
    rows.iter().map(|&i| Precise::exact(problem.target()[i])).collect()
}

/// `X(XᵀX)⁻¹y` for named rows.
fn least_norm(problem: &Problem, rows: &[usize], y: &[Precise]) -> Result<Vec<Precise>> {
    let x = features(problem, rows)?;
    let columns: Vec<usize> = (0..x.ncols()).collect();
    let c = eliminate_vector(gram(&x, &columns), y).ok_or_else(|| singular("the Gram matrix of the rows"))?;
    let at = |p: usize| dot(x.row(p).transpose().as_slice(), &c);
    Ok((0..x.nrows()).map(at).collect())
}

/// Both identities of interpolators, enclosed: projecting, and refitting the new targets.
fn interpolates_exactly(case: &Case, relabelled: bool) -> Result<Outcome> {
    let p = &case.problem;
    if p.rows() > p.active() {
        return Ok(Outcome::NotApplicable(format!("{} rows for {} parameters", p.rows(), p.active())));
    }
    applicable((|| {
        let i = Interpolators::of(case)?;
        let kept = features(p, &case.forget.complement())?;
        let projected = project(&kept, &i.theta)?;
        let found = if relabelled {
            let all: Vec<usize> = (0..p.rows()).collect();
            let mut y = targets(p, &all);
            let x = features(p, case.forget.rows())?;
            for (j, &row) in case.forget.rows().iter().enumerate() {
                y[row] = dot(x.column(j).as_slice(), &projected);
            }
            least_norm(p, &all, &y)?
        } else {
            projected
        };
        Ok(same(&Located::enclosed(found), &Located::enclosed(i.retrained), i.size))
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
    // A count is exact.
    Ok(Outcome::Compared(Evidence::identity(Interval::point(count as f64), 1.0)))
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
        let e = bounded.worse(frequency_within(counted, u, counted.recompute_probability(u)?));
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("at least one size")))
}

/// Do seeded draws meet the first `deleted` rows as often as probability `p` says?
///
/// By Chernoff's bound, `N·KL(p̂‖p) ≥ log(2/δ)` has probability at most `δ` over the seeds, for each side
/// of `p`; `δ = 10⁻¹²` and `N = 1000`. Evidence for `e^{N·KL} = (h/Np)^h ((N−h)/N(1−p))^{N−h} ≤ 2/δ`, `h` the number of
/// draws that met them: a product of powers, which needs no logarithm.
pub fn frequency(sampling: Sampling, deleted: usize, p: f64) -> Evidence {
    frequency_within(sampling, deleted, Interval::point(p))
}

/// The same for an enclosed probability.
fn frequency_within(sampling: Sampling, deleted: usize, p: Interval) -> Evidence {
    const DRAWS: u32 = 1000;
    let meets = |seed: u32| sampling.draw(u64::from(seed)).iter().flatten().any(|&i| i < deleted);
    let hits = (0..DRAWS).filter(|&s| meets(s)).count() as u32;
    let misses = DRAWS - hits;
    let share = |count: u32, p: Interval| {
        // What cannot happen and did is an infinite likelihood ratio.
        if p.hi() <= 0.0 {
            return Interval::point(f64::MAX);
        }
        Interval::point(f64::from(count)) / (Interval::point(f64::from(DRAWS)) * p)
    };
    let factors = [(hits, p), (misses, (Interval::ONE - p).nonnegative())].map(|(n, p)| (n, share(n, p)));
    let mut left = factors.map(|(n, _)| n);
    let mut ratio = Interval::ONE;
    // One factor is at least 1 and the other at most: taken by turns, the product stays in range.
    while left != [0, 0] {
        let grows = usize::from(factors[1].1.mid() > factors[0].1.mid());
        let wanted = if ratio.mid() < 1.0 { grows } else { 1 - grows };
        let taken = if left[wanted] > 0 { wanted } else { 1 - wanted };
        ratio = ratio * factors[taken].1;
        left[taken] -= 1;
    }
    Evidence::inequality(ratio, Interval::point(2e12), 1.0)
}
