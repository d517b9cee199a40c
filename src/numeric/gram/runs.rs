//! Products of runs: sums over samples of entrywise products, for blocks too small to be worth packing.

use super::Kernel;
use super::kernel::{MOST_COLUMNS, MOST_ROWS};

/// Adds `Σ_r w_r a_m[r] b_n[r]` for every left run `m` and right run `n` to `out[n · height + m]`; runs lie inside
/// `left` and `right`, where they begin is given.
pub(crate) struct Sums<'a> {
    pub(crate) kernel: Kernel,
    /// One weight per sample, a multiple of 8 of them (zero where there is no sample).
    pub(crate) weights: &'a [f64],
    pub(crate) left: (&'a [f64], &'a [usize]),
    pub(crate) right: (&'a [f64], &'a [usize]),
}

impl Sums<'_> {
    /// Adds the block.
    pub(crate) fn add(&self, out: &mut [f64], height: usize) {
        let (most_left, most_right) = self.kernel.most_runs();
        let ((a, left), (b, right)) = (self.left, self.right);
        let mut tile = [[0.0; MOST_ROWS]; MOST_COLUMNS];
        for (n, right) in right.chunks(most_right).enumerate() {
            for (m, left) in left.chunks(most_left).enumerate() {
                self.kernel.sums(self.weights, (a, left), (b, right), &mut tile);
                for (c, column) in tile[..right.len()].iter().enumerate() {
                    let at = (n * most_right + c) * height + m * most_left;
                    out[at..at + left.len()].iter_mut().zip(column).for_each(|(o, v)| *o += v);
                }
            }
        }
    }
}
