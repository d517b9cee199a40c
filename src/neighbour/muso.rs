//! MUSO (Yang et al. 2024, arXiv 2410.08557) for linear models on fixed features: relabel the forgotten rows, go on
//! training, and arrive exactly where training without them would have.
//!
//! The paper's theorem was not read; the label formula (M1) is that of the official code, the theorem and its proof are a
//! reconstruction. `Z` holds one row of features per sample, `r` the rows kept, `u` the forgotten ones, `w_0` the start.
//!
//! `w_r = w_0 + Z_r⁺(y_r − Z_r w_0)` is where gradient descent on the rows kept ends. With
//!
//! `ŷ_u = Z_u Z_rᵀ(Z_r Z_rᵀ + εI)⁻¹(y_r − Z_r w_0) + Z_u w_0` (M1), at `ε = 0`: `ŷ_u = Z_u w_r`,
//!
//! descent on all rows with the labels `(y_r, ŷ_u)` from any point of `w_0 + row(Z)`, such as the trained `w_p`, ends at
//! `w_r`: iterates stay there, the least-squares solution is unique there, and at `w_r` the gradient is 0. From elsewhere it
//! does not. `ε > 0` is off by `O(ε)`. When `ZZᵀ` is invertible, with `M = (ZZᵀ)⁻¹`, `α = M(y − Zw_0)` (derived here):
//!
//! `ŷ_u = y_u − M_uu⁻¹α_u`, `w_r = w_0 + Z_rᵀ(α_r − M_ru M_uu⁻¹α_u)`.
//!
//! `w_0` must have been stored; (M1) costs as much as retraining. For other losses see [`crate::unlearn::muso`].

use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::factor::Cholesky;
use crate::numeric::span::Span;
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Least squares on fixed features, with rows to forget and the start of training.
#[derive(Debug, Clone)]
pub struct Interpolation {
    features: DMatrix<f64>,
    target: DVector<f64>,
    start: DVector<f64>,
    forget: RowSet,
}

/// What the downdate gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Downdate {
    /// `ŷ_u`, in the order of the forgotten rows.
    pub labels: DVector<f64>,
    /// `w_r`.
    pub retrained: DVector<f64>,
}

/// Stochastic gradient descent as in the code: step `γ_t = rate·(t+1)^{−power}`, `t` the place in the pass, direction
/// `2z(zᵀw − y)`, until `‖Zw − y‖ ≤ target`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descent {
    /// 1 there; features of norm 1 need at most 1.
    pub rate: f64,
    /// 0.2 there.
    pub power: f64,
    /// 1e-6 there.
    pub target: f64,
    /// Passes after which it gives up.
    pub most_passes: usize,
    /// Seed of the orders.
    pub seed: u64,
}

impl Default for Descent {
    fn default() -> Descent {
        Descent { rate: 1.0, power: 0.2, target: 1e-6, most_passes: 100_000, seed: 0 }
    }
}

impl Interpolation {
    /// `features` has one *column* per row of the data ([`super::encoder::Encoder::encode_rows`] makes them), `start` is `w_0`.
    ///
    /// # Errors
    /// [`Error::Shape`] when sizes differ, [`Error::Data`] when a number is not finite, [`Error::Invalid`] when no row is
    /// kept.
    pub fn new(
        features: DMatrix<f64>,
        target: DVector<f64>,
        start: DVector<f64>,
        forget: RowSet,
    ) -> Result<Interpolation> {
        Error::check_shape("targets (one per row)", features.ncols(), target.len())?;
        Error::check_shape("start (one entry per feature)", features.nrows(), start.len())?;
        Error::check_shape("rows the forget set refers to", features.ncols(), forget.total())?;
        if forget.len() == forget.total() {
            return Err(Error::Invalid("all rows would be forgotten; nothing is left to train on".into()));
        }
        if features.iter().chain(target.iter()).chain(start.iter()).any(|v| !v.is_finite()) {
            return Err(Error::Data("a feature, target or starting parameter is not finite".into()));
        }
        Ok(Interpolation { features, target, start, forget })
    }

    fn of(&self, rows: &[usize]) -> DMatrix<f64> {
        self.features.select_columns(rows)
    }

    /// Where gradient descent on the squared errors of `rows` with these targets ends: `w + Z⁺(y − Zw)`.
    ///
    /// # Errors
    /// As [`Span::of_columns`]. Panics when targets and rows differ in number or a row does not exist.
    pub fn limit(
        &self,
        rows: &[usize],
        targets: &DVector<f64>,
        start: &DVector<f64>,
    ) -> Result<DVector<f64>> {
        let z = self.of(rows);
        Ok(start + Span::of_columns(&z)?.least_norm(&(targets - z.tr_mul(start))))
    }

    /// `w_p`: all rows, from `w_0`.
    ///
    /// # Errors
    /// As [`Interpolation::limit`].
    pub fn trained(&self) -> Result<DVector<f64>> {
        self.limit(&self.all(), &self.target, &self.start)
    }

    /// `w_r`: the rows kept, from `w_0`.
    ///
    /// # Errors
    /// As [`Interpolation::limit`].
    pub fn retrained(&self) -> Result<DVector<f64>> {
        let kept = self.forget.complement();
        self.limit(&kept, &self.target.select_rows(&kept), &self.start)
    }

    /// `ŷ_u` by (M1); `ε = 0` stands for the pseudo-inverse, which needs no rank.
    ///
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use unlearn::{data::RowSet, neighbour::muso::Interpolation};
    /// // Rows (1, 0) → 3 and (1, 1) → 5, w_0 = (0, 2): without the second w_r = (3, 2), whose output there is 5.
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let (z, y) = (dmatrix![1.0, 1.0; 0.0, 1.0], dvector![3.0, 7.0]);
    /// let muso = Interpolation::new(z, y, dvector![0.0, 2.0], forget).unwrap();
    /// assert!((muso.labels(0.0).unwrap()[0] - 5.0).abs() < 1e-14);
    /// assert!((muso.labels(1.0).unwrap()[0] - 3.5).abs() < 1e-14); // ½·3 + 2
    /// let there = muso.unlearned(&muso.labels(0.0).unwrap(), &muso.trained().unwrap()).unwrap();
    /// assert!((there - dvector![3.0, 2.0]).norm() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when `epsilon` is negative or not finite, [`Error::Indefinite`] when it is too small for
    /// dependent rows.
    pub fn labels(&self, epsilon: f64) -> Result<DVector<f64>> {
        if !(epsilon >= 0.0 && epsilon.is_finite()) {
            return Err(Error::Invalid(format!("ε = {epsilon}: it must be a finite number, 0 or larger")));
        }
        let (kept, u) = (self.forget.complement(), self.of(self.forget.rows()));
        if epsilon == 0.0 {
            return Ok(u.tr_mul(&self.retrained()?));
        }
        let z = self.of(&kept);
        let mut gram = z.tr_mul(&z);
        (0..gram.nrows()).for_each(|j| gram[(j, j)] += epsilon);
        let rest = self.target.select_rows(&kept) - z.tr_mul(&self.start);
        let solved = Cholesky::new(gram, "Z_r Z_rᵀ + εI (dependent rows: use ε = 0)")?.solve(&rest);
        Ok(u.tr_mul(&(z * solved)) + u.tr_mul(&self.start))
    }

    /// Labels and `w_r` from one factorisation of all rows.
    ///
    /// # Errors
    /// [`Error::Indefinite`] when the rows are dependent.
    pub fn downdate(&self) -> Result<Downdate> {
        let z = &self.features;
        let n = z.ncols();
        let m = Cholesky::new(z.tr_mul(z), "ZZᵀ (dependent rows)")?.solve_matrix(&DMatrix::identity(n, n));
        let alpha = &m * (&self.target - z.tr_mul(&self.start));
        let (u, r) = (self.forget.rows(), self.forget.complement());
        let m_uu = m.select_rows(u).select_columns(u);
        let c = Cholesky::new(m_uu, "M_uu")?.solve(&alpha.select_rows(u));
        let m_ru = m.select_rows(&r).select_columns(u);
        Ok(Downdate {
            labels: self.target.select_rows(u) - &c,
            retrained: &self.start + self.of(&r) * (alpha.select_rows(&r) - m_ru * c),
        })
    }

    /// All targets, the forgotten ones replaced. Panics when there is not one label per forgotten row.
    pub fn relabelled(&self, labels: &DVector<f64>) -> DVector<f64> {
        assert_eq!(labels.len(), self.forget.len(), "labels for the forgotten rows");
        let mut y = self.target.clone();
        self.forget.rows().iter().zip(labels.iter()).for_each(|(&i, v)| y[i] = *v);
        y
    }

    /// Where descent on all rows with these labels ends, from a start: `w_r` for the labels of (M1) from `w_0 + row(Z)`.
    ///
    /// # Errors
    /// As [`Interpolation::limit`].
    pub fn unlearned(&self, labels: &DVector<f64>, start: &DVector<f64>) -> Result<DVector<f64>> {
        self.limit(&self.all(), &self.relabelled(labels), start)
    }

    /// Stochastic gradient descent on `rows` with these targets.
    ///
    /// # Errors
    /// [`Error::NotConverged`] after the passes allowed, [`Error::Invalid`] for settings outside their domains. Panics as
    /// [`Interpolation::limit`].
    pub fn descend(
        &self,
        rows: &[usize],
        targets: &DVector<f64>,
        start: &DVector<f64>,
        descent: &Descent,
    ) -> Result<DVector<f64>> {
        let positive = descent.rate > 0.0 && descent.rate.is_finite() && descent.target > 0.0;
        if !(positive && descent.power >= 0.0 && descent.power.is_finite()) {
            return Err(Error::Invalid(format!(
                "rate {}, power {}, target {}: finite, and positive but for the power, which may be 0",
                descent.rate, descent.power, descent.target
            )));
        }
        let z = self.of(rows);
        let mut rng = ChaCha8Rng::seed_from_u64(descent.seed);
        let (mut w, mut order) = (start.clone(), (0..rows.len()).collect::<Vec<_>>());
        let mut residual = f64::INFINITY;
        for _ in 0..descent.most_passes {
            order.shuffle(&mut rng);
            for (t, &i) in order.iter().enumerate() {
                let gamma = descent.rate * ((t + 1) as f64).powf(-descent.power);
                let x = z.column(i);
                w.axpy(-2.0 * gamma * (x.dot(&w) - targets[i]), &x, 1.0);
            }
            residual = (z.tr_mul(&w) - targets).norm();
            if residual <= descent.target {
                return Ok(w);
            }
            // Divergence does not come back.
            if !residual.is_finite() {
                break;
            }
        }
        Err(Error::NotConverged {
            what: "stochastic gradient descent on the squared errors",
            iterations: descent.most_passes,
            residual,
            target: descent.target,
        })
    }

    fn all(&self) -> Vec<usize> {
        (0..self.target.len()).collect()
    }
}
