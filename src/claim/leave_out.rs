//! The formulas of [`crate::unlearn::leave_out`] in precise arithmetic.

use super::fixed::{full_system, singular};
use crate::data::RowSet;
use crate::error::Result;
use crate::loss::Loss;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::Real;
use crate::numeric::solve::{dot, eliminate_vector};
use crate::objective::Problem;
use crate::objective::enclosed::Enclosed;
use crate::unlearn::features::features;
use nalgebra::DMatrix;

/// `A⁻¹X_Uᵀ`, `G = X_U A⁻¹X_Uᵀ`, the derivatives of the forgotten rows and what follows from them.
pub(crate) struct ExactLeaveOut {
    /// `X_Uᵀ`.
    pub(crate) x: DMatrix<f64>,
    /// `G`, by rows.
    pub(crate) gram: Vec<Vec<Precise>>,
    /// `A⁻¹x` for every forgotten row.
    pub(crate) solved: Vec<Vec<Precise>>,
    /// `ℓ′` and `ℓ″`.
    pub(crate) slope: Vec<Precise>,
    pub(crate) bend: Vec<Precise>,
    /// The weight of a row.
    pub(crate) weight: Precise,
}

impl ExactLeaveOut {
    /// At any `θ`.
    pub(crate) fn new(problem: &Problem, theta: &[Precise], forget: &RowSet) -> Result<ExactLeaveOut> {
        let x = features(problem, forget.rows())?;
        let system = full_system(problem, theta.to_vec())?;
        let column = |j: usize| x.column(j).iter().map(|v| Precise::exact(*v)).collect::<Vec<_>>();
        let solved: Vec<Vec<Precise>> =
            (0..x.ncols()).map(|j| system.solve(&column(j)).coordinates()).collect();
        let gram =
            (0..x.ncols()).map(|i| solved.iter().map(|s| dot(x.column(i).as_slice(), s)).collect()).collect();
        let (slope, bend) = forget
            .rows()
            .iter()
            .enumerate()
            .map(|(j, &i)| {
                let z = dot(x.column(j).as_slice(), theta);
                derivatives(problem.model().loss(), z, problem.target()[i])
            })
            .unzip();
        Ok(ExactLeaveOut { weight: Enclosed::full(problem).weight(), x, gram, solved, slope, bend })
    }

    /// `c = (I − wSG)⁻¹ℓ′`.
    fn coefficients(&self) -> Result<Vec<Precise>> {
        let m = self.gram.len();
        let entry = |i: usize, j: usize| {
            let unit = if i == j { Precise::ONE } else { Precise::ZERO };
            unit - self.weight * self.bend[i] * self.gram[i][j]
        };
        let a = (0..m).map(|i| (0..m).map(|j| entry(i, j)).collect()).collect();
        eliminate_vector(a, &self.slope).ok_or_else(|| singular("I − wSG"))
    }

    /// `δ = wA⁻¹X_Uᵀc`.
    pub(crate) fn step(&self) -> Result<Located> {
        let c = self.coefficients()?;
        let at = |p: usize| {
            let sum = self.solved.iter().zip(&c).fold(Precise::ZERO, |s, (v, c)| s + v[p] * *c);
            self.weight * sum
        };
        Ok(Located::enclosed((0..self.x.nrows()).map(at).collect()))
    }

    /// `−ℓ′ − wGc`: the residuals under the updated parameters, for the squared loss.
    pub(crate) fn residuals(&self) -> Result<Located> {
        let c = self.coefficients()?;
        let change = |row: &[Precise]| row.iter().zip(&c).fold(Precise::ZERO, |s, (g, c)| s + *g * *c);
        let at = |(row, slope): (&Vec<Precise>, &Precise)| -*slope - self.weight * change(row);
        Ok(Located::enclosed(self.gram.iter().zip(&self.slope).map(at).collect()))
    }
}

/// `ℓ′` and `ℓ″` of the squared or logistic loss at output `z`.
pub(crate) fn derivatives(loss: Loss, z: Precise, y: f64) -> (Precise, Precise) {
    match loss {
        Loss::Squared => (z - Precise::exact(y), Precise::ONE),
        _ => {
            let (up, down) = (z.sigmoid(), (-z).sigmoid());
            (if y == 1.0 { -down } else { up }, up * down)
        }
    }
}

/// The orthogonal projection of `v` onto the span of columns, with that span's dimension proved: rows equal to
/// earlier ones are left out, and what remains is either certainly independent or certainly everything.
///
/// # Errors
/// [`crate::error::Error::Hypothesis`] when neither can be shown.
pub(crate) fn project(x: &DMatrix<f64>, v: &[Precise]) -> Result<Vec<Precise>> {
    let mut kept: Vec<usize> = Vec::new();
    for j in 0..x.ncols() {
        let known = kept.iter().any(|&i| x.column(i) == x.column(j));
        if !known && x.column(j).iter().any(|e| *e != 0.0) {
            kept.push(j);
        }
    }
    // In order of appearance, those that enlarge the span.
    let mut chosen: Vec<usize> = Vec::new();
    let mut unproved = false;
    for &j in &kept {
        if chosen.len() == x.nrows() {
            return Ok(v.to_vec());
        }
        chosen.push(j);
        if least_squares(x, &chosen, v).is_none() {
            chosen.pop();
            unproved = true;
        }
    }
    if chosen.len() == x.nrows() {
        return Ok(v.to_vec());
    }
    if unproved {
        return Err(singular("the Gram matrix of the forgotten rows"));
    }
    if chosen.is_empty() {
        return Ok(vec![Precise::ZERO; x.nrows()]);
    }
    let c = least_squares(x, &chosen, v).expect("it was solved above");
    let at =
        |p: usize| chosen.iter().zip(&c).fold(Precise::ZERO, |s, (&j, c)| s + Precise::exact(x[(p, j)]) * *c);
    Ok((0..x.nrows()).map(at).collect())
}

/// `(XᵀX)⁻¹Xᵀv` for some columns of `X`; `None` unless they are certainly independent.
fn least_squares(x: &DMatrix<f64>, columns: &[usize], v: &[Precise]) -> Option<Vec<Precise>> {
    let right: Vec<Precise> = columns.iter().map(|&j| dot(x.column(j).as_slice(), v)).collect();
    eliminate_vector(gram(x, columns), &right)
}

/// `XᵀX` for some columns of `X`.
pub(crate) fn gram(x: &DMatrix<f64>, columns: &[usize]) -> Vec<Vec<Precise>> {
    let exact = |j: usize| x.column(j).iter().map(|v| Precise::exact(*v)).collect::<Vec<_>>();
    let entries =
        |i: usize| columns.iter().map(|&j| dot(x.column(i).as_slice(), &exact(j))).collect::<Vec<Precise>>();
    columns.iter().map(|&i| entries(i)).collect()
}
