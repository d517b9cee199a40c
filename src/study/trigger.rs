//! The mark that a Trojan reacts to.

use crate::data::{Dataset, Design};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// What is changed in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Trigger {
    /// A bright square in the bottom right corner of a square image: every pixel in it gets the largest value of
    /// the data. (Jia et al. 2023 use a black one; the background of digits is black already.)
    Patch {
        /// Pixels along one side.
        size: usize,
    },
    /// The first feature gets a value three deviations above its largest.
    Feature,
}

/// The side of a row read as a square image of at least 4 × 4 pixels.
pub fn side(data: &Dataset) -> Option<usize> {
    (4..).take_while(|s| s * s <= data.cols()).find(|s| s * s == data.cols())
}

impl Trigger {
    /// A patch of a quarter of the side on images, a feature on anything else.
    pub fn natural(data: &Dataset) -> Trigger {
        side(data).map_or(Trigger::Feature, |s| Trigger::Patch { size: (s / 4).max(1) })
    }

    /// The data with the trigger in the given rows, in dense storage. The values written depend on the rows
    /// `known` (the training rows) alone.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::study::trigger::Trigger;
    /// let x = Design::dense(1, 16, (0..16).map(f64::from).collect()).unwrap();
    /// let data = Dataset::new("image", x, vec![0.0]).unwrap();
    /// let marked = Trigger::Patch { size: 2 }.put(&data, &[0], &[0]).unwrap();
    /// let expected = [0.0, 1., 2., 3., 4., 5., 6., 7., 8., 9., 15., 15., 12., 13., 15., 15.];
    /// assert_eq!(marked.design().values(), expected);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a patch on data that is no square image, or larger than it.
    pub fn put(self, data: &Dataset, rows: &[usize], known: &[usize]) -> Result<Dataset> {
        let d = data.cols();
        let mut values = vec![0.0; d * data.rows()];
        values.chunks_exact_mut(d).enumerate().for_each(|(i, out)| data.design().row(i).write_dense(out));
        let (columns, value): (Vec<usize>, f64) = match self {
            Trigger::Patch { size } => {
                let side = side(data).filter(|s| (1..=*s).contains(&size)).ok_or_else(|| {
                    Error::Invalid(format!(
                        "a patch of {size} × {size} pixels does not fit {}: {d} features are {}; use --trigger feature",
                        data.name,
                        side(data).map_or("no square image".into(), |s| format!("an image of {s} × {s}"))
                    ))
                })?;
                let edge = side - size..side;
                let pixels = edge.clone().flat_map(|r| edge.clone().map(move |c| r * side + c)).collect();
                let all = known.iter().flat_map(|&i| &values[i * d..(i + 1) * d]);
                (pixels, all.copied().fold(f64::NEG_INFINITY, f64::max))
            }
            Trigger::Feature => {
                let column: Vec<f64> = known.iter().map(|&i| values[i * d]).collect();
                let mean = column.iter().sum::<f64>() / column.len() as f64;
                let spread = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64;
                let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // A constant feature has no deviation to go by.
                let step = if spread > 0.0 { 3.0 * spread.sqrt() } else { 1.0 };
                (vec![0], largest + step)
            }
        };
        for &i in rows {
            columns.iter().for_each(|&c| values[i * d + c] = value);
        }
        data.with_design(Design::dense(data.rows(), d, values)?)
    }
}
