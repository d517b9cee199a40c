//! LegoNet (Yu et al. 2022, arXiv 2210.16023): a fixed encoder, `n` adapters with fixed keys, each row trains and asks
//! the `k` adapters whose keys are nearest.
//!
//! - train: `D_a` = rows that have `a` among their `k` nearest keys; `θ_a = argmin Σ_{D_a} ℓ(M(En(x), θ), y) + (λ/2)‖θ‖²`;
//! - infer: the mean of what the `k` nearest adapters answer;
//! - forget a row: drop it from its `k` sets and train those adapters again.
//!
//! Given the keys this is exact, bit for bit: an adapter whose rows did not change is the adapter that training
//! from scratch gives. The paper's keys are encodings of *training* rows. Deleting such a donor leaves its encoding in
//! the system, and training from scratch would draw another key: not exact. So keys come from other data
//! ([`Keys::external`]), or the key is drawn again as well ([`Donors::Rekey`]) and every adapter whose rows change by that
//! is trained again, which is exact too.
//!
//! Cost of a uniform request, in rows visited by the trainings repeated: `Σ_a |D_a|²/N − k ≥ k²N/n − k` exactly (derived
//! here; Cauchy–Schwarz, equality when all adapters have equally many rows); printed: `k²N/n`. Ties are
//! broken by the order of the keys: without a rule "the same `k` adapters" means nothing.

use super::encoder::Encoder;
use super::keys::Keys;
use crate::data::{Dataset, Design, RowSet};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::Model;
use crate::numeric::scalar::{sigmoid, softmax};
use crate::objective::{Problem, Reduction};
use crate::train::newton::minimise;
use nalgebra::DVector;

/// Classes up to which an adapter with few rows can be trained: `Loss::targets` takes more for a mistake.
const MOST_CLASSES: usize = 16;

/// Hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// `k`: adapters per row.
    pub nearest: usize,
    /// The adapters' loss: squared is ridge regression, logistic and softmax are ℓ₂-regularised classification.
    pub loss: Loss,
    /// `λ > 0` of each adapter, under the sum reduction.
    pub ridge: f64,
    /// With a bias?
    pub bias: bool,
}

/// What happens to keys that encode a forgotten row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Donors {
    /// They are drawn again, and every adapter whose rows change by that is trained again.
    Rekey,
    /// They stay, as in the paper: not exact for donors.
    Keep,
}

/// What a deletion did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Adapters trained again, by their positions afterwards, increasing.
    pub adapters: Vec<usize>,
    /// How many keys were drawn again.
    pub rekeyed: usize,
    /// Rows visited: each training counts its rows once.
    pub visits: usize,
}

/// The expected cost of a uniform request, in the integers it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedCost {
    /// `Σ_a |D_a|²`.
    pub squares: u128,
    /// `N`.
    pub rows: usize,
    /// `k`.
    pub nearest: usize,
    /// `n`.
    pub adapters: usize,
}

impl ExpectedCost {
    /// `Σ_a |D_a|²/N − k`.
    pub fn exact(self) -> f64 {
        self.squares as f64 / self.rows as f64 - self.nearest as f64
    }

    /// `k²N/n − k`: the least possible.
    pub fn least(self) -> f64 {
        self.printed() - self.nearest as f64
    }

    /// `k²N/n`, as printed.
    pub fn printed(self) -> f64 {
        (self.nearest * self.nearest * self.rows) as f64 / self.adapters as f64
    }
}

/// A trained system.
#[derive(Debug, Clone, PartialEq)]
pub struct LegoNet {
    encoder: Encoder,
    keys: Keys,
    settings: Settings,
    model: Model,
    /// The encoding of every row that is not deleted.
    encoded: Vec<Option<Vec<f64>>>,
    /// Their targets; 0 where the row is deleted.
    target: Vec<f64>,
    /// `D_a`, increasing.
    members: Vec<Vec<usize>>,
    theta: Vec<DVector<f64>>,
}

impl LegoNet {
    /// Trains on the rows of `data` that are not `deleted`; row numbers stay those of `data`.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::loss::Loss;
    /// use unlearn::neighbour::{encoder::Encoder, keys::Keys, legonet::{Donors, LegoNet, Settings}};
    /// // Keys at 0 and 10, one adapter per row, λ = 1: rows 1, 2 train the first, row 9 the second.
    /// let data = Dataset::new("line", Design::dense(3, 1, vec![1.0, 2.0, 9.0]).unwrap(), vec![1.0, 2.0, 4.0]).unwrap();
    /// let keys = Keys::given(vec![vec![0.0], vec![10.0]]).unwrap();
    /// let settings = Settings { nearest: 1, loss: Loss::Squared, ridge: 1.0, bias: false };
    /// let mut net = LegoNet::train(Encoder::identity(1), keys, &data, settings, None).unwrap();
    /// assert!((net.predict(&[3.0]).unwrap()[0] - 3.0 * 5.0 / 6.0).abs() < 1e-14); // θ = (1 + 4)/(1 + 4 + 1)
    /// assert_eq!(net.expected_cost().exact(), (4.0 + 1.0) / 3.0 - 1.0);
    /// let out = net.forget(&data, &RowSet::new(3, vec![1]).unwrap(), Donors::Rekey).unwrap();
    /// assert_eq!((out.adapters, out.visits), (vec![0], 1));
    /// assert!((net.predict(&[3.0]).unwrap()[0] - 3.0 / 2.0).abs() < 1e-14);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for settings outside their domains, [`Error::Shape`] when encoder, keys and data do not fit,
    /// [`Error::Data`] for targets that the loss cannot take, and whatever the trainings raise.
    pub fn train(
        encoder: Encoder,
        keys: Keys,
        data: &Dataset,
        settings: Settings,
        deleted: Option<&RowSet>,
    ) -> Result<LegoNet> {
        let Settings { nearest, loss, ridge, bias } = settings;
        Error::check_shape(
            "coordinates of a key (encoder outputs)",
            encoder.outputs(),
            keys.vectors[0].len(),
        )?;
        if nearest == 0 || nearest > keys.len() {
            return Err(Error::Invalid(format!("{nearest} nearest of {} adapters: 1 to all", keys.len())));
        }
        if !(ridge > 0.0 && ridge.is_finite()) {
            return Err(Error::Invalid(format!(
                "ridge {ridge}: an adapter may have a single row, so the ridge must be positive (and finite)"
            )));
        }
        let (mut target, outputs) = loss.targets(data.target())?;
        if outputs > MOST_CLASSES {
            return Err(Error::Invalid(format!(
                "{outputs} classes: LegoNet's adapters take up to {MOST_CLASSES}"
            )));
        }
        if let Some(deleted) = deleted {
            Error::check_shape("rows the deleted set refers to", data.rows(), deleted.total())?;
        }
        let features = encoder.encode_rows(data)?;
        let keep = |i: usize| deleted.is_none_or(|d| !d.contains(i));
        (0..data.rows()).filter(|&i| !keep(i)).for_each(|i| target[i] = 0.0);
        let row = |i: usize| keep(i).then(|| features.column(i).iter().copied().collect());
        let model = Model::linear(encoder.outputs(), outputs, loss, bias)?;
        let encoded: Vec<Option<Vec<f64>>> = (0..data.rows()).map(row).collect();
        let members = assign(&keys, &encoded, nearest);
        let mut net = LegoNet { encoder, keys, settings, model, encoded, target, members, theta: Vec::new() };
        net.theta = (0..net.keys.len()).map(|a| net.fit(a)).collect::<Result<_>>()?;
        Ok(net)
    }

    /// Forgets rows. Nothing is changed when it fails.
    ///
    /// `data` is what the system was trained on; it is read only for new keys.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a row that is forgotten already, when no row would be left, or when too few rows are left
    /// to draw keys from; [`Error::Shape`] for a request about other data.
    pub fn forget(&mut self, data: &Dataset, request: &RowSet, donors: Donors) -> Result<Forgotten> {
        self.check(request)?;
        Error::check_shape("rows of the data", self.encoded.len(), data.rows())?;
        let mut next = self.clone();
        // Neither features nor target of a forgotten row stay in the system.
        for &i in request.rows() {
            (next.encoded[i], next.target[i]) = (None, 0.0);
        }
        let (count, encoded) = (next.keys.len(), &next.encoded);
        let gone = |i: usize| encoded[i].is_none();
        let dropped = if donors == Donors::Rekey { next.keys.drop_donors(gone) } else { Vec::new() };
        let kept: Vec<usize> = (0..count).filter(|a| !dropped.contains(a)).collect();
        if dropped.is_empty() {
            next.members.iter_mut().for_each(|rows| rows.retain(|&i| !request.contains(i)));
        } else {
            next.keys.refill(&next.encoder, data, count, gone)?;
            next.members = assign(&next.keys, &next.encoded, next.settings.nearest);
        }
        let same = |a: usize| kept.get(a).is_some_and(|&old| self.members[old] == next.members[a]);
        let adapters: Vec<usize> = (0..count).filter(|&a| !same(a)).collect();
        let theta = |a: usize| if same(a) { Ok(self.theta[kept[a]].clone()) } else { next.fit(a) };
        let theta = (0..count).map(theta).collect::<Result<_>>()?;
        let visits = adapters.iter().map(|&a| next.members[a].len()).sum();
        next.theta = theta;
        *self = next;
        Ok(Forgotten { adapters, rekeyed: dropped.len(), visits })
    }

    /// What [`LegoNet::forget`] will visit when no key is drawn again, exactly, before any work: `Σ_a |D_a ∖ U|` over the
    /// adapters hit.
    ///
    /// # Errors
    /// As [`LegoNet::forget`].
    pub fn visits(&self, request: &RowSet) -> Result<usize> {
        self.check(request)?;
        let left = |rows: &Vec<usize>| rows.iter().filter(|&&i| !request.contains(i)).count();
        Ok(self.members.iter().filter(|rows| left(rows) < rows.len()).map(left).sum())
    }

    fn check(&self, request: &RowSet) -> Result<()> {
        Error::check_shape("rows the request refers to", self.encoded.len(), request.total())?;
        if let Some(i) = request.rows().iter().find(|&&i| self.encoded[i].is_none()) {
            return Err(Error::Invalid(format!("row {i} is forgotten already")));
        }
        if self.rows() == request.len() {
            return Err(Error::Invalid("all rows would be forgotten; nothing is left to train on".into()));
        }
        Ok(())
    }

    /// The expected cost of one request, uniform over the rows left.
    pub fn expected_cost(&self) -> ExpectedCost {
        let squares = self.members.iter().map(|rows| (rows.len() as u128).pow(2)).sum();
        let (rows, nearest, adapters) = (self.rows(), self.settings.nearest, self.keys.len());
        ExpectedCost { squares, rows, nearest, adapters }
    }

    /// The mean of the answers of the `k` adapters nearest to a point: outputs (squared loss), the probability of label 1
    /// (logistic) or of each class (softmax). An adapter without rows answers with parameters 0.
    ///
    /// # Errors
    /// [`Error::Shape`] for a point of another dimension.
    pub fn predict(&self, x: &[f64]) -> Result<Vec<f64>> {
        Error::check_shape("coordinates of a point", self.encoder.inputs(), x.len())?;
        let e = self.encoder.encode(x);
        let mut mean = vec![0.0; self.model.outputs()];
        for a in nearest(&self.keys, &e, self.settings.nearest) {
            let z = affine(&self.model, self.theta[a].as_slice(), &e);
            let answer = match self.settings.loss {
                Loss::Squared => z,
                Loss::Logistic => vec![sigmoid(z[0])],
                Loss::Softmax => {
                    let mut p = vec![0.0; z.len()];
                    softmax(&z, &mut p);
                    p
                }
            };
            mean.iter_mut().zip(&answer).for_each(|(m, v)| *m += v / self.settings.nearest as f64);
        }
        Ok(mean)
    }

    /// Rows not forgotten.
    pub fn rows(&self) -> usize {
        self.encoded.iter().flatten().count()
    }

    /// The keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// `D_a` of every adapter.
    pub fn members(&self) -> &[Vec<usize>] {
        &self.members
    }

    /// `θ_a` of every adapter, in the order of the keys.
    pub fn adapters(&self) -> &[DVector<f64>] {
        &self.theta
    }

    /// What adapter `a` minimises (its full objective); `None` when it has no rows.
    ///
    /// # Errors
    /// As [`Problem::new`].
    pub fn problem(&self, a: usize) -> Result<Option<Problem>> {
        let rows = &self.members[a];
        if rows.is_empty() {
            return Ok(None);
        }
        let values = rows.iter().flat_map(|&i| self.encoded[i].iter().flatten().copied()).collect();
        let design = Design::dense(rows.len(), self.encoder.outputs(), values)?;
        let data = Dataset::new("adapter", design, rows.iter().map(|&i| self.target[i]).collect())?;
        let problem = Problem::new(data.into(), self.model.clone(), self.settings.ridge)?;
        Ok(Some(problem.with_reduction(Reduction::Sum)))
    }

    /// Trains adapter `a` from 0: the same rows give the same bits.
    fn fit(&self, a: usize) -> Result<DVector<f64>> {
        let zero = DVector::zeros(self.model.parameters());
        match self.problem(a)? {
            Some(problem) => Ok(minimise(&problem.full(), zero)?.theta),
            None => Ok(zero),
        }
    }
}

/// The `k` keys nearest to a point, nearest first; the earlier key on a tie.
fn nearest(keys: &Keys, e: &[f64], k: usize) -> Vec<usize> {
    let squared = |key: &[f64]| key.iter().zip(e).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    let distances: Vec<f64> = keys.vectors.iter().map(|key| squared(key)).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    // Stable, so that the order of the keys breaks ties.
    order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
    order.truncate(k);
    order
}

/// `D_a` of every adapter.
fn assign(keys: &Keys, encoded: &[Option<Vec<f64>>], k: usize) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); keys.len()];
    for (i, e) in encoded.iter().enumerate() {
        if let Some(e) = e {
            nearest(keys, e, k).into_iter().for_each(|a| members[a].push(i));
        }
    }
    members
}

/// The outputs of an affine layer in the library's parameter order.
fn affine(model: &Model, theta: &[f64], x: &[f64]) -> Vec<f64> {
    let (weights, biases) = theta.split_at(model.outputs() * x.len());
    let row =
        |(c, w): (usize, &[f64])| crate::numeric::dot::dot(w, x) + biases.get(c).copied().unwrap_or(0.0);
    weights.chunks_exact(x.len()).enumerate().map(row).collect()
}
