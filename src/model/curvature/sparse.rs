//! Columns of the first layer's parameters for sparse designs: only the entries of a row that are there are met.

use super::block::Block;
use super::panels::TangentGradients;
use crate::data::Design;
use crate::model::network::{Network, Unit};
use nalgebra::DMatrix;

/// Adds the columns of `unit`, whose tangents are given, to the lower triangle of `h`.
pub(super) fn add(
    net: &Network,
    design: &Design,
    block: &Block,
    gradients: &TangentGradients<'_>,
    unit: &Unit,
    h: &mut DMatrix<f64>,
) {
    let layer = &net.layers[0];
    let (first, k) = (gradients.first(), net.active());
    // Where the weights of the first layer end: what follows is dense.
    let weights_end = layer.units.last().map_or(0, |u| u.start + u.inputs.len());
    let mut dense = vec![0.0; k - first];
    let mut sparse: Vec<(usize, f64)> = Vec::new();
    let mut own: Vec<(usize, f64)> = Vec::new();
    for (r, &i) in block.rows.iter().enumerate() {
        let change = gradients.own_layer(r);
        sparse.clear();
        own.clear();
        let weight = block.weights[r];
        design.row(i).for_each(|c, v| {
            for (u, other) in layer.units.iter().enumerate() {
                if other.start >= unit.start
                    && let Some(p) = other.position(c, layer.fan_in)
                {
                    sparse.push((p, weight * change[u] * v));
                }
            }
            if let Some(p) = unit.position(c, layer.fan_in) {
                own.push((p, v));
            }
        });
        own.extend(unit.bias.map(|b| (b, 1.0)));
        gradients.write(r, 1, &mut dense);
        for (u, other) in layer.units.iter().enumerate() {
            if let Some(b) = other.bias {
                dense[b - first] = change[u];
            }
        }
        for &(column, x) in &own {
            let out = &mut h.as_mut_slice()[column * k..(column + 1) * k];
            for &(row, g) in &sparse {
                if row >= column {
                    out[row] += x * g;
                }
            }
            let tail = &dense[weights_end - first..];
            out[weights_end..].iter_mut().zip(tail).for_each(|(o, g)| *o += x * weight * g);
        }
    }
}
