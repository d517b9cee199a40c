//! The one objective: weighted empirical risk on the kept coordinates.
//!
//! `F_w(θ) = Σ wᵢ ℓᵢ(θ) + (λ/2)‖θ‖² + ⟨b, θ⟩`
//!
//! Training, retraining and influence differ only in `w`. This module alone knows sum from mean,
//! where λ goes and what removing a row does to the weights:
//!
//! | reduction | weights on all n rows | weights after forgetting m rows | λ |
//! |---|---|---|---|
//! | mean | 1/n | 1/(n−m) on the kept rows, 0 on the forgotten | unchanged |
//! | sum | 1 | 1 on the kept rows, 0 on the forgotten | unchanged |
//!
//! λ multiplies every kept parameter, biases included, so λ > 0 gives λ-strong convexity for a
//! linear model.

use crate::data::{Dataset, RowSet};
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::model::{Kind, Model, Network};
use nalgebra::{DMatrix, DVector};
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

/// `F_w` for one weight vector. All vectors live on the `k` kept coordinates.
///
/// Methods panic when handed a vector of another length: that is a broken contract of the caller.
#[derive(Debug, Clone)]
pub struct Objective<'a> {
    problem: &'a Problem,
    weights: Vec<f64>,
}

impl<'a> Objective<'a> {
    /// The problem this objective belongs to.
    pub fn problem(&self) -> &'a Problem {
        self.problem
    }

    /// One weight per row.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Number of kept parameters `k`.
    pub fn active(&self) -> usize {
        self.problem.active()
    }

    /// Rows with nonzero weight.
    pub fn support(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.weights.iter().enumerate().filter(|(_, w)| **w != 0.0).map(|(i, w)| (i, *w))
    }

    fn check(&self, theta: &DVector<f64>) {
        assert_eq!(
            theta.len(),
            self.active(),
            "a vector of {} for {} kept parameters",
            theta.len(),
            self.active()
        );
    }

    /// `F_w(θ)`.
    pub fn value(&self, theta: &DVector<f64>) -> f64 {
        self.check(theta);
        let (p, net) = (self.problem, self.problem.network());
        let mut ws = net.workspace();
        let risk: f64 = self
            .support()
            .map(|(i, w)| {
                let z = net.forward(theta.as_slice(), p.data.design().row(i), &mut ws);
                w * net.loss.value(z, p.target[i])
            })
            .sum();
        let linear = p.perturbation.as_ref().map_or(0.0, |b| b.dot(theta));
        risk + 0.5 * p.ridge * theta.norm_squared() + linear
    }

    /// `∇F_w(θ)`.
    pub fn gradient(&self, theta: &DVector<f64>) -> DVector<f64> {
        let mut g = self.risk_gradient(theta);
        g.axpy(self.problem.ridge, theta, 1.0);
        if let Some(b) = &self.problem.perturbation {
            g += b;
        }
        g
    }

    /// `Σ wᵢ ∇ℓᵢ(θ)`: the gradient without ridge and perturbation.
    pub fn risk_gradient(&self, theta: &DVector<f64>) -> DVector<f64> {
        self.check(theta);
        let p = self.problem;
        let net = p.network();
        let mut ws = net.workspace();
        let mut g = DVector::zeros(self.active());
        for (i, w) in self.support() {
            let x = p.data.design().row(i);
            net.forward(theta.as_slice(), x, &mut ws);
            net.backward(theta.as_slice(), p.target[i], &mut ws);
            net.add_gradient(w, x, &ws, g.as_mut_slice());
        }
        g
    }

    /// Per-row gradients `∇ℓᵢ(θ)` (no weight, no ridge) as a `k × n` matrix, one column per row of
    /// the data, whatever its weight.
    pub fn row_gradients(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        self.check(theta);
        let p = self.problem;
        let net = p.network();
        let mut ws = net.workspace();
        let mut g = DMatrix::zeros(self.active(), p.rows());
        for i in 0..p.rows() {
            let x = p.data.design().row(i);
            net.forward(theta.as_slice(), x, &mut ws);
            net.backward(theta.as_slice(), p.target[i], &mut ws);
            net.add_gradient(1.0, x, &ws, g.column_mut(i).as_mut_slice());
        }
        g
    }

    /// `Σ |wᵢ| ‖∇ℓᵢ(θ)‖`: the size of what the gradient sums, which is what its rounding scales with.
    pub fn gradient_mass(&self, theta: &DVector<f64>) -> f64 {
        self.check(theta);
        let p = self.problem;
        let net = p.network();
        let mut ws = net.workspace();
        let mut g = DVector::zeros(self.active());
        let mut mass = 0.0;
        for (i, w) in self.support() {
            let x = p.data.design().row(i);
            net.forward(theta.as_slice(), x, &mut ws);
            net.backward(theta.as_slice(), p.target[i], &mut ws);
            g.fill(0.0);
            net.add_gradient(w.abs(), x, &ws, g.as_mut_slice());
            mass += g.norm();
        }
        mass
    }

    /// `∇²F_w(θ) v`, ridge included, at the cost of a few gradients.
    pub fn hvp(&self, theta: &DVector<f64>, v: &DVector<f64>) -> DVector<f64> {
        self.check(theta);
        self.check(v);
        let p = self.problem;
        let net = p.network();
        let mut ws = net.workspace();
        let mut out = v * p.ridge;
        for (i, w) in self.support() {
            let x = p.data.design().row(i);
            net.forward(theta.as_slice(), x, &mut ws);
            net.backward(theta.as_slice(), p.target[i], &mut ws);
            net.add_hvp(w, theta.as_slice(), v.as_slice(), x, &mut ws, out.as_mut_slice());
        }
        out
    }

    /// `∇²F_w(θ)`, `k × k`, ridge included.
    pub fn hessian(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        self.with_ridge_on_diagonal(self.second_order(Kind::Hessian, theta))
    }

    /// The Hessian of the risk alone, `Σ wᵢ ∇²ℓᵢ(θ)`.
    pub fn risk_hessian(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        self.second_order(Kind::Hessian, theta)
    }

    /// The generalised Gauss–Newton matrix `Σ wᵢ JᵢᵀSᵢJᵢ + λI`, with `J` the Jacobian of the outputs
    /// and `S = ∇²ℓ` in the outputs (Schraudolph 2002). Equal to the Hessian for linear models.
    pub fn gauss_newton(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        self.with_ridge_on_diagonal(self.second_order(Kind::GaussNewton, theta))
    }

    /// The Fisher information `Σ wᵢ E_{y∼p(·|xᵢ)}[∇ℓ ∇ℓᵀ]` of the model's own distribution (Gaussian
    /// with unit variance, Bernoulli, categorical), without ridge. For these three losses it is the
    /// Gauss–Newton matrix of the risk (Martens 2020).
    pub fn fisher(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        self.second_order(Kind::GaussNewton, theta)
    }

    /// The empirical Fisher `Σ wᵢ ∇ℓᵢ ∇ℓᵢᵀ` with the observed targets, without ridge. It is *not* the
    /// Fisher information.
    pub fn empirical_fisher(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        let g = self.row_gradients(theta);
        let mut scaled = g.clone();
        for (i, mut column) in scaled.column_iter_mut().enumerate() {
            column *= self.weights[i];
        }
        let mut out = DMatrix::zeros(self.active(), self.active());
        crate::numeric::gram::add_product(&scaled, &g, &mut out);
        out
    }

    /// Outputs (logits) of every row, `outputs × n`.
    pub fn outputs(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        self.check(theta);
        let p = self.problem;
        let net = p.network();
        let mut ws = net.workspace();
        let mut out = DMatrix::zeros(net.outputs(), p.rows());
        for i in 0..p.rows() {
            let z = net.forward(theta.as_slice(), p.data.design().row(i), &mut ws);
            out.column_mut(i).copy_from_slice(z);
        }
        out
    }

    fn second_order(&self, kind: Kind, theta: &DVector<f64>) -> DMatrix<f64> {
        self.check(theta);
        let p = self.problem;
        p.network().second_order(kind, theta.as_slice(), p.data.design(), &p.target, &self.weights)
    }

    fn with_ridge_on_diagonal(&self, mut h: DMatrix<f64>) -> DMatrix<f64> {
        for j in 0..h.nrows() {
            h[(j, j)] += self.problem.ridge;
        }
        h
    }
}
