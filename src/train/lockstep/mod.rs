//! Many runs at once that share the data and the grid of batches: retrainings without different forget sets, with
//! different weight decays, step sizes or starts.
//!
//! For linear models with one output on dense rows. Models are the inner index, eight to a chunk: one pass over a row's
//! features serves eight models, whose eight inner products fill the registers that a single one leaves waiting. Every
//! model sees the operations of [`super::stepper::Stepper`] in the same order, so the result is that of the runs one
//! by one, number for number (a zero may differ in its sign).

mod group;

use super::coupling::Normalisation;
use super::plan::Plan;
use super::sgd::{LOOK, check_rows, retrain_final};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::gram::Kernel;
use crate::objective::Problem;
use group::{Advance, Group, MODELS};
use nalgebra::DVector;

/// One of the runs.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    /// Where it starts: the `k` kept parameters.
    pub start: DVector<f64>,
    /// Rows that are excised from every batch.
    pub forget: Option<&'a RowSet>,
    /// Weight decay `γ`.
    pub weight_decay: f64,
    /// The step sizes of the plan are multiplied by it.
    pub rate: f64,
}

/// Can these runs go in lock-step? One output, every input read, dense rows, no momentum and no perturbation.
///
/// The fallback of [`retrain`] for everything else is one run after the other.
pub fn applies(problem: &Problem, plan: &Plan) -> bool {
    let model = problem.model();
    model.is_linear()
        && model.outputs() == 1
        && problem.mask().is_full()
        && !problem.data().design().is_sparse()
        && plan.momentum == 0.0
        && problem.perturbation().is_none()
}

/// Runs the plan's batches and step sizes (times `rate`) for every run; the plan's own weight decay is not looked at.
/// The last points, in the order of the runs.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem};
/// use unlearn::train::{coupling::Normalisation, lockstep::{Run, train}, plan::{Plan, Step}};
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![2.0, 4.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
/// let plan = Plan::new(vec![Step { rows: vec![0, 1], eta: 0.5 }], 0.0, 0.0).unwrap();
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let run = |forget, rate| Run { start: nalgebra::dvector![0.0], forget, weight_decay: 0.0, rate };
/// let runs = [run(None, 1.0), run(Some(&forget), 1.0), run(None, 2.0)];
/// let ends = train(&problem, &plan, &runs, Normalisation::Renormalised).unwrap();
/// assert_eq!(ends.iter().map(|e| e[0]).collect::<Vec<_>>(), [1.5, 1.0, 3.0]);
/// ```
///
/// # Errors
/// [`Error::Invalid`] when [`applies`] says no, for a rate that is not positive and finite, a weight decay that is negative
/// or not finite, or a batch with a row that does not exist; [`Error::Shape`] for a start of another length; as
/// [`Problem::check_forget`]; [`Error::NotConverged`] when a run overflows.
pub fn train(
    problem: &Problem,
    plan: &Plan,
    runs: &[Run<'_>],
    normalisation: Normalisation,
) -> Result<Vec<DVector<f64>>> {
    train_with_kernel(problem, plan, runs, normalisation, Kernel::best())
}

/// As [`train`] with the kernel given: what [`super::stepper::Stepper::with_kernel`] gives one by one.
///
/// # Errors
/// As [`train`].
pub fn train_with_kernel(
    problem: &Problem,
    plan: &Plan,
    runs: &[Run<'_>],
    normalisation: Normalisation,
    kernel: Kernel,
) -> Result<Vec<DVector<f64>>> {
    if !applies(problem, plan) {
        return Err(Error::Invalid(
            "lock-step needs a linear model with one output, unpruned, dense rows, no momentum and no perturbation; \
             run the plans one by one"
                .into(),
        ));
    }
    check_rows(problem, plan)?;
    for run in runs {
        Error::check_shape("starting parameters", problem.active(), run.start.len())?;
        if !(run.rate > 0.0 && run.rate.is_finite()) {
            return Err(Error::Invalid(format!("rate {}: it must be positive and finite", run.rate)));
        }
        if !(run.weight_decay >= 0.0 && run.weight_decay.is_finite()) {
            return Err(Error::Invalid(format!("weight decay {}: it must be 0 or larger", run.weight_decay)));
        }
        run.forget.map_or(Ok(()), |forget| problem.check_forget(forget))?;
    }
    let mut ends = Vec::with_capacity(runs.len());
    for runs in runs.chunks(MODELS) {
        let mut group = Group::new(problem, runs);
        let mut done = 0;
        for steps in plan.steps.chunks(LOOK) {
            kernel.run(Advance { problem, steps, normalisation, group: &mut group });
            done += steps.len();
            if !group.is_finite() {
                return Err(Error::NotConverged {
                    what: "stochastic gradient descent (a parameter overflowed; use a smaller step size)",
                    iterations: done,
                    residual: f64::INFINITY,
                    target: f64::MAX,
                });
            }
        }
        ends.extend((0..runs.len()).map(|m| group.end(m)));
    }
    Ok(ends)
}

/// The last points of coupled retraining without each of the forget sets, all from `start`: in lock-step where
/// [`applies`], otherwise one after the other. Either way what [`super::sgd::retrain_final`] gives.
///
/// # Errors
/// As [`super::sgd::retrain`].
pub fn retrain(
    problem: &Problem,
    plan: &Plan,
    start: &DVector<f64>,
    forgets: &[RowSet],
    normalisation: Normalisation,
) -> Result<Vec<DVector<f64>>> {
    if !applies(problem, plan) {
        let one = |forget| retrain_final(problem, plan, start.clone(), forget, normalisation);
        return forgets.iter().map(one).collect();
    }
    let run = |forget| Run {
        start: start.clone(),
        forget: Some(forget),
        weight_decay: plan.weight_decay,
        rate: 1.0,
    };
    train(problem, plan, &forgets.iter().map(run).collect::<Vec<_>>(), normalisation)
}
