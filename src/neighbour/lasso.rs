//! Datamodels: how an output depends on which rows were trained on, fitted to retrainings on random subsets (Ilyas et al.
//! 2022, recalled; as used by Georgiev et al. 2024, arXiv 2410.23232).
//!
//! `f_x(A(S)) ≈ b + Σ_{i∈S} β_i(x)` with `β = argmin (1/m) Σ_j (b + βᵀ1_{S_j} − f_x(A(S_j)))² + λ‖β‖₁` over `m` random subsets.
//! For small `n`: every subset is a training.
//!
//! The lasso is solved by cyclic coordinate descent, certified by its duality gap: for `‖Mᵀν‖_∞ ≤ λ`,
//! `νᵀf − (m/4)‖ν‖²` is a lower bound on the minimum; `ν` is the residual, scaled to be feasible.

use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::factor::Cholesky;
use crate::objective::{Objective, Problem, Reduction};
use crate::train::newton::minimise;
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// More trainings than this are refused.
pub const MOST_SUBSETS: usize = 1_000_000;

/// How a lasso is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lasso {
    /// `λ ≥ 0`.
    pub penalty: f64,
    /// With an unpenalised constant `b`?
    pub intercept: bool,
    /// Duality gap to stop at, as a share of the objective at 0 (the variance of the outputs).
    pub tolerance: f64,
    /// Sweeps over the coordinates after which it gives up.
    pub most_sweeps: usize,
}

/// A fitted lasso with its certificate.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// `β`.
    pub weights: DVector<f64>,
    /// `b`, 0 without intercept.
    pub intercept: f64,
    /// The objective.
    pub objective: f64,
    /// The objective is at most this far above its minimum.
    pub gap: f64,
    /// Sweeps taken.
    pub sweeps: usize,
}

impl Lasso {
    /// Minimises `(1/m)‖b + Mβ − f‖² + λ‖β‖₁`; `design` is `M`, one row per observation. Deterministic.
    ///
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use unlearn::neighbour::lasso::Lasso;
    /// // M = I, m = 2: each weight is its target moved towards 0 by λm/2 = ½.
    /// let lasso = Lasso { penalty: 0.5, intercept: false, tolerance: 1e-12, most_sweeps: 100 };
    /// let fit = lasso.fit(&dmatrix![1.0, 0.0; 0.0, 1.0], &dvector![2.0, -0.25]).unwrap();
    /// assert!((fit.weights - dvector![1.5, 0.0]).norm() < 1e-15 && fit.gap < 1e-12);
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when the outputs do not fit, [`Error::Invalid`] for settings outside their domains or no
    /// observation, [`Error::Data`] for numbers that are not finite, [`Error::NotConverged`] when the gap stays too large.
    pub fn fit(&self, design: &DMatrix<f64>, outputs: &DVector<f64>) -> Result<Fitted> {
        self.check()?;
        let (design, outputs, means) = centred(design, outputs, self.intercept)?;
        let m = design.nrows() as f64;
        let squares: Vec<f64> = design.column_iter().map(|c| c.norm_squared()).collect();
        let mut w: DVector<f64> = DVector::zeros(design.ncols());
        let mut rest = outputs.clone();
        let target = self.tolerance * outputs.norm_squared() / m;
        let mut gap = f64::INFINITY;
        for sweep in 0..=self.most_sweeps {
            let objective = rest.norm_squared() / m + self.penalty * w.lp_norm(1);
            gap = (objective - self.dual(&design, &outputs, &rest)).max(0.0);
            if gap <= target {
                let intercept = means.as_ref().map_or(0.0, |(x, y)| y - x.dot(&w));
                return Ok(Fitted { weights: w, intercept, objective, gap, sweeps: sweep });
            }
            for j in (0..w.len()).filter(|&j| squares[j] > 0.0) {
                let column = design.column(j);
                let pull = column.dot(&rest) + squares[j] * w[j];
                let least = 0.5 * self.penalty * m;
                let next = pull.signum() * (pull.abs() - least).max(0.0) / squares[j];
                if next != w[j] {
                    rest.axpy(w[j] - next, &column, 1.0);
                    w[j] = next;
                }
            }
        }
        let (what, iterations) = ("coordinate descent for the lasso (duality gap)", self.most_sweeps);
        Err(Error::NotConverged { what, iterations, residual: gap, target })
    }

    /// A lower bound on the minimum, from a residual.
    fn dual(&self, design: &DMatrix<f64>, outputs: &DVector<f64>, rest: &DVector<f64>) -> f64 {
        let m = design.nrows() as f64;
        let nu = rest * (2.0 / m);
        let steepest = design.tr_mul(&nu).amax();
        // The best of the multiples of ν that are feasible.
        let feasible = if steepest > 0.0 { self.penalty / steepest } else { f64::INFINITY };
        let size = nu.norm_squared();
        let best = if size > 0.0 { 2.0 * nu.dot(outputs) / (m * size) } else { 0.0 };
        let s = best.clamp(0.0, feasible);
        s * nu.dot(outputs) - 0.25 * m * s * s * size
    }

    /// Ordinary least squares on the lasso's support: what removes its shrinkage when the support is right.
    ///
    /// # Errors
    /// As [`Lasso::fit`]; [`Error::Indefinite`] when the observations do not determine the support's weights.
    pub fn refit(&self, design: &DMatrix<f64>, outputs: &DVector<f64>, lasso: &Fitted) -> Result<Fitted> {
        let (design, outputs, means) = centred(design, outputs, self.intercept)?;
        Error::check_shape("weights", design.ncols(), lasso.weights.len())?;
        let support: Vec<usize> = (0..design.ncols()).filter(|&j| lasso.weights[j] != 0.0).collect();
        let x = design.select_columns(&support);
        let mut weights = DVector::zeros(design.ncols());
        if !support.is_empty() {
            let solved = Cholesky::new(x.tr_mul(&x), "MᵀM of the support (draw more subsets)")?
                .solve(&x.tr_mul(&outputs));
            support.iter().zip(solved.iter()).for_each(|(&j, v)| weights[j] = *v);
        }
        let intercept = means.as_ref().map_or(0.0, |(x, y)| y - x.dot(&weights));
        let objective = (&outputs - &design * &weights).norm_squared() / design.nrows() as f64;
        // The minimum over the support itself, no lasso's: nothing is left to certify.
        Ok(Fitted { weights, intercept, objective, gap: 0.0, sweeps: 0 })
    }

    fn check(&self) -> Result<()> {
        if !(self.penalty >= 0.0 && self.penalty.is_finite()) {
            return Err(Error::Invalid(format!(
                "penalty {}: it must be a finite number, 0 or larger",
                self.penalty
            )));
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return Err(Error::Invalid(format!("tolerance {}: it must be in (0, 1)", self.tolerance)));
        }
        Ok(())
    }
}

type Means = (DVector<f64>, f64);

/// Columns and outputs without their means, if there is an intercept.
fn centred(
    design: &DMatrix<f64>,
    outputs: &DVector<f64>,
    intercept: bool,
) -> Result<(DMatrix<f64>, DVector<f64>, Option<Means>)> {
    Error::check_shape("outputs (one per observation)", design.nrows(), outputs.len())?;
    if outputs.is_empty() {
        return Err(Error::Invalid("a datamodel needs at least one observation".into()));
    }
    if design.iter().chain(outputs.iter()).any(|v| !v.is_finite()) {
        return Err(Error::Data("an observation is not finite".into()));
    }
    if !intercept {
        return Ok((design.clone(), outputs.clone(), None));
    }
    let (x, y) = (design.row_mean().transpose(), outputs.mean());
    let mut moved = design.clone();
    moved.column_iter_mut().zip(x.iter()).for_each(|(mut c, mean)| c.add_scalar_mut(-mean));
    Ok((moved, outputs.add_scalar(-y), Some((x, y))))
}

/// What was seen: which rows were trained on, and the outputs that came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    /// 0/1, subsets × rows.
    pub subsets: DMatrix<f64>,
    /// Subsets × points.
    pub outputs: DMatrix<f64>,
}

/// Trains on `count` random subsets of the given share of the rows and records the outputs at the rows named `points`.
/// A linear model with one output; weights and λ by the problem's reduction, with the subset in place of the rows kept.
///
/// # Errors
/// [`Error::Invalid`] for another model, no or too many subsets, a share outside (0, 1) or rows that do not exist, and whatever
/// the trainings raise.
pub fn observe(
    problem: &Problem,
    points: &[usize],
    count: usize,
    share: f64,
    seed: u64,
) -> Result<Observations> {
    let x = crate::unlearn::features::features(problem, points)?;
    if count == 0 || count > MOST_SUBSETS {
        return Err(Error::Invalid(format!("{count} subsets: 1 to {MOST_SUBSETS}")));
    }
    if !(share > 0.0 && share < 1.0) {
        return Err(Error::Invalid(format!("share {share}: it must be in (0, 1)")));
    }
    let n = problem.rows();
    let size = ((share * n as f64).round() as usize).clamp(1, n);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..n).collect();
    let mut subsets = DMatrix::zeros(count, n);
    let mut outputs = DMatrix::zeros(count, points.len());
    for j in 0..count {
        order.shuffle(&mut rng);
        order[..size].iter().for_each(|&i| subsets[(j, i)] = 1.0);
        let theta = minimise(&on(problem, &order[..size])?, DVector::zeros(problem.active()))?.theta;
        outputs.row_mut(j).copy_from(&x.tr_mul(&theta).transpose());
    }
    Ok(Observations { subsets, outputs })
}

fn on<'a>(problem: &'a Problem, rows: &[usize]) -> Result<Objective<'a>> {
    let w = if problem.reduction() == Reduction::Mean { 1.0 / rows.len() as f64 } else { 1.0 };
    let mut weights = vec![0.0; problem.rows()];
    rows.iter().for_each(|&i| weights[i] = w);
    problem.weighted(weights)
}

/// One datamodel per point.
#[derive(Debug, Clone, PartialEq)]
pub struct Datamodels {
    /// `β`, rows × points.
    pub weights: DMatrix<f64>,
    /// `b` per point.
    pub intercepts: DVector<f64>,
}

impl Datamodels {
    /// Fits every point; `refit` replaces the lasso by least squares on its support.
    ///
    /// # Errors
    /// As [`Lasso::fit`] and [`Lasso::refit`].
    pub fn fit(observations: &Observations, lasso: &Lasso, refit: bool) -> Result<Datamodels> {
        let (n, points) = (observations.subsets.ncols(), observations.outputs.ncols());
        let (mut weights, mut intercepts) = (DMatrix::zeros(n, points), DVector::zeros(points));
        for x in 0..points {
            let outputs = observations.outputs.column(x).into_owned();
            let mut fit = lasso.fit(&observations.subsets, &outputs)?;
            if refit {
                fit = lasso.refit(&observations.subsets, &outputs, &fit)?;
            }
            weights.set_column(x, &fit.weights);
            intercepts[x] = fit.intercept;
        }
        Ok(Datamodels { weights, intercepts })
    }

    /// DM-Direct (A.2): `h(x) = f_x(θ_0) − multiplier·Σ_{i∈F} β_i(x)`, `outputs` being `f_x(θ_0)` at the points. The code's
    /// multiplier is 1; the paper reports that about 0.9 helps.
    ///
    /// # Errors
    /// [`Error::Shape`] when outputs or forget set do not fit.
    pub fn direct(&self, outputs: &DVector<f64>, forget: &RowSet, multiplier: f64) -> Result<DVector<f64>> {
        Error::check_shape("outputs (one per point)", self.weights.ncols(), outputs.len())?;
        Error::check_shape("rows the forget set refers to", self.weights.nrows(), forget.total())?;
        let gone = self.weights.select_rows(forget.rows());
        Ok(outputs - gone.row_sum().transpose() * multiplier)
    }
}
