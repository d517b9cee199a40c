//! One drawn case: plain numbers, from which both the library's problem and the textbook's are made.

use super::textbook::Textbook;
use nalgebra::{DMatrix, DVector};
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::Model;
use unlearn::objective::{Objective, Problem, Reduction};

/// Which rows count, and how much.
#[derive(Debug, Clone)]
pub(crate) enum Weights {
    Full,
    Retained(Vec<usize>),
    Arbitrary(Vec<f64>),
}

/// A learning problem and a point at which to look at it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) network: Textbook,
    pub(crate) sparse: bool,
    pub(crate) rows: Vec<Vec<f64>>,
    /// As a user writes it: −1/+1 is possible for the logistic loss.
    pub(crate) target: Vec<f64>,
    pub(crate) keep: Vec<bool>,
    pub(crate) reduction: Reduction,
    pub(crate) weights: Weights,
    pub(crate) ridge: f64,
    /// All vectors below are for all parameters, zero where pruned.
    pub(crate) perturbation: Option<Vec<f64>>,
    pub(crate) theta: Vec<f64>,
    pub(crate) direction: Vec<f64>,
}

impl Case {
    pub(crate) fn active(&self) -> Vec<usize> {
        (0..self.keep.len()).filter(|&j| self.keep[j]).collect()
    }

    /// The kept coordinates of a vector of all parameters.
    pub(crate) fn restrict(&self, full: &[f64]) -> DVector<f64> {
        DVector::from_vec(self.active().iter().map(|&j| full[j]).collect())
    }

    /// θ on the kept coordinates.
    pub(crate) fn point(&self) -> DVector<f64> {
        self.restrict(&self.theta)
    }

    /// Targets with −1 read as 0 by the logistic loss.
    pub(crate) fn labels(&self) -> Vec<f64> {
        let logistic = self.network.loss == Loss::Logistic;
        self.target.iter().map(|&y| if logistic && y < 0.0 { 0.0 } else { y }).collect()
    }

    /// The weights as the definition of mean and sum gives them.
    pub(crate) fn row_weights(&self) -> Vec<f64> {
        let n = self.rows.len();
        let counted: Vec<bool> = match &self.weights {
            Weights::Arbitrary(w) => return w.clone(),
            Weights::Full => vec![true; n],
            Weights::Retained(forget) => (0..n).map(|i| !forget.contains(&i)).collect(),
        };
        let count = counted.iter().filter(|&&c| c).count() as f64;
        let one = if self.reduction == Reduction::Mean { 1.0 / count } else { 1.0 };
        counted.iter().map(|&c| if c { one } else { 0.0 }).collect()
    }

    pub(crate) fn dataset(&self) -> Dataset {
        let dense = Design::dense(self.rows.len(), self.rows[0].len(), self.rows.concat()).unwrap();
        let design = if self.sparse { dense.to_sparse() } else { dense };
        Dataset::new("case", design, self.target.clone()).unwrap()
    }

    pub(crate) fn model(&self) -> Model {
        let n = &self.network;
        Model::new(n.widths.clone(), n.activation, n.loss, n.bias).unwrap()
    }

    pub(crate) fn problem(&self) -> Problem {
        let problem = Problem::new(self.dataset().into(), self.model(), self.ridge)
            .unwrap()
            .with_reduction(self.reduction)
            .with_mask(Mask::new(&self.keep).unwrap())
            .unwrap();
        match &self.perturbation {
            Some(b) => problem.with_perturbation(self.restrict(b)).unwrap(),
            None => problem,
        }
    }

    pub(crate) fn objective<'a>(&self, problem: &'a Problem) -> Objective<'a> {
        match &self.weights {
            Weights::Full => problem.full(),
            Weights::Retained(forget) => {
                problem.retained(&RowSet::new(self.rows.len(), forget.clone()).unwrap()).unwrap()
            }
            Weights::Arbitrary(w) => problem.weighted(w.clone()).unwrap(),
        }
    }

    /// The rows as a matrix, with a column of ones when there is a bias.
    pub(crate) fn design_with_ones(&self) -> DMatrix<f64> {
        let (n, d) = (self.rows.len(), self.rows[0].len());
        let ones = usize::from(self.network.bias);
        DMatrix::from_fn(n, d + ones, |i, j| if j < d { self.rows[i][j] } else { 1.0 })
    }
}
