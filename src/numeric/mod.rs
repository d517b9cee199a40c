//! Numbers before any learning: stable scalar functions, intervals and functions of them, tolerances,
//! sparse rows, enclosed products, weighted Gram matrices, factorisations, conjugate gradients and enclosed spectra.

pub mod csr;
pub mod dot;
pub mod elementary;
pub mod enclosure;
pub mod factor;
pub mod gram;
pub mod hyperbolic;
pub mod interval;
pub mod krylov;
pub(crate) mod lanes;
pub(crate) mod located;
pub mod logarithm;
pub mod logistic;
pub mod normal;
pub mod power;
pub(crate) mod precise;
mod precise_functions;
pub mod product;
pub(crate) mod real;
pub mod scalar;
pub(crate) mod solve;
pub mod span;
pub mod spectrum;
pub mod tolerance;
pub(crate) mod training_functions;
mod twofold;
