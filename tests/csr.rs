//! Sparse kernels against dense ones, the Hessian as an operator against the matrix, training without a Hessian against
//! training with one.

use nalgebra::{DMatrix, DVector};
use proptest::collection::vec;
use proptest::prelude::*;
use unlearn::constants::{Constants, Region};
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::numeric::csr::Csr;
use unlearn::numeric::gram_sparse::{Way, add_by, lower_triangle};
use unlearn::numeric::nonnegative;
use unlearn::numeric::tolerance::tol;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::{newton, newton_cg};

/// A sparse matrix with empty rows and columns, explicit zeros and negative numbers.
fn matrices() -> impl Strategy<Value = Csr> {
    (
        1..14usize,
        1..10usize,
        vec(prop_oneof![3 => Just(None), 1 => Just(Some(0.0)), 3 => (-2.0..2.0).prop_map(Some)], 140),
    )
        .prop_map(|(rows, cols, pool): (usize, usize, Vec<Option<f64>>)| {
            let row = |r: usize| {
                (0..cols).filter_map(|c| pool[r * 10 + c].map(|v| (c as u32, v))).collect::<Vec<_>>()
            };
            Csr::from_rows(cols, &(0..rows).map(row).collect::<Vec<_>>()).expect("sorted columns")
        })
}

fn dense(x: &Csr) -> DMatrix<f64> {
    let mut out = DMatrix::zeros(x.rows(), x.cols());
    for i in 0..x.rows() {
        let (columns, values) = x.row(i);
        columns.iter().zip(values).for_each(|(&c, &v)| out[(i, c as usize)] = v);
    }
    out
}

/// A problem on such a matrix: targets that suit every loss, perhaps a mask and a perturbation.
fn problems(
    losses: &'static [Loss],
    hidden: bool,
) -> impl Strategy<Value = (Problem, DVector<f64>, DVector<f64>)> {
    let widths = if hidden { 1..3usize } else { 0..1 };
    let pools =
        (vec(0..3u32, 14), vec(-1.0..1.0f64, 80), vec(-1.0..1.0f64, 80), vec(prop::bool::weighted(0.8), 80));
    (matrices(), prop::sample::select(losses), widths, any::<(bool, bool, bool)>(), 0.05..2.0f64, pools)
        .prop_map(|(x, loss, hidden, (bias, sum, perturbed), ridge, (labels, theta, v, keep))| {
            let classes = if loss == Loss::Softmax { 3 } else { 1 };
            let target = |i: usize| {
                if loss == Loss::Logistic { f64::from(labels[i] % 2) } else { f64::from(labels[i]) }
            };
            let data = Dataset::new("drawn", Design::Sparse(x.clone()), (0..x.rows()).map(target).collect());
            let mut widths = vec![x.cols(), classes];
            if hidden > 0 {
                widths.insert(1, hidden);
            }
            let model = Model::new(widths, Activation::Tanh, loss, bias).expect("valid widths");
            let mut flags = keep[..model.parameters()].to_vec();
            flags[0] = true;
            let mut problem = Problem::new(data.expect("finite").into(), model, ridge).expect("sizes agree");
            problem = problem.with_mask(Mask::new(&flags).expect("one is kept")).expect("sizes agree");
            problem = problem.with_reduction(if sum { Reduction::Sum } else { Reduction::Mean });
            let k = problem.active();
            if perturbed {
                let b = DVector::from_iterator(k, v[..k].iter().map(|v| 0.1 * v));
                problem = problem.with_perturbation(b).expect("finite");
            }
            (problem, DVector::from_column_slice(&theta[..k]), DVector::from_column_slice(&v[..k]))
        })
}

/// The same problem on dense rows.
fn on_dense_rows(problem: &Problem) -> Problem {
    let data = problem.data().with_design(problem.data().design().to_dense()).expect("sizes agree");
    let mut dense = Problem::new(data.into(), problem.model().clone(), problem.ridge())
        .and_then(|p| p.with_mask(problem.mask().clone()))
        .expect("sizes agree")
        .with_reduction(problem.reduction());
    if let Some(b) = problem.perturbation() {
        dense = dense.with_perturbation(b.clone()).expect("sizes agree");
    }
    dense
}

const EVERY: &[Loss] = &[Loss::Squared, Loss::Logistic, Loss::Softmax];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// All ways of forming a weighted Gram matrix give the same one, weights of 0 and below included.
    #[test]
    fn ways_to_a_gram_matrix_agree(
        x in matrices(),
        pool in vec(prop_oneof![1 => Just(0.0), 4 => -1.0..2.0f64], 14),
    ) {
        let weights = &pool[..x.rows()];
        let a = dense(&x);
        let expected = a.transpose() * DMatrix::from_diagonal(&DVector::from_column_slice(weights)) * &a;
        let mass: f64 = (0..x.rows()).map(|i| weights[i].abs() * a.row(i).norm_squared()).sum();
        let room = tol(x.rows(), 1.0) * mass;
        for way in [Way::Entries, Way::Dense] {
            let mut out = DMatrix::zeros(x.cols(), x.cols());
            add_by(way, &x, weights, &mut out);
            let error = (out.lower_triangle() - expected.lower_triangle()).norm();
            prop_assert!(error <= room, "{way:?}: {error:e} of {room:e}");
        }
        let sparse = lower_triangle(&x, weights, 0.0, x.cols() * x.cols()).expect("it fits");
        let error = (dense(&sparse) - expected.lower_triangle()).norm();
        prop_assert!(error <= room, "sparse: {error:e} of {room:e}");
    }

    /// The bound from the stored entries is above the largest eigenvalue, and not above the trace.
    #[test]
    fn norms_are_bounded_from_stored_entries(x in matrices(), pool in vec(0.0..2.0f64, 14)) {
        let weights = &pool[..x.rows()];
        let a = dense(&x);
        let g = a.transpose() * DMatrix::from_diagonal(&DVector::from_column_slice(weights)) * &a;
        let bound = nonnegative::gram_norm_upper(&x, weights);
        let slack = 1.0 + tol(x.rows() + x.cols(), 1.0);
        prop_assert!(bound * slack >= g.symmetric_eigenvalues().max(), "{bound}");
        prop_assert!(bound <= g.trace() * slack, "{bound}");
    }

    /// Matrices on sparse rows are those on dense rows, and the operator multiplies with them.
    #[test]
    fn operators_and_sparse_matrices_are_the_dense_matrix((problem, theta, v) in problems(EVERY, false)) {
        let dense = on_dense_rows(&problem);
        for (sparse, dense) in [(problem.full(), dense.full())] {
            let (h, expected) = (sparse.hessian(&theta), dense.hessian(&theta));
            let room = tol(problem.rows() + problem.active(), 1.0) * (1.0 + expected.norm()) * mass(&problem);
            prop_assert!((&h - &expected).norm() <= room);
            for (operator, what) in [(sparse.operator(&theta), "sparse"), (dense.operator(&theta), "dense")] {
                prop_assert!((operator.product(&v) - &expected * &v).norm() <= room * v.norm(), "{what}");
                prop_assert!((operator.diagonal() - expected.diagonal()).norm() <= room, "{what}");
            }
            let (a, b) = (sparse.gradient_mass(&theta), dense.gradient_mass(&theta));
            prop_assert!((a - b).abs() <= room * (1.0 + b), "{a} {b}");
        }
    }

    /// Without a Hessian training ends where it ends with one: both within ‖∇F‖/λ of the minimiser.
    #[test]
    fn training_ends_at_the_same_minimiser((problem, theta, _) in problems(EVERY, false)) {
        let full = problem.full();
        let with = newton::minimise(&full, theta.clone()).expect("strongly convex");
        let without = newton_cg::minimise(&full, theta).expect("strongly convex");
        prop_assert!((full.gradient(&without.theta).norm() - without.residual).abs() <= without.rounding);
        prop_assert!(without.residual <= newton_floor(&problem, &without), "{without:?}");
        let apart = (with.theta - &without.theta).norm();
        prop_assert!(apart <= (with.residual + without.residual + without.rounding) / problem.ridge(), "{apart:e}");
    }

    /// A network's local minimum is stationary as well.
    #[test]
    fn networks_become_stationary((problem, theta, _) in problems(&[Loss::Logistic, Loss::Squared], true)) {
        let full = problem.full();
        match newton_cg::minimise(&full, theta.clone()) {
            Ok(fit) => {
                prop_assert!(full.gradient(&fit.theta).norm() <= newton_floor(&problem, &fit));
                prop_assert!(full.value(&fit.theta) <= full.value(&theta) * (1.0 + 1e-12) + 1e-12);
            }
            Err(e) => prop_assert!(e.to_string().contains("did not converge"), "{e}"),
        }
    }
}

/// The squared sizes of what a row can hold.
fn mass(problem: &Problem) -> f64 {
    1.0 + problem.data().design().values().iter().map(|v| v * v).sum::<f64>()
}

/// What counts as stationary: a thousand times the floor, which is estimated from four products.
fn newton_floor(problem: &Problem, fit: &newton::Fit) -> f64 {
    1e3 * newton::rounding_floor(&problem.full(), &fit.theta, &problem.full().hessian(&fit.theta))
        .max(fit.rounding)
}

/// n rows of one entry each and the bias: wide enough that no Hessian is formed.
fn wide(ridge: f64, loss: Loss) -> Problem {
    let (n, d) = (40, 5000);
    let rows: Vec<Vec<(u32, f64)>> =
        (0..n).map(|i| vec![(i % 7, 1.0 + f64::from(i) / 40.0), (100 + i * 3, 0.5)]).collect();
    let x = Design::Sparse(Csr::from_rows(d, &rows).unwrap());
    let data = Dataset::new("wide", x, (0..n).map(|i| f64::from(i % 2)).collect()).unwrap();
    Problem::new(data.into(), Model::linear(d, 1, loss, true).unwrap(), ridge).unwrap()
}

/// The wide problem and the same one on the columns that occur, which is small: same minimiser, same guarantees up to
/// the sharper constants of the small one.
#[test]
fn wide_problems_are_those_of_the_columns_that_occur() {
    use unlearn::bound::audit::audit;
    use unlearn::unlearn::{Guarantee, Request, Trained, method};
    for loss in [Loss::Logistic, Loss::Squared] {
        let wide = wide(0.05, loss);
        let mut used = vec![false; wide.model().parameters()];
        (0..wide.rows()).for_each(|i| wide.data().design().row(i).for_each(|c, _| used[c] = true));
        used[5000] = true;
        let small = wide.clone().with_mask(Mask::new(&used).unwrap()).unwrap();
        let forget = RowSet::new(40, vec![3, 8]).unwrap();
        let run = |p: &Problem, name: &str| {
            let fit = newton::minimise(&p.full(), DVector::zeros(p.active())).unwrap();
            let request = Request { problem: p, forget: &forget, trained: Trained::Minimiser(&fit) };
            let out = method(name, 0).unwrap().remove(&request).unwrap();
            (p.mask().embed(&out.theta), out.guarantee, audit(p, Some(&forget), &out.theta).unwrap())
        };
        for name in ["newton", "influence", "influence-boolean", "influence-cg", "retrain", "fine-tune"] {
            let ((a, wide_bound, wide_audit), (b, _, small_audit)) = (run(&wide, name), run(&small, name));
            let off = (&a - &b).norm();
            assert!(off <= 1e-9, "{name}: {off:e}");
            assert!(wide_audit.distance.lo() <= small_audit.distance.hi() + off);
            assert!(small_audit.distance.lo() <= wide_audit.distance.hi() + off);
            if let Guarantee::Within { distance, .. } = wide_bound {
                assert!(distance >= wide_audit.distance.lo(), "{name}: {distance}");
            }
        }
        let (w, s) = (
            Constants::of(&wide.full(), Region::Everywhere),
            Constants::of(&small.full(), Region::Everywhere),
        );
        assert!(w.strong_convexity <= s.strong_convexity && w.strong_convexity == 0.05);
        // No entry is negative, so the bounds are as sharp as the eigenvalues.
        assert!(
            w.smoothness >= s.smoothness * (1.0 - 1e-12) && w.smoothness <= s.smoothness * 1.01,
            "{w:?} {s:?}"
        );
        assert!(w.hessian_lipschitz >= s.hessian_lipschitz * (1.0 - 1e-12));
        assert!(w.hessian_lipschitz <= s.hessian_lipschitz * 1.01, "{w:?} {s:?}");
    }
}

#[test]
fn what_cannot_be_done_without_a_hessian_is_refused_with_a_remedy() {
    let problem = wide(0.0, Loss::Logistic);
    let start = DVector::zeros(problem.active());
    let text = newton_cg::minimise(&problem.full(), start).unwrap_err().to_string();
    assert!(text.contains("--ridge") && text.contains("5001 parameters"), "{text}");
}

#[test]
fn networks_that_nobody_would_wait_for_are_refused() {
    let data =
        Dataset::new("two", Design::dense(2, 2, vec![1.0, 2.0, -1.0, 0.5]).unwrap(), vec![0.0, 1.0]).unwrap();
    let network = |units| Model::new(vec![2, units, 1], Activation::Tanh, Loss::Squared, true).unwrap();
    let problem = Problem::new(data.into(), network(1 << 18), 0.1).unwrap();
    let theta = DVector::zeros(problem.active());
    for found in [
        newton_cg::minimise(&problem.full(), theta.clone()).map(|_| ()),
        newton::minimise(&problem.full(), theta.clone()).map(|_| ()),
    ] {
        let text = found.unwrap_err().to_string();
        assert!(text.contains("--sgd") && text.contains("1048577 parameters"), "{text}");
    }
}

#[cfg(feature = "sparse")]
mod sparse {
    use super::*;
    use unlearn::numeric::factor::Cholesky;
    use unlearn::numeric::sparse_cholesky::SparseCholesky;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Sparse factors solve what dense ones solve.
        #[test]
        fn sparse_factors_solve((x, pool, shift) in (matrices(), vec(0.0..2.0f64, 14), 0.01..2.0f64)) {
            let (weights, d) = (&pool[..x.rows()], x.cols());
            let lower = lower_triangle(&x, weights, shift, d * d).expect("it fits");
            let mut whole = dense(&lower);
            whole.fill_upper_triangle_with_lower_triangle();
            let b = DVector::from_fn(d, |i, _| (i as f64 + 1.0).sin());
            let expected = Cholesky::new(whole.clone(), "A").expect("positive definite").solve(&b);
            let found = SparseCholesky::new(&lower, d * d, "A").expect("positive definite").expect("it fits").solve(&b);
            let kappa = whole.symmetric_eigenvalues().max() / shift;
            prop_assert!((&found - &expected).norm() <= 8.0 * tol(d, kappa) * expected.norm());
        }
    }

    #[test]
    fn indefinite_matrices_are_refused() {
        let lower = Csr::new(2, vec![0, 1, 3], vec![0, 0, 1], vec![1.0, 2.0, 1.0]).unwrap();
        assert!(SparseCholesky::new(&lower, 10, "A").is_err());
        // A diagonal entry below 0 fails in its turn, whatever comes first: in matrices that are factored column by column
        // (a chain) and in groups of columns (nothing is zero).
        for (n, reach) in [(40, 1), (120, 120)] {
            for at in [0, 1, n / 2, n - 1] {
                let entry = |i: usize, j: usize| match i == j {
                    true if i == at => -1.0,
                    true => n as f64,
                    false => 0.5,
                };
                let row = |i: usize| (i.saturating_sub(reach)..=i).map(|j| (j as u32, entry(i, j))).collect();
                let lower = Csr::from_rows(n, &(0..n).map(row).collect::<Vec<Vec<_>>>()).unwrap();
                let refused = SparseCholesky::new(&lower, n * n, "A").map(|_| ()).unwrap_err();
                assert_eq!(refused, unlearn::error::Error::Indefinite { what: "A", pivot: at }, "{n}");
            }
        }
        let nan = Csr::new(1, vec![0, 1], vec![0], vec![f64::NAN]).unwrap();
        assert!(SparseCholesky::new(&nan, 10, "A").is_err());
    }
}
