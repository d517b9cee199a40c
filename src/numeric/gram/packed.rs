//! The two sides of a product as the micro-kernel reads them.

use super::Kernel;
use super::panel::{Columns, Panel};
use crate::numeric::lanes::{Arithmetic, Work};
use std::ops::Range;

/// Strips of rows, each with its samples one after the other, so that the kernel reads memory in order. The last strip
/// is only as wide as it must be, and filled up with zeros.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    values: Vec<f64>,
    scratch: Vec<f64>,
    rows: usize,
    samples: usize,
    strip: usize,
    unit: usize,
}

/// Numbers between two strips: without them the strips of one sample would all lie a multiple of a page apart, where
/// caches keep only a few lines.
const GAP: usize = 8;

/// Samples that are interleaved before the next row: a strip of them stays in the first-level cache.
const INTERLEAVED: usize = 64;

/// Strips packed as one task.
const TASK: usize = 8;

impl Packed {
    fn reset(&mut self, rows: usize, samples: usize, strip: usize, unit: usize) {
        (self.rows, self.samples, self.strip, self.unit) = (rows, samples, strip, unit);
        let size = rows / strip * self.stride() + (rows % strip).next_multiple_of(unit) * samples;
        self.values.resize(size, 0.0);
    }

    fn stride(&self) -> usize {
        self.strip * self.samples + GAP
    }

    /// Rows packed.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Packs `samples` of `panel` as a left side.
    pub(super) fn pack_left(&mut self, kernel: Kernel, panel: &impl Panel, samples: Range<usize>) {
        self.reset(panel.rows(), samples.len(), kernel.tile().0, kernel.lanes());
        self.pack(kernel, panel, samples);
    }

    /// Packs `samples` of `panel` as a right side.
    pub(super) fn pack_right(&mut self, kernel: Kernel, panel: &impl Panel, samples: Range<usize>) {
        let columns = kernel.tile().1;
        self.reset(panel.rows(), samples.len(), columns, columns);
        self.pack(kernel, panel, samples);
    }

    fn pack<P: Panel>(&mut self, kernel: Kernel, panel: &P, samples: Range<usize>) {
        match (panel.stored(), self.strip) {
            (Some(columns), 24) => kernel.work::<Copy<24>, _>((self, columns, samples)),
            (Some(columns), 8) => kernel.work::<Copy<8>, _>((self, columns, samples)),
            (Some(columns), 6) => kernel.work::<Copy<6>, _>((self, columns, samples)),
            (Some(columns), 4) => kernel.work::<Copy<4>, _>((self, columns, samples)),
            _ => kernel.work::<Form, _>((self, panel, samples)),
        }
    }

    /// As [`Packed::form`], for widths known to the compiler.
    #[inline(always)]
    fn copy<const STRIP: usize>((packed, columns, samples): (&mut Packed, Columns<'_>, Range<usize>)) {
        let (rows, stride, unit) = (packed.rows, packed.stride(), packed.unit);
        let ragged = rows % STRIP;
        let width = ragged.next_multiple_of(unit);
        let (full, last) = packed.values.split_at_mut(rows / STRIP * stride);
        for (r, sample) in samples.enumerate() {
            let scale = columns.scale(sample);
            let (whole, rest) = columns.column(sample).as_chunks::<STRIP>();
            for (packed, values) in full.chunks_exact_mut(stride).zip(whole) {
                let packed = packed[r * STRIP..].first_chunk_mut::<STRIP>().expect("room for every sample");
                for i in 0..STRIP {
                    packed[i] = scale * values[i];
                }
            }
            if width > 0 {
                let packed = &mut last[r * width..][..width];
                packed.iter_mut().zip(rest).for_each(|(p, v)| *p = scale * v);
                packed[ragged..].fill(0.0);
            }
        }
    }

    /// Sample by sample.
    #[inline(always)]
    fn form<P: Panel>((packed, panel, samples): (&mut Packed, &P, Range<usize>)) {
        let (rows, stride, strip) = (packed.rows, packed.stride(), packed.strip);
        let ragged = rows % strip;
        let width = ragged.next_multiple_of(packed.unit);
        packed.scratch.resize(rows, 0.0);
        let (full, last) = packed.values.split_at_mut(rows / strip * stride);
        for (r, sample) in samples.enumerate() {
            let scale = panel.scale(sample);
            let (whole, rest) = panel.values(sample, &mut packed.scratch).split_at(rows - ragged);
            for (packed, values) in full.chunks_exact_mut(stride).zip(whole.chunks_exact(strip)) {
                let packed = &mut packed[r * strip..][..strip];
                packed.iter_mut().zip(values).for_each(|(p, v)| *p = scale * v);
            }
            if width > 0 {
                let packed = &mut last[r * width..][..width];
                packed.iter_mut().zip(rest).for_each(|(p, v)| *p = scale * v);
                packed[ragged..].fill(0.0);
            }
        }
    }

    /// Packs a left side whose row `q` is the entrywise product of the two runs `row(q)`, of `samples` numbers each.
    pub(crate) fn interleave_left<'a>(
        &mut self,
        kernel: Kernel,
        (rows, samples): (usize, usize),
        row: impl Fn(usize) -> (&'a [f64], &'a [f64]) + Sync,
    ) {
        self.reset(rows, samples, kernel.tile().0, kernel.lanes());
        self.interleave(kernel, &row);
    }

    /// The same for a right side.
    pub(crate) fn interleave_right<'a>(
        &mut self,
        kernel: Kernel,
        (rows, samples): (usize, usize),
        row: impl Fn(usize) -> (&'a [f64], &'a [f64]) + Sync,
    ) {
        let columns = kernel.tile().1;
        self.reset(rows, samples, columns, columns);
        self.interleave(kernel, &row);
    }

    fn interleave<'a, F: Fn(usize) -> (&'a [f64], &'a [f64]) + Sync>(&mut self, kernel: Kernel, row: &F) {
        let (rows, samples, strip, unit, stride) =
            (self.rows, self.samples, self.strip, self.unit, self.stride());
        let mut tasks: Vec<&mut [f64]> = self.values.chunks_mut(stride * TASK).collect();
        crate::numeric::threads::each(
            &mut tasks,
            || (),
            |(), task, values| {
                for (s, packed) in values.chunks_mut(stride).enumerate() {
                    let first = (task * TASK + s) * strip;
                    // What is left after the last full strip is no more than its gap.
                    if first >= rows {
                        break;
                    }
                    let here = strip.min(rows - first);
                    let width = if here == strip { strip } else { here.next_multiple_of(unit) };
                    let packed = &mut packed[..width * samples];
                    kernel.work::<Interleave, _>((packed, width, first..first + here, row));
                }
            },
        );
    }

    /// The strip that begins at row `index · strip`, and the width of its columns.
    #[inline(always)]
    pub(super) fn strip(&self, index: usize) -> (&[f64], usize) {
        let width = (self.rows - index * self.strip).min(self.strip).next_multiple_of(self.unit);
        (&self.values[index * self.stride()..][..width * self.samples], width)
    }
}

/// [`Packed::copy`].
struct Copy<const STRIP: usize>;

impl<const STRIP: usize> Work<(&mut Packed, Columns<'_>, Range<usize>)> for Copy<STRIP> {
    type Output = ();

    #[inline(always)]
    fn work<A: Arithmetic>(arguments: (&mut Packed, Columns<'_>, Range<usize>)) {
        Packed::copy::<STRIP>(arguments);
    }
}

/// [`Packed::form`].
struct Form;

impl<P: Panel> Work<(&mut Packed, &P, Range<usize>)> for Form {
    type Output = ();

    #[inline(always)]
    fn work<A: Arithmetic>(arguments: (&mut Packed, &P, Range<usize>)) {
        Packed::form::<P>(arguments);
    }
}

/// [`interleave_strip`].
struct Interleave;

impl<'a, 'p, F: Fn(usize) -> (&'a [f64], &'a [f64])> Work<(&'p mut [f64], usize, Range<usize>, &'p F)>
    for Interleave
{
    type Output = ();

    #[inline(always)]
    fn work<A: Arithmetic>(arguments: (&'p mut [f64], usize, Range<usize>, &'p F)) {
        interleave_strip(arguments);
    }
}

/// Rows and samples that are turned around together.
const SQUARE: usize = 8;

/// Writes products of runs as columns of `width` numbers, zeros after the last row.
#[inline(always)]
fn interleave_strip<'a, F: Fn(usize) -> (&'a [f64], &'a [f64])>(
    (packed, width, rows, row): (&mut [f64], usize, Range<usize>, &F),
) {
    let samples = packed.len() / width;
    let mut square = [[0.0; INTERLEAVED]; SQUARE];
    for (c, packed) in packed.chunks_mut(width * INTERLEAVED).enumerate() {
        let part = c * INTERLEAVED..samples.min((c + 1) * INTERLEAVED);
        for i in (0..width).step_by(SQUARE) {
            let tall = SQUARE.min(width - i);
            // What is beyond the last row; no other part leaves anything there.
            square[tall.min(rows.len() - i)..].iter_mut().for_each(|beyond| beyond.fill(0.0));
            for (q, products) in (rows.start + i..rows.end).zip(&mut square[..tall]) {
                let (a, b) = row(q);
                let pairs = a[part.clone()].iter().zip(&b[part.clone()]);
                products.iter_mut().zip(pairs).for_each(|(p, (a, b))| *p = a * b);
            }
            for (r, column) in packed.chunks_exact_mut(width).enumerate() {
                if tall == SQUARE {
                    let column = column[i..].first_chunk_mut::<SQUARE>().expect("as many rows");
                    *column = std::array::from_fn(|q| square[q][r]);
                } else {
                    column[i..].iter_mut().enumerate().for_each(|(q, v)| *v = square[q][r]);
                }
            }
        }
    }
}
