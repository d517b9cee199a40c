//! Rows and targets: storage, reading, standardising, splitting, generating.

pub mod dataset;
pub mod design;
pub mod rows;

pub use dataset::Dataset;
pub use design::{Design, Row};
pub use rows::RowSet;
