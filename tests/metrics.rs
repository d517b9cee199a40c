//! The metrics of unlearning against naive definitions and against other software.

#[path = "metrics/classification.rs"]
mod classification;
#[path = "metrics/membership.rs"]
mod membership;
#[path = "metrics/summary.rs"]
mod summary;
