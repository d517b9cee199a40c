//! Rigorous interval versions of the first three derivatives of the logistic function `σ`.
//!
//! Each rises and falls a few times only. Between its turning points it is monotone, so the image of `[a, b]` is
//! the hull of the values at `a`, at `b` and at the turning points inside, which have closed forms:
//!
//! | derivative | turning points | values there |
//! |---|---|---|
//! | `σ′ = σ(z)σ(−z)` | 0 | 1/4 |
//! | `σ″ = −σ′(z) tanh(z/2)` | `∓ log(2 + √3)` | `±1/(6√3)` |
//! | `σ‴ = σ′(1 − 6σ′)` | 0; `± log(5 + 2√6)` | −1/8; 1/24 |
//!
//! (`σ″ = 0` only at 0; `σ‴ = 0` where `cosh z = 2`; `σ⁗ = −σ′ tanh(z/2)(1 − 12σ′)` vanishes at 0 and where
//! `cosh z = 5`.) Derived here.

use super::elementary::sigmoid;
use super::hyperbolic::tanh;
use super::interval::Interval;

/// `log(2 + √3)` lies between these floats.
const BEND: (f64, f64) = (1.3169578969248164, 1.3169578969248168);
/// `log(5 + 2√6)` lies between these floats.
const JERK: (f64, f64) = (2.2924316695611773, 2.2924316695611777);

/// The hull of the values at both ends and at the turning points (between two floats, with their values) that may lie
/// inside.
fn hull(x: Interval, at: impl Fn(f64) -> Interval, turns: &[((f64, f64), Interval)]) -> Interval {
    let (a, b) = (at(x.lo()), at(x.hi()));
    let (mut lo, mut hi) = (a.lo().min(b.lo()), a.hi().max(b.hi()));
    for ((left, right), value) in turns {
        if x.lo() <= *right && *left <= x.hi() {
            lo = lo.min(value.lo());
            hi = hi.max(value.hi());
        }
    }
    Interval::new(lo, hi)
}

fn slope_at(z: f64) -> Interval {
    let z = Interval::point(z);
    sigmoid(z) * sigmoid(-z)
}

/// An enclosure of `{σ′(z)}`, of relative width at most `20ε` at a point.
///
/// ```
/// use unlearn::numeric::{interval::Interval, logistic::slope};
/// assert!(slope(Interval::ZERO).contains(0.25));
/// assert_eq!(slope(Interval::ENTIRE), Interval::new(0.0, 0.25));
/// ```
pub fn slope(z: Interval) -> Interval {
    let quarter = Interval::point(0.25);
    hull(z, slope_at, &[((0.0, 0.0), quarter)]).min(quarter)
}

fn bend_at(z: f64) -> Interval {
    let half = Interval::point(0.5) * Interval::point(z);
    -(slope_at(z) * tanh(half))
}

/// An enclosure of `{σ″(z)}`, of relative width at most `32ε` at a point away from underflow.
///
/// ```
/// use unlearn::numeric::{interval::Interval, logistic::bend};
/// assert_eq!(bend(Interval::ZERO), Interval::ZERO);
/// assert!(bend(Interval::new(-2.0, 0.0)).contains(0.0962250448649376)); // 1/(6√3)
/// ```
pub fn bend(z: Interval) -> Interval {
    let peak = Interval::ONE / (Interval::point(6.0) * Interval::point(3.0).sqrt());
    let turns = [((-BEND.1, -BEND.0), peak), (BEND, -peak)];
    let found = hull(z, bend_at, &turns);
    Interval::new(found.lo().max(-peak.hi()), found.hi().min(peak.hi()))
}

fn jerk_at(z: f64) -> Interval {
    let slope = slope_at(z);
    slope * (Interval::ONE - Interval::point(6.0) * slope)
}

/// An enclosure of `{σ‴(z)}`; near its zeros the width is a few units of rounding of `σ′`.
///
/// ```
/// use unlearn::numeric::{interval::Interval, logistic::jerk};
/// assert!(jerk(Interval::ZERO).contains(-0.125));
/// assert!(jerk(Interval::new(2.0, 3.0)).contains(1.0 / 24.0));
/// ```
pub fn jerk(z: Interval) -> Interval {
    let low = Interval::point(-0.125);
    let peak = Interval::ONE / Interval::point(24.0);
    let turns = [((0.0, 0.0), low), ((-JERK.1, -JERK.0), peak), (JERK, peak)];
    let found = hull(z, jerk_at, &turns);
    Interval::new(found.lo().max(-0.125), found.hi().min(peak.hi()))
}
