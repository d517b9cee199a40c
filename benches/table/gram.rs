//! The weighted Gram matrix `XᵀDX`, one triangle: the heart of every Hessian.

use crate::frame::case::arguments;
use crate::frame::{Bench, Case, Role, Target, flops};
use nalgebra::DMatrix;
use unlearn::data::Generate;
use unlearn::numeric::gram::{Columns, Kernel, add_lower};

const SEED: u64 = 1;

/// Order by order.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Weighted Gram matrix",
        "`XᵀDX`, one triangle, weights applied on the way. The tuned peer is OpenBLAS's `dsyrk` on rows that were \
         weighted before the clock started; the default call computes both triangles.",
    );
    let orders: &[usize] = if bench.quick { &[32, 256, 1024] } else { &[32, 64, 128, 256, 512, 1024, 2048] };
    for &d in orders {
        order(bench, d);
    }
}

fn order(bench: &mut Bench, d: usize) {
    let n = if d <= 512 { 4096 } else { 2048 };
    let data = Generate::new(n, d).build(SEED).expect("a valid recipe");
    let x = data.design().values().to_vec();
    let w: Vec<f64> = (0..n).map(|r| 1.25 + (r as f64).sin()).collect();
    let rows = DMatrix::from_row_slice(n, d, &x);
    let given = arguments([("x", bench.matrix(&rows)), ("w", bench.vector(&w))]);
    let mut case = Case::new(format!("d = {d}"), format!("n = {n}, seed {SEED}"))
        .against("numpy", "gram_syrk", Role::Tuned, given.clone())
        .against("numpy", "gram_matmul", Role::Default, given);
    case.flops = Some(flops::gram(n, d));
    if d >= 256 {
        case.targets.push(Target::Share(0.8));
    }
    if d <= 1024 {
        case.targets.push(Target::Tuned(1.0));
    }
    bench.measure(
        case,
        DMatrix::zeros(d, d),
        |out| {
            out.fill(0.0);
            let p = Columns::new(d, &x);
            add_lower(Kernel::best(), n, &p, &p.weighted(&w), out);
        },
        lower,
        Vec::new(),
    );
}

/// The lower triangle in row order, zeros above.
pub(crate) fn lower(h: &DMatrix<f64>) -> Vec<f64> {
    let d = h.nrows();
    (0..d * d).map(|i| if i % d <= i / d { h[(i / d, i % d)] } else { 0.0 }).collect()
}
