//! One row through the network and back, enclosed.

use crate::data::Row;
use crate::model::network::{Network, Unit};
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, Columns, VagueSum};
use crate::objective::Problem;

/// The enclosed pass of one row; made once, reused for every row.
#[derive(Debug, Clone)]
pub(crate) struct Pass<'a> {
    problem: &'a Problem,
    /// `z_l`.
    pub(crate) z: Vec<Vec<Interval>>,
    /// `a_l` of the hidden layers.
    pub(crate) a: Vec<Vec<Ball>>,
    /// `W_{l+1}ᵀ δ_{l+1}` of the hidden layers.
    pub(crate) back: Vec<Vec<Interval>>,
    /// `δ_l`.
    pub(crate) delta: Vec<Vec<Interval>>,
}

/// Calls `f(position among the kept parameters, input)` for what a unit of the first layer reads of a row, bias
/// included.
pub(crate) fn read(unit: &Unit, x: Row<'_>, fan_in: usize, mut f: impl FnMut(usize, f64)) {
    match x {
        Row::Dense(x) if unit.inputs.len() == x.len() => {
            x.iter().enumerate().for_each(|(p, &v)| f(unit.start + p, v));
        }
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

impl<'a> Pass<'a> {
    pub(crate) fn new(problem: &'a Problem) -> Pass<'a> {
        let layers = &problem.network().layers;
        let shape = || layers.iter().map(|l| vec![Interval::ZERO; l.units.len()]).collect::<Vec<_>>();
        let a = layers.iter().map(|l| vec![Ball::exact(0.0); l.units.len()]).collect();
        Pass { problem, z: shape(), a, back: shape(), delta: shape() }
    }

    fn network(&self) -> &'a Network {
        self.problem.network()
    }

    fn row(&self, i: usize) -> Row<'a> {
        self.problem.data().design().row(i)
    }

    /// The outputs after [`Pass::forward`].
    pub(crate) fn outputs(&self) -> &[Interval] {
        &self.z[self.z.len() - 1]
    }

    pub(crate) fn forward(&mut self, theta: &[Ball], i: usize) {
        let net = self.network();
        let last = net.layers.len() - 1;
        for (l, layer) in net.layers.iter().enumerate() {
            for (j, unit) in layer.units.iter().enumerate() {
                let mut sum = VagueSum::default();
                if l == 0 {
                    read(unit, self.row(i), layer.fan_in, |p, x| sum.add(Ball::exact(x), theta[p]));
                } else {
                    let below = &self.a[l - 1];
                    for (p, &input) in unit.inputs.iter().enumerate() {
                        sum.add(below[input as usize], theta[unit.start + p]);
                    }
                    if let Some(b) = unit.bias {
                        sum.add(Ball::exact(1.0), theta[b]);
                    }
                }
                let z = sum.enclosure();
                self.z[l][j] = z;
                if l < last {
                    self.a[l][j] = Ball::from(net.activation.enclose(z));
                }
            }
        }
    }

    /// The loss of row `i`.
    pub(crate) fn loss(&mut self, theta: &[Ball], i: usize) -> Interval {
        self.forward(theta, i);
        self.network().loss.enclose(self.outputs(), self.problem.target()[i])
    }

    /// Fills `δ` after [`Pass::forward`].
    pub(crate) fn backward(&mut self, theta: &[Ball], i: usize) {
        let net = self.network();
        let last = net.layers.len() - 1;
        self.delta[last] = net.loss.enclose_gradient(&self.z[last], self.problem.target()[i]);
        for l in (0..last).rev() {
            let mut sums = vec![VagueSum::default(); self.z[l].len()];
            for (j, unit) in net.layers[l + 1].units.iter().enumerate() {
                let delta = Ball::from(self.delta[l + 1][j]);
                for (p, &input) in unit.inputs.iter().enumerate() {
                    sums[input as usize].add(delta, theta[unit.start + p]);
                }
            }
            for (j, sum) in sums.iter().enumerate() {
                self.back[l][j] = sum.enclosure();
                self.delta[l][j] = net.activation.enclose_slope(self.z[l][j]) * self.back[l][j];
            }
        }
    }

    /// Adds `weight · ∇ℓᵢ` after [`Pass::backward`].
    pub(crate) fn add_gradient(&self, i: usize, weight: Interval, columns: &mut Columns) {
        for (l, layer) in self.network().layers.iter().enumerate() {
            for (unit, delta) in layer.units.iter().zip(&self.delta[l]) {
                let delta = Ball::from(if weight == Interval::ONE { *delta } else { weight * *delta });
                if l == 0 {
                    read(unit, self.row(i), layer.fan_in, |p, x| columns.add(p, x, delta));
                } else {
                    let below = &self.a[l - 1];
                    for (p, &input) in unit.inputs.iter().enumerate() {
                        columns.add_vague(unit.start + p, below[input as usize], delta);
                    }
                    if let Some(b) = unit.bias {
                        columns.add(b, 1.0, delta);
                    }
                }
            }
        }
    }
}
