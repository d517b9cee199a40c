//! Masks: which parameters are kept. A pruned model is a vector of its `k` kept parameters.
//!
//! The rules that choose a mask, one file each: [`magnitude`] (OMP), [`iterative`] (IMP), [`synflow`],
//! [`random`]. What they may prune is a [`Scope`]; what must survive is a [`path`] from the inputs to the
//! outputs. Training, where a rule needs it, is supplied by [`crate::train::pruning`].

pub mod agreement;
pub mod iterative;
pub mod magnitude;
pub mod path;
pub mod random;
pub mod scope;
pub mod synflow;

pub use agreement::Agreement;
pub use scope::Scope;

use crate::error::{Error, Result};
use nalgebra::DVector;

/// The kept ("active") coordinates of a parameter vector of length `d`, in increasing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    parameters: usize,
    active: Vec<usize>,
}

impl Mask {
    /// The mask of all ones.
    pub fn full(parameters: usize) -> Mask {
        Mask { parameters, active: (0..parameters).collect() }
    }

    /// A mask from one flag per parameter.
    ///
    /// ```
    /// use unlearn::mask::Mask;
    /// let m = Mask::new(&[true, false, true]).unwrap();
    /// assert_eq!((m.active(), m.parameters()), (&[0, 2][..], 3));
    /// assert!(Mask::new(&[false, false]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when nothing is kept: there would be no model left.
    pub fn new(keep: &[bool]) -> Result<Mask> {
        let active: Vec<usize> = (0..keep.len()).filter(|&j| keep[j]).collect();
        if active.is_empty() {
            return Err(Error::Invalid(format!(
                "the mask prunes all {} parameters; keep at least one",
                keep.len()
            )));
        }
        Ok(Mask { parameters: keep.len(), active })
    }

    /// Total number of parameters `d`.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// Number of kept parameters `k`.
    pub fn len(&self) -> usize {
        self.active.len()
    }

    /// Never true: a mask keeps at least one parameter.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Is every parameter kept?
    pub fn is_full(&self) -> bool {
        self.active.len() == self.parameters
    }

    /// Indices of the kept parameters, increasing.
    pub fn active(&self) -> &[usize] {
        &self.active
    }

    /// One flag per parameter.
    pub fn flags(&self) -> Vec<bool> {
        let mut flags = vec![false; self.parameters];
        self.active.iter().for_each(|&j| flags[j] = true);
        flags
    }

    /// The share of parameters pruned, `1 − k/d`.
    pub fn sparsity(&self) -> f64 {
        1.0 - self.len() as f64 / self.parameters as f64
    }

    /// Is every parameter kept here also kept by `other`?
    pub fn is_within(&self, other: &Mask) -> bool {
        self.active.iter().all(|j| other.active.binary_search(j).is_ok())
    }

    /// The kept coordinates of a full vector: `ℝᵈ → ℝᵏ`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the vector does not have `d` entries.
    pub fn restrict(&self, full: &[f64]) -> Result<DVector<f64>> {
        Error::check_shape("parameters", self.parameters, full.len())?;
        Ok(DVector::from_iterator(self.len(), self.active.iter().map(|&j| full[j])))
    }

    /// The full vector with zeros at the pruned places: `ℝᵏ → ℝᵈ`.
    ///
    /// ```
    /// use unlearn::mask::Mask;
    /// let m = Mask::new(&[false, true, true]).unwrap();
    /// let v = m.restrict(&[5.0, 6.0, 7.0]).unwrap();
    /// assert_eq!(m.embed(&v).as_slice(), [0.0, 6.0, 7.0]);
    /// ```
    ///
    /// Panics when the vector does not have `k` entries.
    pub fn embed(&self, kept: &DVector<f64>) -> DVector<f64> {
        assert_eq!(kept.len(), self.len(), "a vector of {} for a mask that keeps {}", kept.len(), self.len());
        let mut full = DVector::zeros(self.parameters);
        for (&j, &v) in self.active.iter().zip(kept.iter()) {
            full[j] = v;
        }
        full
    }
}
