//! Machine unlearning whose error bounds are checked against true retraining.
pub mod constants;
pub mod data;
pub mod error;
pub mod loss;
pub mod mask;
pub mod model;
pub mod numeric;
pub mod objective;
pub mod train;
