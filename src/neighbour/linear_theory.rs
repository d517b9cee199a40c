//! Why oracle matching beats descent on the rows kept, in linear models (Georgiev et al. 2024, arXiv 2410.23232, Section 5 as
//! numbered in the authors' copy): iterates in closed form, and the stochastic rates with their constants.
//!
//! `A(S) = argmin Σ_S (xᵀθ − y)² + λ‖θ‖²`, *without* the ½ of [`crate::loss::Loss::Squared`]: the sum reduction with ridge `λ`
//! of this library has the same minimisers. `θ*` is that of the rows kept, `o = Xθ*` the oracle's outputs.
//!
//! | update | direction | `θ_t − θ*` |
//! |---|---|---|
//! | descent (GD) | `2X_Rᵀ(X_Rθ − y_R) + 2λθ` | `((1−2ηλ)I − 2ηX_RᵀX_R)^t (θ_0 − θ*)` |
//! | oracle matching (OM) | `2Xᵀ(Xθ − o)` | `(I − 2ηXᵀX)^t (θ_0 − θ*)` |
//! | on the rows kept only (OMRS) | `2X_Rᵀ(X_Rθ − o_R)` | `(I − 2ηX_RᵀX_R)^t (θ_0 − θ*)` |
//! | descent–ascent (GDA) | GD's minus `α·2X_Fᵀ(X_Fθ − y_F)` | no such form: `θ*` is no fixed point |
//!
//! **Theorem 2 of the paper is off by a factor n as printed.** One row per step, `f_i = (xᵢᵀθ − o_i)²`,
//! `0 < η ≤ 1/(2 max‖xᵢ‖²)`, `γ` the smallest nonzero eigenvalue of `XᵀX`, `θ_0 − θ* ∈ row(X)`:
//!
//! `(1 − 2ηγ/n)² ‖δ_t‖² ≤ E‖δ_{t+1}‖² ≤ (1 − 2ηγ/n) ‖δ_t‖²`, the lower end for `δ_t` along an eigenvector of `γ`
//!
//! (derived here: `E‖δ′‖² = ‖δ‖² − (4η/n) Σ (1 − η‖xᵢ‖²)(xᵢᵀδ)²`; Jensen for the lower end). The printed `O((1 − γη)^t)`
//! needs `γ` to be an eigenvalue of `XᵀX/n`. Its proof also needs `λ/n`, not `λ`, in each `f_i` of descent:
//! otherwise their mean has no zero at `θ*`.

use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::objective::Problem;
use crate::unlearn::features::features;
use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Most steps of one call.
pub const MOST_STEPS: usize = 100_000_000;

/// Which iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Update {
    /// GD: descent on the ridge objective of the rows kept.
    Descent,
    /// OM: matching the oracle's outputs on all rows.
    OracleMatching,
    /// OMRS: matching them on the rows kept.
    RetainedMatching,
    /// GDA: descent minus `alpha` times the gradient of the forgotten rows.
    DescentAscent {
        /// `α ≥ 0`.
        alpha: f64,
    },
}

/// A ridge problem with rows to forget, and both of its solutions.
#[derive(Debug, Clone)]
pub struct Linear {
    /// `Xᵀ`, one column per row.
    pub features: DMatrix<f64>,
    /// `y`.
    pub target: DVector<f64>,
    /// The rows to forget.
    pub forget: RowSet,
    /// `λ` of the sum.
    pub ridge: f64,
    /// `θ_full`.
    pub full: DVector<f64>,
    /// `θ*`.
    pub oracle: DVector<f64>,
}

impl Linear {
    /// The rows of a linear model with squared loss; the problem's reduction is not looked at: `λ` is
    /// that of the sum before and after.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another model, as [`Problem::check_forget`], [`Error::Indefinite`] when the rows kept and λ do not
    /// determine the solution.
    pub fn new(problem: &Problem, forget: &RowSet) -> Result<Linear> {
        problem.check_forget(forget)?;
        if problem.model().loss() != Loss::Squared {
            return Err(Error::Invalid("this theory is of linear models with squared loss".into()));
        }
        let rows: Vec<usize> = (0..problem.rows()).collect();
        let features = features(problem, &rows)?;
        let target = DVector::from_column_slice(problem.target());
        let solve = |rows: &[usize]| -> Result<DVector<f64>> {
            let x = features.select_columns(rows);
            let mut a = &x * x.transpose();
            (0..a.nrows()).for_each(|j| a[(j, j)] += problem.ridge());
            Ok(Cholesky::new(a, "XᵀX + λI")?.solve(&(&x * target.select_rows(rows))))
        };
        let (full, oracle) = (solve(&rows)?, solve(&forget.complement())?);
        Ok(Linear { target, forget: forget.clone(), ridge: problem.ridge(), full, oracle, features })
    }

    /// The direction of an update at `θ`; every row once.
    pub fn direction(&self, update: Update, theta: &DVector<f64>) -> DVector<f64> {
        let kept = self.forget.complement();
        let all: Vec<usize> = (0..self.target.len()).collect();
        // 2 Σ x(xᵀθ − aim).
        let pull = |rows: &[usize], matching: bool| {
            let mut g = DVector::zeros(theta.len());
            for &i in rows {
                let x = self.features.column(i);
                let aim = if matching { x.dot(&self.oracle) } else { self.target[i] };
                g.axpy(2.0 * (x.dot(theta) - aim), &x, 1.0);
            }
            g
        };
        match update {
            Update::Descent => pull(&kept, false) + theta * (2.0 * self.ridge),
            Update::OracleMatching => pull(&all, true),
            Update::RetainedMatching => pull(&kept, true),
            Update::DescentAscent { alpha } => {
                pull(&kept, false) + theta * (2.0 * self.ridge) - pull(self.forget.rows(), false) * alpha
            }
        }
    }

    /// `t` steps `θ ← θ − η·direction` from a start.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a rate that is not positive and finite or too many steps, and when the iterates overflow.
    pub fn iterate(
        &self,
        update: Update,
        start: &DVector<f64>,
        eta: f64,
        steps: usize,
    ) -> Result<DVector<f64>> {
        check(eta, steps)?;
        let mut theta = start.clone();
        for _ in 0..steps {
            theta -= self.direction(update, &theta) * eta;
        }
        finite(theta, eta)
    }

    /// The matrix `M` with `θ_{t+1} − θ* = M(θ_t − θ*)` (Theorem 1); `None` for descent–ascent.
    pub fn matrix(&self, update: Update, eta: f64) -> Option<DMatrix<f64>> {
        let rows = match update {
            Update::DescentAscent { .. } => return None,
            Update::OracleMatching => (0..self.target.len()).collect(),
            Update::Descent | Update::RetainedMatching => self.forget.complement(),
        };
        let x = self.features.select_columns(&rows);
        let shrink = if update == Update::Descent { 1.0 - 2.0 * eta * self.ridge } else { 1.0 };
        let k = x.nrows();
        Some(DMatrix::identity(k, k) * shrink - &x * x.transpose() * (2.0 * eta))
    }

    /// `θ*  + M^t(θ_0 − θ*)`; `None` for descent–ascent.
    pub fn closed_form(
        &self,
        update: Update,
        start: &DVector<f64>,
        eta: f64,
        steps: usize,
    ) -> Option<DVector<f64>> {
        let m = self.matrix(update, eta)?;
        Some((0..steps).fold(start - &self.oracle, |d, _| &m * d) + &self.oracle)
    }

    /// Steps on one row each, drawn uniformly from a seed: all rows for OM, the rows kept otherwise, where `f_i` of descent
    /// carries `λ/|R|`. Steps are `θ ← θ − η∇f_i`.
    ///
    /// # Errors
    /// As [`Linear::iterate`]; [`Error::Invalid`] for descent–ascent.
    pub fn stochastic(
        &self,
        update: Update,
        start: &DVector<f64>,
        eta: f64,
        steps: usize,
        seed: u64,
    ) -> Result<DVector<f64>> {
        check(eta, steps)?;
        let rows: Vec<usize> = match update {
            Update::OracleMatching => (0..self.target.len()).collect(),
            Update::Descent | Update::RetainedMatching => self.forget.complement(),
            Update::DescentAscent { .. } => {
                return Err(Error::Invalid("descent–ascent has no stochastic form here".into()));
            }
        };
        let decay = if update == Update::Descent { 2.0 * self.ridge / rows.len() as f64 } else { 0.0 };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut theta = start.clone();
        for _ in 0..steps {
            let i = rows[rng.random_range(0..rows.len())];
            let x = self.features.column(i);
            let aim = if update == Update::Descent { self.target[i] } else { x.dot(&self.oracle) };
            let pull = 2.0 * (x.dot(&theta) - aim);
            theta *= 1.0 - eta * decay;
            theta.axpy(-eta * pull, &x, 1.0);
        }
        finite(theta, eta)
    }

    /// `σ² = (1/|R|) Σ_R ‖∇f_i(θ*)‖²` of stochastic descent: what keeps it from converging. 0 for oracle matching.
    pub fn gradient_noise(&self) -> f64 {
        let kept = self.forget.complement();
        let decay = 2.0 * self.ridge / kept.len() as f64;
        let of = |&i: &usize| {
            let x = self.features.column(i);
            (x * (2.0 * (x.dot(&self.oracle) - self.target[i])) + &self.oracle * decay).norm_squared()
        };
        kept.iter().map(of).sum::<f64>() / kept.len() as f64
    }

    /// `E‖δ′‖²` of one step of stochastic oracle matching from `δ`, exactly: the mean over all rows.
    pub fn expected_square(&self, delta: &DVector<f64>, eta: f64) -> f64 {
        let n = self.target.len() as f64;
        let of = |x: nalgebra::DVectorView<'_, f64>| (delta - x * (2.0 * eta * x.dot(delta))).norm_squared();
        self.features.column_iter().map(of).sum::<f64>() / n
    }
}

fn check(eta: f64, steps: usize) -> Result<()> {
    if !(eta > 0.0 && eta.is_finite()) {
        return Err(Error::Invalid(format!("rate {eta}: it must be a positive finite number")));
    }
    if steps > MOST_STEPS {
        return Err(Error::Invalid(format!("{steps} steps: at most {MOST_STEPS}")));
    }
    Ok(())
}

fn finite(theta: DVector<f64>, eta: f64) -> Result<DVector<f64>> {
    if theta.iter().all(|v| v.is_finite()) {
        return Ok(theta);
    }
    Err(Error::Invalid(format!("the iterates overflow at rate {eta:e}; use a smaller one")))
}
