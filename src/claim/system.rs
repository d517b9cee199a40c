//! The Hessian of a linear model at a point, as an enclosed linear system.

use crate::constants::{Constants, Region};
use crate::error::Result;
use crate::numeric::factor::Cholesky;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::solve::symmetric;
use crate::objective::Objective;
use crate::objective::enclosed::Enclosed;
use nalgebra::DVector;

/// Up to here the matrix is formed once; beyond, it is applied row by row.
const MOST_FORMED: usize = 64;

/// `∇²F_w(θ)`, ready to solve with.
pub(crate) struct System<'a> {
    objective: Enclosed<'a>,
    theta: Vec<Precise>,
    factor: Cholesky,
    /// Columns, which are rows.
    formed: Option<Vec<Vec<Precise>>>,
    /// At most the smallest eigenvalue.
    mu: f64,
}

impl<'a> System<'a> {
    /// The system of an objective at a point; `floats` is the same objective.
    ///
    /// # Errors
    /// As [`Cholesky::new`].
    pub(crate) fn new(
        objective: Enclosed<'a>,
        floats: &Objective<'_>,
        theta: Vec<Precise>,
    ) -> Result<System<'a>> {
        let near = DVector::from_iterator(theta.len(), theta.iter().map(|t| t.float()));
        let factor = Cholesky::new(floats.hessian(&near), "the Hessian of the rows")?;
        let mu = Constants::of(floats, Region::Everywhere).strong_convexity;
        let k = theta.len();
        let unit = |j: usize| (0..k).map(|i| if i == j { Precise::ONE } else { Precise::ZERO }).collect();
        let column = |j: usize| -> Vec<Precise> { objective.hvp(&theta, &{ unit(j) } as &Vec<Precise>) };
        let formed = (k <= MOST_FORMED).then(|| (0..k).map(column).collect());
        Ok(System { objective, theta, factor, formed, mu })
    }

    /// `∇²F_w(θ) v`.
    fn apply(&self, v: &[Precise]) -> Vec<Precise> {
        match &self.formed {
            None => self.objective.hvp(&self.theta, v),
            Some(rows) => {
                rows.iter().map(|r| r.iter().zip(v).fold(Precise::ZERO, |s, (a, v)| s + *a * *v)).collect()
            }
        }
    }

    /// `∇²F_w(θ)⁻¹ b`.
    pub(crate) fn solve(&self, b: &[Precise]) -> Located {
        symmetric(|v| self.apply(v), &self.factor, b, self.mu)
    }
}
