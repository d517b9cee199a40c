//! Retrain or update: never outside the tolerance, exact where it retrains, and not dearer than promised.

#[path = "hybrid/minimiser.rs"]
mod minimiser;
