//! Outliers: the larger a forgotten row, the smaller its influence step, while retraining does not move.

use super::fixed::{Ends, at_most, only};
use super::identities::{LEAST_SQUARES, both};
use super::sgd::applicable;
use super::steps::MOST_ROWS;
use super::{Case, Claim, Outcome, Verdict};
use crate::error::Result;
use crate::numeric::factor::Cholesky;
use crate::numeric::tolerance::tol;
use crate::unlearn::features::features;
use nalgebra::{DMatrix, DVector};

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![Claim {
        id: "influence-vanishes",
        title: "influence steps of outliers vanish",
        statement: "x → tx, t ≥ 1: ‖A_t⁻¹g_t‖ ≤ w‖H⁻¹x‖(|y| + |xᵀθ₋|)/(t²q²), q = wxᵀH⁻¹x; least squares",
        source: "derived here; makes Izzo et al. 2021 (arXiv 2002.10077), Theorem 3, quantitative",
        theorem: None,
        item: "claim::outliers::outliers",
        expected: Verdict::Holds,
        domain: LEAST_SQUARES,
        check: |case| outliers(case, |o| Ok(Cholesky::new(o.all.clone(), "A_t")?.solve(&o.gradient))),
        directed: Vec::new,
    }]
}

/// A forgotten row whose features were multiplied by `t`.
pub struct Outlier {
    /// `A_t = H + wt²xxᵀ`.
    pub all: DMatrix<f64>,
    /// `H`: the Hessian of the other rows.
    pub others: DMatrix<f64>,
    /// `g_t = wℓ′·tx` at the minimiser on all rows.
    pub gradient: DVector<f64>,
}

/// Is the step of ever larger rows bounded as [`claims`] states for the influence step?
///
/// # Errors
/// As [`Cholesky::new`] and the step.
pub fn outliers(case: &Case, step: fn(&Outlier) -> Result<DVector<f64>>) -> Result<Outcome> {
    let p = &case.problem;
    let zero = DVector::zeros(p.active());
    let mut worst = Outcome::NotApplicable("every forgotten row is zero".into());
    for &row in case.forget.rows().iter().take(MOST_ROWS) {
        let x = features(p, &[row])?.column(0).clone_owned();
        if x.norm() == 0.0 {
            continue;
        }
        let (w, y) = (p.full().weights()[row], p.target()[row]);
        let kept = only(p, |i| i != row)?;
        let (others, right) = (kept.hessian(&zero), -kept.gradient(&zero));
        let factor = Cholesky::new(others.clone(), "the Hessian of the other rows")?;
        let (solved, z) = (factor.solve(&x), x.dot(&factor.solve(&right)));
        let q = w * x.dot(&solved);
        // Powers of two keep the scaling itself exact.
        for t in [1.0, 8.0, 64.0] {
            let outcome = applicable((|| {
                let all = &others + &x * x.transpose() * (w * t * t);
                let (ends, a) = (Ends::of(&all)?, Cholesky::new(all.clone(), "A_t")?);
                let theta = a.solve(&(&right + &x * (w * t * y)));
                let gradient = &x * (w * t * (t * x.dot(&theta) - y));
                let bound = w * solved.norm() * (y.abs() + z.abs()) / (t * t * q * q);
                // The slope is a difference of y and tx·θ, of which both round.
                let blur = w * t * a.solve(&x).norm() * (y.abs() + t * x.norm() * theta.norm());
                let left = step(&Outlier { all, others: others.clone(), gradient })?.norm();
                let allowance = tol(x.len() + p.rows(), ends.condition()) * (blur + left);
                Ok(Outcome::Compared(at_most(left, bound, allowance)))
            })())?;
            worst = both(worst, outcome)?;
        }
    }
    Ok(worst)
}
