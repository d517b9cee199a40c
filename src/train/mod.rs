//! Training: Newton to stationarity, and stochastic gradient descent with a recorded trajectory.

pub mod coupling;
mod enclosed;
pub(crate) mod minimiser;
pub mod newton;
pub mod plan;
pub mod rounding;
pub mod sgd;
pub mod start;
