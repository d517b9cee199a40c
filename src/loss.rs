//! Losses as functions of the logits: value, derivatives one to three, and the closed-form
//! constants that bounds need.
//!
//! | loss | ℓ(z, y) | targets | outputs |
//! |---|---|---|---|
//! | squared | ½(z−y)² | any real | 1 |
//! | logistic | log(1+e^z) − yz | 0/1 (−1/+1 is mapped) | 1 |
//! | softmax | log Σ e^{z_c} − z_y | 0…C−1 | C |

use crate::error::{Error, Result};
use crate::numeric::scalar::{
    complement, log_sum_exp, sigmoid, sigmoid_bend, sigmoid_slope, softmax, softplus,
};
use std::fmt;
use std::str::FromStr;

/// The largest number of classes accepted: a mistyped label must not allocate the machine away.
pub const MAX_CLASSES: usize = 10_000;

/// A loss on one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// `½(z−y)²`.
    Squared,
    /// `log(1+e^z) − yz`, `y ∈ {0, 1}`.
    Logistic,
    /// `log Σ e^{z_c} − z_y`, `y ∈ {0, …, C−1}`.
    Softmax,
}

/// Suprema over all logits of the norms of a loss's derivatives, in the logits (ℓ₂ operator norms).
///
/// Sources: squared, logistic: calculus; logistic third derivative `1/(6√3)` from
/// `1/108 − v²(1−4v) = 4(v−1/6)²(v+1/12)`; softmax: derived here from the moments of a bounded
/// variable (range at most √2 along a unit direction).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossConstants {
    /// `sup ‖∇ℓ‖`; infinite for the squared loss.
    pub gradient: f64,
    /// `sup ‖∇²ℓ‖`.
    pub curvature: f64,
    /// `sup ‖∇³ℓ‖`, the Lipschitz constant of the curvature.
    pub third: f64,
    /// `sup ‖∇⁴ℓ‖`.
    pub fourth: f64,
    /// Generalised self-concordance `κ`: `|D³ℓ[u,u,v]| ≤ κ‖v‖ D²ℓ[u,u]`.
    pub self_concordance: f64,
}

impl Loss {
    /// All losses, in the order of their documentation.
    pub const ALL: [Loss; 3] = [Loss::Squared, Loss::Logistic, Loss::Softmax];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Loss::Squared => "squared",
            Loss::Logistic => "logistic",
            Loss::Softmax => "softmax",
        }
    }

    /// The closed-form constants, rounded upwards.
    ///
    /// ```
    /// use unlearn::loss::Loss;
    /// let c = Loss::Logistic.constants();
    /// assert_eq!((c.gradient, c.curvature), (1.0, 0.25));
    /// assert!((c.third - 0.0962250448649376).abs() < 1e-15);
    /// ```
    pub fn constants(self) -> LossConstants {
        let sqrt3 = 3.0_f64.sqrt();
        match self {
            Loss::Squared => LossConstants {
                gradient: f64::INFINITY,
                curvature: 1.0,
                third: 0.0,
                fourth: 0.0,
                self_concordance: 0.0,
            },
            Loss::Logistic => LossConstants {
                gradient: 1.0,
                curvature: 0.25,
                third: (1.0 / (6.0 * sqrt3)).next_up().next_up(),
                fourth: 0.125,
                self_concordance: 1.0,
            },
            Loss::Softmax => LossConstants {
                gradient: std::f64::consts::SQRT_2.next_up(),
                curvature: 0.5,
                third: (std::f64::consts::SQRT_2 / (3.0 * sqrt3)).next_up().next_up(),
                fourth: 0.5,
                self_concordance: std::f64::consts::SQRT_2.next_up(),
            },
        }
    }

    /// Checks and maps raw targets; returns them with the number of outputs the model needs.
    ///
    /// ```
    /// use unlearn::loss::Loss;
    /// let (y, outputs) = Loss::Logistic.targets(&[-1.0, 1.0]).unwrap();
    /// assert_eq!((y, outputs), (vec![0.0, 1.0], 1));
    /// assert_eq!(Loss::Softmax.targets(&[0.0, 2.0]).unwrap().1, 3);
    /// assert!(Loss::Logistic.targets(&[0.0, 3.0]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Data`] naming the row whose target the loss cannot take.
    pub fn targets(self, raw: &[f64]) -> Result<(Vec<f64>, usize)> {
        match self {
            Loss::Squared => Ok((raw.to_vec(), 1)),
            Loss::Logistic => {
                let signed = raw.contains(&-1.0);
                for (i, &y) in raw.iter().enumerate() {
                    let known = y == 1.0 || (signed && y == -1.0) || (!signed && y == 0.0);
                    if !known {
                        let mixed = if signed && y == 0.0 { " (rows with −1 are present too)" } else { "" };
                        return Err(Error::Data(format!(
                            "row {i} has label {y}; logistic loss takes 0/1 or -1/+1{mixed}; \
                             use softmax for more classes"
                        )));
                    }
                }
                Ok((raw.iter().map(|&y| if y == 1.0 { 1.0 } else { 0.0 }).collect(), 1))
            }
            Loss::Softmax => {
                let mut classes = 2;
                for (i, &y) in raw.iter().enumerate() {
                    if y < 0.0 || y.fract() != 0.0 || y >= MAX_CLASSES as f64 {
                        return Err(Error::Data(format!(
                            "row {i} has label {y}; softmax takes whole numbers from 0 to {}",
                            MAX_CLASSES - 1
                        )));
                    }
                    classes = classes.max(y as usize + 1);
                }
                // A regression target read as labels would give an enormous model without a word.
                if classes > 16 + raw.len() / 2 {
                    return Err(Error::Data(format!(
                        "labels up to {} on {} rows are too many classes for softmax; is this a regression target? \
                         Use squared loss, or number the classes from 0",
                        classes - 1,
                        raw.len()
                    )));
                }
                Ok((raw.to_vec(), classes))
            }
        }
    }

    /// `ℓ(z, y)`.
    ///
    /// ```
    /// use unlearn::loss::Loss;
    /// assert_eq!(Loss::Squared.value(&[3.0], 1.0), 2.0);
    /// assert_eq!(Loss::Logistic.value(&[0.0], 1.0), std::f64::consts::LN_2);
    /// ```
    pub fn value(self, z: &[f64], y: f64) -> f64 {
        match self {
            Loss::Squared => 0.5 * (z[0] - y) * (z[0] - y),
            Loss::Logistic => softplus(if y > 0.5 { -z[0] } else { z[0] }),
            Loss::Softmax => {
                // log Σ e^{z_c − z_y}: subtracting first keeps the small terms of a confident row.
                let zy = z[y as usize];
                let shifted: Vec<f64> = z.iter().map(|v| v - zy).collect();
                log_sum_exp(&shifted)
            }
        }
    }

    /// `∇ℓ(z, y)` into `out`.
    pub fn gradient(self, z: &[f64], y: f64, out: &mut [f64]) {
        match self {
            Loss::Squared => out[0] = z[0] - y,
            Loss::Logistic => out[0] = if y > 0.5 { -sigmoid(-z[0]) } else { sigmoid(z[0]) },
            Loss::Softmax => {
                softmax(z, out);
                let c = y as usize;
                out[c] = -complement(out, c);
            }
        }
    }

    /// `∇²ℓ(z)` into `out`, `C × C` row by row (it does not depend on the target).
    pub fn curvature(self, z: &[f64], out: &mut [f64]) {
        match self {
            Loss::Squared => out[0] = 1.0,
            Loss::Logistic => out[0] = sigmoid_slope(z[0]),
            Loss::Softmax => {
                let n = z.len();
                let (first, rest) = out.split_at_mut(n);
                softmax(z, first);
                // Row 0 holds p until the other rows have been written from it.
                for (a, row) in rest.chunks_exact_mut(n).enumerate() {
                    fill_curvature_row(first, a + 1, row);
                }
                let p0 = first[0];
                let q0 = complement(first, 0);
                for v in first.iter_mut().skip(1) {
                    *v *= -p0;
                }
                first[0] = p0 * q0;
            }
        }
    }

    /// `∇ℓ(z, y)`, to the bit as [`Loss::gradient`] gives it, and what `∇²ℓ(z)` is made of, one number per output: the
    /// probabilities of softmax, whose curvature is `diag(p) − ppᵀ`, and the second derivative itself of the others.
    pub(crate) fn gradient_and_factors(self, z: &[f64], y: f64, gradient: &mut [f64], factors: &mut [f64]) {
        match self {
            Loss::Squared | Loss::Logistic => {
                self.gradient(z, y, gradient);
                self.curvature(z, factors);
            }
            Loss::Softmax => {
                softmax(z, factors);
                gradient.copy_from_slice(factors);
                gradient[y as usize] = -complement(factors, y as usize);
            }
        }
    }

    /// `∇²ℓ v` from the factors of [`Loss::gradient_and_factors`]: `O(C)`, where the matrix has `C²` entries.
    ///
    /// `p_c((v_c − v_t) − Σ_o p_o(v_o − v_t))`, measured from the likeliest class `t` as in [`Loss::third`].
    pub(crate) fn curvature_times(self, factors: &[f64], v: &[f64], out: &mut [f64]) {
        match self {
            Loss::Squared | Loss::Logistic => out[0] = factors[0] * v[0],
            Loss::Softmax => {
                let base = v[likeliest(factors)];
                let mean: f64 = factors.iter().zip(v).map(|(p, v)| p * (v - base)).sum();
                let terms = out.iter_mut().zip(factors).zip(v);
                terms.for_each(|((o, p), v)| *o = p * ((v - base) - mean));
            }
        }
    }

    /// Column `j` of `∇²ℓ` from the same factors.
    pub(crate) fn curvature_column(self, factors: &[f64], j: usize, out: &mut [f64]) {
        match self {
            Loss::Squared | Loss::Logistic => out[0] = factors[0],
            Loss::Softmax => fill_curvature_row(factors, j, out),
        }
    }

    /// The diagonal of `∇²ℓ` from the same factors.
    pub(crate) fn curvature_diagonal(self, factors: &[f64], out: &mut [f64]) {
        match self {
            Loss::Squared | Loss::Logistic => out[0] = factors[0],
            Loss::Softmax => {
                out.iter_mut().enumerate().for_each(|(c, o)| *o = factors[c] * complement(factors, c));
            }
        }
    }

    /// `∇³ℓ(z)[u, v, ·]` into `out`.
    pub fn third(self, z: &[f64], u: &[f64], v: &[f64], out: &mut [f64]) {
        match self {
            Loss::Squared => out[0] = 0.0,
            Loss::Logistic => out[0] = sigmoid_bend(z[0]) * u[0] * v[0],
            Loss::Softmax => {
                softmax(z, out);
                // Only differences of u and v matter. Measured from the likeliest class they keep the
                // relative accuracy of a confident row, whose unlikely classes are all that is left.
                let top = (0..z.len()).fold(0, |t, c| if z[c] > z[t] { c } else { t });
                let from = |w: &[f64], c: usize| w[c] - w[top];
                let mean = |w: &[f64]| (0..w.len()).map(|c| out[c] * from(w, c)).sum::<f64>();
                let (mu, mv) = (mean(u), mean(v));
                let cov: f64 = (0..z.len()).map(|c| out[c] * (from(u, c) - mu) * (from(v, c) - mv)).sum();
                for c in 0..z.len() {
                    out[c] *= (from(u, c) - mu) * (from(v, c) - mv) - cov;
                }
            }
        }
    }

    /// The predicted target: the real output, the 0/1 class, or the class of the largest logit
    /// (the first one on a tie).
    pub fn predict(self, z: &[f64]) -> f64 {
        match self {
            Loss::Squared => z[0],
            Loss::Logistic => f64::from(u8::from(z[0] > 0.0)),
            Loss::Softmax => {
                let mut best = 0;
                for c in 1..z.len() {
                    if z[c] > z[best] {
                        best = c;
                    }
                }
                best as f64
            }
        }
    }
}

/// The class of the largest probability, the first one on a tie.
pub(crate) fn likeliest(p: &[f64]) -> usize {
    (0..p.len()).fold(0, |t, c| if p[c] > p[t] { c } else { t })
}

/// Row `a` of `diag(p) − ppᵀ`.
fn fill_curvature_row(p: &[f64], a: usize, row: &mut [f64]) {
    for (c, r) in row.iter_mut().enumerate() {
        *r = if c == a { p[a] * complement(p, a) } else { -p[a] * p[c] };
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Loss {
    type Err = Error;
    fn from_str(s: &str) -> Result<Loss> {
        Loss::ALL
            .into_iter()
            .find(|l| l.name() == s)
            .ok_or_else(|| Error::Invalid(format!("unknown loss '{s}'; choose squared, logistic or softmax")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::tolerance::tol;

    /// Central differences are an independent, if coarse, check of each derivative.
    #[test]
    fn derivatives_follow_each_other() {
        let h = 1e-5;
        for loss in Loss::ALL {
            let n = if loss == Loss::Softmax { 3 } else { 1 };
            let z: Vec<f64> = [0.7, -1.3, 0.4][..n].to_vec();
            let u: Vec<f64> = [0.5, 1.5, -1.0][..n].to_vec();
            let y = if n == 3 { 2.0 } else { 1.0 };
            let at = |t: f64| z.iter().zip(&u).map(|(z, u)| z + t * u).collect::<Vec<_>>();
            let (mut g, mut hess, mut third) = (vec![0.0; n], vec![0.0; n * n], vec![0.0; n]);
            loss.gradient(&z, y, &mut g);
            loss.curvature(&z, &mut hess);
            loss.third(&z, &u, &u, &mut third);
            let slope: f64 = g.iter().zip(&u).map(|(a, b)| a * b).sum();
            let quotient = (loss.value(&at(h), y) - loss.value(&at(-h), y)) / (2.0 * h);
            // A central difference is accurate to about h² plus ε/h.
            assert!((slope - quotient).abs() < 1e-9, "{loss} gradient");
            let (mut gp, mut gm) = (vec![0.0; n], vec![0.0; n]);
            loss.gradient(&at(h), y, &mut gp);
            loss.gradient(&at(-h), y, &mut gm);
            let (mut hp, mut hm) = (vec![0.0; n * n], vec![0.0; n * n]);
            loss.curvature(&at(h), &mut hp);
            loss.curvature(&at(-h), &mut hm);
            for a in 0..n {
                let hu: f64 = (0..n).map(|b| hess[a * n + b] * u[b]).sum();
                assert!((hu - (gp[a] - gm[a]) / (2.0 * h)).abs() < 1e-9, "{loss} curvature");
                let tu: f64 = (0..n).map(|b| (hp[a * n + b] - hm[a * n + b]) / (2.0 * h) * u[b]).sum();
                assert!((third[a] - tu).abs() < 1e-9, "{loss} third");
            }
        }
    }

    #[test]
    fn the_factors_give_the_curvature() {
        for (loss, z) in [
            (Loss::Squared, vec![0.7]),
            (Loss::Logistic, vec![-1.3]),
            (Loss::Softmax, vec![0.7, -1.3, 0.4, 2.0]),
            // One class has nearly everything: what is left must keep its digits.
            (Loss::Softmax, vec![40.0, 0.0, 1.0, -1.0]),
        ] {
            let n = z.len();
            let (mut expected, mut gradient) = (vec![0.0; n * n], vec![0.0; n]);
            let (mut g, mut factors, mut found) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            loss.curvature(&z, &mut expected);
            loss.gradient(&z, 0.0, &mut gradient);
            loss.gradient_and_factors(&z, 0.0, &mut g, &mut factors);
            assert_eq!(g, gradient);
            let mut v = vec![0.0; n];
            for j in 0..n {
                let column = &expected[j * n..(j + 1) * n];
                loss.curvature_column(&factors, j, &mut found);
                assert_eq!(found, column, "{loss}, column {j}");
                loss.curvature_diagonal(&factors, &mut found);
                assert_eq!(found[j], column[j], "{loss}, diagonal {j}");
                v.fill(0.0);
                v[j] = 1.0;
                loss.curvature_times(&factors, &v, &mut found);
                let largest = column.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
                for (f, c) in found.iter().zip(column) {
                    assert!((f - c).abs() <= tol(n, 1.0) * largest, "{loss}, column {j}: {f} against {c}");
                }
            }
        }
    }

    #[test]
    fn extreme_logits_stay_finite_and_correct() {
        for z in [-1e308, -800.0, 800.0, 1e308] {
            assert!(Loss::Logistic.value(&[z], 1.0) >= 0.0);
            let mut p = [0.0; 3];
            Loss::Softmax.gradient(&[z, 0.0, -z], 0.0, &mut p);
            assert!(p.iter().all(|v| v.is_finite()), "{z}: {p:?}");
            assert!(p.iter().sum::<f64>().abs() <= tol(3, 1.0));
        }
        assert!(Loss::Softmax.value(&[800.0, 0.0], 0.0) >= 0.0);
        assert_eq!(Loss::Softmax.value(&[0.0, 800.0], 0.0), 800.0);
    }
}
