//! A quasi-Newton Hessian from a few differences: limited-memory BFGS, the matrix itself (not its inverse).
//!
//! From pairs `(s_j, y_j)`, oldest first, `B_0 = σI` and
//! `B_{j+1} = B_j − (B_j s_j)(B_j s_j)ᵀ/(s_jᵀB_j s_j) + y_j y_jᵀ/(y_jᵀs_j)`.
//! Its value on a vector is `σv + Σ_j [ y_j(y_jᵀv)/(y_jᵀs_j) − a_j(a_jᵀv)/(a_jᵀs_j) ]` with `a_j = B_j s_j` kept. The compact
//! form `B = σI − [Y σS] M⁻¹ [Yᵀ; σSᵀ]`, `M = [[−D, Lᵀ], [L, σSᵀS]]`, `SᵀY = L + D + …` (Byrd, Nocedal, Schnabel 1994,
//! Theorem 2.3, recalled) is the same matrix without the recursion; this form needs no linear system and stays positive
//! definite as long as every `y_jᵀs_j > 0`.
//!
//! `B s = y` for the newest pair; for older ones only where the `s_j` are conjugate.

use nalgebra::DVector;

/// A pair with what its updates need.
#[derive(Debug, Clone)]
struct Pair {
    s: DVector<f64>,
    y: DVector<f64>,
    sy: f64,
    /// `B_j s_j` and `s_jᵀB_j s_j`.
    a: DVector<f64>,
    sas: f64,
}

/// The last pairs, and the matrix that they make.
#[derive(Debug, Clone)]
pub struct Lbfgs {
    memory: usize,
    sigma: f64,
    pairs: Vec<Pair>,
}

impl Lbfgs {
    /// No pair yet; at most `memory` are kept.
    pub fn new(memory: usize) -> Lbfgs {
        Lbfgs { memory, sigma: 1.0, pairs: Vec::with_capacity(memory + 1) }
    }

    /// Is there no pair?
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Adds a pair and forgets the oldest beyond the memory; `σ = max{yᵀs/sᵀs, 10⁻³}` of the newest. A pair without
    /// positive curvature, or too small to divide by, is left out, and `false` returned.
    ///
    /// ```
    /// use nalgebra::dvector;
    /// use unlearn::numeric::lbfgs::Lbfgs;
    /// let mut b = Lbfgs::new(2);
    /// assert!(b.add(dvector![1.0, 0.0], dvector![4.0, 2.0]));
    /// assert_eq!(b.product(&dvector![1.0, 0.0]), dvector![4.0, 2.0]); // the secant equation
    /// assert!(!b.add(dvector![1.0, 0.0], dvector![-1.0, 0.0]));
    /// ```
    pub fn add(&mut self, s: DVector<f64>, y: DVector<f64>) -> bool {
        let (sy, ss) = (s.dot(&y), s.dot(&s));
        let usable = |v: f64| (f64::MIN_POSITIVE..f64::INFINITY).contains(&v);
        // Relative to the sizes: what is left after cancellation says nothing about curvature.
        if self.memory == 0 || !usable(ss) || !usable(sy) || sy <= f64::EPSILON * s.norm() * y.norm() {
            return false;
        }
        self.sigma = (sy / ss).max(1e-3);
        let zero = DVector::zeros(s.len());
        self.pairs.push(Pair { s, y, sy, a: zero, sas: 1.0 });
        if self.pairs.len() > self.memory {
            self.pairs.remove(0);
        }
        // σ changed, and with it every B_j.
        let mut j = 0;
        while j < self.pairs.len() {
            let a = self.product_of(j, &self.pairs[j].s);
            let sas = a.dot(&self.pairs[j].s);
            if usable(sas) {
                (self.pairs[j].a, self.pairs[j].sas) = (a, sas);
                j += 1;
            } else {
                // Rounding has made it singular along s: without the pair it is not.
                self.pairs.remove(j);
            }
        }
        !self.pairs.is_empty()
    }

    /// `Bv`; zero without a pair.
    pub fn product(&self, v: &DVector<f64>) -> DVector<f64> {
        if self.pairs.is_empty() { DVector::zeros(v.len()) } else { self.product_of(self.pairs.len(), v) }
    }

    /// `B_j v`.
    fn product_of(&self, j: usize, v: &DVector<f64>) -> DVector<f64> {
        let mut out = v * self.sigma;
        for pair in &self.pairs[..j] {
            out.axpy(pair.y.dot(v) / pair.sy, &pair.y, 1.0);
            out.axpy(-pair.a.dot(v) / pair.sas, &pair.a, 1.0);
        }
        out
    }
}
