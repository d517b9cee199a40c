//! What people and scripts read: tables, counterexamples, JSON lines, progress.

pub mod between;
pub mod counterexample;
pub mod figure;
pub mod json;
pub mod number;
pub mod page;
pub mod paragraph;
pub mod progress;
pub mod table;
pub mod verdict_page;
pub mod verdicts;
