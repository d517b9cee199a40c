//! The cases on real data: WDBC and digits, dense and pruned.

use crate::claim::{Case, Depth, Domain};
use crate::data::{Amount, Dataset, Forget, RowSet, Split, Standardizer, builtin};
use crate::error::Result;
use crate::loss::Loss;
use crate::mask::Mask;
use crate::model::{Activation, Model};
use crate::objective::Problem;
use crate::train::coupling::Normalisation;
use crate::train::newton::minimise;
use crate::train::plan::{Batches, Plan, Schedule};
use nalgebra::DVector;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// The cases of one data set.
#[derive(Debug)]
pub struct Suite {
    /// The data set's name.
    pub name: &'static str,
    /// Its cases; expensive results inside them are computed on first use and shared by all claims.
    pub cases: Vec<Case>,
}

/// λ of every case: strong enough for a well-conditioned fit, weak enough that the data decide.
const RIDGE: f64 = 0.01;

/// The share of parameters pruned, per model.
const SPARSITIES: [f64; 4] = [0.0, 0.5, 0.8, 0.95];

/// The suites on WDBC and digits for a seed: 5 % of the training rows are forgotten at random; a tenth
/// is held out.
///
/// Masks keep the largest parameters of the dense fit on *all* training rows, so they depend on the
/// forgotten rows too: "retrained" here means retrained given the mask.
///
/// # Errors
/// Whatever a dense fit raises; on the embedded data nothing does.
pub fn suites(seed: u64) -> Result<Vec<Suite>> {
    Ok(vec![Suite { name: "wdbc", cases: wdbc(seed)? }, Suite { name: "digits", cases: digits(seed)? }])
}

/// Does a claim over this domain speak about the case?
pub fn covers(domain: &Domain, case: &Case) -> bool {
    let model = case.problem.model();
    domain.losses.contains(&model.loss())
        && match domain.depth {
            Depth::Linear => model.is_linear(),
            Depth::Hidden => !model.is_linear(),
            Depth::Any => true,
        }
        && (domain.masks || case.problem.mask().is_full())
        && (domain.momentum || case.plan.momentum == 0.0)
        && (!domain.wide || case.problem.rows() <= case.problem.active())
}

fn wdbc(seed: u64) -> Result<Vec<Case>> {
    let (data, forget) = prepare("wdbc", seed)?;
    let epochs = Run { size: 16, epochs: 2, rate: 0.01, momentum: 0.0, seed };
    let mut cases = linear(&data, &forget, Loss::Logistic, &SPARSITIES, epochs)?;
    cases.extend(linear(&data, &forget, Loss::Squared, &[0.0, 0.8], epochs)?);
    let heavy = Run { momentum: 0.5, ..epochs };
    cases.extend(linear(&data, &forget, Loss::Logistic, &[0.5], heavy)?);
    let model = Model::new(vec![data.cols(), 3, 1], Activation::Tanh, Loss::Logistic, true)?;
    let problem = Problem::new(data, model, RIDGE)?;
    let start = random_start(&problem, seed);
    // Local constants of a network are large; few small steps keep its bound finite and meaningful.
    let run = Run { size: 64, epochs: 1, rate: 0.01, ..epochs };
    let plan = run.plan(&problem)?;
    cases.push(
        Case::new("wdbc", problem, forget, plan, start, Normalisation::Fixed)
            .labelled("mlp 30-3-1 tanh logistic"),
    );
    Ok(cases)
}

fn digits(seed: u64) -> Result<Vec<Case>> {
    let (data, forget) = prepare("digits", seed)?;
    linear(
        &data,
        &forget,
        Loss::Softmax,
        &SPARSITIES,
        Run { size: 32, epochs: 1, rate: 0.01, momentum: 0.0, seed },
    )
}

/// A standardised training set (fitted on the training rows alone) and what is to be forgotten of it.
fn prepare(name: &str, seed: u64) -> Result<(Arc<Dataset>, RowSet)> {
    let data = builtin::load(name)?;
    let split = Split::draw(&data, Amount::Fraction(0.1), &Forget::Random(Amount::Fraction(0.05)), seed)?;
    let data = Standardizer::fit(&data, split.train())?.apply(&data)?;
    let (train, forget) = split.training_data(&data)?;
    Ok((train.into(), forget))
}

#[derive(Clone, Copy)]
struct Run {
    size: usize,
    epochs: usize,
    rate: f64,
    momentum: f64,
    seed: u64,
}

impl Run {
    fn plan(self, problem: &Problem) -> Result<Plan> {
        let batches = Batches { rows: problem.rows(), size: self.size, epochs: self.epochs, seed: self.seed };
        Plan::shuffled(batches, Schedule::Constant { rate: self.rate }, self.momentum, problem.ridge())
    }
}

/// Linear models of one loss at several sparsities.
fn linear(
    data: &Arc<Dataset>,
    forget: &RowSet,
    loss: Loss,
    sparsities: &[f64],
    run: Run,
) -> Result<Vec<Case>> {
    let (_, outputs) = loss.targets(data.target())?;
    let dense = Problem::new(data.clone(), Model::linear(data.cols(), outputs, loss, true)?, RIDGE)?;
    let fit = minimise(&dense.full(), DVector::zeros(dense.active()))?;
    let mut cases = Vec::new();
    for &sparsity in sparsities {
        let d = dense.model().parameters();
        let keep = (((1.0 - sparsity) * d as f64).round() as usize).max(1);
        let problem = dense.clone().with_mask(Mask::magnitude(fit.theta.as_slice(), keep)?)?;
        let plan = run.plan(&problem)?;
        let start = DVector::zeros(problem.active());
        let heavy = if run.momentum > 0.0 { ", momentum" } else { "" };
        let label = format!("linear {loss}, {:.0} % pruned{heavy}", 100.0 * sparsity);
        cases.push(
            Case::new(data.name.clone(), problem, forget.clone(), plan, start, Normalisation::Fixed)
                .labelled(label),
        );
    }
    Ok(cases)
}

/// Entries uniform in ±1/√fan-in of the first layer, as PyTorch initialises `nn.Linear`.
fn random_start(problem: &Problem, seed: u64) -> DVector<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let bound = 1.0 / (problem.model().inputs() as f64).sqrt();
    DVector::from_fn(problem.active(), |_, _| rng.random_range(-bound..bound))
}
