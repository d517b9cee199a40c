//! Machine unlearning whose error bounds are checked against true retraining.
pub mod data;
pub mod error;
pub mod numeric;
