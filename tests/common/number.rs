//! Numbers a formula can be written over: floats that carry a bound of their rounding error, and
//! hyper-dual numbers `a + b ε₁ + c ε₂ + d ε₁ε₂` with `ε₁² = ε₂² = 0`, whose `d` is an exact mixed
//! second derivative (Fike and Alonso 2011). They nest: hyper-duals over hyper-duals give fourth
//! derivatives.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// What the textbook formulas need of a number.
pub(crate) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    fn constant(x: f64) -> Self;
    /// The real number underneath, for comparisons.
    fn real(self) -> f64;
    fn exp(self) -> Self;
    fn ln_1p(self) -> Self;
    fn tanh(self) -> Self;
    fn sigmoid(self) -> Self;
    fn softplus(self) -> Self;
}

/// A float with a first-order bound of its rounding error, in units of ε (Wilkinson's running
/// error analysis): the honest scale for "equal up to rounding", cancellation included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tracked {
    pub(crate) value: f64,
    pub(crate) error: f64,
}

impl Tracked {
    /// `value`, itself rounded, after errors of `error` in the arguments.
    fn rounded(value: f64, error: f64) -> Tracked {
        Tracked { value, error: error + value.abs() }
    }
}

impl Add for Tracked {
    type Output = Tracked;
    fn add(self, o: Tracked) -> Tracked {
        Tracked::rounded(self.value + o.value, self.error + o.error)
    }
}

impl Sub for Tracked {
    type Output = Tracked;
    fn sub(self, o: Tracked) -> Tracked {
        self + (-o)
    }
}

impl Mul for Tracked {
    type Output = Tracked;
    fn mul(self, o: Tracked) -> Tracked {
        let error = self.value.abs() * o.error + o.value.abs() * self.error;
        Tracked::rounded(self.value * o.value, error)
    }
}

impl Div for Tracked {
    type Output = Tracked;
    fn div(self, o: Tracked) -> Tracked {
        let q = self.value / o.value;
        Tracked::rounded(q, (self.error + q.abs() * o.error) / o.value.abs())
    }
}

impl Neg for Tracked {
    type Output = Tracked;
    fn neg(self) -> Tracked {
        Tracked { value: -self.value, error: self.error }
    }
}

impl Number for Tracked {
    fn constant(x: f64) -> Tracked {
        Tracked { value: x, error: 0.0 }
    }
    fn real(self) -> f64 {
        self.value
    }
    fn exp(self) -> Tracked {
        let e = self.value.exp();
        Tracked::rounded(e, e * self.error)
    }
    fn ln_1p(self) -> Tracked {
        Tracked::rounded(self.value.ln_1p(), self.error / (1.0 + self.value))
    }
    fn tanh(self) -> Tracked {
        let t = self.value.tanh();
        Tracked::rounded(t, (1.0 - t * t) * self.error)
    }
    fn sigmoid(self) -> Tracked {
        let s = 1.0 / (1.0 + (-self.value).exp());
        Tracked::rounded(s, s * (1.0 - s) * self.error + s)
    }
    fn softplus(self) -> Tracked {
        let x = self.value;
        let s = if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() };
        Tracked::rounded(s, 1.0 / (1.0 + (-x).exp()) * self.error)
    }
}

/// `a + b ε₁ + c ε₂ + d ε₁ε₂`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HyperDual<T> {
    pub(crate) a: T,
    pub(crate) b: T,
    pub(crate) c: T,
    pub(crate) d: T,
}

impl<T: Number> HyperDual<T> {
    /// `x + s ε₁ + t ε₂`: the argument `x` moving along two directions.
    pub(crate) fn along(x: T, s: T, t: T) -> Self {
        HyperDual { a: x, b: s, c: t, d: T::constant(0.0) }
    }

    /// `f(self)` from `f, f′, f″` at the real part.
    fn lift(self, f: T, f1: T, f2: T) -> Self {
        HyperDual { a: f, b: f1 * self.b, c: f1 * self.c, d: f1 * self.d + f2 * self.b * self.c }
    }
}

impl<T: Number> Add for HyperDual<T> {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        HyperDual { a: self.a + o.a, b: self.b + o.b, c: self.c + o.c, d: self.d + o.d }
    }
}

impl<T: Number> Sub for HyperDual<T> {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + (-o)
    }
}

impl<T: Number> Mul for HyperDual<T> {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        HyperDual {
            a: self.a * o.a,
            b: self.a * o.b + self.b * o.a,
            c: self.a * o.c + self.c * o.a,
            d: self.a * o.d + self.b * o.c + self.c * o.b + self.d * o.a,
        }
    }
}

impl<T: Number> Div for HyperDual<T> {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let r = T::constant(1.0) / o.a;
        self * o.lift(r, -(r * r), T::constant(2.0) * r * r * r)
    }
}

impl<T: Number> Neg for HyperDual<T> {
    type Output = Self;
    fn neg(self) -> Self {
        HyperDual { a: -self.a, b: -self.b, c: -self.c, d: -self.d }
    }
}

impl<T: Number> Number for HyperDual<T> {
    fn constant(x: f64) -> Self {
        let zero = T::constant(0.0);
        HyperDual::along(T::constant(x), zero, zero)
    }
    fn real(self) -> f64 {
        self.a.real()
    }
    fn exp(self) -> Self {
        let e = self.a.exp();
        self.lift(e, e, e)
    }
    fn ln_1p(self) -> Self {
        let r = T::constant(1.0) / (T::constant(1.0) + self.a);
        self.lift(self.a.ln_1p(), r, -(r * r))
    }
    fn tanh(self) -> Self {
        let t = self.a.tanh();
        let slope = T::constant(1.0) - t * t;
        self.lift(t, slope, T::constant(-2.0) * t * slope)
    }
    fn sigmoid(self) -> Self {
        let s = self.a.sigmoid();
        let slope = s * (T::constant(1.0) - s);
        self.lift(s, slope, slope * (T::constant(1.0) - s - s))
    }
    fn softplus(self) -> Self {
        let s = self.a.sigmoid();
        self.lift(self.a.softplus(), s, s * (T::constant(1.0) - s))
    }
}
