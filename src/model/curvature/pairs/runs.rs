//! What is done to *runs*, the values of one quantity over the rows of a block: every operation is one on vectors.

use super::wiring::Stage;
use crate::model::Activation;
use crate::numeric::lanes::{Arithmetic, Chunk, Vectorised, Work};

/// The length of a run is a multiple of it.
pub(super) const UNIT: usize = 16;

/// The run with number `index`.
#[inline(always)]
pub(super) fn run(runs: &[f64], stride: usize, index: usize) -> &[f64] {
    &runs[index * stride..(index + 1) * stride]
}

/// `out ← start + Σ f · run(slot)`.
#[inline(always)]
pub(super) fn combine<A: Arithmetic>(
    out: &mut [f64],
    start: f64,
    runs: &[f64],
    terms: impl Iterator<Item = (usize, f64)> + Clone,
) {
    let stride = out.len();
    for (c, out) in out.as_chunks_mut::<UNIT>().0.iter_mut().enumerate() {
        let mut sum = [start; UNIT];
        for (slot, f) in terms.clone() {
            let values = runs[slot * stride + c * UNIT..].first_chunk::<UNIT>().expect("whole units");
            for i in 0..UNIT {
                sum[i] = A::mul_add(f, values[i], sum[i]);
            }
        }
        *out = sum;
    }
}

/// `φ(z)`, `φ′(z)` and `φ″(z)` of whole runs.
pub(super) struct Jets<'a> {
    pub(super) activation: Activation,
    pub(super) z: &'a [f64],
    pub(super) a: &'a mut [f64],
    pub(super) slope: &'a mut [f64],
    pub(super) bent: &'a mut [f64],
}

impl Vectorised for Jets<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let a = self.a.as_chunks_mut::<8>().0.iter_mut();
        let slope = self.slope.as_chunks_mut::<8>().0.iter_mut();
        let bent = self.bent.as_chunks_mut::<8>().0;
        for (((z, a), slope), bent) in self.z.as_chunks::<8>().0.iter().zip(a).zip(slope).zip(bent) {
            let jet = self.activation.jets::<A>(Chunk(*z));
            (*a, *slope, *bent) = (jet.0.0, jet.1.0, jet.2.0);
        }
    }
}

/// The pre-activations of a layer.
pub(super) struct Affine;

impl Work<(&Stage, &[f64], &[f64], usize, &mut [f64])> for Affine {
    type Output = ();

    #[inline(always)]
    fn work<A: Arithmetic>((stage, theta, inputs, stride, z): (&Stage, &[f64], &[f64], usize, &mut [f64])) {
        for (unit, z) in stage.units.iter().zip(z.chunks_exact_mut(stride)) {
            let start = unit.bias().map_or(0.0, |b| theta[b]);
            combine::<A>(z, start, inputs, unit.weights().map(|(s, p)| (s, theta[p])));
        }
    }
}
