//! What a removal step leaves of the gradient on the rows kept: four bounds for linear models, each
//! cheaper to evaluate and larger than the one before.
//!
//! `F_R` has weight `w` per retained row, `‖∇³ℓ‖ ≤ c₃` in the outputs, `x̃ᵢ` is row `i` at the kept columns (bias
//! included), `z_i = |x̃ᵢΔ|` how far its outputs move, `R = max‖x̃ᵢ‖`, and `ρ = ‖∇F_R(θ) + ∇²F_R(θ)Δ‖` what the
//! step leaves to first order (0 for Newton's). Then `‖∇F_R(θ+Δ)‖ ≤ ρ + r` with `r` any of
//!
//! | | bound on the remainder | |
//! |---|---|---|
//! | rows | `(c₃/2)·w·Σ ‖x̃ᵢ‖z_i²` | derived here |
//! | spectral | `(c₃/2)·w·‖X_R‖₂·(Σ z_i⁴)^½` | derived here |
//! | data-dependent | `(c₃/2)·w·R·‖X_R‖₂·‖Δ‖·(Σ z_i²)^½` | half of Guo et al., Corollaries 1 and 2, times `R` |
//! | worst case | `(c₃/2)·w·\|R\|·R³·(g/μ)²` | see below |
//!
//! Proof. Row `i` contributes `w x̃ᵢ ⊗ rᵢ` with `‖rᵢ‖ ≤ (c₃/2)z_i²` (Taylor in the outputs); sum the norms, or bound
//! `‖X_Rᵀ(w rᵢ)_i‖` by the operator norm. Further `z_i ≤ ‖x̃ᵢ‖‖Δ‖` and `Σ z_i² ≤ ‖X_R‖₂²‖Δ‖² ≤ |R|R²‖Δ‖²`; the
//! spectral bound is at most the data-dependent one, and that at most the worst case once `‖Δ‖ ≤ g/μ`.
//! Under masks some coordinates are missing, which only shortens vectors.
//!
//! **Worst case.** `‖∇ℓ‖ ≤ c₁` in the outputs, `r₀ = ‖∇F(θ)‖` on all rows, and the ridge and `b` are the same
//! function before and after:
//!
//! - mean: `∇F_R − ∇F = (m/n)(mean over R − mean over U)` of the row gradients, so `g = r₀ + 2mc₁R/n`;
//! - sum: `∇F_R − ∇F = −Σ_U ∇ℓᵢ`, so `g = r₀ + mc₁R`.
//!
//! Neither needs a bound on ‖θ‖, so neither depends on `b`.
//!
//! **Guo's convention** is another one: the ridge is `λn` and then `λ(n−m)`, but `b` stays fixed in the *sum*
//! ([`Removal::guo_corrected`]). Guo et al. 2020 (arXiv 1911.03030), Theorems 1 and 4 (from two secondary sources), for `‖x‖ ≤ 1`
//! and `b = 0`: `4γm²C²/(λ²(n−m))`. Under the mean the bound above is, in sums, `2γm²C²R⁵(n−m)/(λ²n²)`, less than half
//! of that at `R = 1`: the printed proof writes `γ‖δ‖²` where the integral form of the remainder gives `(γ/2)‖δ‖²`.
//!
//! Every factor is an enclosure. (The authors' code estimates `‖X‖₂` by power iteration, which is a lower bound.)

use super::audit::Step;
use super::{Bound, residual};
use crate::constants::kept_rows;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::loss::{Loss, LossConstants};
use crate::numeric::interval::Interval;
use crate::objective::{Problem, Reduction};

/// The theorem on the sum over rows.
pub const ROWS: &str = "Unlearn.Multi.multi_remainder_rows";
/// The theorem on the spectral form.
pub const SPECTRAL: &str = "Unlearn.LogisticModel.logistic_newton_ladder";
/// What the other two forms are called.
pub const DATA_DEPENDENT: &str = "Guo et al. 2020, Corollaries 1 and 2, halved, for any row norm";
/// What the worst case is called.
pub const WORST_CASE: &str = "after Guo et al. 2020, Theorem 4; constant derived here";
/// What Guo's worst case with the perturbation in it is called.
pub const GUO_CORRECTED: &str = "Guo et al. 2020, Theorem 4, corrected here for the perturbation";

fn half_third(loss: Loss) -> Interval {
    Interval::point(loss.constants().third) * Interval::point(0.5)
}

/// `Σ w‖x̃ᵢ‖z_i²·c₃/2`.
///
/// ```
/// use unlearn::bound::{audit::Certifier, guo};
/// use unlearn::data::{Dataset, Design};
/// use unlearn::{loss::Loss, model::Model, objective::Problem};
/// // One row x = 2, from 0 to ½: z = 1, and c₃ = 1/(6√3) gives 2·1/(12√3) = 0.0962…
/// let data = Dataset::new("one", Design::dense(1, 1, vec![2.0]).unwrap(), vec![1.0]).unwrap();
/// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Logistic, false).unwrap(), 1.0).unwrap();
/// let step = Certifier::new(&problem, None).unwrap().step(&nalgebra::dvector![0.0], &nalgebra::dvector![0.5]).unwrap();
/// for value in [guo::rows(Loss::Logistic, &step), guo::spectral(Loss::Logistic, &step)] {
///     assert!((value.mid() - 0.09622504486493764).abs() < 1e-12);
/// }
/// // R‖X‖‖Δ‖z = 2·2·½·1, halved, times 1/(6√3).
/// assert!((guo::data_dependent(Loss::Logistic, &step).mid() - 0.09622504486493764).abs() < 1e-12);
/// ```
pub fn rows(loss: Loss, step: &Step) -> Interval {
    let sum: Interval = step.norms.iter().zip(&step.moved).map(|(x, z)| *x * *z).sum();
    half_third(loss) * step.weight * sum
}

/// `(c₃/2)·w·‖X_R‖₂·(Σ z_i⁴)^½`.
pub fn spectral(loss: Loss, step: &Step) -> Interval {
    let fourth = step.moved.iter().map(|z| z.square()).sum::<Interval>().sqrt();
    half_third(loss) * step.weight * step.spectral * fourth
}

/// `(c₃/2)·w·R·‖X_R‖₂·‖Δ‖·(Σ z_i²)^½`.
pub fn data_dependent(loss: Loss, step: &Step) -> Interval {
    half_third(loss) * step.weight * largest(&step.norms) * without_third(step)
}

/// `‖X_R‖₂·‖Δ‖·(Σ z_i²)^½`, what Guo's Corollaries 1 and 2 multiply by `γ`.
pub(crate) fn without_third(step: &Step) -> Interval {
    step.spectral * step.length * step.moved.iter().copied().sum::<Interval>().sqrt()
}

fn largest(norms: &[Interval]) -> Interval {
    norms.iter().copied().fold(Interval::ZERO, Interval::max)
}

/// What the worst case needs to know: no gradient, no step, no labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Removal {
    /// `n`, all rows.
    pub rows: usize,
    /// `m ≥ 1`, the rows removed, fewer than all.
    pub removed: usize,
    /// `λ`.
    pub ridge: f64,
    /// `R ≥ ‖x̃ᵢ‖` for all rows.
    pub largest_row: Interval,
    /// Sum or mean.
    pub reduction: Reduction,
    /// Of the loss.
    pub constants: LossConstants,
}

impl Removal {
    /// Reads everything off a problem with a linear model.
    ///
    /// # Errors
    /// [`Error::Hypothesis`] for a network with hidden layers or λ = 0, and as [`Problem::check_forget`].
    pub fn new(problem: &Problem, forget: &RowSet) -> Result<Removal> {
        problem.check_forget(forget)?;
        if !problem.model().is_linear() {
            let why = "the model has hidden layers, so its loss is not convex".into();
            return Err(Error::Hypothesis { theorem: WORST_CASE, why });
        }
        residual::check_strong(WORST_CASE, problem.ridge())?;
        let (rows, _) = kept_rows(&problem.full());
        let largest_row =
            (0..rows.rows()).map(|i| Interval::norm(rows.row(i).1)).fold(Interval::ZERO, Interval::max);
        Ok(Removal {
            rows: problem.rows(),
            removed: forget.len(),
            ridge: problem.ridge(),
            largest_row,
            reduction: problem.reduction(),
            constants: problem.model().loss().constants(),
        })
    }

    /// Guo's worst case with the perturbation in it, in Guo's normalisation (`Σ ℓᵢ + (λn/2)‖w‖² + ⟨b,w⟩`, `b` fixed):
    /// `(c₃/2)R³m²(2c₁R + ‖b‖/n)²/(λ²(n−m))`, since `‖w‖ ≤ c₁R/λ + ‖b‖/(λn)`. With `b = 0` it is half of the printed bound
    /// times `R⁵`. Derived here; the printed proof leaves out `‖b‖/n`.
    ///
    /// ```
    /// use unlearn::bound::guo::Removal;
    /// use unlearn::loss::Loss;
    /// use unlearn::numeric::interval::Interval;
    /// use unlearn::objective::Reduction;
    /// // n = 2, m = 1, λ = 1, ‖b‖ = 4: (1/(12√3))·(2 + 2)²
    /// let removal = Removal {
    ///     rows: 2, removed: 1, ridge: 1.0, largest_row: Interval::ONE, reduction: Reduction::Mean,
    ///     constants: Loss::Logistic.constants(),
    /// };
    /// assert!((removal.guo_corrected(Interval::point(4.0)).value.mid() - 0.769800358919501).abs() < 1e-12);
    /// ```
    pub fn guo_corrected(&self, b: Interval) -> Bound {
        let m = Interval::point(self.removed as f64);
        let kept = Interval::point((self.rows - self.removed) as f64);
        let row = Interval::point(self.constants.gradient) * self.largest_row;
        let change = m * (Interval::point(2.0) * row + b / Interval::point(self.rows as f64));
        let third = Interval::point(self.constants.third) * Interval::point(0.5);
        let cube = self.largest_row * self.largest_row.square();
        let value = third * cube * change.square() / (Interval::point(self.ridge).square() * kept);
        Bound { theorem: GUO_CORRECTED, value }
    }

    /// `g ≥ ‖∇F_R(θ)‖` where `‖∇F(θ)‖ ≤ r₀`.
    pub fn gradient(&self, fit_residual: Interval) -> Interval {
        let m = Interval::point(self.removed as f64);
        let row = Interval::point(self.constants.gradient) * self.largest_row;
        let moved = match self.reduction {
            Reduction::Mean => Interval::point(2.0) * m / Interval::point(self.rows as f64) * row,
            Reduction::Sum => m * row,
        };
        fit_residual + moved
    }

    /// `w|R|`: the total weight of the rows kept.
    fn weight(&self) -> Interval {
        match self.reduction {
            Reduction::Mean => Interval::ONE,
            Reduction::Sum => Interval::point((self.rows - self.removed) as f64),
        }
    }

    /// The remainder of a step of the given length: `(c₃/2)w|R|R³‖Δ‖²`.
    fn remainder(&self, length: Interval) -> Interval {
        if self.constants.third == 0.0 {
            return Interval::ZERO;
        }
        let r = self.largest_row;
        let third = Interval::point(self.constants.third) * Interval::point(0.5);
        third * self.weight() * r * r.square() * length.square()
    }

    /// `‖∇F_R(θ+Δ)‖` after Newton's step, in the worst case: `ρ + (c₃/2)w|R|R³((g+ρ)/λ)²`.
    ///
    /// ```
    /// use unlearn::bound::guo::Removal;
    /// use unlearn::loss::Loss;
    /// use unlearn::numeric::interval::Interval;
    /// use unlearn::objective::Reduction;
    /// // n = 10, m = 1, λ = 1, rows of norm 1: g = 2/10, so (1/(12√3))·0.04 = 0.0019245…
    /// let mean = Removal {
    ///     rows: 10, removed: 1, ridge: 1.0, largest_row: Interval::ONE, reduction: Reduction::Mean,
    ///     constants: Loss::Logistic.constants(),
    /// };
    /// let bound = mean.newton(Interval::ZERO, Interval::ZERO).value;
    /// assert!((bound.mid() - 0.0019245008972987527).abs() < 1e-15);
    /// // Summed, g = 1 and nine rows: 9/(12√3) = 0.4330…
    /// let sum = Removal { reduction: Reduction::Sum, ..mean };
    /// assert!((sum.newton(Interval::ZERO, Interval::ZERO).value.mid() - 0.4330127018922194).abs() < 1e-12);
    /// ```
    pub fn newton(&self, fit_residual: Interval, linear_residual: Interval) -> Bound {
        let length = (self.gradient(fit_residual) + linear_residual) / Interval::point(self.ridge);
        Bound { theorem: WORST_CASE, value: linear_residual + self.remainder(length) }
    }

    /// The same after the influence step, whose Hessian is that of all rows: the Hessians differ by at most
    /// `(m/n)c₂R²` (mean: a difference of two averages of nonnegative matrices) or `mc₂R²` (sum).
    pub fn influence(&self, fit_residual: Interval, linear_residual: Interval) -> Bound {
        let length = (self.gradient(fit_residual) + linear_residual) / Interval::point(self.ridge);
        let m = Interval::point(self.removed as f64);
        let share = match self.reduction {
            Reduction::Mean => m / Interval::point(self.rows as f64),
            Reduction::Sum => m,
        };
        let curvature = share * Interval::point(self.constants.curvature) * self.largest_row.square();
        let value = linear_residual + curvature * length + self.remainder(length);
        Bound { theorem: "influence step, worst case; derived here", value }
    }
}
