//! Losses and their derivatives in the outputs, over intervals.

use crate::loss::Loss;
use crate::numeric::elementary::{exp, sigmoid, softmax, softplus};
use crate::numeric::interval::Interval;
use crate::numeric::logarithm::log1p;
use crate::numeric::logistic::slope;

impl Loss {
    /// An enclosure of `{ℓ(z, y)}`.
    ///
    /// ```
    /// use unlearn::{loss::Loss, numeric::interval::Interval};
    /// let even = [Interval::ZERO; 2];
    /// assert!(Loss::Softmax.enclose(&even, 1.0).contains(std::f64::consts::LN_2));
    /// ```
    pub fn enclose(self, z: &[Interval], y: f64) -> Interval {
        match self {
            Loss::Squared => Interval::point(0.5) * (z[0] - Interval::point(y)).square(),
            Loss::Logistic => softplus(if y == 1.0 { -z[0] } else { z[0] }),
            Loss::Softmax => {
                // log Σ e^{z_c − z_y} = (z_t − z_y) + log(1 + Σ_{c≠t} e^{z_c − z_t}) for any t; a likely class keeps small.
                let class = y as usize;
                let top = (0..z.len()).fold(class, |t, c| if z[c].mid() > z[t].mid() { c } else { t });
                let rest: Interval = (0..z.len()).filter(|&c| c != top).map(|c| exp(z[c] - z[top])).sum();
                let lead = if top == class { Interval::ZERO } else { z[top] - z[class] };
                (lead + log1p(rest.nonnegative())).nonnegative()
            }
        }
    }

    /// Enclosures of `∇ℓ(z, y)`, without cancellation where a probability is near its target.
    ///
    /// ```
    /// use unlearn::{loss::Loss, numeric::interval::Interval};
    /// let g = Loss::Logistic.enclose_gradient(&[Interval::point(60.0)], 1.0);
    /// assert!(g[0].contains(-8.756510762696521e-27)); // −1/(1 + e⁶⁰)
    /// ```
    pub fn enclose_gradient(self, z: &[Interval], y: f64) -> Vec<Interval> {
        match self {
            Loss::Squared => vec![z[0] - Interval::point(y)],
            // σ(z) − 1 = −σ(−z).
            Loss::Logistic => vec![if y == 1.0 { -sigmoid(-z[0]) } else { sigmoid(z[0]) }],
            Loss::Softmax => {
                let class = y as usize;
                let s = softmax(z, class);
                let mut residuals = s.probabilities;
                residuals[class] = -s.complement;
                residuals
            }
        }
    }

    /// Enclosures of `∇²ℓ(z)`, `C × C` row by row.
    ///
    /// ```
    /// use unlearn::{loss::Loss, numeric::interval::Interval};
    /// let h = Loss::Softmax.enclose_curvature(&[Interval::ZERO; 2]);
    /// assert!(h[0].contains(0.25) && h[1].contains(-0.25));
    /// ```
    pub fn enclose_curvature(self, z: &[Interval]) -> Vec<Interval> {
        match self {
            Loss::Squared => vec![Interval::ONE],
            Loss::Logistic => vec![slope(z[0])],
            Loss::Softmax => {
                let p = softmax(z, 0).probabilities;
                // 1 − p_c as the sum of the others keeps its relative accuracy.
                let others =
                    |c: usize| (0..p.len()).filter(|&j| j != c).map(|j| p[j]).sum::<Interval>().nonnegative();
                let entry = |a: usize, b: usize| {
                    if a == b { p[a] * others(a).min(Interval::ONE) } else { -(p[a] * p[b]) }
                };
                (0..p.len())
                    .flat_map(|a| (0..p.len()).map(move |b| (a, b)))
                    .map(|(a, b)| entry(a, b))
                    .collect()
            }
        }
    }
}
