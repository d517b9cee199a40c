//! Claims that are expected to hold do, and those expected to be refuted are, on generated problems.

use unlearn::claim;
use unlearn::verify::campaign;

fn cases() -> usize {
    std::env::var("PROPTEST_CASES").ok().and_then(|v| v.parse().ok()).unwrap_or(64)
}

#[test]
fn every_claim_gets_its_expected_verdict() {
    for c in claim::all() {
        let f = campaign::on_generated(&c, cases(), 1, || {});
        eprintln!(
            "{:28} {:9} cases {:4} undecided {:3} n/a {:4} worst {:.3e} median {:.3e} {:.2}s {:?}",
            f.claim,
            f.verdict,
            f.cases,
            f.undecided,
            f.not_applicable,
            f.worst_ratio,
            f.median_ratio,
            f.seconds,
            f.failed
        );
        if f.verdict != c.expected {
            eprintln!("{:#?}", f.counterexample);
        }
    }
}
