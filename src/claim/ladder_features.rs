//! Changing a feature of some rows instead of removing them: Warnecke et al. 2023.

use super::case::SMALLEST_SIZE;
use super::ladder::LOGISTIC;
use super::ladder_guo::row_instance;
use super::{Case, Claim, Evidence, Outcome, Verdict};
use crate::bound::audit::Certifier;
use crate::bound::warnecke::Change;
use crate::constants::{Constants, Region, kept_inputs};
use crate::data::{Dataset, Design};
use crate::error::Result;
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::objective::{Problem, Reduction};
use nalgebra::DVector;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "features-gradient",
            title: "gradient of rows whose feature changes",
            statement: "‖G‖ ≤ wγ_z M_f|Z|, G = w Σ_Z (∇ℓ(x′) − ∇ℓ(x)), γ_z = c₁ + c₂R‖θ‖; a feature of Z set to 0",
            source: "derived here; the first factor of Warnecke et al. 2023 (arXiv 2108.11577), recalled",
            theorem: Some("Unlearn.Ladder.feature_change"),
            item: "bound::warnecke::Change",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: |case| changed(case, Part::Gradient),
            directed: Vec::new,
        },
        Claim {
            id: "features-first-order",
            title: "first-order update of features",
            statement: "‖∇F′(θ − τG)‖ ≤ (1 + τL)wγ_z M_f|Z|, L the smoothness of all rows and the ridge, τ = 1/L",
            source: "derived here; corrects the recalled (1+τγn)γ_z M_f|Z| of Warnecke et al. 2023 (arXiv 2108.11577)",
            theorem: Some("Unlearn.Ladder.first_order_residual"),
            item: "bound::warnecke::Change",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: |case| changed(case, Part::FirstOrder),
            directed: Vec::new,
        },
        Claim {
            id: "features-second-order",
            title: "second-order update of features",
            statement: "‖∇F′(θ − H′⁻¹G)‖ ≤ wn(c₃/2)R³(wγ_z M_f|Z|/λ)²",
            source: "derived here; corrects the recalled γ″γ_z²M_f²|Z|²/λ² of Warnecke et al. 2023 (arXiv 2108.11577)",
            theorem: Some("Unlearn.Ladder.second_order_residual"),
            item: "bound::warnecke::Change",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: |case| changed(case, Part::SecondOrder),
            directed: Vec::new,
        },
        Claim {
            id: "warnecke-without-n",
            title: "second-order update of features without n",
            statement: "‖∇L(θ′; D′)‖ ≤ γ″γ_z²M_f²|Z|²/λ² for a sum of losses + (λ/2)‖θ‖², γ″ = 1/(6√3), \
                        times R³ for rows of norm up to R ≥ 1",
            source: "Warnecke et al. 2023 (arXiv 2108.11577), recalled, in the normalisation of its released code; one \
                     reading only",
            theorem: None,
            item: "claim::ladder_features::without_rows",
            expected: Verdict::Refuted,
            domain: LOGISTIC,
            check: without_rows,
            directed: || vec![row_instance(1.0, 60.0, &[1.0; 200], Reduction::Sum)],
        },
    ]
}

#[derive(Clone, Copy)]
enum Part {
    Gradient,
    FirstOrder,
    SecondOrder,
}

/// The problem after the first feature of the forgotten rows was set to 0, and what changed.
struct Changed {
    problem: Problem,
    change: Change,
    /// `R`.
    largest_row: Interval,
}

impl Changed {
    fn of(case: &Case) -> Result<Changed> {
        let old = &case.problem;
        let (n, d) = (old.rows(), old.data().cols());
        let mut values = vec![0.0; n * d];
        let mut most = 0.0_f64;
        for (i, row) in values.chunks_exact_mut(d).enumerate() {
            old.data().design().row(i).write_dense(row);
            if case.forget.contains(i) {
                most = most.max(row[0].abs());
                row[0] = 0.0;
            }
        }
        let data = Dataset::new("changed", Design::dense(n, d, values)?, old.target().to_vec())?;
        let problem = Problem::new(data.into(), old.model().clone(), old.ridge())?
            .with_reduction(old.reduction())
            .with_mask(old.mask().clone())?;
        let theta = &case.fit()?.theta;
        let constants = old.model().loss().constants();
        let (columns, rows, _) = kept_inputs(&old.full());
        // Setting an entry to 0 makes no row longer.
        let largest_row =
            rows.chunks_exact(columns.max(1)).map(Interval::norm).fold(Interval::ZERO, Interval::max);
        let rate = Interval::point(constants.gradient)
            + Interval::point(constants.curvature) * largest_row * Interval::norm(theta.as_slice());
        let weight = match old.reduction() {
            Reduction::Mean => Interval::ONE / Interval::point(n as f64),
            Reduction::Sum => Interval::ONE,
        };
        let change = Change { rows: case.forget.len(), features: Interval::point(most), weight, rate };
        Ok(Changed { problem, change, largest_row })
    }

    /// Newton's step on the changed data from `θ`, with enclosures of what it leaves of the gradient and of
    /// the linear system.
    fn second_order(&self, theta: &DVector<f64>) -> Result<(Interval, Interval)> {
        let full = self.problem.full();
        let factor = Cholesky::new(full.hessian(theta), "the Hessian on the changed rows")?;
        let end = theta - factor.solve(&full.gradient(theta));
        let step = Certifier::new(&self.problem, None)?.step(theta, &end)?;
        Ok((step.gradient_after, step.retained_residual))
    }
}

/// The rounded gradient at the fit belongs to `G`: it is added where the statement has 0.
fn changed(case: &Case, part: Part) -> Result<Outcome> {
    let c = Changed::of(case)?;
    let theta = &case.fit()?.theta;
    let full = c.problem.full();
    let strong = c.problem.ridge();
    let certifier = Certifier::new(&c.problem, None)?;
    let left = Certifier::new(&case.problem, None)?.step(theta, theta)?.fit_residual;
    let constants = Constants::of(&full, Region::Everywhere);
    let size = full.gradient_mass(theta) + constants.smoothness * theta.norm() + SMALLEST_SIZE;
    let here = certifier.step(theta, theta)?.gradient_after;
    let (measured, bound) = match part {
        Part::Gradient => (here, c.change.gradient().value + left),
        Part::FirstOrder => {
            let tau = 1.0 / constants.smoothness;
            let end = theta - full.gradient(theta) * tau;
            let l = Interval::point(constants.smoothness);
            let bound = c.change.first_order(Interval::point(tau), l).value;
            (certifier.step(theta, &end)?.gradient_after, bound + Interval::point(2.0) * left)
        }
        Part::SecondOrder => {
            let third = c.problem.model().loss().constants().third;
            let (measured, rho) = c.second_order(theta)?;
            let bound = c.change.second_order(c.problem.rows(), third, c.largest_row, strong).value;
            (measured, bound + rho + left)
        }
    };
    Ok(Outcome::Compared(Evidence::inequality(measured, bound, size)))
}

/// The residual of the second-order update against the recalled bound, `λ` read as in the released code.
///
/// # Errors
/// Those of the fit and of the step.
pub fn without_rows(case: &Case) -> Result<Outcome> {
    if case.problem.reduction() != Reduction::Sum {
        return Ok(Outcome::NotApplicable("the released code sums the losses".into()));
    }
    let c = Changed::of(case)?;
    let theta = &case.fit()?.theta;
    let (measured, _) = c.second_order(theta)?;
    let step = c.change.gradient().value / Interval::point(c.problem.ridge());
    let third = Interval::point(c.problem.model().loss().constants().third);
    let longest = c.largest_row.max(Interval::ONE);
    let bound = third * longest * longest.square() * step.square();
    let size = c.problem.full().gradient_mass(theta) + SMALLEST_SIZE;
    Ok(Outcome::Compared(Evidence::inequality(measured, bound, size)))
}
