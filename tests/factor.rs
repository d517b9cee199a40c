//! Factors and solutions on register tiles against those of nalgebra, column by column; a symmetric product against the
//! matrix; changes that a wrong entry must show in.

use nalgebra::{DMatrix, DVector};
use proptest::collection::vec;
use proptest::prelude::*;
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::memory::copy_lower;
use unlearn::numeric::symmetric::product_and_square;
use unlearn::numeric::tolerance::tol;

const ORDER: usize = 140;
const SIDES: usize = 40;

/// A positive definite matrix of condition up to 10⁶ or so, and right-hand sides.
fn cases() -> impl Strategy<Value = (DMatrix<f64>, DMatrix<f64>)> {
    let entry = || prop_oneof![1 => Just(0.0), 4 => -1.0..1.0f64];
    let pools = (vec(entry(), ORDER * 4), vec(entry(), ORDER + SIDES));
    (1..=ORDER, 1..=SIDES, -6..=0i32, pools).prop_map(|(d, sides, least, (spread, b))| {
        let few = DMatrix::from_fn(d, 4, |i, j| spread[j * ORDER + i]);
        let a = &few * few.transpose() + DMatrix::identity(d, d) * 10f64.powi(least);
        (a, DMatrix::from_fn(d, sides, |i, j| b[i + j] + 0.1 * (i * j % 3) as f64))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn factors_and_solutions_are_those_of_nalgebra((a, b) in cases()) {
        let d = a.nrows();
        let eigenvalues = a.clone().symmetric_eigenvalues();
        let kappa = eigenvalues.max() / eigenvalues.min();
        let expected = nalgebra::Cholesky::new(a.clone()).expect("positive definite");
        let found = Cholesky::of(&a, "A").expect("positive definite");
        let l = found.lower().lower_triangle();
        let error = (&l * l.transpose() - &a).norm();
        prop_assert!(error <= tol(d, 1.0) * a.norm(), "{error:e}");
        prop_assert!((&l - expected.l()).norm() <= tol(d, kappa) * l.norm());
        let (x, truth) = (found.solve_matrix(&b), expected.solve(&b));
        prop_assert!((&x - &truth).norm() <= tol(d, kappa) * truth.norm());
        let one = b.column(0).into_owned();
        let (x, truth) = (found.solve(&one), expected.solve(&one));
        prop_assert!((&x - &truth).norm() <= tol(d, kappa) * truth.norm());
    }

    /// A matrix with a negative direction is refused, wherever it points.
    #[test]
    fn indefinite_matrices_are_refused((a, b) in cases(), share in 1.001..100.0f64) {
        let u = b.column(0).into_owned();
        prop_assume!(u.norm() > 0.1);
        // uᵀA⁻¹u·w = share > 1 leaves a negative direction; by more than rounding can hide.
        let solved = nalgebra::Cholesky::new(a.clone()).expect("positive definite").solve(&u);
        let left = &a - &u * u.transpose() * (share / u.dot(&solved));
        prop_assume!(left.clone().symmetric_eigenvalues().min() < -tol(a.nrows(), 1.0) * a.norm());
        let refused = Cholesky::new(left, "what is left").expect_err("indefinite").to_string();
        prop_assert!(refused.contains("what is left"), "{refused}");
    }

    #[test]
    fn products_read_the_lower_triangle_alone((a, b) in cases()) {
        let (d, x) = (a.nrows(), b.column(0).into_owned());
        let mut lower = a.clone();
        (0..d).for_each(|j| lower.as_mut_slice()[j * d..j * d + j].fill(f64::NAN));
        let (product, square) = product_and_square(&lower, &x);
        prop_assert!((product - &a * &x).norm() <= tol(d, 1.0) * a.norm() * x.norm());
        prop_assert!((square - a.norm_squared()).abs() <= tol(d * d, 1.0) * square);
        let copy = copy_lower(&lower);
        prop_assert_eq!(copy, a.lower_triangle());
    }
}

/// What the tolerance allows is less than one wrong entry.
#[test]
fn a_wrong_entry_is_noticed() {
    let d = 60;
    let a = DMatrix::from_fn(d, d, |i, j| if i == j { 3.0 } else { 1.0 / (1 + i + j) as f64 });
    let mut other = a.clone();
    other[(40, 7)] += 1e-9;
    let b = DVector::from_element(d, 1.0);
    let solve = |a: &DMatrix<f64>| Cholesky::of(a, "A").expect("diagonally dominant").solve(&b);
    assert!((solve(&a) - solve(&other)).norm() > tol(d, 10.0) * b.norm());
}
