//! Claims about minimisers: residuals, Newton's step and influence, against the retrained minimiser.

mod influence;
mod newton;
mod residual;

use super::{Case, Claim, Depth, Domain, Evidence, Outcome};
use crate::bound::newton::A_PRIORI;
use crate::bound::residual::gradient_norm;
use crate::data::{Dataset, Design, RowSet};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::Model;
use crate::numeric::interval::Interval;
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

/// `‖∇F_R(θ)‖`, and the size of what cancels in it.
fn gradient(case: &Case, theta: &DVector<f64>) -> Result<(Interval, f64)> {
    let retained = case.problem.retained(&case.forget)?;
    let hessian = retained.hessian(theta);
    let size = retained.gradient_mass(theta) + hessian.norm() * theta.norm();
    Ok((gradient_norm(&retained, theta, &hessian), size))
}

fn size(case: &Case, theta: &DVector<f64>) -> Result<f64> {
    Ok(theta.norm() + case.fit_size()?)
}

/// Newton's step from `θ`, as an interval around its length, with its linear residual and its end.
fn newton_from(case: &Case, theta: &DVector<f64>) -> Result<(Interval, f64, DVector<f64>)> {
    let s = newton_step(&case.problem.retained(&case.forget)?, theta)?;
    Ok((Interval::norm(s.step.as_slice()), s.linear_residual, theta + s.step))
}

/// How far a computed solution of `A_R θ = …` and the computed minimiser may be apart when the exact
/// ones agree.
fn solution_allowance(case: &Case, linear_residual: f64) -> Result<f64> {
    let mu = case.retained_constants()?.strong_convexity;
    if mu <= 0.0 {
        return Err(Error::Hypothesis { theorem: A_PRIORI, why: format!("μ = {mu}") });
    }
    Ok((linear_residual + case.refit()?.residual_bound()) / mu + 4.0 * f64::EPSILON * case.fit_size()?)
}
