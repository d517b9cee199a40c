//! `∇²F_w(θ)` as an operator: products with vectors and the diagonal, never the matrix.
//!
//! For a linear model the curvature of every row in its outputs is evaluated once, when the operator is made; a product
//! then visits each row once, `out += w x (S (xᵀv))`, with `2·nnz` multiplications and additions either way and no
//! array longer than `k`. For a network every product is a sweep of the R-operator ([`Objective::hvp`]).

use super::Objective;
use crate::data::{Design, Row};
use crate::loss::Loss;
use crate::model::network::Unit;
use crate::numeric::dot::dot;
use nalgebra::DVector;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A Hessian at one point, ridge included. Made by [`Objective::operator`].
#[derive(Debug, Clone)]
pub struct Operator<'o, 'a> {
    objective: &'o Objective<'a>,
    theta: DVector<f64>,
    linear: Option<Linear<'o>>,
}

/// What a linear model needs for a product.
#[derive(Debug, Clone)]
struct Linear<'o> {
    outputs: Vec<Output<'o>>,
    rows: Vec<usize>,
    /// Their weights.
    weights: Vec<f64>,
    /// What `∇²ℓ` in the outputs is made of, `C` numbers per row of `rows`; the matrices would have `C²` each.
    factors: Vec<f64>,
}

/// An output unit of a linear model; for masks with the place of every input looked up beforehand.
#[derive(Debug, Clone)]
struct Output<'o> {
    unit: &'o Unit,
    /// Position of the weight of each input, `u32::MAX` where it is pruned; nothing where all are kept in order.
    places: Option<Vec<u32>>,
}

impl Output<'_> {
    /// `x · v`, bias included.
    fn dot(&self, x: Row<'_>, v: &[f64]) -> f64 {
        let sum = match (x, &self.places) {
            (Row::Dense(x), None) => dot(x, &v[self.unit.start..self.unit.start + x.len()]),
            (Row::Dense(x), Some(_)) => self.unit.weigh(v, x),
            (Row::Sparse(columns, values), None) => {
                let v = &v[self.unit.start..];
                columns.iter().zip(values).map(|(&c, x)| x * v[c as usize]).sum()
            }
            (Row::Sparse(columns, values), Some(places)) => {
                let at = |c: u32| places[c as usize];
                let kept = columns.iter().zip(values).filter(|(c, _)| at(**c) != u32::MAX);
                kept.map(|(&c, x)| x * v[at(c) as usize]).sum()
            }
        };
        sum + self.unit.bias.map_or(0.0, |b| v[b])
    }

    /// `out += f(x)` at the unit's weights and its bias, for `f` of every input value.
    fn add(&self, x: Row<'_>, out: &mut [f64], f: impl Fn(f64) -> f64) {
        match (x, &self.places) {
            (Row::Dense(x), None) => {
                let out = &mut out[self.unit.start..self.unit.start + x.len()];
                out.iter_mut().zip(x).for_each(|(o, x)| *o += f(*x));
            }
            (Row::Dense(x), Some(_)) => {
                let out = &mut out[self.unit.start..self.unit.start + self.unit.inputs.len()];
                out.iter_mut().zip(&self.unit.inputs).for_each(|(o, &i)| *o += f(x[i as usize]));
            }
            (Row::Sparse(columns, values), None) => {
                let out = &mut out[self.unit.start..];
                columns.iter().zip(values).for_each(|(&c, x)| out[c as usize] += f(*x));
            }
            (Row::Sparse(columns, values), Some(places)) => {
                for (&c, x) in columns.iter().zip(values) {
                    if places[c as usize] != u32::MAX {
                        out[places[c as usize] as usize] += f(*x);
                    }
                }
            }
        }
        if let Some(b) = self.unit.bias {
            out[b] += f(1.0);
        }
    }
}

impl<'a> Objective<'a> {
    /// The Hessian at `theta`, as an operator: `O(nnz + k)` numbers.
    ///
    /// ```
    /// use nalgebra::dvector;
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// // ½(x·θ − y)² for x = (1, 0) and (0, 2), averaged, and ½‖θ‖²: the Hessian is diag(½ + 1, 2 + 1).
    /// let x = Design::dense(2, 2, vec![1.0, 0.0, 0.0, 2.0]).unwrap().to_sparse();
    /// let data = Dataset::new("two", x, vec![1.0, 3.0]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(2, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
    /// let full = problem.full();
    /// let hessian = full.operator(&dvector![0.0, 0.0]);
    /// assert_eq!(hessian.product(&dvector![1.0, 1.0]), dvector![1.5, 3.0]);
    /// assert_eq!(hessian.diagonal(), dvector![1.5, 3.0]);
    /// ```
    ///
    /// Panics when `theta` does not have `k` entries.
    pub fn operator<'o>(&'o self, theta: &DVector<f64>) -> Operator<'o, 'a> {
        self.check(theta);
        let linear = self.problem().model().is_linear().then(|| Linear::new(self, theta));
        Operator { objective: self, theta: theta.clone(), linear }
    }
}

impl<'o> Linear<'o> {
    fn new(objective: &'o Objective<'_>, theta: &DVector<f64>) -> Linear<'o> {
        let problem = objective.problem();
        let net = problem.network();
        let layer = &net.layers[0];
        let outputs: Vec<Output<'o>> = layer
            .units
            .iter()
            .map(|unit| Output { unit, places: places(unit, layer.fan_in, problem.data().design()) })
            .collect();
        let count = outputs.len();
        let (rows, weights): (Vec<usize>, Vec<f64>) = objective.support().unzip();
        let mut factors = vec![0.0; rows.len() * count];
        let (mut z, mut gradient) = (vec![0.0; count], vec![0.0; count]);
        for (&i, factors) in rows.iter().zip(factors.chunks_exact_mut(count)) {
            let x = problem.data().design().row(i);
            z.iter_mut().zip(&outputs).for_each(|(z, o)| *z = o.dot(x, theta.as_slice()));
            problem.model().loss().gradient_and_factors(&z, problem.target()[i], &mut gradient, factors);
        }
        Linear { outputs, rows, weights, factors }
    }

    fn add_product(&self, loss: Loss, design: &Design, v: &[f64], out: &mut [f64]) {
        let count = self.outputs.len();
        if let [output] = self.outputs.as_slice() {
            let mut change = [0.0];
            for ((&i, w), factors) in self.rows.iter().zip(&self.weights).zip(self.factors.chunks_exact(1)) {
                let x = design.row(i);
                loss.curvature_times(factors, &[output.dot(x, v)], &mut change);
                let change = w * change[0];
                output.add(x, out, |x| change * x);
            }
            return;
        }
        let (mut moved, mut change) = (vec![0.0; count], vec![0.0; count]);
        for ((&i, w), factors) in self.rows.iter().zip(&self.weights).zip(self.factors.chunks_exact(count)) {
            let x = design.row(i);
            moved.iter_mut().zip(&self.outputs).for_each(|(m, o)| *m = o.dot(x, v));
            loss.curvature_times(factors, &moved, &mut change);
            for (output, change) in self.outputs.iter().zip(&change) {
                let change = w * change;
                output.add(x, out, |x| change * x);
            }
        }
    }
}

/// Where the weights of a unit lie, by input; nothing where all are kept, or where the design is dense.
fn places(unit: &Unit, fan_in: usize, design: &Design) -> Option<Vec<u32>> {
    if unit.inputs.len() == fan_in {
        return None;
    }
    // Dense rows are gathered by the list of kept inputs instead.
    if !design.is_sparse() {
        return Some(Vec::new());
    }
    let mut places = vec![u32::MAX; fan_in];
    // A model has at most 2³¹ parameters.
    unit.inputs.iter().enumerate().for_each(|(p, &c)| places[c as usize] = (unit.start + p) as u32);
    Some(places)
}

impl Operator<'_, '_> {
    /// `∇²F v` into `out`.
    ///
    /// Panics when either does not have `k` entries.
    pub fn product_into(&self, v: &DVector<f64>, out: &mut DVector<f64>) {
        self.objective.check(v);
        self.objective.check(out);
        let problem = self.objective.problem();
        match &self.linear {
            None => out.copy_from(&self.objective.hvp(&self.theta, v)),
            Some(linear) => {
                out.copy_from(v);
                *out *= problem.ridge();
                linear.add_product(
                    problem.model().loss(),
                    problem.data().design(),
                    v.as_slice(),
                    out.as_mut_slice(),
                );
            }
        }
    }

    /// `∇²F v`.
    pub fn product(&self, v: &DVector<f64>) -> DVector<f64> {
        let mut out = DVector::zeros(v.len());
        self.product_into(v, &mut out);
        out
    }

    /// The diagonal of `∇²F` for a linear model. For a network ones, which precondition nothing: its diagonal costs as
    /// much as the matrix.
    pub fn diagonal(&self) -> DVector<f64> {
        let problem = self.objective.problem();
        let Some(linear) = &self.linear else { return DVector::from_element(problem.active(), 1.0) };
        let mut out = DVector::from_element(problem.active(), problem.ridge());
        let count = linear.outputs.len();
        let mut diagonal = vec![0.0; count];
        let loss = problem.model().loss();
        for ((&i, w), factors) in
            linear.rows.iter().zip(&linear.weights).zip(linear.factors.chunks_exact(count))
        {
            let x = problem.data().design().row(i);
            loss.curvature_diagonal(factors, &mut diagonal);
            for (output, s) in linear.outputs.iter().zip(&diagonal) {
                let s = w * s;
                output.add(x, out.as_mut_slice(), |x| s * x * x);
            }
        }
        out
    }

    /// An estimate of `‖∇²F‖_F`: the mean of `‖∇²F z‖²` has it as its root, for entries of `z` drawn from ±1. From four
    /// products, always with the same draws; no bound rests on it.
    pub fn frobenius_estimate(&self) -> f64 {
        const PROBES: usize = 4;
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut out = DVector::zeros(self.theta.len());
        let mut square = 0.0;
        for _ in 0..PROBES {
            let z = DVector::from_fn(out.len(), |_, _| if rng.random_bool(0.5) { 1.0 } else { -1.0 });
            self.product_into(&z, &mut out);
            square += out.norm_squared() / PROBES as f64;
        }
        square.sqrt()
    }
}
