//! Retrain or update: never outside the tolerance, exact where it retrains, and not dearer than promised.

#[path = "hybrid/amend.rs"]
mod amend;
#[path = "hybrid/ensemble.rs"]
mod ensemble;
#[path = "hybrid/minimiser.rs"]
mod minimiser;
#[path = "hybrid/state.rs"]
mod state;
#[path = "hybrid/stream.rs"]
mod stream;
