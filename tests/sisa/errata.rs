//! The numbers of the papers, and the formulas that are in error.

use unlearn::sisa::cost::sharding::{batch, hit_fraction, time_constant};
use unlearn::sisa::cost::{boundary, slicing};

/// Half a unit of the last digit of a table that prints so many decimals, and a little.
fn printed(value: f64, table: f64, decimals: i32) {
    let half = 0.5 * 10.0_f64.powi(-decimals) * (1.0 + 1e-9);
    assert!((value - table).abs() <= half, "{value} for {table}");
}

/// Erratum (b): (18) is not exact for slices, above at K = 1 and below for some K.
#[test]
fn equation_eighteen_against_the_exact_form() {
    for (r, k, paper, exact, decimals) in [
        (4, 1, 775.0, 750.0, 0),
        (20, 1, 690.9, 683.3, 1),
        (20, 5, 951.5, 955.0, 1),
        (50, 5, 951.96, 953.38, 2),
        (50, 50, 998.91, 999.32, 2),
    ] {
        printed(slicing::batch_printed(1000.0, r, k).unwrap(), paper, decimals);
        printed(slicing::batch(1000.0, r, k).unwrap(), exact, decimals);
    }
    // S4: never exact at K = 1 from two slices on.
    for r in 2..200 {
        let (paper, exact) =
            (slicing::batch_printed(1.0, r, 1).unwrap(), slicing::one_expected(1.0, r).unwrap());
        assert!(paper > exact + 1e-6, "{r}: {paper} {exact}");
    }
    assert_eq!(slicing::batch_printed(1.0, 1, 3).unwrap(), 1.0);
    // (16) to (18) by quadrature: E[min] = 1 + ∫ P(min > x) dx over [1, R].
    let (r, k) = (6u64, 3u64);
    let n = 200_000;
    let h = 5.0 / f64::from(n);
    let survives = |x: f64| ((6.0 - x) / 5.0).powi(3);
    let midpoints = (0..n).map(|i| 1.0 + h * (f64::from(i) + 0.5));
    let (mean, square) =
        midpoints.fold((1.0, 1.0), |(m, s), x| (m + h * survives(x), s + h * 2.0 * x * survives(x)));
    let closed = slicing::continuous_minimum(r, k).unwrap();
    // The midpoint rule is off by h²/24 times second derivatives of order 1: below 1e-9.
    assert!((closed.0 - mean).abs() < 1e-9 && (closed.1 - square).abs() < 1e-9, "{closed:?} {mean} {square}");
}

/// Erratum (a): with the main text's sign the cost is negative from the first request on.
#[test]
fn the_sign_in_the_main_text() {
    for (s, k) in [(2u64, 1u64), (20, 8), (20, 60)] {
        let (n, tau) = (1000.0, time_constant(s).unwrap());
        let main_text = n * (1.0 - (k as f64 / tau).exp());
        let appendix = n * (1.0 - (-(k as f64) / tau).exp());
        assert!(main_text < 0.0);
        assert!((appendix - (batch(1000, s, k).unwrap() + k as f64)).abs() <= 1e-12 * n);
    }
}

/// Erratum (c): the printed probabilities of configurations do not add up to 1 (except at S = 2, by chance).
#[test]
fn the_probability_of_a_configuration() {
    // Σ_j C(i−1, j) p^j q^{i−1−j} = (p + q)^{i−1}.
    for (s, i, printed_sum) in [(3.0f64, 2, 2.0 / 3.0), (2.0, 5, 1.0), (10.0, 3, 0.04)] {
        let sum = |q: f64| (1.0 / s + q).powi(i - 1);
        assert!((sum(1.0 / s) - printed_sum).abs() < 1e-15);
        assert!((sum(1.0 - 1.0 / s) - 1.0).abs() < 1e-15);
    }
}

/// The table of K*(τ), rounded up and not, and the share hit at 3S.
#[test]
fn the_table_of_crossovers() {
    let shares = [0.25, 0.5, 0.75, 0.95];
    let table = [
        (5, [2, 4, 7, 14], [1.29, 3.11, 6.21, 13.43], 0.965),
        (10, [3, 7, 14, 29], [2.73, 6.58, 13.16, 28.43], 0.958),
        (20, [6, 14, 28, 59], [5.61, 13.51, 27.03, 58.40], 0.954),
        (50, [15, 35, 69, 149], [14.24, 34.31, 68.62, 148.28], 0.952),
    ];
    for (s, rounded, plain, at_three) in table {
        for i in 0..4 {
            assert_eq!(boundary::requests(s, shares[i]).unwrap(), rounded[i]);
            // The exact form agrees when rows are many.
            assert_eq!(boundary::requests_on(100_000_000, s, shares[i]).unwrap(), Some(rounded[i]));
            printed(boundary::crossover(s, shares[i]).unwrap(), plain[i], 2);
        }
        let k = boundary::rule_of_thumb(s).unwrap();
        assert_eq!(k, 3 * s);
        printed(hit_fraction(s, k).unwrap(), at_three, 3);
    }
    // Ties count as reached: 1 − ½² = ¾.
    assert_eq!(boundary::requests(2, 0.75).unwrap(), 2);
    assert_eq!(boundary::requests(1, 0.99).unwrap(), 1);
    assert_eq!(boundary::requests(7, 0.0).unwrap(), 0);
    assert_eq!(boundary::requests_on(u64::MAX, 1, 0.99).unwrap(), Some(1));
}

/// The speed-ups that the combined form predicts for the published experiments, S = 20, R = 50.
#[test]
fn the_published_speed_ups() {
    for (k, predicted) in [(4, 7.86), (8, 4.23), (18, 2.24), (39, 1.42)] {
        printed(1.0 / slicing::combined(1.0, 20, 50, k).unwrap(), predicted, 2);
    }
    assert_eq!(slicing::total_epochs(51.0, 50).unwrap(), 100.0);
    // Slicing alone is worth at most 1.5, and little beyond 20 slices.
    let speed_up = |r| 1.0 / slicing::one_expected(1.0, r).unwrap();
    assert!(speed_up(20) > 1.46 && speed_up(1_000_000) < 1.5);
}
