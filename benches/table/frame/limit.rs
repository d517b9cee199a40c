//! What the machine could do at most, measured: fused multiply-adds that never leave the registers.

use pulp::{Arch, Simd, WithSimd};
use std::hint::black_box;
use std::time::Instant;

/// Independent sums, enough to hide the latency of both units of any current processor.
const SUMS: usize = 16;

/// `steps` rounds of [`SUMS`] fused multiply-adds on the widest vectors there are.
struct Loop(usize);

impl WithSimd for Loop {
    /// Lanes, and a number that depends on every operation.
    type Output = (usize, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (usize, f64) {
        let (x, y) = (simd.splat_f64s(black_box(1.0 - 1e-9)), simd.splat_f64s(black_box(1e-9)));
        let mut sums = [y; SUMS];
        for _ in 0..self.0 {
            for s in &mut sums {
                *s = simd.mul_add_f64s(*s, x, y);
            }
        }
        let total = sums.iter().fold(y, |t, s| simd.add_f64s(t, *s));
        (S::F64_LANES, simd.reduce_sum_f64s(total))
    }
}

/// Operations per second of one core, now (about 3 ms).
pub(crate) fn rate() -> f64 {
    const STEPS: usize = 400_000;
    let arch = Arch::new();
    let begin = Instant::now();
    let (lanes, sum) = arch.dispatch(Loop(STEPS));
    let took = begin.elapsed().as_secs_f64();
    black_box(sum);
    (2 * STEPS * SUMS * lanes) as f64 / took
}

/// The same on `threads` cores at once.
pub(crate) fn rate_on(threads: usize) -> f64 {
    if threads == 1 {
        return rate();
    }
    std::thread::scope(|s| {
        let workers: Vec<_> = (0..threads).map(|_| s.spawn(rate)).collect();
        workers.into_iter().map(|w| w.join().expect("a loop without a panic")).sum()
    })
}
