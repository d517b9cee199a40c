//! Zero mean and unit deviation on the fitted rows, and nothing learned from the others.

use proptest::prelude::*;
use unlearn::data::{Dataset, Design, Standardizer, builtin};
use unlearn::numeric::tolerance::tol;

fn column(data: &Dataset, rows: &[usize], j: usize) -> Vec<f64> {
    rows.iter().map(|&i| data.design().values()[i * data.cols() + j]).collect()
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

#[test]
fn wdbc() {
    let data = builtin::load("wdbc").unwrap();
    let rows: Vec<usize> = (0..data.rows()).step_by(2).collect();
    let map = Standardizer::fit(&data, &rows).unwrap();
    let z = map.apply(&data).unwrap();
    assert_eq!((z.features(), z.target()), (data.features(), data.target()));
    for j in 0..data.cols() {
        let (mean, deviation) = mean_and_deviation(&column(&z, &rows, j));
        let kappa = 1.0 + map.centers()[j].abs() / map.scales()[j];
        assert!(mean.abs() <= tol(rows.len(), kappa), "{j}: mean {mean}");
        assert!((deviation - 1.0).abs() <= tol(rows.len(), kappa), "{j}: deviation {deviation}");
    }
}

#[test]
fn constant_columns_of_digits() {
    // Pixels (0,0), (4,0) and (4,7) are never inked in the test part.
    let data = builtin::load("digits").unwrap();
    let all: Vec<usize> = (0..data.rows()).collect();
    let map = Standardizer::fit(&data, &all).unwrap();
    let names: Vec<_> = map.constant().iter().map(|&j| data.features()[j].as_str()).collect();
    assert_eq!(names, ["p00", "p40", "p47"]);
    for &j in map.constant() {
        assert!(column(&map.apply(&data).unwrap(), &all, j).iter().all(|&v| v == 0.0));
    }
}

prop_compose! {
    fn sample()(rows in 2usize..8, cols in 1usize..4, scale in -300i32..300)
        (rows in Just(rows), cols in Just(cols), scale in Just(scale),
         values in prop::collection::vec((-16i32..=16).prop_map(|k| f64::from(k) / 8.0), rows * cols))
        -> Dataset {
        let values = values.into_iter().map(|v| v * 2f64.powi(scale)).collect();
        Dataset::new("d", Design::dense(rows, cols, values).unwrap(), vec![0.0; rows]).unwrap()
    }
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn any_scale(data in sample()) {
        let rows: Vec<usize> = (0..data.rows()).collect();
        let map = Standardizer::fit(&data, &rows).unwrap();
        let z = map.apply(&data).unwrap();
        for j in 0..data.cols() {
            let (mean, deviation) = mean_and_deviation(&column(&z, &rows, j));
            let expected = if map.constant().contains(&j) { 0.0 } else { 1.0 };
            // The values are at most 32 steps apart from a mean that is at most 16 steps from 0.
            prop_assert!(mean.abs() <= tol(data.rows(), 32.0), "mean {}", mean);
            prop_assert!((deviation - expected).abs() <= tol(data.rows(), 32.0), "deviation {}", deviation);
        }
    }

    #[test]
    fn other_rows_do_not_leak(data in sample(), last in -1e6..1e6f64) {
        // Only the last row differs, and it is not among those fitted.
        let fitted: Vec<usize> = (0..data.rows() - 1).collect();
        let mut values = data.design().values().to_vec();
        let start = (data.rows() - 1) * data.cols();
        values[start..].fill(last);
        let other = data.with_design(Design::dense(data.rows(), data.cols(), values).unwrap()).unwrap();
        prop_assert_eq!(Standardizer::fit(&data, &fitted), Standardizer::fit(&other, &fitted));
    }

    #[test]
    fn scale_is_homogeneous(data in sample()) {
        // Doubling is exact, so scales and centres double exactly and the result is the same.
        let rows: Vec<usize> = (0..data.rows()).collect();
        let twice = data.with_design(data.design().map(|_, x| 2.0 * x)).unwrap();
        let (a, b) = (Standardizer::fit(&data, &rows).unwrap(), Standardizer::fit(&twice, &rows).unwrap());
        prop_assert_eq!(a.apply(&data).unwrap(), b.apply(&twice).unwrap());
    }

    #[test]
    fn sparse_agrees_with_dense(data in sample()) {
        let rows: Vec<usize> = (0..data.rows()).collect();
        let sparse = data.with_design(data.design().to_sparse()).unwrap();
        let (a, b) = (Standardizer::fit(&data, &rows).unwrap(), Standardizer::fit(&sparse, &rows).unwrap());
        prop_assert_eq!(a.constant(), b.constant());
        for (s, t) in a.scales().iter().zip(b.scales()) {
            prop_assert!((s - t).abs() <= tol(data.rows(), 32.0) * s, "{} {}", s, t);
        }
        prop_assert!(b.apply(&sparse).unwrap().design().is_sparse());
    }
}
