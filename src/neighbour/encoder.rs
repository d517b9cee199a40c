//! Fixed feature maps drawn from a seed alone: no training row can be remembered in them.

use crate::data::Dataset;
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// More random numbers than this are refused: a mistyped width must not allocate the machine away.
pub const MOST_WEIGHTS: usize = 1 << 27;

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Identity,
    Projection(DMatrix<f64>),
    Fourier(DMatrix<f64>),
}

/// A map from `d` inputs to `q` features.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoder {
    inputs: usize,
    kind: Kind,
}

impl Encoder {
    /// `x ↦ x`.
    pub fn identity(inputs: usize) -> Encoder {
        Encoder { inputs, kind: Kind::Identity }
    }

    /// `x ↦ Px` with independent entries `P ∼ N(0, 1/q)`, so that `E‖Px‖² = ‖x‖²` (Johnson, Lindenstrauss 1984, recalled).
    ///
    /// # Errors
    /// [`Error::Invalid`] for no input, no output or more than [`MOST_WEIGHTS`] entries.
    pub fn projection(inputs: usize, outputs: usize, seed: u64) -> Result<Encoder> {
        let scale = 1.0 / (outputs as f64).sqrt();
        Ok(Encoder { inputs, kind: Kind::Projection(normal(inputs, outputs, scale, seed)?) })
    }

    /// Random Fourier features (Rahimi, Recht 2007, recalled), in the form of MUSO's code:
    /// `x ↦ D^{−½}(cos Wx, sin Wx)`, `W ∼ N(0, 1/σ²)` with `D` rows: `2D` features of norm 1, whose inner products
    /// estimate `e^{−‖x−x′‖²/2σ²}`.
    ///
    /// ```
    /// use unlearn::neighbour::encoder::Encoder;
    /// let encoder = Encoder::fourier(3, 50, 20.0, 7).unwrap();
    /// let z = encoder.encode(&[1.0, -2.0, 0.5]);
    /// assert_eq!((encoder.outputs(), z.len()), (100, 100));
    /// assert!((z.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-14); // cos² + sin²
    /// ```
    ///
    /// # Errors
    /// As [`Encoder::projection`], and unless `sigma` is positive and finite.
    pub fn fourier(inputs: usize, frequencies: usize, sigma: f64, seed: u64) -> Result<Encoder> {
        if !(sigma > 0.0 && sigma.is_finite() && (1.0 / sigma).is_finite()) {
            return Err(Error::Invalid(format!("bandwidth {sigma}: it must be a positive finite number")));
        }
        Ok(Encoder { inputs, kind: Kind::Fourier(normal(inputs, frequencies, 1.0 / sigma, seed)?) })
    }

    /// `d`.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// `q`.
    pub fn outputs(&self) -> usize {
        match &self.kind {
            Kind::Identity => self.inputs,
            Kind::Projection(p) => p.ncols(),
            Kind::Fourier(w) => 2 * w.ncols(),
        }
    }

    /// The features of one point. Panics when it does not have `d` coordinates.
    pub fn encode(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.inputs, "a point of {} for {} inputs", x.len(), self.inputs);
        // Column by column in the order of inputs: the same bits for a row wherever it stands.
        let product =
            |w: &DMatrix<f64>| w.column_iter().map(|c| crate::numeric::dot::dot(c.as_slice(), x)).collect();
        match &self.kind {
            Kind::Identity => x.to_vec(),
            Kind::Projection(p) => product(p),
            Kind::Fourier(w) => {
                let phases: Vec<f64> = product(w);
                let scale = 1.0 / (phases.len() as f64).sqrt();
                let cosines = phases.iter().map(|a| scale * a.cos());
                cosines.chain(phases.iter().map(|a| scale * a.sin())).collect()
            }
        }
    }

    /// The features of every row, one column each (`q × n`).
    ///
    /// # Errors
    /// [`Error::Shape`] when the data has another number of columns, [`Error::Data`] when a feature overflows.
    pub fn encode_rows(&self, data: &Dataset) -> Result<DMatrix<f64>> {
        Error::check_shape("features (encoder inputs against data columns)", self.inputs, data.cols())?;
        let mut x = vec![0.0; self.inputs];
        let mut out = DMatrix::zeros(self.outputs(), data.rows());
        for (i, mut column) in out.column_iter_mut().enumerate() {
            data.design().row(i).write_dense(&mut x);
            column.copy_from(&DVector::from_vec(self.encode(&x)));
            if column.iter().any(|v| !v.is_finite()) {
                return Err(Error::Data(format!("the features of row {i} overflow; standardise the data")));
            }
        }
        Ok(out)
    }
}

/// `inputs × outputs` entries `scale · N(0, 1)`.
fn normal(inputs: usize, outputs: usize, scale: f64, seed: u64) -> Result<DMatrix<f64>> {
    let size = inputs.checked_mul(outputs).filter(|s| (1..=MOST_WEIGHTS).contains(s));
    if size.is_none() {
        return Err(Error::Invalid(format!(
            "an encoder from {inputs} inputs to {outputs} features: both must be positive and their product at most \
             {MOST_WEIGHTS}"
        )));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Ok(DMatrix::from_fn(inputs, outputs, |_, _| {
        let draw: f64 = StandardNormal.sample(&mut rng);
        scale * draw
    }))
}
