//! Many runs at once that share the data and the grid of batches: retrainings without different forget sets, with
//! different weight decays, step sizes or starts.
//!
//! For linear models with one output on dense rows. Models are the inner index, eight to a chunk: one pass over a row's
//! features serves eight models, whose eight inner products fill the registers that a single one leaves waiting. Every
//! model sees the operations of [`super::stepper::Stepper`] in the same order, so the result is that of the runs one
//! by one, number for number (a zero may differ in its sign).

use super::coupling::Normalisation;
use super::plan::Plan;
use super::sgd::{check_rows, retrain_final};
use crate::data::{Row, RowSet};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Arithmetic, Chunk, Number, Vectorised};
use crate::numeric::training_functions::sigmoid;
use crate::objective::Problem;
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
    let batch = plan.steps.iter().map(|s| s.rows.len()).max().unwrap_or(0);
    let mut ends = Vec::with_capacity(runs.len());
    for group in runs.chunks(8 * BLOCKS) {
        let mut together = Together::new(problem, group, batch);
        for (k, step) in plan.steps.iter().enumerate() {
            together.weigh_rows(&step.rows, step.eta, normalisation);
            Kernel::best().run(Advance { problem, rows: &step.rows, together: &mut together });
            // What is not finite stays so.
            let looks = (k + 1) % 64 == 0 || k + 1 == plan.len();
            if looks && !together.theta.iter().all(|c| c.0.iter().all(|v| v.is_finite())) {
                return Err(Error::NotConverged {
                    what: "stochastic gradient descent (a parameter overflowed; use a smaller step size)",
                    iterations: k + 1,
                    residual: f64::INFINITY,
                    target: f64::MAX,
                });
            }
        }
        ends.extend((0..group.len()).map(|m| together.end(m)));
    }
    Ok(ends)
}

/// Chunks of models that go together: 32 models with 64 parameters fill 16 KiB.
const BLOCKS: usize = 4;

struct Together {
    /// `k` chunks per block of eight models: parameter `j` of the block's models is chunk `j`.
    theta: Vec<Chunk>,
    next: Vec<Chunk>,
    parameters: usize,
    blocks: usize,
    /// Bit `m` of row `i`: model `m` forgets it.
    forgotten: Vec<u32>,
    decay: Vec<Chunk>,
    rate: Vec<Chunk>,
    /// `1 − ηγ` of the step.
    keep: Vec<Chunk>,
    /// `−η/d` of the step where a model keeps the row, else 0; the batch's rows, block by block.
    factor: Vec<Chunk>,
}

impl Together {
    fn new(problem: &Problem, runs: &[Run<'_>], batch: usize) -> Together {
        let (parameters, blocks) = (problem.active(), runs.len().div_ceil(8));
        let mut theta = vec![Chunk::ZERO; parameters * blocks];
        let mut forgotten = vec![0; problem.rows()];
        let (mut decay, mut rate) = (vec![Chunk::ZERO; blocks], vec![Chunk::ZERO; blocks]);
        for (m, run) in runs.iter().enumerate() {
            for (j, v) in run.start.iter().enumerate() {
                theta[m / 8 * parameters + j].0[m % 8] = *v;
            }
            decay[m / 8].0[m % 8] = run.weight_decay;
            rate[m / 8].0[m % 8] = run.rate;
            run.forget.iter().flat_map(|f| f.rows()).for_each(|&i| forgotten[i] |= 1 << m);
        }
        Together {
            next: theta.clone(),
            theta,
            parameters,
            blocks,
            forgotten,
            decay,
            rate,
            keep: vec![Chunk::ZERO; blocks],
            factor: vec![Chunk::ZERO; blocks * batch],
        }
    }

    /// What the step needs to know about its rows and sizes.
    fn weigh_rows(&mut self, rows: &[usize], eta: f64, normalisation: Normalisation) {
        for b in 0..self.blocks {
            for m in 0..8 {
                let bit = 1_u32 << (8 * b + m);
                let eta = eta * self.rate[b].0[m];
                self.keep[b].0[m] = 1.0 - eta * self.decay[b].0[m];
                let divisor = match normalisation {
                    Normalisation::Fixed => rows.len(),
                    Normalisation::Renormalised => {
                        rows.iter().filter(|&&i| self.forgotten[i] & bit == 0).count().max(1)
                    }
                };
                let factor = -(eta * (1.0 / divisor as f64));
                for (r, &i) in rows.iter().enumerate() {
                    let kept = self.forgotten[i] & bit == 0;
                    self.factor[r * self.blocks + b].0[m] = if kept { factor } else { 0.0 };
                }
            }
        }
    }

    fn end(&self, m: usize) -> DVector<f64> {
        DVector::from_fn(self.parameters, |j, _| self.theta[m / 8 * self.parameters + j].0[m % 8])
    }
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

struct Advance<'a> {
    problem: &'a Problem,
    rows: &'a [usize],
    together: &'a mut Together,
}

impl Vectorised for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Advance { problem, rows, together } = self;
        let Together { theta, next, parameters, blocks, keep, factor, .. } = together;
        let (n, logistic) = (*parameters, problem.model().loss() == Loss::Logistic);
        for b in 0..*blocks {
            let (theta, next) = (&mut theta[b * n..][..n], &mut next[b * n..][..n]);
            for (r, &i) in rows.iter().enumerate() {
                let Row::Dense(x) = problem.data().design().row(i) else {
                    unreachable!("checked: rows are dense")
                };
                let z = outputs::<A>(x, theta);
                let slope = if logistic {
                    let sign = Chunk::all(if problem.target()[i] > 0.5 { -1.0 } else { 1.0 });
                    sign.times(sigmoid::<A, Chunk>(sign.times(z)).0)
                } else {
                    z.minus(Chunk::all(problem.target()[i]))
                };
                // A forgotten row must not count, even where its output overflows.
                let factor = factor[r * *blocks + b];
                let mut seen = Chunk::ZERO;
                for m in 0..8 {
                    seen.0[m] = if factor.0[m] == 0.0 { 0.0 } else { slope.0[m] };
                }
                let s = factor.times(seen);
                // The first row scales the parameters on its way; gradients of later rows need the old ones.
                let from = if r == 0 { keep[b] } else { Chunk::all(1.0) };
                if rows.len() == 1 {
                    for (w, x) in theta.iter_mut().zip(x) {
                        *w = s.mul_add::<A>(Chunk::all(*x), from.times(*w));
                    }
                } else {
                    for (j, x) in x.iter().enumerate() {
                        let old = if r == 0 { theta[j] } else { next[j] };
                        next[j] = s.mul_add::<A>(Chunk::all(*x), from.times(old));
                    }
                }
                if n > x.len() {
                    let old = if r == 0 { theta[n - 1] } else { next[n - 1] };
                    let bias = factor.mul_add::<A>(seen, from.times(old));
                    if rows.len() == 1 { theta[n - 1] = bias } else { next[n - 1] = bias }
                }
            }
            if rows.len() > 1 {
                theta.copy_from_slice(next);
            }
        }
    }
}

/// The outputs of eight models: eight partial sums each, added in the order of [`Chunk::sum`], then the bias.
#[inline(always)]
fn outputs<A: Arithmetic>(x: &[f64], theta: &[Chunk]) -> Chunk {
    let mut s = [Chunk::ZERO; 8];
    let (whole, rest) = x.as_chunks::<8>();
    let (groups, last) = theta[..x.len()].as_chunks::<8>();
    for (x, w) in whole.iter().zip(groups) {
        for l in 0..8 {
            s[l] = w[l].mul_add::<A>(Chunk::all(x[l]), s[l]);
        }
    }
    for (l, (x, w)) in rest.iter().zip(last).enumerate() {
        s[l] = w.mul_add::<A>(Chunk::all(*x), s[l]);
    }
    let even = s[0].plus(s[4]).plus(s[2].plus(s[6]));
    let odd = s[1].plus(s[5]).plus(s[3].plus(s[7]));
    let z = even.plus(odd);
    if theta.len() > x.len() { theta[x.len()].plus(z) } else { z }
}
