//! Sharded, isolated, sliced and aggregated training (SISA; Bourtoule et al. 2021, arXiv 1912.03817).
//!
//! The rows are split into `S` shards, each shard into `R` slices. Shard `k` is one recorded run
//! ([`crate::train::plan::Plan`]) over its rows: stage `i` trains `e_i` epochs on slices `1 … i`, and after each stage
//! the whole state of the run is stored. To forget rows, every shard that holds one goes back to the stage before the
//! first slice that is hit and trains again from there, without the rows, on the same grid of batches
//! ([`crate::train::coupling::Normalisation::Fixed`]). The other shards are not touched. The result is, bit for bit,
//! what training from scratch without the rows gives.
//!
//! | module | what it is |
//! |---|---|
//! | [`partition`] | which row is in which shard and slice: uniform, or by the probability of deletion |
//! | [`schedule`] | epochs per stage; the run of one shard |
//! | [`checkpoint`] | stored states under keys that name the retained rows they saw; stores in memory and in a directory |
//! | [`blueprint`] | everything about an ensemble that training does not change, and the keys of its checkpoints |
//! | [`ensemble`] | training, forgetting, answers of another kind and how they are healed |
//! | [`aggregate`] | one prediction from many models |
//! | [`workload`] | the exact cost of a request, in row visits, before the work |
//! | [`cost`] | expected costs in closed form |
//!
//! Stages, slices and shards count from 0 in code; in formulas, as in the paper, from 1.
//!
//! The guarantee is for requests that do not depend on the released models (Bourtoule et al., Definition III.1, fixes the
//! request in advance; Gupta et al. 2021, arXiv 2106.04378, not read, is the reference for others).

pub mod aggregate;
pub mod blueprint;
pub mod checkpoint;
pub mod cost;
pub mod ensemble;
pub mod partition;
pub mod schedule;
pub mod workload;
