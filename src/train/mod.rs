//! Training: Newton to stationarity, stochastic gradient descent with a recorded trajectory, and the
//! pruning pipelines that train.

pub mod coupling;
mod enclosed;
pub mod epochs;
pub mod flops;
pub mod lockstep;
pub mod log;
pub(crate) mod minimiser;
pub mod newton;
pub mod newton_cg;
pub mod optimiser;
pub mod pipeline;
pub mod plan;
pub mod proximal;
pub mod pruning;
pub mod rounding;
pub mod sgd;
pub mod start;
pub mod stepper;
pub mod units;
