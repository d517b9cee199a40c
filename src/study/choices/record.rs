//! One line per answer.

use serde::{Deserialize, Serialize};

/// A branch, planned and run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ran {
    /// Its name.
    pub branch: String,
    /// Row visits, predicted.
    pub predicted: u64,
    /// Row visits, counted.
    pub visits: u64,
    /// The distance from the retrained model that was certified beforehand.
    pub bound: Option<f64>,
    /// What its certificate was forecast to say.
    pub forecast: Option<f64>,
    /// What it says.
    pub certified: Option<f64>,
    /// Seconds; `None` unless times are asked for.
    pub seconds: Option<f64>,
}

/// A request at a tolerance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Seed of the forget set.
    pub seed: u64,
    /// Rows trained on.
    pub rows: usize,
    /// Rows forgotten.
    pub forgotten: usize,
    /// The tolerance.
    pub tolerance: f64,
    /// The branch that was chosen.
    pub chosen: String,
    /// Was its error certified to be within the tolerance beforehand?
    pub certain: bool,
    /// Its row visits, predicted.
    pub predicted: u64,
    /// The branch that gave the answer.
    pub answer: String,
    /// Row visits, of branches tried in vain too.
    pub visits: u64,
    /// The certificate of the answer.
    pub certified: Option<f64>,
    /// Is the answer within the tolerance: by its certificate, or because it was retrained?
    pub within: bool,
    /// The branch with the fewest row visits whose own certificate is within the tolerance.
    pub best: String,
    /// Its row visits.
    pub best_visits: u64,
    /// Row visits of planning.
    pub planning: u64,
    /// Row visits of certificates.
    pub certifying: u64,
    /// Seconds of the branches run, and as predicted from costs measured before.
    pub seconds: Option<f64>,
    /// The latter.
    pub predicted_seconds: Option<f64>,
    /// All branches.
    pub branches: Vec<Ran>,
}

impl Record {
    /// `visits/best − 1`: what was lost by not knowing beforehand.
    ///
    /// ```
    /// # use unlearn::study::choices::Record;
    /// # let line = r#"{"seed":1,"rows":9,"forgotten":1,"tolerance":0.1,"chosen":"noop","certain":true,"predicted":0,"answer":"noop",
    /// #   "visits":0,"certified":0.01,"within":true,"best":"noop","best_visits":0,"planning":1,"certifying":8,"seconds":null,
    /// #   "predicted_seconds":null,"branches":[]}"#;
    /// # let mut record: Record = serde_json::from_str(line).unwrap();
    /// assert_eq!(record.loss(), 0.0); // nothing where nothing would have done
    /// (record.visits, record.best_visits) = (55, 50);
    /// assert!((record.loss() - 0.1).abs() < 1e-15);
    /// ```
    pub fn loss(&self) -> f64 {
        match (self.visits, self.best_visits) {
            (a, b) if a == b => 0.0,
            (a, b) => a as f64 / b as f64 - 1.0,
        }
    }

    /// As a line of JSON.
    pub fn line(&self) -> String {
        let text = serde_json::to_string(self).expect("numbers and text always become JSON");
        format!("{text}\n")
    }
}
