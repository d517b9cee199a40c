//! Sums of products as enclosures: a float sum and a proved bound on its error.
//!
//! For `n` products `pᵢ = fl(xᵢyᵢ)`: each rounds relatively by at most `u = 2⁻⁵³` or, when it underflows, absolutely by
//! `η/2`, `η = 2⁻¹⁰⁷⁴`. They are summed with their rounding errors: `sᵢ + eᵢ = sᵢ₋₁ + pᵢ` exactly (sums of floats do not
//! underflow), so `Σpᵢ = s_n + Σeᵢ`, and the plain sum of the `eᵢ` is wrong by at most `γ_n Σ|eᵢ|` (Higham 2002, §3.1). So
//!
//! `|s_n + fl(Σeᵢ) − Σxᵢyᵢ| ≤ γ₁ Σ|xᵢyᵢ| + nη + γ_n Σ|eᵢ|`.
//!
//! The sums of magnitudes are themselves computed and raised: `Σ|tᵢ| ≤ (fl(Σ|tᵢ|) + nη)/(1 − γ_n)`. Factors only known
//! up to a radius add `Σ|xᵢ|rᵢ`, raised likewise. The result is about as sharp for 10⁵ terms as for one. Rounding
//! errors as sums: Ogita, Rump and Oishi 2005; the bound with computed magnitudes is derived here.

use super::interval::Interval;
use super::spectrum::gamma;
use super::twofold::two_sum;

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

    /// The product. The middle rounds by `u`, half of `ε`; the radius is a sum of nonnegative floats of seven operations,
    /// raised by `4ε`; what underflows anywhere is less than the smallest normal float.
    pub fn times(self, o: Ball) -> Ball {
        let mid = self.mid * o.mid;
        let spread = self.mid.abs() * o.radius + self.radius * (o.mid.abs() + o.radius);
        Ball {
            mid,
            radius: (spread + mid.abs() * f64::EPSILON) * (1.0 + 4.0 * f64::EPSILON) + f64::MIN_POSITIVE,
        }
    }

    /// The sum.
    ///
    /// ```
    /// use unlearn::numeric::product::Ball;
    /// let x = Ball { mid: 2.0, radius: 0.5 };
    /// let (sum, product) = (x.plus(Ball::exact(1.0)), x.times(x));
    /// assert!(sum.mid == 3.0 && sum.radius >= 0.5 && sum.radius < 0.5 + 1e-14);
    /// assert!(product.mid == 4.0 && product.radius >= 2.25); // up to 2.5²
    /// ```
    pub fn plus(self, o: Ball) -> Ball {
        let mid = self.mid + o.mid;
        let radius = (self.radius + o.radius + mid.abs() * f64::EPSILON) * (1.0 + 4.0 * f64::EPSILON);
        Ball { mid, radius: radius + f64::MIN_POSITIVE }
    }
}

/// A running sum of products that is quick rather than sharp: the errors of the sum are bounded by `γ_n Σ|xᵢyᵢ|`, not
/// computed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rough {
    sum: f64,
    size: f64,
    spread: f64,
    terms: usize,
}

impl Rough {
    /// Adds `x·y`.
    pub fn add(&mut self, x: Ball, y: Ball) {
        let p = x.mid * y.mid;
        self.sum += p;
        self.size += p.abs();
        self.spread += x.mid.abs() * y.radius + x.radius * (y.mid.abs() + y.radius);
        self.terms += 1;
    }

    /// The sum: wrong by at most `γ_n Σ|xᵢyᵢ|` and the spread, plus a subnormal per product.
    ///
    /// ```
    /// use unlearn::numeric::product::{Ball, Rough};
    /// let mut sum = Rough::default();
    /// sum.add(Ball::exact(3.0), Ball { mid: 1.0, radius: 0.25 });
    /// let ball = sum.ball();
    /// assert!(ball.mid == 3.0 && ball.radius >= 0.75 && ball.radius < 0.75 + 1e-14);
    /// ```
    pub fn ball(&self) -> Ball {
        // n·ε = 2nu exceeds γ_n (with the roundings of the size itself) for any n that memory holds; the factor covers the
        // roundings of both running sums.
        let n = self.terms as f64;
        let raised = 1.0 + (n + 8.0) * f64::EPSILON;
        let radius = (self.size * (n + 1.0) * f64::EPSILON + self.spread) * raised;
        Ball { mid: self.sum, radius: radius * raised + n * f64::MIN_POSITIVE }
    }
}

impl From<Ball> for Interval {
    fn from(x: Ball) -> Interval {
        Interval::around(x.mid, x.radius)
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
    /// `s`.
    sum: f64,
    /// `Σeᵢ` and `Σ|eᵢ|`.
    errors: f64,
    errors_size: f64,
    /// `Σ|xᵢyᵢ|`.
    size: f64,
    /// `Σ|xᵢ|rᵢ`.
    spread: f64,
    terms: usize,
}

impl Sum {
    /// Adds `x·y`.
    pub fn add(&mut self, x: f64, y: Ball) {
        let p = x * y.mid;
        let (sum, error) = two_sum(self.sum, p);
        self.sum = sum;
        self.errors += error;
        self.errors_size += error.abs();
        self.size += p.abs();
        self.spread += x.abs() * y.radius;
        self.terms += 1;
    }

    /// An enclosure of the exact sum; the whole line when it may overflow.
    pub fn enclosure(&self) -> Interval {
        if self.terms == 0 {
            return Interval::ZERO;
        }
        // Away from overflow by a factor 4 every step above is exact or rounds as said; the division below needs γ < 1.
        // Written so that NaN counts as unknown.
        let g = gamma(self.terms);
        if !(self.size < f64::MAX / 4.0 && self.spread < f64::INFINITY && g < 0.5) {
            return Interval::ENTIRE;
        }
        let g = Interval::point(g);
        let underflow = Interval::point(self.terms as f64) * Interval::point(f64::from_bits(1));
        let raised = |x: f64| (Interval::point(x) + underflow) / (Interval::ONE - g);
        let rounding = Interval::point(gamma(1)) * raised(self.size) + underflow;
        let vague = if self.spread == 0.0 { Interval::ZERO } else { raised(self.spread) };
        let radius = (rounding + g * raised(self.errors_size) + vague).hi();
        Interval::point(self.sum) + Interval::point(self.errors) + Interval::new(-radius, radius)
    }
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

/// A running sum of products of which neither factor need be known exactly: a [`Sum`] with the middles of the first
/// factors, and `Σ qᵢ(|yᵢ| + rᵢ)` for their radii `qᵢ`, raised by `1/(1 − γ_{n+3})` (three operations per term before
/// it is summed).
#[derive(Debug, Clone, Copy, Default)]
pub struct VagueSum {
    sum: Sum,
    loose: f64,
}

impl VagueSum {
    /// Adds `x·y`.
    pub fn add(&mut self, x: Ball, y: Ball) {
        self.sum.add(x.mid, y);
        if x.radius != 0.0 {
            // Never 0, so that what underflows is not taken for exact.
            self.loose += x.radius * (y.mid.abs() + y.radius) + f64::MIN_POSITIVE;
        }
    }

    /// An enclosure of the exact sum.
    ///
    /// ```
    /// use unlearn::numeric::product::{Ball, VagueSum};
    /// let mut sum = VagueSum::default();
    /// sum.add(Ball { mid: 2.0, radius: 0.5 }, Ball { mid: 3.0, radius: 1.0 });
    /// let all = sum.enclosure(); // 1.5·2 to 2.5·4
    /// assert!(all.lo() <= 3.0 && all.hi() >= 10.0 && all.hi() < 10.0 + 1e-12);
    /// ```
    pub fn enclosure(&self) -> Interval {
        let g = gamma(self.sum.terms + 3);
        if self.loose == 0.0 {
            return self.sum.enclosure();
        }
        // Written so that NaN counts as unknown.
        if !(self.loose < f64::INFINITY && g < 0.5) {
            return Interval::ENTIRE;
        }
        let underflow = Interval::point(2.0 * self.sum.terms as f64) * Interval::point(f64::from_bits(1));
        let loose = ((Interval::point(self.loose) + underflow) / (Interval::ONE - Interval::point(g))).hi();
        self.sum.enclosure() + Interval::new(-loose, loose)
    }
}

/// The product of a transposed matrix and a vector, `Xᵀy`, accumulated row by row: one running sum per column.
#[derive(Debug, Clone)]
pub struct Columns {
    sums: Vec<VagueSum>,
}

impl Columns {
    /// Zero in every column.
    pub fn new(columns: usize) -> Columns {
        Columns { sums: vec![VagueSum::default(); columns] }
    }

    /// Adds `x·y` to a column. Panics when there is no such column.
    pub fn add(&mut self, column: usize, x: f64, y: Ball) {
        self.sums[column].sum.add(x, y);
    }

    /// Adds `x·y` to a column, neither known exactly. Panics when there is no such column.
    pub fn add_vague(&mut self, column: usize, x: Ball, y: Ball) {
        self.sums[column].add(x, y);
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
        self.sums.iter().map(VagueSum::enclosure).collect()
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
