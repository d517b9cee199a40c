//! What a run must keep so that its updates can be subtracted later, and how much that is.
//!
//! | log | what is kept | numbers |
//! |---|---|---|
//! | [`UpdateLog`] | `Δ_t = θ_{t+1} − θ_t` of every step (or of those with sensitive rows), and its rows | `T·d` |
//! | [`UnitLog::of_batches`] | `C_u = Σ_{t: batch ⊂ u} Δ_t` per unit | `#units·d` |
//! | [`UnitLog::of_samples`] | what the rows of the unit alone contributed, `C_u = −Σ_t κ_t(T)·(1/\|B_t\|) Σ_{i ∈ B_t ∩ u} ∇ℓᵢ(θ_t)` | `#units·d` |
//!
//! `κ_t(T) = Σ_{i=t}^{T−1} η_i β^{i−t}`, which is `η_t` without momentum. The sums of samples are divided by the size
//! of the whole batch: they belong to retraining with fixed divisors.
//!
//! Exact: `θ_0 + Σ_t Δ_t = θ_T` (any optimiser), hence subtracting the last `m` updates returns the checkpoint
//! `θ_{T−m}`. Anything else that is subtracted is an approximation ([`crate::unlearn::subtraction`]).
//! Batch granularity is that of Graves et al. 2021 (arXiv 2010.10981).

use super::coupling::write_loss_gradient;
use super::plan::Plan;
use super::sgd::Trajectory;
use super::units::Units;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use nalgebra::DVector;

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Storage {
    /// Floating-point numbers.
    pub coordinates: u128,
    /// Row and step numbers that say what belongs to what.
    pub indices: u128,
}

impl Storage {
    /// `T` updates of `d` coordinates.
    pub fn updates(steps: usize, d: usize) -> Storage {
        Storage { coordinates: steps as u128 * d as u128, indices: 0 }
    }

    /// A checkpoint of `d` coordinates after every one of `R` slices of `S` shards: `S·R·d`.
    pub fn checkpoints(shards: usize, slices: usize, d: usize) -> Storage {
        Storage { coordinates: shards as u128 * slices as u128 * d as u128, indices: 0 }
    }

    /// The cache of DeltaGrad: a point and a gradient per step, `2·T·d`.
    pub fn deltagrad(steps: usize, d: usize) -> Storage {
        Storage { coordinates: 2 * steps as u128 * d as u128, indices: 0 }
    }

    /// Bytes: 8 for every coordinate and index.
    ///
    /// ```
    /// use unlearn::train::log::Storage;
    /// assert_eq!(Storage::checkpoints(5, 4, 31).bytes(), 5 * 4 * 31 * 8);
    /// assert_eq!(Storage::deltagrad(200, 10).coordinates, 4000);
    /// ```
    pub fn bytes(self) -> u128 {
        8 * (self.coordinates + self.indices)
    }
}

/// One logged update.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Its step.
    pub step: usize,
    /// Rows of its batch.
    pub rows: Vec<usize>,
    /// `Δ_t`, rounded once.
    pub change: DVector<f64>,
}

/// The updates of a run, batch by batch.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateLog {
    start: DVector<f64>,
    last: DVector<f64>,
    steps: usize,
    updates: Vec<Update>,
}

impl UpdateLog {
    /// Logs every update.
    ///
    /// # Errors
    /// [`Error::Shape`] when plan and run differ in length.
    pub fn new(plan: &Plan, run: &Trajectory) -> Result<UpdateLog> {
        UpdateLog::logging(plan, run, |_| true)
    }

    /// Logs the updates whose batch holds a sensitive row only: what may ever have to be subtracted.
    ///
    /// # Errors
    /// As [`UpdateLog::new`].
    pub fn of_sensitive(plan: &Plan, run: &Trajectory, sensitive: &RowSet) -> Result<UpdateLog> {
        UpdateLog::logging(plan, run, |rows| rows.iter().any(|&i| sensitive.contains(i)))
    }

    fn logging(plan: &Plan, run: &Trajectory, wanted: impl Fn(&[usize]) -> bool) -> Result<UpdateLog> {
        Error::check_shape("points of the run (steps + 1)", plan.len() + 1, run.points.len())?;
        let updates = plan.steps.iter().enumerate().filter(|(_, s)| wanted(&s.rows));
        let updates = updates
            .map(|(t, s)| Update {
                step: t,
                rows: s.rows.clone(),
                change: &run.points[t + 1] - &run.points[t],
            })
            .collect();
        Ok(UpdateLog { start: run.start().clone(), last: run.last().clone(), steps: plan.len(), updates })
    }

    /// The logged updates, in the order of their steps.
    pub fn updates(&self) -> &[Update] {
        &self.updates
    }

    /// Numbers kept: the updates, the start and the end, and which rows each update used.
    pub fn storage(&self) -> Storage {
        let vectors = self.updates.len() as u128 + 2;
        let rows: usize = self.updates.iter().map(|u| u.rows.len()).sum();
        Storage {
            coordinates: vectors * self.start.len() as u128,
            indices: (self.updates.len() + rows) as u128,
        }
    }

    /// `θ_0 + Σ_t Δ_t`, added up in order: the trained parameters up to rounding.
    ///
    /// # Errors
    /// [`Error::Invalid`] when only some updates were logged.
    pub fn replay(&self) -> Result<DVector<f64>> {
        self.check_complete(0)?;
        Ok(self.updates.iter().fold(self.start.clone(), |sum, u| sum + &u.change))
    }

    /// `θ_T` minus the last `m` updates, latest first: the checkpoint `θ_{T−m}` up to rounding.
    ///
    /// ```
    /// use nalgebra::dvector;
    /// use unlearn::train::{log::UpdateLog, plan::{Plan, Step}, sgd::Trajectory};
    /// let plan = Plan::new(vec![Step { rows: vec![0], eta: 0.5 }; 2], 0.0, 0.0).unwrap();
    /// let run = Trajectory { points: vec![dvector![0.0], dvector![1.0], dvector![1.5]] };
    /// let log = UpdateLog::new(&plan, &run).unwrap();
    /// assert_eq!(log.before(1).unwrap(), dvector![1.0]);
    /// assert_eq!(log.replay().unwrap(), dvector![1.5]);
    /// assert_eq!(log.storage().coordinates, 4);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when there were fewer steps, or one of the last `m` was not logged.
    pub fn before(&self, m: usize) -> Result<DVector<f64>> {
        if m > self.steps {
            return Err(Error::Invalid(format!(
                "the run has {} steps; {m} cannot be taken back",
                self.steps
            )));
        }
        let first = self.steps - m;
        self.check_complete(first)?;
        let suffix = self.updates.iter().rev().take_while(|u| u.step >= first);
        Ok(suffix.fold(self.last.clone(), |sum, u| sum - &u.change))
    }

    fn check_complete(&self, first: usize) -> Result<()> {
        let logged = self.updates.iter().filter(|u| u.step >= first).count();
        if logged < self.steps - first {
            return Err(Error::Invalid(format!(
                "{logged} of the last {} updates were logged; log all of them",
                self.steps - first
            )));
        }
        Ok(())
    }

    /// The logged updates whose batch holds a forgotten row, as positions in [`UpdateLog::updates`].
    pub fn touched(&self, forget: &RowSet) -> Vec<usize> {
        let touches = |u: &Update| u.rows.iter().any(|&i| forget.contains(i));
        (0..self.updates.len()).filter(|&n| touches(&self.updates[n])).collect()
    }

    /// `θ_T − Σ Δ_t` over the updates at these positions, in order: amnesiac unlearning (Graves et al. 2021).
    ///
    /// Panics on a position that does not exist.
    pub fn without(&self, positions: &[usize]) -> DVector<f64> {
        positions.iter().fold(self.last.clone(), |sum, &n| sum - &self.updates[n].change)
    }
}

/// One summed update per unit.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitLog {
    units: Units,
    last: DVector<f64>,
    sums: Vec<DVector<f64>>,
}

impl UnitLog {
    /// `C_u = Σ_{t: batch ⊂ u} Δ_t`, for batches that each lie within one unit (batches that are the same in every
    /// epoch, or slices trained one after the other). Batches of rows in no unit are not logged.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming a batch that belongs to no single unit; [`Error::Shape`] when sizes disagree.
    pub fn of_batches(plan: &Plan, run: &Trajectory, units: &Units) -> Result<UnitLog> {
        let log = UpdateLog::new(plan, run)?;
        let mut sums = vec![DVector::zeros(run.start().len()); units.len()];
        for update in log.updates() {
            let of = |i: &usize| units.of(*i);
            let unit = of(&update.rows[0]);
            if update.rows.iter().any(|i| of(i) != unit) {
                return Err(Error::Invalid(format!(
                    "the batch of step {} has rows of several units; log it per batch, or train unit by unit",
                    update.step
                )));
            }
            if let Some(u) = unit {
                sums[u] += &update.change;
            }
        }
        Ok(UnitLog { units: units.clone(), last: run.last().clone(), sums })
    }

    /// What the rows of each unit contributed, whatever else was in their batches (fixed divisors; the regulariser
    /// belongs to no row).
    ///
    /// # Errors
    /// [`Error::Shape`] when sizes disagree, [`Error::Invalid`] when a batch names a row that does not exist.
    pub fn of_samples(problem: &Problem, plan: &Plan, run: &Trajectory, units: &Units) -> Result<UnitLog> {
        Error::check_shape("points of the run (steps + 1)", plan.len() + 1, run.points.len())?;
        Error::check_shape("parameters of the run", problem.active(), run.start().len())?;
        Error::check_shape("rows of the units", problem.rows(), units.total())?;
        let kernel = plan.kernel();
        let mut sums = vec![DVector::zeros(problem.active()); units.len()];
        let (mut g, mut ws) = (DVector::zeros(problem.active()), problem.network().workspace());
        for (t, step) in plan.steps.iter().enumerate() {
            let divisor = step.rows.len() as f64;
            for &i in &step.rows {
                if i >= problem.rows() {
                    return Err(Error::Invalid(format!(
                        "step {t} uses row {i}; the data has {} rows",
                        problem.rows()
                    )));
                }
                if let Some(u) = units.of(i) {
                    write_loss_gradient(
                        problem,
                        std::iter::once(i),
                        divisor,
                        &run.points[t],
                        &mut ws,
                        &mut g,
                    );
                    sums[u].axpy(-kernel[t], &g, 1.0);
                }
            }
        }
        Ok(UnitLog { units: units.clone(), last: run.last().clone(), sums })
    }

    /// The units.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// `C_u` of every unit.
    pub fn sums(&self) -> &[DVector<f64>] {
        &self.sums
    }

    /// Numbers kept: the sums, the end, and the unit of every row.
    pub fn storage(&self) -> Storage {
        let vectors = self.sums.len() as u128 + 1;
        Storage { coordinates: vectors * self.last.len() as u128, indices: self.units.total() as u128 }
    }

    /// `θ_T − Σ C_u` over the units that the forget set consists of.
    ///
    /// # Errors
    /// As [`Units::covering`].
    pub fn without(&self, forget: &RowSet) -> Result<DVector<f64>> {
        let units = self.units.covering(forget)?;
        Ok(units.into_iter().fold(self.last.clone(), |sum, u| sum - &self.sums[u]))
    }
}
