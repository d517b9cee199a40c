//! The generated targets really follow the law that is promised.

use crate::generator::matrix;
use proptest::prelude::*;
use unlearn::data::{Dataset, Design, Generate, Task};
use unlearn::numeric::tolerance::tol;

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn separable_labels_are_the_sign_of_a_linear_score(
        rows in 2usize..20, cols in 1usize..6, density in 0.3..=1.0f64,
        intercept in prop_oneof![Just(0.0), -1.0..1.0f64], outliers in 0usize..3, seed in any::<u64>(),
    ) {
        let scores = Generate { density, intercept, outliers, noise: 0.0, ..Generate::new(rows.max(3), cols) };
        let labels = Generate { task: Task::Binary, separable: true, ..scores.clone() };
        let (scores, labels) = (scores.build(seed).unwrap(), labels.build(seed).unwrap());
        prop_assert_eq!(scores.design(), labels.design());
        for (s, y) in scores.target().iter().zip(labels.target()) {
            prop_assert!(*s != 0.0 && *y == f64::from(u8::from(*s > 0.0)));
        }
    }
}

#[test]
fn separable_classes_are_separated() {
    for (classes, intercept, density) in [(2, 0.0, 1.0), (2, 0.5, 0.5), (3, 0.0, 0.7), (4, -0.5, 1.0)] {
        let task = if classes == 2 { Task::Binary } else { Task::Multiclass(classes) };
        let recipe = Generate {
            task,
            density,
            intercept,
            outliers: 2,
            separable: true,
            noise: 0.0,
            ..Generate::new(30, 3)
        };
        for seed in 0..5 {
            let data = recipe.build(seed).unwrap();
            assert!(separates(&data, classes, intercept != 0.0), "{recipe:?}, seed {seed}");
        }
        // The labels of chance, at the same separation, are not separable for 30 rows in 3 features.
        let chance = Generate { separable: false, ..recipe }.build(0).unwrap();
        assert!(!separates(&chance, classes, intercept != 0.0));
    }
}

/// Does the perceptron find weights that classify every sample? It ends when the samples are
/// separable; 20000 passes are far more than it needed on the seeds above.
fn separates(data: &Dataset, classes: usize, bias: bool) -> bool {
    let m = matrix(data);
    let cols = m.ncols() + usize::from(bias);
    let row = |i: usize| -> Vec<f64> {
        let mut x: Vec<f64> = m.row(i).iter().copied().collect();
        x.resize(cols, 1.0);
        // Length one: the perceptron's number of updates depends on the margin of directions only.
        let norm = x.iter().map(|v| v * v).sum::<f64>().sqrt();
        x.iter().map(|v| v / norm).collect()
    };
    let rows: Vec<Vec<f64>> = (0..data.rows()).map(row).collect();
    let mut w = vec![vec![0.0; cols]; classes];
    for _ in 0..20_000 {
        let mut clean = true;
        for (i, x) in rows.iter().enumerate() {
            let score = |c: usize| x.iter().zip(&w[c]).map(|(a, b)| a * b).sum::<f64>();
            let y = data.target()[i] as usize;
            let rival =
                (0..classes).filter(|&c| c != y).max_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap();
            if score(y) <= score(rival) {
                clean = false;
                for (j, v) in x.iter().enumerate() {
                    w[y][j] += v;
                    w[rival][j] -= v;
                }
            }
        }
        if clean {
            return true;
        }
    }
    false
}

#[test]
fn the_check_of_separability_can_fail() {
    // Exclusive or.
    let x = Design::dense(4, 2, vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]).unwrap();
    let xor = Dataset::new("xor", x, vec![0.0, 1.0, 1.0, 0.0]).unwrap();
    assert!(!separates(&xor, 2, true));
}

#[test]
fn separation_intercept_and_noise_of_a_regression() {
    let recipe =
        Generate { separation: 3.0, intercept: 5.0, noise: 0.0, scale: 1e3, ..Generate::new(400, 4) };
    let data = recipe.build(2).unwrap();
    // Without noise, target − intercept is linear in the features with root mean square 3.
    let y = nalgebra::DVector::from_iterator(400, data.target().iter().map(|v| v - 5.0));
    assert!((y.norm() / 20.0 - 3.0).abs() < tol(400, 2.0));
    let x = matrix(&data);
    let w = (x.transpose() * &x).cholesky().unwrap().solve(&(x.transpose() * &y));
    assert!((&x * w - &y).norm() <= tol(400, 100.0) * y.norm());
    // With noise, the same target plus N(0, noise²): deviation √(1/2N) relative, 5 of them.
    let noisy = Generate { noise: 0.5, ..recipe }.build(2).unwrap();
    assert_eq!(noisy.design(), data.design());
    let difference: f64 = noisy.target().iter().zip(data.target()).map(|(a, b)| (a - b).powi(2)).sum();
    assert!(((difference / 400.0).sqrt() / 0.5 - 1.0).abs() < 5.0 / 800f64.sqrt());
}

#[test]
fn label_noise_flips_that_share() {
    for task in [Task::Binary, Task::Multiclass(4)] {
        // The drawn label is the most probable one here, so every difference is the noise.
        let clean = Generate { task, separation: 1e12, noise: 0.0, ..Generate::new(4000, 2) };
        let noisy = Generate { noise: 0.3, ..clean.clone() };
        let (a, b) = (clean.build(8).unwrap(), noisy.build(8).unwrap());
        assert_eq!(a.design(), b.design());
        let flipped = a.target().iter().zip(b.target()).filter(|(y, z)| y != z).count();
        let share = flipped as f64 / 4000.0;
        assert!((share - 0.3).abs() < 5.0 * (0.3 * 0.7 / 4000f64).sqrt(), "{task}: {share}");
    }
}

#[test]
fn labels_follow_the_logistic_law() {
    // Without separation every score is the intercept, and the share of ones is σ(intercept).
    let recipe = Generate { task: Task::Binary, noise: 0.0, separation: 0.0, ..Generate::new(4000, 1) };
    for intercept in [-2.0, 0.0, 0.7] {
        let data = Generate { intercept, ..recipe.clone() }.build(4).unwrap();
        let share = data.target().iter().sum::<f64>() / 4000.0;
        let p = 1.0 / (1.0 + (-intercept).exp());
        assert!((share - p).abs() < 5.0 * (p * (1.0 - p) / 4000f64).sqrt(), "{intercept}: {share} {p}");
    }
    // Class 0 has the intercept, the other two score 0.
    let three = Generate { task: Task::Multiclass(3), intercept: 1.0, ..recipe }.build(4).unwrap();
    let share = |c: f64| three.target().iter().filter(|&&y| y == c).count() as f64 / 4000.0;
    let e = 1f64.exp();
    for (c, p) in [(0.0, e / (e + 2.0)), (1.0, 1.0 / (e + 2.0)), (2.0, 1.0 / (e + 2.0))] {
        assert!((share(c) - p).abs() < 5.0 * (p * (1.0 - p) / 4000f64).sqrt(), "class {c}: {}", share(c));
    }
}

#[test]
fn stronger_separation_agrees_more_with_the_linear_rule() {
    let agreement = |separation: f64| {
        let binary = Generate { task: Task::Binary, separation, noise: 0.0, ..Generate::new(2000, 5) };
        let rule = Generate { separable: true, ..binary.clone() }.build(6).unwrap();
        let drawn = binary.build(6).unwrap();
        rule.target().iter().zip(drawn.target()).filter(|(a, b)| a == b).count() as f64 / 2000.0
    };
    // E σ(|s|) for s normal with deviation t, by quadrature: 0.6749 for t = 1 and 0.8945 for t = 5.
    // 0.05 is more than 4 deviations of the share of 2000 labels.
    assert!((agreement(1.0) - 0.6749).abs() < 0.05, "{}", agreement(1.0));
    assert!((agreement(5.0) - 0.8945).abs() < 0.05, "{}", agreement(5.0));
    assert!(agreement(1e9) > 0.999);
}
