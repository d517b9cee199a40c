//! Outliers: the larger a forgotten row, the smaller its influence step, while retraining does not move.

use super::case::SMALLEST_SIZE;
use super::fixed::{Ends, float_size, only};
use super::identities::{LEAST_SQUARES, both};
use super::sgd::applicable;
use super::steps::MOST_ROWS;
use super::{Case, Claim, Evidence, Outcome, Verdict};
use crate::constants::{Constants, Region};
use crate::error::Result;
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::numeric::solve::{dot, symmetric};
use crate::objective::enclosed::{Enclosed, exact};
use crate::unlearn::features::features;
use nalgebra::{DMatrix, DVector};

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![Claim {
        id: "influence-vanishes",
        title: "influence steps of outliers vanish",
        statement: "x → tx, t ≥ 1: ‖A_t⁻¹g_t‖ ≤ w‖H⁻¹x‖(|y| + |xᵀθ₋|)/(t²q²), q = wxᵀH⁻¹x; least squares",
        source: "derived here; makes Izzo et al. 2021 (arXiv 2002.10077), Theorem 3, quantitative",
        theorem: None,
        item: "claim::outliers::outliers",
        expected: Verdict::Holds,
        domain: LEAST_SQUARES,
        check: |case| {
            both(
                vanishing(case, |o| Ok((o.step, o.size)))?,
                outliers(case, |o| Ok(Cholesky::new(o.all.clone(), "A_t")?.solve(&o.gradient)))?,
            )
        },
        directed: Vec::new,
    }]
}

/// A forgotten row whose features were multiplied by `t`.
pub struct Outlier {
    /// `A_t = H + wt²xxᵀ`.
    pub all: DMatrix<f64>,
    /// `H`: the Hessian of the other rows.
    pub others: DMatrix<f64>,
    /// `g_t = wℓ′·tx` at the minimiser on all rows.
    pub gradient: DVector<f64>,
}

/// The influence step of an outlier, enclosed, with what floats make of it.
struct Scaled {
    floats: Outlier,
    /// `‖A_t⁻¹g_t‖`.
    step: Interval,
    /// The size of the numbers that cancel in it, for enclosures and for floats.
    size: f64,
    float_size: f64,
}

/// Is the step of ever larger rows bounded as [`claims`] states for the influence step?
///
/// # Errors
/// As [`Cholesky::new`] and the step.
pub fn outliers(case: &Case, step: fn(&Outlier) -> Result<DVector<f64>>) -> Result<Outcome> {
    vanishing(case, |o| Ok((Interval::norm(step(&o.floats)?.as_slice()), o.float_size)))
}

/// Compares a length, to a resolution that its size sets, with the bound; both enclosed.
fn vanishing(case: &Case, length: impl Fn(&Scaled) -> Result<(Interval, f64)>) -> Result<Outcome> {
    let p = &case.problem;
    let k = p.active();
    let zero = vec![Precise::ZERO; k];
    let mut worst = Outcome::NotApplicable("every forgotten row is zero".into());
    for &row in case.forget.rows().iter().take(MOST_ROWS) {
        let x = features(p, &[row])?.column(0).clone_owned();
        if x.norm() == 0.0 {
            continue;
        }
        let y = p.target()[row];
        let kept = Enclosed::only(p, |i| i != row);
        let w = kept.weight::<Precise>();
        let unit = |j: usize| (0..k).map(|i| if i == j { Precise::ONE } else { Precise::ZERO }).collect();
        let others: Vec<Vec<Precise>> =
            (0..k).map(|j| kept.hvp(&zero, &{ unit(j) } as &Vec<Precise>)).collect();
        let right: Vec<Precise> = kept.gradient(&zero).into_iter().map(|g| -g).collect();
        let as_row = exact::<Precise>(&x);
        let floats = only(p, |i| i != row)?;
        let c = Constants::of(&floats, Region::Everywhere);
        let reach = floats.gradient_mass(&DVector::zeros(k)) / c.smoothness;
        let outcome = applicable((|| {
            let system = Matrix::new(others.clone(), c.strong_convexity)?;
            let along = system.solve(&as_row);
            let z = dot(x.as_slice(), &system.solve(&right));
            let q = w * dot(x.as_slice(), &along);
            // w‖H⁻¹x‖(|y| + |xᵀθ₋|)/q², to be divided by t².
            let bound = w.enclosure() * norm(&along) * (Interval::point(y).abs() + z.enclosure().abs())
                / q.enclosure().square();
            let mut worst = Outcome::NotApplicable("nothing was scaled".into());
            // Powers of two keep the scaling itself exact.
            for t in [1.0, 8.0, 64.0] {
                let scaled = Scaled::new(&system, &right, (&x, y, w), t, reach)?;
                let (left, size) = length(&scaled)?;
                let e = Evidence::inequality(left, bound / Interval::point(t).square(), size);
                worst = both(worst, Outcome::Compared(e))?;
            }
            Ok(worst)
        })())?;
        worst = both(worst, outcome)?;
    }
    Ok(worst)
}

/// A symmetric matrix by rows, ready to solve with.
struct Matrix {
    rows: Vec<Vec<Precise>>,
    floats: DMatrix<f64>,
    factor: Cholesky,
    /// At most the smallest eigenvalue.
    mu: f64,
}

impl Matrix {
    fn new(rows: Vec<Vec<Precise>>, mu: f64) -> Result<Matrix> {
        let floats = DMatrix::from_fn(rows.len(), rows.len(), |i, j| rows[i][j].float());
        Ok(Matrix { factor: Cholesky::new(floats.clone(), "A_t")?, rows, floats, mu })
    }

    fn solve(&self, b: &[Precise]) -> Vec<Precise> {
        let apply = |v: &[Precise]| {
            let product = |row: &Vec<Precise>| row.iter().zip(v).fold(Precise::ZERO, |s, (a, v)| s + *a * *v);
            self.rows.iter().map(product).collect()
        };
        symmetric(apply, &self.factor, b, self.mu).coordinates()
    }
}

impl Scaled {
    /// The row `(x, y)` of weight `w` with `x` multiplied by `t`; `reach` is the size of the other rows' solution
    /// before anything in it cancels.
    fn new(
        others: &Matrix,
        right: &[Precise],
        (x, y, w): (&DVector<f64>, f64, Precise),
        t: f64,
        reach: f64,
    ) -> Result<Scaled> {
        let k = x.len();
        let row: Vec<Precise> = x.iter().map(|v| Precise::exact(t * v)).collect();
        let entry = |i: usize, j: usize| others.rows[i][j] + w * row[i] * row[j];
        let rows = (0..k).map(|i| (0..k).map(|j| entry(i, j)).collect()).collect();
        // A row more makes no eigenvalue smaller.
        let all = Matrix::new(rows, others.mu)?;
        let b: Vec<Precise> = right.iter().zip(&row).map(|(r, v)| *r + w * *v * Precise::exact(y)).collect();
        let theta = all.solve(&b);
        let slope = dot((x * t).as_slice(), &theta) - Precise::exact(y);
        let gradient: Vec<Precise> = row.iter().map(|v| w * slope * *v).collect();
        let step = norm(&all.solve(&gradient));
        // The slope is a difference of y and tx·θ.
        let cancels = y.abs() + t * x.norm() * (norm(&theta).mid() + reach);
        let size = w.float() * norm(&all.solve(&row)).mid() * cancels + step.mid() + SMALLEST_SIZE;
        let ends = Ends::of(&all.floats)?;
        Ok(Scaled {
            floats: Outlier {
                gradient: DVector::from_iterator(k, gradient.iter().map(|g| g.float())),
                others: others.floats.clone(),
                all: all.floats,
            },
            step,
            size,
            float_size: float_size(size, k + 8, ends.condition()),
        })
    }
}
