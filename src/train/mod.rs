//! Training: Newton to stationarity, and stochastic gradient descent with a recorded trajectory.

pub mod coupling;
pub mod newton;
pub mod plan;
pub mod rounding;
pub mod sgd;
pub mod start;
