//! The evaluation of unlearning on pruned models: methods × sparsities × seeds on a scenario, as a table.
//!
//! For every seed and sparsity: draw training, test and forgotten rows; train the dense model; prune; train again
//! from the same start under the mask; retrain without the forgotten rows; let every method forget; measure
//! everything. After Jia et al. 2023 (arXiv 2304.04934), on models small enough that retraining is exact and
//! every seed can afford it.
//!
//! | file | what |
//! |---|---|
//! | [`scenario`], [`trigger`], [`scale`] | what is forgotten, and the data of one seed |
//! | [`config`] | what a study was asked for; the header line of its file |
//! | [`method`] | the rows of the table, with their hyper-parameters |
//! | [`training`], [`probe`] | training and retraining; what a source model is worth for other classes |
//! | [`trial`], [`artefacts`] | one seed at one sparsity, and its parameters as files |
//! | [`record`], [`journal`] | one line per result; resuming |
//! | [`run`] | everything, in parallel, in the order of the grid |
//! | [`trend`] | what is said of sparsity and unlearning, tested over the seeds |
//! | [`table`] | mean ± deviation (gap to Retrain) |
//! | [`stream`], [`choices`] | other studies: streams of requests; the planner for one model |
//! | [`minimised`] | streams of requests where shards are minimisers |

pub mod artefacts;
pub mod choices;
pub mod config;
pub mod journal;
pub mod method;
pub mod minimised;
pub mod page;
pub mod probe;
pub mod record;
pub mod run;
pub mod scale;
pub mod scenario;
pub mod stream;
pub mod table;
pub mod training;
pub mod trend;
pub mod trial;
pub mod trigger;

pub use config::Config;
pub use record::{Cell, Record};
pub use run::Study;
pub use scenario::Scenario;
