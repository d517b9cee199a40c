//! One line per strategy, cell and seed.

use super::Strategy;
use serde::{Deserialize, Serialize};

/// What one strategy did with one stream of requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Seed of the split, the partition and the requests.
    pub seed: u64,
    /// Shards of the sharded strategies.
    pub shards: usize,
    /// The pattern of the requests.
    pub arrival: String,
    /// Requests asked for.
    pub requests: usize,
    /// Requests answered: fewer when there were no rows left to ask for.
    pub answered: usize,
    /// Rows forgotten in the end.
    pub forgotten: usize,
    /// The strategy.
    pub strategy: String,
    /// Row visits of branches, those tried in vain too.
    pub branches: u64,
    /// Those that were predicted for the branches chosen (of retraining a forecast).
    pub predicted: u64,
    /// Row visits of planning.
    pub planning: u64,
    /// Row visits of certificates of results.
    pub certifying: u64,
    /// Row visits of preparing exact fits.
    pub preparation: u64,
    /// All of them together.
    pub total: u64,
    /// Shards hit, over all requests: as many answers.
    pub hits: usize,
    /// Answers by doing nothing, an influence step, Newton's steps, retraining.
    pub answers: [usize; 4],
    /// The largest certified distance of an answer that was not retrained (0 when all were); `None` when one has no certificate.
    pub certified: Option<f64>,
    /// The largest distance in the end between a shard and its minimiser retrained from 0, measured.
    pub distance: f64,
    /// The largest certified distance of those retrained ones from the minimisers over the reals.
    pub reference: f64,
    /// Accuracy on test rows.
    pub test_accuracy: f64,
    /// Accuracy on the rows kept.
    pub retained_accuracy: f64,
    /// Accuracy on the rows forgotten.
    pub forgotten_accuracy: f64,
    /// Seconds of the thread's processor, for everything that `total` counts; `None` unless times are asked for.
    pub seconds: Option<f64>,
    /// Those of preparation.
    pub preparation_seconds: Option<f64>,
}

impl Record {
    /// As a line of JSON.
    pub fn line(&self) -> String {
        let text = serde_json::to_string(self).expect("numbers and text always become JSON");
        format!("{text}\n")
    }

    /// Do the parts make up the wholes?
    pub fn adds_up(&self) -> bool {
        self.total == self.branches + self.planning + self.certifying + self.preparation
            && self.hits == self.answers.iter().sum::<usize>()
            && self.answered <= self.requests
    }

    /// Is every answer certified to be within what the strategy promises, or retrained, and is the end measured to be as
    /// near as certified? Measuring starts from a retrained model that is itself only so near the minimiser; norms of floats
    /// are rounded.
    ///
    /// Panics when the strategy is not of that name.
    pub fn keeps(&self, strategy: Strategy) -> bool {
        assert_eq!(self.strategy, strategy.to_string(), "a record and its strategy");
        let promised = strategy.promise().is_none_or(|t| self.certified.is_some_and(|c| t.holds(c)));
        // An exact answer is a computed minimiser too: as near as its own stationarity, which is the reference's to a small
        // factor (both end at the rounding floor, which is within three digits of it).
        let slack = 1e3 * self.reference;
        let near = self.certified.is_none_or(|c| self.distance <= c * (1.0 + 1e-12) + slack);
        promised && near
    }
}
