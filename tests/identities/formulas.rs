//! The formulas against hand calculations and against computations that share no code with them.

use super::{close, forget, problem};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;
use unlearn::error::Error;
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::numeric::enclosure::{eigenvalues, operator_norm, singular_values};
use unlearn::numeric::power::norm_estimate;
use unlearn::objective::{Problem, Reduction};
use unlearn::unlearn::interpolation::{forgetting_targets, minimum_norm, project_out};
use unlearn::unlearn::leave_out::{LeaveOut, leave_one_out_outputs, leave_out_residuals};
use unlearn::unlearn::minibatch::Sampling;
use unlearn::unlearn::projective::projective_update;

/// x = 1, 1, 2 with y = 0, 1, 0 and λ = 1: A = 7, θ = 1/7. Without rows 1 and 2, θ = 0.
#[test]
fn leave_two_out_by_hand() {
    let p = problem(Loss::Squared, 1, &[1.0, 1.0, 2.0], &[0.0, 1.0, 0.0], 1.0);
    let (theta, u) = (dvector![1.0 / 7.0], forget(3, &[1, 2]));
    assert!(close(&leave_out_residuals(&p, &theta, &u).unwrap(), &[1.0, 0.0]));
    let out = LeaveOut::new(&p, &theta, &u).unwrap();
    assert!(close(out.step(), &[-1.0 / 7.0]));
    // H_UU = (1/7)·[1 2; 2 4].
    assert!((out.leverages() - dmatrix![1.0, 2.0; 2.0, 4.0] / 7.0).norm() < 1e-15);
    assert!(close(&projective_update(&p, &theta, &u).unwrap(), &[0.0]));
}

/// Two logistic rows x = 1 with labels 1 and 0 at θ = 0: ℓ′ = −½, ½, ℓ″ = ¼, λ = 1: A = 3/2. Without
/// row 0, H = 5/4: step (5/4)⁻¹·(−½) = −2/5.
#[test]
fn one_logistic_row_by_hand() {
    let p = problem(Loss::Logistic, 1, &[1.0, 1.0], &[1.0, 0.0], 1.0);
    let theta = dvector![0.0];
    let out = LeaveOut::new(&p, &theta, &forget(2, &[0])).unwrap();
    assert!(close(out.step(), &[-0.4]));
    assert!(close(&leave_one_out_outputs(&p, &theta).unwrap(), &[-0.4, 0.4]));
}

/// Under the mean reduction the rows kept still weigh 1/n: x = 1, 1, y = 1, 3, λ = 1. θ = 1; the step goes
/// to the minimiser of ½·½(θ−1)² + ½θ², which is 1/3 and not the retrained 1/2.
#[test]
fn the_mean_reduction_keeps_its_weights() {
    let p = problem(Loss::Squared, 1, &[1.0, 1.0], &[1.0, 3.0], 1.0).with_reduction(Reduction::Mean);
    let theta = dvector![1.0];
    let out = LeaveOut::new(&p, &theta, &forget(2, &[1])).unwrap();
    assert!(close(&(theta + out.step()), &[1.0 / 3.0]));
}

#[test]
fn projective_update_moves_only_along_the_forgotten_rows() {
    // Rows (1, 1) → 2 and (1, 0) → 4, λ = 1: A = [3 1; 1 2], XᵀY = (6, 2), θ = (2, 0).
    let p = problem(Loss::Squared, 2, &[1.0, 1.0, 1.0, 0.0], &[2.0, 4.0], 1.0);
    // Without row 1: [2 1; 1 2]θ = (2, 2), θ = (2/3, 2/3). Only the first coordinate may move.
    let updated = projective_update(&p, &dvector![2.0, 0.0], &forget(2, &[1])).unwrap();
    assert!(close(&updated, &[2.0 / 3.0, 0.0]));
}

#[test]
fn pruned_coordinates_take_no_part() {
    let rows = [1.0, 9.0, 1.0, -7.0];
    let p = problem(Loss::Squared, 2, &rows, &[1.0, 3.0], 1.0);
    let p = p.with_mask(Mask::new(&[true, false]).unwrap()).unwrap();
    let out = LeaveOut::new(&p, &dvector![4.0 / 3.0], &forget(2, &[1])).unwrap();
    assert!(close(&(dvector![4.0 / 3.0] + out.step()), &[0.5]));
}

#[test]
fn interpolators_by_hand() {
    // (1, 0) → 3 and (1, 1) → 5: θ = (3, 2). Without row 0, (5/2, 5/2), and x₀ then gets 5/2.
    let p = problem(Loss::Squared, 2, &[1.0, 0.0, 1.0, 1.0], &[3.0, 5.0], 0.0);
    let theta = minimum_norm(&p, &[0, 1], &dvector![3.0, 5.0]).unwrap();
    assert!(close(&theta, &[3.0, 2.0]));
    let u = forget(2, &[0]);
    assert!(close(&project_out(&p, &theta, &u).unwrap(), &[2.5, 2.5]));
    assert!(close(&forgetting_targets(&p, &theta, &u).unwrap(), &[2.5, 5.0]));
}

#[test]
fn what_cannot_be_served_is_refused_in_words() {
    let two = problem(Loss::Squared, 1, &[1.0, 0.0], &[1.0, 0.0], 0.0);
    let u = forget(2, &[0]);
    // Row 0 alone determines the fit: nothing is left without it.
    assert!(matches!(LeaveOut::new(&two, &dvector![1.0], &u), Err(Error::Indefinite { .. })));
    assert!(matches!(leave_one_out_outputs(&two, &dvector![1.0]), Err(Error::Indefinite { .. })));
    assert!(matches!(LeaveOut::new(&two, &dvector![1.0, 2.0], &u), Err(Error::Shape { .. })));
    assert!(matches!(leave_one_out_outputs(&two, &dvector![]), Err(Error::Shape { .. })));
    assert!(matches!(LeaveOut::new(&two, &dvector![1.0], &forget(3, &[0])), Err(Error::Shape { .. })));
    assert!(matches!(project_out(&two, &dvector![1.0], &forget(2, &[0])), Err(Error::Data(_))));
    assert!(matches!(minimum_norm(&two, &[0, 9], &dvector![1.0, 1.0]), Err(Error::Invalid(_))));
    assert!(matches!(minimum_norm(&two, &[0], &dvector![1.0, 1.0]), Err(Error::Shape { .. })));
    let logistic = problem(Loss::Logistic, 1, &[1.0, 2.0], &[1.0, 0.0], 1.0);
    assert!(matches!(leave_out_residuals(&logistic, &dvector![0.0], &u), Err(Error::Invalid(_))));
    assert!(matches!(project_out(&logistic, &dvector![0.0], &u), Err(Error::Invalid(_))));
    let network = Model::new(vec![1, 2, 1], Activation::Tanh, Loss::Squared, false).unwrap();
    let network = Problem::new(two.data().clone(), network, 1.0).unwrap();
    let start = DVector::from_element(4, 0.1);
    assert!(matches!(LeaveOut::new(&network, &start, &u), Err(Error::Invalid(_))));
    assert!(Sampling::new(3, 0, 1).is_err() && Sampling::new(3, 4, 1).is_err());
    assert!(Sampling::new(3, 1, 1).unwrap().recompute_probability(4).is_err());
}

/// All subsets of `batch` of `rows` rows as bit masks.
fn subsets(rows: u32, batch: u32) -> impl Iterator<Item = u32> {
    (0..1u32 << rows).filter(move |s| s.count_ones() == batch)
}

#[test]
fn recompute_probabilities_count_subsets() {
    for rows in 1..=6u32 {
        for batch in 1..=rows {
            for deleted in 0..=rows {
                let first = (1u32 << deleted) - 1;
                let total = subsets(rows, batch).count() as f64;
                let avoiding = subsets(rows, batch).filter(|s| s & first == 0).count() as f64;
                for steps in [0usize, 1, 3] {
                    let exact = 1.0 - (avoiding / total).powi(steps as i32);
                    let sampling = Sampling::new(rows as usize, batch as usize, steps).unwrap();
                    let p = sampling.recompute_probability(deleted as usize).unwrap();
                    assert!(
                        (p.mid() - exact).abs() < 1e-14 && p.hi() - p.lo() < 1e-13,
                        "{sampling:?}: {p:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn draws_are_subsets_and_replay() {
    let sampling = Sampling::new(7, 3, 50).unwrap();
    let drawn = sampling.draw(5);
    assert_eq!(drawn, sampling.draw(5));
    assert_ne!(drawn, sampling.draw(6));
    for batch in &drawn {
        let mut sorted = batch.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert!(sorted.len() == 3 && sorted[2] < 7);
    }
}

/// Least squares on plain matrices: `(X_keepᵀX_keep + λI)⁻¹X_keepᵀy` by LU.
fn solve(x: &DMatrix<f64>, y: &DVector<f64>, keep: &[usize], ridge: f64) -> DVector<f64> {
    let (x, y) = (x.select_rows(keep), DVector::from_iterator(keep.len(), keep.iter().map(|&i| y[i])));
    let a = x.tr_mul(&x) + DMatrix::identity(x.ncols(), x.ncols()) * ridge;
    a.lu().solve(&x.tr_mul(&y)).expect("a ridge makes it regular")
}

/// A design of small dyadic entries, targets, and which rows to forget.
fn least_squares() -> impl Strategy<Value = (DMatrix<f64>, DVector<f64>, Vec<usize>)> {
    (2usize..10, 1usize..5).prop_flat_map(|(n, d)| {
        let entries = proptest::collection::vec(-8..=8i32, n * d);
        let targets = proptest::collection::vec(-8..=8i32, n);
        let rows = proptest::sample::subsequence((0..n).collect::<Vec<_>>(), 1..n);
        (entries, targets, rows).prop_map(move |(x, y, rows)| {
            let x = DMatrix::from_fn(n, d, |i, j| f64::from(x[i * d + j]) / 4.0);
            (x, DVector::from_fn(n, |i, _| f64::from(y[i]) / 4.0), rows)
        })
    })
}

proptest! {
    #[test]
    fn group_deletion_and_residuals_match_plain_least_squares((x, y, rows) in least_squares()) {
        let (n, d) = x.shape();
        let p = problem(Loss::Squared, d, x.transpose().as_slice(), y.as_slice(), 1.0);
        let all: Vec<usize> = (0..n).collect();
        let kept: Vec<usize> = (0..n).filter(|i| !rows.contains(i)).collect();
        let (theta, without) = (solve(&x, &y, &all, 1.0), solve(&x, &y, &kept, 1.0));
        let u = forget(n, &rows);
        let out = LeaveOut::new(&p, &theta, &u).unwrap();
        // λ = 1 and squared norms up to 160: conditions below 10⁴, so 10⁻¹⁰ is generous and still strict.
        let size = 1.0 + theta.norm() + without.norm();
        prop_assert!((&theta + out.step() - &without).norm() < 1e-10 * size);
        let residuals = leave_out_residuals(&p, &theta, &u).unwrap();
        for (r, &i) in residuals.iter().zip(&rows) {
            prop_assert!((r - (y[i] - x.row(i).transpose().dot(&without))).abs() < 1e-9 * size);
        }
        let outputs = leave_one_out_outputs(&p, &theta).unwrap();
        for i in 0..n {
            let others: Vec<usize> = (0..n).filter(|&j| j != i).collect();
            let exact = x.row(i).transpose().dot(&solve(&x, &y, &others, 1.0));
            prop_assert!((outputs[i] - exact).abs() < 1e-9 * size);
        }
    }

    #[test]
    fn two_by_two_spectra_are_enclosed(a in -8..=8i32, b in -8..=8i32, c in -8..=8i32) {
        let (a, b, c) = (f64::from(a), f64::from(b), f64::from(c));
        let half = ((a - c) * (a - c) / 4.0 + b * b).sqrt();
        let l = eigenvalues(&dmatrix![a, b; b, c]);
        // The closed form rounds by a few units itself.
        for (l, exact) in l.iter().zip([(a + c) / 2.0 - half, (a + c) / 2.0 + half]) {
            prop_assert!(l.lo() <= exact + 1e-14 && exact - 1e-14 <= l.hi() && l.hi() - l.lo() < 1e-12);
        }
        let s = singular_values(&dmatrix![a, b; b, c]);
        prop_assert!(s[0].hi() >= s[1].hi() && s[1].lo() >= 0.0);
    }

    #[test]
    fn power_iteration_stays_below_the_norm((x, _, _) in least_squares(), seed in any::<u64>()) {
        let norm = operator_norm(&x);
        let estimate = norm_estimate(&x, 20, seed);
        prop_assert!(estimate <= norm.hi() * (1.0 + 1e-14));
        // The norm is at least every column's and at most the Frobenius norm.
        let column = x.column_iter().map(|c| c.norm()).fold(0.0, f64::max);
        prop_assert!(norm.hi() >= column * (1.0 - 1e-14) && norm.lo() <= x.norm() * (1.0 + 1e-14));
    }
}
