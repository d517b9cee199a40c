//! Numbers before any learning: stable scalar functions, intervals and functions of them, tolerances,
//! sparse rows, enclosed products, weighted Gram matrices, factorisations and changes of them, conjugate gradients and
//! enclosed spectra.

pub mod csr;
pub mod dot;
pub mod downdate;
pub mod elementary;
pub mod enclosure;
pub mod factor;
pub mod gram;
pub mod gram_sparse;
pub mod hyperbolic;
pub mod interval;
pub mod krylov;
pub mod lambert;
pub(crate) mod lanes;
pub mod lbfgs;
pub(crate) mod located;
pub mod logarithm;
pub mod logistic;
pub mod memory;
pub mod nonnegative;
pub mod normal;
pub mod power;
pub(crate) mod precise;
mod precise_functions;
pub mod preconditioned;
pub mod product;
pub(crate) mod real;
pub mod scalar;
pub(crate) mod solve;
pub mod span;
#[cfg(feature = "sparse")]
pub mod sparse_cholesky;
pub mod spectrum;
pub mod symmetric;
pub mod threads;
pub mod tolerance;
pub(crate) mod training_functions;
mod triangular;
mod twofold;
pub mod woodbury;
