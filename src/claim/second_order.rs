//! Claims about minimisers: residuals, Newton's step and influence, against the retrained minimiser.

mod influence;
mod newton;
mod residual;

use super::{Case, Claim, Depth, Domain, Evidence, Outcome};
use crate::bound::residual::{difference, gradient_norm, linear_residual};
use crate::data::{Dataset, Design, RowSet};
use crate::error::Result;
use crate::loss::Loss;
use crate::model::Model;
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::objective::enclosed::Enclosed;
use crate::objective::{Problem, Reduction};
use crate::train::coupling::Normalisation;
use crate::train::plan::Plan;
use crate::unlearn::newton::newton_step;
use nalgebra::DVector;

const CONVEX: Domain = Domain {
    losses: &Loss::ALL,
    depth: Depth::Linear,
    masks: true,
    momentum: false,
    run: false,
    wide: false,
};
const QUADRATIC: Domain = Domain { losses: &[Loss::Squared], ..CONVEX };
const SMOOTH: Domain = Domain { losses: &[Loss::Logistic, Loss::Softmax], ..CONVEX };

/// The claims of this module.
pub fn claims() -> Vec<Claim> {
    [residual::claims(), newton::claims(), influence::claims()].concat()
}

/// Ten rows `x = 1`, λ = 1, targets 0 except the one that is forgotten, 11. Summed: `θ_o = 1`,
/// `θ_r = 0`, and influence ends at 1/11: deleting 10 % leaves 9.1 % of the displacement. (Under the
/// mean the two Hessians coincide here, so influence happens to be exact.)
fn tenth_deleted(reduction: Reduction) -> Case {
    let design = Design::dense(10, 1, vec![1.0; 10]).expect("sizes agree");
    let target = (0..10).map(|i| if i == 0 { 11.0 } else { 0.0 }).collect();
    let data = Dataset::new("tenth", design, target).expect("finite numbers");
    let model = Model::linear(1, 1, Loss::Squared, false).expect("valid widths");
    let problem = Problem::new(data.into(), model, 1.0).expect("sizes agree").with_reduction(reduction);
    let forget = RowSet::new(10, vec![0]).expect("row 0 exists");
    let plan = Plan::new(Vec::new(), 0.0, 0.0).expect("no step, nothing to refuse");
    Case::new("directed", problem, forget, plan, DVector::zeros(1), Normalisation::Fixed)
        .labelled("ten rows x = 1, one forgotten")
}

/// The points at which claims about any `θ` are tried: the trained parameters and an arbitrary start.
fn points(case: &Case) -> Result<[DVector<f64>; 2]> {
    Ok([case.fit()?.theta.clone(), case.start.clone()])
}

/// Compares at every point and keeps the worst.
fn at_points(case: &Case, check: impl Fn(&DVector<f64>) -> Result<Evidence>) -> Result<Outcome> {
    let mut worst: Option<Evidence> = None;
    for theta in points(case)? {
        let e = check(&theta)?;
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("there are two points")))
}

/// The objective on the rows kept, for enclosures.
fn rows_kept(case: &Case) -> Enclosed<'_> {
    Enclosed::retained(&case.problem, &case.forget)
}

/// `‖∇F_R(θ)‖`.
fn gradient(case: &Case, theta: &DVector<f64>) -> Interval {
    gradient_norm(&rows_kept(case), theta)
}

/// The size of what cancels in `∇F_R(θ)`.
fn gradient_size(case: &Case, theta: &DVector<f64>) -> Result<f64> {
    let retained = case.problem.retained(&case.forget)?;
    Ok(retained.gradient_mass(theta) + case.retained_constants()?.smoothness * theta.norm())
}

fn size(case: &Case, theta: &DVector<f64>) -> Result<f64> {
    Ok(theta.norm() + case.fit_size()?)
}

/// A step between two vectors of floats, taken as exact: what a solver returned is judged by its residual.
struct Step {
    /// `‖Δ‖`, `Δ = end − θ`.
    length: Interval,
    /// `ρ ≥ ‖HΔ + ∇F_R(θ)‖`.
    rho: f64,
    /// `θ + Δ`.
    end: DVector<f64>,
}

/// Newton's step from `θ` on the rows kept.
fn newton_from(case: &Case, theta: &DVector<f64>) -> Result<Step> {
    let end = theta + newton_step(&case.problem.retained(&case.forget)?, theta)?.0;
    let rho = linear_residual(&rows_kept(case), &rows_kept(case), theta, &end);
    Ok(Step { length: norm(&difference(&end, theta)), rho, end })
}

/// `ρ/μ` for the factor `μ` of the matrix that was to be inverted: how far a step is from the exact one.
fn off_by(rho: f64, mu: f64) -> f64 {
    if mu > 0.0 { (Interval::point(rho) / Interval::point(mu)).hi() } else { f64::INFINITY }
}
