//! Numbers on which gradients are enclosed: intervals, precise numbers, and either with a tangent.

use super::interval::Interval;
use super::precise::Precise;
use super::product::{self, Ball};
use super::{elementary, precise, precise_functions};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A set of reals with the operations of a network; every result contains the exact one.
pub(crate) trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// A running sum of products with floats.
    type Sum: Default + Clone;
    /// A float as it is.
    fn exact(x: f64) -> Self;
    /// Adds `x·y`.
    fn add_product(sum: &mut Self::Sum, x: f64, y: Self);
    /// The sum.
    fn total(sum: &Self::Sum) -> Self;
    /// `e^z`.
    fn exp(self) -> Self;
    /// `1/(1 + e^−z)`.
    fn sigmoid(self) -> Self;
    /// `log(1 + e^z)`.
    fn softplus(self) -> Self;
    /// `tanh z = 2/(1 + e^−2z) − 1`.
    fn tanh(self) -> Self {
        Self::exact(2.0) * (Self::exact(2.0) * self).sigmoid() - Self::exact(1.0)
    }
    /// An interval that contains it (its value, where it has a tangent).
    fn enclosure(self) -> Interval;
    /// The same float and how far the number can be from it.
    fn ball(self) -> Ball;
}

impl Real for Interval {
    type Sum = product::Sum;
    fn exact(x: f64) -> Interval {
        Interval::point(x)
    }
    fn add_product(sum: &mut product::Sum, x: f64, y: Interval) {
        sum.add(x, Ball::from(y));
    }
    fn total(sum: &product::Sum) -> Interval {
        sum.enclosure()
    }
    fn exp(self) -> Interval {
        elementary::exp(self)
    }
    fn sigmoid(self) -> Interval {
        elementary::sigmoid(self)
    }
    fn softplus(self) -> Interval {
        elementary::softplus(self)
    }
    fn tanh(self) -> Interval {
        Interval::new(tanh_at(self.lo()).lo(), tanh_at(self.hi()).hi())
    }
    fn enclosure(self) -> Interval {
        self
    }
    fn ball(self) -> Ball {
        Ball::from(self)
    }
}

/// `tanh` at a point, accurate relative to itself: a unit whose weights are 0 must give 0. It increases.
fn tanh_at(x: f64) -> Interval {
    let z = Interval::point(x);
    if x.abs() > 1e-4 {
        return Interval::point(2.0) * elementary::sigmoid(Interval::point(2.0) * z) - Interval::ONE;
    }
    // 1 − z²/3 ≤ tanh(z)/z ≤ 1 − z²/3 + 2z⁴/15.
    let square = z.square();
    let third = square / Interval::point(3.0);
    let next = Interval::point(2.0) * square.square() / Interval::point(15.0);
    z * Interval::new((Interval::ONE - third).lo(), (Interval::ONE - third + next).hi())
}

impl Real for Precise {
    type Sum = precise::Sum;
    fn exact(x: f64) -> Precise {
        Precise::exact(x)
    }
    fn add_product(sum: &mut precise::Sum, x: f64, y: Precise) {
        sum.add(x, y);
    }
    fn total(sum: &precise::Sum) -> Precise {
        sum.total()
    }
    fn exp(self) -> Precise {
        precise_functions::exp(self)
    }
    fn sigmoid(self) -> Precise {
        precise_functions::sigmoid(self)
    }
    fn softplus(self) -> Precise {
        precise_functions::softplus(self)
    }
    fn enclosure(self) -> Interval {
        Precise::enclosure(self)
    }
    fn ball(self) -> Ball {
        Ball { mid: self.float(), radius: self.spread() }
    }
}

/// A number and its derivative in one direction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dual<T> {
    pub(crate) value: T,
    pub(crate) tangent: T,
}

impl<T: Real> Add for Dual<T> {
    type Output = Dual<T>;
    fn add(self, o: Dual<T>) -> Dual<T> {
        Dual { value: self.value + o.value, tangent: self.tangent + o.tangent }
    }
}

impl<T: Real> Sub for Dual<T> {
    type Output = Dual<T>;
    fn sub(self, o: Dual<T>) -> Dual<T> {
        Dual { value: self.value - o.value, tangent: self.tangent - o.tangent }
    }
}

impl<T: Real> Neg for Dual<T> {
    type Output = Dual<T>;
    fn neg(self) -> Dual<T> {
        Dual { value: -self.value, tangent: -self.tangent }
    }
}

impl<T: Real> Mul for Dual<T> {
    type Output = Dual<T>;
    fn mul(self, o: Dual<T>) -> Dual<T> {
        Dual { value: self.value * o.value, tangent: self.value * o.tangent + self.tangent * o.value }
    }
}

impl<T: Real> Div for Dual<T> {
    type Output = Dual<T>;
    fn div(self, o: Dual<T>) -> Dual<T> {
        let value = self.value / o.value;
        Dual { value, tangent: (self.tangent - value * o.tangent) / o.value }
    }
}

impl<T: Real> Real for Dual<T> {
    type Sum = (T::Sum, T::Sum);
    fn exact(x: f64) -> Dual<T> {
        Dual { value: T::exact(x), tangent: T::exact(0.0) }
    }
    fn add_product(sum: &mut (T::Sum, T::Sum), x: f64, y: Dual<T>) {
        T::add_product(&mut sum.0, x, y.value);
        T::add_product(&mut sum.1, x, y.tangent);
    }
    fn total(sum: &(T::Sum, T::Sum)) -> Dual<T> {
        Dual { value: T::total(&sum.0), tangent: T::total(&sum.1) }
    }
    fn exp(self) -> Dual<T> {
        let e = self.value.exp();
        Dual { value: e, tangent: e * self.tangent }
    }
    fn sigmoid(self) -> Dual<T> {
        let s = self.value.sigmoid();
        Dual { value: s, tangent: s * (-self.value).sigmoid() * self.tangent }
    }
    fn tanh(self) -> Dual<T> {
        let two_z = T::exact(2.0) * self.value;
        let slope = T::exact(4.0) * two_z.sigmoid() * (-two_z).sigmoid();
        Dual { value: self.value.tanh(), tangent: slope * self.tangent }
    }
    fn softplus(self) -> Dual<T> {
        Dual { value: self.value.softplus(), tangent: self.value.sigmoid() * self.tangent }
    }
    fn enclosure(self) -> Interval {
        self.value.enclosure()
    }
    fn ball(self) -> Ball {
        self.value.ball()
    }
}

/// An enclosure of the Euclidean norm: `‖v‖` lies within `‖r‖` of `‖m‖`.
pub(crate) fn norm<T: Real>(v: &[T]) -> Interval {
    let balls: Vec<Ball> = v.iter().map(|x| x.ball()).collect();
    let part = |f: fn(&Ball) -> f64| Interval::norm(&balls.iter().map(f).collect::<Vec<_>>());
    let spread = part(|b| b.radius).hi();
    if spread == 0.0 {
        return part(|b| b.mid);
    }
    (part(|b| b.mid) + Interval::new(-spread, spread)).nonnegative()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Around the change of formulas, and at 0, where nothing may be left.
    #[test]
    fn tanh_is_enclosed_relative_to_itself() {
        assert_eq!(Real::tanh(Interval::ZERO), Interval::ZERO);
        for z in [1e-300, 1e-9, 9.99e-5, 1.01e-4, -0.3, 2.0, -30.0, 800.0] {
            let t = Real::tanh(Interval::point(z));
            let computed = f64::tanh(z);
            assert!(t.lo() <= computed.next_up() && computed.next_down() <= t.hi(), "{z}: {t:?}");
            assert!(t.hi() - t.lo() <= 2e-11 * computed.abs(), "{z}: {t:?}");
        }
    }
}
