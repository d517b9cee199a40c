//! Rank-r changes of a Cholesky factor: from `A = LLᵀ` to that of `A ± Σ w_r u_r u_rᵀ`, in `3d²` operations per row.
//!
//! Column by column, each row `v` is eliminated against the diagonal: with `t = v_j/l_jj`, taken away
//! `l ← (l − tv)/c`, `v ← cv − tl`, `c² = 1 − t²` (hyperbolic rotations in mixed form, Bojanczyk, Brent, Van Dooren, de Hoog
//! 1987, recalled; relationally stable there), added `l ← (l + tv)/c`, `v ← cv − tl`, `c² = 1 + t²`. The coefficients of a
//! panel of columns are found first; they are applied to the rows below in strips that stay in cache.

use super::factor::Cholesky;
use super::gram::Kernel;
use super::lanes::{Arithmetic, Vectorised};
use super::memory::{copy_lower_to_kept, recycle};
use crate::error::{Error, Result};
use nalgebra::DMatrix;

/// Columns whose coefficients are found together.
const PANEL: usize = 16;
/// Rows that pass through a panel together.
const STRIP: usize = 64;

/// Is something added to the matrix or taken away?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Add,
    Remove,
}

/// One rotation: `t` and `c`; `±t` as it acts on the factor, and `1/c`.
#[derive(Clone, Copy, Default)]
struct Rotation {
    t: f64,
    c: f64,
    signed: f64,
    inverse: f64,
}

impl Cholesky {
    /// The factor of `A − Σ w_r u_r u_rᵀ` for the columns `u_r` of `rows` and weights `w_r ≥ 0`, in place.
    ///
    /// ```
    /// use nalgebra::dmatrix;
    /// use unlearn::numeric::factor::Cholesky;
    /// // [5 2; 2 5] − 1·(1, 0)(1, 0)ᵀ = [4 2; 2 5] = LLᵀ with L = [2 0; 1 2].
    /// let mut factor = Cholesky::new(dmatrix![5.0, 2.0; 2.0, 5.0], "A").unwrap();
    /// factor.remove_rows(&dmatrix![1.0; 0.0], &[1.0], "A without a row").unwrap();
    /// assert!((factor.lower()[(0, 0)] - 2.0).abs() < 1e-15 && (factor.lower()[(1, 1)] - 2.0).abs() < 1e-15);
    /// // Nothing positive is left when 5 more are taken away; the factor stays as it was.
    /// assert!(factor.remove_rows(&dmatrix![1.0; 0.0], &[5.0], "A without a row").is_err());
    /// assert!((factor.lower()[(1, 0)] - 1.0).abs() < 1e-15);
    /// ```
    ///
    /// # Errors
    /// [`Error::Indefinite`] with the pivot where what is left is not positive up to rounding (`d·ε` of what was there);
    /// the factor is then unchanged.
    ///
    /// Panics when `rows` does not have `d` rows or there is not one weight per column, or one is negative or NaN.
    pub fn remove_rows(&mut self, rows: &DMatrix<f64>, weights: &[f64], what: &'static str) -> Result<()> {
        self.change(rows, weights, Sign::Remove, what)
    }

    /// The factor of `A + Σ w_r u_r u_rᵀ`, as [`Cholesky::remove_rows`].
    ///
    /// # Errors
    /// [`Error::Indefinite`] when a number is not finite; the factor is then unchanged.
    pub fn add_rows(&mut self, rows: &DMatrix<f64>, weights: &[f64], what: &'static str) -> Result<()> {
        self.change(rows, weights, Sign::Add, what)
    }

    fn change(&mut self, rows: &DMatrix<f64>, weights: &[f64], sign: Sign, what: &'static str) -> Result<()> {
        let d = self.lower.nrows();
        assert_eq!(d, rows.nrows(), "rows of {} for a matrix of order {d}", rows.nrows());
        assert_eq!(rows.ncols(), weights.len(), "{} weights for {} rows", weights.len(), rows.ncols());
        // Apart by no power of two, or all of them would share a few lines of the cache.
        let step = d.next_multiple_of(8) + 8;
        let mut v = vec![0.0; step * weights.len()];
        for ((v, column), w) in v.chunks_exact_mut(step).zip(rows.column_iter()).zip(weights) {
            assert!(*w >= 0.0, "a weight of {w}");
            let scale = w.sqrt();
            v.iter_mut().zip(&column).for_each(|(v, u)| *v = scale * u);
        }
        let before = copy_lower_to_kept(&self.lower);
        let (l, v, rank) = (self.lower.as_mut_slice(), &mut v[..], weights.len());
        match Kernel::best().run(Rotate { l, v, d, step, rank, sign }) {
            Ok(()) => {
                recycle(before);
                Ok(())
            }
            Err(pivot) => {
                recycle(std::mem::replace(&mut self.lower, before));
                Err(Error::Indefinite { what, pivot })
            }
        }
    }
}

/// Rotates the columns `v` into the factor `l`.
struct Rotate<'a> {
    l: &'a mut [f64],
    v: &'a mut [f64],
    d: usize,
    step: usize,
    rank: usize,
    sign: Sign,
}

impl Vectorised for Rotate<'_> {
    /// `Err(j)` when pivot `j` breaks down.
    type Output = std::result::Result<(), usize>;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> std::result::Result<(), usize> {
        let Rotate { l, v, d, step, rank, sign } = self;
        let mut rotations = vec![Rotation::default(); PANEL * rank];
        for first in (0..d).step_by(PANEL) {
            let end = d.min(first + PANEL);
            for j in first..end {
                let before = l[j * d + j];
                for p in 0..rank {
                    let (pivot, t) = (l[j * d + j], v[p * step + j] / l[j * d + j]);
                    let square = match sign {
                        Sign::Add => 1.0 + t * t,
                        Sign::Remove => (1.0 - t) * (1.0 + t),
                    };
                    // Written so that NaN fails too. What is left of a pivot below d·ε of it is rounding.
                    let least = d as f64 * f64::EPSILON * (before / pivot).powi(2);
                    if !(square > least && square.is_finite()) {
                        return Err(j);
                    }
                    let c = square.sqrt();
                    let signed = if sign == Sign::Add { t } else { -t };
                    rotations[(j - first) * rank + p] = Rotation { t, c, signed, inverse: 1.0 / c };
                    l[j * d + j] = pivot * c;
                }
                let rotations = &rotations[(j - first) * rank..][..rank];
                apply::<A>(&mut l[j * d + j + 1..j * d + end], v, (step, j + 1), rotations);
            }
            for strip in (end..d).step_by(STRIP) {
                let last = d.min(strip + STRIP);
                for j in first..end {
                    let rotations = &rotations[(j - first) * rank..][..rank];
                    apply::<A>(&mut l[j * d + strip..j * d + last], v, (step, strip), rotations);
                }
            }
        }
        Ok(())
    }
}

/// All rotations of a column on some rows of it, `l`, and on the same rows of every `v`, from row `first` on: the numbers
/// of the column stay in registers meanwhile.
#[inline(always)]
fn apply<A: Arithmetic>(l: &mut [f64], v: &mut [f64], (step, first): (usize, usize), rotations: &[Rotation]) {
    const ROWS: usize = 32;
    let (whole, rest) = l.as_chunks_mut::<ROWS>();
    let mut at = first;
    for l in whole {
        let mut here = *l;
        for (p, rotation) in rotations.iter().enumerate() {
            let v = v[p * step + at..].first_chunk_mut::<ROWS>().expect("as many rows");
            for i in 0..ROWS {
                here[i] = A::mul_add(rotation.signed, v[i], here[i]) * rotation.inverse;
                v[i] = A::mul_add(-rotation.t, here[i], rotation.c * v[i]);
            }
        }
        *l = here;
        at += ROWS;
    }
    for (p, rotation) in rotations.iter().enumerate() {
        for (l, v) in rest.iter_mut().zip(&mut v[p * step + at..]) {
            *l = A::mul_add(rotation.signed, *v, *l) * rotation.inverse;
            *v = A::mul_add(-rotation.t, *l, rotation.c * *v);
        }
    }
}
