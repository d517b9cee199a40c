//! Streams of requests: what retraining, updating and choosing between them cost, and what their models are worth.
//!
//! The same requests arrive at systems that all forget by training or by carried vectors
//! ([`crate::hybrid::stream`]):
//!
//! | strategy | model | a request is answered by |
//! |---|---|---|
//! | `full` | one | training from scratch |
//! | `update:ε` | one | carried vectors while their certified error is within ε, else training from scratch |
//! | `update` | one | carried vectors whatever their error |
//! | `sisa` | `S` shards of `R` slices | training the shards that are hit again, from their last clean checkpoint |
//! | `hybrid:ε` | `S` shards of `R` slices | per shard: carried vectors within ε, else as `sisa` |
//! | `threshold:τ` | `S` shards of `R` slices | as `sisa` when its workload is at most the share τ of a full training, else carried vectors |
//!
//! Costs are row visits while requests are answered. What must be done before the first request is counted apart:
//! the training, and carrying the vectors of all rows (one gradient and one Hessian–vector product each count as visits).
//! The hybrid is a reconstruction from the abstract of Li et al. 2024 (arXiv 2412.14505), whose reported gain of 1.5× to 8×
//! is over baselines that are not public to us.
//!
//! | file | what |
//! |---|---|
//! | [`arrival`] | which rows are asked to be forgotten, and when |
//! | [`strategy`] | who answers |
//! | [`run`] | one seed of one cell, the grid, threads |
//! | [`record`] | one line per result |
//! | [`table`] | means over seeds, ranges of gains |
//! | [`page`] | the same with figures |

pub mod arrival;
pub mod page;
pub mod record;
pub mod run;
pub mod strategy;
pub mod table;

pub use arrival::Arrival;
pub use record::Record;
pub use run::{Cell, Config, Study};
pub use strategy::Strategy;
