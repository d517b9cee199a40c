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
//! | `amended:r` | `S` shards of `R` slices | as `threshold:τ`, but what is updated is then fine-tuned on the slices from the first one hit on, by Newton's steps to a gradient of norm `r` |
//!
//! Costs ([`cost`]) are row visits and, where times are asked for, seconds, while requests are answered. What carrying
//! vectors takes (one gradient and one Hessian–vector product each count as visits) is counted apart, in two ways: for
//! the rows asked for, when they are first asked for, and for all rows beforehand. The training before the first
//! request is not counted. The hybrid is a reconstruction from the abstract of Li et al. 2024 (arXiv 2412.14505), whose
//! reported gain of 1.5× to 8× is over baselines that are not public to us.
//!
//! | file | what |
//! |---|---|
//! | [`arrival`] | which rows are asked to be forgotten, and when |
//! | [`strategy`] | who answers |
//! | [`run`] | the grid, one seed, threads; `answering`: one strategy on one stream; `score`: what its models are worth |
//! | [`record`] | one line per result |
//! | [`cost`] | visits or seconds, and how much of the carrying of vectors counts |
//! | [`table`] | means over seeds; [`gain`]: ranges of gains over cells |
//! | [`page`] | the same with figures |

mod answering;
pub mod arrival;
pub mod cost;
pub mod gain;
pub mod page;
pub mod record;
pub mod run;
mod score;
pub mod strategy;
pub mod table;

pub use arrival::Arrival;
pub use record::Record;
pub use run::{Cell, Config, Study};
pub use strategy::Strategy;
