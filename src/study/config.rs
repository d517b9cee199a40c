//! What a study was asked for: everything that its numbers depend on, and nothing else.

use super::method::Method;
use super::scale::Scale;
use super::scenario::Scenario;
use super::training::Training;
use crate::data::Dataset;
use serde::{Deserialize, Serialize};

/// A study. Two equal configurations of the same version give the same records, bit for bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// What is forgotten.
    pub scenario: Scenario,
    /// The data as named by the user.
    pub data: String,
    /// What the data holds.
    pub fingerprint: Fingerprint,
    /// Share of the rows for testing.
    pub test: f64,
    /// Does TA (and the attack's non-members) leave the forgotten classes out?
    pub test_without_classes: bool,
    /// How features are scaled.
    pub scale: Scale,
    /// The model specification.
    pub model: String,
    /// Do layers have biases?
    pub bias: bool,
    /// λ.
    pub ridge: f64,
    /// How models are trained.
    pub training: Training,
    /// The pruner.
    pub pruner: String,
    /// Measure, for every pruner, how much its mask owes to the forgotten rows?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compare_pruners: bool,
    /// Shares of the weights to prune.
    pub sparsity: Vec<f64>,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    pub seeds: u64,
    /// The rows of the table.
    pub methods: Vec<Method>,
}

/// Enough to notice that a file of data has changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Rows.
    pub rows: usize,
    /// Features.
    pub features: usize,
    /// FNV-1a over the bits of all values and targets, as hexadecimal digits.
    pub digest: String,
}

impl Fingerprint {
    /// Of a data set.
    pub fn of(data: &Dataset) -> Fingerprint {
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        for v in data.design().values().iter().chain(data.target()) {
            for byte in v.to_bits().to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
            }
        }
        Fingerprint { rows: data.rows(), features: data.cols(), digest: format!("{hash:016x}") }
    }
}

impl Config {
    /// The first line of the study's file.
    pub fn header(&self) -> String {
        let study = serde_json::to_value(self).expect("a configuration has only string keys");
        serde_json::json!({ "unlearn": env!("CARGO_PKG_VERSION"), "study": study }).to_string()
    }

    /// Reads a header line back; `None` for anything else.
    pub fn from_header(line: &str) -> Option<Config> {
        let mut value: serde_json::Value = serde_json::from_str(line).ok()?;
        serde_json::from_value(value.get_mut("study")?.take()).ok()
    }
}
