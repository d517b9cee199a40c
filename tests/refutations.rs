//! The checkers notice. Each claim that holds is weakened here, and must then be refuted: a constant is
//! halved, a term dropped, λ added twice. A checker that cannot reject these proves nothing.

use nalgebra::DVector;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::rc::Rc;
use unlearn::bound::ledger::{Ledger, Reference};
use unlearn::bound::{newton, residual};
use unlearn::claim::{self, Case, Claim, Evidence, Outcome, Verdict};
use unlearn::constants::LocalConstants;
use unlearn::numeric::interval::Interval;
use unlearn::train::newton::minimise;
use unlearn::unlearn::addback::addback;
use unlearn::verify::strategy;

fn find(id: &str) -> Claim {
    claim::all().into_iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no claim {id}"))
}

/// Cases of a claim's domain, hand-made ones first.
fn cases(claim: &Claim, count: usize) -> Vec<Rc<Case>> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = strategy::cases(claim.domain);
    let drawn = (0..count).map(|_| strategy.new_tree(&mut runner).expect("nothing is rejected").current());
    (claim.directed)().into_iter().map(Rc::new).chain(drawn).collect()
}

/// How many of the cases refute a changed version of the evidence.
fn refuted_with(id: &str, count: usize, change: impl Fn(&Case, Evidence) -> Evidence) -> usize {
    let claim = find(id);
    cases(&claim, count)
        .iter()
        .filter(|case| match (claim.check)(case) {
            Ok(Outcome::Compared(e)) => change(case, e).verdict() == Verdict::Refuted,
            _ => false,
        })
        .count()
}

/// Claims `measured ≤ bound` with a factor on the bound that the drawn cases must reject. A half
/// wherever the bound is tight enough for random data to tell; looser bounds state how loose.
const WEAKENED: &[(&str, f64)] = &[
    ("sgd-general", 0.5),
    ("sgd-convex", 0.5),
    ("sgd-strongly-convex", 0.5),
    ("sgd-sharp", 0.5),
    ("sgd-noop", 0.5),
    ("sgd-momentum", 0.5),
    ("recollection-error", 0.5),
    ("amnesiac-error", 0.5),
    ("additive-error", 0.5),
    ("fine-tuned-distance", 0.5),
    ("residual-distance", 0.5),
    ("residual-lower", 0.5),
    ("residual-loss-gap", 0.5),
    ("newton-residual", 0.5),
    ("newton-aposteriori", 0.5),
    ("newton-apriori", 0.125),
    ("newton-steps", 0.0625),
    ("influence-error", 0.5),
    ("influence-safe", 0.5),
    ("projective-not-worse", 0.5),
    ("influence-vanishes", 0.5),
    ("recompute-probability", 0.5),
    ("ladder-rows", 0.5),
    ("ladder-spectral", 0.5),
    ("ladder-data-dependent", 0.5),
    ("ladder-worst-case", 0.01),
    ("ladder-newton", 0.5),
    ("ladder-influence", 0.5),
    ("guo-perturbed-corrected", 0.01),
    ("guo-theorem-4", 0.002),
    ("removal-laplace", 0.5),
    ("removal-gaussian-small-epsilon", 0.25),
    ("chebyshev-residual", 0.5),
    ("zhang-sharper", 0.5),
    ("zhang-printed", 0.25),
    ("features-gradient", 0.5),
    ("features-first-order", 0.125),
    ("features-second-order", 0.01),
    ("planner-within", 0.01),
    ("hybrid-bound", 0.1),
    ("amended-minimiser", 0.5),
    ("amended-error", 0.1),
    ("legonet-cost", 0.5),
    ("matching-rate", 0.5),
    ("klom-cap", 0.5),
    ("ascent-order", 0.5),
    ("ascent-distance", 0.125),
    ("mask-norm", 0.5),
    ("mask-extremes", 0.5),
    ("mask-interlacing", 0.5),
];

#[test]
fn a_smaller_constant_is_noticed() {
    for &(id, factor) in WEAKENED {
        let n = refuted_with(id, 400, |_, e| e.against(e.bound * Interval::point(factor)));
        assert!(n > 0, "{id}: {factor} of the bound passes unnoticed");
    }
}

/// Nothing that holds is left out: a claim is weakened above, or it is an identity, whose bound is what counts as
/// equal (`tests/identities.rs` plants wrong formulas there).
#[test]
fn every_claim_that_holds_is_weakened_or_is_an_identity() {
    for c in claim::all().into_iter().filter(|c| c.expected == Verdict::Holds) {
        let weakened = WEAKENED.iter().any(|(id, _)| *id == c.id);
        let identity = cases(&c, 60).iter().any(|case| match (c.check)(case) {
            // An identity's bound is 10⁻⁹ of the numbers compared: at most some thousands here.
            Ok(Outcome::Compared(e)) => e.bound.hi() < 1e-5,
            _ => false,
        });
        assert!(weakened || identity, "{} is neither weakened here nor an identity", c.id);
    }
}

/// Dropping the term for reference points other than `θ_k` must be noticed.
#[test]
fn dropping_the_displacement_term_is_noticed() {
    let claim = find("sgd-general");
    let noticed = cases(&claim, 400).iter().any(|case| {
        let (Ok(run), Ok(known), Ok(coupling)) = (case.run(), case.run_enclosure(), case.coupling()) else {
            return false;
        };
        let local = LocalConstants::new(&case.problem, case.region().expect("both runs exist"));
        let mut ledger = Ledger::new(&coupling, run, known, Reference::Start, &local).expect("sizes agree");
        ledger.entries.iter_mut().for_each(|e| e.displacement = Interval::ZERO);
        let Ok(bound) = unlearn::bound::sgd::addback_error(&ledger, unlearn::bound::sgd::Regime::General)
        else {
            return false;
        };
        let theta = addback(&coupling, run, Reference::Start);
        let measured = case.distance_to_rerun(&theta).expect("both runs exist");
        let size = case.run_size().expect("both runs exist");
        Evidence::inequality(measured, bound.value, size).verdict() == Verdict::Refuted
    });
    assert!(noticed);
}

/// A gradient without its ridge is not a residual: the distance bound from it must be refuted, while the
/// bound from the whole gradient holds on every case.
#[test]
fn dropping_the_ridge_from_the_residual_is_noticed() {
    let mut noticed = false;
    for case in cases(&find("residual-distance"), 400) {
        let (Ok(fit), Ok(measured)) = (case.fit(), case.fit().and_then(|f| case.distance_to_refit(&f.theta)))
        else {
            continue;
        };
        let retained = case.problem.retained(&case.forget).expect("something is kept");
        let mu = case.retained_constants().expect("a linear model").strong_convexity;
        let size = case.fit_size().expect("both fits exist");
        let verdict = |gradient: DVector<f64>| {
            let norm = Interval::norm(gradient.as_slice()) * Interval::new(1.0 - 1e-9, 1.0 + 1e-9);
            let bound = residual::distance(norm, mu).expect("the ridge is positive");
            Evidence::inequality(measured, bound.value, size).verdict()
        };
        assert_eq!(verdict(retained.gradient(&fit.theta)), Verdict::Holds);
        noticed |= verdict(retained.risk_gradient(&fit.theta)) == Verdict::Refuted;
    }
    assert!(noticed);
}

/// Half a Newton step solves its linear system with a residual of half the gradient. With that residual the
/// bound holds; with the residual dropped it must be refuted.
#[test]
fn dropping_the_residual_of_a_linear_solve_is_noticed() {
    let mut noticed = false;
    for case in cases(&find("newton-aposteriori"), 200) {
        let Ok(fit) = case.fit() else { continue };
        let retained = case.problem.retained(&case.forget).expect("something is kept");
        let (g, h) = (retained.gradient(&fit.theta), retained.hessian(&fit.theta));
        let step = h.clone().cholesky().expect("strongly convex").solve(&g) * -0.5;
        let left = (&h * &step + &g).norm() * (1.0 + 1e-9);
        let c = case.retained_constants().expect("a linear model");
        let measured = case.distance_to_refit(&(&fit.theta + &step)).expect("the refit exists");
        let size = case.fit_size().expect("both fits exist");
        let verdict = |left: f64| {
            let length = Interval::norm(step.as_slice());
            let bound = newton::a_posteriori(length, left, c.hessian_lipschitz, c.strong_convexity);
            Evidence::inequality(measured, bound.expect("the ridge is positive").value, size).verdict()
        };
        assert_eq!(verdict(left), Verdict::Holds);
        noticed |= verdict(0.0) == Verdict::Refuted;
    }
    assert!(noticed);
}

/// Retraining with λ added twice is not retraining: the identity "Newton = retrain" must break.
#[test]
fn adding_the_ridge_twice_is_noticed() {
    let claim = find("newton-quadratic-exact");
    let noticed = cases(&claim, 100).iter().any(|case| {
        let Ok(fit) = case.fit() else { return false };
        let twice = case.problem.clone().with_ridge(2.0 * case.problem.ridge()).expect("a valid ridge");
        let objective = twice.retained(&case.forget).expect("something is kept");
        let wrong = minimise(&objective, DVector::zeros(twice.active())).expect("strongly convex");
        let right = case.refit().expect("strongly convex");
        let (step, size) = ((&wrong.theta - &right.theta).norm(), fit.theta.norm());
        step > 1e-6 * size
            && case.distance_to_refit(&wrong.theta).is_ok_and(|d| {
                Evidence::inequality(d, Interval::ZERO, case.fit_size().unwrap_or(1.0)).verdict()
                    == Verdict::Refuted
            })
    });
    assert!(noticed);
}

/// Every expected refutation has a hand-made case that shows it, so that none depends on luck.
#[test]
fn false_claims_are_refuted_by_hand() {
    for c in claim::all().into_iter().filter(|c| c.expected == Verdict::Refuted) {
        let by_hand = (c.directed)();
        assert!(!by_hand.is_empty(), "{} has no hand-made case", c.id);
        for case in &by_hand {
            match (c.check)(case) {
                Ok(Outcome::Compared(e)) => assert_eq!(e.verdict(), Verdict::Refuted, "{}: {e:?}", c.id),
                other => panic!("{}: {other:?}", c.id),
            }
        }
    }
}

/// The hand-made counterexamples give the numbers they are known for.
#[test]
fn hand_made_counterexamples_have_their_numbers() {
    let known = [
        // Error η² = ¼ against a bound of 0.
        ("prop2-return", 0.25),
        // η(1 − q³) against η²·4·(1 − q⁴).
        ("prop2-printed", (1.0 - (15.0_f64 / 16.0).powi(3)) / 16.0),
        // Sparse error η² = ¼ against a dense error of 0.
        ("prop2-sparser", 0.25),
    ];
    for (id, error) in known {
        let claim = find(id);
        let case = &(claim.directed)()[0];
        match (claim.check)(case) {
            Ok(Outcome::Compared(e)) => {
                let near = (e.measured.mid() - error).abs() < 1e-12;
                assert!(near && e.bound.hi() < 0.5 * error, "{id}: {e:?}");
            }
            other => panic!("{id}: {other:?}"),
        }
    }
    // ‖I − P‖ for two projections at angle arccos 0.6: 1.154 times what min{·, 1} allows.
    let claim = find("sgd-min-one");
    match (claim.check)(&(claim.directed)()[0]) {
        Ok(Outcome::Compared(e)) => {
            let ratio = e.ratio().expect("visible");
            assert!((ratio - 1.154).abs() < 1e-3, "{ratio}");
        }
        other => panic!("{other:?}"),
    }
}
