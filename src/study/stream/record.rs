//! One line per strategy, cell and seed.

use serde::{Deserialize, Serialize};

/// What one strategy did with one stream of requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Seed of the split, the partition, the training and the requests.
    pub seed: u64,
    /// Shards `S` of the sharded strategies.
    pub shards: usize,
    /// Slices `R` of each shard.
    pub slices: usize,
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
    /// Row visits while answering, counted.
    pub visits: u64,
    /// The same, predicted: before each answer for retraining and updates, which is exact, and after the first step of
    /// fine-tuning for amended ones.
    pub predicted: u64,
    /// Stored coordinates read by updates.
    pub coordinates: u64,
    /// Row visits of the training before the first request.
    pub training: u64,
    /// Row visits of carrying the vectors of the rows asked for, when they are first asked for; 0 where there are none.
    pub carried: u64,
    /// Row visits that carrying all vectors before the first request and, along the new runs, after every retraining
    /// takes ([`crate::hybrid::Stream::preparation`]); 0 where there are none.
    pub preparation: u64,
    /// Shards answered for by retraining, over all requests.
    pub retrained: usize,
    /// Shards answered for by an update, over all requests.
    pub updated: usize,
    /// Shards answered for by an amended update, over all requests.
    pub amended: usize,
    /// Row visits that were more than the cheapest branch within the tolerance would have taken.
    pub regret: u64,
    /// The largest certified distance of a shard from the retrained one after any request; `None` when nothing was
    /// certified for some shard.
    pub certified: Option<f64>,
    /// The largest distance of a shard from the retrained one in the end, measured by retraining.
    pub distance: f64,
    /// Does every shard equal the retrained one in the end, bit for bit?
    pub exact: bool,
    /// Accuracy on test rows.
    pub test_accuracy: f64,
    /// Accuracy on the rows kept.
    pub retained_accuracy: f64,
    /// Accuracy on the rows forgotten.
    pub forgotten_accuracy: f64,
    /// Share of the forgotten rows that the attack on membership calls non-members.
    pub membership: f64,
    /// How often that attack is right about rows it may know.
    pub attack: f64,
    /// Seconds (of the thread's processor) of answering, vectors being there; every request is answered three times from the same state, and the
    /// least counts. `None` unless times are asked for.
    pub seconds: Option<f64>,
    /// What the answers were predicted to take, from their plans and what was measured before the first request
    /// ([`crate::hybrid::calibrate::StreamRates`]).
    pub predicted_seconds: Option<f64>,
    /// Seconds of carrying vectors when they are first asked for, measured once.
    pub carried_seconds: Option<f64>,
    /// An estimate of the seconds of carrying all vectors: the visits of `preparation` times what one took when the first
    /// shard got its vectors.
    pub preparation_seconds: Option<f64>,
}

impl Record {
    /// As a line of JSON.
    pub fn line(&self) -> String {
        let text = serde_json::to_string(self).expect("numbers and text always become JSON");
        format!("{text}\n")
    }
}
