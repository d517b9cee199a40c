//! Rows off a factored matrix: Woodbury's identity, rotations and a new factorisation against the matrix that is left, which is
//! known because it was there first.
//!
//! The bound on every answer is `‖x̃ − x‖ ≤ 8·tol(d + r, κ)‖x‖` with `κ = λ_max(A)/λ_min(A − UWUᵀ)`: what was there rounds
//! by `ε‖A‖`, what is left magnifies it by `1/λ_min`. The 8 is for the chain of form, factor, change and solve.

use nalgebra::{DMatrix, DVector};
use proptest::collection::vec;
use proptest::prelude::*;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::tolerance::tol;
use unlearn::numeric::woodbury::{Way, Woodbury, solve_without};
use unlearn::objective::{Problem, Reduction};
use unlearn::unlearn::factored::Factored;

const ORDER: usize = 40;
const RANK: usize = 45;

/// What is left, what is taken, right-hand side.
#[derive(Debug, Clone)]
struct Case {
    left: DMatrix<f64>,
    rows: DMatrix<f64>,
    weights: Vec<f64>,
    b: DVector<f64>,
}

impl Case {
    fn whole(&self) -> DMatrix<f64> {
        &self.left
            + &self.rows
                * DMatrix::from_diagonal(&DVector::from_column_slice(&self.weights))
                * self.rows.transpose()
    }

    /// The allowance for an answer, relative to it.
    fn allowed(&self) -> f64 {
        let least = self.left.clone().symmetric_eigenvalues().min();
        let kappa = self.whole().symmetric_eigenvalues().max() / least;
        8.0 * tol(self.left.nrows() + self.weights.len(), kappa)
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1..=ORDER, 0..=RANK);
    let entry = || prop_oneof![1 => Just(0.0), 4 => -1.0..1.0f64];
    let pools = (vec(entry(), ORDER * 6), vec(entry(), ORDER * RANK), vec(entry(), ORDER));
    // How much is left over and how much is taken: from a whole to 10⁻⁶ and 10⁴.
    let scales = (-6..=0i32, -2..=4i32, vec(prop_oneof![1 => Just(0.0), 4 => 0.0..2.0f64], RANK));
    (sizes, pools, scales).prop_map(|((d, r), (spread, taken, b), (least, most, weights))| {
        let few = DMatrix::from_fn(d, 6, |i, j| spread[j * ORDER + i]);
        let left = &few * few.transpose() + DMatrix::identity(d, d) * 10f64.powi(least);
        let rows = DMatrix::from_fn(d, r, |i, j| taken[j * ORDER + i]);
        let weights = weights[..r].iter().map(|w| w * 10f64.powi(most)).collect();
        Case { left, rows, weights, b: DVector::from_fn(d, |i, _| b[i] + 0.1) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_way_solves_what_is_left(case in cases()) {
        let (whole, allowed) = (case.whole(), case.allowed());
        let expected = Cholesky::new(case.left.clone(), "what is left").expect("positive definite").solve(&case.b);
        let factor = Cholesky::new(whole.clone(), "all").expect("positive definite");
        let off = |x: &DVector<f64>| (x - &expected).norm() / expected.norm();
        match solve_without(&whole, &factor, (&case.rows, &case.weights), &case.b, "the rest") {
            Ok((x, way)) => prop_assert!(off(&x) <= allowed, "{way:?}: {:e} of {allowed:e}", off(&x)),
            // Refusing is right only where rounding may hide that something is left.
            Err(e) => prop_assert!(allowed > 1e-3, "{e}: {allowed:e}"),
        }
        let mut changed = factor.clone();
        match changed.remove_rows(&case.rows, &case.weights, "the rest") {
            Ok(()) => prop_assert!(off(&changed.solve(&case.b)) <= allowed, "{:e} of {allowed:e}", off(&changed.solve(&case.b))),
            Err(e) => {
                prop_assert!(allowed > 1e-3, "{e}: {allowed:e}");
                prop_assert_eq!(changed.lower().lower_triangle(), factor.lower().lower_triangle());
            }
        }
    }

    /// Adding is the inverse of taking away.
    #[test]
    fn rows_come_and_go(case in cases()) {
        let mut factor = Cholesky::new(case.left.clone(), "what is left").expect("positive definite");
        factor.add_rows(&case.rows, &case.weights, "all").expect("positive definite");
        let l = factor.lower().lower_triangle();
        let whole = case.whole();
        let error = (&l * l.transpose() - &whole).norm();
        prop_assert!(error <= 8.0 * tol(whole.nrows() + case.weights.len(), 1.0) * whole.norm(), "{error:e}");
    }

    /// More than there is cannot be taken away, whichever way.
    #[test]
    fn taking_too_much_is_refused(case in cases()) {
        prop_assume!(case.rows.ncols() > 0 && case.rows.column(0).norm() > 0.1);
        let factor = Cholesky::new(case.left.clone(), "what is left").expect("positive definite");
        let u = case.rows.columns(0, 1).into_owned();
        // uᵀA⁻¹u·w = 2 leaves a negative direction.
        let w = [2.0 / u.column(0).dot(&factor.solve(&u.column(0).into_owned()))];
        prop_assert!(factor.clone().remove_rows(&u, &w, "the rest").is_err());
        prop_assert!(Woodbury::new(&factor, &u, &w, "the rest").is_err());
        prop_assert!(solve_without(&case.left, &factor, (&u, &w), &case.b, "the rest").is_err());
    }
}

/// A row that all but determines the matrix: Woodbury alone loses the digits, the check notices.
#[test]
fn where_woodbury_cancels_the_matrix_is_factored() {
    let d = 60;
    let left = DMatrix::from_diagonal(&DVector::from_fn(d, |i, _| 1e-3 + i as f64));
    let u = DMatrix::from_fn(d, 1, |i, _| if i == 0 { 1.0 } else { 0.0 });
    let (weights, b) = ([1e12], DVector::from_element(d, 1.0));
    let mut whole = left.clone();
    whole[(0, 0)] += 1e12;
    let factor = Cholesky::new(whole.clone(), "all").unwrap();
    // What the float matrix says is left in the corner.
    let corner = whole[(0, 0)] - 1e12;
    let (x, way) = solve_without(&whole, &factor, (&u, &weights), &b, "the rest").unwrap();
    let expected = 1.0 / corner;
    assert!(way == Way::Refactor || (x[0] - expected).abs() <= 1e-3 * expected, "{way:?} {}", x[0]);
    if way == Way::Refactor {
        assert!((x[0] - expected).abs() <= 1e-12 * expected);
    }
}

/// Past a panel and a strip of the rotations.
#[test]
fn large_factors_are_changed_as_small_ones() {
    let (d, r) = (200, 70);
    let rows = DMatrix::from_fn(d, r, |i, j| ((i * 31 + j * 17) % 23) as f64 / 23.0 - 0.5);
    let left = DMatrix::from_fn(d, d, |i, j| {
        if i == j { 4.0 + (i % 3) as f64 } else { 1.0 / (1.0 + (i as f64 - j as f64).abs()) }
    });
    let weights = vec![0.5; r];
    let case = Case { left, rows, weights, b: DVector::from_fn(d, |i, _| (i as f64).sin()) };
    let expected = Cholesky::new(case.left.clone(), "left").unwrap();
    let factor = Cholesky::new(case.whole(), "all").unwrap();
    let mut changed = factor.clone();
    changed.remove_rows(&case.rows, &case.weights, "left").unwrap();
    let off = (changed.lower().lower_triangle() - expected.lower().lower_triangle()).norm();
    assert!(off <= case.allowed() * expected.lower().lower_triangle().norm(), "{off:e}");
    let x = Woodbury::new(&factor, &case.rows, &case.weights, "left").unwrap().solve(&case.b);
    let truth = expected.solve(&case.b);
    assert!((&x - &truth).norm() <= case.allowed() * truth.norm());
}

/// Steps from one factor, in any order of removals, are Newton steps of the objectives they stand for.
#[test]
fn a_kept_factor_serves_many_removals() {
    let (n, d) = (60, 24);
    let x: Vec<f64> = (0..n * d)
        .map(|i| ((i * 37 % 101) as f64 / 50.0 - 1.0) * if i % 5 == 0 { 2.0 } else { 1.0 })
        .collect();
    for loss in [Loss::Squared, Loss::Logistic] {
        let data = Dataset::new(
            "drawn",
            Design::dense(n, d, x.clone()).unwrap(),
            (0..n).map(|i| (i % 2) as f64).collect(),
        );
        let model = Model::linear(d, 1, loss, true).unwrap();
        let problem = Problem::new(data.unwrap().into(), model, 0.3).unwrap().with_reduction(Reduction::Sum);
        let theta = DVector::from_fn(d + 1, |i, _| (i as f64 * 0.7).sin() * 0.2);
        let mut factored = Factored::new(&problem, &theta).unwrap();
        let mut gone: Vec<usize> = Vec::new();
        for (rows, for_good) in
            [(vec![3], false), (vec![5, 9], true), ((20..50).collect(), false), (vec![0, 1, 2, 59], true)]
        {
            let forget = RowSet::new(n, rows.clone()).unwrap();
            let without: Vec<usize> = gone.iter().chain(&rows).copied().collect();
            let marks = (0..n).map(|i| if without.contains(&i) { 0.0 } else { 1.0 }).collect();
            let left = problem.weighted(marks).unwrap();
            let expected =
                -Cholesky::new(left.hessian(&theta), "left").unwrap().solve(&left.gradient(&theta));
            let found = factored.step(&forget).unwrap();
            let room = tol(n + d, 1e3) * expected.norm();
            assert!((&found.step - &expected).norm() <= room, "{:?}", found.way);
            if for_good {
                factored.forget(&forget).unwrap();
                assert!((factored.remaining_step() - &expected).norm() <= room);
                gone = without;
            }
        }
        let again = factored.step(&RowSet::new(n, vec![9]).unwrap()).unwrap_err().to_string();
        assert!(again.contains("row 9 has been forgotten already"), "{again}");
        let rest = (0..n).filter(|i| !gone.contains(i)).collect();
        assert!(factored.step(&RowSet::new(n, rest).unwrap()).is_err());
    }
}
