//! Feature matrices at unit scale.

use crate::data::Design;
use crate::error::Result;
use crate::numeric::csr::Csr;
use nalgebra::DMatrix;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Independent N(0, 1) entries.
pub(super) fn dense(rows: usize, cols: usize, rng: &mut ChaCha8Rng) -> Design {
    // Dense storage is the transpose.
    Design::Dense(normal(cols, rows, rng))
}

/// Independent N(0, 1) entries, each stored with probability `density` < 1; a row that would be
/// empty gets one entry.
pub(super) fn sparse(rows: usize, cols: usize, density: f64, rng: &mut ChaCha8Rng) -> Result<Design> {
    // The gap to the next stored entry is geometric, so the cost is that of the entries.
    let per_gap = (-density).ln_1p();
    let draw = |_| {
        let mut row = Vec::new();
        let mut column = gap(per_gap, rng);
        while column < cols as f64 {
            row.push((column as u32, StandardNormal.sample(rng)));
            column += 1.0 + gap(per_gap, rng);
        }
        if row.is_empty() {
            row.push((rng.random_range(0..cols) as u32, StandardNormal.sample(rng)));
        }
        row
    };
    let rows: Vec<Vec<(u32, f64)>> = (0..rows).map(draw).collect();
    Ok(Design::Sparse(Csr::from_rows(cols, &rows)?))
}

/// Number of entries skipped before the next stored one, from `ln(1 − density)`.
fn gap(per_gap: f64, rng: &mut ChaCha8Rng) -> f64 {
    // 1 − u is in (0, 1], so the logarithm is finite and the quotient not negative.
    ((1.0 - rng.random::<f64>()).ln() / per_gap).floor()
}

/// `U·diag(σ)·Vᵀ` with `σ_k = √rows·condition^(−k/(r−1))`.
pub(super) fn conditioned(rows: usize, cols: usize, condition: f64, rng: &mut ChaCha8Rng) -> Design {
    let rank = rows.min(cols);
    let left = normal(rows, rank, rng).qr().q();
    let mut right = normal(cols, rank, rng).qr().q();
    for k in 0..rank {
        let exponent = k as f64 / (rank - 1).max(1) as f64;
        right.column_mut(k).scale_mut((rows as f64).sqrt() * condition.powf(-exponent));
    }
    Design::Dense(right * left.transpose())
}

fn normal(rows: usize, cols: usize, rng: &mut ChaCha8Rng) -> DMatrix<f64> {
    DMatrix::from_fn(rows, cols, |_, _| StandardNormal.sample(rng))
}

/// Multiplies row `i` by `factors[i]`.
pub(super) fn stretch(design: &Design, factors: &[f64]) -> Result<Design> {
    match design {
        Design::Dense(x) => {
            Ok(Design::Dense(DMatrix::from_fn(x.nrows(), x.ncols(), |j, i| factors[i] * x[(j, i)])))
        }
        Design::Sparse(x) => {
            let row = |i| {
                let (columns, values) = x.row(i);
                columns.iter().zip(values).map(|(&c, &v)| (c, factors[i] * v)).collect()
            };
            let rows: Vec<Vec<(u32, f64)>> = (0..x.rows()).map(row).collect();
            Ok(Design::Sparse(Csr::from_rows(x.cols(), &rows)?))
        }
    }
}
