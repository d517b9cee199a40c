//! Every kernel of the weighted Gram product against a naive reference, and the fence around `unsafe`.

use nalgebra::DMatrix;
use proptest::prelude::*;
use unlearn::numeric::gram::{Columns, Kernel, add_lower, add_panels};
use unlearn::numeric::spectrum::gamma;

/// `Σ_r w_r p_ir q_jr` with a compensated sum (Neumaier 1974), and `Σ_r |w_r p_ir q_jr|`.
fn reference(
    p: &[f64],
    q: &[f64],
    w: &[f64],
    (rows, columns): (usize, usize),
    i: usize,
    j: usize,
) -> (f64, f64) {
    let (mut sum, mut lost, mut mass) = (0.0_f64, 0.0, 0.0);
    for (r, w) in w.iter().enumerate() {
        let term = p[r * rows + i] * q[r * columns + j] * w;
        let next = sum + term;
        lost += if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
        sum = next;
        mass += term.abs();
    }
    (sum + lost, mass)
}

/// Largest error of an entry, in units of what the order of summation can explain.
fn worst(found: &DMatrix<f64>, expected: impl Fn(usize, usize) -> (f64, f64), n: usize, lower: bool) -> f64 {
    let mut worst = 0.0_f64;
    for j in 0..found.ncols() {
        for i in if lower { j } else { 0 }..found.nrows() {
            let (sum, mass) = expected(i, j);
            let error = (found[(i, j)] - sum).abs();
            // n products with their weight, and the start: γ_{n+2}; the reference itself rounds twice per term.
            worst = worst.max(error / (gamma(n + 4) * mass + f64::MIN_POSITIVE));
        }
    }
    worst
}

fn entries(n: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![8 => -1e3..1e3, 1 => Just(0.0), 1 => -1e-9..1e-9], n..=n)
}

fn sizes() -> impl Strategy<Value = (usize, usize, usize)> {
    // Nothing, around the tile shapes and their multiples; beyond one block of samples now and then.
    (0usize..60, 0usize..60, prop_oneof![4 => 0usize..20, 1 => 250usize..270])
}

proptest! {
    #[test]
    fn every_kernel_agrees_with_the_naive_sum(
        (p, q, w, rows, columns) in sizes().prop_flat_map(|(rows, columns, n)| {
            (entries(rows * n), entries(columns * n), entries(n), Just(rows), Just(columns))
        })
    ) {
        let n = w.len();
        for kernel in Kernel::available() {
            let mut out = DMatrix::zeros(rows, columns);
            let (a, b) = (Columns::new(rows, &p), Columns::new(columns, &q).weighted(&w));
            add_panels(kernel, n, &a, &b, &mut out);
            let error = worst(&out, |i, j| reference(&p, &q, &w, (rows, columns), i, j), n, false);
            prop_assert!(error <= 1.0, "{}: {rows} × {columns} × {n}: {error}", kernel.name());
        }
    }

    #[test]
    fn the_lower_triangle_is_that_of_the_whole_product_to_the_bit(
        (p, w, rows) in sizes().prop_flat_map(|(rows, _, n)| (entries(rows * n), entries(n), Just(rows)))
    ) {
        for kernel in Kernel::available() {
            let a = Columns::new(rows, &p);
            let (mut all, mut lower) = (DMatrix::zeros(rows, rows), DMatrix::zeros(rows, rows));
            add_panels(kernel, w.len(), &a, &a.weighted(&w), &mut all);
            add_lower(kernel, w.len(), &a, &a.weighted(&w), &mut lower);
            for j in 0..rows {
                for i in j..rows {
                    prop_assert_eq!(all[(i, j)].to_bits(), lower[(i, j)].to_bits(), "{} at ({}, {})", kernel.name(), i, j);
                }
            }
        }
    }

    #[test]
    fn small_integers_are_exact_in_every_kernel(
        (p, w, rows) in sizes().prop_flat_map(|(rows, _, n)| {
            let whole = |n| prop::collection::vec((-8i32..8).prop_map(f64::from), n..=n);
            (whole(rows * n), whole(n), Just(rows))
        })
    ) {
        let results: Vec<DMatrix<f64>> = Kernel::available().into_iter().map(|kernel| {
            let mut out = DMatrix::zeros(rows, rows);
            let a = Columns::new(rows, &p);
            add_panels(kernel, w.len(), &a, &a.weighted(&w), &mut out);
            out
        }).collect();
        for r in &results {
            prop_assert_eq!(r, &results[0]);
        }
    }
}

#[test]
fn threads_change_no_bit() {
    // Large enough for tasks, with a ragged edge.
    let (d, n) = (203, 517);
    let x: Vec<f64> = (0..n * d).map(|i| (1.0 + i as f64).sin()).collect();
    let w: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
    let p = Columns::new(d, &x);
    let sums = |threads| {
        unlearn::numeric::threads::allow(threads);
        let mut out = DMatrix::zeros(d, d);
        add_lower(Kernel::best(), n, &p, &p.weighted(&w), &mut out);
        out.lower_triangle()
    };
    let one = sums(1);
    assert_eq!(one, sums(3));
    let error = worst(&one, |i, j| reference(&x, &x, &w, (d, d), i, j), n, true);
    unlearn::numeric::threads::allow(1);
    assert!(error <= 1.0, "{error}");
}

#[test]
fn a_wrong_weight_is_noticed() {
    let (p, w) = ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0 + 1e-12]);
    let mut out = DMatrix::zeros(2, 2);
    let a = Columns::new(2, &p);
    add_panels(Kernel::best(), 2, &a, &a.weighted(&w), &mut out);
    assert!(worst(&out, |i, j| reference(&p, &p, &[1.0, 1.0], (2, 2), i, j), 2, false) > 1.0);
}

#[test]
fn values_that_are_not_finite_stay_in_their_rows() {
    // Padding must not spread them: 0·∞ would be NaN.
    for kernel in Kernel::available() {
        let p = [1.0, f64::INFINITY, 2.0];
        let mut out = DMatrix::zeros(3, 3);
        let a = Columns::new(3, &p);
        add_panels(kernel, 1, &a, &a, &mut out);
        assert_eq!((out[(0, 0)], out[(2, 0)], out[(2, 2)]), (1.0, 2.0, 4.0), "{}", kernel.name());
        assert_eq!(out[(1, 1)], f64::INFINITY, "{}", kernel.name());
    }
}

#[test]
fn unsafe_code_lives_in_one_file() {
    fn visit(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
                if code.into_iter().any(|l| l.contains("unsafe")) {
                    found.push(path.file_name().expect("a name").to_string_lossy().into_owned());
                }
            }
        }
    }
    let mut found = Vec::new();
    visit(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert_eq!(found, ["kernel.rs"]);
}
