//! One model, several ways to write it down: dense or compressed rows, masked or cut out of the
//! unpruned one, rows in another order, a row twice or with twice the weight. Bit for bit the same
//! where arithmetic is exact, up to rounding otherwise.

mod common;

use common::case::{Case, Weights};
use common::compare::{assert_close, column};
use common::generate::{Family, settings};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use unlearn::data::{Dataset, Design};
use unlearn::mask::Mask;
use unlearn::numeric::csr::Csr;
use unlearn::numeric::tolerance::tol;
use unlearn::objective::{Objective, Problem, Reduction};

/// Everything an objective says at a point, with the scale of its rounding errors.
struct Said {
    entries: Vec<(&'static str, DMatrix<f64>, f64)>,
}

impl Said {
    /// The scales come from the oracle's own count of its rounding, made on the case as drawn.
    fn new(case: &Case, f: &Objective<'_>, theta: &DVector<f64>, v: &DVector<f64>) -> Said {
        let exact = case.network.loss == unlearn::loss::Loss::Squared && case.is_integer();
        let scale = |s: &dyn Fn() -> f64| if exact { 0.0 } else { s() };
        let gauss_newton = || case.expected_gauss_newton().scale + case.ridge;
        let value = DMatrix::from_element(1, 1, f.value(theta));
        let entries = vec![
            ("value", value, scale(&|| case.expected_value().scale)),
            ("gradient", column(&f.gradient(theta)), scale(&|| case.expected_gradient(true).scale)),
            ("Hessian", f.hessian(theta), scale(&|| case.expected_hessian(true).scale)),
            ("product", column(&f.hvp(theta, v)), scale(&|| case.expected_hvp().scale)),
            ("Gauss-Newton", f.gauss_newton(theta), scale(&gauss_newton)),
            ("Fisher", f.fisher(theta), scale(&gauss_newton)),
        ];
        Said { entries }
    }

    #[track_caller]
    fn agrees_with(&self, other: &Said) {
        for ((what, mine, scale), (_, theirs, _)) in self.entries.iter().zip(&other.entries) {
            // Both sides round: the scale counts the operations of one of them.
            assert_close(what, mine, theirs, 2.0 * scale, tol(1, 1.0));
        }
    }
}

impl Case {
    /// Are all entries whole numbers and is there no activation, so that nothing rounds?
    fn is_integer(&self) -> bool {
        let whole = |v: &Vec<f64>| v.iter().all(|x| x.fract() == 0.0);
        self.network.activation == unlearn::model::Activation::Identity
            && self.reduction == Reduction::Sum
            && self.rows.iter().all(whole)
            && whole(&self.theta)
            && whole(&self.row_weights())
    }

    fn said(&self) -> Said {
        let problem = self.problem();
        let f = self.objective(&problem);
        Said::new(self, &f, &self.point(), &self.restrict(&self.direction))
    }

    /// The same rows and weights in the given order; rows may repeat.
    fn with_rows(&self, order: &[usize], weights: Vec<f64>) -> Case {
        Case {
            rows: order.iter().map(|&i| self.rows[i].clone()).collect(),
            target: order.iter().map(|&i| self.target[i]).collect(),
            weights: Weights::Arbitrary(weights),
            ..self.clone()
        }
    }
}

fn dense_equals_sparse(case: &Case) {
    let dense = Case { sparse: false, ..case.clone() }.said();
    dense.agrees_with(&Case { sparse: true, ..case.clone() }.said());
    dense.agrees_with(&with_stored_zeros(case));
}

/// Compressed rows that store every zero explicitly.
fn with_stored_zeros(case: &Case) -> Said {
    let rows: Vec<Vec<(u32, f64)>> =
        case.rows.iter().map(|r| r.iter().enumerate().map(|(c, &v)| (c as u32, v)).collect()).collect();
    let csr = Csr::from_rows(case.rows[0].len(), &rows).unwrap();
    let data = Dataset::new("stored zeros", Design::Sparse(csr), case.target.clone()).unwrap();
    let base = case.problem();
    let mut problem = Problem::new(data.into(), case.model(), case.ridge)
        .unwrap()
        .with_reduction(case.reduction)
        .with_mask(base.mask().clone())
        .unwrap();
    if let Some(b) = base.perturbation() {
        problem = problem.with_perturbation(b.clone()).unwrap();
    }
    Said::new(case, &case.objective(&problem), &case.point(), &case.restrict(&case.direction))
}

/// A pruned model is the unpruned one at the embedded point, rows and columns of the kept parameters.
fn masked_equals_restricted(case: &Case) {
    let masked = case.said();
    let unpruned = Case { keep: vec![true; case.keep.len()], ..case.clone() };
    let whole = unpruned.said();
    let active = case.active();
    let restricted = whole.entries.into_iter().map(|(what, m, scale)| {
        let m = if m.nrows() > 1 { m.select_rows(&active) } else { m };
        let m = if m.ncols() > 1 { m.select_columns(&active) } else { m };
        (what, m, scale)
    });
    Said { entries: restricted.collect() }.agrees_with(&masked);
}

fn order_is_irrelevant(case: &Case, rotation: usize) {
    let (n, w) = (case.rows.len(), case.row_weights());
    // A rotation and a reversal generate more than neighbours swapped.
    let order: Vec<usize> = (0..n).map(|i| (i + rotation) % n).rev().collect();
    let permuted = case.with_rows(&order, order.iter().map(|&i| w[i]).collect());
    case.said().agrees_with(&permuted.said());
    let problems = (case.problem(), permuted.problem());
    let theta = case.point();
    let rows = (problems.0.full().row_gradients(&theta), problems.1.full().row_gradients(&theta));
    for (new, &old) in order.iter().enumerate() {
        // The same row goes through the same operations wherever it stands.
        assert_eq!(rows.1.column(new), rows.0.column(old), "gradient of row {old} at place {new}");
    }
}

fn twice_is_double(case: &Case) {
    let (n, w) = (case.rows.len(), case.row_weights());
    let twice: Vec<usize> = (0..n).flat_map(|i| [i, i]).collect();
    let repeated = case.with_rows(&twice, twice.iter().map(|&i| w[i]).collect());
    let once: Vec<usize> = (0..n).collect();
    let doubled = case.with_rows(&once, w.iter().map(|w| 2.0 * w).collect());
    repeated.said().agrees_with(&doubled.said());
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn dense_and_compressed_rows(case in Family::all().cases()) {
        dense_equals_sparse(&case);
    }

    #[test]
    fn dense_and_compressed_rows_exactly(case in Family::exact().cases()) {
        prop_assert!(case.is_integer());
        dense_equals_sparse(&case);
    }

    #[test]
    fn masked_and_restricted(case in Family::all().cases()) {
        masked_equals_restricted(&case);
    }

    #[test]
    fn masked_and_restricted_exactly(case in Family::exact().cases()) {
        prop_assert!(case.is_integer());
        masked_equals_restricted(&case);
    }

    #[test]
    fn rows_in_any_order(case in Family::all().cases(), rotation in 0..6usize) {
        order_is_irrelevant(&case, rotation);
    }

    #[test]
    fn rows_in_any_order_exactly(case in Family::exact().cases(), rotation in 0..6usize) {
        order_is_irrelevant(&case, rotation);
    }

    #[test]
    fn repeated_rows(case in Family::all().cases()) {
        twice_is_double(&case);
    }

    #[test]
    fn repeated_rows_exactly(case in Family::exact().cases()) {
        twice_is_double(&case);
    }
}

/// The Hessian of many rows against the sum of those of single rows, on whole numbers.
fn rows_add_up(n: usize, hidden: usize, keep: &[usize]) {
    let model = || {
        let identity = unlearn::model::Activation::Identity;
        unlearn::model::Model::new(vec![2, hidden, 1], identity, unlearn::loss::Loss::Squared, true).unwrap()
    };
    let kept = |j: usize| keep.is_empty() || keep.contains(&j);
    let mask = Mask::new(&(0..model().parameters()).map(kept).collect::<Vec<_>>()).unwrap();
    let theta = DVector::from_fn(mask.len(), |j, _| ((j * 5) % 4) as f64 - 1.0);
    let x = (0..2 * n).map(|i| ((i * 7) % 5) as f64 - 2.0).collect();
    let target: Vec<f64> = (0..n).map(|i| (i % 3) as f64).collect();
    let dense = Design::dense(n, 2, x).unwrap();
    for design in [dense.clone(), dense.to_sparse()] {
        let sparse = design.is_sparse();
        let data = Dataset::new("many", design, target.clone()).unwrap();
        let problem = Problem::new(data.into(), model(), 0.0)
            .unwrap()
            .with_reduction(Reduction::Sum)
            .with_mask(mask.clone())
            .unwrap();
        let mut sum = DMatrix::zeros(mask.len(), mask.len());
        for i in 0..n {
            let one = (0..n).map(|r| f64::from(u8::from(r == i))).collect();
            sum += problem.weighted(one).unwrap().hessian(&theta);
        }
        assert_ne!(sum.amax(), 0.0);
        assert_eq!(problem.full().hessian(&theta), sum, "{n} rows, {hidden} units, sparse: {sparse}");
    }
}

/// More rows than are handled together: the blocks of rows must join without a gap or an overlap.
#[test]
fn many_rows_are_the_sum_of_single_rows() {
    rows_add_up(300, 2, &[]);
}

/// So many units that fewer rows than that go into a block. Kept: both weights into the first unit,
/// its bias, its weight out and the last bias.
#[test]
fn rows_of_a_wide_network_add_up() {
    let units = 300;
    rows_add_up(100, units, &[0, 1, 2 * units, 3 * units, 4 * units]);
}
