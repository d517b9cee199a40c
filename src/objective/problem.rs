//! A learning problem: everything but which rows count, and the objectives that follow from removals.

use super::Objective;
use crate::data::{Dataset, RowSet};
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::model::{Model, Network};
use nalgebra::DVector;
use std::str::FromStr;
use std::sync::Arc;

/// How row losses are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// `(1/n) Σ ℓᵢ`; after removal the mean is over the rows kept.
    #[default]
    Mean,
    /// `Σ ℓᵢ`.
    Sum,
}

impl FromStr for Reduction {
    type Err = Error;
    fn from_str(s: &str) -> Result<Reduction> {
        match s {
            "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            _ => Err(Error::Invalid(format!("unknown reduction '{s}'; choose mean or sum"))),
        }
    }
}

/// Everything about a learning problem except which rows count: data, model, mask, λ, reduction, b.
#[derive(Debug, Clone)]
pub struct Problem {
    data: Arc<Dataset>,
    target: Arc<Vec<f64>>,
    model: Arc<Model>,
    mask: Arc<Mask>,
    network: Arc<Network>,
    ridge: f64,
    reduction: Reduction,
    perturbation: Option<DVector<f64>>,
}

impl Problem {
    /// An unpruned problem with the given ridge and mean reduction.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::loss::Loss;
    /// use unlearn::model::Model;
    /// use unlearn::objective::Problem;
    /// // Two rows x = 1, 3 with targets 1, 1 and no bias: F(θ) = ½·½((θ−1)² + (3θ−1)²) + ½θ².
    /// let x = Design::dense(2, 1, vec![1.0, 3.0]).unwrap();
    /// let data = Dataset::new("tiny", x, vec![1.0, 1.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 1.0).unwrap();
    /// let f = problem.full();
    /// let theta = nalgebra::DVector::from_element(1, 1.0);
    /// assert_eq!(f.value(&theta), 0.25 * 4.0 + 0.5);
    /// assert_eq!(f.gradient(&theta)[0], 0.5 * (0.0 + 2.0 * 3.0) + 1.0);
    /// assert_eq!(f.hessian(&theta)[(0, 0)], 0.5 * (1.0 + 9.0) + 1.0);
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when model and data differ in width, [`Error::Data`] when the loss cannot
    /// take the targets, [`Error::Invalid`] when `ridge` is negative or not finite.
    pub fn new(data: Arc<Dataset>, model: Model, ridge: f64) -> Result<Problem> {
        Error::check_shape("features (model inputs against data columns)", model.inputs(), data.cols())?;
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(Error::Invalid(format!("ridge {ridge}: it must be a finite number, 0 or larger")));
        }
        let (target, outputs) = model.loss().targets(data.target())?;
        if outputs > model.outputs() {
            return Err(Error::Shape { what: "model outputs", expected: outputs, found: model.outputs() });
        }
        let mask = Mask::full(model.parameters());
        let network = Network::new(&model, &mask);
        Ok(Problem {
            data,
            target: Arc::new(target),
            model: Arc::new(model),
            mask: Arc::new(mask),
            network: Arc::new(network),
            ridge,
            reduction: Reduction::Mean,
            perturbation: None,
        })
    }

    /// The same problem with another reduction.
    pub fn with_reduction(mut self, reduction: Reduction) -> Problem {
        self.reduction = reduction;
        self
    }

    /// The same problem restricted to the kept coordinates of a mask. A linear perturbation is dropped,
    /// since it lived on the former coordinates.
    ///
    /// # Errors
    /// [`Error::Shape`] when the mask is for another number of parameters.
    pub fn with_mask(mut self, mask: Mask) -> Result<Problem> {
        Error::check_shape("mask entries (one per parameter)", self.model.parameters(), mask.parameters())?;
        self.network = Arc::new(Network::new(&self.model, &mask));
        self.mask = Arc::new(mask);
        self.perturbation = None;
        Ok(self)
    }

    /// The same problem with the linear term `⟨b, θ⟩` on the kept coordinates (objective perturbation,
    /// Chaudhuri, Monteleoni, Sarwate 2011; used by Guo et al. 2020).
    ///
    /// # Errors
    /// [`Error::Shape`] when `b` does not have `k` entries, [`Error::Invalid`] when one is not finite.
    pub fn with_perturbation(mut self, b: DVector<f64>) -> Result<Problem> {
        Error::check_shape("perturbation entries (one per kept parameter)", self.active(), b.len())?;
        if let Some(v) = b.iter().find(|v| !v.is_finite()) {
            return Err(Error::Invalid(format!("a perturbation entry is {v}; all must be finite")));
        }
        self.perturbation = Some(b);
        Ok(self)
    }

    /// The same problem with another ridge λ.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is negative or not finite.
    pub fn with_ridge(mut self, ridge: f64) -> Result<Problem> {
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(Error::Invalid(format!("ridge {ridge}: it must be a finite number, 0 or larger")));
        }
        self.ridge = ridge;
        Ok(self)
    }

    /// The data.
    pub fn data(&self) -> &Arc<Dataset> {
        &self.data
    }

    /// Targets as the loss reads them (−1/+1 mapped to 0/1).
    pub fn target(&self) -> &[f64] {
        &self.target
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The mask.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The compiled masked network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// λ.
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// Sum or mean.
    pub fn reduction(&self) -> Reduction {
        self.reduction
    }

    /// The linear term, if any.
    pub fn perturbation(&self) -> Option<&DVector<f64>> {
        self.perturbation.as_ref()
    }

    /// Number of rows `n`.
    pub fn rows(&self) -> usize {
        self.data.rows()
    }

    /// Number of kept parameters `k`.
    pub fn active(&self) -> usize {
        self.mask.len()
    }

    /// The objective on all rows.
    pub fn full(&self) -> Objective<'_> {
        let w = match self.reduction {
            Reduction::Mean => 1.0 / self.rows() as f64,
            Reduction::Sum => 1.0,
        };
        Objective { problem: self, weights: vec![w; self.rows()] }
    }

    /// The objective after forgetting: what exact retraining minimises.
    ///
    /// # Errors
    /// [`Error::Shape`] when the forget set is for another number of rows, [`Error::Invalid`] when
    /// nothing would be left to train on.
    pub fn retained(&self, forget: &RowSet) -> Result<Objective<'_>> {
        self.check_forget(forget)?;
        let kept = self.rows() - forget.len();
        let w = match self.reduction {
            Reduction::Mean => 1.0 / kept as f64,
            Reduction::Sum => 1.0,
        };
        let weights = (0..self.rows()).map(|i| if forget.contains(i) { 0.0 } else { w }).collect();
        Ok(Objective { problem: self, weights })
    }

    /// The objective with any finite row weights.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Invalid`] when there is not one finite weight per row.
    pub fn weighted(&self, weights: Vec<f64>) -> Result<Objective<'_>> {
        Error::check_shape("row weights", self.rows(), weights.len())?;
        if let Some(w) = weights.iter().find(|w| !w.is_finite()) {
            return Err(Error::Invalid(format!("a row weight is {w}; weights must be finite")));
        }
        Ok(Objective { problem: self, weights })
    }

    /// Checks that a forget set belongs to this data and leaves something.
    ///
    /// # Errors
    /// As [`Problem::retained`].
    pub fn check_forget(&self, forget: &RowSet) -> Result<()> {
        Error::check_shape("rows the forget set refers to", self.rows(), forget.total())?;
        if forget.len() == self.rows() {
            return Err(Error::Invalid(format!(
                "all {} rows would be forgotten; nothing is left to retrain on",
                self.rows()
            )));
        }
        Ok(())
    }
}
