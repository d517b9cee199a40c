//! Claims about the expected cost of sharded training, against a list of every outcome in whole numbers.
//!
//! A case gives `S` (its rows, at most 4), `R` (its steps, at most 4), `K` (its forgotten rows, at most 4) and `N` (a
//! multiple of `SR`). Every outcome of `K` requests on the `SR` slices has the same probability.

use super::super::directed::{Small, case};
use super::super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::sisa::cost::{sharding, slicing};

const MOST: usize = 4;

/// Any case will do: only its counts matter.
const COUNTS: Domain = Domain {
    losses: &Loss::ALL,
    depth: Depth::Linear,
    masks: false,
    momentum: false,
    run: false,
    wide: false,
};

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let holds = Claim {
        id: "sisa-cost-sequential",
        title: "expected cost, shards, one by one",
        statement: "Σ_{i=1}^K Σ_{j=0}^{i−1} C(i−1,j)(1/S)^j(1−1/S)^{i−1−j}(N/S−1−j) = (N/S + 1/(2S) − 1)K − K²/(2S)",
        source: "Bourtoule et al. 2021 (arXiv 1912.03817), equation (2)",
        theorem: Some("Unlearn.Shards.sequential_cost"),
        item: "sisa::cost::sharding::sequential",
        expected: Verdict::Holds,
        domain: COUNTS,
        check: |case| one_by_one(case, sharding::sequential),
        directed: Vec::new,
    };
    let refuted = Claim { expected: Verdict::Refuted, ..holds };
    vec![
        holds,
        Claim {
            id: "sisa-cost-batch",
            title: "expected cost, shards, all at once",
            statement: "N(1 − (1−1/S)^K) − K = N(1 − e^{−K/τ}) − K, τ = (−ln(1−1/S))⁻¹",
            source: "Bourtoule et al. 2021 (arXiv 1912.03817), equation (3) and Appendix I.2",
            theorem: None,
            item: "sisa::cost::sharding::batch",
            check: |case| {
                super::super::identities::both(
                    together(case, sharding::batch)?,
                    together(case, sharding::batch_exponential)?,
                )
            },
            ..holds
        },
        Claim {
            id: "sisa-cost-slice",
            title: "expected cost, slices, one request",
            statement: "the mean over r of (2e′D/(R(R+1)))(R(R+1)/2 − r(r−1)/2) is e′D(2/3 + 1/(3R))",
            source: "Bourtoule et al. 2021 (arXiv 1912.03817), equations (4) and (11)",
            theorem: Some("Unlearn.Shards.slicing_cost_one"),
            item: "sisa::cost::slicing::one_expected",
            check: |case| slices(case, Some(1), |work, r, _| slicing::one_expected(work, r)),
            ..holds
        },
        Claim {
            id: "sisa-cost-slices",
            title: "expected cost, slices, all at once",
            statement: "E[C] = (2e′D/(R(R+1))) Σ_{j=1}^R j[1 − (1 − j/R)^K]",
            source: "derived here; corrects Bourtoule et al. 2021 (arXiv 1912.03817), equation (18)",
            theorem: Some("Unlearn.Shards.slicing_cost_exact"),
            item: "sisa::cost::slicing::batch",
            check: |case| slices(case, None, slicing::batch),
            ..holds
        },
        Claim {
            id: "sisa-cost-combined",
            title: "expected cost, shards and slices",
            statement: "E[W](K) = S(2e′/(R+1)) Σ_{j=1}^R (jD/R)[1 − (1 − j/(RS))^K], D = N/S, deletions not subtracted",
            source: "derived here",
            theorem: None,
            item: "sisa::cost::slicing::combined",
            check: |case| combined(case, slicing::combined),
            ..holds
        },
        Claim {
            id: "sisa-cost-sign",
            title: "the time constant's sign in the main text",
            statement: "N(1 − (1−1/S)^K) − K = N(1 − e^{K/τ}) − K",
            source: "Bourtoule et al. 2021 (arXiv 1912.03817), the main text's form of equation (3)",
            theorem: None,
            item: "claim::sisa::cost::main_text",
            check: |case| together(case, main_text),
            directed: || vec![counts(2, 1, 1)],
            ..refuted
        },
        Claim {
            id: "sisa-cost-continuous",
            title: "equation (18) is exact",
            statement: "E[C] = (2e′D/(R(R+1)))(R(R+1)/2 − ½(E[r_min²] − E[r_min])) with the moments of a continuous slice index",
            source: "Bourtoule et al. 2021 (arXiv 1912.03817), equations (5) and (16) to (18)",
            theorem: Some("Unlearn.Shards.continuous_moments_wrong"),
            item: "sisa::cost::slicing::batch_printed",
            check: |case| slices(case, None, slicing::batch_printed),
            directed: || vec![counts(2, 2, 1)],
            ..refuted
        },
        Claim {
            id: "sisa-cost-configuration",
            title: "the printed probability of a configuration",
            statement: "Σ_{j=0}^{i−1} C(i−1,j)(1/S)^j(1/S)^{i−1−j} = 1",
            source: "Bourtoule et al. 2021 (arXiv 1912.03817), Appendix I.1 as printed",
            theorem: None,
            item: "claim::sisa::cost::configurations",
            check: |case| configurations(case, |s| Interval::ONE / Interval::point(s)),
            directed: || vec![counts(3, 1, 2)],
            ..refuted
        },
    ]
}

/// A case with so many rows, steps and forgotten rows.
fn counts(rows: usize, steps: usize, forget: usize) -> Case {
    let row: (&[f64], f64) = (&[1.0], 0.0);
    let forget: Vec<usize> = (0..forget).collect();
    let small = Small { rows: &vec![row; rows], forget: &forget, steps: &vec![(0, 0.5); steps], mask: None };
    case(small).labelled(format!("S = {rows}, R = {steps}, K = {}", forget.len()))
}

/// What a case stands for.
struct Counts {
    shards: u64,
    slices: u64,
    requests: u64,
    rows: u64,
}

impl Counts {
    fn of(case: &Case) -> Counts {
        let most = |n: usize| n.clamp(1, MOST) as u64;
        let (shards, slices) = (most(case.problem.rows()), most(case.plan.len()));
        let rows = shards * slices * (2 + case.problem.model().inputs() as u64 % 7);
        Counts { shards, slices, requests: most(case.forget.len()), rows }
    }
}

/// The mean of a whole number over all outcomes of `requests` draws from `slots`, enclosed.
fn mean(slots: u64, requests: u64, mut value: impl FnMut(&[u64]) -> u64) -> Interval {
    let count = slots.pow(requests as u32);
    let mut drawn = vec![0; requests as usize];
    let mut sum = 0u64;
    for outcome in 0..count {
        let mut rest = outcome;
        for d in &mut drawn {
            *d = rest % slots;
            rest /= slots;
        }
        sum += value(&drawn);
    }
    // Whole numbers far below 2⁵³.
    Interval::point(sum as f64) / Interval::point(count as f64)
}

/// Evidence that a formula has the value; a formula without one is infinitely wrong.
fn equals(formula: f64, value: Interval, size: f64) -> Outcome {
    let formula = if formula.is_finite() { formula } else { f64::MAX };
    Outcome::Compared(Evidence::identity((Interval::point(formula) - value).abs(), size))
}

/// A cost of sharding from `N`, `S`, `K`.
pub type ShardingCost = fn(u64, u64, u64) -> Result<f64>;

/// Is a formula the expected cost of requests one after the other?
///
/// # Errors
/// Those of the formula.
pub fn one_by_one(case: &Case, formula: ShardingCost) -> Result<Outcome> {
    let c = Counts::of(case);
    let requests = c.requests.min(c.rows - c.shards + 1);
    // Every request retrains its shard without itself and those before it there: N/S − 1 − j rows.
    let before = mean(c.shards, requests, |drawn| {
        (0..drawn.len()).map(|i| drawn[..i].iter().filter(|&&d| d == drawn[i]).count() as u64).sum()
    });
    let each = Interval::point((c.rows / c.shards) as f64) - Interval::ONE;
    let value = Interval::point(requests as f64) * each - before;
    Ok(equals(formula(c.rows, c.shards, requests)?, value, (c.rows * requests) as f64))
}

/// Is a formula the expected cost of requests served together?
///
/// # Errors
/// Those of the formula.
pub fn together(case: &Case, formula: ShardingCost) -> Result<Outcome> {
    let c = Counts::of(case);
    let requests = c.requests.min(c.rows);
    let hit =
        mean(c.shards, requests, |drawn| (0..c.shards).filter(|shard| drawn.contains(shard)).count() as u64);
    let size = Interval::point((c.rows / c.shards) as f64);
    let value = size * hit - Interval::point(requests as f64);
    Ok(equals(formula(c.rows, c.shards, requests)?, value, c.rows as f64))
}

/// The main text's `N(1 − e^{K/τ}) − K`.
///
/// # Errors
/// As [`sharding::time_constant`].
pub fn main_text(rows: u64, shards: u64, requests: u64) -> Result<f64> {
    let exponent = requests as f64 / sharding::time_constant(shards)?;
    Ok(-(rows as f64) * exponent.exp_m1() - requests as f64)
}

/// Is a formula in `e′D`, `R`, `K` the expected cost of requests on the slices of one shard?
///
/// # Errors
/// Those of the formula.
pub fn slices(
    case: &Case,
    requests: Option<u64>,
    formula: fn(f64, u64, u64) -> Result<f64>,
) -> Result<Outcome> {
    let c = Counts::of(case);
    let requests = requests.unwrap_or(c.requests);
    let r = c.slices;
    let redone = mean(r, requests, |drawn| {
        let first = drawn.iter().min().copied().unwrap_or(r);
        (first + 1..=r).sum()
    });
    // Stage j visits e_i·jD/R rows: all R of them e′D.
    let work = c.rows as f64;
    let value = Interval::point(work) * redone / Interval::point((r * (r + 1) / 2) as f64);
    Ok(equals(formula(work, r, requests)?, value, work))
}

/// Is a formula in `e′N`, `S`, `R`, `K` the expected cost of requests on shards with slices?
///
/// # Errors
/// Those of the formula.
pub fn combined(case: &Case, formula: fn(f64, u64, u64, u64) -> Result<f64>) -> Result<Outcome> {
    let c = Counts::of(case);
    let (s, r) = (c.shards, c.slices);
    // At most 16³ outcomes.
    let requests = c.requests.min(3);
    let redone = mean(s * r, requests, |drawn| {
        let first = |shard: u64| drawn.iter().filter(|&&d| d / r == shard).map(|d| d % r).min().unwrap_or(r);
        (0..s).map(|shard| (first(shard) + 1..=r).sum::<u64>()).sum()
    });
    let work = c.rows as f64;
    let value = Interval::point(work) * redone / Interval::point((s * r * (r + 1) / 2) as f64);
    Ok(equals(formula(work, s, r, requests)?, value, work))
}

/// Do the probabilities `C(i−1,j)(1/S)^j q^{i−1−j}` of the configurations before request `i = K` add up to 1?
///
/// # Errors
/// None of its own.
pub fn configurations(case: &Case, q: fn(f64) -> Interval) -> Result<Outcome> {
    let c = Counts::of(case);
    let s = c.shards as f64;
    let (p, q) = (Interval::ONE / Interval::point(s), q(s));
    let power = |x: Interval, n: u64| (0..n).fold(Interval::ONE, |product, _| product * x);
    let (mut sum, mut choose) = (Interval::ZERO, 1u64);
    for j in 0..c.requests {
        let left = c.requests - 1 - j;
        sum = sum + Interval::point(choose as f64) * power(p, j) * power(q, left);
        choose = choose * left / (j + 1);
    }
    Ok(equals(1.0, sum, 1.0))
}
