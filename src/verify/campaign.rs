//! Runs one claim over many cases and sums up what was found.

use super::picture::{Picture, picture};
use super::strategy;
use crate::claim::{Case, Claim, Evidence, Outcome, Verdict};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::time::Instant;

/// What a campaign found about one claim on one kind of data.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The claim's name.
    pub claim: &'static str,
    /// `generated`, or the data set's name.
    pub data: String,
    /// The verdict over all cases.
    pub verdict: Verdict,
    /// Cases in which both sides were compared.
    pub cases: usize,
    /// Compared cases left open by rounding, also with more precise retraining.
    pub undecided: usize,
    /// Compared cases that only more precise retraining decided.
    pub tightened: usize,
    /// Cases outside the claim's hypotheses.
    pub not_applicable: usize,
    /// Largest `measured/bound`.
    pub worst_ratio: f64,
    /// Median `measured/bound`.
    pub median_ratio: f64,
    /// Every `measured/bound`, increasing.
    pub ratios: Vec<f64>,
    /// The smallest counterexample found, when the claim is refuted.
    pub counterexample: Option<Counterexample>,
    /// Cases that could not be evaluated, with the first reason.
    pub failed: Option<(usize, String)>,
    /// Time spent.
    pub seconds: f64,
}

/// A case that violates the claim, with both sides.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// The case, printed in full.
    pub case: serde_json::Value,
    /// Both sides on it.
    pub evidence: Evidence,
    /// Its runs or minimisers, when it has one or two parameters.
    pub picture: Option<Picture>,
}

impl Counterexample {
    /// Numbers a reader has to look at: features of all rows, and steps.
    fn size(&self) -> usize {
        let length = |v: &serde_json::Value| v.as_array().map_or(0, Vec::len);
        let rows = &self.case["rows"];
        length(rows) * length(&rows[0]["x"]) + length(&self.case["steps"])
    }
}

/// Sums up comparisons as they come.
#[derive(Default)]
struct Tally {
    compared: usize,
    ratios: Vec<f64>,
    undecided: usize,
    tightened: usize,
    refuted: usize,
    not_applicable: usize,
    failed: Option<(usize, String)>,
    counterexample: Option<Counterexample>,
}

impl Tally {
    /// Checks the claim on a case; what stays open is checked again with more precise retraining. Returns the
    /// evidence if it refutes the claim.
    fn record(&mut self, claim: &Claim, case: &Case) -> Option<Evidence> {
        let open = |outcome: &crate::error::Result<Outcome>| matches!(outcome, Ok(Outcome::Compared(e)) if e.verdict() == Verdict::Undecided);
        let mut outcome = (claim.check)(case);
        if open(&outcome) {
            outcome = (claim.check)(&case.tightened());
            self.tightened += usize::from(!open(&outcome));
        }
        match outcome {
            Ok(Outcome::NotApplicable(_)) => self.not_applicable += 1,
            Err(e) => {
                let first = self.failed.take();
                self.failed = Some(first.map_or((1, e.to_string()), |(n, why)| (n + 1, why)));
            }
            Ok(Outcome::Compared(e)) => {
                self.compared += 1;
                self.ratios.extend(e.ratio());
                match e.verdict() {
                    Verdict::Holds => {}
                    Verdict::Undecided => self.undecided += 1,
                    Verdict::Refuted => {
                        self.refuted += 1;
                        return Some(e);
                    }
                }
            }
        }
        None
    }

    fn finish(mut self, claim: &Claim, data: String, begun: Instant) -> Finding {
        self.ratios.sort_by(f64::total_cmp);
        let verdict = if self.refuted > 0 {
            Verdict::Refuted
        } else if self.compared == 0 || self.undecided > 0 || self.failed.is_some() {
            Verdict::Undecided
        } else {
            Verdict::Holds
        };
        Finding {
            claim: claim.id,
            data,
            verdict,
            cases: self.compared,
            undecided: self.undecided,
            tightened: self.tightened,
            not_applicable: self.not_applicable,
            worst_ratio: self.ratios.last().copied().unwrap_or(0.0),
            median_ratio: self.ratios.get(self.ratios.len() / 2).copied().unwrap_or(0.0),
            ratios: self.ratios,
            counterexample: self.counterexample,
            failed: self.failed,
            seconds: begun.elapsed().as_secs_f64(),
        }
    }
}

/// Draws `cases` problems from the claim's domain, after its hand-made ones, and shrinks the first
/// refutation that was drawn. The same seed gives the same finding.
pub fn on_generated(claim: &Claim, cases: usize, seed: u64, mut progress: impl FnMut()) -> Finding {
    let begun = Instant::now();
    let mut tally = Tally::default();
    for case in (claim.directed)() {
        if let Some(evidence) = tally.record(claim, &case) {
            tally.counterexample.get_or_insert(Counterexample {
                case: describe(&case),
                evidence,
                picture: picture(claim, &case),
            });
        }
    }
    let strategy = strategy::cases(claim.domain);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng(claim.id, seed));
    let mut shrunk = false;
    for _ in 0..cases {
        let mut tree = strategy.new_tree(&mut runner).expect("the strategy rejects nothing");
        let evidence = tally.record(claim, &tree.current());
        if evidence.is_some() && !shrunk {
            shrunk = true;
            let found = shrink(claim, &mut tree);
            // A hand-made case is kept unless the drawn one became smaller still.
            if tally.counterexample.as_ref().is_none_or(|c| found.size() < c.size()) {
                tally.counterexample = Some(found);
            }
        }
        progress();
    }
    tally.finish(claim, "generated".into(), begun)
}

/// Checks the claim on given cases of one data set.
pub fn on_cases<'c>(
    claim: &Claim,
    data: &str,
    cases: impl Iterator<Item = &'c Case>,
    mut progress: impl FnMut(),
) -> Finding {
    let begun = Instant::now();
    let mut tally = Tally::default();
    for case in cases {
        if let Some(evidence) = tally.record(claim, case) {
            // There is nothing to shrink: show the case that violates the claim most.
            let worse = tally.counterexample.as_ref().is_none_or(|c| {
                c.evidence.ratio().unwrap_or(0.0) < evidence.ratio().unwrap_or(f64::INFINITY)
            });
            if worse {
                tally.counterexample =
                    Some(Counterexample { case: summarise(case), evidence, picture: picture(claim, case) });
            }
        }
        progress();
    }
    tally.finish(claim, data.into(), begun)
}

/// Simplifies while the claim stays refuted. Bounded, so that a stubborn case cannot hang the run.
fn shrink(claim: &Claim, tree: &mut impl ValueTree<Value = std::rc::Rc<Case>>) -> Counterexample {
    const MOST_ATTEMPTS: usize = 4000;
    let refuted = |case: &Case| match (claim.check)(case) {
        Ok(Outcome::Compared(e)) if e.verdict() == Verdict::Refuted => Some(e),
        _ => None,
    };
    let mut best = tree.current();
    let mut evidence = refuted(&best).expect("shrinking starts from a refuted case");
    let mut attempts = 0;
    let mut moved = tree.simplify();
    while moved && attempts < MOST_ATTEMPTS {
        attempts += 1;
        let candidate = tree.current();
        moved = match refuted(&candidate) {
            Some(e) => {
                best = candidate;
                evidence = e;
                tree.simplify()
            }
            None => tree.complicate(),
        };
    }
    Counterexample { case: describe(&best), evidence, picture: picture(claim, &best) }
}

/// A generator that depends on the claim and the seed only, so that claims can run in any order.
fn rng(id: &str, seed: u64) -> TestRng {
    let mut bytes = [0u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    for (i, b) in id.bytes().enumerate() {
        let at = 8 + i % 24;
        bytes[at] = bytes[at].wrapping_mul(31).wrapping_add(b);
    }
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// The whole case as JSON: enough to rebuild it by hand.
pub fn describe(case: &Case) -> serde_json::Value {
    let p = &case.problem;
    let mut dense = vec![0.0; p.data().cols()];
    let rows: Vec<serde_json::Value> = (0..p.rows())
        .map(|i| {
            p.data().design().row(i).write_dense(&mut dense);
            serde_json::json!({ "x": dense, "y": p.target()[i] })
        })
        .collect();
    let mut value = summarise(case);
    let steps: Vec<serde_json::Value> =
        case.plan.steps.iter().map(|s| serde_json::json!({ "rows": s.rows, "eta": s.eta })).collect();
    value["rows"] = rows.into();
    value["mask"] = p.mask().flags().iter().map(|&b| u8::from(b)).collect::<Vec<_>>().into();
    value["forget"] = case.forget.rows().into();
    value["start"] = case.start.as_slice().into();
    value["steps"] = steps.into();
    if let Some(b) = p.perturbation() {
        value["perturbation"] = b.as_slice().into();
    }
    value
}

/// The case without its rows: for real data, which the reader has.
pub fn summarise(case: &Case) -> serde_json::Value {
    let p = &case.problem;
    serde_json::json!({
        "origin": case.origin,
        "label": case.label,
        "widths": p.model().widths(),
        "activation": p.model().activation().name(),
        "loss": p.model().loss().name(),
        "bias": p.model().has_bias(),
        "ridge": p.ridge(),
        "reduction": match p.reduction() {
            crate::objective::Reduction::Mean => "mean",
            crate::objective::Reduction::Sum => "sum",
        },
        "active": p.active(),
        "parameters": p.model().parameters(),
        "forgotten": case.forget.len(),
        "step_count": case.plan.len(),
        "momentum": case.plan.momentum,
        "weight_decay": case.plan.weight_decay,
        "normalisation": match case.normalisation {
            crate::train::coupling::Normalisation::Fixed => "fixed",
            crate::train::coupling::Normalisation::Renormalised => "renormalised",
        },
    })
}
