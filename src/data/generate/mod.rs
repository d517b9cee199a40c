//! Seeded data with chosen properties.

mod features;
mod targets;

use super::{Dataset, Task, read};
use crate::error::{Error, Result};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// A recipe for a data set.
///
/// Features: independent `scale · N(0, 1)` entries, each stored with probability `density`; or,
/// with a `condition`, a matrix `U·diag(σ)·Vᵀ` with random orthonormal `U`, `V` and
/// `σ_k = scale·√rows·condition^(−k/(r−1))`, `k = 0, …, r−1`, `r = min(rows, cols)`.
///
/// Targets come from a linear score: `s_i = separation · (x_i·w)/rms + intercept`, where `w` is a
/// random direction and `rms` the root mean square of `x_i·w`, both before outliers.
///
/// | task | target |
/// |---|---|
/// | regression | `s_i + noise · N(0, 1)` |
/// | binary | 1 with probability `1/(1+e^(−s_i))`, then flipped with probability `noise` |
/// | C classes | class `c` with probability `∝ e^(s_ic)`, each class with its own `w` and the intercept on class 0; then, with probability `noise`, another class drawn uniformly |
///
/// `separable` replaces the draw of a label by the most probable one, so that a linear model *with
/// bias* separates the classes exactly (without bias when `intercept` is 0).
///
/// The entries are reproducible from the seed on one version of this crate.
///
/// ```
/// use unlearn::data::{Generate, Task};
/// let recipe = Generate { task: Task::Binary, duplicates: 2, ..Generate::new(20, 3) };
/// let data = recipe.build(1).unwrap();
/// assert_eq!((data.rows(), data.cols()), (20, 3));
/// assert!(data.target().iter().all(|&y| y == 0.0 || y == 1.0));
/// assert_eq!(data, recipe.build(1).unwrap());
/// assert_ne!(data, recipe.build(2).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Generate {
    /// Number of samples, at least 1.
    pub rows: usize,
    /// Number of features, at least 1; may exceed `rows`.
    pub cols: usize,
    /// What the targets are.
    pub task: Task,
    /// Probability that an entry is stored, in (0, 1]; below 1 the design is sparse. Every row
    /// stores at least one entry, so no sample is the zero vector.
    pub density: f64,
    /// `Some(κ)`, 1 ≤ κ ≤ 1e12: the singular values of the design have exactly this ratio (largest to
    /// smallest of the `min(rows, cols)`; no effect when that is 1), before outliers and
    /// duplicates. Needs `density = 1`; costs `O(rows·cols·min(rows, cols))`.
    pub condition: Option<f64>,
    /// Size of all features.
    pub scale: f64,
    /// Root mean square of the scores: how strongly the features determine the target.
    pub separation: f64,
    /// Added to the score.
    pub intercept: f64,
    /// Deviation of a regression target; probability that a label is wrong.
    pub noise: f64,
    /// Are the labels those of a linear rule, without chance? Needs `noise = 0` and labels.
    pub separable: bool,
    /// How many rows are multiplied by `outlier_factor` before their target is drawn.
    pub outliers: usize,
    /// By how much.
    pub outlier_factor: f64,
    /// How many rows are exact copies, target included, of another row that is no outlier.
    pub duplicates: usize,
}

impl Generate {
    /// A dense regression of unit scale, separation 1 and noise 0.1, without further features.
    pub fn new(rows: usize, cols: usize) -> Generate {
        Generate {
            rows,
            cols,
            task: Task::Regression,
            density: 1.0,
            condition: None,
            scale: 1.0,
            separation: 1.0,
            intercept: 0.0,
            noise: 0.1,
            separable: false,
            outliers: 0,
            outlier_factor: 10.0,
            duplicates: 0,
        }
    }

    /// Draws the data set.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a field is outside its domain or two contradict each other;
    /// [`Error::Data`] when the numbers leave the range of f64.
    pub fn build(&self, seed: u64) -> Result<Dataset> {
        self.check()?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Everything is drawn at scale 1 and scaled last, so no intermediate square overflows.
        let plain = match self.condition {
            Some(condition) => features::conditioned(self.rows, self.cols, condition, &mut rng),
            None if self.density < 1.0 => features::sparse(self.rows, self.cols, self.density, &mut rng)?,
            None => features::dense(self.rows, self.cols, &mut rng),
        };
        let directions = targets::directions(self, &plain, &mut rng);

        let mut order: Vec<usize> = (0..self.rows).collect();
        order.shuffle(&mut rng);
        let (copies, others) = order.split_at(self.duplicates);
        let (outliers, ordinary) = others.split_at(self.outliers);
        let mut factors = vec![1.0; self.rows];
        outliers.iter().for_each(|&i| factors[i] = self.outlier_factor);
        let mut source: Vec<usize> = (0..self.rows).collect();
        for &i in copies {
            source[i] = ordinary[rng.random_range(0..ordinary.len())];
        }
        let design = features::stretch(&plain, &factors)?;
        let drawn: Vec<f64> =
            (0..self.rows).map(|i| targets::target(self, &design, i, &directions, &mut rng)).collect();
        let target = source.iter().map(|&i| drawn[i]).collect();
        let design = design.select(&source).map(|_, x| self.scale * x);
        let name = format!("generated-{}x{}-seed-{seed}", self.rows, self.cols);
        Dataset::new(name, design, target)
    }

    fn check(&self) -> Result<()> {
        let require = |ok: bool, message: String| if ok { Ok(()) } else { Err(Error::Invalid(message)) };
        let (rows, cols) = (self.rows, self.cols);
        require(rows > 0 && cols > 0, format!("{rows} rows and {cols} columns; both must be positive"))?;
        require(
            self.density > 0.0 && self.density <= 1.0,
            format!("density {} is not in (0, 1]", self.density),
        )?;
        let stored = rows as f64 * (cols as f64 * self.density).max(1.0);
        require(
            stored <= read::LARGEST_DENSE as f64 && cols <= read::LARGEST_COLUMNS,
            format!(
                "{rows} rows and {cols} columns at density {} are more than {} numbers or {} columns",
                self.density,
                read::LARGEST_DENSE,
                read::LARGEST_COLUMNS
            ),
        )?;
        if let Some(c) = self.condition {
            require(
                (1.0..=1e12).contains(&c),
                format!(
                    "condition {c} is not between 1 and 1e12, where the rounding of the entries begins to decide"
                ),
            )?;
            // Compared as f64, because the product may overflow a usize; 2³⁶ is about a minute.
            let work = rows as f64 * cols as f64 * rows.min(cols) as f64;
            require(
                work <= (1_u64 << 36) as f64,
                format!("a condition for {rows} x {cols} costs {work:.0e} multiplications; leave it out"),
            )?;
            require(
                self.density == 1.0,
                "a condition can be met exactly only by a dense design; leave it out or set density 1".into(),
            )?;
        }
        require(self.scale > 0.0 && self.scale.is_finite(), format!("scale {} is not positive", self.scale))?;
        require(
            self.separation >= 0.0 && self.separation.is_finite() && self.intercept.is_finite(),
            format!(
                "separation {} and intercept {} must be finite, the first not negative",
                self.separation, self.intercept
            ),
        )?;
        require(
            self.outlier_factor.is_finite() && self.outlier_factor != 0.0,
            format!("outlier factor {}; it must be finite and not 0", self.outlier_factor),
        )?;
        require(
            self.noise >= 0.0
                && self.noise.is_finite()
                && (self.noise <= 1.0 || self.task == Task::Regression),
            format!("noise {}: a deviation is not negative, a probability is in [0, 1]", self.noise),
        )?;
        if let Task::Multiclass(classes) = self.task {
            require(
                classes >= 2 && classes as f64 * cols as f64 <= read::LARGEST_DENSE as f64,
                format!(
                    "{classes} classes; at least 2, and at most {} weights (classes times columns)",
                    read::LARGEST_DENSE
                ),
            )?;
        }
        require(
            !self.separable || (self.noise == 0.0 && self.separation > 0.0 && self.task != Task::Regression),
            "separable needs labels, a positive separation and noise 0".into(),
        )?;
        let special = self.outliers.checked_add(self.duplicates);
        require(
            special.is_some_and(|s| s < rows || (s == rows && self.duplicates == 0)),
            format!(
                "{} outliers and {} duplicates of {rows} rows leave no ordinary row to copy",
                self.outliers, self.duplicates
            ),
        )
    }
}
