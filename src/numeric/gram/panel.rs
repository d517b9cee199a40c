//! Where the columns of a product come from: stored, or formed on the way.

/// A matrix of rows × samples, read one sample at a time: its column is `scale · values`.
pub trait Panel {
    /// Rows.
    fn rows(&self) -> usize;

    /// The factor of the sample's column.
    fn scale(&self, sample: usize) -> f64;

    /// The values of the sample's column: a slice of something stored, or `scratch`, filled. `scratch` has room for
    /// one column.
    fn values<'s>(&'s self, sample: usize, scratch: &'s mut [f64]) -> &'s [f64];

    /// The panel itself, where it is stored.
    fn stored(&self) -> Option<Columns<'_>> {
        None
    }
}

/// A stored matrix, its samples at equal distances, each times its weight.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    rows: usize,
    step: usize,
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
        Columns { rows, step: rows, values, weights: None }
    }

    /// Sample `r` is `values[r · step..][..rows]`: some rows of a larger matrix stored by columns.
    ///
    /// Panics when the samples would overlap.
    pub fn strided(rows: usize, step: usize, values: &'a [f64]) -> Columns<'a> {
        assert!(rows <= step, "columns of {rows} numbers, {step} apart");
        Columns { rows, step, values, weights: None }
    }

    /// The same with column `r` times `weights[r]`.
    pub fn weighted(self, weights: &'a [f64]) -> Columns<'a> {
        Columns { weights: Some(weights), ..self }
    }

    /// The rows of a range alone.
    ///
    /// Panics when it goes past the last row.
    pub fn part(self, rows: std::ops::Range<usize>) -> Columns<'a> {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        let values = self.values.get(rows.start..).unwrap_or_default();
        Columns { rows: rows.len(), values, ..self }
    }

    /// The unscaled values of a sample.
    #[inline]
    pub(super) fn column(&self, sample: usize) -> &'a [f64] {
        &self.values[sample * self.step..][..self.rows]
    }

    /// The values from the first of `sample` on and the distance of samples, for kernels that read them where they
    /// are: where no sample has a weight, and rows fill whole vectors of `lanes`.
    pub(super) fn readable(&self, sample: usize, lanes: usize) -> Option<(&'a [f64], usize)> {
        let whole = self.weights.is_none() && self.rows.is_multiple_of(lanes);
        whole.then(|| (&self.values[sample * self.step..], self.step))
    }
}

impl Panel for Columns<'_> {
    #[inline]
    fn rows(&self) -> usize {
        self.rows
    }

    #[inline]
    fn scale(&self, sample: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[sample])
    }

    #[inline]
    fn values<'s>(&'s self, sample: usize, _: &'s mut [f64]) -> &'s [f64] {
        self.column(sample)
    }

    fn stored(&self) -> Option<Columns<'_>> {
        Some(*self)
    }
}
