//! Sharded training: resuming is retraining, deleted rows leave the store, costs are what the formulas say.

#[macro_use]
#[path = "../common/weakened.rs"]
mod weakening;

mod aggregation;
mod costs;
mod differences;
mod directory;
mod errata;
mod faults;
mod history;
mod keys;
mod optimisers;
mod partitions;
mod resume;
mod setup;
mod shares;
