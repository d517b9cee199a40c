//! Property campaigns over the claims: draw cases, compare both sides, shrink what is refuted.

pub mod campaign;
pub mod picture;
pub mod real;
pub mod schedule;
pub mod strategy;
