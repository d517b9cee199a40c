//! What every row gives by itself, outputs and gradients, from sweeps of whole blocks of rows: each weight that is kept
//! meets a vector of rows, so the cost follows density where one row at a time reads its inputs one by one.

use super::super::Kind;
use super::rows_per_block;
use super::sweep::Sweep;
use super::wiring;
use crate::data::Design;
use crate::model::network::Network;
use crate::numeric::gram::Kernel;
use crate::numeric::memory::zero_matrix;
use nalgebra::DMatrix;

/// Rows of a block, at most: one row's results are soon written, so a block only has to fill its vectors.
const MOST_ROWS: usize = 64;

/// The outputs of every row of a dense design, `outputs × n`.
pub(crate) fn outputs(net: &Network, theta: &[f64], design: &Design) -> DMatrix<f64> {
    let (kernel, stages) = (Kernel::best(), wiring::wire(net));
    let rows: Vec<usize> = (0..design.rows()).collect();
    let room = rows_per_block(&stages, rows.len()).clamp(1, MOST_ROWS);
    let mut sweep = Sweep::new(net, &stages, room);
    let mut out = DMatrix::zeros(net.outputs(), rows.len());
    for rows in rows.chunks(room) {
        sweep.fill_forward(kernel, net, &stages, theta, design, rows);
        for c in 0..net.outputs() {
            rows.iter().zip(sweep.output(c)).for_each(|(&i, z)| out[(c, i)] = *z);
        }
    }
    out
}

/// The gradient of every row of a dense design, `k × n`.
pub(crate) fn row_gradients(
    net: &Network,
    theta: &[f64],
    (design, target): (&Design, &[f64]),
) -> DMatrix<f64> {
    let (kernel, stages) = (Kernel::best(), wiring::wire(net));
    let (rows, weights): (Vec<usize>, Vec<f64>) = (0..design.rows()).map(|i| (i, 1.0)).unzip();
    let room = rows_per_block(&stages, rows.len()).clamp(1, MOST_ROWS);
    let (mut sweep, mut ws) = (Sweep::new(net, &stages, room), net.workspace());
    let mut out = zero_matrix(net.active(), rows.len());
    for rows in rows.chunks(room) {
        sweep.fill(kernel, net, &stages, Kind::GaussNewton, theta, (design, target), &weights, rows);
        for (r, &i) in rows.iter().enumerate() {
            // Dead units are not in a sweep: theirs stay 0.
            for (l, stage) in stages.iter().enumerate() {
                let value = |runs: &[f64], slot: usize| runs[slot * sweep.stride + r];
                let above = stages.get(l + 1);
                match above {
                    Some(above) => {
                        for (u, &j) in above.inputs.iter().enumerate() {
                            ws.a[l][j] = value(&sweep.inputs[l + 1], u);
                            ws.delta[l][j] = value(&sweep.delta[l], u);
                        }
                    }
                    None => (0..stage.units.len()).for_each(|u| ws.delta[l][u] = value(&sweep.delta[l], u)),
                }
            }
            net.add_gradient(1.0, design.row(i), &ws, out.column_mut(i).as_mut_slice());
        }
    }
    out
}
