//! Descent–ascent in the model where its optimum is known: it moves away from retraining.

use super::identities::LEAST_SQUARES;
use super::{Case, Claim, Evidence, Outcome, Verdict};
use crate::error::Result;
use crate::neighbour::ascent::Control;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let source = "Mavrothalassitis et al. 2025 (arXiv 2509.26427); formulas partly lost in the text read, derived here again";
    vec![
        Claim {
            id: "ascent-order",
            title: "descent–ascent moves away from retraining",
            statement: "w^DA ≤ w^D ≤ w^R for |F|²/(|R|(|F|+|D|)) ≤ α ≤ |F|/|R|; w^R = W(|R_j|/(λ|R|)), w^D = \
                        W((1+α)|R_j|/(λ|D|)), w^DA = W((1−α|R|/|F|)|R_j|/(λ|R|)), exponential loss on |R_j| rows kept and \
                        α|R_j| forgotten",
            source,
            theorem: None,
            item: "neighbour::ascent::Control",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| ordered(case, |alpha, _| alpha),
            directed: Vec::new,
        },
        Claim {
            id: "ascent-distance",
            title: "how far forgetting moves the exponential model",
            statement: "|w^D − w^R| ≤ |ln((1+α)|R|/|D|)| for 0 ≤ α ≤ |F|/|R|, in the model of ascent-order",
            source,
            theorem: None,
            item: "neighbour::ascent::Control",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: distance,
            directed: Vec::new,
        },
    ]
}

/// Shares of the range that are looked at.
const SHARES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// The control with the case's numbers of rows and its ridge.
fn control(case: &Case, alpha: f64) -> Control {
    let forgotten = case.forget.len();
    let kept = case.problem.rows() - forgotten;
    Control { kept, kept_alike: kept.div_ceil(2), forgotten, alpha, ridge: case.problem.ridge() }
}

/// Are the optima in order over the range of `α`, changed by a function of `α` and the least one?
///
/// # Errors
/// As [`Control::check`].
pub fn ordered(case: &Case, change: fn(f64, f64) -> f64) -> Result<Outcome> {
    if case.problem.ridge() == 0.0 {
        return Ok(Outcome::NotApplicable("without a ridge the optima are at infinity".into()));
    }
    let (from, to) = Control::range(case.problem.rows() - case.forget.len(), case.forget.len());
    let mut worst: Option<Evidence> = None;
    for share in SHARES {
        let alpha = (from.hi() + share * (to.lo() - from.hi())).min(to.lo());
        let w = control(case, change(alpha, from.hi())).enclosed()?;
        let size = w.retrained.mid();
        let first = Evidence::inequality(w.ascended, w.trained, size);
        let e = first.worse(Evidence::inequality(w.trained, w.retrained, size));
        worst = Some(worst.map_or(e, |worst| worst.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("five shares")))
}

fn distance(case: &Case) -> Result<Outcome> {
    if case.problem.ridge() == 0.0 {
        return Ok(Outcome::NotApplicable("without a ridge the optima are at infinity".into()));
    }
    let (_, to) = Control::range(case.problem.rows() - case.forget.len(), case.forget.len());
    let mut worst: Option<Evidence> = None;
    for share in SHARES {
        let control = control(case, share * to.lo());
        let w = control.enclosed()?;
        let moved = (w.trained - w.retrained).abs();
        let e = Evidence::inequality(moved, control.distance_bound(), w.retrained.mid());
        worst = Some(worst.map_or(e, |worst| worst.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("five shares")))
}
