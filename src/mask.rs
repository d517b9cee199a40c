//! Masks: which parameters are kept. A pruned model is a vector of its `k` kept parameters.

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

    /// Keeps the `k` parameters of largest magnitude (ties keep the lower index): one-shot global
    /// magnitude pruning.
    ///
    /// ```
    /// use unlearn::mask::Mask;
    /// let m = Mask::magnitude(&[0.1, -3.0, 2.0], 2).unwrap();
    /// assert_eq!(m.active(), [1, 2]);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when `k` is 0 or exceeds the number of parameters.
    pub fn magnitude(parameters: &[f64], k: usize) -> Result<Mask> {
        if k == 0 || k > parameters.len() {
            return Err(Error::Invalid(format!("keep {k} of {} parameters: out of range", parameters.len())));
        }
        let mut order: Vec<usize> = (0..parameters.len()).collect();
        order.sort_by(|&a, &b| parameters[b].abs().total_cmp(&parameters[a].abs()).then(a.cmp(&b)));
        let mut active = order[..k].to_vec();
        active.sort_unstable();
        Ok(Mask { parameters: parameters.len(), active })
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
