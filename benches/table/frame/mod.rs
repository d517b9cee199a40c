//! What every bench shares: what is measured against what, how, and how it is told.
//!
//! Own code, peers and the machine's limit take turns within one run ([`measure`]), so that a ratio compares two
//! times of the same minute. Criterion times one function to the end before the next, which on a machine whose clock
//! drifts by a third is no comparison.

pub(crate) mod case;
pub(crate) mod flops;
pub(crate) mod limit;
pub(crate) mod machine;
pub(crate) mod measure;
pub(crate) mod memory;
pub(crate) mod peer;
pub(crate) mod table;
pub(crate) mod target;

pub(crate) use case::{Bench, Case};
pub(crate) use peer::Role;
pub(crate) use target::Target;
