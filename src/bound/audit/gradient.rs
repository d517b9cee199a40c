//! An enclosure of `∇F_R(θ) = w Σ_{i∈R} rᵢ x̃ᵢ + λθ + b` at a float vector, coordinate by coordinate.
//!
//! The errors, in order: rounding of the logits (proved bound of the sum), the loss derivative over the
//! logit's whole interval (increasing functions, enclosed), rounding of the sum over rows, and the few
//! operations with `w`, λ and b (intervals). The data, θ, λ and b are exact as floats.

use super::row::Retained;
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, Columns};
use nalgebra::DVector;

/// `∇F_R(θ)`.
pub(super) fn enclose(rows: &Retained<'_>, theta: &DVector<f64>) -> Vec<Interval> {
    let problem = rows.problem;
    let loss = problem.model().loss();
    let exact: Vec<Ball> = theta.iter().map(|t| Ball::exact(*t)).collect();
    let mut columns = Columns::new(theta.len());
    for &i in &rows.retained {
        let z: Vec<Interval> = rows.units().iter().map(|unit| rows.output(unit, i, &exact)).collect();
        let residuals = loss.enclose_gradient(&z, problem.target()[i]);
        for (unit, residual) in rows.units().iter().zip(residuals) {
            let ball = Ball::from(residual);
            rows.read(unit, i, |p, x| columns.add(p, x, ball));
        }
    }
    let ridge = Interval::point(problem.ridge());
    let mut gradient = columns.enclosures();
    for (j, g) in gradient.iter_mut().enumerate() {
        *g = rows.weight * *g + ridge * Interval::point(theta[j]);
        if let Some(b) = problem.perturbation() {
            *g = *g + Interval::point(b[j]);
        }
    }
    gradient
}
