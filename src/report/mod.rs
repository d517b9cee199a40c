//! What people and scripts read: tables, counterexamples, JSON lines, progress.

pub mod between;
pub mod counterexample;
pub mod json;
pub mod number;
pub mod paragraph;
pub mod progress;
pub mod table;
pub mod verdicts;
