//! Taking turns: in every round each side is timed once, and the limit beside them.

use super::limit;
use std::time::Instant;

/// Something that can be timed.
pub(crate) trait Side {
    /// Seconds per call, over `repetitions` calls.
    fn time(&mut self, repetitions: usize) -> Result<f64, String>;
}

/// Own code.
pub(crate) struct Own<'a>(pub(crate) Box<dyn FnMut() + 'a>);

impl Side for Own<'_> {
    fn time(&mut self, repetitions: usize) -> Result<f64, String> {
        let begin = Instant::now();
        for _ in 0..repetitions {
            (self.0)();
        }
        Ok(begin.elapsed().as_secs_f64() / repetitions as f64)
    }
}

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Seconds for all rounds of a case.
    pub(crate) budget: f64,
    /// Seconds at least for one side in one round, by repetition.
    pub(crate) turn: f64,
    /// Fewest and most rounds.
    pub(crate) rounds: (usize, usize),
}

/// Seconds of every side, and operations per second of the limit, per round.
#[derive(Debug, Clone)]
pub(crate) struct Rounds {
    /// `seconds[side][round]`; empty when the side failed, one entry when one call took more than the budget.
    pub(crate) seconds: Vec<Vec<f64>>,
    /// Per round.
    pub(crate) limit: Vec<f64>,
    /// What went wrong, by side.
    pub(crate) failures: Vec<Option<String>>,
}

/// Lets the sides take turns. The first, own, side sets the rounds; `once` names sides too slow to be called twice.
pub(crate) fn alternate(
    sides: &mut [&mut dyn Side],
    once: &[bool],
    threads: usize,
    effort: Effort,
) -> Rounds {
    let count = sides.len();
    let mut out = Rounds { seconds: vec![Vec::new(); count], limit: Vec::new(), failures: vec![None; count] };
    // A call to warm up and to see how long one takes.
    let mut repetitions = vec![1; count];
    let mut single = vec![0.0; count];
    for (s, side) in sides.iter_mut().enumerate() {
        if once[s] {
            continue;
        }
        match side.time(1).and_then(|_| side.time(1)) {
            Ok(t) => {
                single[s] = t;
                repetitions[s] = ((effort.turn / t.max(1e-9)).ceil() as usize).clamp(1, 1 << 24);
            }
            Err(e) => out.failures[s] = Some(e),
        }
    }
    let round: f64 = single.iter().zip(&repetitions).map(|(t, &r)| t * r as f64).sum();
    let rounds = ((effort.budget / round.max(1e-9)) as usize).clamp(effort.rounds.0, effort.rounds.1);
    for r in 0..rounds {
        out.limit.push(limit::rate_on(threads));
        for (s, side) in sides.iter_mut().enumerate() {
            if out.failures[s].is_some() || (once[s] && r > 0) {
                continue;
            }
            match side.time(repetitions[s]) {
                Ok(t) => out.seconds[s].push(t),
                Err(e) => out.failures[s] = Some(e),
            }
        }
    }
    out
}

/// The middle value; of an even number the mean of both.
///
/// Panics on none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    assert!(n > 0, "the median of nothing");
    if n % 2 == 1 { sorted[n / 2] } else { 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]) }
}

/// The median over rounds of `other / own`, round by round: what drifts in both cancels.
pub(crate) fn ratio(own: &[f64], other: &[f64]) -> Option<f64> {
    let pairs: Vec<f64> = own.iter().zip(other).map(|(a, b)| b / a).collect();
    (!pairs.is_empty()).then(|| median(&pairs))
}
