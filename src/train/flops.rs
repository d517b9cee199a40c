//! Nominal floating-point operations, from the number `k` of kept parameters alone: what a kernel that
//! touches no pruned parameter spends on multiplications and additions. Activations and losses, which cost
//! a few operations per unit, are left out. The counts are what methods and sparsities are compared by; no
//! machine counter is read.
//!
//! | operation | operations | why |
//! |---|---|---|
//! | forward pass of a row | 2k | one multiplication and one addition per parameter |
//! | gradient of a row | 6k | forward, the same for the deltas, the same for the products |
//! | Hessian–vector product of a row | 16k | forward and deltas 4k, their tangents 8k, products 4k |
//! | Hessian of a row | 2k² | one multiplication and one addition per entry |
//! | Cholesky factor, then a solve | k³/3 + 2k² | Golub, Van Loan, §4.2 (recalled) |

/// One row's gradient: 6k.
///
/// ```
/// assert_eq!(unlearn::train::flops::gradient(10), 60.0);
/// ```
pub fn gradient(k: usize) -> f64 {
    6.0 * k as f64
}

/// One row's Hessian–vector product: 16k.
pub fn product(k: usize) -> f64 {
    16.0 * k as f64
}

/// One row's Hessian: 2k².
pub fn hessian(k: usize) -> f64 {
    2.0 * (k as f64).powi(2)
}

/// Factoring a k × k matrix and solving once: k³/3 + 2k².
pub fn solve(k: usize) -> f64 {
    (k as f64).powi(3) / 3.0 + 2.0 * (k as f64).powi(2)
}

/// A Newton step on `rows` rows: gradient, Hessian, solve.
pub fn newton(rows: usize, k: usize) -> f64 {
    rows as f64 * (gradient(k) + hessian(k)) + solve(k)
}

/// Row visits and operations of a Newton step on `rows` rows: with a Hessian as [`newton`], or with so many products and
/// no Hessian. Every product counts as a visit.
///
/// ```
/// use unlearn::train::flops::{gradient, newton, newton_step, product};
/// assert_eq!(newton_step(5, 10, None), (10.0, newton(5, 10)));
/// assert_eq!(newton_step(5, 10, Some(3)), (20.0, 5.0 * (gradient(10) + 3.0 * product(10))));
/// ```
pub fn newton_step(rows: usize, k: usize, products: Option<usize>) -> (f64, f64) {
    match products {
        None => (2.0 * rows as f64, newton(rows, k)),
        Some(p) => ((1 + p) as f64 * rows as f64, rows as f64 * (gradient(k) + p as f64 * product(k))),
    }
}
