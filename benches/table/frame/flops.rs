//! Useful operations, multiplications and additions counted apiece: what the mathematics needs, whatever the code does.

/// `Σ_r w_r x_r x_rᵀ`, one triangle with its diagonal.
pub(crate) fn gram(rows: usize, d: usize) -> f64 {
    rows as f64 * triangle(d) * 2.0
}

/// Entries on and below the diagonal.
pub(crate) fn triangle(d: usize) -> f64 {
    d as f64 * (d as f64 + 1.0) / 2.0
}

/// Cholesky factorisation of order `k`: `Σ_j j²` multiplications and additions, leading term.
pub(crate) fn cholesky(k: usize) -> f64 {
    (k as f64).powi(3) / 3.0
}

/// Both triangular solves for `columns` right-hand sides.
pub(crate) fn solve(k: usize, columns: usize) -> f64 {
    2.0 * (k as f64).powi(2) * columns as f64
}

/// The exact Hessian of a dense network with biases by products over rows.
///
/// The second derivative in the weights `(l, j, i)` and `(m, j′, i′)`, `l ≤ m`, is a sum over rows of a coefficient of
/// the two units times the two inputs. Within one layer it is symmetric in the units and in the inputs. Between
/// layers that are neighbours one such product is needed, and two between others: there the input of the upper weight
/// depends on all units of the lower layer. Coefficients and sweeps (a few per cent) are not counted.
pub(crate) fn network_hessian(rows: usize, widths: &[usize]) -> f64 {
    let layer = |l: usize| (widths[l + 1], widths[l] + 1);
    let mut per_row = 0.0;
    for l in 0..widths.len() - 1 {
        let (units, inputs) = layer(l);
        per_row += triangle(units) * triangle(inputs);
        for m in l + 1..widths.len() - 1 {
            let (upper, upper_inputs) = layer(m);
            let products = if m == l + 1 { 1.0 } else { 2.0 };
            per_row += products * (units * upper * inputs * upper_inputs) as f64;
        }
    }
    2.0 * per_row * rows as f64
}

/// The Hessian of `kept` parameters as `Σ_r` of one symmetric rank-one matrix per row: the floor that a pruned model is
/// held to, `k²` per row.
pub(crate) fn pruned_hessian(rows: usize, kept: usize) -> f64 {
    gram(rows, kept)
}

/// One triangle of the Gram matrix of sparse rows: `Σ_r s_r (s_r + 1)/2` products for `s_r` stored entries.
pub(crate) fn sparse_gram(stored: impl Iterator<Item = usize>) -> f64 {
    stored.map(|s| 2.0 * triangle(s)).sum()
}

/// One step of stochastic gradient descent on one row of a dense network with biases: forward, the gradients of the
/// weights, backward through all layers but the first, decay and update.
pub(crate) fn sgd_step(widths: &[usize]) -> f64 {
    (0..widths.len() - 1)
        .map(|l| {
            let weights = (widths[l] * widths[l + 1]) as f64;
            let parameters = weights + widths[l + 1] as f64;
            2.0 * weights + if l > 0 { 2.0 * weights } else { 0.0 } + 3.0 * parameters
        })
        .sum()
}
