//! Solutions after rows were taken off a factored matrix.

use crate::factor::definite;
use crate::frame::case::arguments;
use crate::frame::{Bench, Case, Role, Target};
use nalgebra::{DMatrix, DVector};
use std::hint::black_box;
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::memory::copy_lower;
use unlearn::numeric::woodbury::{Woodbury, cheapest, solve_without, subtract_rows};

/// Rank by rank.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Removals",
        "Solving with A − UUᵀ, given the factor of A: the way that is chosen (its answer checked), and each way \
         by itself. The downdate also leaves a new factor behind. LAPACK has no downdate.",
    );
    let d = if bench.quick { 512 } else { 2048 };
    for rank in [16, d / 8, d / 2] {
        removal(bench, d, rank);
    }
}

fn removal(bench: &mut Bench, d: usize, rank: usize) {
    let a = definite(d);
    // Small enough that what is left is positive definite: ‖U‖_F² = ¼ and A ≥ I.
    let size = 0.5 / ((d * rank) as f64).sqrt();
    let rows = DMatrix::from_fn(d, rank, |i, j| size * 1.4 * ((i * (j + 1) + j) as f64).sin());
    let (ones, b) = (vec![1.0; rank], DVector::from_fn(d, |i, _| (i as f64).cos()));
    let factor = Cholesky::new(a.clone(), "A").expect("positive definite");
    let given =
        arguments([("a", bench.matrix(&a)), ("u", bench.matrix(&rows)), ("b", bench.vector(b.as_slice()))]);
    let way = cheapest(d, rank, false);
    let mut case = Case::new(format!("removal, rank {rank}"), format!("d = {d}, chosen {way:?}"))
        .against("numpy", "removal_woodbury", Role::Tuned, given.clone())
        .against("numpy", "removal_refactor", Role::Default, given);
    // Where refactoring is chosen, both run the same code.
    case.targets = vec![Target::Tuned(1.0), Target::Within("refactor", 1.15)];
    let refactor = || {
        let mut left = copy_lower(&a);
        subtract_rows(&mut left, &rows, &ones);
        black_box(Cholesky::new(left, "A").expect("positive definite").solve(&b));
    };
    let woodbury = || {
        let without = Woodbury::new(&factor, &rows, &ones, "A").expect("positive definite");
        black_box(without.solve(&b));
    };
    let downdate = || {
        let mut changed = factor.clone();
        changed.remove_rows(&rows, &ones, "A").expect("positive definite");
        black_box(changed.solve(&b));
    };
    bench.measure(
        case,
        DVector::zeros(0),
        |x| *x = solve_without(&a, &factor, (&rows, &ones), &b, "A").expect("positive definite").0,
        |x: &DVector<f64>| x.as_slice().to_vec(),
        vec![
            ("refactor", Box::new(refactor)),
            ("Woodbury", Box::new(woodbury)),
            ("downdate", Box::new(downdate)),
        ],
    );
}
