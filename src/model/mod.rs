//! Models: a stack of affine layers with a smooth activation between them. A linear model is the
//! stack of one layer, so that every method and every bound is written once.

pub mod activation;
mod curvature;
pub mod layout;
pub mod network;
pub mod spec;

pub use activation::Activation;
pub(crate) use curvature::Kind;
pub use layout::{Coordinate, Model};
pub use network::{Network, Workspace};
pub use spec::Spec;
