//! The Hessian of a linear model on a sparse design, block by block of outputs, from Gram matrices of sparse rows.

use super::Objective;
use crate::constants::kept_rows;
use crate::model::network::Layer;
use crate::numeric::gram_sparse;
use nalgebra::{DMatrix, DVector};

/// Most curvatures held at once: rows times pairs of outputs.
const MOST_NUMBERS: usize = 1 << 22;

impl Objective<'_> {
    /// `Σ wᵢ ∇²ℓᵢ(θ)` where that is made of Gram matrices of the stored rows: a linear model on a sparse design of which
    /// every output keeps the same inputs, and all or none their biases. `None` elsewhere.
    pub(super) fn sparse_risk_hessian(&self, theta: &DVector<f64>) -> Option<DMatrix<f64>> {
        let p = self.problem;
        let layer = &p.network().layers[0];
        if !(p.model().is_linear() && p.data().design().is_sparse() && alike(layer)) {
            return None;
        }
        let outputs = layer.units.len();
        let pairs = outputs * (outputs + 1) / 2;
        let (rows, weights) = kept_rows(self);
        let live: Vec<usize> = self.support().map(|(i, _)| i).collect();
        let mut h = DMatrix::zeros(self.active(), self.active());
        let mut gram = DMatrix::zeros(if outputs > 1 { rows.cols() } else { 0 }, rows.cols());
        let mut ws = p.network().workspace();
        let mut curvature = vec![0.0; outputs * outputs];
        let room = (MOST_NUMBERS / pairs).max(1);
        for begin in (0..live.len()).step_by(room) {
            let here: Vec<usize> = (begin..live.len().min(begin + room)).collect();
            let mut blocks = vec![Vec::with_capacity(here.len()); pairs];
            for &r in &here {
                let z = p.network().forward(theta.as_slice(), p.data().design().row(live[r]), &mut ws);
                p.model().loss().curvature(z, &mut curvature);
                let lower = (0..outputs).flat_map(|a| (0..=a).map(move |b| a * outputs + b));
                blocks.iter_mut().zip(lower).for_each(|(block, s)| block.push(weights[r] * curvature[s]));
            }
            if outputs == 1 {
                // The kept inputs in order, bias last, are the parameters in their order.
                let part = if here.len() == live.len() { &rows } else { &rows.select(&here) };
                gram_sparse::add_lower_triangle(part, &blocks[0], &mut h);
                continue;
            }
            let part = rows.select(&here);
            let lower = (0..outputs).flat_map(|a| (0..=a).map(move |b| (a, b)));
            for ((a, b), weights) in lower.zip(&blocks) {
                gram.fill(0.0);
                gram_sparse::add_lower_triangle(&part, weights, &mut gram);
                add_block(layer, (a, b), &gram, &mut h);
            }
        }
        h.fill_upper_triangle_with_lower_triangle();
        Some(h)
    }
}

/// Do all outputs keep the same inputs, and all or none their biases?
fn alike(layer: &Layer) -> bool {
    let first = &layer.units[0];
    layer.units.iter().all(|u| u.inputs == first.inputs && u.bias.is_some() == first.bias.is_some())
}

/// Adds the symmetric block of two outputs, given by its lower triangle, to the lower triangle of `h`.
fn add_block(layer: &Layer, (a, b): (usize, usize), gram: &DMatrix<f64>, h: &mut DMatrix<f64>) {
    let mut add = |i: usize, j: usize, value: f64| {
        let (p, q) = (layer.units[a].parameter(i), layer.units[b].parameter(j));
        // A bias of an earlier output stands below the weights of a later one.
        h[(p.max(q), p.min(q))] += value;
    };
    for j in 0..gram.ncols() {
        add(j, j, gram[(j, j)]);
        for i in j + 1..gram.nrows() {
            add(i, j, gram[(i, j)]);
            if a != b {
                add(j, i, gram[(i, j)]);
            }
        }
    }
}

#[cfg(feature = "sparse")]
impl Objective<'_> {
    /// A sparse factor of `∇²F_w(θ)`, for linear models with one output on sparse rows, where it holds little more than the
    /// data does; `None` elsewhere.
    ///
    /// # Errors
    /// As [`SparseCholesky::new`].
    pub(crate) fn sparse_factor(
        &self,
        theta: &DVector<f64>,
    ) -> crate::error::Result<Option<crate::numeric::sparse_cholesky::SparseCholesky>> {
        use crate::numeric::sparse_cholesky::SparseCholesky;
        /// 640 MB of numbers and places.
        const MOST: usize = 40_000_000;
        let p = self.problem;
        let design = p.data().design();
        if !(p.model().is_linear() && p.model().outputs() == 1 && design.is_sparse()) {
            return Ok(None);
        }
        // Conjugate gradients visit the data hundreds of times; a factor of this size costs less.
        let most = (20 * design.values().len() + 10 * self.active()).min(MOST);
        let (rows, mut weights) = kept_rows(self);
        let mut ws = p.network().workspace();
        let mut bend = [0.0];
        for ((i, _), weight) in self.support().zip(&mut weights) {
            let z = p.network().forward(theta.as_slice(), design.row(i), &mut ws);
            p.model().loss().curvature(z, &mut bend);
            *weight *= bend[0];
        }
        match gram_sparse::lower_triangle(&rows, &weights, p.ridge(), most) {
            Some(lower) => SparseCholesky::new(&lower, most, "the Hessian"),
            None => Ok(None),
        }
    }
}
