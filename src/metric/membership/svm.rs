//! A support vector machine with a Gaussian kernel on one feature.
//!
//! `min ½ Σᵢⱼ αᵢαⱼ yᵢyⱼ e^{−γ(xᵢ−xⱼ)²} − Σ αᵢ` over `0 ≤ αᵢ ≤ C`, `Σ yᵢαᵢ = 0`; decision `Σ αᵢyᵢ e^{−γ(x−xᵢ)²} − ρ`.
//!
//! Solved by sequential minimal optimisation with second-order choice of the pair (Platt 1998; Fan, Chen, Lin 2005),
//! the method of LIBSVM and of scikit-learn's `SVC`, so that the attack is the published one. Written here because
//! one feature and two classes need a hundred lines, where `linfa-svm` brings a second array library; compared with
//! scikit-learn in `datasets/golden/svm.csv`. No randomness; equal inputs give equal bits.

use crate::error::{Error, Result};

/// What is chosen before fitting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameters {
    /// Upper end of the multipliers.
    pub c: f64,
    /// `γ` of the kernel.
    pub gamma: f64,
    /// Largest violation of the optimality conditions that is left.
    pub tolerance: f64,
}

/// `C = 3` and `γ = 1/features = 1`, with LIBSVM's stopping tolerance.
pub const PUBLISHED: Parameters = Parameters { c: 3.0, gamma: 1.0, tolerance: 1e-3 };

/// A fitted machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Svm {
    /// Points with `αᵢ > 0` and their `αᵢyᵢ`.
    support: Vec<(f64, f64)>,
    offset: f64,
    gamma: f64,
}

/// Most numbers of the kernel matrix kept at a time (32 MiB).
const MOST_KEPT: usize = 1 << 22;

/// Iterations after which fitting is given up; LIBSVM's limit.
const MOST_ITERATIONS: usize = 10_000_000;

impl Svm {
    /// Fits a machine that is positive on `positive` and negative on `negative`.
    ///
    /// ```
    /// use unlearn::metric::membership::svm::{PUBLISHED, Svm};
    /// // Two points: α = 1/(1 − e^{−1}) on both by symmetry, and the decision vanishes half way.
    /// let svm = Svm::fit(&[1.0], &[0.0], PUBLISHED).unwrap();
    /// assert!((svm.decision(1.0) - 1.0).abs() < 1e-12 && svm.decision(0.5).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when a side is empty, a value is not finite or a parameter not positive;
    /// [`Error::NotConverged`] after ten million iterations.
    pub fn fit(positive: &[f64], negative: &[f64], parameters: Parameters) -> Result<Svm> {
        let Parameters { c, gamma, tolerance } = parameters;
        if positive.is_empty() || negative.is_empty() {
            return Err(Error::Invalid("a support vector machine needs rows of both kinds".into()));
        }
        if let Some(v) = positive.iter().chain(negative).find(|v| !v.is_finite()) {
            return Err(Error::Invalid(format!("a feature is {v}; all must be finite")));
        }
        if !(c > 0.0 && gamma > 0.0 && tolerance > 0.0 && (c + gamma + tolerance).is_finite()) {
            return Err(Error::Invalid(format!(
                "C {c}, γ {gamma}, tolerance {tolerance}: all must be positive"
            )));
        }
        let x: Vec<f64> = positive.iter().chain(negative).copied().collect();
        let y: Vec<f64> = (0..x.len()).map(|i| if i < positive.len() { 1.0 } else { -1.0 }).collect();
        let mut kernel = Kernel::new(x, gamma);
        let (mut alpha, mut gradient) = (vec![0.0; y.len()], vec![-1.0; y.len()]);
        let mut iterations = 0;
        while let Some((i, j)) = kernel.violating_pair(&y, &alpha, &gradient, c, tolerance)? {
            if iterations == MOST_ITERATIONS {
                return Err(Error::NotConverged {
                    what: "the support vector machine of the membership attack",
                    iterations,
                    residual: f64::NAN,
                    target: tolerance,
                });
            }
            kernel.step((i, j), &y, &mut alpha, &mut gradient, c);
            iterations += 1;
        }
        let offset = offset(&y, &alpha, &gradient, c);
        let support =
            (0..y.len()).filter(|&i| alpha[i] > 0.0).map(|i| (kernel.x[i], alpha[i] * y[i])).collect();
        Ok(Svm { support, offset, gamma })
    }

    /// The decision value at `x`; positive means the first kind.
    pub fn decision(&self, x: f64) -> f64 {
        let sum: f64 = self.support.iter().map(|(s, a)| a * gauss(self.gamma, x - s)).sum();
        sum - self.offset
    }
}

fn gauss(gamma: f64, difference: f64) -> f64 {
    (-gamma * difference * difference).exp()
}

/// The kernel matrix, one column at a time.
struct Kernel {
    x: Vec<f64>,
    gamma: f64,
    columns: Vec<Option<Box<[f64]>>>,
    kept: usize,
}

impl Kernel {
    fn new(x: Vec<f64>, gamma: f64) -> Kernel {
        let columns = vec![None; x.len()];
        Kernel { x, gamma, columns, kept: 0 }
    }

    /// Makes sure that column `i` is there; other columns may be dropped for it.
    fn ensure(&mut self, i: usize, also: usize) {
        if self.columns[i].is_some() {
            return;
        }
        if self.kept * self.x.len() >= MOST_KEPT && self.kept > 1 {
            let keep = self.columns[also].take();
            self.columns.fill(None);
            self.kept = usize::from(keep.is_some());
            self.columns[also] = keep;
        }
        let column = self.x.iter().map(|x| gauss(self.gamma, x - self.x[i])).collect();
        self.columns[i] = Some(column);
        self.kept += 1;
    }

    fn column(&self, i: usize) -> &[f64] {
        self.columns[i].as_deref().expect("the column was ensured")
    }

    /// The pair to change, or `None` at a solution: `i` violates most, `j` gains most together with it.
    fn violating_pair(
        &mut self,
        y: &[f64],
        alpha: &[f64],
        gradient: &[f64],
        c: f64,
        tolerance: f64,
    ) -> Result<Option<(usize, usize)>> {
        let may_rise = |t: usize| if y[t] > 0.0 { alpha[t] < c } else { alpha[t] > 0.0 };
        let may_fall = |t: usize| if y[t] > 0.0 { alpha[t] > 0.0 } else { alpha[t] < c };
        let mut first: Option<(usize, f64)> = None;
        for t in (0..y.len()).filter(|&t| may_rise(t)) {
            let value = -y[t] * gradient[t];
            if first.is_none_or(|(_, best)| value > best) {
                first = Some((t, value));
            }
        }
        let Some((i, top)) = first else { return Ok(None) };
        self.ensure(i, i);
        let column = self.column(i);
        let (mut bottom, mut second, mut gain) = (f64::INFINITY, None, f64::NEG_INFINITY);
        for t in (0..y.len()).filter(|&t| may_fall(t)) {
            let value = -y[t] * gradient[t];
            bottom = bottom.min(value);
            if value < top {
                let found = (top - value).powi(2) / curvature(column[t]);
                if found > gain {
                    (gain, second) = (found, Some(t));
                }
            }
        }
        if top - bottom < tolerance {
            return Ok(None);
        }
        Ok(second.map(|j| (i, j)))
    }

    /// Minimises over the pair exactly and updates the gradient.
    fn step(&mut self, (i, j): (usize, usize), y: &[f64], alpha: &mut [f64], gradient: &mut [f64], c: f64) {
        self.ensure(i, j);
        self.ensure(j, i);
        // Along αᵢ += yᵢs, αⱼ −= yⱼs the constraint holds; s > 0 because i may rise and j may fall.
        let slope = -y[i] * gradient[i] + y[j] * gradient[j];
        let room = |t: usize, rises: bool| if rises { c - alpha[t] } else { alpha[t] };
        let (room_i, room_j) = (room(i, y[i] > 0.0), room(j, y[j] < 0.0));
        let s = (slope / curvature(self.column(i)[j])).min(room_i).min(room_j);
        // Reaching an end of the interval means being there exactly.
        let end = |rises: bool| if rises { c } else { 0.0 };
        alpha[i] = if s == room_i { end(y[i] > 0.0) } else { alpha[i] + y[i] * s };
        alpha[j] = if s == room_j { end(y[j] < 0.0) } else { alpha[j] - y[j] * s };
        let (a, b) = (self.column(i), self.column(j));
        for t in 0..y.len() {
            gradient[t] += y[t] * s * (a[t] - b[t]);
        }
    }
}

/// `K_ii + K_jj − 2K_ij`, kept away from 0 for equal points (LIBSVM's constant).
fn curvature(kernel: f64) -> f64 {
    (2.0 - 2.0 * kernel).max(1e-12)
}

/// `ρ`: the mean of `yᵢ∇ᵢ` over free multipliers, or the middle of what the others allow.
fn offset(y: &[f64], alpha: &[f64], gradient: &[f64], c: f64) -> f64 {
    let (mut sum, mut free) = (0.0, 0);
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    for i in 0..y.len() {
        let value = y[i] * gradient[i];
        if alpha[i] > 0.0 && alpha[i] < c {
            sum += value;
            free += 1;
        } else if (alpha[i] == 0.0) == (y[i] > 0.0) {
            high = high.min(value);
        } else {
            low = low.max(value);
        }
    }
    if free > 0 { sum / free as f64 } else { 0.5 * (low + high) }
}
