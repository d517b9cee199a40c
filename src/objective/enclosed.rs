//! Enclosures of an objective's gradient, Hessian–vector product and value, over any [`Real`].
//!
//! The network of `model/network.rs` written once more for sets of reals: sums of products by their proved
//! rounding errors, exponentials by this crate's own kernels. Data, targets, λ and b are exact floats; weights
//! are the real numbers they stand for (`1/|R|`, not the float next to it). The Hessian–vector product is the
//! gradient at `θ + ɛv`.

use super::{Problem, Reduction};
use crate::data::{Row, RowSet};
use crate::loss::Loss;
use crate::model::network::Unit;
use crate::model::{Activation, Network};
use crate::numeric::interval::Interval;
use crate::numeric::real::{Dual, Real, norm};
use nalgebra::{DMatrix, DVector};

/// `F_w` for weights that are all the same on the rows that count.
#[derive(Debug, Clone)]
pub(crate) struct Enclosed<'a> {
    pub(crate) problem: &'a Problem,
    pub(crate) rows: Vec<usize>,
    /// One over the weight of a row.
    pub(crate) divisor: f64,
}

impl<'a> Enclosed<'a> {
    /// The objective on all rows.
    pub(crate) fn full(problem: &'a Problem) -> Enclosed<'a> {
        Enclosed::weighing_as(problem, problem.rows(), |_| true)
    }

    /// What exact retraining minimises.
    pub(crate) fn retained(problem: &'a Problem, forget: &RowSet) -> Enclosed<'a> {
        Enclosed::weighing_as(problem, problem.rows() - forget.len(), |i| !forget.contains(i))
    }

    /// Some rows, each with its weight in the objective on all rows.
    pub(crate) fn only(problem: &'a Problem, take: impl Fn(usize) -> bool) -> Enclosed<'a> {
        Enclosed::weighing_as(problem, problem.rows(), take)
    }

    fn weighing_as(problem: &'a Problem, count: usize, take: impl Fn(usize) -> bool) -> Enclosed<'a> {
        let divisor = match problem.reduction() {
            Reduction::Mean => count as f64,
            Reduction::Sum => 1.0,
        };
        Enclosed { problem, rows: (0..problem.rows()).filter(|i| take(*i)).collect(), divisor }
    }

    /// The weight of a row.
    pub(crate) fn weight<T: Real>(&self) -> T {
        if self.divisor == 1.0 { T::exact(1.0) } else { T::exact(1.0) / T::exact(self.divisor) }
    }

    /// `w Σ ∇ℓᵢ(θ)`.
    pub(crate) fn risk_gradient<T: Real>(&self, theta: &[T]) -> Vec<T> {
        let w = self.weight::<T>();
        let sum = loss_gradient(self.problem, self.rows.iter().copied(), theta);
        if self.divisor == 1.0 { sum } else { sum.into_iter().map(|g| w * g).collect() }
    }

    /// `∇F_w(θ)`.
    pub(crate) fn gradient<T: Real>(&self, theta: &[T]) -> Vec<T> {
        let mut g = self.risk_gradient(theta);
        let ridge = T::exact(self.problem.ridge());
        for (j, g) in g.iter_mut().enumerate() {
            *g = *g + ridge * theta[j];
            if let Some(b) = self.problem.perturbation() {
                *g = *g + T::exact(b[j]);
            }
        }
        g
    }

    /// `∇²F_w(θ) v`.
    pub(crate) fn hvp<T: Real>(&self, theta: &[T], v: &[T]) -> Vec<T> {
        let ridge = T::exact(self.problem.ridge());
        self.risk_hvp(theta, v).into_iter().zip(v).map(|(h, v)| h + ridge * *v).collect()
    }

    /// `w Σ ∇²ℓᵢ(θ) v`.
    pub(crate) fn risk_hvp<T: Real>(&self, theta: &[T], v: &[T]) -> Vec<T> {
        let w = self.weight::<T>();
        loss_hvp(self.problem, self.rows.iter().copied(), theta, v).into_iter().map(|h| w * h).collect()
    }

    /// How far a computed Hessian can be from the exact one at a vector of floats, in Frobenius norm: column by
    /// column against enclosed Hessian–vector products. `risk_only` leaves the ridge out.
    pub(crate) fn hessian_error(
        &self,
        theta: &DVector<f64>,
        computed: &DMatrix<f64>,
        risk_only: bool,
    ) -> f64 {
        let at = exact::<Interval>(theta);
        let mut unit = vec![Interval::ZERO; theta.len()];
        let mut squares = Interval::ZERO;
        for j in 0..theta.len() {
            unit[j] = Interval::ONE;
            let column = if risk_only { self.risk_hvp(&at, &unit) } else { self.hvp(&at, &unit) };
            unit[j] = Interval::ZERO;
            let off: Vec<Interval> =
                column.into_iter().enumerate().map(|(i, h)| h - Interval::point(computed[(i, j)])).collect();
            squares = squares + norm(&off).square();
        }
        squares.sqrt().hi()
    }

    /// `F_w(θ)`.
    pub(crate) fn value<T: Real>(&self, theta: &[T]) -> T {
        let p = self.problem;
        let mut sum = T::Sum::default();
        for &i in &self.rows {
            let z = forward(p.network(), theta, p.data().design().row(i)).outputs;
            T::add_product(&mut sum, 1.0, loss(p.model().loss(), &z, p.target()[i]));
        }
        let mut value = self.weight::<T>() * T::total(&sum);
        let half_ridge = T::exact(0.5 * p.ridge());
        for (j, t) in theta.iter().enumerate() {
            value = value + half_ridge * *t * *t;
            if let Some(b) = p.perturbation() {
                value = value + T::exact(b[j]) * *t;
            }
        }
        value
    }
}

/// What a row makes of the parameters, layer by layer.
pub(crate) struct Forward<T> {
    /// `a_l` and `φ′(z_l)` per hidden layer.
    hidden: Vec<(Vec<T>, Vec<T>)>,
    /// The logits.
    pub(crate) outputs: Vec<T>,
}

impl<T> Forward<T> {
    /// The activations of each hidden layer.
    pub(crate) fn activations(&self) -> impl Iterator<Item = &[T]> {
        self.hidden.iter().map(|(a, _)| a.as_slice())
    }
}

/// Runs a row forward.
pub(crate) fn forward<T: Real>(net: &Network, theta: &[T], x: Row<'_>) -> Forward<T> {
    let mut hidden: Vec<(Vec<T>, Vec<T>)> = Vec::with_capacity(net.layers.len() - 1);
    let mut outputs = Vec::new();
    for (l, layer) in net.layers.iter().enumerate() {
        let z: Vec<T> = layer
            .units
            .iter()
            .map(|unit| {
                let mut sum = T::Sum::default();
                match hidden.last() {
                    None => read(unit, x, layer.fan_in, |p, v| T::add_product(&mut sum, v, theta[p])),
                    Some((a, _)) => {
                        for (p, &i) in unit.inputs.iter().enumerate() {
                            T::add_product(&mut sum, 1.0, theta[unit.start + p] * a[i as usize]);
                        }
                        if let Some(b) = unit.bias {
                            T::add_product(&mut sum, 1.0, theta[b]);
                        }
                    }
                }
                T::total(&sum)
            })
            .collect();
        if l + 1 < net.layers.len() {
            hidden.push(z.into_iter().map(|z| activate(net.activation, z)).unzip());
        } else {
            outputs = z;
        }
    }
    Forward { hidden, outputs }
}

/// Calls `f(position among the kept parameters, input)` for what a unit reads of a row, bias included.
fn read(unit: &Unit, x: Row<'_>, fan_in: usize, mut f: impl FnMut(usize, f64)) {
    match x {
        Row::Dense(x) => {
            unit.inputs.iter().enumerate().for_each(|(p, &c)| f(unit.start + p, x[c as usize]));
        }
        Row::Sparse(columns, values) => {
            for (&c, &v) in columns.iter().zip(values) {
                if let Some(p) = unit.position(c as usize, fan_in) {
                    f(p, v);
                }
            }
        }
    }
    if let Some(b) = unit.bias {
        f(b, 1.0);
    }
}

/// `φ(z)` and `φ′(z)`.
pub(crate) fn activate<T: Real>(activation: Activation, z: T) -> (T, T) {
    let (one, two) = (T::exact(1.0), T::exact(2.0));
    match activation {
        Activation::Tanh => {
            let z2 = two * z;
            (z.tanh(), T::exact(4.0) * z2.sigmoid() * (-z2).sigmoid())
        }
        Activation::Sigmoid => {
            let s = z.sigmoid();
            (s, s * (-z).sigmoid())
        }
        Activation::Softplus => (z.softplus(), z.sigmoid()),
        Activation::Identity => (z, one),
    }
}

/// `ℓ(z, y)`.
fn loss<T: Real>(loss: Loss, z: &[T], y: f64) -> T {
    match loss {
        Loss::Squared => {
            let r = z[0] - T::exact(y);
            T::exact(0.5) * r * r
        }
        Loss::Logistic => (if y == 1.0 { -z[0] } else { z[0] }).softplus(),
        // log(e^a + e^b) = a + softplus(b − a), one class after the other, seen from the row's own class.
        Loss::Softmax => {
            let own = y as usize;
            let others = (0..z.len()).filter(|&c| c != own).map(|c| z[c] - z[own]);
            others.fold(T::exact(0.0), |a, b| a + (b - a).softplus())
        }
    }
}

/// `∂ℓ/∂z`, without cancellation where a probability is near its target.
pub(crate) fn residuals<T: Real>(loss: Loss, z: &[T], y: f64) -> Vec<T> {
    match loss {
        Loss::Squared => vec![z[0] - T::exact(y)],
        // σ(z) − 1 = −σ(−z).
        Loss::Logistic => vec![if y == 1.0 { -(-z[0]).sigmoid() } else { z[0].sigmoid() }],
        Loss::Softmax => {
            let own = y as usize;
            // Any finite shift is exact in the quotient; near the largest logit nothing overflows.
            let top = z.iter().map(|z| z.enclosure().mid()).fold(f64::MIN, f64::max).min(f64::MAX);
            let e: Vec<T> = z.iter().map(|z| (*z - T::exact(top)).exp()).collect();
            let others = (0..e.len()).filter(|&c| c != own).fold(T::exact(0.0), |s, c| s + e[c]);
            let all = others + e[own];
            (0..e.len()).map(|c| if c == own { -(others / all) } else { e[c] / all }).collect()
        }
    }
}

/// `∇²ℓ(z)`, row by row.
pub(crate) fn curvature<T: Real>(loss: Loss, z: &[T]) -> Vec<T> {
    match loss {
        Loss::Squared => vec![T::exact(1.0)],
        Loss::Logistic => vec![z[0].sigmoid() * (-z[0]).sigmoid()],
        Loss::Softmax => {
            // The residual of class c as a target is −(1 − p_c); of any other class p_c.
            let first = residuals(loss, z, 0.0);
            let missing: Vec<T> = (0..z.len()).map(|c| -residuals(loss, z, c as f64)[c]).collect();
            let p = |c: usize| if c == 0 { residuals(loss, z, 1.0)[0] } else { first[c] };
            let p: Vec<T> = (0..z.len()).map(p).collect();
            let entry = |a: usize, b: usize| if a == b { p[a] * missing[a] } else { -(p[a] * p[b]) };
            (0..z.len() * z.len()).map(|i| entry(i / z.len(), i % z.len())).collect()
        }
    }
}

/// `Σ ∇ℓᵢ(θ)` over rows, repeated ones as often as they are named.
pub(crate) fn loss_gradient<T: Real>(
    problem: &Problem,
    rows: impl Iterator<Item = usize>,
    theta: &[T],
) -> Vec<T> {
    let net = problem.network();
    let mut sums = vec![T::Sum::default(); theta.len()];
    for i in rows {
        let x = problem.data().design().row(i);
        let seen = forward(net, theta, x);
        let mut delta = residuals(problem.model().loss(), &seen.outputs, problem.target()[i]);
        for (l, layer) in net.layers.iter().enumerate().rev() {
            let below = l.checked_sub(1).map(|h| &seen.hidden[h]);
            for (unit, d) in layer.units.iter().zip(&delta) {
                match below {
                    None => read(unit, x, layer.fan_in, |p, v| T::add_product(&mut sums[p], v, *d)),
                    Some((a, _)) => {
                        for (p, &i) in unit.inputs.iter().enumerate() {
                            T::add_product(&mut sums[unit.start + p], 1.0, *d * a[i as usize]);
                        }
                        if let Some(b) = unit.bias {
                            T::add_product(&mut sums[b], 1.0, *d);
                        }
                    }
                }
            }
            if let Some((_, slopes)) = below {
                let mut back = vec![T::exact(0.0); slopes.len()];
                for (unit, d) in layer.units.iter().zip(&delta) {
                    for (p, &i) in unit.inputs.iter().enumerate() {
                        back[i as usize] = back[i as usize] + *d * theta[unit.start + p];
                    }
                }
                delta = back.into_iter().zip(slopes).map(|(b, s)| b * *s).collect();
            }
        }
    }
    sums.iter().map(T::total).collect()
}

/// `Σ ∇²ℓᵢ(θ) v` over rows: the derivative of the gradient along `v`.
pub(crate) fn loss_hvp<T: Real>(
    problem: &Problem,
    rows: impl Iterator<Item = usize>,
    theta: &[T],
    v: &[T],
) -> Vec<T> {
    let moving: Vec<Dual<T>> =
        theta.iter().zip(v).map(|(&value, &tangent)| Dual { value, tangent }).collect();
    loss_gradient(problem, rows, &moving).into_iter().map(|g| g.tangent).collect()
}

/// A vector of floats as exact numbers.
pub(crate) fn exact<T: Real>(theta: &DVector<f64>) -> Vec<T> {
    theta.iter().map(|t| T::exact(*t)).collect()
}
