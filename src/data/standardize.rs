//! Features on a common scale, learned from the training rows only.

use super::Dataset;
use crate::error::{Error, Result};

/// An affine map `x_j ↦ (x_j − c_j) / s_j` of every feature.
///
/// On a dense design `c_j` is the mean and `s_j` the population standard deviation
/// `√((1/n) Σ (x_ij − c_j)²)` over the rows it was fitted on. A *constant* column (all its values
/// there are equal) is centred and left unscaled: `s_j = 1`. On a sparse design `c_j = 0`, because
/// centring would fill every zero in; `s_j` is still the deviation about the mean, zeros included.
///
/// Fit it on the training rows and apply it to everything: test rows must not influence it. Note
/// that the map itself depends on rows that may later be forgotten; a certificate speaks about the
/// data *after* the map.
///
/// ```
/// use unlearn::data::{Dataset, Design, Standardizer};
/// let x = Design::dense(3, 2, vec![1.0, 5.0, 3.0, 5.0, 9.0, 6.0]).unwrap();
/// let data = Dataset::new("d", x, vec![0.0; 3]).unwrap();
/// // Over rows 0 and 1: column 0 has mean 2 and deviation 1, column 1 is constant.
/// let s = Standardizer::fit(&data, &[0, 1]).unwrap();
/// assert_eq!(s.constant(), [1]);
/// let z = s.apply(&data).unwrap();
/// assert_eq!(z.design().values(), [-1.0, 0.0, 1.0, 0.0, 7.0, 1.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Standardizer {
    centers: Vec<f64>,
    scales: Vec<f64>,
    constant: Vec<usize>,
}

/// What one pass over a column leaves behind.
#[derive(Clone, Copy)]
struct Column {
    stored: usize,
    least: f64,
    greatest: f64,
    /// Largest absolute value, then the power of two below it; the later passes work on
    /// `x / size`, which is exact (down to the subnormals) and below 2.
    size: f64,
    /// Mean of `x / size`.
    mean: f64,
    /// `Σ (x/size − mean)` and `Σ (x/size − mean)²` over the stored values.
    first: f64,
    second: f64,
}

impl Standardizer {
    /// Learns the map from the rows named by `rows` (a row named twice counts twice).
    ///
    /// Two passes over values divided by a power of two near the column's largest, with the correction of Chan, Golub
    /// and LeVeque 1983, eq. 1.7, so that neither 1e300 nor 1e8 + small noise loses the deviation.
    ///
    /// # Errors
    /// [`Error::Invalid`] when `rows` is empty or out of range; [`Error::Data`] when a column
    /// varies by so little (below the smallest normal f64) that its deviation is not a number one
    /// can divide by.
    pub fn fit(data: &Dataset, rows: &[usize]) -> Result<Standardizer> {
        if rows.is_empty() {
            return Err(Error::Invalid("standardising needs at least one row".into()));
        }
        if let Some(i) = rows.iter().find(|&&i| i >= data.rows()) {
            return Err(Error::Invalid(format!("row {i} of a data set with {} rows", data.rows())));
        }
        let columns = columns(data, rows);
        let n = rows.len() as f64;
        let sparse = data.design().is_sparse();
        let mut fitted = Standardizer { centers: vec![], scales: vec![], constant: vec![] };
        for (j, c) in columns.iter().enumerate() {
            let missing = (rows.len() - c.stored) as f64;
            // What is left of the sum after subtracting the rounded mean corrects mean and deviation.
            let rest = (c.first - missing * c.mean) / n;
            let second = (c.second + missing * c.mean * c.mean) / n;
            let (center, scale) = if c.least == c.greatest {
                fitted.constant.push(j);
                (c.least, 1.0)
            } else {
                (c.size * (c.mean + rest), c.size * (second - rest * rest).max(0.0).sqrt())
            };
            if !scale.is_normal() {
                return Err(Error::Data(format!(
                    "column {:?} varies so little that its deviation {scale:e} cannot be divided by; \
                     multiply the column by a large constant or drop it",
                    data.features()[j]
                )));
            }
            fitted.centers.push(if sparse { 0.0 } else { center });
            fitted.scales.push(scale);
        }
        Ok(fitted)
    }

    /// The data with every feature mapped; targets are left as they are.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of features; [`Error::Data`] when the map was fitted on
    /// a dense design and `data` is sparse, or when a result is too large for an f64.
    pub fn apply(&self, data: &Dataset) -> Result<Dataset> {
        Error::check_shape("features", self.scales.len(), data.cols())?;
        if data.design().is_sparse() && self.centers.iter().any(|&c| c != 0.0) {
            return Err(Error::Data(format!(
                "{}: centring would fill a sparse design; fit the map on sparse rows or make the \
                 design dense",
                data.name
            )));
        }
        let design = data.design().map(|j, x| {
            let (c, s) = (self.centers[j], self.scales[j]);
            let difference = x - c;
            // Two huge values of opposite sign overflow only in the difference, not in the result.
            if difference.is_finite() { difference / s } else { (x / 2.0 - c / 2.0) / s * 2.0 }
        });
        if let Some(v) = design.values().iter().find(|v| !v.is_finite()) {
            return Err(Error::Data(format!(
                "{}: a standardised value is {v}; the column hardly varies on the rows it was \
                 fitted on compared with this value",
                data.name
            )));
        }
        data.with_design(design)
    }

    /// What is subtracted from each column; zeros when fitted on a sparse design.
    pub fn centers(&self) -> &[f64] {
        &self.centers
    }

    /// What each column is divided by.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// The columns, increasing, whose values on the fitted rows were all equal.
    pub fn constant(&self) -> &[usize] {
        &self.constant
    }
}

fn columns(data: &Dataset, rows: &[usize]) -> Vec<Column> {
    let n = rows.len() as f64;
    let start = Column {
        stored: 0,
        least: f64::INFINITY,
        greatest: f64::NEG_INFINITY,
        size: 0.0,
        mean: 0.0,
        first: 0.0,
        second: 0.0,
    };
    let mut columns = vec![start; data.cols()];
    for_each(data, rows, |j, x| {
        let c = &mut columns[j];
        c.stored += 1;
        c.least = c.least.min(x);
        c.greatest = c.greatest.max(x);
        c.size = c.size.max(x.abs());
    });
    for c in &mut columns {
        // A zero that is not stored is a value too.
        if c.stored < rows.len() {
            c.least = c.least.min(0.0);
            c.greatest = c.greatest.max(0.0);
        }
        // Clearing the mantissa leaves the power of two; 0 and subnormals have none.
        c.size = f64::from_bits(c.size.to_bits() & (0x7ff << 52)).max(f64::MIN_POSITIVE);
    }
    for_each(data, rows, |j, x| columns[j].mean += x / columns[j].size);
    columns.iter_mut().for_each(|c| c.mean /= n);
    for_each(data, rows, |j, x| {
        let c = &mut columns[j];
        let d = x / c.size - c.mean;
        c.first += d;
        c.second += d * d;
    });
    columns
}

fn for_each(data: &Dataset, rows: &[usize], mut f: impl FnMut(usize, f64)) {
    rows.iter().for_each(|&i| data.design().row(i).for_each(&mut f));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Design;

    fn column(values: &[f64]) -> Dataset {
        let x = Design::dense(values.len(), 1, values.to_vec()).unwrap();
        Dataset::new("c", x, vec![0.0; values.len()]).unwrap()
    }

    #[test]
    fn huge_values_do_not_overflow() {
        let data = column(&[1e300, -1e300, 1e300, -1e300]);
        let s = Standardizer::fit(&data, &[0, 1, 2, 3]).unwrap();
        assert_eq!((s.centers()[0], s.scales()[0]), (0.0, 1e300));
        let data = column(&[f64::MAX, f64::MAX, -f64::MAX, f64::MAX]);
        let z = Standardizer::fit(&data, &[0, 1, 2, 3]).unwrap().apply(&data).unwrap();
        // Mean M/2 and deviation M·√3/2: the values are 1/√3 and −√3; three operations round.
        let tolerance = crate::numeric::tolerance::tol(4, 1.0);
        assert!((z.design().values()[2] + 3f64.sqrt()).abs() < tolerance);
        assert!((z.design().values()[0] - 1.0 / 3f64.sqrt()).abs() < tolerance);
    }

    #[test]
    fn a_large_offset_keeps_its_deviation() {
        // 2⁵⁰ ± 1 is exact in f64; the one-pass formula would lose the deviation 1 entirely.
        let big = (1u64 << 50) as f64;
        let s = Standardizer::fit(&column(&[big + 1.0, big - 1.0]), &[0, 1]).unwrap();
        assert_eq!((s.centers()[0], s.scales()[0]), (big, 1.0));
        // Over many rows the first mean is off by several units, which the correction takes back:
        // what remains is the rounding of one division, 2⁵⁰·ε, and its square.
        let values: Vec<f64> = (0..3000).map(|i| big + f64::from(i % 3)).collect();
        let all: Vec<usize> = (0..3000).collect();
        let s = Standardizer::fit(&column(&values), &all).unwrap();
        assert_eq!(s.centers()[0], big + 1.0);
        assert!((s.scales()[0] - (2.0_f64 / 3.0).sqrt()).abs() <= crate::numeric::tolerance::tol(3000, 1.0));
    }

    #[test]
    fn what_cannot_be_divided_by_is_an_error() {
        let tiny = f64::from_bits(1);
        assert!(matches!(Standardizer::fit(&column(&[0.0, tiny]), &[0, 1]), Err(Error::Data(_))));
        let s = Standardizer::fit(&column(&[0.0, 1e-300, 1e300]), &[0, 1]).unwrap();
        assert!(matches!(s.apply(&column(&[1e300])), Err(Error::Data(_))));
        assert!(matches!(Standardizer::fit(&column(&[1.0]), &[]), Err(Error::Invalid(_))));
        assert!(matches!(Standardizer::fit(&column(&[1.0]), &[1]), Err(Error::Invalid(_))));
        assert!(matches!(s.apply(&crate::data::builtin::load("iris").unwrap()), Err(Error::Shape { .. })));
    }

    #[test]
    fn sparse_columns_are_scaled_as_dense_ones_and_not_centred() {
        let rows = [0.0, 2.0, 5.0, 0.0, 0.0, 5.0, 4.0, 0.0, 5.0, 0.0, 0.0, 5.0];
        let dense = Dataset::new("m", Design::dense(4, 3, rows.to_vec()).unwrap(), vec![0.0; 4]).unwrap();
        let sparse = dense.with_design(dense.design().to_sparse()).unwrap();
        let (a, b) = (
            Standardizer::fit(&dense, &[0, 1, 2, 3]).unwrap(),
            Standardizer::fit(&sparse, &[0, 1, 2, 3]).unwrap(),
        );
        assert_eq!(a.scales(), b.scales());
        assert_eq!((a.constant(), b.constant()), (&[2][..], &[2][..]));
        assert_eq!(b.centers(), [0.0; 3]);
        let z = b.apply(&sparse).unwrap();
        assert!(z.design().is_sparse() && z.design().values().len() == sparse.design().values().len());
        assert!(matches!(a.apply(&sparse), Err(Error::Data(_))));
    }
}
