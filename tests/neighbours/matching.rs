//! Q2–Q5: the linear theory of oracle matching, deterministic and stochastic, and oracle matching as a method.

use super::{data, linear, off, seeds, some_rows};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use unlearn::data::RowSet;
use unlearn::loss::Loss;
use unlearn::neighbour::linear_theory::{Linear, Update};
use unlearn::numeric::span::Span;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::newton::minimise;
use unlearn::unlearn::oracle_matching::{Matching, Steps, match_outputs};
use unlearn::unlearn::{Guarantee, Request, Trained, configured};

/// More parameters than rows, as the theory has it.
fn theory(n: usize, d: usize, m: usize, ridge: f64, seed: u64) -> Linear {
    let problem = linear(data(n, d, Loss::Squared, seed), Loss::Squared, ridge, Reduction::Sum);
    Linear::new(&problem, &some_rows(n, m, seed)).unwrap()
}

fn norm_of_gram(l: &Linear) -> f64 {
    l.features.clone().svd(false, false).singular_values[0].powi(2)
}

/// The part of a vector outside the span of some rows.
fn outside(l: &Linear, rows: &[usize], v: &DVector<f64>) -> DVector<f64> {
    v - Span::of_columns(&l.features.select_columns(rows)).unwrap().project(v)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Q2: Theorem 1. Q3: OMRS leaves what the rows kept do not see. Q4: nothing is left outside row(X).
    #[test]
    fn iterates_have_their_closed_forms(
        n in 3usize..12, extra in 1usize..20, m in 1usize..4, e in -3..3i32, share in 0.05..0.99f64, steps in 0usize..60, seed in seeds(),
    ) {
        let m = m.min(n - 1);
        let l = theory(n, n + extra, m, 2.0_f64.powi(e), seed);
        let eta = share / (2.0 * (norm_of_gram(&l) + l.ridge));
        let (all, kept): (Vec<usize>, _) = ((0..n).collect(), l.forget.complement());
        let start = &l.full - &l.oracle;
        for update in [Update::Descent, Update::OracleMatching, Update::RetainedMatching] {
            let end = l.iterate(update, &l.full, eta, steps).unwrap();
            prop_assert!(off(&end, &l.closed_form(update, &l.full, eta, steps).unwrap()) < 1e-10, "{update:?}");
            let left = &end - &l.oracle;
            match update {
                Update::RetainedMatching => {
                    prop_assert!(off(&outside(&l, &kept, &left), &outside(&l, &kept, &start)) < 1e-12);
                }
                _ => prop_assert!(outside(&l, &all, &left).norm() < 1e-12 * (1.0 + l.full.norm())),
            }
        }
        let away = Update::DescentAscent { alpha: 0.5 };
        prop_assert!(l.matrix(away, eta).is_none());
    }

    /// The exact second moment of a stochastic step lies between its bounds.
    #[test]
    fn one_stochastic_step_is_bounded_from_both_sides(n in 2usize..12, extra in 1usize..20, seed in seeds()) {
        let l = theory(n, n + extra, 1, 1.0, seed);
        let largest = l.features.column_iter().map(|c| c.norm_squared()).fold(0.0, f64::max);
        let gram = l.features.tr_mul(&l.features).symmetric_eigen();
        let (at, gamma) = gram.eigenvalues.argmin();
        prop_assume!(gamma > 1e-6 * largest);
        let eta = 0.5 / largest;
        let rate = 1.0 - 2.0 * eta * gamma / n as f64;
        let delta = &l.full - &l.oracle;
        prop_assert!(l.expected_square(&delta, eta) <= rate * delta.norm_squared() * (1.0 + 1e-9));
        let v = (&l.features * gram.eigenvectors.column(at)).normalize();
        prop_assert!(l.expected_square(&v, eta) >= rate * rate * (1.0 - 1e-9));
    }
}

/// Q5: stochastic matching converges to rounding at the corrected rate; stochastic descent started AT the oracle leaves it
/// by its gradient noise and stays away.
#[test]
fn stochastic_matching_converges_and_descent_does_not() {
    const SEEDS: u64 = 60;
    let n = 12;
    let l = theory(n, 30, 2, 1.0, 3);
    let largest = l.features.column_iter().map(|c| c.norm_squared()).fold(0.0, f64::max);
    let eta = 0.25 / largest;
    let gamma = l.features.tr_mul(&l.features).symmetric_eigen().eigenvalues.min();
    let mean = |update, start: &DVector<f64>, eta, steps| {
        let square = |s| (l.stochastic(update, start, eta, steps, s).unwrap() - &l.oracle).norm_squared();
        (0..SEEDS).map(square).sum::<f64>() / SEEDS as f64
    };
    let before = (&l.full - &l.oracle).norm_squared();
    for steps in [10, 100, 1000, 4000] {
        let rate = (1.0 - 2.0 * eta * gamma / n as f64).powi(steps as i32);
        // A mean of 60 draws of a positive quantity exceeds four times its expectation with chance far below 1/4 each.
        assert!(mean(Update::OracleMatching, &l.full, eta, steps) <= 4.0 * rate * before, "{steps}");
    }
    assert!(mean(Update::OracleMatching, &l.full, eta, 20_000) < 1e-20);
    // Descent from θ*: E‖θ_1 − θ*‖² = η²σ², later at least half of it.
    let noise = eta * eta * l.gradient_noise();
    let kept = l.forget.complement();
    let exact = |i: usize| {
        let x = l.features.column(i);
        let g =
            x * (2.0 * (x.dot(&l.oracle) - l.target[i])) + &l.oracle * (2.0 * l.ridge / kept.len() as f64);
        (g * eta).norm_squared()
    };
    let first = kept.iter().map(|&i| exact(i)).sum::<f64>() / kept.len() as f64;
    assert!((first - noise).abs() <= 1e-12 * noise && noise > 0.0);
    for steps in [1, 10, 100, 1000] {
        assert!(mean(Update::Descent, &l.oracle, eta, steps) >= 0.5 * noise, "{steps}");
    }
    // The mean of the stochastic gradients at θ* is 0 only with λ/|R| in each.
    let direction = l.direction(Update::Descent, &l.oracle);
    assert!(direction.norm() < 1e-10);
    let printed = direction + &l.oracle * (2.0 * l.ridge * (kept.len() - 1) as f64);
    assert!(printed.norm() > 1e-3);
}

/// The paper's rate as printed, off by the number of rows, is exceeded.
#[test]
fn the_printed_rate_is_exceeded() {
    const SEEDS: u64 = 50;
    let (n, steps) = (40, 400);
    let l = theory(n, 160, 3, 4.0, 1);
    let gram = l.features.tr_mul(&l.features).symmetric_eigen().eigenvalues;
    let eta = 0.9 * 2.0 / (5.0 * (gram.max() + l.ridge));
    let square = |s| {
        (l.stochastic(Update::OracleMatching, &l.full, eta, steps, s).unwrap() - &l.oracle).norm_squared()
    };
    let ratio = (0..SEEDS).map(square).sum::<f64>() / SEEDS as f64 / (&l.full - &l.oracle).norm_squared();
    let (printed, corrected) = (1.0 - gram.min() * eta, 1.0 - 2.0 * eta * gram.min() / n as f64);
    assert!(ratio > 1e3 * printed.powi(steps as i32), "{ratio:e} against {:e}", printed.powi(steps as i32));
    assert!(ratio < corrected.powi(steps as i32), "{ratio:e} against {:e}", corrected.powi(steps as i32));
}

/// The story of the paper's figure: OM reaches the oracle, descent is slow, OMRS does not move where it matters.
#[test]
fn only_matching_on_forgotten_rows_recovers_the_oracle() {
    let l = theory(30, 120, 3, 2.0, 2);
    let eta = 0.9 / (2.0 * (norm_of_gram(&l) + l.ridge));
    let left = |update| {
        let end = l.iterate(update, &l.full, eta, 200).unwrap();
        (end - &l.oracle).norm() / (&l.full - &l.oracle).norm()
    };
    let (om, gd, omrs) =
        (left(Update::OracleMatching), left(Update::Descent), left(Update::RetainedMatching));
    assert!(om < 1e-6 && gd > 1e-3 && omrs > 0.9, "{om:e} {gd} {omrs}");
    let away = l.iterate(Update::DescentAscent { alpha: 0.5 }, &l.full, eta, 200).unwrap();
    assert!((away - &l.oracle).norm() > (om * (&l.full - &l.oracle)).norm());
}

fn matching(seed: u64) -> Matching {
    Matching {
        epochs: 300,
        rate: 0.1,
        batch: 8,
        retain: 3.0,
        resample: true,
        forgotten: true,
        steps: Steps::Gradient,
        seed,
    }
}

/// Matching on samples of the rows: OM comes to the oracle, DMM to its own aims, OMRS to neither.
#[test]
fn matching_outputs_reaches_what_is_matched() {
    let problem = linear(data(40, 3, Loss::Squared, 1), Loss::Squared, 1.0, Reduction::Sum);
    let forget = some_rows(40, 4, 2);
    let fit = minimise(&problem.full(), DVector::zeros(4)).unwrap().theta;
    let oracle = minimise(&problem.retained(&forget).unwrap(), fit.clone()).unwrap().theta;
    let aims = problem.full().outputs(&oracle);
    let run = |matching: &Matching| match_outputs(&problem, &aims, &forget, fit.clone(), matching).unwrap();
    let om = run(&matching(1));
    assert!(off(&om.theta, &oracle) < 1e-10 && om.visits == 300 * 16);
    assert_eq!(om, run(&matching(1)));
    let adam = run(&Matching { steps: Steps::Adam, rate: 0.003, ..matching(1) });
    assert!(off(&adam.theta, &oracle) < 1e-3);
    let none = run(&Matching { epochs: 0, ..matching(1) });
    assert_eq!((none.theta, none.visits), (fit.clone(), 0));
    let refused = [
        Matching { rate: 0.0, ..matching(1) },
        Matching { batch: 0, ..matching(1) },
        Matching { retain: f64::NAN, ..matching(1) },
        Matching { rate: 1e3, ..matching(1) },
    ];
    for bad in refused {
        assert!(match_outputs(&problem, &aims, &forget, fit.clone(), &bad).is_err(), "{bad:?}");
    }
    assert!(match_outputs(&problem, &DMatrix::zeros(1, 39), &forget, fit.clone(), &matching(1)).is_err());
}

/// Without the forgotten rows, fewer rows than parameters: what only they determine stays.
#[test]
fn matching_on_retained_rows_alone_leaves_the_rest() {
    let problem = linear(data(8, 12, Loss::Squared, 4), Loss::Squared, 0.5, Reduction::Sum);
    let forget = RowSet::new(8, vec![0, 5]).unwrap();
    let l = Linear::new(&problem, &forget).unwrap();
    let aims = problem.full().outputs(&l.oracle);
    let run = |forgotten| {
        let matching = Matching { forgotten, retain: 100.0, epochs: 3000, ..matching(2) };
        match_outputs(&problem, &aims, &forget, l.full.clone(), &matching).unwrap().theta - &l.oracle
    };
    let start = &l.full - &l.oracle;
    assert!(run(true).norm() < 1e-6 * start.norm());
    assert!(run(false).norm() > 0.3 * start.norm());
}

fn request<'a>(
    problem: &'a Problem,
    forget: &'a RowSet,
    fit: &'a unlearn::train::newton::Fit,
) -> Request<'a> {
    Request { problem, forget, trained: Trained::Minimiser(fit) }
}

/// The method: close to retraining where Newton's step is, at DM-Direct's model with datamodels, with a certificate.
#[test]
fn the_method_carries_a_certificate() {
    for loss in Loss::ALL {
        let problem = linear(data(60, 3, loss, 8), loss, 0.5, Reduction::Sum);
        let forget = some_rows(60, 5, 9);
        let fit = minimise(&problem.full(), DVector::zeros(problem.active())).unwrap();
        let exact = minimise(&problem.retained(&forget).unwrap(), fit.theta.clone()).unwrap().theta;
        let out = configured("oracle-matching", 1, &[("epochs", "400")])
            .unwrap()
            .remove(&request(&problem, &forget, &fit));
        let out = out.unwrap();
        let (measured, noop) = ((&out.theta - &exact).norm(), (&fit.theta - &exact).norm());
        let Guarantee::Within { distance, .. } = out.guarantee else { panic!("{:?}", out.guarantee) };
        assert!(measured <= distance && measured < 0.2 * noop, "{loss}: {measured:e} of {noop:e}");
    }
    let problem = linear(data(60, 3, Loss::Squared, 8), Loss::Squared, 0.5, Reduction::Sum);
    let forget = some_rows(60, 5, 9);
    let fit = minimise(&problem.full(), DVector::zeros(4)).unwrap();
    let remove = |name: &str, settings: &[(&str, &str)]| {
        configured(name, 1, settings).unwrap().remove(&request(&problem, &forget, &fit)).unwrap().theta
    };
    let matched = remove("oracle-matching", &[("oracle", "datamodel"), ("epochs", "2000")]);
    assert!(off(&matched, &remove("datamodel", &[])) < 1e-9);
}
