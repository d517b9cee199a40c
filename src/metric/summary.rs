//! Numbers over seeds: mean, standard deviation, bootstrap interval, paired gap.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Resamples of a bootstrap interval.
pub const RESAMPLES: usize = 2000;

/// What several seeds say about one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// How many seeds.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Sample standard deviation (division by `count − 1`); 0 for a single seed.
    pub deviation: f64,
    /// Lower end of the 95 % percentile bootstrap interval of the mean.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Summary {
    /// Summarises one value per seed; `None` when there is none. The interval takes the 2.5 % and 97.5 % order
    /// statistics of [`RESAMPLES`] means of resamples with replacement, drawn from `seed` (Efron 1979). With few
    /// seeds it is narrow by construction; it is no substitute for more seeds.
    ///
    /// ```
    /// use unlearn::metric::summary::Summary;
    /// let s = Summary::of(&[1.0, 3.0], 7).unwrap();
    /// assert_eq!((s.mean, s.deviation), (2.0, 2.0_f64.sqrt()));
    /// // A quarter of the resamples are (1, 1), a quarter (3, 3).
    /// assert_eq!((s.low, s.high), (1.0, 3.0));
    /// ```
    pub fn of(values: &[f64], seed: u64) -> Option<Summary> {
        if values.is_empty() {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let spread: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let deviation = if values.len() > 1 { (spread / (n - 1.0)).sqrt() } else { 0.0 };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw =
            || (0..values.len()).map(|_| values[rng.random_range(0..values.len())]).sum::<f64>() / n;
        let mut means: Vec<f64> = (0..RESAMPLES).map(|_| draw()).collect();
        means.sort_by(f64::total_cmp);
        let cut = RESAMPLES / 40;
        Some(Summary {
            count: values.len(),
            mean,
            deviation,
            low: means[cut],
            high: means[RESAMPLES - 1 - cut],
        })
    }
}

/// The gap of a method to retraining: the summary of `method − retrained`, seed by seed. Pairing removes what both
/// share, the split and the data. Panics unless there is one value per seed on both sides.
///
/// ```
/// use unlearn::metric::summary::gap;
/// let g = gap(&[0.5, 0.75], &[0.25, 0.5], 1).unwrap();
/// assert_eq!((g.mean, g.deviation, g.low, g.high), (0.25, 0.0, 0.25, 0.25));
/// ```
pub fn gap(method: &[f64], retrained: &[f64], seed: u64) -> Option<Summary> {
    assert_eq!(method.len(), retrained.len(), "{} values for {} retrained", method.len(), retrained.len());
    let differences: Vec<f64> = method.iter().zip(retrained).map(|(m, r)| m - r).collect();
    Summary::of(&differences, seed)
}

/// The disparity average of a table: the mean of the absolute gaps, one per metric. `None` without any.
///
/// ```
/// use unlearn::metric::summary::disparity;
/// // Jia et al. 2023, class-wise fine-tuning at 95 %: gaps 26.36, 16.98, 0.12, 2.52, printed 11.50.
/// assert!((disparity(&[26.36, 16.98, -0.12, 2.52]).unwrap() - 11.50).abs() < 0.006);
/// ```
pub fn disparity(gaps: &[f64]) -> Option<f64> {
    (!gaps.is_empty()).then(|| gaps.iter().map(|g| g.abs()).sum::<f64>() / gaps.len() as f64)
}
