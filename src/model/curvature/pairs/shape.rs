//! Which way a block of the matrix is summed, decided by counting what each way costs.
//!
//! The entries of the units `(l, j)` and `(m, u)` are `Σ_r c_{ju}(r) ã_i(r) ã_{i′}(r)`, one coefficient per pair of
//! units and one product per pair of inputs. With `P` pairs of units and `Q` pairs of live inputs (of one layer with
//! itself, each pair once):
//!
//! - [`Form::Pairs`]: one matrix product, `Q × n` by `n × P`, for all units: `2nPQ` operations. Symmetric pairs are
//!   stored once, so within a layer this is half of what the entries of a triangle would take one by one.
//! - [`Form::Gram`], within a layer: a weighted Gram matrix per pair of units, lower triangle only; as many operations,
//!   and worth it when there are many inputs and few pairs of units.
//! - [`Form::Entries`]: the kept entries alone, block by block, nothing packed: what pruned layers want.

use super::wiring::Stage;

/// How the blocks of two layers are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Pairs of units by pairs of inputs.
    Pairs,
    /// One weighted Gram matrix per pair of units.
    Gram,
    /// The kept entries alone.
    Entries,
}

/// Numbers in a row of a block's left side that may be held at once, besides half of the result.
const ROOM: usize = 1 << 20;

/// Pairs of live inputs of two layers.
pub(super) fn input_pairs(stages: &[Stage], l: usize, m: usize) -> usize {
    let (a, b) = (stages[l].width, stages[m].width);
    if l == m { a * (a + 1) / 2 } else { a * b }
}

/// Pairs of units with parameters.
fn unit_pairs(stages: &[Stage], l: usize, m: usize) -> usize {
    let (a, b) = (stages[l].trained.len(), stages[m].trained.len());
    if l == m { a * (a + 1) / 2 } else { a * b }
}

/// The cheapest form, for `samples` rows at a time.
pub(super) fn cheapest(stages: &[Stage], l: usize, m: usize, samples: usize) -> Form {
    let kept: usize = stages.iter().flat_map(|s| &s.units).map(|u| u.len()).sum();
    let costs = [
        (Form::Pairs, pairs(stages, l, m)),
        (Form::Gram, gram(stages, l, m)),
        (Form::Entries, entries(stages, l, m)),
    ];
    // Besides the result of kept² numbers, whose half the sums of kept entries take.
    let most = kept.saturating_mul(kept) / 2 + ROOM;
    let (units, inputs) = (unit_pairs(stages, l, m), input_pairs(stages, l, m));
    let width = stages[l].width;
    let fits = |form| match form {
        Form::Pairs => inputs.saturating_mul(samples) <= most && inputs.saturating_mul(units) <= most,
        Form::Gram => l == m && width.saturating_mul(width).saturating_mul(units) <= most + kept * width,
        Form::Entries => true,
    };
    costs
        .into_iter()
        .filter(|&(f, _)| fits(f))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .expect("entries always fit")
        .0
}

/// Forming and packing a number takes as long as this many fused multiplications (measured).
const PACK: f64 = 20.0;

/// Multiplications per row, those of padding included.
fn pairs(stages: &[Stage], l: usize, m: usize) -> f64 {
    let (p, q) = (unit_pairs(stages, l, m) as f64, input_pairs(stages, l, m) as f64);
    (p + 4.0) * (q + 12.0) + PACK * (p + q)
}

fn gram(stages: &[Stage], l: usize, m: usize) -> f64 {
    let (p, width) = (unit_pairs(stages, l, m) as f64, stages[l].width as f64);
    // Tiles that meet the diagonal are computed in full.
    p * (width * (0.5 * width + 20.0) + PACK * width)
}

fn entries(stages: &[Stage], l: usize, m: usize) -> f64 {
    let mut total = 0.0;
    for (place, &j) in stages[l].trained.iter().enumerate() {
        let own = stages[l].units[j].len();
        let skip = if l == m { place } else { 0 };
        for &u in &stages[m].trained[skip..] {
            let other = stages[m].units[u].len();
            let (across, down) = (own.div_ceil(8), other.div_ceil(3));
            // Tiles of 8 × 3; each row of one is weighted; a small one waits for its own sums.
            let work = (own * other + across * other) as f64;
            total += 1.15 * work.max(8.0 * (across * down) as f64) + 4.0 * (across * down) as f64;
        }
    }
    total
}
