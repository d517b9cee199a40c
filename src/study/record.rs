//! One line of a study: what one method did at one sparsity for one seed.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything measured about one unlearned model. What does not apply is `None`, `null` in JSON; so is a number
/// that is not finite. Shares are in `[0, 1]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Record {
    /// The seed of the split, the training and the method.
    pub seed: u64,
    /// The sparsity asked for.
    pub sparsity: f64,
    /// The method (see [`crate::study::method`]).
    pub method: String,
    /// UA: 1 − accuracy on the forgotten rows.
    pub ua: Option<f64>,
    /// MIA efficacy of the published attack.
    pub mia: Option<f64>,
    /// RA: accuracy on the retained rows.
    pub ra: Option<f64>,
    /// TA: accuracy on the test rows (SA of a Trojan).
    pub ta: Option<f64>,
    /// ASR: share of triggered test rows of other classes labelled as the target.
    pub asr: Option<f64>,
    /// Accuracy of the linear probe.
    pub probe: Option<f64>,
    /// Balanced accuracy of the published attack on the rows it was fitted to.
    pub mia_balanced_accuracy: Option<f64>,
    /// Efficacy of the calibrated threshold attack.
    pub threshold_mia: Option<f64>,
    /// Balanced accuracy of that attack on the rows it was fitted to.
    pub threshold_balanced_accuracy: Option<f64>,
    /// Distance of the parameters from those of the row `retrain`, zeros at pruned places.
    pub distance: Option<f64>,
    /// Distance from what `bound` speaks about: coupled retraining for a run, the minimiser otherwise.
    pub bounded_distance: Option<f64>,
    /// Lower end of the certified interval around the distance from the exact minimiser.
    pub certified_low: Option<f64>,
    /// Its upper end.
    pub certified_high: Option<f64>,
    /// What the method guarantees about `bounded_distance` without retraining.
    pub bound: Option<f64>,
    /// Why, or why nothing is guaranteed.
    pub guarantee: Option<String>,
    /// Row visits of the removal.
    pub row_visits: Option<f64>,
    /// Its nominal floating-point operations.
    pub flops: Option<f64>,
    /// Its seconds; only on request, because they differ from run to run.
    pub seconds: Option<f64>,
    /// Parameters the mask keeps.
    pub active: usize,
    /// Kept parameters that are exactly 0.
    pub zeros: Option<usize>,
    /// Agreement (Jaccard index) of the mask with that of the row `retrain`, on prunable weights.
    pub mask_agreement: Option<f64>,
    /// In the row `retrain` of a study that compares pruners: for every pruner, the agreement (Jaccard index, on
    /// prunable weights) of its mask with the one it makes when the forgotten rows were never there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pruner_agreement: BTreeMap<String, f64>,
    /// Why there is no result.
    pub failure: Option<String>,
}

impl Record {
    /// The line in the file.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("a record has only string keys") + "\n"
    }

    /// Is it the record of this cell?
    pub fn is(&self, cell: &Cell) -> bool {
        self.seed == cell.seed && self.sparsity == cell.sparsity && self.method == cell.method
    }
}

/// The place of a record in the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Seed.
    pub seed: u64,
    /// Sparsity.
    pub sparsity: f64,
    /// Method.
    pub method: String,
}
