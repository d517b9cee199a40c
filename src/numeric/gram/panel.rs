//! Where the columns of a product come from: stored, or formed on the way.

use std::ops::Range;

/// A matrix of rows × samples, read one sample at a time: its column is `scale · values`.
pub trait Panel {
    /// Rows.
    fn rows(&self) -> usize;

    /// The factor of the sample's column.
    fn scale(&self, sample: usize) -> f64;

    /// The values of the sample's column: a slice of something stored, or `scratch`, filled. `scratch` has room for
    /// one column.
    fn values<'s>(&'s self, sample: usize, scratch: &'s mut [f64]) -> &'s [f64];
}

/// A stored matrix, one sample after the other, each times its weight.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    rows: usize,
    values: &'a [f64],
    weights: Option<&'a [f64]>,
}

impl<'a> Columns<'a> {
    /// `values` holds `rows` numbers per sample.
    ///
    /// Panics when its length is not a multiple of `rows`.
    pub fn new(rows: usize, values: &'a [f64]) -> Columns<'a> {
        let whole = if rows == 0 { values.is_empty() } else { values.len().is_multiple_of(rows) };
        assert!(whole, "{} numbers for columns of {rows}", values.len());
        Columns { rows, values, weights: None }
    }

    /// The same with column `r` times `weights[r]`.
    pub fn weighted(self, weights: &'a [f64]) -> Columns<'a> {
        Columns { weights: Some(weights), ..self }
    }
}

impl Panel for Columns<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn scale(&self, sample: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[sample])
    }

    fn values<'s>(&'s self, sample: usize, _: &'s mut [f64]) -> &'s [f64] {
        &self.values[sample * self.rows..(sample + 1) * self.rows]
    }
}

/// A panel packed for the micro-kernel: strips of rows, each with its samples one after the other, so that the kernel
/// reads memory in order. The last strip is only as wide as it must be, and filled up with zeros.
#[derive(Debug, Default)]
pub(super) struct Packed {
    values: Vec<f64>,
    scratch: Vec<f64>,
    samples: usize,
    strip: usize,
}

impl Packed {
    /// Packs `samples` of `panel` in strips of `strip` rows; the last one is a multiple of `unit` rows wide.
    pub(super) fn pack(&mut self, panel: &impl Panel, samples: Range<usize>, strip: usize, unit: usize) {
        let rows = panel.rows();
        self.samples = samples.len();
        self.strip = strip;
        self.scratch.resize(rows, 0.0);
        self.values.resize(rows.next_multiple_of(unit) * samples.len(), 0.0);
        let ragged = rows % strip;
        let (full, last) = self.values.split_at_mut((rows - ragged) * samples.len());
        let width = ragged.next_multiple_of(unit);
        for (r, sample) in samples.enumerate() {
            let scale = panel.scale(sample);
            let (whole, rest) = panel.values(sample, &mut self.scratch).split_at(rows - ragged);
            let strips = full.chunks_exact_mut(strip * self.samples);
            for (packed, values) in strips.zip(whole.chunks_exact(strip)) {
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

    /// The strip that begins at row `index · strip`.
    pub(super) fn strip(&self, index: usize) -> &[f64] {
        let size = self.strip * self.samples;
        &self.values[index * size..self.values.len().min((index + 1) * size)]
    }
}
