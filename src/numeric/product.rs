//! Sums of products as enclosures: a plain float sum and a proved bound on its error.
//!
//! For `n` products summed in any order, `|fl(Σ xᵢyᵢ) − Σ xᵢyᵢ| ≤ γ_n Σ|xᵢyᵢ| + nη`, `η = 2⁻¹⁰⁷⁴`: each product rounds
//! relatively by `u` or, when it underflows, absolutely by `η/2`; sums of floats do not underflow (Higham
//! 2002, §3.1). The sum of magnitudes is itself computed and raised: `Σ|xᵢyᵢ| ≤ (fl(Σ|xᵢyᵢ|) + nη)/(1 − γ_n)`.
//! Factors that are only known up to a radius add `Σ|xᵢ|rᵢ`, raised likewise. This costs three
//! float operations per product, and is about `√n` times as wide as the error usually is.

use super::interval::Interval;
use super::spectrum::gamma;

/// A number known up to a radius: `|y − mid| ≤ radius`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ball {
    /// The middle.
    pub mid: f64,
    /// The radius, at least 0, possibly infinite.
    pub radius: f64,
}

impl Ball {
    /// A float as it is.
    pub fn exact(x: f64) -> Ball {
        Ball { mid: x, radius: 0.0 }
    }
}

impl From<Interval> for Ball {
    fn from(x: Interval) -> Ball {
        let mid = x.mid();
        if x.lo() == x.hi() {
            return Ball::exact(mid);
        }
        let m = Interval::point(mid);
        let radius = (Interval::point(x.hi()) - m).max(m - Interval::point(x.lo())).hi();
        Ball { mid, radius }
    }
}

/// A running `Σ xᵢyᵢ` with what bounds its error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    mid: f64,
    size: f64,
    spread: f64,
    terms: usize,
}

impl Sum {
    /// Adds `x·y`.
    pub fn add(&mut self, x: f64, y: Ball) {
        let p = x * y.mid;
        self.mid += p;
        self.size += p.abs();
        self.spread += x.abs() * y.radius;
        self.terms += 1;
    }

    /// An enclosure of the exact sum; the whole line when it overflows.
    pub fn enclosure(&self) -> Interval {
        enclosure(self.mid, self.size, self.spread, self.terms)
    }
}

/// The module's formula.
fn enclosure(mid: f64, size: f64, spread: f64, terms: usize) -> Interval {
    if terms == 0 {
        return Interval::ZERO;
    }
    // Written so that NaN counts as unknown. A finite sum of magnitudes keeps every partial sum finite.
    if !(mid.is_finite() && size < f64::INFINITY && spread < f64::INFINITY) {
        return Interval::ENTIRE;
    }
    let g = Interval::point(gamma(terms));
    let underflow = Interval::point(terms as f64) * Interval::point(f64::from_bits(1));
    let raised = |x: f64| (Interval::point(x) + underflow) / (Interval::ONE - g);
    let vague = if spread == 0.0 { Interval::ZERO } else { raised(spread) };
    Interval::around(mid, (g * raised(size) + underflow + vague).hi())
}

/// An enclosure of `Σ aᵢbᵢ`.
///
/// ```
/// use unlearn::numeric::product::dot;
/// let d = dot(&[1e16, 1.0, -1e16], &[1.0, 1.0, 1.0]);
/// assert!(d.contains(1.0)); // the plain sum is 0
/// assert!(dot(&[0.5; 4], &[0.5; 4]).contains(1.0));
/// ```
///
/// Panics when the lengths differ.
pub fn dot(a: &[f64], b: &[f64]) -> Interval {
    assert_eq!(a.len(), b.len(), "a dot product of {} and {} numbers", a.len(), b.len());
    let mut sum = Sum::default();
    a.iter().zip(b).for_each(|(a, b)| sum.add(*a, Ball::exact(*b)));
    sum.enclosure()
}

/// The product of a transposed matrix and a vector, `Xᵀy`, accumulated row by row: one running sum per column.
#[derive(Debug, Clone)]
pub struct Columns {
    mid: Vec<f64>,
    size: Vec<f64>,
    spread: Vec<f64>,
    terms: Vec<u32>,
}

impl Columns {
    /// Zero in every column.
    pub fn new(columns: usize) -> Columns {
        let zeros = || vec![0.0; columns];
        Columns { mid: zeros(), size: zeros(), spread: zeros(), terms: vec![0; columns] }
    }

    /// Adds `x·y` to a column. Panics when there is no such column.
    pub fn add(&mut self, column: usize, x: f64, y: Ball) {
        let p = x * y.mid;
        self.mid[column] += p;
        self.size[column] += p.abs();
        self.spread[column] += x.abs() * y.radius;
        self.terms[column] += 1;
    }

    /// Enclosures of the sums.
    ///
    /// ```
    /// use unlearn::numeric::product::{Ball, Columns};
    /// // Rows (1, 2) and (0, 3), y = (10, 100 ± 1).
    /// let mut columns = Columns::new(2);
    /// columns.add(0, 1.0, Ball::exact(10.0));
    /// columns.add(1, 2.0, Ball::exact(10.0));
    /// columns.add(1, 3.0, Ball { mid: 100.0, radius: 1.0 });
    /// let sums = columns.enclosures();
    /// assert!(sums[0].contains(10.0) && sums[1].contains(317.0) && sums[1].contains(323.0));
    /// assert!(sums[1].hi() < 323.0 + 1e-12);
    /// ```
    pub fn enclosures(&self) -> Vec<Interval> {
        (0..self.mid.len())
            .map(|j| enclosure(self.mid[j], self.size[j], self.spread[j], self.terms[j] as usize))
            .collect()
    }
}

/// An enclosure of the Euclidean norm of a vector known by enclosures: `‖v‖` lies within `‖r‖` of `‖m‖`.
///
/// ```
/// use unlearn::numeric::{interval::Interval, product::norm};
/// let n = norm(&[Interval::point(3.0), Interval::new(4.0, 4.5)]);
/// assert!(n.contains(5.0) && n.hi() < 5.6);
/// ```
pub fn norm(v: &[Interval]) -> Interval {
    let balls: Vec<Ball> = v.iter().map(|x| Ball::from(*x)).collect();
    let part = |f: fn(&Ball) -> f64| Interval::norm(&balls.iter().map(f).collect::<Vec<_>>());
    let spread = part(|b| b.radius).hi();
    (part(|b| b.mid) + Interval::new(-spread, spread)).nonnegative()
}
