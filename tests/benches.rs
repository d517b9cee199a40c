//! What the benches rest on: counted operations against loops that count, statistics, and the place of the table.

#![cfg(feature = "cli")]

// The frame serves the benches; here only some of it is looked at.
#[allow(dead_code, unused_imports)]
#[path = "../benches/table/frame/mod.rs"]
mod frame;

#[allow(dead_code)]
#[path = "../benches/instructions/expected.rs"]
mod expected;

use expected::Expected;
use frame::case::relative_difference;
use frame::measure::{median, ratio};
use frame::{flops, table};
use std::collections::BTreeSet;

#[test]
fn operations_of_triangles_are_counted() {
    for d in 1..8 {
        let entries = (0..d).flat_map(|i| (0..=i).map(move |j| (i, j))).count();
        assert_eq!(flops::triangle(d), entries as f64);
        assert_eq!(flops::gram(5, d), (2 * 5 * entries) as f64);
        assert_eq!(flops::sparse_gram([d, 2].into_iter()), (2 * entries + 2 * 3) as f64);
    }
}

/// Multiplications and additions of the textbook loops.
#[test]
fn operations_of_factors_are_counted_to_the_leading_term() {
    let k = 200;
    let mut factor = 0;
    for j in 0..k {
        for _row in j..k {
            factor += 2 * j;
        }
    }
    assert!((flops::cholesky(k) / factor as f64 - 1.0).abs() < 3.0 / k as f64);
    let triangular: usize = (0..k).map(|j| 2 * j + 1).sum();
    assert_eq!(flops::solve(k, 3), (2 * 3 * triangular) as f64);
}

/// One parameter: layer, unit, input (the last input is the bias).
type Place = (usize, usize, usize);

/// All different products of one row, met by walking over every entry of the Hessian: coefficient and inputs.
fn products(widths: &[usize]) -> usize {
    let mut all: Vec<Place> = Vec::new();
    for l in 0..widths.len() - 1 {
        for j in 0..widths[l + 1] {
            all.extend((0..=widths[l]).map(|i| (l, j, i)));
        }
    }
    let mut met = BTreeSet::new();
    for &(l, j, i) in &all {
        for &(m, u, v) in &all {
            if l > m {
                continue;
            }
            if l == m {
                // D_{ju} a_i a_v, symmetric in the units and in the inputs.
                met.insert(((l, j.min(u), i.min(v)), (m, j.max(u), i.max(v)), 0));
            } else {
                // a_i (∂δ_u a_v + δ_u ∂a_v); with neighbours ∂a_v is one number for the unit itself, else 0.
                met.insert(((l, j, i), (m, u, v), 0));
                if m > l + 1 {
                    met.insert(((l, j, i), (m, u, v), 1));
                }
            }
        }
    }
    met.len()
}

#[test]
fn operations_of_hessians_are_counted() {
    for widths in [&[2, 3][..], &[3, 2, 2], &[2, 3, 2, 2], &[2, 2, 3, 2, 1]] {
        assert_eq!(flops::network_hessian(7, widths), (2 * 7 * products(widths)) as f64, "{widths:?}");
    }
    // One layer of one unit is the Gram matrix of the inputs and 1.
    assert_eq!(flops::network_hessian(9, &[4, 1]), flops::gram(9, 5));
}

#[test]
fn operations_of_a_step_are_counted() {
    // 64 weights and a bias: score, then gradient, decay and update of every parameter.
    assert_eq!(flops::sgd_step(&[64, 1]), (2 * 64 + 3 * 65) as f64);
    // Backward through the second layer of two only.
    let (weights, above, parameters) = (3 * 4 + 4 * 2, 4 * 2, 4 * 4 + 2 * 5);
    assert_eq!(flops::sgd_step(&[3, 4, 2]), (2 * weights + 2 * above + 3 * parameters) as f64);
}

#[test]
fn medians_and_ratios_are_those_of_rounds() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    // The clock halves in the second round; both slow down, and the ratio stays.
    assert_eq!(ratio(&[1.0, 2.0, 1.0], &[5.0, 10.0, 5.0]), Some(5.0));
    // A peer called once is compared with the round in which it ran.
    assert_eq!(ratio(&[1.0, 2.0, 1.0], &[7.0]), Some(7.0));
    assert_eq!(ratio(&[1.0], &[]), None);
    assert_eq!(relative_difference(&[1.0, 2.0], &[1.0, 4.0]), 0.5);
}

#[test]
fn numbers_are_told_to_three_digits() {
    let told: Vec<String> = [0.0, 0.001_234, 0.5, 9.876, 12.34, 567.8, 4321.0].map(table::digits).into();
    assert_eq!(told, ["0", "0.00123", "0.500", "9.88", "12.3", "568", "4321"]);
    let told: Vec<String> = [2.5, 0.0123, 4.56e-5, 7.8e-9].map(table::seconds).into();
    assert_eq!(told, ["2.50 s", "12.3 ms", "45.6 µs", "7.80 ns"]);
}

#[test]
fn the_table_has_one_place_in_the_readme() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/README.md"))
        .expect("README.md");
    let once = table::replaced(&readme, "new").expect("both markers");
    assert!(once.contains("<!-- table -->\nnew\n<!-- end of table -->"));
    assert_eq!(table::replaced(&once, "new"), Ok(once.clone()));
    let head = |text: &str| text.split("<!-- table -->").next().map(str::to_owned);
    assert_eq!(head(&once), head(&readme));
    assert!(table::replaced("no marker", "new").is_err());
    assert!(table::replaced("<!-- end of table --> <!-- table -->", "new").is_err());
    assert!(table::replaced(&format!("{once}{once}"), "new").is_err());
}

#[test]
fn counts_read_back() {
    let text = "compiler: rustc 1.2.3 (a: b)\nkernel: avx2\ngram: 12\nsolve: 7\n";
    let read = Expected::parse(text).expect("a file");
    assert_eq!(
        (read.counts["gram"], read.kernel.as_str(), read.compiler.as_str()),
        (12, "avx2", "rustc 1.2.3 (a: b)")
    );
    assert_eq!(read.text(), text);
    assert!(Expected::parse("gram: many").unwrap_err().contains("gram"));
    assert!(Expected::parse("gram 12").is_err());
}
