//! The checkers of identities notice a wrong formula.

use super::QUADRATIC;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use unlearn::claim::direct::{batches_missed, rows_missed};
use unlearn::claim::{Case, Domain, Outcome, Verdict};
use unlearn::error::Result;
use unlearn::verify::strategy;

#[test]
fn half_of_what_is_missed_is_noticed() {
    type Check = fn(&Case, f64) -> Result<Outcome>;
    let checks: [(&str, Check); 2] =
        [("subtraction-quadratic", rows_missed), ("amnesiac-quadratic", batches_missed)];
    for (claim, check) in checks {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let drawn = strategy::cases(Domain { momentum: false, ..QUADRATIC });
        let mut noticed = 0;
        for _ in 0..100 {
            let case = drawn.new_tree(&mut runner).expect("nothing is rejected").current();
            let verdict = |share: f64| match check(&case, share) {
                Ok(Outcome::Compared(e)) => Some(e.verdict()),
                _ => None,
            };
            assert_ne!(verdict(1.0), Some(Verdict::Refuted), "{claim}");
            noticed += usize::from(verdict(0.5) == Some(Verdict::Refuted));
        }
        assert!(noticed > 20, "{claim}: {noticed} of 100");
    }
}
