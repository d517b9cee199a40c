//! Guo's bounds as printed, with the factors of the row norm that they need and without.

use super::ladder::{LOGISTIC, gradient_size, newton_from};
use super::{Case, Claim, Evidence, Outcome, Verdict};
use crate::bound::guo::{self, Removal};
use crate::data::{Dataset, Design, RowSet};
use crate::error::Result;
use crate::loss::Loss;
use crate::model::Model;
use crate::numeric::interval::Interval;
use crate::objective::{Problem, Reduction};
use crate::train::coupling::Normalisation;
use crate::train::plan::Plan;
use nalgebra::DVector;

/// `γ = 1/4`, as printed for the logistic loss; the least constant is 1/(6√3).
const GAMMA: f64 = 0.25;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "guo-theorem-4",
            title: "Guo's worst case as printed, for rows of any length",
            statement: "‖∇L(w⁻; D′)‖ ≤ 4γm²C²R⁵/(λ²(n−m)); logistic, b = 0, C = 1, γ = 1/(6√3); sum of losses + (λn/2)‖w‖²",
            source: "Guo et al. 2020 (arXiv 1911.03030), Theorems 1 and 4, from two secondary sources; R⁵ added here",
            theorem: Some("Unlearn.Ladder.guo_theorem4"),
            item: "claim::ladder_guo::theorem_4",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: |case| theorem_4(case, Loss::Logistic.constants().third, true),
            directed: Vec::new,
        },
        Claim {
            id: "guo-theorem-unscaled",
            title: "Guo's worst case for rows longer than 1",
            statement: "‖∇L(w⁻; D′)‖ ≤ 4γm²C²/(λ²(n−m)) whatever ‖x‖; logistic, b = 0, C = 1, γ = 1/4; sum of losses + \
                        (λn/2)‖w‖²",
            source: "Guo et al. 2020 (arXiv 1911.03030), Theorem 4, without its hypothesis ‖x‖ ≤ 1; needs a factor R⁵",
            theorem: None,
            item: "claim::ladder_guo::theorem_4",
            expected: Verdict::Refuted,
            domain: LOGISTIC,
            check: |case| theorem_4(case, GAMMA, false),
            directed: || vec![row_instance(4.0, 8.0, &[0.0, 1.0], Reduction::Mean)],
        },
        Claim {
            id: "guo-corollary-unscaled",
            title: "Guo's data-dependent bound for rows longer than 1",
            statement: "‖∇L(w⁻; D′)‖ ≤ γ‖X‖₂‖Δ‖‖XΔ‖ whatever ‖x‖; logistic, γ = 1/4",
            source: "Guo et al. 2020 (arXiv 1911.03030), Corollaries 1 and 2, without their hypothesis ‖x‖ ≤ 1; need a \
                     factor R",
            theorem: None,
            item: "claim::ladder_guo::corollary_unscaled",
            expected: Verdict::Refuted,
            domain: LOGISTIC,
            check: corollary_unscaled,
            directed: || vec![row_instance(8.0, 16.0, &[1.0, 1.0], Reduction::Sum)],
        },
    ]
}

/// Rows `x` with the given labels, logistic loss, no bias; the last is forgotten.
pub(crate) fn row_instance(x: f64, ridge: f64, labels: &[f64], reduction: Reduction) -> Case {
    let n = labels.len();
    let design = Design::dense(n, 1, vec![x; n]).expect("sizes agree");
    let data = Dataset::new("directed", design, labels.to_vec()).expect("finite");
    let model = Model::linear(1, 1, Loss::Logistic, false).expect("one output");
    let problem = Problem::new(data.into(), model, ridge).expect("valid").with_reduction(reduction);
    let forget = RowSet::new(n, vec![n - 1]).expect("the last row exists");
    let plan = Plan::new(Vec::new(), 0.0, 0.0).expect("no step, nothing to refuse");
    Case::new("directed", problem, forget, plan, DVector::zeros(1), Normalisation::Fixed)
        .labelled(format!("{n} rows x = {x}, λ = {ridge}"))
}

/// The residual of Newton's step against Guo's Theorem 4, in the sum over the rows: for rows of any norm, or as if
/// every row had norm 1.
///
/// # Errors
/// Those of the fit and of the step.
pub fn theorem_4(case: &Case, gamma: f64, scaled: bool) -> Result<Outcome> {
    if case.problem.reduction() != Reduction::Mean {
        return Ok(Outcome::NotApplicable("Guo's ridge is proportional to the number of rows".into()));
    }
    let theta = &case.fit()?.theta;
    let (step, _) = newton_from(case, theta)?;
    let removal = Removal::new(&case.problem, &case.forget)?;
    let (m, kept) =
        (Interval::point(removal.removed as f64), Interval::point((removal.rows - removal.removed) as f64));
    let r = if scaled { removal.largest_row } else { Interval::ONE };
    let fifth = r * r.square().square();
    // A product with 4 is exact.
    let bound =
        Interval::point(4.0 * gamma) * fifth * m.square() / (Interval::point(removal.ridge).square() * kept);
    let size = gradient_size(case, theta)? * kept.hi();
    Ok(Outcome::Compared(Evidence::inequality(step.gradient_after * kept, bound, size)))
}

/// The residual of Newton's step against Guo's Corollary 2 as if every row had norm at most 1.
///
/// # Errors
/// Those of the fit and of the step.
pub fn corollary_unscaled(case: &Case) -> Result<Outcome> {
    let theta = &case.fit()?.theta;
    let (step, _) = newton_from(case, theta)?;
    let bound = Interval::point(GAMMA) * step.weight * guo::without_third(&step);
    Ok(Outcome::Compared(Evidence::inequality(step.gradient_after, bound, gradient_size(case, theta)?)))
}
