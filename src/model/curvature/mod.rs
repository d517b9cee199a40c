//! The exact Hessian (or Gauss–Newton matrix, or empirical Fisher) of the weighted empirical risk.
//!
//! Dense designs are summed by pairs of units, see [`pairs`]; sparse ones, whose rows are met entry by entry, by units:
//!
//! A unit change of `W_l[j,i]` changes `z_l` by `ã_{l−1,i} e_j`. So with `∂^{(l,j)}` the derivative along
//! `z_l ↦ z_l + e_j` and `g` the gradient of one row, the column of `W_l[j,i]` is
//!
//! `H[·, (l,j,i)] = Σ_rows w · ã_{l−1,i} · ∂^{(l,j)}g`, with
//! `∂^{(l,j)}g_{(m,u,i′)} = ∂^{(l,j)}δ_{m,u} · ã_{m−1,i′} + δ_{m,u} · ∂^{(l,j)}ã_{m−1,i′}`,
//!
//! where the second term vanishes for `m = l`. Per row this needs one tangent sweep per *unit*, not one
//! Hessian–vector product per parameter; the rest is, for every unit, the product of its kept inputs with the tangents
//! of the gradients from its own first parameter on: together `n·k²` floating-point operations for the lower triangle
//! of `k` kept parameters, whatever the mask. Nothing larger than `k × k` is formed.
//!
//! Source: Bishop 1992, "Exact calculation of the Hessian matrix for the multilayer perceptron"; the arrangement by
//! units is derived here.

mod block;
mod pairs;
mod panels;
mod sparse;

use super::network::Network;
use crate::data::Design;
use crate::numeric::gram::{Buffers, Kernel, Part, add_columns};
use block::{Block, Tangent};
use nalgebra::DMatrix;
use panels::{Inputs, TangentGradients};

/// Which second-order matrix to form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `Σ w ∇²ℓ`.
    Hessian,
    /// `Σ w Jᵀ (∇²ℓ in the outputs) J`.
    GaussNewton,
    /// `Σ w ∇ℓ ∇ℓᵀ` with the observed targets; only for dense designs.
    EmpiricalFisher,
}

/// Rows with a weight.
fn weighted(weights: &[f64]) -> usize {
    weights.iter().filter(|w| **w != 0.0).count()
}

impl Network {
    /// The `k × k` matrix `Σ wᵢ Mᵢ` over the rows with nonzero weight (no ridge).
    pub(crate) fn second_order(
        &self,
        kind: Kind,
        theta: &[f64],
        design: &Design,
        target: &[f64],
        weights: &[f64],
    ) -> DMatrix<f64> {
        if design.is_sparse() {
            self.second_order_by_units(kind, theta, design, target, weights)
        } else {
            pairs::second_order(self, kind, theta, (design, target), weights, None)
        }
    }

    /// Are full-batch derivatives of so many rows worth sweeping by blocks? Compiling the network for runs costs about as
    /// much as a few dozen rows, and sparse rows are met entry by entry. Measured (Zen 5, µs per row one by one, in 64 rows,
    /// in 512): gradient of 64-32-10 1.7, 1.0, 0.7; of 20-8-1 0.4, 0.2, 0.08; of a linear softmax 64-10 0.36, 0.55, 0.27; of
    /// a logistic regression on 64 features 0.10, 0.14, 0.07.
    fn worth_blocks(&self, design: &Design, rows: usize) -> bool {
        let least = if self.layers.len() > 1 { 64 } else { 256 };
        !design.is_sparse() && rows >= least
    }

    /// The outputs of every row, `outputs × n`; by blocks or row by row, as the sizes alone decide.
    pub(crate) fn all_outputs(&self, theta: &[f64], design: &Design) -> DMatrix<f64> {
        if self.worth_blocks(design, design.rows()) {
            return pairs::outputs(self, theta, design);
        }
        let mut ws = self.workspace();
        let mut out = DMatrix::zeros(self.outputs(), design.rows());
        for i in 0..design.rows() {
            out.column_mut(i).copy_from_slice(self.forward(theta, design.row(i), &mut ws));
        }
        out
    }

    /// The gradient of every row, `k × n`, likewise.
    pub(crate) fn row_gradients(&self, theta: &[f64], (design, target): (&Design, &[f64])) -> DMatrix<f64> {
        if self.worth_blocks(design, design.rows()) {
            return pairs::row_gradients(self, theta, (design, target));
        }
        let mut ws = self.workspace();
        let mut out = DMatrix::zeros(self.active(), design.rows());
        for i in 0..design.rows() {
            let x = design.row(i);
            self.forward(theta, x, &mut ws);
            self.backward(theta, target[i], &mut ws);
            self.add_gradient(1.0, x, &ws, out.column_mut(i).as_mut_slice());
        }
        out
    }

    /// `out += Σ wᵢ ∇ℓᵢ`; by blocks or row by row, as the sizes alone decide. The two agree to rounding.
    pub(crate) fn add_risk_gradient(
        &self,
        theta: &[f64],
        (design, target): (&Design, &[f64]),
        weights: &[f64],
        out: &mut [f64],
    ) {
        if self.worth_blocks(design, weighted(weights)) {
            return pairs::add_gradient(self, theta, (design, target), weights, out);
        }
        let mut ws = self.workspace();
        for (i, &w) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            let x = design.row(i);
            self.forward(theta, x, &mut ws);
            self.backward(theta, target[i], &mut ws);
            self.add_gradient(w, x, &ws, out);
        }
    }

    /// `out += Σ wᵢ ∇²ℓᵢ v`, likewise.
    pub(crate) fn add_risk_hvp(
        &self,
        theta: &[f64],
        v: &[f64],
        (design, target): (&Design, &[f64]),
        weights: &[f64],
        out: &mut [f64],
    ) {
        if self.worth_blocks(design, weighted(weights)) {
            return pairs::add_hvp(self, theta, v, (design, target), weights, out);
        }
        let mut ws = self.workspace();
        for (i, &w) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            let x = design.row(i);
            self.forward(theta, x, &mut ws);
            self.backward(theta, target[i], &mut ws);
            self.add_hvp(w, theta, v, x, &mut ws, out);
        }
    }

    /// The matrix of [`Network::second_order`], one unit at a time, for any design.
    fn second_order_by_units(
        &self,
        kind: Kind,
        theta: &[f64],
        design: &Design,
        target: &[f64],
        weights: &[f64],
    ) -> DMatrix<f64> {
        assert_ne!(kind, Kind::EmpiricalFisher, "a sum of outer products, not of tangents");
        let mut h = DMatrix::zeros(self.active(), self.active());
        let live: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] != 0.0).collect();
        let room = block::rows_per_block(self).min(live.len());
        let (mut block, mut tangent) = (Block::new(self, room), Tangent::new(self, room));
        let mut buffers = Buffers::default();
        for rows in live.chunks(room.max(1)) {
            block.fill(self, kind, theta, (design, target), weights, rows);
            for l in 0..self.layers.len() {
                for (j, unit) in self.layers[l].units.iter().enumerate() {
                    if unit.inputs.is_empty() && unit.bias.is_none() {
                        continue;
                    }
                    tangent.fill(self, theta, &block, l, j);
                    let gradients = TangentGradients::new(self, kind, design, &block, &tangent, l, j);
                    if l == 0 && design.is_sparse() {
                        sparse::add(self, design, &block, &gradients, unit, &mut h);
                        continue;
                    }
                    let inputs =
                        Inputs { design, block: &block, layer: l, fan_in: self.layers[l].fan_in, unit };
                    add_columns(
                        Kernel::best(),
                        &mut buffers,
                        rows.len(),
                        &gradients,
                        &inputs,
                        Part::All,
                        h.as_mut_slice(),
                        (self.active(), gradients.first()),
                        |c| unit.parameter(c),
                    );
                }
            }
        }
        h.fill_upper_triangle_with_lower_triangle();
        h
    }
}
