//! Expected costs in closed form, in row visits; Bourtoule et al. 2021 (arXiv 1912.03817) unless another source is named.
//!
//! Requests are uniform and independent; a row visit costs the same everywhere. `N` rows, `S` shards, `R` slices, `K`
//! requests, `e′` epochs without slices. Equation numbers are the paper's, which leaves out `e′` in those of [`sharding`].
//!
//! Three of the paper's formulas are in error, each with a claim that refutes it: the sign in the main text's form of
//! (3) ([`sharding::batch_exponential`] is right); (18), exact for a continuous slice index only
//! ([`slicing::batch`] is exact, [`slicing::batch_printed`] is what is printed); and the probability of a
//! configuration in Appendix I.1 (`(1/S)^{i−1−j}` for `(1 − 1/S)^{i−1−j}`).
//!
//! Accuracy: relative `tol(16, 1)` (about 3·10⁻¹⁴) of the largest term of a formula; (2), (3) and (19) are differences
//! and may lose more of their own size. Every function takes any numbers: outside its domain it is an
//! [`Error::Invalid`], never NaN, an overflow or a long loop.

pub mod boundary;
pub mod sharding;
pub mod slicing;

use crate::error::{Error, Result};

/// Most slices that are summed over.
pub const MOST_SLICES: u64 = 1_000_000;

fn check_shards(shards: u64) -> Result<()> {
    match shards {
        0 => Err(Error::Invalid("0 shards: there must be at least one".into())),
        _ => Ok(()),
    }
}

fn check_rows(rows: u64, shards: u64) -> Result<()> {
    check_shards(shards)?;
    match rows < shards {
        true => {
            Err(Error::Invalid(format!("{shards} shards of {rows} rows: a shard needs at least one row")))
        }
        false => Ok(()),
    }
}

fn check_slices(slices: u64) -> Result<()> {
    match slices {
        1..=MOST_SLICES => Ok(()),
        _ => Err(Error::Invalid(format!("{slices} slices: there must be 1 to {MOST_SLICES}"))),
    }
}

fn check_work(work: f64) -> Result<()> {
    match work >= 0.0 && work.is_finite() {
        true => Ok(()),
        false => {
            Err(Error::Invalid(format!("work {work}: it must be a finite number of row visits, 0 or more")))
        }
    }
}

/// `1 − (1 − p)^K` without cancellation.
fn at_least_once(p: f64, requests: u64) -> f64 {
    // 0·ln 0 has no value.
    if requests == 0 { 0.0 } else { -(requests as f64 * (-p).ln_1p()).exp_m1() }
}
