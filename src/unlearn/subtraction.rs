//! What plain subtraction misses.
//!
//! **Batches.** Let the steps `S` be skipped: `θˢ` follows the other steps from the same start. With `D_t = θ_t − θˢ_t`,
//! a step taken by both gives `D_{t+1} = (I − η_t H̄_t)D_t`, `H̄_t` the Hessian averaged between them, and a skipped one
//! `D_{t+1} = D_t + Δ_t`. Hence, with `P_t = Π_{s > t, s ∉ S} (I − η_s H̄_s)`,
//!
//! `θˢ_T − (θ_T − Σ_{t ∈ S} Δ_t) = Σ_{t ∈ S} (I − P_t) Δ_t`,
//!
//! which for quadratics is known from the run alone, and vanishes for a suffix (`P_t = I`) or a linear loss.
//!
//! **Rows.** With `c_t = η_t drop_t(θ_t)` and the product over all later steps, with the retained Hessians, adding back
//! gives `θ_T + Σ c_t − θ′_T = Σ_t (I − P_t) c_t` for quadratics: adding back minus recollection.
//!
//! Neither needs small steps. Derived here; without momentum for batches, with any for rows.

use super::addback::addback;
use super::check_run;
use super::recollection::recollect;
use crate::bound::ledger::Reference;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::plan::Plan;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;

/// The plan without the steps whose batch holds a forgotten row.
///
/// # Errors
/// None: what is left of a valid plan is one.
pub fn skipping(plan: &Plan, forget: &RowSet) -> Result<Plan> {
    let kept = plan.steps.iter().filter(|s| !s.rows.iter().any(|&i| forget.contains(i)));
    Plan::new(kept.cloned().collect(), plan.momentum, plan.weight_decay)
}

/// `Σ_{t ∈ S} (I − P_t) Δ_t`, `S` the steps that hold a forgotten row and Hessians taken on the recorded run: the skipping
/// run minus the amnesiac result, exactly for quadratics and to first order otherwise.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem};
/// use unlearn::train::{plan::{Plan, Step}, sgd};
/// use unlearn::unlearn::subtraction::missed_by_batches;
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![2.0, 0.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
/// // θ = 0, 1, ½; without the first step 0. Subtracting Δ = 1 gives −½: ½ is missed, (1 − ½)·1.
/// let steps = vec![Step { rows: vec![0], eta: 0.5 }, Step { rows: vec![1], eta: 0.5 }];
/// let plan = Plan::new(steps, 0.0, 0.0).unwrap();
/// let run = sgd::train(&problem, &plan, nalgebra::dvector![0.0]).unwrap();
/// let missed = missed_by_batches(&problem, &plan, &run, &RowSet::new(2, vec![0]).unwrap()).unwrap();
/// assert_eq!(missed[0], 0.5);
/// ```
///
/// # Errors
/// [`Error::Shape`] or [`Error::Invalid`] when problem, plan, run and forget set do not belong together or the run used
/// momentum.
pub fn missed_by_batches(
    problem: &Problem,
    plan: &Plan,
    run: &Trajectory,
    forget: &RowSet,
) -> Result<DVector<f64>> {
    check_run(problem, plan, run)?;
    if plan.momentum != 0.0 {
        let why = format!(
            "momentum {}: a skipped step changes later velocities too; only 0 is covered",
            plan.momentum
        );
        return Err(Error::Invalid(why));
    }
    let coupling = Coupling::new(problem, plan, forget, Normalisation::Fixed)?;
    let mut subtracted: DVector<f64> = DVector::zeros(problem.active());
    let mut carried = subtracted.clone();
    for (t, step) in plan.steps.iter().enumerate() {
        if coupling.touches(t) {
            let change = &run.points[t + 1] - &run.points[t];
            subtracted += &change;
            carried += change;
        } else if carried.iter().any(|v| *v != 0.0) {
            // No forgotten row in it: the retained part is the whole batch.
            let bent = coupling.keep_hvp(t, &run.points[t], &carried);
            carried.axpy(-step.eta, &bent, 1.0);
        }
    }
    Ok(subtracted - carried)
}

/// `Σ_t (I − P_t) c_t`: what adding recorded gradients back misses, exactly for quadratics and to first order otherwise.
pub fn missed_by_rows(coupling: &Coupling<'_>, run: &Trajectory) -> DVector<f64> {
    let carried = recollect(coupling, run);
    addback(coupling, run, Reference::Recorded) - run.last() - &carried[carried.len() - 1]
}
