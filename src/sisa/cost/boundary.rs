//! How many requests make sharding pointless (derived here from equation (3)).

use super::sharding::{batch, hit_fraction, time_constant};
use super::{check_rows, check_shards};
use crate::error::{Error, Result};
use crate::numeric::tolerance::tol;

/// `K*(τ) = ln(1−τ)/ln(1−1/S)`, not rounded: the number of requests after which a share `τ` of the work is expected.
///
/// ```
/// use unlearn::sisa::cost::boundary::{crossover, requests};
/// assert!((crossover(20, 0.75).unwrap() - 27.03).abs() < 5e-3);
/// assert_eq!(requests(20, 0.75).unwrap(), 28);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for no shard or a share outside `[0, 1)`.
pub fn crossover(shards: u64, share: f64) -> Result<f64> {
    check_share(share)?;
    check_shards(shards)?;
    if share == 0.0 {
        return Ok(0.0);
    }
    Ok((-share).ln_1p() / (-1.0 / shards as f64).ln_1p())
}

/// The smallest `K` with `1 − (1 − 1/S)^K ≥ τ` (up to a relative `tol(1, 1)`): `K*(τ)` when rows are many.
///
/// # Errors
/// As [`crossover`].
pub fn requests(shards: u64, share: f64) -> Result<u64> {
    // As many as will do; one shard needs one.
    let enough = (crossover(shards, share)? * (1.0 + tol(1, 1.0))).ceil() as u64;
    let reached = |k| hit_fraction(shards, k).is_ok_and(|h| reaches(h, share));
    Ok(smallest(enough.saturating_add(1), reached))
}

/// The smallest `K` with `N(1 − (1−1/S)^K) − K ≥ τN` (up to a relative `tol(1, 1)`); `None` when the deletions themselves
/// take so many rows out of the work that it never gets there.
///
/// ```
/// use unlearn::sisa::cost::boundary::requests_on;
/// assert_eq!(requests_on(1_000_000, 10, 0.95).unwrap(), Some(29));
/// assert_eq!(requests_on(20, 10, 0.95).unwrap(), None);
/// ```
///
/// # Errors
/// As [`crossover`]; [`Error::Invalid`] for fewer rows than shards.
pub fn requests_on(rows: u64, shards: u64, share: f64) -> Result<Option<u64>> {
    check_share(share)?;
    check_rows(rows, shards)?;
    let cost = |k: u64| batch(rows, shards, k).unwrap_or(f64::NEG_INFINITY);
    // (3) is concave in K. The request after the first k adds (N/S)(1−1/S)^k − 1: the peak is where that is used up.
    let peak = time_constant(shards)? * (rows as f64 / shards as f64).ln();
    let peak = (peak.ceil() as u64).clamp(1, rows);
    let reached = |k: u64| reaches(cost(k), share * rows as f64);
    Ok(if reached(peak) { Some(smallest(peak, reached)) } else { None })
}

/// The number of requests from which sharding no longer pays, `3S`: the rule of thumb of Bourtoule et al. 2021 (arXiv
/// 1912.03817); the expected share of shards hit, [`hit_fraction`], is then at least `1 − e^{−3}`.
///
/// # Errors
/// [`Error::Invalid`] for no shard or more than 64 bits count.
pub fn rule_of_thumb(shards: u64) -> Result<u64> {
    check_shards(shards)?;
    shards.checked_mul(3).ok_or_else(|| Error::Invalid(format!("{shards} shards: too many to be counted")))
}

fn check_share(share: f64) -> Result<()> {
    match (0.0..1.0).contains(&share) {
        true => Ok(()),
        false => Err(Error::Invalid(format!("share {share}: it must be at least 0 and below 1"))),
    }
}

fn reaches(value: f64, wanted: f64) -> bool {
    value >= wanted * (1.0 - tol(1, 1.0))
}

/// The smallest `k` up to `most` that is enough, when from some `k` on all are; `most` when none below it is.
fn smallest(most: u64, enough: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    high
}
