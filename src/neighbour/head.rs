//! MUSO's alternation for networks (Yang et al. 2024, arXiv 2410.08557; read in the code of October 2024): labels from the
//! linear theorem applied to the last layer, as if its features were fixed. An approximation: nothing is guaranteed.
//!
//! `z` are the features below the last layer, with a 1 for the bias, `W_0` its initial and `W_p` its trained parameters. Each
//! pass, on a random share of the rows kept,
//!
//! `Π = Z_rᵀ(Z_r Z_rᵀ + εI)⁻¹Z_r`, `ŷ_u = argmax z_u[Π(W_p − W_0) + W_0 + W_p] − z_u^{(p)}W_p`,
//!
//! `z^{(p)}` the features of the trained network; then one epoch on all rows, the forgotten ones with `ŷ_u`.
//! A later version of the code evaluates `(εI + εZZᵀ)⁻¹` in Woodbury's identity and so multiplies `Π` by about `1/ε`; this is
//! the version before, through `Π = (Z_rᵀZ_r + εI)⁻¹Z_rᵀZ_r`. The code trains with Adam; here it is the momentum descent
//! of [`crate::train::epochs`].

use crate::data::{Dataset, RowSet};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::Coordinate;
use crate::numeric::factor::Cholesky;
use crate::objective::Problem;
use crate::train::epochs::{self, Direction, State};
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The epochs, one per pass.
    pub run: epochs::Settings,
    /// Share of the rows kept that `Π` is made from, in (0, 1]; 0.2 in the code.
    pub share: f64,
    /// `ε > 0`; 1e-8 in the code.
    pub epsilon: f64,
}

/// What the alternation ends with.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternated {
    /// The kept parameters.
    pub theta: DVector<f64>,
    /// The labels of the forgotten rows in every pass.
    pub labels: Vec<Vec<f64>>,
    /// Rows visited.
    pub visits: usize,
}

/// Alternates labels and parameters from the trained network; `initial` are the parameters training began with.
///
/// # Errors
/// [`Error::Invalid`] for a model without hidden layers or with another loss than softmax, and settings outside their domains;
/// [`Error::Shape`] when the parameters do not fit; as [`Problem::check_forget`] and [`epochs::Settings::advance`].
pub fn alternate(
    problem: &Problem,
    initial: &DVector<f64>,
    trained: &DVector<f64>,
    forget: &RowSet,
    settings: &Settings,
) -> Result<Alternated> {
    problem.check_forget(forget)?;
    settings.run.check()?;
    if problem.model().is_linear() || problem.model().loss() != Loss::Softmax {
        return Err(Error::Invalid(
            "the alternation is for networks with hidden layers and softmax loss; linear models have exact labels \
             (method muso)"
                .into(),
        ));
    }
    Error::check_shape("initial parameters", problem.active(), initial.len())?;
    Error::check_shape("trained parameters", problem.active(), trained.len())?;
    if !(settings.share > 0.0
        && settings.share <= 1.0
        && settings.epsilon > 0.0
        && settings.epsilon.is_finite())
    {
        return Err(Error::Invalid(format!(
            "share {} and ε {}: the first in (0, 1], the second positive and finite",
            settings.share, settings.epsilon
        )));
    }
    let (first, last) = (head(problem, initial), head(problem, trained));
    let before = features(problem, trained, forget.rows()).tr_mul(&last);
    let kept = forget.complement();
    let sampled = ((settings.share * kept.len() as f64).ceil() as usize).clamp(1, kept.len());
    let all: Vec<usize> = (0..problem.rows()).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(settings.run.seed);
    let (mut state, mut labels, mut visits) = (State::start(trained.clone()), Vec::new(), 0);
    for pass in 0..settings.run.epochs {
        let mut rows = kept.clone();
        rows.shuffle(&mut rng);
        rows.truncate(sampled);
        let projected =
            project(&features(problem, &state.theta, &rows), &(&last - &first), settings.epsilon)?;
        let logits =
            features(problem, &state.theta, forget.rows()).tr_mul(&(projected + &first + &last)) - &before;
        let chosen: Vec<f64> =
            logits.row_iter().map(|z| Loss::Softmax.predict(z.transpose().as_slice())).collect();
        let relabelled = relabel(problem, forget, &chosen)?;
        state = settings.run.advance(&relabelled, &all, Direction::Descent, |_| 0.0, state, pass + 1)?;
        visits += sampled + forget.len() + all.len();
        labels.push(chosen);
    }
    Ok(Alternated { theta: state.theta, labels, visits })
}

/// `Π V = (ZZᵀ + εI)⁻¹ZZᵀV` for features as columns of `Z`: the projection onto their span up to `ε`.
///
/// ```
/// use nalgebra::dmatrix;
/// // One row (2, 0): Π = diag(4/(4 + ε), 0).
/// let p = unlearn::neighbour::head::project(&dmatrix![2.0; 0.0], &dmatrix![1.0; 1.0], 1e-8).unwrap();
/// assert!((p - dmatrix![4.0 / (4.0 + 1e-8); 0.0]).norm() < 1e-15);
/// ```
///
/// # Errors
/// [`Error::Indefinite`] when `epsilon` vanishes beside the features.
pub fn project(z: &DMatrix<f64>, v: &DMatrix<f64>, epsilon: f64) -> Result<DMatrix<f64>> {
    let gram = z * z.transpose();
    let right = &gram * v;
    let mut a = gram;
    (0..a.nrows()).for_each(|j| a[(j, j)] += epsilon);
    Ok(Cholesky::new(a, "Z_rᵀZ_r + εI of the last layer's features (raise ε)")?.solve_matrix(&right))
}

/// The last layer as a matrix, features (bias last) × classes; zeros at pruned places.
fn head(problem: &Problem, theta: &DVector<f64>) -> DMatrix<f64> {
    let (model, full) = (problem.model(), problem.mask().embed(theta));
    let layer = model.layers() - 1;
    let width = model.widths()[layer];
    DMatrix::from_fn(width + usize::from(model.has_bias()), model.outputs(), |i, unit| {
        full[model.index(Coordinate { layer, unit, input: (i < width).then_some(i) })]
    })
}

/// What the last layer reads of each row, a 1 for the bias last; one column per row.
fn features(problem: &Problem, theta: &DVector<f64>, rows: &[usize]) -> DMatrix<f64> {
    let net = problem.network();
    let mut ws = net.workspace();
    let below = problem.model().layers() - 2;
    let width = problem.model().widths()[below + 1];
    let mut z = DMatrix::from_element(width + usize::from(problem.model().has_bias()), rows.len(), 1.0);
    for (&i, mut column) in rows.iter().zip(z.column_iter_mut()) {
        net.forward(theta.as_slice(), problem.data().design().row(i), &mut ws);
        column.iter_mut().zip(&ws.a[below]).for_each(|(z, a)| *z = *a);
    }
    z
}

/// The problem with other labels on the forgotten rows.
fn relabel(problem: &Problem, forget: &RowSet, labels: &[f64]) -> Result<Problem> {
    let mut target = problem.target().to_vec();
    forget.rows().iter().zip(labels).for_each(|(&i, y)| target[i] = *y);
    let data = Dataset::new(problem.data().name.clone(), problem.data().design().clone(), target)?;
    let changed = Problem::new(data.into(), problem.model().clone(), problem.ridge())?;
    let changed = changed.with_reduction(problem.reduction()).with_mask(problem.mask().clone())?;
    match problem.perturbation() {
        Some(b) => changed.with_perturbation(b.clone()),
        None => Ok(changed),
    }
}
