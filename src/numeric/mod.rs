//! Numbers before any learning: stable scalar functions, intervals and functions of them, tolerances,
//! sparse rows, enclosed products, weighted Gram matrices, factorisations and enclosed spectra.

pub mod csr;
pub mod elementary;
pub mod enclosure;
pub mod factor;
pub mod gram;
pub mod hyperbolic;
pub mod interval;
pub mod logarithm;
pub mod logistic;
pub mod power;
pub mod product;
pub mod scalar;
pub mod span;
pub mod spectrum;
pub mod tolerance;
mod twofold;
