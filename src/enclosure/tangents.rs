//! How one row's activations and back-propagated gradients answer to a unit change of each pre-activation, enclosed.

use super::row::Pass;
use crate::model::network::Network;
use crate::numeric::product::{Ball, Rough};

/// `∂ᵖδ_q` and `∂ᵖa_q` for all units `p`, `q`, numbered through all layers; those of `q` in an earlier layer than `p` are
/// not needed.
#[derive(Debug, Clone)]
pub(super) struct Tangents {
    units: usize,
    /// First unit of the layer below that of each unit.
    below: Vec<usize>,
    delta: Vec<Ball>,
    activation: Vec<Ball>,
}

impl Tangents {
    /// `∂ᵖδ_q`.
    pub(super) fn delta(&self, p: usize, q: usize) -> Ball {
        self.delta[p * self.units + q]
    }

    /// `∂ᵖa` of the given unit of the layer below `q`.
    pub(super) fn below(&self, p: usize, q: usize, input: usize) -> Ball {
        self.activation[p * self.units + self.below[q] + input]
    }

    /// After a forward and a backward pass at `theta`.
    pub(super) fn of(net: &Network, theta: &[f64], pass: &Pass<'_>) -> Tangents {
        let last = net.layers.len() - 1;
        let mut first = vec![0];
        net.layers.iter().for_each(|l| first.push(first[first.len() - 1] + l.units.len()));
        let units = first[last + 1];
        let below =
            (0..=last).flat_map(|l| vec![first[l.saturating_sub(1)]; net.layers[l].units.len()]).collect();
        let zero = Ball::exact(0.0);
        let mut out = Tangents {
            units,
            below,
            delta: vec![zero; units * units],
            activation: vec![zero; units * units],
        };
        let phi = net.activation;
        let hidden = |f: &dyn Fn(usize, usize) -> Ball| -> Vec<Ball> {
            (0..last).flat_map(|m| (0..net.layers[m].units.len()).map(move |u| f(m, u))).collect()
        };
        let slope = hidden(&|m, u| Ball::from(phi.enclose_slope(pass.z[m][u])));
        let bend = hidden(&|m, u| Ball::from(phi.enclose_bend(pass.z[m][u]) * pass.back[m][u]));
        let outputs = net.outputs();
        let curvature: Vec<Ball> =
            net.loss.enclose_curvature(pass.outputs()).into_iter().map(Ball::from).collect();
        for l in 0..=last {
            for p in first[l]..first[l + 1] {
                // ∂ᵖz of the layer at hand and of those above.
                let mut rz = vec![zero; units];
                rz[p] = Ball::exact(1.0);
                let row = p * units;
                for m in l..=last {
                    for (u, unit) in net.layers[m].units.iter().enumerate().filter(|_| m > l) {
                        let mut sum = Rough::default();
                        for (w, &input) in unit.inputs.iter().enumerate() {
                            let a = out.activation[row + first[m - 1] + input as usize];
                            sum.add(Ball::exact(theta[unit.start + w]), a);
                        }
                        rz[first[m] + u] = sum.ball();
                    }
                    for u in (first[m]..first[m + 1]).filter(|_| m < last) {
                        out.activation[row + u] = slope[u].times(rz[u]);
                    }
                }
                for c in 0..outputs {
                    let mut sum = Rough::default();
                    for d in 0..outputs {
                        sum.add(curvature[c * outputs + d], rz[first[last] + d]);
                    }
                    out.delta[row + first[last] + c] = sum.ball();
                }
                for m in (l..last).rev() {
                    let mut back = vec![Rough::default(); net.layers[m].units.len()];
                    for (u, unit) in net.layers[m + 1].units.iter().enumerate() {
                        let d = out.delta[row + first[m + 1] + u];
                        for (w, &input) in unit.inputs.iter().enumerate() {
                            back[input as usize].add(Ball::exact(theta[unit.start + w]), d);
                        }
                    }
                    for (u, back) in back.iter().enumerate() {
                        let at = first[m] + u;
                        out.delta[row + at] = bend[at].times(rz[at]).plus(slope[at].times(back.ball()));
                    }
                }
            }
        }
        out
    }
}
