//! Machine unlearning whose error bounds are checked against true retraining.
pub mod bound;
pub mod claim;
pub mod constants;
pub mod data;
pub mod error;
pub mod loss;
pub mod mask;
pub mod metric;
pub mod model;
pub mod numeric;
pub mod objective;
#[cfg(feature = "cli")]
pub mod report;
pub mod train;
pub mod unlearn;
#[cfg(feature = "verify")]
pub mod verify;
