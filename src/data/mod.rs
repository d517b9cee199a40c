//! Rows and targets: storage, reading, standardising, splitting, generating.

pub mod builtin;
pub mod dataset;
pub mod design;
pub mod generate;
pub mod open;
pub mod read;
pub mod rows;
pub mod split;
pub mod standardize;
pub mod task;
pub mod write;

pub use dataset::Dataset;
pub use design::{Design, Row};
pub use generate::Generate;
pub use open::open;
pub use rows::RowSet;
pub use split::{Amount, Forget, Split};
pub use standardize::Standardizer;
pub use task::Task;
