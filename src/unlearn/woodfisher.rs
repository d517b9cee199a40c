//! The influence step with the empirical Fisher in place of the Hessian, inverted row by row.
//!
//! `Δ = F⁻¹ v` with `v = (1/|R|) Σ_F ∇f_i(θ_o)` (simplex weights, see [`super::influence`]) and
//! `F = δI + w Σ g_i g_iᵀ` over the gradients of all rows in their order, `w` the weight of a row in the objective
//! (1/n; 1 under the sum reduction). With `F_0 = δI` and each gradient in turn (Singh, Alistarh 2020, arXiv
//! 2004.14340, equation 2; recalled; Sherman, Morrison 1950):
//!
//! ```text
//! F_n⁻¹ = F_{n−1}⁻¹ − (F_{n−1}⁻¹g_n)(F_{n−1}⁻¹g_n)ᵀ / (1/w + g_nᵀF_{n−1}⁻¹g_n)
//! k_n   = k_{n−1}   −  F_{n−1}⁻¹g_n · (g_nᵀk_{n−1}) / (1/w + g_nᵀF_{n−1}⁻¹g_n),     k_0 = v/δ,  k_n = F_n⁻¹v
//! ```
//!
//! Every update needs `F_{n−1}⁻¹g_n` for the *new* gradient. Released code of Jia et al. 2023 (arXiv 2304.04934) carries
//! one auxiliary vector that starts as `g_1` and is only ever rescaled, so that its result is `v − c·g_1`: not an inverse
//! at all. Here the inverse is kept as a `k × k` matrix when `k ≤ n` (`O(nk²)` time), else as its `n` factors
//! `F_{i−1}⁻¹g_i` (`O(nk)` memory, `O(n²k)` time).
//!
//! Guaranteed: what is known of any parameters, as for [`super::fine_tune`]. The empirical Fisher is not the Hessian,
//! not even for a perfect model of the data, so the step is not `influence`.

use super::influence::{Weights, right_side};
use super::{Cost, Request, Unlearned, Unlearner, evidence, settings};
use crate::data::read::LARGEST_DENSE;
use crate::error::{Error, Result};
use crate::objective::Problem;
use crate::train::coupling::write_loss_gradient;
use crate::train::flops;
use nalgebra::{DMatrix, DVector};
use std::time::Instant;

/// The method.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WoodFisher {
    /// `δ > 0`; `None`: λ, or 1e-3 without a ridge (chosen here; the released code has 1, which is far above the Fisher
    /// information of a fitted model and turns the step into a gradient step).
    pub damping: Option<f64>,
}

impl Unlearner for WoodFisher {
    fn name(&self) -> &'static str {
        "woodfisher"
    }

    /// Cost: the gradient of every row, those of the forgotten ones twice.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
    /// use unlearn::unlearn::{Request, Trained, Unlearner, woodfisher::WoodFisher};
    /// // θ_o = 1: the rows' gradients are 0 and −2, F = 1 + ½·4 = 3, v = −1 (see `influence`).
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
    /// let out = WoodFisher::default().remove(&request).unwrap();
    /// assert!((out.theta[0] - (1.0 - 1.0 / 3.0)).abs() < 1e-14);
    /// ```
    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let (problem, theta) = (request.problem, request.trained.theta());
        let begun = Instant::now();
        let right = right_side(problem, request.forget, theta, Weights::Simplex)?;
        let weight = problem.full().weights()[0];
        let (n, k) = (problem.rows(), theta.len());
        if k.checked_mul(k.min(n)).is_none_or(|numbers| numbers > LARGEST_DENSE) {
            return Err(Error::Invalid(format!(
                "woodfisher would hold {k} x {} numbers; use influence-cg, or prune with a mask",
                k.min(n)
            )));
        }
        let mut ws = problem.network().workspace();
        let gradient = |i: usize, g: &mut DVector<f64>| {
            write_loss_gradient(problem, std::iter::once(i), 1.0, theta, &mut ws, g);
        };
        let unlearned = theta + inverse_times(&right, n, gradient, weight, self.resolved(problem));
        let row_visits = (n + request.forget.len()) as f64;
        let flops = row_visits * flops::gradient(k) + 4.0 * n as f64 * (k * k.min(n)) as f64;
        let cost = Cost { row_visits, flops, seconds: begun.elapsed().as_secs_f64() };
        if unlearned.iter().any(|v| !v.is_finite()) {
            return Err(Error::Data("the step overflows; standardise the data or raise the damping".into()));
        }
        let guarantee = evidence::of_any(request, &unlearned)?;
        Ok(Unlearned { theta: unlearned, guarantee, cost, mask: None })
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("damping", settings::or_ridge(self.damping))]
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "damping" => match settings::nonnegative_or_ridge(name, value)? {
                Some(0.0) => {
                    return Err(Error::Invalid(
                        "damping 0: it must be larger, since n gradients need not span all parameters".into(),
                    ));
                }
                damping => self.damping = damping,
            },
            _ => return Err(settings::unknown(self.name(), name, &self.settings())),
        }
        Ok(())
    }
}

impl WoodFisher {
    fn resolved(&self, problem: &Problem) -> f64 {
        let ridge = problem.ridge();
        self.damping.unwrap_or(if ridge > 0.0 { ridge } else { 1e-3 })
    }
}

/// `(δI + w Σ_i g_i g_iᵀ)⁻¹ v` over `n` gradients, each asked for once and in order.
///
/// ```
/// use nalgebra::{DVector, dvector};
/// use unlearn::unlearn::woodfisher::inverse_times;
/// // δ = 1 and w = ½ with the gradients (2, 0) and (0, 4): diag(3, 9).
/// let gradients = [dvector![2.0, 0.0], dvector![0.0, 4.0]];
/// let x = inverse_times(&dvector![3.0, 9.0], 2, |i, g: &mut DVector<f64>| g.copy_from(&gradients[i]), 0.5, 1.0);
/// assert!((x - dvector![1.0, 1.0]).norm() < 1e-15);
/// ```
///
/// Panics when `w` or `δ` is not positive.
pub fn inverse_times(
    v: &DVector<f64>,
    n: usize,
    mut gradient: impl FnMut(usize, &mut DVector<f64>),
    weight: f64,
    damping: f64,
) -> DVector<f64> {
    assert!(weight > 0.0 && damping > 0.0, "weight {weight} and damping {damping} must be positive");
    let k = v.len();
    let mut result = v / damping;
    let mut g = DVector::zeros(k);
    let mut solved = DVector::zeros(k);
    if k <= n {
        let mut inverse = DMatrix::from_diagonal_element(k, k, 1.0 / damping);
        for i in 0..n {
            gradient(i, &mut g);
            solved.gemv(1.0, &inverse, &g, 0.0);
            let divisor = 1.0 / weight + g.dot(&solved);
            result.axpy(-g.dot(&result) / divisor, &solved, 1.0);
            inverse.ger(-1.0 / divisor, &solved, &solved, 1.0);
        }
    } else {
        let mut factors = DMatrix::zeros(k, n);
        let mut divisors = Vec::with_capacity(n);
        for i in 0..n {
            gradient(i, &mut g);
            solved.copy_from(&g);
            solved /= damping;
            for (column, divisor) in factors.column_iter().zip(&divisors) {
                solved.axpy(-column.dot(&g) / divisor, &column, 1.0);
            }
            let divisor = 1.0 / weight + g.dot(&solved);
            result.axpy(-g.dot(&result) / divisor, &solved, 1.0);
            factors.set_column(i, &solved);
            divisors.push(divisor);
        }
    }
    result
}
