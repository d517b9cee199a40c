//! KLoM between two sets of margins: its largest value, and that its direction matters.

use super::controls::instance;
use super::identities::LEAST_SQUARES;
use super::{Case, Claim, Domain, Evidence, Outcome, Verdict};
use crate::error::Result;
use crate::loss::Loss;
use crate::metric::klom::{Bins, divergence};
use crate::numeric::interval::Interval;
use crate::numeric::logarithm::log1p;
use nalgebra::DVector;

/// The paper's floor.
const FLOOR: f64 = 1e-5;
const BINS: usize = 20;
const DOMAIN: Domain = Domain { losses: &[Loss::Squared, Loss::Logistic], masks: false, ..LEAST_SQUARES };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "klom-cap",
            title: "the largest KLoM",
            statement: "Σ p ln(p/max(q, ε)) ≤ ln(1/ε), empty p contributing 0, for any histograms, in either direction; \
                        ε = 1e-5, 20 bins",
            source: "derived here; for the metric of Georgiev et al. 2024 (arXiv 2410.23232), Definition 3, which says \
                     about 12",
            theorem: None,
            item: "metric::klom::divergence",
            expected: Verdict::Holds,
            domain: DOMAIN,
            check: |case| capped(case, FLOOR),
            directed: Vec::new,
        },
        Claim {
            id: "klom-symmetric",
            title: "KLoM in the other direction",
            statement: "Σ p ln(p/max(q, ε)) = Σ q ln(q/max(p, ε)): the paper's direction and that of its benchmark's code \
                        give the same",
            source: "implied by comparing the numbers of Georgiev et al. 2024 (arXiv 2410.23232) with those of \
                     RoyRin/data-unlearning-bench; read in both",
            theorem: None,
            item: "metric::klom::divergence",
            expected: Verdict::Refuted,
            domain: DOMAIN,
            check: symmetric,
            directed: || vec![one_against_two()],
        },
    ]
}

/// Outputs 0 and 1 on the rows kept, 1 on the forgotten one.
fn one_against_two() -> Case {
    let case = instance(Loss::Squared, 1, &[0.0, 1.0, 1.0], &[0.0, 0.0, 0.0], 1.0, 1);
    let start = DVector::from_element(1, 1.0);
    Case::new(case.origin, case.problem, case.forget, case.plan, start, case.normalisation)
        .labelled("margins 0, 1 against 1")
}

/// Two sets of numbers that the case has: its outputs at the start, on the rows kept and on the forgotten ones.
fn histograms(case: &Case) -> (Vec<usize>, Vec<usize>) {
    let outputs = case.problem.full().outputs(&case.start);
    let of = |rows: &[usize]| rows.iter().map(|&i| outputs[(0, i)]).collect::<Vec<_>>();
    Bins::Range { count: BINS }.histograms(&of(&case.forget.complement()), &of(case.forget.rows()))
}

/// The divergence over the reals.
fn enclosed(first: &[usize], second: &[usize], floor: f64) -> Interval {
    let total = |h: &[usize]| Interval::point(h.iter().sum::<usize>() as f64);
    let (n, m) = (total(first), total(second));
    let term = |(&a, &b): (&usize, &usize)| {
        let (p, q) =
            (Interval::point(a as f64) / n, (Interval::point(b as f64) / m).max(Interval::point(floor)));
        p * log1p(p / q - Interval::ONE)
    };
    first.iter().zip(second).filter(|(a, _)| **a > 0).map(term).sum()
}

fn largest() -> Interval {
    log1p(Interval::ONE / Interval::point(FLOOR) - Interval::ONE)
}

/// Is the divergence with this floor at most `ln(1/ε)`, and does the library compute it?
///
/// # Errors
/// None of its own.
pub fn capped(case: &Case, floor: f64) -> Result<Outcome> {
    let (a, b) = histograms(case);
    let mut worst: Option<Evidence> = None;
    for (first, second) in [(&a, &b), (&b, &a)] {
        let exact = enclosed(first, second, floor);
        let off = (Interval::point(divergence(first, second, floor)) - exact).abs();
        let e = Evidence::inequality(exact, largest(), 1.0).worse(Evidence::identity(off, 1.0));
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("two directions")))
}

fn symmetric(case: &Case) -> Result<Outcome> {
    let (a, b) = histograms(case);
    let off = (enclosed(&a, &b, FLOOR) - enclosed(&b, &a, FLOOR)).abs();
    Ok(Outcome::Compared(Evidence::identity(off, largest().mid())))
}
