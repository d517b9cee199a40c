//! Enclosures of what a step of the parameters, `Δ = θ_u − θ`, does to the retained rows.
//!
//! Everything is about the two float vectors as they are: `Δ` is their exact difference, so the
//! rounding of the step and of its addition are part of the linear residuals.

use super::gradient::enclose;
use super::row::Retained;
use super::{Certifier, objective};
use crate::constants::{kept_inputs, kept_rows, too_wide};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::elementary::{sigmoid, softmax};
use crate::numeric::enclosure::operator_norm;
use crate::numeric::interval::Interval;
use crate::numeric::nonnegative;
use crate::numeric::product::{Ball, Columns, norm};
use crate::objective::{Problem, Reduction};
use nalgebra::{DMatrix, DVector};

/// A step on a linear model, as the retained rows see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `‖∇F(θ)‖`, on all rows: how well the original model was fitted.
    pub fit_residual: Interval,
    /// `‖∇F_R(θ_u)‖`.
    pub gradient_after: Interval,
    /// `‖∇F_R(θ) + ∇²F_R(θ)Δ‖`: 0 for Newton's exact step.
    pub retained_residual: Interval,
    /// `‖∇F_R(θ) + ∇²F(θ)Δ‖`, the Hessian being that of all rows: 0 for the exact influence step from a minimiser.
    pub full_residual: Interval,
    /// `‖Δ‖`.
    pub length: Interval,
    /// `|z_i(Δ)|² = Σ_c (x̃ᵢ·Δ_c)²` for every retained row: how far its outputs move, squared.
    pub moved: Vec<Interval>,
    /// `‖x̃ᵢ‖` for every retained row: its inputs at the columns that any output keeps, bias included.
    pub norms: Vec<Interval>,
    /// `‖X_R‖₂`, the matrix of the `x̃ᵢ`.
    pub spectral: Interval,
    /// The weight of a retained row: `1/|R|` or 1.
    pub weight: Interval,
}

impl Certifier<'_> {
    /// Encloses what the step from `from` to `to` does to the retained rows.
    ///
    /// ```
    /// use unlearn::bound::audit::Certifier;
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// // Kept: ½(θ − 1)² + ½θ². From 1 to 2: gradients 1 and 3, Hessian 2; on both rows the Hessian is 1 + (1+9)/2 = 6.
    /// let x = Design::dense(2, 1, vec![1.0, 3.0]).unwrap();
    /// let data = Dataset::new("tiny", x, vec![1.0, 1.0]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let certifier = Certifier::new(&problem, Some(&forget)).unwrap();
    /// let step = certifier.step(&nalgebra::dvector![1.0], &nalgebra::dvector![2.0]).unwrap();
    /// assert!(step.gradient_after.contains(3.0) && step.retained_residual.contains(3.0));
    /// assert!(step.full_residual.contains(7.0) && step.length.contains(1.0) && step.moved[0].contains(1.0));
    /// ```
    ///
    /// # Errors
    /// [`crate::error::Error::Shape`] and [`crate::error::Error::Invalid`] when a vector is for another problem or not finite.
    pub fn step(&self, from: &DVector<f64>, to: &DVector<f64>) -> Result<Step> {
        self.check(from)?;
        self.check(to)?;
        let problem = self.rows.problem;
        let every = all_rows(problem);
        let (delta, balls) = difference(from, to);
        let squares = |i: usize| -> Interval {
            self.rows.units().iter().map(|unit| self.rows.output(unit, i, &balls).square()).sum()
        };
        let (norms, spectral) = sizes(problem, self.forget)?;
        let around = |curved: &Retained<'_>| norm(&first_order(&self.rows, curved, from, &delta, &balls));
        Ok(Step {
            fit_residual: norm(&enclose(&every, from)),
            gradient_after: norm(&enclose(&self.rows, to)),
            retained_residual: around(&self.rows),
            full_residual: around(&every),
            length: norm(&delta),
            moved: self.rows.retained.iter().map(|&i| squares(i)).collect(),
            norms,
            spectral,
            weight: self.rows.weight,
        })
    }

    /// Encloses the coordinates of `∇F_R(θ) + ∇²F_R(θ)Δ`.
    ///
    /// # Errors
    /// As [`Certifier::step`].
    pub fn first_order(&self, from: &DVector<f64>, to: &DVector<f64>) -> Result<Vec<Interval>> {
        self.check(from)?;
        self.check(to)?;
        let (delta, balls) = difference(from, to);
        Ok(first_order(&self.rows, &self.rows, from, &delta, &balls))
    }
}

/// `Δ`, exactly.
fn difference(from: &DVector<f64>, to: &DVector<f64>) -> (Vec<Interval>, Vec<Ball>) {
    let delta: Vec<Interval> =
        to.iter().zip(from.iter()).map(|(a, b)| Interval::point(*a) - Interval::point(*b)).collect();
    let balls = delta.iter().map(|d| Ball::from(*d)).collect();
    (delta, balls)
}

fn all_rows(problem: &Problem) -> Retained<'_> {
    let weight = match problem.reduction() {
        Reduction::Mean => Interval::ONE / Interval::point(problem.rows() as f64),
        Reduction::Sum => Interval::ONE,
    };
    Retained { problem, retained: (0..problem.rows()).collect(), weight }
}

/// The norms of the retained rows and that of their matrix.
fn sizes(problem: &Problem, forget: Option<&RowSet>) -> Result<(Vec<Interval>, Interval)> {
    let retained = objective(problem, forget)?;
    if too_wide(&retained) {
        let (rows, weights) = kept_rows(&retained);
        let norms: Vec<Interval> = (0..rows.rows()).map(|i| Interval::norm(rows.row(i).1)).collect();
        let longest = norms.iter().copied().fold(Interval::ZERO, Interval::max).lo();
        let square = nonnegative::gram_norm_upper(&rows, &vec![1.0; weights.len()]);
        let most = Interval::point(square).sqrt().hi();
        return Ok((norms, Interval::new(longest.min(most), most)));
    }
    let (columns, rows, weights) = kept_inputs(&retained);
    let norms: Vec<Interval> = if columns == 0 {
        vec![Interval::ZERO; weights.len()]
    } else {
        rows.chunks_exact(columns).map(Interval::norm).collect()
    };
    // Larger eigenvalue problems cost more than the removal itself: between the longest row and Frobenius.
    const MOST_EIGENVALUES: usize = 400;
    let frobenius = Interval::norm(&rows);
    let spectral = if columns.min(weights.len()) <= MOST_EIGENVALUES {
        operator_norm(&DMatrix::from_vec(columns, weights.len(), rows)).min(frobenius)
    } else {
        let longest = norms.iter().copied().fold(Interval::ZERO, Interval::max);
        Interval::new(longest.lo().min(frobenius.hi()), frobenius.hi())
    };
    Ok((norms, spectral))
}

/// `∇F_R(θ) + ∇²F_S(θ)Δ`, coordinate by coordinate, with the gradient on the rows of `kept` and the Hessian on
/// those of `curved`, which hold them.
fn first_order(
    kept: &Retained<'_>,
    curved: &Retained<'_>,
    theta: &DVector<f64>,
    delta: &[Interval],
    balls: &[Ball],
) -> Vec<Interval> {
    let problem = kept.problem;
    let loss = problem.model().loss();
    let exact: Vec<Ball> = theta.iter().map(|t| Ball::exact(*t)).collect();
    let mut columns = Columns::new(theta.len());
    for &i in &curved.retained {
        let y = problem.target()[i];
        let outputs = |at: &[Ball]| -> Vec<Interval> {
            kept.units().iter().map(|unit| kept.output(unit, i, at)).collect()
        };
        let z = outputs(&exact);
        let mut slopes: Vec<Interval> =
            bend(loss, &z, &outputs(balls)).into_iter().map(|s| curved.weight * s).collect();
        if kept.retained.binary_search(&i).is_ok() {
            for (s, r) in slopes.iter_mut().zip(loss.enclose_gradient(&z, y)) {
                *s = *s + kept.weight * r;
            }
        }
        for (unit, slope) in kept.units().iter().zip(slopes) {
            let ball = Ball::from(slope);
            kept.read(unit, i, |p, x| columns.add(p, x, ball));
        }
    }
    let ridge = Interval::point(problem.ridge());
    let mut sum = columns.enclosures();
    for (j, g) in sum.iter_mut().enumerate() {
        *g = *g + ridge * (Interval::point(theta[j]) + delta[j]);
        if let Some(b) = problem.perturbation() {
            *g = *g + Interval::point(b[j]);
        }
    }
    sum
}

/// `∇²ℓ(z)a` in the outputs.
fn bend(loss: Loss, z: &[Interval], a: &[Interval]) -> Vec<Interval> {
    match loss {
        Loss::Squared => a.to_vec(),
        Loss::Logistic => vec![sigmoid(z[0]) * sigmoid(-z[0]) * a[0]],
        Loss::Softmax => {
            let p = softmax(z, 0).probabilities;
            let mean: Interval = p.iter().zip(a).map(|(p, a)| *p * *a).sum();
            p.iter().zip(a).map(|(p, a)| *p * (*a - mean)).collect()
        }
    }
}
