//! Cholesky factors, solutions, and solutions after rows were removed.

use crate::frame::case::arguments;
use crate::frame::{Bench, Case, Role, Target, flops};
use crate::gram::lower;
use nalgebra::DMatrix;
use unlearn::data::Generate;
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::gram::{Columns, Kernel, add_lower};

const SEED: u64 = 2;
/// Right-hand sides solved together.
const SIDES: usize = 64;

/// `XᵀX/n + I` of normal rows: well conditioned, so that what differs is rounding.
pub(crate) fn definite(k: usize) -> DMatrix<f64> {
    let n = 2 * k;
    let data = Generate::new(n, k).build(SEED).expect("a valid recipe");
    let p = Columns::new(k, data.design().values());
    let mut a = DMatrix::zeros(k, k);
    add_lower(Kernel::best(), n, &p, &p.weighted(&vec![1.0 / n as f64; n]), &mut a);
    (0..k).for_each(|j| a[(j, j)] += 1.0);
    a.fill_upper_triangle_with_lower_triangle();
    a
}

/// Order by order.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Factorisation and solutions",
        "Cholesky factor of a positive definite matrix of order k, and the solutions for 64 right-hand sides from it. \
         The tuned peer is LAPACK in place (`dpotrf`, `dpotrs` on OpenBLAS); both sides copy the matrix.",
    );
    let orders: &[usize] = if bench.quick { &[256, 1024] } else { &[128, 256, 512, 1024, 2048] };
    for &k in orders {
        factor(bench, k);
        solve(bench, k);
    }
}

fn factor(bench: &mut Bench, k: usize) {
    let a = definite(k);
    let given = arguments([("a", bench.matrix(&a))]);
    let mut case = Case::new(format!("factor, k = {k}"), format!("seed {SEED}"))
        .against("numpy", "cholesky_lapack", Role::Tuned, given.clone())
        .against("numpy", "cholesky_default", Role::Default, given);
    case.flops = Some(flops::cholesky(k));
    case.targets = vec![Target::Tuned(1.0)];
    bench.measure(
        case,
        None,
        |c| *c = Some(Cholesky::of(&a, "A").expect("positive definite")),
        |c: &Option<Cholesky>| lower(c.as_ref().expect("factored").lower()),
        Vec::new(),
    );
}

fn solve(bench: &mut Bench, k: usize) {
    let a = definite(k);
    let b = DMatrix::from_fn(k, SIDES, |i, j| ((i + 3 * j) as f64).sin());
    let given = arguments([("a", bench.matrix(&a)), ("b", bench.matrix(&b))]);
    let mut case = Case::new(format!("solve, k = {k}"), format!("{SIDES} right-hand sides, seed {SEED}"))
        .against("numpy", "solve_lapack", Role::Tuned, given);
    case.flops = Some(flops::solve(k, SIDES));
    case.targets = vec![Target::Tuned(1.0)];
    let factor = Cholesky::new(a, "A").expect("positive definite");
    bench.measure(
        case,
        DMatrix::zeros(0, 0),
        |x| *x = factor.solve_matrix(&b),
        // Row order.
        |x: &DMatrix<f64>| x.transpose().as_slice().to_vec(),
        Vec::new(),
    );
}
