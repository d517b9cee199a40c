//! Inverting the empirical Fisher row by row, and the recursion of released code that does not.

use super::directed::{Small, case};
use super::fixed::{agree, float_size};
use super::masks::ANY_MODEL;
use super::{Case, Claim, Outcome, Verdict};
use crate::error::Result;
use crate::numeric::located::Located;
use crate::numeric::precise::{Precise, Sum};
use crate::unlearn::influence::{Weights, right_side};
use crate::unlearn::woodfisher::inverse_times;
use nalgebra::{DMatrix, DVector};

/// Models with more kept parameters are left out: the recursion takes `nk²` operations.
const MOST_PARAMETERS: usize = 400;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "woodfisher-inverse",
            title: "rank-one updates invert the empirical Fisher",
            statement: "F_n⁻¹ = F_{n−1}⁻¹ − F_{n−1}⁻¹g_n g_nᵀF_{n−1}⁻¹/(1/w + g_nᵀF_{n−1}⁻¹g_n), F_0 = δI: \
                        F_n⁻¹v solves (δI + w Σ g_i g_iᵀ)x = v",
            source: "Sherman, Morrison 1950; Singh, Alistarh 2020 (arXiv 2004.14340), equation 2, recalled",
            theorem: None,
            item: "unlearn::woodfisher::inverse_times",
            expected: Verdict::Holds,
            domain: ANY_MODEL,
            check: |case| solves(case, by_rows),
            directed: Vec::new,
        },
        Claim {
            id: "woodfisher-one-vector",
            title: "one auxiliary vector inverts the empirical Fisher",
            statement: "k ← k − (kᵀg/(1/w + oᵀg))·o, o ← ((1/w)/(1/w + oᵀg))·o, o = g_1 at first, gives \
                        (δI + w Σ g_i g_iᵀ)⁻¹v",
            source: "released code of Jia et al. 2023 (arXiv 2304.04934; Unlearn-Sparse, Wfisher.py, read there); its \
                     o stays parallel to g_1, so that its result is v/δ − c·g_1",
            theorem: None,
            item: "claim::woodfisher::one_vector",
            expected: Verdict::Refuted,
            domain: ANY_MODEL,
            check: |case| solves(case, one_vector),
            directed: || vec![three_directions()],
        },
    ]
}

/// A way to compute `(δI + w Σ g_i g_iᵀ)⁻¹ v` from the gradients in the columns of a matrix.
pub type Inverse = fn(&DMatrix<f64>, &DVector<f64>, f64, f64) -> DVector<f64>;

/// The method as shipped.
pub fn by_rows(gradients: &DMatrix<f64>, v: &DVector<f64>, weight: f64, damping: f64) -> DVector<f64> {
    let copy = |i: usize, g: &mut DVector<f64>| g.copy_from(&gradients.column(i));
    inverse_times(v, gradients.ncols(), copy, weight, damping)
}

/// The recursion with one auxiliary vector (`δ = 1` in the released code).
pub fn one_vector(gradients: &DMatrix<f64>, v: &DVector<f64>, weight: f64, damping: f64) -> DVector<f64> {
    let mut result = v / damping;
    let mut carried = gradients.column(0).clone_owned();
    for g in gradients.column_iter().skip(1) {
        let divisor = 1.0 / weight + carried.dot(&g);
        result.axpy(-result.dot(&g) / divisor, &carried, 1.0);
        carried *= (1.0 / weight) / divisor;
    }
    result
}

/// The residual of the system at the start of the case's run, enclosed for the gradients as computed, relative to the
/// rounding of the recursion. The damping is the
/// mean eigenvalue `w Σ‖g_i‖²/k`: of the size of the Fisher information, so that neither part hides the other
/// and the condition is at most `k + 1`.
///
/// # Errors
/// Those of the forget set.
pub fn solves(case: &Case, inverse: Inverse) -> Result<Outcome> {
    let (problem, theta) = (&case.problem, &case.start);
    let (n, k) = (problem.rows(), problem.active());
    if k > MOST_PARAMETERS {
        return Ok(Outcome::NotApplicable(format!("{k} parameters: the recursion would take too long")));
    }
    let full = problem.full();
    let gradients = full.row_gradients(theta);
    let v = right_side(problem, &case.forget, theta, Weights::Simplex)?;
    let weight = full.weights()[0];
    let damping = weight * gradients.norm_squared() / k as f64;
    if v.norm() == 0.0 || !damping.is_normal() {
        return Ok(Outcome::NotApplicable("the gradients are 0 or out of range".into()));
    }
    let x = inverse(&gradients, &v, weight, damping);
    // ‖F‖ ≤ δ + w‖G‖_F² = δ(1 + k), and the recursion rounds relative to what it has inverted so far.
    let condition = 1.0 + k as f64;
    let size = damping * condition * x.norm() + v.norm();
    let applied = fisher_times(&gradients, &x, weight, damping);
    Ok(agree(&v, &applied, float_size(size, n + k, condition)))
}

/// `δx + w Σ g_i (g_iᵀx)` for these floats, enclosed.
fn fisher_times(gradients: &DMatrix<f64>, x: &DVector<f64>, weight: f64, damping: f64) -> Located {
    let mut sums = vec![Sum::default(); x.len()];
    for g in gradients.column_iter() {
        let mut along = Sum::default();
        g.iter().zip(x.iter()).for_each(|(g, x)| along.add(*g, Precise::exact(*x)));
        let along = along.total();
        sums.iter_mut().zip(g.iter()).for_each(|(sum, g)| sum.add(*g, along));
    }
    let times = |sum: &Sum, x: f64| {
        Precise::exact(weight) * sum.total() + Precise::exact(damping) * Precise::exact(x)
    };
    Located::enclosed(sums.iter().zip(x.iter()).map(|(sum, x)| times(sum, *x)).collect())
}

/// Gradients (−1, 0), (0, −2) and (−1, −1) at 0: the auxiliary vector never sees the second direction.
fn three_directions() -> Case {
    case(Small {
        rows: &[(&[1.0, 0.0], 1.0), (&[0.0, 2.0], 1.0), (&[1.0, 1.0], 1.0)],
        forget: &[2],
        steps: &[(0, 0.5)],
        mask: None,
    })
    .labelled("gradients in three directions")
}
