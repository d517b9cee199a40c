//! What a model is worth on given rows.

pub mod accuracy;
