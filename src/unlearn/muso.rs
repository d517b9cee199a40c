//! MUSO's idea for any linear model: give the forgotten rows the labels that the retrained model gives them, and train
//! on all rows.
//!
//! For `Σ w ℓ(f(x; θ), y) + (λ/2)‖θ‖²` the retrained `θ_r` stays stationary when rows `(x_u, y′_u)` are added with
//! `∂ℓ/∂f(f_{θ_r}(x_u), y′_u) = 0`: `y′ = f_{θ_r}(x)` for squared loss, the *soft* label `σ(f_{θ_r}(x))` for logistic and
//! softmax loss. With strict convexity `θ_r` is then the minimiser, from any start (derived here; for random features
//! and descent to interpolation Yang et al. 2024, arXiv 2410.08557, theorem text not read: [`crate::neighbour::muso`]). Two
//! things break it: hard (argmax) labels, and a mean over all `n` rows with unchanged λ. The rows kept
//! must keep the weight `w` that they have in retraining: `1/|R|` under the mean, which is a mean over `n` rows with
//! `λ|R|/n`.
//!
//! A row with a soft label `p` is one copy per class with weight `w·p_c`. The labels need `θ_r`; this method takes them
//! after Newton steps on the rows kept, which is exact for squared loss. So it is no faster than [`super::newton`]: the theorem
//! is about existence.

use super::newton::newton_step;
use super::{Cost, Request, Trained, Unlearned, Unlearner, evidence, settings};
use crate::data::{Dataset, RowSet};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::scalar::{sigmoid, softmax};
use crate::objective::{Problem, Reduction};
use crate::train::flops;
use crate::train::newton::minimise;
use nalgebra::{DMatrix, DVector};
use std::time::Instant;

/// Which labels forgotten rows get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labels {
    /// Probabilities (outputs, for squared loss): exact.
    Soft,
    /// The most probable class: not exact.
    Hard,
}

/// The method.
#[derive(Debug, Clone, Copy)]
pub struct Muso {
    /// Soft or hard labels.
    pub labels: Labels,
    /// Newton steps on the rows kept before the labels are read off, at least one.
    pub steps: usize,
}

impl Default for Muso {
    /// Soft labels after one step.
    fn default() -> Muso {
        Muso { labels: Labels::Soft, steps: 1 }
    }
}

/// A problem with the forgotten rows relabelled, and the weight of each of its rows.
#[derive(Debug, Clone)]
pub struct Relabelled {
    /// Rows in their order; a forgotten row of a classifier once per class.
    pub problem: Problem,
    /// For [`Problem::weighted`].
    pub weights: Vec<f64>,
}

/// Relabels the forgotten rows by outputs of a model at them, classes × forgotten rows. Rows kept have their weight
/// in retraining.
///
/// ```
/// use unlearn::data::{Dataset, Design, RowSet};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
/// use unlearn::unlearn::muso::{Labels, relabel};
/// // Mean of ½(θ−1)² and ½θ² is least at ½, the retrained model; its output on the row (1, 3) is ½.
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
/// let forget = RowSet::new(2, vec![1]).unwrap();
/// let new = relabel(&problem, &forget, &nalgebra::dmatrix![0.5], Labels::Soft).unwrap();
/// let fit = minimise(&new.problem.weighted(new.weights).unwrap(), nalgebra::dvector![9.0]).unwrap();
/// assert!((fit.theta[0] - 0.5).abs() < 1e-15); // (θ−1) + (θ−½) + θ = 0
/// ```
///
/// # Errors
/// [`Error::Shape`] when the outputs do not fit, [`Error::Data`] when one is not finite, [`Error::Invalid`] for hard labels
/// of squared loss; as [`Problem::check_forget`].
pub fn relabel(
    problem: &Problem,
    forget: &RowSet,
    outputs: &DMatrix<f64>,
    labels: Labels,
) -> Result<Relabelled> {
    problem.check_forget(forget)?;
    let loss = problem.model().loss();
    Error::check_shape("outputs per row", problem.model().outputs(), outputs.nrows())?;
    Error::check_shape("outputs (one column per forgotten row)", forget.len(), outputs.ncols())?;
    if outputs.iter().any(|v| !v.is_finite()) {
        return Err(Error::Data("an output of a forgotten row is not finite".into()));
    }
    if loss == Loss::Squared && labels == Labels::Hard {
        return Err(Error::Invalid(
            "squared loss has no classes, hence no hard labels; use labels soft".into(),
        ));
    }
    let w = match problem.reduction() {
        Reduction::Mean => 1.0 / (problem.rows() - forget.len()) as f64,
        Reduction::Sum => 1.0,
    };
    let (mut rows, mut target, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    let mut next = 0;
    for i in 0..problem.rows() {
        let given = if forget.contains(i) {
            next += 1;
            soft(loss, outputs.column(next - 1).as_slice(), labels)
        } else {
            vec![(problem.target()[i], 1.0)]
        };
        for (y, share) in given {
            rows.push(i);
            target.push(y);
            weights.push(w * share);
        }
    }
    let design = problem.data().design().select(&rows);
    let data = Dataset::new(problem.data().name.clone(), design, target)?;
    let mut changed = Problem::new(data.into(), problem.model().clone(), problem.ridge())?
        .with_reduction(problem.reduction())
        .with_mask(problem.mask().clone())?;
    if let Some(b) = problem.perturbation() {
        changed = changed.with_perturbation(b.clone())?;
    }
    Ok(Relabelled { problem: changed, weights })
}

/// Labels with their shares.
fn soft(loss: Loss, z: &[f64], labels: Labels) -> Vec<(f64, f64)> {
    if labels == Labels::Hard {
        return vec![(loss.predict(z), 1.0)];
    }
    match loss {
        Loss::Squared => vec![(z[0], 1.0)],
        Loss::Logistic => vec![(0.0, sigmoid(-z[0])), (1.0, sigmoid(z[0]))],
        Loss::Softmax => {
            let mut p = vec![0.0; z.len()];
            softmax(z, &mut p);
            p.into_iter().enumerate().map(|(c, p)| (c as f64, p)).collect()
        }
    }
}

/// The outputs of a model at named rows, classes × rows. Panics when a row does not exist.
pub fn outputs_at(problem: &Problem, theta: &DVector<f64>, rows: &[usize]) -> DMatrix<f64> {
    let net = problem.network();
    let mut ws = net.workspace();
    let mut out = DMatrix::zeros(net.outputs(), rows.len());
    for (&i, mut column) in rows.iter().zip(out.column_iter_mut()) {
        column.copy_from_slice(net.forward(theta.as_slice(), problem.data().design().row(i), &mut ws));
    }
    out
}

/// Newton steps on the rows kept from the trained minimiser of a linear model: what stands for the retrained model.
pub(super) fn ahead(request: &Request<'_>, method: &'static str, steps: usize) -> Result<DVector<f64>> {
    request.check()?;
    if !request.problem.model().is_linear() {
        return Err(Error::Invalid(format!(
            "{method} is for linear models; the library has MUSO's alternation (neighbour::head) and oracle matching \
             (unlearn::oracle_matching::match_outputs) for networks"
        )));
    }
    let Trained::Minimiser(fit) = request.trained else {
        return Err(Error::Invalid(format!(
            "{method} starts from a minimiser; for a recorded run use recollection"
        )));
    };
    if steps == 0 {
        return Err(Error::Invalid("steps 0: the labels need at least one Newton step".into()));
    }
    let retained = request.problem.retained(request.forget)?;
    let mut theta = fit.theta.clone();
    for _ in 0..steps {
        theta += newton_step(&retained, &theta)?.0;
    }
    if theta.iter().any(|v| !v.is_finite()) {
        return Err(Error::Data("the Newton step overflows; standardise the data or raise the ridge".into()));
    }
    Ok(theta)
}

impl Unlearner for Muso {
    fn name(&self) -> &'static str {
        "muso"
    }

    /// Cost: two visits of every row kept per Newton step, two of every relabelled row per iteration of the new training.
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let begun = Instant::now();
        let guide = ahead(request, self.name(), self.steps)?;
        let outputs = outputs_at(request.problem, &guide, request.forget.rows());
        let new = relabel(request.problem, request.forget, &outputs, self.labels)?;
        let fit = minimise(&new.problem.weighted(new.weights)?, request.trained.theta().clone())?;
        let (kept, k) = (request.problem.rows() - request.forget.len(), fit.theta.len());
        let (steps, iterations, rows) = (self.steps as f64, fit.iterations as f64, new.problem.rows());
        let cost = Cost {
            row_visits: 2.0 * (steps * kept as f64 + iterations * rows as f64),
            flops: steps * flops::newton(kept, k) + iterations * flops::newton(rows, k),
            seconds: begun.elapsed().as_secs_f64(),
        };
        let guarantee = evidence::of_any(request, &fit.theta)?;
        Ok(Unlearned { theta: fit.theta, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let labels = if self.labels == Labels::Soft { "soft" } else { "hard" };
        vec![("labels", labels.into()), ("steps", self.steps.to_string())]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match (name, value) {
            ("labels", "soft") => self.labels = Labels::Soft,
            ("labels", "hard") => self.labels = Labels::Hard,
            ("labels", _) => {
                return Err(Error::Invalid(format!("labels '{value}': choose soft or hard")));
            }
            ("steps", _) => match settings::count(name, value, 1)? {
                steps if steps > 1000 => {
                    return Err(Error::Invalid(format!("steps {steps}: at most 1000")));
                }
                steps => self.steps = steps,
            },
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}
