//! Descent on the rows kept and ascent on the forgotten ones, in a model where all three optima are known: it moves
//! *away* from retraining (Mavrothalassitis et al. 2025, arXiv 2509.26427; formulas derived here again).
//!
//! One coordinate `w` of a model with exponential loss: `|R_j|` of the `|R|` rows kept and `α|R_j|` of the `|F|` forgotten ones
//! have loss `e^{−w}`, the others do not depend on `w`; objectives are means plus `(λ/2)w²`. A stationary point of
//! `c·e^{−w} + (λ/2)w²` solves `w·e^w = c/λ`:
//!
//! | objective | mean loss | optimum |
//! |---|---|---|
//! | retrained | `(1/\|R\|) Σ_R` | `w^R = W(\|R_j\|/(λ\|R\|))` |
//! | trained | `(1/\|D\|) Σ_D`, `D = R ∪ F` | `w^D = W((1+α)\|R_j\|/(λ\|D\|))` |
//! | descent–ascent | `(1/\|R\|) Σ_R − (1/\|F\|) Σ_F` | `w^DA = W((1 − α\|R\|/\|F\|)\|R_j\|/(λ\|R\|))` |
//!
//! For `|F|²/(|R|(|F|+|D|)) ≤ α ≤ |F|/|R|` they are in the order `w^DA ≤ w^D ≤ w^R`, and
//! `|w^D − w^R| ≤ |ln((1+α)|R|/|D|)|`, since `|W(a) − W(b)| ≤ |ln(a/b)|`.

use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::{lambert, logarithm};

/// The sizes and hyper-parameters of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Control {
    /// `|R|`, at least `|R_j|`.
    pub kept: usize,
    /// `|R_j|`, positive.
    pub kept_alike: usize,
    /// `|F|`, positive.
    pub forgotten: usize,
    /// `α ≥ 0`, at most `|F|/|R|`: beyond, descent–ascent has no minimum at `w ≥ 0`.
    pub alpha: f64,
    /// `λ > 0`.
    pub ridge: f64,
}

/// The three optima, or enclosures of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optima<T> {
    /// `w^R`.
    pub retrained: T,
    /// `w^D`.
    pub trained: T,
    /// `w^DA`.
    pub ascended: T,
}

impl Control {
    /// Checks the domains.
    ///
    /// # Errors
    /// [`Error::Invalid`] saying which.
    pub fn check(&self) -> Result<()> {
        let Control { kept, kept_alike, forgotten, alpha, ridge } = *self;
        if kept_alike == 0 || kept_alike > kept || forgotten == 0 {
            return Err(Error::Invalid(format!(
                "{kept_alike} of {kept} rows kept and {forgotten} forgotten: all must be positive, the first at most the second"
            )));
        }
        if !(ridge > 0.0 && ridge.is_finite()) {
            return Err(Error::Invalid(format!("ridge {ridge}: it must be a positive finite number")));
        }
        if !(alpha >= 0.0 && alpha * kept as f64 <= forgotten as f64) {
            return Err(Error::Invalid(format!("α = {alpha}: it must be from 0 to |F|/|R|")));
        }
        Ok(())
    }

    /// The range of `α` in which descent–ascent moves away: `|F|²/(|R|(|F|+|D|))` to `|F|/|R|`.
    pub fn range(kept: usize, forgotten: usize) -> (Interval, Interval) {
        let (r, f) = (Interval::point(kept as f64), Interval::point(forgotten as f64));
        (f.square() / (r * (f + f + r)), f / r)
    }

    /// `c/λ` of the three objectives.
    fn arguments(&self) -> Optima<Interval> {
        let [r, rj, f, alpha, ridge] =
            [self.kept as f64, self.kept_alike as f64, self.forgotten as f64, self.alpha, self.ridge]
                .map(Interval::point);
        let share = rj / (ridge * r);
        Optima {
            retrained: share,
            trained: (Interval::ONE + alpha) * rj / (ridge * (r + f)),
            ascended: ((Interval::ONE - alpha * r / f) * share).nonnegative(),
        }
    }

    /// Enclosures of the three optima.
    ///
    /// ```
    /// use unlearn::neighbour::ascent::Control;
    /// // |R| = 2, |R_j| = 1, |F| = 1, λ = ½: w^R = W(1) = 0.567…, α = ¼ is in the range [1/8, 1/2].
    /// let control = Control { kept: 2, kept_alike: 1, forgotten: 1, alpha: 0.25, ridge: 0.5 };
    /// let w = control.enclosed().unwrap();
    /// assert!(w.retrained.contains(0.5671432904097838));
    /// assert!(w.ascended.hi() < w.trained.lo() && w.trained.hi() < w.retrained.lo());
    /// ```
    ///
    /// # Errors
    /// As [`Control::check`].
    pub fn enclosed(&self) -> Result<Optima<Interval>> {
        self.check()?;
        let a = self.arguments();
        let w = lambert::enclosed;
        Ok(Optima { retrained: w(a.retrained), trained: w(a.trained), ascended: w(a.ascended) })
    }

    /// The three optima as floats.
    ///
    /// # Errors
    /// As [`Control::check`].
    pub fn optima(&self) -> Result<Optima<f64>> {
        self.check()?;
        let a = self.arguments();
        let w = |x: Interval| lambert::w0(x.mid());
        Ok(Optima { retrained: w(a.retrained), trained: w(a.trained), ascended: w(a.ascended) })
    }

    /// `|ln((1+α)|R|/|D|)|`: at least `|w^D − w^R|`.
    pub fn distance_bound(&self) -> Interval {
        let [r, f, alpha] = [self.kept as f64, self.forgotten as f64, self.alpha].map(Interval::point);
        // (1+α)R/D − 1 = (αR − F)/D.
        logarithm::log1p((alpha * r - f) / (r + f)).abs()
    }
}
