//! Damped Newton to a gradient residual near rounding.

use super::newton_cg;
use crate::data::read::LARGEST_DENSE;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::numeric::factor::Cholesky;
use crate::numeric::memory::copy_lower;
use crate::numeric::spectrum::gamma;
use crate::numeric::tolerance::tol;
use crate::objective::Objective;
use nalgebra::{DMatrix, DVector};

/// A stationary point with the evidence for it.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The `k` kept parameters.
    pub theta: DVector<f64>,
    /// `‖∇F(θ)‖` as computed.
    pub residual: f64,
    /// What rounding is estimated to leave of that number (see [`rounding_floor`]).
    pub rounding: f64,
    /// Newton steps taken.
    pub iterations: usize,
}

/// When Newton's method stops: an estimate of the rounding of the gradient at `θ`. No bound and no verdict rests on it.
///
/// `(n+k)·(ε·(Σ|wᵢ|‖∇ℓᵢ‖ + ‖∇²F‖_F‖θ‖ + ‖b‖) + 2⁻⁵¹¹)`.
///
/// The first term is the error of summing rows, the second the effect of rounding the outputs
/// (a relative change ε of θ moves the gradient by at most that much). Derived here, after Higham
/// 2002, §3.1.
pub fn rounding_floor(objective: &Objective<'_>, theta: &DVector<f64>, hessian: &DMatrix<f64>) -> f64 {
    rounding_floor_of(objective, theta, hessian.norm())
}

/// The same with the Hessian at `θ`, which is not formed where the problem is large ([`newton_cg`]).
///
/// Panics when `theta` does not have `k` entries.
pub fn rounding_floor_at(objective: &Objective<'_>, theta: &DVector<f64>) -> f64 {
    if newton_cg::chosen(objective.problem()) {
        return rounding_floor_of(objective, theta, objective.operator(theta).frobenius_estimate());
    }
    rounding_floor(objective, theta, &objective.hessian(theta))
}

/// The same for a Hessian of which only the norm is known.
pub(crate) fn rounding_floor_of(objective: &Objective<'_>, theta: &DVector<f64>, hessian_norm: f64) -> f64 {
    let rows = objective.gradient_mass(theta);
    let b = objective.problem().perturbation().map_or(0.0, |b| b.norm());
    let n = (objective.problem().rows() + objective.active()) as f64;
    // A norm is a root of squares: what is below √(smallest normal number) vanishes from it.
    let vanished = n * f64::MIN_POSITIVE.sqrt();
    n * f64::EPSILON * (rows + hessian_norm * theta.norm() + b) + vanished
}

/// A residual within three digits of the floor is stationary for every purpose here; it is reported as
/// it is, and every certificate uses the reported number.
pub(crate) const STATIONARY: f64 = 1e3;

/// Minimises `F_w` from `start`.
///
/// Newton's direction with a backtracking (Armijo) line search; where the Hessian is not positive
/// definite (networks), a multiple of the identity is added to the direction's matrix. Stops when the
/// residual is at the rounding floor, then takes full steps while they still help. Above [`newton_cg::MOST_DENSE`]
/// parameters and with a ridge, no Hessian is formed ([`newton_cg`]); one that fits into memory is formed after all where
/// that fails.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton::minimise};
/// // ½·mean((θ−1)², (θ−3)²) + ½·1·θ²: stationary at θ = 2/2 = 1.
/// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
/// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
/// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
/// let problem = Problem::new(data.into(), model, 1.0).unwrap();
/// let fit = minimise(&problem.full(), nalgebra::dvector![0.0]).unwrap();
/// assert!((fit.theta[0] - 1.0).abs() < 1e-15);
/// ```
///
/// # Errors
/// [`Error::Indefinite`] for a linear model whose Hessian is singular (λ = 0 with dependent
/// columns), [`Error::NotConverged`] when the residual cannot be brought near rounding and
/// [`Error::Data`] when it can although no minimiser exists (separable labels with λ = 0 give either).
pub fn minimise(objective: &Objective<'_>, start: DVector<f64>) -> Result<Fit> {
    Ok(counted(objective, start)?.0)
}

/// As [`minimise`], with the products with Hessians that it took where none was formed.
pub(crate) fn counted(objective: &Objective<'_>, start: DVector<f64>) -> Result<(Fit, Option<usize>)> {
    if newton_cg::chosen(objective.problem()) {
        let found = newton_cg::counted(objective, start.clone());
        let k = objective.active();
        let fits = k.checked_mul(k).is_some_and(|numbers| numbers <= LARGEST_DENSE);
        if !(fits && matches!(found, Err(Error::NotConverged { .. }))) {
            return found.map(|(fit, products)| (fit, Some(products)));
        }
    }
    Ok((dense(objective, start)?, None))
}

fn dense(objective: &Objective<'_>, start: DVector<f64>) -> Result<Fit> {
    const MOST: usize = 200;
    let convex = objective.problem().model().is_linear();
    let mut theta = start;
    let mut g = objective.gradient(&theta);
    let mut floor = f64::INFINITY;
    for iteration in 0..MOST {
        let hessian = objective.hessian(&theta);
        floor = rounding_floor(objective, &theta, &hessian);
        // Under an infinite allowance every point would count as stationary.
        if !(g.norm().is_finite() && floor.is_finite()) {
            return Err(Error::Data(
                "the objective overflows at the current parameters; standardise the data, or scale targets, ridge \
                 and given parameters down"
                    .into(),
            ));
        }
        let direction = -direction_matrix(hessian, convex)?.solve(&g);
        if g.norm() <= floor {
            check_determined(objective, &theta, &direction)?;
            return Ok(polish(objective, theta, g, floor, direction, iteration));
        }
        let decrease = g.dot(&direction);
        let here = objective.value(&theta);
        let linear = objective.problem().perturbation().map_or(0.0, |b| b.norm() * theta.norm());
        let flat = tol(objective.problem().rows() + objective.active(), 1.0) * (here.abs() + 2.0 * linear);
        let mut step = 1.0;
        loop {
            let next = &theta + &direction * step;
            let g_next = objective.gradient(&next);
            let there = objective.value(&next);
            // Near the minimiser values agree to rounding and only the gradient can tell progress.
            // Elsewhere it must not decide: where a loss saturates gradients are small uphill too.
            let better = there <= here + 1e-4 * step * decrease
                || (there <= here + flat && g_next.norm() < 0.5 * g.norm());
            if better {
                theta = next;
                g = g_next;
                break;
            }
            step *= 0.5;
            // 2⁻⁶⁰ of a step changes nothing any more: this is as far as rounding allows.
            if step < 2.0_f64.powi(-60) {
                return if g.norm() <= STATIONARY * floor {
                    check_determined(objective, &theta, &direction)?;
                    Ok(Fit { residual: g.norm(), rounding: floor, theta, iterations: iteration })
                } else {
                    Err(not_converged(iteration, &g, floor))
                };
            }
        }
    }
    if g.norm() <= STATIONARY * floor {
        let direction = -direction_matrix(objective.hessian(&theta), convex)?.solve(&g);
        check_determined(objective, &theta, &direction)?;
        return Ok(Fit { residual: g.norm(), rounding: floor, theta, iterations: MOST });
    }
    Err(not_converged(MOST, &g, floor))
}

fn not_converged(iterations: usize, g: &DVector<f64>, floor: f64) -> Error {
    Error::NotConverged { what: "Newton's method", iterations, residual: g.norm(), target: floor }
}

/// Without a ridge a small gradient does not make a minimiser: the Hessian may be singular up to rounding,
/// and where labels can be separated (some rows of them are enough) the loss falls forever while its
/// gradient vanishes. `direction` is Newton's at `theta`; along such a recession it never shortens: it
/// moves the outputs by about 1 (a difference of two outputs for softmax, so one of them by ½).
fn check_determined(objective: &Objective<'_>, theta: &DVector<f64>, direction: &DVector<f64>) -> Result<()> {
    let problem = objective.problem();
    if problem.ridge() > 0.0 || !problem.model().is_linear() {
        return Ok(());
    }
    let mut shifted = objective.hessian(theta);
    // The entries are sums over the rows, the factorisation rounds like k more terms: both relative to
    // the trace (as in `crate::numeric::spectrum`).
    let rounding = gamma(problem.rows() + problem.active() + 8) * shifted.trace();
    (0..shifted.nrows()).for_each(|j| shifted[(j, j)] -= rounding);
    Cholesky::new(shifted, "the Hessian, up to rounding,")?;
    if problem.model().loss() == Loss::Squared {
        return Ok(());
    }
    let moved = objective.outputs(direction);
    // NaN counts as moving.
    match objective.support().find(|&(i, _)| !moved.column(i).iter().all(|v| v.abs() <= 0.25)) {
        None => Ok(()),
        Some((i, _)) => Err(Error::Data(format!(
            "without a ridge there seems to be no minimiser: the loss of row {i} falls however far the \
             parameters go, as for labels that can be separated; use a ridge above 0"
        ))),
    }
}

/// Full steps while the residual still falls.
fn polish(
    objective: &Objective<'_>,
    mut theta: DVector<f64>,
    mut g: DVector<f64>,
    floor: f64,
    first: DVector<f64>,
    iterations: usize,
) -> Fit {
    let next = &theta + first;
    let g_next = objective.gradient(&next);
    if g_next.norm() < g.norm() {
        theta = next;
        g = g_next;
    }
    Fit { residual: g.norm(), rounding: floor, theta, iterations }
}

/// The Hessian, or for networks the Hessian shifted until it is positive definite.
fn direction_matrix(hessian: DMatrix<f64>, convex: bool) -> Result<Cholesky> {
    match Cholesky::of(&hessian, "the Hessian") {
        Ok(factor) => Ok(factor),
        Err(error) if convex => Err(error),
        Err(error) => {
            let scale = hessian.norm().max(f64::MIN_POSITIVE);
            let mut shift = 1e-6 * scale;
            while shift <= 1e3 * scale {
                let mut shifted = copy_lower(&hessian);
                for j in 0..shifted.nrows() {
                    shifted[(j, j)] += shift;
                }
                if let Ok(factor) = Cholesky::new(shifted, "the shifted Hessian") {
                    return Ok(factor);
                }
                shift *= 10.0;
            }
            Err(error)
        }
    }
}
