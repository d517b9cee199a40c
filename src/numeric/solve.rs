//! Linear systems solved to many more digits than floats carry, with a proof.
//!
//! Nothing about the approximate solution is trusted: for a symmetric matrix with `λ_min ≥ μ > 0`,
//! `‖x − A⁻¹b‖ ≤ ‖b − Ax‖/μ`, and elimination on enclosures contains the solution by construction.

use super::factor::Cholesky;
use super::interval::Interval;
use super::located::Located;
use super::precise::{Precise, Sum};
use super::real::{Real, norm};
use nalgebra::{DMatrix, DVector};

/// Most corrections of a solution; each gains about as many digits as the condition leaves to floats.
const MOST_CORRECTIONS: usize = 6;
/// A residual of this share of the right-hand side cannot be improved any more.
const SMALL: f64 = 1e-28;

/// `A⁻¹b` for a symmetric matrix given by its action, a lower bound `mu` on its smallest eigenvalue and a float
/// factorisation of something near it.
pub(crate) fn symmetric(
    apply: impl Fn(&[Precise]) -> Vec<Precise>,
    factor: &Cholesky,
    b: &[Precise],
    mu: f64,
) -> Located {
    let mut x = vec![Precise::ZERO; b.len()];
    let mut rest = b.to_vec();
    let target = norm(b).hi() * SMALL;
    for _ in 0..MOST_CORRECTIONS {
        let step = factor.solve(&DVector::from_iterator(b.len(), rest.iter().map(|r| r.float())));
        let next: Vec<Precise> =
            x.iter().zip(&step).map(|(x, s)| (*x + Precise::exact(*s)).middle()).collect();
        let left: Vec<Precise> = b.iter().zip(apply(&next)).map(|(b, a)| *b - a).collect();
        if norm(&left).hi() >= norm(&rest).hi() {
            break;
        }
        (x, rest) = (next, left);
        if norm(&rest).hi() <= target {
            break;
        }
    }
    let radius = if mu > 0.0 { (norm(&rest) / Interval::point(mu)).hi() } else { f64::INFINITY };
    Located::enclosed(x).widened(radius)
}

/// `A⁻¹B` for a small matrix (by rows), by elimination with partial pivoting. `None` when a pivot may be 0.
///
/// Both sides are multiplied by a float inverse first: elimination on enclosures of nearly the identity does
/// not let their radii grow from step to step.
pub(crate) fn eliminate(a: Vec<Vec<Precise>>, b: Vec<Vec<Precise>>) -> Option<Vec<Vec<Precise>>> {
    let m = a.len();
    let (mut a, mut b) = match DMatrix::from_fn(m, m, |i, j| a[i][j].float()).try_inverse() {
        Some(r) if r.iter().all(|v| v.is_finite()) => (times(&r, &a), times(&r, &b)),
        _ => (a, b),
    };
    for j in 0..m {
        let size = |i: usize| a[i][j].float().abs();
        let top = (j..m).fold(j, |t, i| if size(i) > size(t) { i } else { t });
        a.swap(j, top);
        b.swap(j, top);
        if a[j][j].enclosure().abs().lo() <= 0.0 {
            return None;
        }
        for i in j + 1..m {
            let f = a[i][j] / a[j][j];
            for c in j + 1..m {
                a[i][c] = a[i][c] - f * a[j][c];
            }
            for c in 0..b[i].len() {
                b[i][c] = b[i][c] - f * b[j][c];
            }
        }
    }
    for j in (0..m).rev() {
        for c in 0..b[j].len() {
            let known = (j + 1..m).fold(b[j][c], |s, i| s - a[j][i] * b[i][c]);
            b[j][c] = known / a[j][j];
        }
    }
    Some(b)
}

/// `RA` for a matrix of floats.
fn times(r: &DMatrix<f64>, a: &[Vec<Precise>]) -> Vec<Vec<Precise>> {
    let columns = a.first().map_or(0, Vec::len);
    let entry = |i: usize, j: usize| {
        let mut sum = Sum::default();
        (0..a.len()).for_each(|l| sum.add(r[(i, l)], a[l][j]));
        sum.total()
    };
    (0..r.nrows()).map(|i| (0..columns).map(|j| entry(i, j)).collect()).collect()
}

/// `A⁻¹b`, as [`eliminate`].
pub(crate) fn eliminate_vector(a: Vec<Vec<Precise>>, b: &[Precise]) -> Option<Vec<Precise>> {
    let solved = eliminate(a, b.iter().map(|v| vec![*v]).collect())?;
    Some(solved.into_iter().map(|row| row[0]).collect())
}

/// `Σ xᵢyᵢ`.
pub(crate) fn dot(x: &[f64], y: &[Precise]) -> Precise {
    let mut sum = Sum::default();
    x.iter().zip(y).for_each(|(x, y)| Precise::add_product(&mut sum, *x, *y));
    sum.total()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hilbert's matrix of order 6 times (1, …, 1): condition 1.5·10⁷, the solution is known.
    #[test]
    fn an_ill_conditioned_system_keeps_its_digits() {
        let entry = |i: usize, j: usize| Precise::ONE / Precise::exact((i + j + 1) as f64);
        let a: Vec<Vec<Precise>> = (0..6).map(|i| (0..6).map(|j| entry(i, j)).collect()).collect();
        let b: Vec<Precise> = a.iter().map(|row| row.iter().fold(Precise::ZERO, |s, v| s + *v)).collect();
        for x in eliminate_vector(a.clone(), &b).unwrap() {
            assert!(x.enclosure().contains(1.0) && x.radius() < 1e-18, "{x:?}");
        }
        let floats = nalgebra::DMatrix::from_fn(6, 6, |i, j| a[i][j].float());
        let factor = Cholesky::new(floats, "Hilbert").unwrap();
        let apply = |v: &[Precise]| {
            a.iter().map(|row| row.iter().zip(v).fold(Precise::ZERO, |s, (a, v)| s + *a * *v)).collect()
        };
        // λ_min = 1.08·10⁻⁷.
        let x = symmetric(apply, &factor, &b, 1.08e-7);
        let ones = Located::at(&DVector::from_element(6, 1.0));
        assert!(x.distance(&ones).lo() == 0.0 && x.distance(&ones).hi() < 1e-18, "{:?}", x.distance(&ones));
        // A bound on the smallest eigenvalue that is not positive proves nothing.
        assert_eq!(symmetric(apply, &factor, &b, 0.0).radius, f64::INFINITY);
    }

    #[test]
    fn a_singular_matrix_has_no_solution() {
        let one = Precise::ONE;
        assert!(eliminate_vector(vec![vec![one, one], vec![one, one]], &[one, one]).is_none());
    }
}
