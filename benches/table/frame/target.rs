//! What a case is held to, and whether it is met.

use super::case::Measured;

/// A target of a case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// At least this share of the machine's limit.
    Share(f64),
    /// At least this many times the fastest tuned peer.
    Tuned(f64),
    /// At least this many times the peer's call of this name.
    Over(&'static str, f64),
    /// At least this many per second, of the case's own unit.
    Rate(f64),
    /// At most this many times the time of the named own side.
    Within(&'static str, f64),
    /// Within `slack` times of `share` of the named own side's time.
    Follows {
        /// The own side.
        side: &'static str,
        /// The share of its time that would be ideal.
        share: f64,
        /// How far off is still good.
        slack: f64,
    },
    /// At most this many bytes above what was there.
    Bytes(f64),
}

/// A target beside what was measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// The target in words.
    pub(crate) wanted: String,
    /// What was found over what was wanted, 1 or more when met; `None` when nothing was measured against it.
    pub(crate) reached: Option<f64>,
}

impl Target {
    /// The verdict on what was measured.
    pub(crate) fn judge(self, m: &Measured) -> Verdict {
        let (wanted, reached) = match self {
            Target::Share(s) => {
                (format!("≥ {:.0} % of the limit", 100.0 * s), m.share.map(|found| found / s))
            }
            Target::Tuned(t) => (format!("≥ {t}× tuned"), m.tuned().map(|p| p.ratio / t)),
            Target::Over(name, t) => {
                let found = m.sides.iter().find(|s| s.role.is_some() && s.name == name);
                (format!("≥ {t}× {name}"), found.map(|s| s.ratio / t))
            }
            Target::Rate(r) => (format!("≥ {} M/s", r / 1e6), m.rate().map(|found| found / r)),
            Target::Within(name, t) if t < 1.0 => {
                (format!("≥ {:.1}× as fast as {name}", 1.0 / t), m.side(name).map(|s| s.ratio * t))
            }
            Target::Within(name, t) => (format!("≤ {t}× {name}"), m.side(name).map(|s| s.ratio * t)),
            Target::Follows { side, share, slack } => {
                let found = m.side(side);
                let share_text = super::table::digits(share);
                (format!("≤ {slack}× {share_text} of {side}"), found.map(|s| s.ratio * share * slack))
            }
            Target::Bytes(b) => {
                (format!("≤ {:.0} MB", b / 1e6), m.memory.map(|found| b / (found as f64).max(1.0)))
            }
        };
        Verdict { wanted, reached }
    }
}

impl Verdict {
    /// `≥ 20× tuned: met`, `… missed by 12 %` or `… not measured`.
    pub(crate) fn text(&self) -> String {
        match self.reached {
            Some(r) if r >= 1.0 => format!("{}: met", self.wanted),
            Some(r) => format!("{}: **missed by {:.0} %**", self.wanted, (100.0 * (1.0 - r)).max(1.0)),
            None => format!("{}: not measured", self.wanted),
        }
    }
}
