//! Two sides of a claim as intervals, and what they decide.

use crate::numeric::interval::Interval;
use std::fmt;

/// What is known about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every case satisfies it.
    Holds,
    /// Some case violates it.
    Refuted,
    /// The intervals overlap: rounding leaves it open.
    Undecided,
}

impl Verdict {
    /// The word used in tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Refuted => "refuted",
            Verdict::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Differences below this share of the quantities compared do not matter: many bounds are attained, and
/// no interval of positive width can decide `a ≤ a`.
pub const RESOLUTION: f64 = 1e-9;

/// An enclosure of what was measured against an enclosure of what was claimed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The left-hand side: the true error.
    pub measured: Interval,
    /// The right-hand side: the claimed bound.
    pub bound: Interval,
    /// Absolute size below which a difference does not matter.
    pub resolution: f64,
    /// `measured / bound` at the middles; for an identity at the upper end of what was measured.
    quotient: f64,
}

impl Evidence {
    /// Evidence for `measured ≤ bound`, between vectors of about the given size: the resolution is
    /// [`RESOLUTION`] times that.
    ///
    /// ```
    /// use unlearn::claim::{Evidence, Verdict};
    /// use unlearn::numeric::interval::Interval;
    /// let e = |m: f64, b: f64| Evidence::inequality(Interval::around(m, 1e-12), Interval::point(b), 1.0).verdict();
    /// assert_eq!(e(1.0, 1.0), Verdict::Holds);       // attained
    /// assert_eq!(e(1.1, 1.0), Verdict::Refuted);
    /// let wide = Evidence::inequality(Interval::around(1.0, 0.5), Interval::point(1.0), 1.0);
    /// assert_eq!(wide.verdict(), Verdict::Undecided);
    /// ```
    pub fn inequality(measured: Interval, bound: Interval, size: f64) -> Evidence {
        let quotient = measured.mid() / bound.mid();
        let resolution = RESOLUTION * size.abs() + f64::MIN_POSITIVE;
        Evidence { measured: measured.nonnegative(), bound, resolution, quotient }
    }

    /// Evidence for an identity: two enclosed vectors (or numbers) of about the given size differ by `deviation`.
    /// It holds when they certainly differ by at most [`RESOLUTION`] times the size, is refuted when they
    /// certainly differ by more, and is undecided otherwise.
    ///
    /// ```
    /// use unlearn::claim::{Evidence, Verdict};
    /// use unlearn::numeric::interval::Interval;
    /// let e = |lo: f64, hi: f64| Evidence::identity(Interval::new(lo, hi), 10.0);
    /// assert_eq!(e(0.0, 9e-9).verdict(), Verdict::Holds);
    /// assert_eq!(e(0.0, 2e-8).verdict(), Verdict::Undecided);
    /// assert_eq!(e(2e-8, 3e-8).verdict(), Verdict::Refuted);
    /// assert!(e(0.0, 5e-9).ratio().unwrap() <= 0.5 + 1e-12); // certainly at most half the resolution
    /// ```
    pub fn identity(deviation: Interval, size: f64) -> Evidence {
        let measured = deviation.nonnegative();
        let equal = RESOLUTION * size.abs() + f64::MIN_POSITIVE;
        let quotient = measured.hi() / equal;
        Evidence { measured, bound: Interval::point(equal), resolution: f64::MIN_POSITIVE, quotient }
    }

    /// - `Holds` when the largest possible measurement is at most the smallest possible bound, up to
    ///   [`RESOLUTION`] relative to that bound and the absolute resolution;
    /// - `Refuted` when the smallest possible measurement exceeds the largest possible bound by more
    ///   than [`RESOLUTION`] relative to it and the absolute resolution;
    /// - `Undecided` otherwise, and whenever a bound that is not finite leaves nothing to violate.
    ///
    /// ```
    /// use unlearn::claim::{Evidence, Verdict};
    /// use unlearn::numeric::interval::Interval;
    /// let nothing_claimed = Evidence::inequality(Interval::ONE, Interval::point(f64::INFINITY), 1.0);
    /// assert_eq!(nothing_claimed.verdict(), Verdict::Undecided);
    /// ```
    pub fn verdict(&self) -> Verdict {
        // Each side of the bound has its own slack: a wide enclosure must not widen the claim.
        let slack = |end: f64| RESOLUTION * end.abs() + self.resolution;
        let (lo, hi) = (self.bound.lo(), self.bound.hi());
        // Written so that an unbounded measurement never holds.
        let finite = hi < f64::INFINITY && self.measured.hi() < f64::INFINITY;
        if finite && lo > f64::NEG_INFINITY && self.measured.hi() <= lo + slack(lo) {
            Verdict::Holds
        } else if hi < f64::INFINITY && self.measured.lo() > hi + slack(hi) {
            Verdict::Refuted
        } else {
            Verdict::Undecided
        }
    }

    /// `measured / bound`: 1 is sharp, above 1 a violation. For an identity the bound is what counts as equal, and the
    /// quotient says how far below it the deviation certainly is. `None` when both sides are
    /// below the resolution or rounding leaves the verdict open: then the quotient means nothing.
    pub fn ratio(&self) -> Option<f64> {
        let (m, b) = (self.measured.mid(), self.bound.mid());
        let visible = m > self.resolution || b > self.resolution;
        (visible && self.verdict() != Verdict::Undecided && !self.quotient.is_nan()).then_some(self.quotient)
    }

    /// The same measurement against another bound.
    pub fn against(self, bound: Interval) -> Evidence {
        Evidence { bound, quotient: self.quotient * self.bound.mid() / bound.mid(), ..self }
    }

    /// Of two pieces of evidence the one that speaks more against the claim.
    pub fn worse(self, other: Evidence) -> Evidence {
        let key = |e: &Evidence| {
            let rank = match e.verdict() {
                Verdict::Holds => 0,
                Verdict::Undecided => 1,
                Verdict::Refuted => 2,
            };
            (rank, e.ratio().unwrap_or(0.0))
        };
        let (a, b) = (key(&self), key(&other));
        if b.0 > a.0 || (b.0 == a.0 && b.1 > a.1) { other } else { self }
    }
}
