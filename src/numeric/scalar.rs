//! Scalar functions that stay accurate on all of f64.
