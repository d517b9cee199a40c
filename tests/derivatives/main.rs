//! Every derivative the library offers, against independent oracles: hyper-dual numbers over a
//! textbook network, closed forms, and the identities that tie the derivatives to each other.

mod closed_forms;
#[path = "../common/mod.rs"]
mod common;
mod deep_linear;
mod extremes;
mod generators;
mod hyperdual;
mod identities;
mod losses;
