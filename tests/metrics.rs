//! The metrics of unlearning against naive definitions and against other software.

#[path = "metrics/membership.rs"]
mod membership;
