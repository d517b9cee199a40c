//! G1: the three optima of the ascent control, their order, and how far they are apart.

use proptest::prelude::*;
use unlearn::neighbour::ascent::Control;

/// The root of `w ↦ λw − c·e^{−w}`, which increases, by bisection: no code in common with Lambert's function.
fn root(c: f64, ridge: f64) -> f64 {
    let (mut lo, mut hi) = (0.0_f64, (c / ridge).max(1.0));
    for _ in 0..200 {
        let mid = 0.5 * (lo + hi);
        if ridge * mid > c * (-mid).exp() { hi = mid } else { lo = mid }
    }
    0.5 * (lo + hi)
}

proptest! {
    #[test]
    fn optima_are_roots_in_order(
        kept in 1usize..1000, alike in 1usize..1000, forgotten in 1usize..1000, e in -20..6i32, share in 0.0..=1.0f64,
    ) {
        let alike = alike.min(kept);
        let (from, to) = Control::range(kept, forgotten);
        let alpha = (from.hi() + share * (to.lo() - from.hi())).min(to.lo());
        let c = Control { kept, kept_alike: alike, forgotten, alpha, ridge: 2.0_f64.powi(e) };
        let (w, enclosed) = (c.optima().unwrap(), c.enclosed().unwrap());
        // Mean losses, written from the definition.
        let [r, rj, f] = [kept, alike, forgotten].map(|n| n as f64);
        let coefficients = [rj / r, (rj + alpha * rj) / (r + f), (rj / r - alpha * rj / f).max(0.0)];
        for ((w, enclosed), c_j) in [w.retrained, w.trained, w.ascended]
            .into_iter()
            .zip([enclosed.retrained, enclosed.trained, enclosed.ascended])
            .zip(coefficients)
        {
            let found = root(c_j, c.ridge);
            prop_assert!((w - found).abs() <= 1e-10 * found.max(1.0), "{w} {found}");
            prop_assert!(enclosed.lo() <= w * (1.0 + 1e-14) && w * (1.0 - 1e-14) <= enclosed.hi());
        }
        prop_assert!(w.ascended <= w.trained * (1.0 + 1e-12) && w.trained <= w.retrained * (1.0 + 1e-12));
        prop_assert!((w.trained - w.retrained).abs() <= c.distance_bound().hi() + 1e-12 * w.retrained);
    }
}

/// Below the range ascent helps, above it nothing is claimed: the range is sharp.
#[test]
fn below_the_range_the_order_turns() {
    let (from, to) = Control::range(10, 4);
    let at = |alpha| Control { kept: 10, kept_alike: 3, forgotten: 4, alpha, ridge: 0.1 };
    let w = at(0.9 * from.lo()).optima().unwrap();
    assert!(w.ascended > w.trained * (1.0 + 1e-6));
    assert!(at(to.hi() * 1.001).optima().is_err());
    let w = at(to.lo()).optima().unwrap();
    assert!(w.ascended < 1e-12 && (w.trained - w.retrained).abs() < 1e-12);
    for bad in [
        Control { kept_alike: 0, ..at(0.1) },
        Control { kept_alike: 11, ..at(0.1) },
        Control { forgotten: 0, ..at(0.1) },
        Control { ridge: 0.0, ..at(0.1) },
        at(-0.1),
        at(f64::NAN),
    ] {
        assert!(bad.enclosed().is_err(), "{bad:?}");
    }
}
