//! Numbers before any learning: stable scalar functions, intervals, tolerances, sparse rows,
//! weighted Gram matrices, factorisations and enclosed spectra.

pub mod csr;
pub mod factor;
pub mod gram;
pub mod interval;
pub mod scalar;
pub mod spectrum;
pub mod tolerance;
