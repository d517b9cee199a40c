//! Runs claims over generated and real data on several threads and sums the findings up per claim.
//!
//! A campaign is one claim on one kind of data. Campaigns do not influence each other (each has its
//! own generator, and what cases share is computed the same whoever asks first), so the findings are
//! the same whatever the number of threads.

use super::campaign::{self, Finding};
use super::real::{Suite, covers};
use crate::claim::{Case, Claim, Verdict};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What to run.
#[derive(Clone, Copy)]
pub struct Schedule<'a> {
    /// The claims, in the order of the result.
    pub claims: &'a [Claim],
    /// Problems to draw per claim, besides its hand-made ones; `None` leaves generated data out.
    pub generated: Option<usize>,
    /// Cases on real data.
    pub suites: &'a [Suite],
    /// Seed of the generated problems.
    pub seed: u64,
    /// Threads; 0 counts as 1.
    pub jobs: usize,
}

/// Everything found about one claim.
#[derive(Clone)]
pub struct Summary {
    /// The claim.
    pub claim: Claim,
    /// One finding per kind of data that the claim speaks about: `generated` first, then the suites.
    pub findings: Vec<Finding>,
    /// Was it checked on generated data? Hand-made counterexamples are tried only there.
    pub generated: bool,
}

/// How a claim's verdict compares with what an honest check must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The expected verdict came out.
    AsExpected,
    /// The claim should hold, nothing refutes it, but rounding or a failed case leaves it open. Or it
    /// should be refuted, and was not on the only data it was checked on, which was not generated.
    Open,
    /// A claim that should hold was refuted, or an expected refutation did not happen.
    Unexpected,
}

impl Summary {
    /// The verdict over all data: refuted anywhere is refuted; otherwise undecided anywhere, or
    /// nowhere compared, is undecided.
    pub fn verdict(&self) -> Verdict {
        let spoke = |f: &&Finding| f.cases > 0 || f.failed.is_some();
        let verdicts: Vec<Verdict> = self.findings.iter().filter(spoke).map(|f| f.verdict).collect();
        if verdicts.contains(&Verdict::Refuted) {
            Verdict::Refuted
        } else if verdicts.is_empty() || verdicts.contains(&Verdict::Undecided) {
            Verdict::Undecided
        } else {
            Verdict::Holds
        }
    }

    /// The verdict against the expectation.
    pub fn standing(&self) -> Standing {
        match (self.claim.expected, self.verdict()) {
            (expected, found) if expected == found => Standing::AsExpected,
            (Verdict::Holds, Verdict::Undecided) => Standing::Open,
            (Verdict::Refuted, _) if !self.generated => Standing::Open,
            _ => Standing::Unexpected,
        }
    }
}

/// One claim on one kind of data.
#[derive(Clone, Copy)]
enum Campaign<'a> {
    Generated(&'a Claim, usize),
    Real(&'a Claim, &'a Suite),
}

impl Campaign<'_> {
    fn claim(&self) -> &Claim {
        match self {
            Campaign::Generated(claim, _) | Campaign::Real(claim, _) => claim,
        }
    }

    /// Cases, which is how often the progress callback is called.
    fn len(&self) -> usize {
        match self {
            Campaign::Generated(_, cases) => *cases,
            Campaign::Real(claim, suite) => covered(claim, suite).count(),
        }
    }

    fn run(&self, seed: u64, progress: &(dyn Fn(&Claim) + Sync)) -> Finding {
        let tick = || progress(self.claim());
        match self {
            Campaign::Generated(claim, cases) => campaign::on_generated(claim, *cases, seed, tick),
            Campaign::Real(claim, suite) => {
                campaign::on_cases(claim, suite.name, covered(claim, suite), tick)
            }
        }
    }
}

fn covered<'s>(claim: &Claim, suite: &'s Suite) -> impl Iterator<Item = &'s Case> + use<'s> {
    let domain = claim.domain;
    suite.cases.iter().filter(move |case| covers(&domain, case))
}

impl<'a> Schedule<'a> {
    /// Does the schedule hold data that the claim speaks about?
    pub fn covers(&self, claim: &Claim) -> bool {
        self.generated.is_some() || self.suites.iter().any(|suite| covered(claim, suite).next().is_some())
    }

    /// How many cases [`Schedule::run`] will report to its callback.
    pub fn cases(&self) -> usize {
        self.campaigns().iter().map(Campaign::len).sum()
    }

    /// Runs everything. `progress` is called after every case, from any of the threads.
    ///
    /// ```
    /// use unlearn::verify::schedule::{Schedule, Standing};
    /// let claims = unlearn::claim::all();
    /// let plan = Schedule { claims: &claims[..1], generated: Some(5), suites: &[], seed: 1, jobs: 2 };
    /// let summaries = plan.run(&|_| {});
    /// assert_eq!(summaries[0].findings[0].data, "generated");
    /// assert_ne!(summaries[0].standing(), Standing::Unexpected);
    /// ```
    pub fn run(&self, progress: &(dyn Fn(&Claim) + Sync)) -> Vec<Summary> {
        let campaigns = self.campaigns();
        let found: Vec<OnceLock<Finding>> = campaigns.iter().map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(i) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < campaigns.len()) {
                // Every index is taken once, so the cell is empty.
                let _ = found[i].set(campaigns[i].run(self.seed, progress));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.jobs.min(campaigns.len()) {
                scope.spawn(|| {
                    let _busy = crate::numeric::threads::busy();
                    work();
                });
            }
            work();
        });
        let mut found = found.into_iter().map(|cell| cell.into_inner().expect("every campaign has run"));
        self.claims
            .iter()
            .map(|claim| {
                let findings = found.by_ref().take(self.campaigns_of(claim).count()).collect();
                Summary { claim: *claim, findings, generated: self.generated.is_some() }
            })
            .collect()
    }

    fn campaigns(&self) -> Vec<Campaign<'a>> {
        self.claims.iter().flat_map(|claim| self.campaigns_of(claim)).collect()
    }

    fn campaigns_of(&self, claim: &'a Claim) -> impl Iterator<Item = Campaign<'a>> + use<'a> {
        let generated = self.generated.map(|cases| Campaign::Generated(claim, cases));
        let real = self.suites.iter().filter(|suite| covered(claim, suite).next().is_some());
        generated.into_iter().chain(real.map(move |suite| Campaign::Real(claim, suite)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(verdict: Verdict, cases: usize) -> Finding {
        Finding {
            claim: "c",
            data: "d".into(),
            verdict,
            cases,
            undecided: 0,
            tightened: 0,
            not_applicable: 0,
            worst_ratio: 0.0,
            median_ratio: 0.0,
            ratios: Vec::new(),
            counterexample: None,
            failed: None,
            seconds: 0.0,
        }
    }

    fn standing(expected: Verdict, findings: Vec<Finding>) -> Standing {
        let claim = Claim { expected, ..crate::claim::all()[0] };
        Summary { claim, findings, generated: true }.standing()
    }

    #[test]
    fn one_refutation_decides_and_silence_does_not_count() {
        use Verdict::{Holds, Refuted, Undecided};
        let silent = || finding(Undecided, 0);
        assert_eq!(standing(Holds, vec![finding(Holds, 3), silent()]), Standing::AsExpected);
        assert_eq!(standing(Holds, vec![silent()]), Standing::Open);
        assert_eq!(standing(Holds, vec![finding(Holds, 3), finding(Undecided, 1)]), Standing::Open);
        assert_eq!(standing(Holds, vec![finding(Undecided, 3), finding(Refuted, 1)]), Standing::Unexpected);
        assert_eq!(standing(Refuted, vec![finding(Holds, 3), finding(Refuted, 1)]), Standing::AsExpected);
        assert_eq!(standing(Refuted, vec![finding(Holds, 3)]), Standing::Unexpected);
        assert_eq!(standing(Refuted, vec![finding(Undecided, 3)]), Standing::Unexpected);
    }

    #[test]
    fn the_number_of_threads_changes_nothing_and_every_case_is_reported() {
        let claims = crate::claim::all();
        let run = |jobs| {
            let ticks = AtomicUsize::new(0);
            let plan = Schedule { claims: &claims, generated: Some(6), suites: &[], seed: 3, jobs };
            let summaries = plan.run(&|_| {
                ticks.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(ticks.into_inner(), plan.cases());
            let texts = summaries.into_iter().map(|s| {
                let findings = s.findings.into_iter().map(|f| format!("{:?}", Finding { seconds: 0.0, ..f }));
                (s.claim.id, findings.collect::<Vec<_>>())
            });
            texts.collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(3));
    }
}
