//! Numbers before any learning: stable scalar functions, intervals, tolerances, sparse rows,
//! weighted Gram matrices, factorisations and enclosed spectra.

pub mod csr;
pub mod enclosure;
pub mod factor;
pub mod gram;
pub mod interval;
pub mod power;
pub mod scalar;
pub mod span;
pub mod spectrum;
pub mod tolerance;
