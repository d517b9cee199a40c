//! Slices, and shards with slices. `work` is the cost of training everything concerned once, `e′D` for a shard of `D`
//! rows or `e′N` for all; `e_i = 2e′/(R+1)` epochs per stage. That deletions shrink the data is ignored, as in the paper.

use super::{at_least_once, check_shards, check_slices, check_work};
use crate::error::{Error, Result};

/// Equation (1): the epochs of all stages together, `e = 2R e′/(R+1)`, that visit as many rows as `e′` epochs without
/// slices.
///
/// # Errors
/// [`Error::Invalid`] for slices or epochs out of their domains.
pub fn total_epochs(unsliced: f64, slices: u64) -> Result<f64> {
    check_slices(slices)?;
    if !(unsliced >= 0.0 && unsliced.is_finite()) {
        return Err(Error::Invalid(format!("epochs {unsliced}: a finite number, 0 or more")));
    }
    let r = slices as f64;
    Ok(unsliced * (2.0 * r / (r + 1.0)))
}

/// Equation (11): one request in slice `r` of `R` (from 1), `(2e′D/(R(R+1)))·(R(R+1)/2 − r(r−1)/2)`.
///
/// ```
/// use unlearn::sisa::cost::slicing::one;
/// // Slices 1 to 4 of 4: everything; all but stage 1; stages 3 and 4; the last stage.
/// let cost: Vec<f64> = (1..=4).map(|r| one(1000.0, 4, r).unwrap()).collect();
/// assert_eq!(cost, [1000.0, 900.0, 700.0, 400.0]);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for a work that is negative or not finite, no slice or more than
/// [`super::MOST_SLICES`], or an `r` outside `1…R`.
pub fn one(work: f64, slices: u64, hit: u64) -> Result<f64> {
    check_work(work)?;
    check_slices(slices)?;
    if !(1..=slices).contains(&hit) {
        return Err(Error::Invalid(format!("slice {hit} of {slices}: slices count from 1 here")));
    }
    let (r, all) = (hit as f64, slices as f64);
    Ok(work * (1.0 - r * (r - 1.0) / (all * (all + 1.0))))
}

/// Equation (4): one request in a uniform slice, `e′D(2/3 + 1/(3R))`; a speed-up of at most 1.5.
///
/// ```
/// assert_eq!(unlearn::sisa::cost::slicing::one_expected(1200.0, 4).unwrap(), 900.0);
/// ```
///
/// # Errors
/// As [`one`].
pub fn one_expected(work: f64, slices: u64) -> Result<f64> {
    check_work(work)?;
    check_slices(slices)?;
    let r = slices as f64;
    Ok(work * ((2.0 * r + 1.0) / (3.0 * r)))
}

/// Mean and mean square of the smallest of `K` draws that are uniform on the *interval* `[1, R]`: with `n = K`, `a = 1`,
/// `b = R`, `E[min] = (na + b)/(n + 1)` and `E[min²] = a² + (2(b−a)/(n+1))·((n+1)a + b)/(n+2)` (equations (16) to (18)).
///
/// # Errors
/// [`Error::Invalid`] for slices out of their domain or no request.
pub fn continuous_minimum(slices: u64, requests: u64) -> Result<(f64, f64)> {
    check_slices(slices)?;
    if requests == 0 {
        return Err(Error::Invalid("0 requests: no slice is hit first; use 1 or more".into()));
    }
    let (n, b) = (requests as f64, slices as f64);
    let mean = 1.0 + (b - 1.0) / (n + 1.0);
    Ok((mean, 1.0 + (2.0 * (b - 1.0) / (n + 1.0)) * ((n + 1.0 + b) / (n + 2.0))))
}

/// Equation (5) with (16) to (18), as printed: `K` requests together,
/// `(2e′D/(R(R+1)))·(R(R+1)/2 − ½(E[r_min²] − E[r_min]))` with the moments of a continuous slice index. Slices are
/// whole numbers, so this is not the expected cost: [`batch`] is.
///
/// ```
/// use unlearn::sisa::cost::slicing::{batch, batch_printed};
/// assert!((batch_printed(1000.0, 4, 1).unwrap() - 775.0).abs() < 1e-9);
/// assert!((batch(1000.0, 4, 1).unwrap() - 750.0).abs() < 1e-9);
/// ```
///
/// # Errors
/// As [`one`]; [`Error::Invalid`] for no request.
pub fn batch_printed(work: f64, slices: u64, requests: u64) -> Result<f64> {
    check_work(work)?;
    check_slices(slices)?;
    let r = slices as f64;
    let (mean, square) = continuous_minimum(slices, requests)?;
    Ok(work * (1.0 - (square - mean) / (r * (r + 1.0))))
}

/// `K` requests together, exactly: `(2e′D/(R(R+1))) Σ_{j=1}^R j[1 − (1 − j/R)^K]` (derived here). Stage `j` is done again if
/// and only if a request falls in the first `j` slices. Equals (4) at `K = 1`.
///
/// # Errors
/// As [`one`].
pub fn batch(work: f64, slices: u64, requests: u64) -> Result<f64> {
    combined(work, 1, slices, requests)
}

/// `K` requests together on `S` shards of `R` slices: `S·(2e′/(R+1))·Σ_{j=1}^R (jD/R)[1 − (1 − j/(RS))^K]`, `D = N/S` (derived
/// here). Equals (4) at `S = K = 1`, and (3) + `K` at `R = 1`, `e′ = 1`. `work` is `e′N`.
///
/// ```
/// use unlearn::sisa::cost::slicing::combined;
/// // The speed-up that four requests leave of 20 shards with 50 slices.
/// let speed_up = 1.0 / combined(1.0, 20, 50, 4).unwrap();
/// assert!((speed_up - 7.86).abs() < 5e-3);
/// ```
///
/// # Errors
/// As [`one`]; [`Error::Invalid`] for no shard.
pub fn combined(work: f64, shards: u64, slices: u64, requests: u64) -> Result<f64> {
    check_work(work)?;
    check_shards(shards)?;
    check_slices(slices)?;
    let (s, r) = (shards as f64, slices as f64);
    let stage = |j: u64| j as f64 * at_least_once(j as f64 / (r * s), requests);
    let sum: f64 = (1..=slices).map(stage).sum();
    Ok(work * (2.0 * sum / (r * (r + 1.0))).min(1.0))
}

/// Best-case speed-ups for one request: `S` by shards, `(R+1)/2` by slices (it hits the last one), `(R+1)S/2` by both.
///
/// ```
/// assert_eq!(unlearn::sisa::cost::slicing::best_speed_ups(20, 50).unwrap(), [20.0, 25.5, 510.0]);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for no shard or slices out of their domain.
pub fn best_speed_ups(shards: u64, slices: u64) -> Result<[f64; 3]> {
    check_shards(shards)?;
    check_slices(slices)?;
    let (s, r) = (shards as f64, slices as f64);
    Ok([s, (r + 1.0) / 2.0, s * ((r + 1.0) / 2.0)])
}

/// The expected number of requests, uniform over all slices, until every one of `m` shards has been hit in its first of `L`
/// slices: `mL·H_m` with the harmonic number `H_m` (coupons of probability `1/(mL)`); the deletion rate of SISA in
/// Basu Roy Chowdhury et al. 2025 (arXiv 2406.16257), where it is an upper bound.
///
/// ```
/// assert_eq!(unlearn::sisa::cost::slicing::deletion_rate(2, 3).unwrap(), 6.0 * 1.5);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for no shard or slices out of their domain.
pub fn deletion_rate(shards: u64, slices: u64) -> Result<f64> {
    check_slices(slices)?;
    check_shards(shards)?;
    Ok(shards as f64 * slices as f64 * harmonic(shards))
}

/// The probability that after `r` requests, uniform over the `L` slices of a shard and served without retraining, the model of
/// its first `k` slices can still be used: `(1 − k/L)^r` (Basu Roy Chowdhury et al. 2025, arXiv 2406.16257: none of the first
/// `k` slices has been hit).
///
/// ```
/// assert_eq!(unlearn::sisa::cost::slicing::prefix_survives(1, 4, 2).unwrap(), 0.5625);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for slices out of their domain or `k` above `L`.
pub fn prefix_survives(prefix: u64, slices: u64, requests: u64) -> Result<f64> {
    check_slices(slices)?;
    if prefix > slices {
        return Err(Error::Invalid(format!("a prefix of {prefix} of {slices} slices")));
    }
    let left = (slices - prefix) as f64 / slices as f64;
    Ok(if requests == 0 { 1.0 } else { left.powf(requests as f64) })
}

/// `H_m = 1 + 1/2 + … + 1/m`, by its asymptotic series (error below `1/(252m⁶)`) where it has many terms.
fn harmonic(m: u64) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    if m < 1000 {
        return (1..=m).rev().map(|i| 1.0 / i as f64).sum();
    }
    let m = m as f64;
    m.ln() + EULER + 1.0 / (2.0 * m) - 1.0 / (12.0 * m * m) + 1.0 / (120.0 * m.powi(4))
}
