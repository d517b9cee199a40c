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

pub(crate) mod enclosed;
mod operator;
mod problem;
mod sparse;

pub use operator::Operator;
pub use problem::{Problem, Reduction};

use crate::model::Kind;
use nalgebra::{DMatrix, DVector};

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
                let z = net.forward(theta.as_slice(), p.data().design().row(i), &mut ws);
                w * net.loss.value(z, p.target()[i])
            })
            .sum();
        let linear = p.perturbation().map_or(0.0, |b| b.dot(theta));
        risk + 0.5 * p.ridge() * theta.norm_squared() + linear
    }

    /// `∇F_w(θ)`.
    pub fn gradient(&self, theta: &DVector<f64>) -> DVector<f64> {
        let mut g = self.risk_gradient(theta);
        g.axpy(self.problem.ridge(), theta, 1.0);
        if let Some(b) = self.problem.perturbation() {
            g += b;
        }
        g
    }

    /// `Σ wᵢ ∇ℓᵢ(θ)`: the gradient without ridge and perturbation.
    pub fn risk_gradient(&self, theta: &DVector<f64>) -> DVector<f64> {
        self.check(theta);
        let p = self.problem;
        let mut g = DVector::zeros(self.active());
        let data = (p.data().design(), p.target());
        p.network().add_risk_gradient(theta.as_slice(), data, &self.weights, g.as_mut_slice());
        g
    }

    /// Per-row gradients `∇ℓᵢ(θ)` (no weight, no ridge) as a `k × n` matrix, one column per row of
    /// the data, whatever its weight.
    pub fn row_gradients(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        self.check(theta);
        let p = self.problem;
        p.network().row_gradients(theta.as_slice(), (p.data().design(), p.target()))
    }

    /// `Σ |wᵢ| ‖∇ℓᵢ(θ)‖`: the size of what the gradient sums, which is what its rounding scales with.
    pub fn gradient_mass(&self, theta: &DVector<f64>) -> f64 {
        self.check(theta);
        let p = self.problem;
        let net = p.network();
        if p.model().is_linear() && p.data().design().is_sparse() {
            return self.sparse_gradient_mass(theta);
        }
        let mut ws = net.workspace();
        let mut g = DVector::zeros(self.active());
        let mut mass = 0.0;
        for (i, w) in self.support() {
            let x = p.data().design().row(i);
            net.forward(theta.as_slice(), x, &mut ws);
            net.backward(theta.as_slice(), p.target()[i], &mut ws);
            g.fill(0.0);
            net.add_gradient(w.abs(), x, &ws, g.as_mut_slice());
            mass += g.norm();
        }
        mass
    }

    /// The same for a linear model, `‖∇ℓᵢ‖² = Σ_c δ_c²‖x̃_c‖²`, at the cost of what is stored.
    fn sparse_gradient_mass(&self, theta: &DVector<f64>) -> f64 {
        let p = self.problem;
        let net = p.network();
        let layer = &net.layers[0];
        let mut ws = net.workspace();
        let row = |(i, w): (usize, f64)| {
            let x = p.data().design().row(i);
            net.forward(theta.as_slice(), x, &mut ws);
            net.backward(theta.as_slice(), p.target()[i], &mut ws);
            let parts = layer.units.iter().zip(&ws.delta[0]);
            let square: f64 = parts.map(|(u, d)| d * d * u.input_norm_squared(x, layer.fan_in)).sum();
            w.abs() * square.sqrt()
        };
        self.support().map(row).sum()
    }

    /// `∇²F_w(θ) v`, ridge included, at the cost of a few gradients.
    pub fn hvp(&self, theta: &DVector<f64>, v: &DVector<f64>) -> DVector<f64> {
        self.check(theta);
        self.check(v);
        let p = self.problem;
        let mut out = v * p.ridge();
        let data = (p.data().design(), p.target());
        let (theta, v) = (theta.as_slice(), v.as_slice());
        p.network().add_risk_hvp(theta, v, data, &self.weights, out.as_mut_slice());
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
        if !self.problem.data().design().is_sparse() {
            return self.second_order(Kind::EmpiricalFisher, theta);
        }
        let g = self.row_gradients(theta);
        let mut scaled = g.clone();
        for (i, mut column) in scaled.column_iter_mut().enumerate() {
            column *= self.weights[i];
        }
        let mut out = DMatrix::zeros(self.active(), self.active());
        crate::numeric::gram::add_product(&scaled, &g, &mut out);
        // (wg)h and (wh)g round differently: both triangles take the same one.
        out.fill_upper_triangle_with_lower_triangle();
        out
    }

    /// Outputs (logits) of every row, `outputs × n`.
    pub fn outputs(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        self.check(theta);
        let p = self.problem;
        p.network().all_outputs(theta.as_slice(), p.data().design())
    }

    fn second_order(&self, kind: Kind, theta: &DVector<f64>) -> DMatrix<f64> {
        self.check(theta);
        let p = self.problem;
        // For a linear model the Gauss–Newton matrix is the Hessian.
        if let Some(h) = self.sparse_risk_hessian(theta) {
            return h;
        }
        p.network().second_order(kind, theta.as_slice(), p.data().design(), p.target(), &self.weights)
    }

    fn with_ridge_on_diagonal(&self, mut h: DMatrix<f64>) -> DMatrix<f64> {
        for j in 0..h.nrows() {
            h[(j, j)] += self.problem.ridge();
        }
        h
    }
}
