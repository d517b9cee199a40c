//! Carrying one vector per unit through a recorded run, all units in one pass.
//!
//! The units are the columns of a `k × U` matrix `V`. Along the run, with `H` the Hessian of the whole batch,
//! `P ← βP + HV − [r_u]_u`, `V ← V − ηP`, `r_u = (1/|B|) Σ_{i ∈ B ∩ u} ∇ℓᵢ(θ)`. For linear models
//! `H = (1/|B|) X̃ᵀSX̃ + γI`, so a step is two matrix products per output and the rows are read once for all units; for
//! networks it is one Hessian–vector product per row and unit. Units are taken a panel at a time, so that a panel of `V`
//! and `P` stays in the cache.

use crate::model::Workspace;
use crate::model::network::Unit;
use crate::objective::Problem;
use crate::train::coupling::write_loss_gradient;
use crate::train::plan::{Plan, Step};
use crate::train::sgd::Trajectory;
use crate::train::units::Units;
use nalgebra::{DMatrix, DVector};
use std::ops::Range;

/// Columns of a panel.
const PANEL: usize = 64;

/// Runs the recursion; `observe(first, V)` sees the panel that begins with unit `first` at every point `0 … t`.
/// Returns `V` at the end.
pub(crate) fn propagate(
    problem: &Problem,
    plan: &Plan,
    run: &Trajectory,
    units: &Units,
    mut observe: impl FnMut(usize, usize, &DMatrix<f64>),
) -> DMatrix<f64> {
    let k = problem.active();
    let mut vectors = DMatrix::zeros(k, units.len());
    let mut pass = Pass::new(problem, plan);
    for first in (0..units.len()).step_by(PANEL) {
        let panel = first..(first + PANEL).min(units.len());
        let mut v = DMatrix::zeros(k, panel.len());
        let mut p = DMatrix::zeros(k, panel.len());
        let mut started = false;
        for (t, step) in plan.steps.iter().enumerate() {
            observe(first, t, &v);
            started |= step.rows.iter().any(|&i| units.of(i).is_some_and(|u| panel.contains(&u)));
            if started {
                pass.step(step, &run.points[t], units, &panel, &mut v, &mut p);
            }
        }
        observe(first, plan.len(), &v);
        vectors.columns_mut(first, panel.len()).copy_from(&v);
    }
    vectors
}

/// The buffers of a pass.
struct Pass<'a> {
    problem: &'a Problem,
    plan: &'a Plan,
    ws: Workspace,
    /// The batch, a row of data per column, and its transpose.
    batch: DMatrix<f64>,
    transposed: DMatrix<f64>,
    /// Tangents of the outputs, then those times the curvature: `|B| × panel` per output.
    outputs: Vec<DMatrix<f64>>,
    curvature: Vec<f64>,
    tangent: Vec<f64>,
    gradient: DVector<f64>,
}

impl<'a> Pass<'a> {
    fn new(problem: &'a Problem, plan: &'a Plan) -> Pass<'a> {
        let net = problem.network();
        Pass {
            problem,
            plan,
            ws: net.workspace(),
            batch: DMatrix::zeros(0, 0),
            transposed: DMatrix::zeros(0, 0),
            outputs: vec![DMatrix::zeros(0, 0); net.outputs()],
            curvature: vec![0.0; net.outputs() * net.outputs()],
            tangent: vec![0.0; net.outputs()],
            gradient: DVector::zeros(problem.active()),
        }
    }

    fn step(
        &mut self,
        step: &Step,
        theta: &DVector<f64>,
        units: &Units,
        panel: &Range<usize>,
        v: &mut DMatrix<f64>,
        p: &mut DMatrix<f64>,
    ) {
        let (beta, decay) = (self.plan.momentum, self.plan.weight_decay);
        p.iter_mut().zip(v.iter()).for_each(|(p, v)| *p = beta * *p + decay * v);
        if self.problem.model().is_linear() {
            self.add_linear(step, theta, v, p);
        } else {
            self.add_products(step, theta, v, p);
        }
        let divisor = step.rows.len() as f64;
        for &i in &step.rows {
            if let Some(u) = units.of(i).filter(|u| panel.contains(u)) {
                let one = std::iter::once(i);
                write_loss_gradient(self.problem, one, divisor, theta, &mut self.ws, &mut self.gradient);
                p.column_mut(u - panel.start).axpy(-1.0, &self.gradient, 1.0);
            }
        }
        v.iter_mut().zip(p.iter()).for_each(|(v, p)| *v -= step.eta * p);
    }

    /// `P += (1/|B|) X̃ᵀSX̃V`.
    fn add_linear(&mut self, step: &Step, theta: &DVector<f64>, v: &DMatrix<f64>, p: &mut DMatrix<f64>) {
        let net = self.problem.network();
        let layer = &net.layers[0];
        let (b, panel, fan_in) = (step.rows.len(), v.ncols(), layer.fan_in);
        if self.batch.shape() != (fan_in, b) {
            self.batch = DMatrix::zeros(fan_in, b);
            self.transposed = DMatrix::zeros(b, fan_in);
        }
        for (n, &i) in step.rows.iter().enumerate() {
            let mut column = self.batch.column_mut(n);
            self.problem.data().design().row(i).write_dense(column.as_mut_slice());
        }
        self.batch.transpose_to(&mut self.transposed);
        for (unit, y) in layer.units.iter().zip(&mut self.outputs) {
            if y.shape() != (b, panel) {
                *y = DMatrix::zeros(b, panel);
            }
            y.fill(0.0);
            if let Some(at) = unit.bias {
                (0..panel).for_each(|c| y.column_mut(c).fill(v[(at, c)]));
            }
            let rows = v.rows(unit.start, unit.inputs.len());
            match read(unit, &self.batch) {
                None => y.gemm(1.0, &self.transposed, &rows, 1.0),
                Some(part) => y.gemm(1.0, &part.transpose(), &rows, 1.0),
            }
        }
        self.bend(step, theta, panel);
        for (unit, t) in layer.units.iter().zip(&self.outputs) {
            if let Some(at) = unit.bias {
                (0..panel).for_each(|c| p[(at, c)] += t.column(c).sum());
            }
            let mut rows = p.rows_mut(unit.start, unit.inputs.len());
            match read(unit, &self.batch) {
                None => rows.gemm(1.0, &self.batch, t, 1.0),
                Some(part) => rows.gemm(1.0, &part, t, 1.0),
            }
        }
    }

    /// The outputs' tangents times the curvature of the loss over `|B|`, in place.
    fn bend(&mut self, step: &Step, theta: &DVector<f64>, panel: usize) {
        let net = self.problem.network();
        let outputs = net.outputs();
        let share = 1.0 / step.rows.len() as f64;
        for (n, &i) in step.rows.iter().enumerate() {
            let z = net.forward(theta.as_slice(), self.problem.data().design().row(i), &mut self.ws);
            net.loss.curvature(z, &mut self.curvature);
            for c in 0..panel {
                self.tangent.iter_mut().zip(&self.outputs).for_each(|(t, y)| *t = y[(n, c)]);
                for (o, s) in self.curvature.chunks_exact(outputs).enumerate() {
                    let bent: f64 = s.iter().zip(&self.tangent).map(|(s, t)| s * t).sum();
                    self.outputs[o][(n, c)] = share * bent;
                }
            }
        }
    }

    /// `P += (1/|B|) Σ ∇²ℓᵢ(θ) V`, one product after the other.
    fn add_products(&mut self, step: &Step, theta: &DVector<f64>, v: &DMatrix<f64>, p: &mut DMatrix<f64>) {
        let net = self.problem.network();
        let share = 1.0 / step.rows.len() as f64;
        for &i in &step.rows {
            let x = self.problem.data().design().row(i);
            net.forward(theta.as_slice(), x, &mut self.ws);
            net.backward(theta.as_slice(), self.problem.target()[i], &mut self.ws);
            for (v, mut p) in v.column_iter().zip(p.column_iter_mut()) {
                if v.iter().any(|v| *v != 0.0) {
                    let out = p.as_mut_slice();
                    net.add_hvp(share, theta.as_slice(), v.as_slice(), x, &mut self.ws, out);
                }
            }
        }
    }
}

/// What a unit reads of the batch when that is not everything.
fn read(unit: &Unit, batch: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let all = unit.inputs.len() == batch.nrows();
    let part =
        || DMatrix::from_fn(unit.inputs.len(), batch.ncols(), |r, n| batch[(unit.inputs[r] as usize, n)]);
    (!all).then(part)
}
