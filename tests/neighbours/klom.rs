//! K1: KLoM is 0 on equal sets, capped, depends on its direction, and is read against its null.

use super::{data, linear, seeds, some_rows};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use unlearn::loss::Loss;
use unlearn::metric::klom::{Bins, Direction, Settings, divergence, klom, margins};
use unlearn::objective::Reduction;
use unlearn::train::newton::minimise;

/// Margins `shift + N(0, 1)` of models at points.
fn normal(models: usize, points: usize, shift: f64, seed: u64) -> DMatrix<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    DMatrix::from_fn(models, points, |_, _| {
        let draw: f64 = StandardNormal.sample(&mut rng);
        shift + draw
    })
}

fn adaptive() -> Settings {
    Settings { bins: Bins::Range { count: 20 }, resamples: 99, ..Settings::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn it_is_zero_on_equal_sets_and_capped(
        models in 1usize..30, points in 1usize..5, shift in -50.0..50.0f64, reverse in any::<bool>(), wide in any::<bool>(), seed in seeds(),
    ) {
        let direction = if reverse { Direction::UnlearnedFirst } else { Direction::OracleFirst };
        let bins = if wide { Bins::Fixed { limit: 100.0, count: 20 } } else { Bins::Range { count: 20 } };
        let settings = Settings { direction, bins, resamples: 5, seed, ..Settings::default() };
        let (a, b) = (normal(models, points, 0.0, seed), normal(models + 3, points, shift, !seed));
        let same = klom(&a, &a, &settings).unwrap();
        prop_assert!(same.points.iter().all(|v| *v == 0.0) && same.percentile_99.p == 1.0);
        let other = klom(&a, &b, &settings).unwrap();
        // The largest value is ln(1/floor) but for rounding; the smallest −bins·floor.
        prop_assert!(other.points.iter().all(|v| (-2e-4..=1e5_f64.ln() + 1e-12).contains(v)), "{:?}", other.points);
        // Nothing moves when models are put in another order.
        let mut order: Vec<usize> = (0..models).collect();
        order.reverse();
        prop_assert_eq!(&klom(&a.select_rows(&order), &b, &settings).unwrap().points, &other.points);
    }
}

#[test]
fn disjoint_sets_reach_the_cap_and_direction_matters() {
    let (a, b) = (DMatrix::from_element(10, 1, -5.0), DMatrix::from_element(10, 1, 5.0));
    let found = klom(&a, &b, &adaptive()).unwrap();
    assert!((found.points[0] - 1e5_f64.ln()).abs() < 1e-12 && (found.points[0] - 11.51).abs() < 0.01);
    // A spread set against a narrow one, and the reverse.
    let spread = DMatrix::from_fn(10, 1, |i, _| i as f64);
    let narrow = DMatrix::from_element(10, 1, 4.0);
    let value = |direction| klom(&spread, &narrow, &Settings { direction, ..adaptive() }).unwrap().points[0];
    let (forward, reverse) = (value(Direction::OracleFirst), value(Direction::UnlearnedFirst));
    assert!((reverse - 10.0_f64.ln()).abs() < 1e-12 && forward > 3.0 * reverse, "{forward} {reverse}");
    assert!((divergence(&[1, 1], &[0, 1], 1e-5) - 0.5 * (0.5e5_f64.ln() + 0.5_f64.ln())).abs() < 1e-12);
}

/// With bins of width 10 a shift of two logits scores 0; with bins over the range it is seen. The largest margin of
/// all is counted in the last bin, not lost.
#[test]
fn fixed_bins_miss_what_adaptive_bins_see() {
    let near = |at: f64| DMatrix::from_fn(100, 1, |i, _| at + 0.001 * i as f64);
    let fixed = klom(&near(1.0), &near(3.0), &Settings::default()).unwrap();
    assert_eq!(fixed.points[0], 0.0);
    assert!(klom(&near(1.0), &near(3.0), &adaptive()).unwrap().points[0] > 11.0);
    let (a, b) = Bins::Range { count: 4 }.histograms(&[0.0, 4.0], &[1.0, 3.0]);
    assert_eq!((a, b), (vec![1, 0, 0, 1], vec![0, 1, 0, 1]));
    let (clipped, _) = Bins::Fixed { limit: 100.0, count: 20 }.histograms(&[-1e300, 1e300, 0.0], &[]);
    assert_eq!((clipped[0], clipped[10], clipped[19]), (1, 1, 1));
    assert_eq!(Bins::Range { count: 3 }.histograms(&[f64::MAX, -f64::MAX], &[7.0]).0, [1, 0, 1]);
}

/// One distribution: values are far above 0 with adaptive bins (0.35 is the mean for 100 models on record), and the
/// threshold is exceeded no more often than its level says. Another distribution exceeds it.
#[test]
fn the_threshold_is_calibrated() {
    let settings = |seed| Settings { seed, ..adaptive() };
    let runs = 100;
    let mut exceeded = 0;
    let mut sum = 0.0;
    for seed in 0..runs {
        let (a, b) = (normal(100, 3, 0.0, 2 * seed), normal(100, 3, 0.0, 2 * seed + 1));
        let found = klom(&a, &b, &settings(seed)).unwrap();
        exceeded += usize::from(found.mean.value > found.mean.threshold);
        assert_eq!(found.mean.value > found.mean.threshold, found.mean.p <= 0.05);
        sum += found.mean.value;
    }
    let mean = sum / runs as f64;
    assert!((0.2..0.5).contains(&mean), "{mean}");
    // Binomial(100, 0.05) exceeds 15 with probability 4·10⁻⁵.
    assert!(exceeded <= 15, "{exceeded} of {runs}");
    let shifted = klom(&normal(100, 3, 0.0, 7), &normal(100, 3, 1.0, 8), &settings(1)).unwrap();
    for found in [shifted.mean, shifted.percentile_95, shifted.percentile_99] {
        assert!(
            found.value > found.threshold && found.p <= 0.05 && found.null_mean < found.value,
            "{found:?}"
        );
    }
    // Too few shuffles for the level: no value can exceed the threshold.
    let few =
        klom(&normal(9, 1, 0.0, 1), &normal(9, 1, 9.0, 2), &Settings { resamples: 5, ..adaptive() }).unwrap();
    assert_eq!(few.mean.threshold, f64::INFINITY);
    assert_eq!(
        klom(&normal(9, 1, 0.0, 1), &normal(9, 1, 9.0, 2), &settings(3)),
        klom(&normal(9, 1, 0.0, 1), &normal(9, 1, 9.0, 2), &settings(3))
    );
}

/// Margins of models retrained on random halves, against models that never unlearned a mislabelled row.
#[test]
fn margins_of_real_models() {
    for loss in [Loss::Logistic, Loss::Softmax] {
        let problem = linear(data(40, 3, loss, 2), loss, 0.1, Reduction::Mean);
        let model = |seed: u64| {
            let without = some_rows(40, 10, seed);
            minimise(&problem.retained(&without).unwrap(), DVector::zeros(problem.active())).unwrap().theta
        };
        let rows: Vec<usize> = (0..40).collect();
        let all = margins(&problem, &model(0), &rows).unwrap();
        let outputs = problem.full().outputs(&model(0));
        for i in rows {
            let predicted = loss.predict(outputs.column(i).as_slice()) == problem.target()[i];
            // A margin above log(C − 1) means that the label is the largest logit; a wrong one is below 0.
            assert!(if predicted { all[i] > -2.0_f64.ln() } else { all[i] <= 0.0 }, "{loss} {i} {}", all[i]);
        }
    }
    let squared = linear(data(5, 2, Loss::Squared, 1), Loss::Squared, 0.1, Reduction::Mean);
    assert!(margins(&squared, &DVector::zeros(3), &[0]).is_err());
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let a = normal(3, 2, 0.0, 1);
    let good = Settings::default();
    for bad in [
        Settings { floor: 0.0, ..good },
        Settings { level: 1.0, ..good },
        Settings { resamples: 0, ..good },
        Settings { bins: Bins::Range { count: 0 }, ..good },
        Settings { bins: Bins::Fixed { limit: f64::INFINITY, count: 2 }, ..good },
    ] {
        assert!(klom(&a, &a, &bad).is_err(), "{bad:?}");
    }
    assert!(
        klom(&a, &normal(3, 1, 0.0, 1), &good).is_err() && klom(&a, &DMatrix::zeros(0, 2), &good).is_err()
    );
    assert!(klom(&a, &DMatrix::from_element(3, 2, f64::NAN), &good).is_err());
}
