//! Shards without slices: one epoch over every shard that is hit.

use super::{at_least_once, check_rows, check_shards};
use crate::error::{Error, Result};

/// Equation (2): `K` requests served one after the other,
/// `Σ_{i=1}^K Σ_{j=0}^{i−1} C(i−1,j) (1/S)^j (1−1/S)^{i−1−j} (N/S − 1 − j) = (N/S + 1/(2S) − 1)K − K²/(2S)`; at most `NK/S`.
///
/// It assumes that every request hits every shard with probability `1/S`, whatever was deleted before.
///
/// ```
/// use unlearn::sisa::cost::sharding::sequential;
/// assert_eq!(sequential(100, 1, 2).unwrap(), 99.0 + 98.0);
/// assert_eq!(sequential(100, 10, 1).unwrap(), 9.0);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for no shard, fewer rows than shards, or so many requests (more than `N − S + 1`) that the expected
/// shard of the last is empty.
pub fn sequential(rows: u64, shards: u64, requests: u64) -> Result<f64> {
    check_rows(rows, shards)?;
    if requests > rows - shards + 1 {
        return Err(Error::Invalid(format!(
            "{requests} requests on {rows} rows in {shards} shards: at most {} leave a row in the shard that is hit",
            rows - shards + 1
        )));
    }
    let (n, s, k) = (rows as f64, shards as f64, requests as f64);
    // K·(N/S − 1 − (K−1)/(2S)), where nothing large cancels: the bracket is between N/(2S) − ½ and N/S − 1.
    Ok(k * ((n - 0.5 * (k - 1.0).max(0.0)) / s - 1.0))
}

/// Equation (3): `K` requests served together, `N(1 − (1 − 1/S)^K) − K`.
///
/// The requests are drawn with replacement and then subtracted as if they were distinct, so that close to `K = N` the
/// value may be negative.
///
/// ```
/// use unlearn::sisa::cost::sharding::batch;
/// assert_eq!(batch(100, 1, 7).unwrap(), 93.0);
/// assert!((batch(100, 2, 2).unwrap() - 73.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for no shard, fewer rows than shards or more requests than rows.
pub fn batch(rows: u64, shards: u64, requests: u64) -> Result<f64> {
    check_requests(rows, shards, requests)?;
    Ok(rows as f64 * hit_fraction(shards, requests)? - requests as f64)
}

/// Equation (3) with the time constant `τ` of [`time_constant`]: `N(1 − e^{−K/τ}) − K` (Appendix I.2). The main text prints
/// `N(1 − e^{K/τ})`.
///
/// # Errors
/// As [`batch`].
pub fn batch_exponential(rows: u64, shards: u64, requests: u64) -> Result<f64> {
    check_requests(rows, shards, requests)?;
    let exponent = if requests == 0 { 0.0 } else { requests as f64 / time_constant(shards)? };
    Ok(-(rows as f64) * (-exponent).exp_m1() - requests as f64)
}

fn check_requests(rows: u64, shards: u64, requests: u64) -> Result<()> {
    check_rows(rows, shards)?;
    if requests > rows {
        return Err(Error::Invalid(format!("{requests} requests on {rows} rows: at most {rows}")));
    }
    Ok(())
}

/// `τ = (−ln(1 − 1/S))⁻¹`, between `S − 1` and `S`: after `τ` requests a share `1/e` of the shards has not been hit. 0 for one
/// shard.
///
/// # Errors
/// [`Error::Invalid`] for no shard.
pub fn time_constant(shards: u64) -> Result<f64> {
    check_shards(shards)?;
    Ok(-1.0 / (-1.0 / shards as f64).ln_1p())
}

/// The expected share of shards that `K` requests hit, `1 − (1 − 1/S)^K`.
///
/// ```
/// use unlearn::sisa::cost::sharding::hit_fraction;
/// assert_eq!(hit_fraction(1, 1).unwrap(), 1.0);
/// assert!((hit_fraction(20, 60).unwrap() - 0.954).abs() < 5e-4); // K = 3S: nearly all
/// ```
///
/// # Errors
/// [`Error::Invalid`] for no shard.
pub fn hit_fraction(shards: u64, requests: u64) -> Result<f64> {
    check_shards(shards)?;
    Ok(at_least_once(1.0 / shards as f64, requests))
}

/// Equation (19): the baseline that trains on one shard's share of the rows only, `K` requests one after the other:
/// `(1/S)(N/S + 1/(2S) − 1)K − K²/(2S²)`, a share `1/S` of (2).
///
/// # Errors
/// As [`sequential`].
pub fn lone_sequential(rows: u64, shards: u64, requests: u64) -> Result<f64> {
    Ok(sequential(rows, shards, requests)? / shards as f64)
}

/// Equation (20): the same baseline, `K` requests together, `(N − K)/S`: its one shard is taken to be hit.
///
/// # Errors
/// As [`batch`]; [`Error::Invalid`] for no request, which hits nothing.
pub fn lone_batch(rows: u64, shards: u64, requests: u64) -> Result<f64> {
    check_requests(rows, shards, requests)?;
    if requests == 0 {
        return Err(Error::Invalid(
            "0 requests: equation (20) takes the shard to be hit; use 1 or more".into(),
        ));
    }
    Ok((rows - requests) as f64 / shards as f64)
}
