//! M1–M6: exact labels, what they cost in accuracy with ε, and everything that must fail.

use super::{data, linear, off, seeds, some_rows, uniform};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use unlearn::data::RowSet;
use unlearn::loss::Loss;
use unlearn::neighbour::encoder::Encoder;
use unlearn::neighbour::muso::{Descent, Interpolation};
use unlearn::numeric::factor::Cholesky;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::newton::minimise;
use unlearn::unlearn::muso::{Labels, Relabelled, outputs_at, relabel};
use unlearn::unlearn::{Request, Trained, configured};

/// Random features of random rows: more features than rows, a start that is not 0.
fn interpolation(rows: usize, cols: usize, forgotten: usize, seed: u64) -> Interpolation {
    let encoder = Encoder::fourier(cols, 4 * rows, 1.0, seed).unwrap();
    let data = data(rows, cols, Loss::Squared, seed);
    let start = uniform(encoder.outputs(), 1, seed ^ 7).column(0).into_owned();
    let target = DVector::from_column_slice(data.target());
    Interpolation::new(encoder.encode_rows(&data).unwrap(), target, start, some_rows(rows, forgotten, seed))
        .unwrap()
}

fn interpolations() -> impl Strategy<Value = Interpolation> {
    (4usize..24, 3usize..6, 1usize..4, seeds()).prop_map(|(n, d, m, seed)| interpolation(n, d, m, seed))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// M1, M5: labels by the pseudo-inverse, by the downdate, and as outputs of retraining; descent on them ends at w_r.
    #[test]
    fn labels_are_exact(muso in interpolations()) {
        let (w_r, w_p) = (muso.retrained().unwrap(), muso.trained().unwrap());
        let labels = muso.labels(0.0).unwrap();
        // Relative 1e-10: the Gram matrices have conditions up to 1e4.
        prop_assert!(off(&muso.unlearned(&labels, &w_p).unwrap(), &w_r) < 1e-10);
        let down = muso.downdate().unwrap();
        prop_assert!(off(&down.labels, &labels) < 1e-10 && off(&down.retrained, &w_r) < 1e-10);
    }
}

/// M2: the same by stochastic gradient descent with the code's steps.
#[test]
fn stochastic_descent_ends_there_too() {
    for seed in 0..3 {
        let (n, m) = (12, 3);
        let encoder = Encoder::fourier(6, 200, 1.0, seed).unwrap();
        let data = data(n, 6, Loss::Squared, seed);
        let z = encoder.encode_rows(&data).unwrap();
        let (target, forget) = (DVector::from_column_slice(data.target()), some_rows(n, m, seed));
        let start = uniform(z.nrows(), 1, seed).column(0).into_owned();
        let muso = Interpolation::new(z, target.clone(), start.clone(), forget.clone()).unwrap();
        let descent = Descent { target: 1e-13, seed, ..Descent::default() };
        let (all, kept): (Vec<usize>, _) = ((0..n).collect(), forget.complement());
        let w_r = muso.descend(&kept, &target.select_rows(&kept), &start, &descent).unwrap();
        let w_p = muso.descend(&all, &target, &start, &descent).unwrap();
        let relabelled = muso.relabelled(&muso.labels(0.0).unwrap());
        let w_u = muso.descend(&all, &relabelled, &w_p, &descent).unwrap();
        assert!(off(&w_u, &w_r) < 1e-10 && off(&w_p, &w_r) > 1e-3, "{:e}", off(&w_u, &w_r));
        assert!(off(&w_r, &muso.retrained().unwrap()) < 1e-10);
        let hopeless = Descent { most_passes: 1, ..descent };
        assert!(muso.descend(&all, &target, &start, &hopeless).is_err());
        assert!(muso.descend(&all, &target, &start, &Descent { rate: -1.0, ..descent }).is_err());
    }
}

/// M3: ε > 0 is off by O(ε), slope 1.
#[test]
fn the_error_of_epsilon_is_linear() {
    for seed in 0..5 {
        let muso = interpolation(12, 6, 3, seed);
        let (w_r, w_p) = (muso.retrained().unwrap(), muso.trained().unwrap());
        let error = |epsilon| (muso.unlearned(&muso.labels(epsilon).unwrap(), &w_p).unwrap() - &w_r).norm();
        let slope = (error(1e-5) / error(1e-7)).log10() / 2.0;
        assert!((0.95..1.05).contains(&slope), "seed {seed}: slope {slope}");
        assert!(
            error(1e-8) < 1e-4 * error(1e-4) * 2.0
                && muso.labels(-1.0).is_err()
                && muso.labels(f64::NAN).is_err()
        );
    }
}

/// M4: starts outside w_0 + row(Z), random labels, labels of the start and a forgotten w_0 fail.
#[test]
fn what_must_fail_fails() {
    for seed in 0..10 {
        let (n, m) = (12, 3);
        let muso = interpolation(n, 6, m, seed);
        let (w_r, w_p) = (muso.retrained().unwrap(), muso.trained().unwrap());
        let labels = muso.labels(0.0).unwrap();
        let gap =
            |labels: &DVector<f64>, start: &DVector<f64>| off(&muso.unlearned(labels, start).unwrap(), &w_r);
        assert!(gap(&labels, &w_p) < 1e-10);
        let elsewhere = &w_p + uniform(w_p.len(), 1, seed ^ 3).column(0);
        assert!(gap(&labels, &elsewhere) > 1e-3, "a start outside");
        let signs = uniform(m, 1, seed ^ 9).column(0).map(f64::signum);
        assert!(gap(&signs, &w_p) > 1e-3, "random labels");
        // The formula with w_0 = 0 in place of the start that was used.
        let wrong = interpolation_with_zero_start(n, 6, m, seed).labels(0.0).unwrap();
        assert!(gap(&wrong, &w_p) > 1e-3, "w_0 was not stored");
    }
}

fn interpolation_with_zero_start(rows: usize, cols: usize, forgotten: usize, seed: u64) -> Interpolation {
    let encoder = Encoder::fourier(cols, 4 * rows, 1.0, seed).unwrap();
    let data = data(rows, cols, Loss::Squared, seed);
    let target = DVector::from_column_slice(data.target());
    let z = encoder.encode_rows(&data).unwrap();
    let start = DVector::zeros(z.nrows());
    Interpolation::new(z, target, start, some_rows(rows, forgotten, seed)).unwrap()
}

#[derive(Debug, Clone)]
struct General {
    problem: Problem,
    forget: RowSet,
    start: DVector<f64>,
}

fn generals(losses: &'static [Loss]) -> impl Strategy<Value = General> {
    let sizes = (12usize..40, 1usize..5, 1usize..5);
    (sizes, 0..losses.len(), -5..1i32, any::<bool>(), seeds()).prop_map(
        move |((rows, cols, forgotten), loss, ridge, mean, seed)| {
            let loss = losses[loss];
            let reduction = if mean { Reduction::Mean } else { Reduction::Sum };
            let problem = linear(data(rows, cols, loss, seed), loss, 2.0_f64.powi(ridge), reduction);
            let start = uniform(problem.active(), 1, seed ^ 4).column(0) * 3.0;
            General { forget: some_rows(rows, forgotten, seed), problem, start }
        },
    )
}

impl General {
    fn retrained(&self) -> DVector<f64> {
        let zero = DVector::zeros(self.problem.active());
        minimise(&self.problem.retained(&self.forget).unwrap(), zero).unwrap().theta
    }

    fn relabelled(&self, labels: Labels) -> Relabelled {
        let outputs = outputs_at(&self.problem, &self.retrained(), self.forget.rows());
        relabel(&self.problem, &self.forget, &outputs, labels).unwrap()
    }

    fn train(&self, new: &Relabelled, scale: f64) -> DVector<f64> {
        let weights = new.weights.iter().map(|w| w * scale).collect();
        minimise(&new.problem.weighted(weights).unwrap(), self.start.clone()).unwrap().theta
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// M6: soft labels give the retrained model from any start, for all three losses and both reductions.
    #[test]
    fn soft_labels_are_exact(case in generals(&Loss::ALL)) {
        let found = case.train(&case.relabelled(Labels::Soft), 1.0);
        prop_assert!(off(&found, &case.retrained()) < 1e-9, "{:e}", off(&found, &case.retrained()));
    }
}

/// M6: hard labels, and a mean with unchanged λ, leave a gap on (nearly) every problem.
#[test]
fn hard_labels_and_an_unscaled_mean_are_not_exact() {
    for seed in 0..10 {
        for loss in Loss::ALL {
            let problem = linear(data(20, 3, loss, seed), loss, 0.25, Reduction::Mean);
            let start = DVector::zeros(problem.active());
            let case = General { forget: some_rows(20, 4, seed), problem, start };
            let exact = case.retrained();
            let unscaled = case.train(&case.relabelled(Labels::Soft), 16.0 / 20.0);
            assert!((unscaled - &exact).norm() > 1e-3, "{loss}, seed {seed}: unscaled mean");
            // λ|R|/n repairs it.
            let mut repaired = case.relabelled(Labels::Soft);
            repaired.problem = repaired.problem.with_ridge(0.25 * 16.0 / 20.0).unwrap();
            assert!(off(&case.train(&repaired, 16.0 / 20.0), &exact) < 1e-9, "{loss}, seed {seed}");
            if loss != Loss::Squared {
                let hard = case.train(&case.relabelled(Labels::Hard), 1.0);
                assert!((hard - &exact).norm() > 1e-3, "{loss}, seed {seed}: hard labels");
            }
        }
    }
}

/// Labels of ridge regression are the group-deletion outputs; the method is exact for it and close elsewhere.
#[test]
fn the_method_relabels_as_it_says() {
    for (loss, reduction) in
        [(Loss::Squared, Reduction::Mean), (Loss::Squared, Reduction::Sum), (Loss::Logistic, Reduction::Mean)]
    {
        let problem = linear(data(30, 3, loss, 5), loss, 0.5, reduction);
        let forget = some_rows(30, 4, 6);
        let fit = minimise(&problem.full(), DVector::zeros(problem.active())).unwrap();
        let exact = minimise(&problem.retained(&forget).unwrap(), fit.theta.clone()).unwrap().theta;
        let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
        let remove = |settings: &[(&str, &str)]| configured("muso", 0, settings).unwrap().remove(&request);
        let near = off(&remove(&[]).unwrap().theta, &exact);
        if loss == Loss::Squared {
            assert!(near < 1e-12, "{near:e}");
            assert!(remove(&[("labels", "hard")]).unwrap_err().to_string().contains("no classes"));
        } else {
            assert!(near < 1e-2 && near > 1e-9, "labels from one Newton step: {near:e}");
            assert!(off(&remove(&[("steps", "6")]).unwrap().theta, &exact) < 1e-10);
            assert!(off(&remove(&[("labels", "hard")]).unwrap().theta, &exact) > 1e-2);
        }
    }
}

#[test]
fn broken_input_is_refused() {
    let (z, y) = (DMatrix::identity(3, 2), DVector::zeros(2));
    let one = RowSet::new(2, vec![1]).unwrap();
    let new = |y: &DVector<f64>, start: usize, forget: &RowSet| {
        Interpolation::new(z.clone(), y.clone(), DVector::zeros(start), forget.clone())
    };
    assert!(
        new(&y, 3, &one).is_ok() && new(&y, 2, &one).is_err() && new(&DVector::zeros(3), 3, &one).is_err()
    );
    assert!(new(&y, 3, &RowSet::new(2, vec![0, 1]).unwrap()).is_err());
    assert!(new(&DVector::from_element(2, f64::NAN), 3, &one).is_err());
    // Dependent rows: no downdate, but labels by the pseudo-inverse.
    let twice = DMatrix::from_element(3, 2, 1.0);
    let twice = Interpolation::new(twice, DVector::from_element(2, 3.0), DVector::zeros(3), one).unwrap();
    assert!(twice.downdate().is_err() && (twice.labels(0.0).unwrap()[0] - 3.0).abs() < 1e-14);
    assert!(Cholesky::new(DMatrix::from_element(2, 2, 1.0), "dependent").is_err());
}
