//! The generated features really have each property that is promised.

use nalgebra::DMatrix;
use proptest::prelude::*;
use std::collections::HashMap;
use unlearn::data::{Dataset, Generate, Task};
use unlearn::error::Error;
use unlearn::numeric::tolerance::tol;

pub(crate) fn matrix(data: &Dataset) -> DMatrix<f64> {
    DMatrix::from_row_slice(data.rows(), data.cols(), data.design().to_dense().values())
}

/// Singular values, largest first.
fn singular_values(data: &Dataset) -> Vec<f64> {
    let mut values: Vec<f64> = matrix(data).singular_values().iter().copied().collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

fn rows_as_bits(data: &Dataset) -> Vec<Vec<u64>> {
    let m = matrix(data);
    (0..data.rows())
        .map(|i| m.row(i).iter().chain([&data.target()[i]]).map(|v| v.to_bits()).collect())
        .collect()
}

/// How many distinct samples there are, targets included.
fn distinct(data: &Dataset) -> usize {
    let mut count = HashMap::new();
    rows_as_bits(data).into_iter().for_each(|r| *count.entry(r).or_insert(0) += 1);
    count.len()
}

fn tasks() -> impl Strategy<Value = Task> {
    prop_oneof![Just(Task::Regression), Just(Task::Binary), (2usize..5).prop_map(Task::Multiclass)]
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn condition(rows in 1usize..14, cols in 1usize..10, digits in 0u32..=6, scale in -3i32..=3, seed in any::<u64>()) {
        // Both n ≥ d and d > n; the smallest singular value is known to ε·σ_max, so κ multiplies.
        let kappa = 10f64.powi(digits as i32);
        let scale = 2f64.powi(scale);
        let data = Generate { condition: Some(kappa), scale, ..Generate::new(rows, cols) }.build(seed).unwrap();
        let values = singular_values(&data);
        let rank = rows.min(cols);
        prop_assert_eq!(values.len(), rank);
        let largest = scale * (rows as f64).sqrt();
        prop_assert!((values[0] / largest - 1.0).abs() <= tol(rows * cols, 1.0), "{} {}", values[0], largest);
        let expected = if rank == 1 { 1.0 } else { kappa };
        let ratio = values[0] / values[rank - 1];
        prop_assert!((ratio / expected - 1.0).abs() <= tol(rows * cols, kappa), "{} {}", ratio, expected);
    }

    #[test]
    fn shape_task_and_determinism(
        rows in 1usize..12, cols in 1usize..12, task in tasks(), density in 0.1..=1.0f64, seed in any::<u64>(),
    ) {
        let noise = 0.25;
        let recipe = Generate { task, density, noise, ..Generate::new(rows, cols) };
        let data = recipe.build(seed).unwrap();
        prop_assert_eq!((data.rows(), data.cols()), (rows, cols));
        prop_assert_eq!(data.design().is_sparse(), density < 1.0);
        prop_assert_eq!(&data, &recipe.build(seed).unwrap());
        let classes = match task {
            Task::Regression => return Ok(()),
            Task::Binary => 2,
            Task::Multiclass(c) => c,
        };
        prop_assert!(data.target().iter().all(|&y| y.fract() == 0.0 && (0.0..classes as f64).contains(&y)));
    }

    #[test]
    fn outliers_are_rows_times_the_factor(
        rows in 2usize..12, cols in 1usize..5, share in 0.0..=1.0f64, density in 0.3..=1.0f64,
        factor in prop_oneof![Just(10.0), Just(-4.0), Just(0.5)], seed in any::<u64>(),
    ) {
        let outliers = (share * rows as f64) as usize;
        let plain = Generate { density, ..Generate::new(rows, cols) };
        let with = Generate { outliers, outlier_factor: factor, ..plain.clone() };
        let (a, b) = (matrix(&plain.build(seed).unwrap()), matrix(&with.build(seed).unwrap()));
        let changed = (0..rows).filter(|&i| a.row(i) != b.row(i)).count();
        prop_assert_eq!(changed, outliers);
        prop_assert!((0..rows).all(|i| a.row(i) == b.row(i) || a.row(i) * factor == b.row(i)));
    }

    #[test]
    fn duplicates_copy_feature_and_target(
        rows in 2usize..15, cols in 1usize..5, share in 0.0..1.0f64, task in tasks(), density in 0.3..=1.0f64, seed in any::<u64>(),
    ) {
        let duplicates = ((share * rows as f64) as usize).min(rows - 1);
        let outliers = (rows - duplicates - 1).min(2);
        let data = Generate { duplicates, outliers, task, density, noise: 0.2, ..Generate::new(rows, cols) }.build(seed).unwrap();
        prop_assert_eq!(distinct(&data), rows - duplicates);
    }
}

#[test]
fn density_is_the_share_of_stored_entries() {
    // 40000 entries: the share deviates by more than 5 deviations √(p(1−p)/N) in 1 of 10⁶ seeds.
    for density in [0.01, 0.1, 0.5, 0.95] {
        let data = Generate { density, ..Generate::new(40, 1000) }.build(5).unwrap();
        let share = data.design().values().len() as f64 / 40_000.0;
        assert!(
            (share - density).abs() < 5.0 * (density * (1.0 - density) / 4e4).sqrt(),
            "{density}: {share}"
        );
    }
    let sparse = Generate { density: 1e-9, ..Generate::new(50, 1_000_000) }.build(5).unwrap();
    assert_eq!(sparse.design().values().len(), 50, "one entry in every row that would be empty");
    let mut columns = std::collections::HashSet::new();
    for i in 0..50 {
        sparse.design().row(i).for_each(|j, _| {
            columns.insert(j);
        });
    }
    assert!(columns.len() > 45, "the columns of such entries are uniform over a million");
}

#[test]
fn entries_are_standard_normal_times_scale() {
    // 20000 numbers: mean within 5/√N; the fourth moment 3 has deviation √96/√N.
    let data = Generate { scale: 4.0, ..Generate::new(200, 100) }.build(9).unwrap();
    let n = 20_000.0_f64;
    let moment = |k: i32| data.design().values().iter().map(|v| (v / 4.0).powi(k)).sum::<f64>() / n;
    assert!(moment(1).abs() < 5.0 / n.sqrt());
    assert!((moment(2) - 1.0).abs() < 5.0 * 2f64.sqrt() / n.sqrt());
    assert!((moment(4) - 3.0).abs() < 5.0 * 96f64.sqrt() / n.sqrt());
}

#[test]
fn what_cannot_be_generated_is_an_error() {
    let base = Generate::new(10, 3);
    let binary = Generate { task: Task::Binary, ..base.clone() };
    let bad = [
        (Generate::new(0, 3), "0 rows"),
        (Generate::new(3, 0), "0 columns"),
        (Generate::new(1 << 40, 1 << 20), "are more than"),
        (Generate { density: 1e-9, ..Generate::new(1, usize::MAX) }, "are more than"),
        (Generate { density: 0.0, ..base.clone() }, "density 0"),
        (Generate { density: f64::NAN, ..base.clone() }, "density NaN"),
        (Generate { density: 1.1, ..base.clone() }, "density 1.1"),
        (Generate { condition: Some(0.5), ..base.clone() }, "condition 0.5"),
        (Generate { condition: Some(f64::INFINITY), ..base.clone() }, "condition inf"),
        (Generate { condition: Some(2.0), density: 0.5, ..base.clone() }, "dense design"),
        (Generate { condition: Some(2.0), ..Generate::new(10_000, 10_000) }, "multiplications"),
        (Generate { scale: 0.0, ..base.clone() }, "scale 0"),
        (Generate { separation: -1.0, ..base.clone() }, "separation -1"),
        (Generate { intercept: f64::NAN, ..base.clone() }, "intercept NaN"),
        (Generate { noise: -0.1, ..base.clone() }, "noise -0.1"),
        (Generate { noise: 1.1, ..binary.clone() }, "noise 1.1"),
        (Generate { outlier_factor: 0.0, ..base.clone() }, "outlier factor 0"),
        (Generate { outliers: 8, duplicates: 2, ..base.clone() }, "no ordinary row"),
        (Generate { outliers: usize::MAX, duplicates: 2, ..base.clone() }, "no ordinary row"),
        (Generate { outliers: 11, ..base.clone() }, "no ordinary row"),
        (Generate { task: Task::Multiclass(1), ..base.clone() }, "1 classes"),
        (Generate { task: Task::Multiclass(usize::MAX), ..base.clone() }, "at least 2"),
        (Generate { separable: true, ..binary.clone() }, "separable needs"),
        (Generate { separable: true, noise: 0.0, ..base.clone() }, "separable needs"),
        (Generate { separable: true, noise: 0.0, separation: 0.0, ..binary }, "separable needs"),
    ];
    for (recipe, words) in bad {
        let e = recipe.build(0).unwrap_err();
        assert!(matches!(e, Error::Invalid(_)) && e.to_string().contains(words), "{e} lacks {words:?}");
    }
    // Finite in every field, yet the numbers leave the range of f64.
    let huge = Generate { scale: 1e308, outliers: 5, outlier_factor: 1e10, ..base };
    assert!(matches!(huge.build(0), Err(Error::Data(_))));
}
