//! How everything in a block of rows changes along `z_l ↦ z_l + e_j`.

use super::super::Kind;
use super::runs::{combine, run};
use super::sweep::Sweep;
use super::wiring::Stage;
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Arithmetic, Work};

/// Derivatives along one unit, by runs; layers below `l` are not touched.
pub(super) struct Tangent {
    /// `w ∂δ_m`; in layer `l` itself only of the units from `j` on.
    pub(super) delta: Vec<Vec<f64>>,
    /// `∂a_m`, where `moves`.
    pub(super) a: Vec<Vec<f64>>,
    /// Does the unit move at all?
    pub(super) moves: Vec<Vec<bool>>,
    z: Vec<Vec<f64>>,
    shift: Vec<f64>,
}

/// What a sweep needs: where it goes, the network, its block, and the layer and unit along which to go.
type Arguments<'a> = (&'a mut Tangent, &'a [Stage], &'a Sweep, Kind, &'a [f64], (usize, usize));

/// [`Tangent::sweep`].
struct Along;

impl Work<Arguments<'_>> for Along {
    type Output = ();

    #[inline(always)]
    fn work<A: Arithmetic>(arguments: Arguments<'_>) {
        Tangent::sweep::<A>(arguments);
    }
}

impl Tangent {
    pub(super) fn new(stages: &[Stage], stride: usize) -> Tangent {
        let room = || stages.iter().map(|s| vec![0.0; s.units.len() * stride]).collect::<Vec<_>>();
        let moves = stages.iter().map(|s| vec![false; s.units.len()]).collect();
        Tangent { delta: room(), a: room(), moves, z: room(), shift: vec![0.0; 2 * stride] }
    }

    /// One tangent sweep along unit `j` of layer `l`.
    pub(super) fn fill(
        &mut self,
        kernel: Kernel,
        stages: &[Stage],
        sweep: &Sweep,
        kind: Kind,
        theta: &[f64],
        unit: (usize, usize),
    ) {
        kernel.work::<Along, _>((self, stages, sweep, kind, theta, unit));
    }

    #[inline(always)]
    fn sweep<A: Arithmetic>((tangent, stages, sweep, kind, theta, (l, j)): Arguments<'_>) {
        match kind {
            Kind::EmpiricalFisher => tangent.outer(sweep, l, j),
            Kind::Hessian | Kind::GaussNewton => {
                tangent.forward::<A>(stages, sweep, theta, l, j);
                tangent.outputs(sweep, l, j);
                tangent.backward::<A>(stages, sweep, theta, l, j);
            }
        }
    }

    /// `w δ_{l,j} δ_m` in the place of `w ∂δ_m`: then the products give `Σ w g gᵀ`.
    #[inline(always)]
    fn outer(&mut self, sweep: &Sweep, l: usize, j: usize) {
        let stride = sweep.stride;
        let own = run(&sweep.weighted[l], stride, j);
        for (out, delta) in self.delta.iter_mut().zip(&sweep.delta).skip(l) {
            for (out, delta) in out.chunks_exact_mut(stride).zip(delta.chunks_exact(stride)) {
                for r in 0..stride {
                    out[r] = own[r] * delta[r];
                }
            }
        }
    }

    #[inline(always)]
    fn forward<A: Arithmetic>(&mut self, stages: &[Stage], sweep: &Sweep, theta: &[f64], l: usize, j: usize) {
        let (stride, last) = (sweep.stride, stages.len() - 1);
        for m in l + 1..=last {
            let (moves_below, moves) = self.moves.split_at_mut(m);
            moves[0].fill(false);
            if m == l + 1 {
                let slope = run(&sweep.slope[l], stride, j);
                for &(u, p) in &stages[m].readers[j] {
                    moves[0][u] = true;
                    let z = &mut self.z[m][u * stride..(u + 1) * stride];
                    z.iter_mut().zip(slope).for_each(|(z, s)| *z = theta[p] * s);
                }
            } else {
                for (u, unit) in stages[m].units.iter().enumerate() {
                    let terms = unit.weights().filter(|&(s, _)| moves_below[m - 1][s]);
                    moves[0][u] = terms.clone().next().is_some();
                    if moves[0][u] {
                        let z = &mut self.z[m][u * stride..(u + 1) * stride];
                        combine::<A>(z, 0.0, &self.a[m - 1], terms.map(|(s, p)| (s, theta[p])));
                    }
                }
            }
            if m < last {
                for u in (0..stages[m].units.len()).filter(|&u| moves[0][u]) {
                    let (z, slope) = (run(&self.z[m], stride, u), run(&sweep.slope[m], stride, u));
                    let a = &mut self.a[m][u * stride..(u + 1) * stride];
                    for r in 0..stride {
                        a[r] = slope[r] * z[r];
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn outputs(&mut self, sweep: &Sweep, l: usize, j: usize) {
        let (stride, last) = (sweep.stride, self.delta.len() - 1);
        let h = &sweep.curvature;
        if l == last {
            let runs = self.delta[last].chunks_exact_mut(stride).enumerate();
            // Of its own layer only one half is needed.
            let own = run(&h.p, stride, j);
            for (c, delta) in runs.skip(j) {
                if c > j {
                    let other = run(&h.weighted, stride, c);
                    (0..stride).for_each(|r| delta[r] = -other[r] * own[r]);
                } else {
                    delta.copy_from_slice(run(if h.softmax { &h.diagonal } else { &h.weighted }, stride, c));
                }
            }
            return;
        }
        let z = &mut self.z[last];
        for (z, _) in z.chunks_exact_mut(stride).zip(&self.moves[last]).filter(|(_, moves)| !**moves) {
            z.fill(0.0);
        }
        h.times(stride, z, &mut self.shift, &mut self.delta[last]);
    }

    #[inline(always)]
    fn backward<A: Arithmetic>(
        &mut self,
        stages: &[Stage],
        sweep: &Sweep,
        theta: &[f64],
        l: usize,
        j: usize,
    ) {
        let (stride, last) = (sweep.stride, stages.len() - 1);
        for m in (l..last).rev() {
            let (below, above) = self.delta.split_at_mut(m + 1);
            // Of its own layer only one half is needed: the coefficients are symmetric.
            let first = if m == l { j } else { 0 };
            for (v, delta) in below[m].chunks_exact_mut(stride).enumerate().skip(first) {
                let terms = stages[m + 1].readers[v].iter().map(|&(u, p)| (u, theta[p]));
                combine::<A>(delta, 0.0, &above[0], terms);
                let (slope, bent) = (run(&sweep.slope[m], stride, v), run(&sweep.bent[m], stride, v));
                if m == l && v == j {
                    for r in 0..stride {
                        delta[r] = slope[r] * delta[r] + bent[r];
                    }
                } else if m > l && self.moves[m][v] {
                    let z = run(&self.z[m], stride, v);
                    for r in 0..stride {
                        delta[r] = slope[r] * delta[r] + bent[r] * z[r];
                    }
                } else {
                    for r in 0..stride {
                        delta[r] *= slope[r];
                    }
                }
            }
        }
    }
}
