//! Newton's method without a Hessian: directions from conjugate gradients on Hessian–vector products.
//!
//! `O(nnz + k)` memory, so that `k` is bounded by the length of vectors alone. The direction solves
//! `∇²F(θ)Δ = −∇F(θ)` up to a residual of `η‖∇F(θ)‖`, `η = min(1/10, √(‖∇F(θ)‖/‖∇F(θ₀)‖))`, which keeps the last steps
//! superlinear (Dembo, Eisenstat, Steihaug 1982, recalled), and never further than a tenth of the rounding floor asks. Where
//! the iteration meets negative curvature (networks), the direction is where it had got to, or the gradient's.
//! With the feature `sparse`, the system is solved by a sparse factorisation where its factor stays about as small as the
//! data (linear models with one output on sparse rows). Line search, stopping rule and what a [`Fit`] says are those of [`super::newton`].

use super::newton::{Fit, STATIONARY, rounding_floor_of};
use crate::error::{Error, Result};
use crate::numeric::krylov::Solved;
use crate::numeric::preconditioned::{End, approach};
use crate::numeric::tolerance::tol;
use crate::objective::{Objective, Operator, Problem};
use nalgebra::DVector;

/// Most kept parameters for which [`super::newton::minimise`] forms the Hessian of its own accord. Beyond, a factorisation
/// costs more than 2·10¹⁰ operations, and hundreds of conjugate gradient steps on millions of stored numbers cost less.
pub const MOST_DENSE: usize = 4096;

/// Most Newton steps.
const MOST_STEPS: usize = 200;
/// Most products for one direction; what is found by then points downhill all the same.
const MOST_PRODUCTS: usize = 5000;

/// Most products for one minimiser.
const MOST_IN_ALL: usize = 20_000;
/// Most parameters of a network: a product takes a pass over all of them for every row, and how many it takes nobody knows.
const MOST_OF_NETWORK: usize = 1 << 20;

/// Is the problem too large for dense Hessians to be the first choice?
pub(crate) fn chosen(problem: &Problem) -> bool {
    // Without a ridge only a factorisation can tell whether there is a single minimiser.
    problem.active() > MOST_DENSE && problem.ridge() > 0.0
}

/// Minimises `F_w` from `start`, λ > 0.
///
/// ```
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton_cg::minimise};
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
/// [`Error::Invalid`] without a ridge, since nothing here could tell that there is no single minimiser, and for a network
/// with more than 2²⁰ parameters; [`Error::Data`] when the objective overflows; [`Error::NotConverged`] when the residual cannot be brought near
/// rounding.
pub fn minimise(objective: &Objective<'_>, start: DVector<f64>) -> Result<Fit> {
    Ok(counted(objective, start)?.0)
}

/// As [`minimise`], with the number of products with Hessians.
pub(crate) fn counted(objective: &Objective<'_>, start: DVector<f64>) -> Result<(Fit, usize)> {
    let problem = objective.problem();
    // NaN counts as none; a ridge is checked when the problem is made.
    if problem.ridge() <= 0.0 {
        return Err(Error::Invalid(format!(
            "{} parameters are too many for a Hessian, and without one a ridge above 0 is needed to know that there is \
             a single minimiser: use --ridge, train with --sgd, or prune with --mask",
            problem.active()
        )));
    }
    check_size(problem)?;
    let mut theta = start;
    let mut g = objective.gradient(&theta);
    let first = g.norm();
    let mut floor = f64::INFINITY;
    let mut products = 0;
    // Whether a sparse factor stays small depends on the pattern alone, so it is tried once.
    let mut direct = Direct::Untried;
    for iteration in 0..MOST_STEPS {
        let hessian = objective.operator(&theta);
        floor = rounding_floor_of(objective, &theta, hessian.frobenius_estimate());
        let residual = g.norm();
        if !(residual.is_finite() && floor.is_finite()) {
            return Err(overflow());
        }
        let done = residual <= floor;
        let forcing =
            if done { 1e-3 } else { (residual / first).sqrt().min(0.1).max(0.1 * floor / residual) };
        let direction = match direct.solve(objective, &theta, &g)? {
            Some(x) => -x,
            None => direction(&hessian, &g, forcing, problem, &mut products)?,
        };
        if !done && products >= MOST_IN_ALL {
            return Err(not_converged(iteration, residual, floor));
        }
        if done {
            return Ok((polish(objective, theta, g, floor, direction, iteration), products));
        }
        match search(objective, &theta, &g, &direction) {
            Some(next) => (theta, g) = next,
            None if residual <= STATIONARY * floor => {
                return Ok((Fit { residual, rounding: floor, theta, iterations: iteration }, products));
            }
            None => return Err(not_converged(iteration, residual, floor)),
        }
    }
    let residual = g.norm();
    if residual <= STATIONARY * floor {
        return Ok((Fit { residual, rounding: floor, theta, iterations: MOST_STEPS }, products));
    }
    Err(not_converged(MOST_STEPS, residual, floor))
}

/// Refuses networks for which nobody would wait.
fn check_size(problem: &Problem) -> Result<()> {
    if !problem.model().is_linear() && problem.active() > MOST_OF_NETWORK {
        return Err(Error::Invalid(format!(
            "a network with {} parameters is too large for Newton's method, which takes up to {MOST_OF_NETWORK}: train \
             with --sgd, or prune with --mask",
            problem.active()
        )));
    }
    Ok(())
}

fn overflow() -> Error {
    Error::Data(
        "the objective overflows at the current parameters; standardise the data, or scale targets, ridge and given \
         parameters down"
            .into(),
    )
}

fn not_converged(iterations: usize, residual: f64, target: f64) -> Error {
    Error::NotConverged { what: "Newton's method with conjugate gradients", iterations, residual, target }
}

/// Sparse factorisations, where they are built in and stay small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direct {
    Untried,
    #[cfg(feature = "sparse")]
    Works,
    Out,
}

impl Direct {
    /// `∇²F(θ)⁻¹b`, if this is the way.
    #[cfg(feature = "sparse")]
    fn solve(
        &mut self,
        objective: &Objective<'_>,
        theta: &DVector<f64>,
        b: &DVector<f64>,
    ) -> Result<Option<DVector<f64>>> {
        if *self == Direct::Out {
            return Ok(None);
        }
        let solved = match objective.sparse_factor(theta) {
            Ok(factor) => factor.map(|f| f.solve(b)),
            // Positive only up to rounding: conjugate gradients say what can be said.
            Err(Error::Indefinite { .. }) => None,
            Err(other) => return Err(other),
        };
        *self = if solved.is_some() { Direct::Works } else { Direct::Out };
        Ok(solved)
    }

    /// Nothing without the feature.
    #[cfg(not(feature = "sparse"))]
    fn solve(
        &mut self,
        _: &Objective<'_>,
        _: &DVector<f64>,
        _: &DVector<f64>,
    ) -> Result<Option<DVector<f64>>> {
        *self = Direct::Out;
        Ok(None)
    }
}

/// A direction downhill: Newton's up to a relative residual.
fn direction(
    hessian: &Operator<'_, '_>,
    g: &DVector<f64>,
    forcing: f64,
    problem: &Problem,
    products: &mut usize,
) -> Result<DVector<f64>> {
    let most = (10 * g.len() + 100).min(MOST_PRODUCTS);
    let product = |v: &DVector<f64>, out: &mut DVector<f64>| hessian.product_into(v, out);
    let found = approach(product, &hessian.diagonal(), g, forcing * g.norm(), most);
    *products += found.products;
    match found.end {
        End::NotPositive(_) if problem.model().is_linear() && found.products <= 1 && g.norm() > 0.0 => {
            Err(overflow())
        }
        End::NotPositive(_) if found.products <= 1 => Ok(-g),
        _ => Ok(-found.x),
    }
}

/// The first step of the form `2⁻ʲ` that is accepted, with the gradient there.
fn search(
    objective: &Objective<'_>,
    theta: &DVector<f64>,
    g: &DVector<f64>,
    direction: &DVector<f64>,
) -> Option<(DVector<f64>, DVector<f64>)> {
    let decrease = g.dot(direction);
    let here = objective.value(theta);
    let linear = objective.problem().perturbation().map_or(0.0, |b| b.norm() * theta.norm());
    let flat = tol(objective.problem().rows() + objective.active(), 1.0) * (here.abs() + 2.0 * linear);
    let mut step = 1.0;
    // 2⁻⁶⁰ of a step changes nothing any more: this is as far as rounding allows.
    while step >= 2.0_f64.powi(-60) {
        let next = theta + direction * step;
        let there = objective.value(&next);
        // Near the minimiser values agree to rounding and only the gradient can tell progress.
        if there <= here + flat {
            let g_next = objective.gradient(&next);
            if there <= here + 1e-4 * step * decrease || g_next.norm() < 0.5 * g.norm() {
                return Some((next, g_next));
            }
        }
        step *= 0.5;
    }
    None
}

/// A last full step, if the residual still falls.
fn polish(
    objective: &Objective<'_>,
    theta: DVector<f64>,
    g: DVector<f64>,
    floor: f64,
    direction: DVector<f64>,
    iterations: usize,
) -> Fit {
    let next = &theta + direction;
    let g_next = objective.gradient(&next);
    let (theta, g) = if g_next.norm() < g.norm() { (next, g_next) } else { (theta, g) };
    Fit { residual: g.norm(), rounding: floor, theta, iterations }
}

/// Solves `∇²F(θ)x = b` to as many digits as conjugate gradients give, for the methods that take one Newton step.
///
/// # Errors
/// [`Error::Invalid`] for a network with more than 2²⁰ parameters, [`Error::NotConverged`] when the relative residual stays above 10⁻⁸, [`Error::Data`] when the Hessian is not positive
/// definite along a direction met.
pub(crate) fn solve(objective: &Objective<'_>, theta: &DVector<f64>, b: &DVector<f64>) -> Result<Solved> {
    /// Asked for, and needed: what is left over is part of every certificate.
    const WANTED: f64 = 1e-13;
    const NEEDED: f64 = 1e-8;
    check_size(objective.problem())?;
    let hessian = objective.operator(theta);
    let product = |v: &DVector<f64>, out: &mut DVector<f64>| hessian.product_into(v, out);
    let size = b.norm();
    if !size.is_finite() {
        return Err(overflow());
    }
    if let Some(x) = Direct::Untried.solve(objective, theta, b)? {
        let residual = (b - hessian.product(&x)).norm();
        if residual <= NEEDED * size {
            return Ok(Solved { x, residual, products: 1 });
        }
    }
    let found = approach(product, &hessian.diagonal(), b, WANTED * size, MOST_PRODUCTS);
    let residual = (b - hessian.product(&found.x)).norm();
    match found.end {
        End::NotPositive(p) if residual > NEEDED * size => Err(Error::Data(format!(
            "the Hessian has curvature {:e} along a search direction, so it is not positive definite: raise the ridge",
            p.dot(&hessian.product(&p)) / p.norm_squared()
        ))),
        // One more product has measured the residual.
        _ if residual <= NEEDED * size => Ok(Solved { residual, products: found.products + 1, x: found.x }),
        // NaN as well.
        _ => Err(Error::NotConverged {
            what: "the method of conjugate gradients",
            iterations: found.products,
            residual,
            target: NEEDED * size,
        }),
    }
}
