//! The share of the machine's limit, measured in the same run.

use std::time::{Duration, Instant};
use unlearn::numeric::gram::Kernel;

/// Prints time, operations and share of the limit of `work`, the best of several runs alternating with the limit's own
/// loop, so that both meet the same machine.
pub(crate) fn report(name: &str, flops: f64, mut work: impl FnMut()) {
    let kernel = Kernel::best();
    let (mut limit, mut best) = (0.0_f64, Duration::MAX);
    for _ in 0..15 {
        let start = Instant::now();
        let done = kernel.at_the_limit(2_000);
        limit = limit.max(done as f64 / start.elapsed().as_secs_f64());
        let start = Instant::now();
        work();
        best = best.min(start.elapsed());
    }
    let rate = flops / best.as_secs_f64();
    println!(
        "{name}: {:.3} ms, {:.3} Gflop, {:.1} % of the limit of {:.0} Gflop/s ({})",
        best.as_secs_f64() * 1e3,
        flops * 1e-9,
        100.0 * rate / limit,
        limit * 1e-9,
        kernel.name()
    );
}
