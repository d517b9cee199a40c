//! What a shard keeps for updates: the vectors that its rows were given along its last exact run.

use super::amend::{Amended, Wish};
use super::stream::{Estimate, Move};
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::sisa::blueprint::Blueprint;
use crate::sisa::ensemble::Update;
use crate::train::coupling::Normalisation;
use crate::train::optimiser::{Optimiser, advance};
use crate::train::sgd::{self, Trajectory};
use crate::train::units::Units;
use crate::unlearn::Guarantee;
use crate::unlearn::precomputed::Precomputed;
use crate::unlearn::slice_fine_tune::Amendment;
use nalgebra::DVector;
use std::cell::{OnceCell, RefCell};

/// The vectors of one shard.
#[derive(Clone)]
pub(super) struct Log {
    /// The rows of the shard that its last exact run was already without, increasing.
    base: Vec<usize>,
    /// Of rows of the shard that were asked for beforehand.
    prepared: OnceCell<Precomputed>,
    /// The last offer and its rows: a plan is usually carried out next.
    recent: RefCell<Option<(Vec<usize>, Offer)>>,
    /// The last amendment, its rows and what was asked for.
    amended: RefCell<Option<(Vec<usize>, Amendment, Amended)>>,
}

/// An update that could be made.
#[derive(Clone)]
pub(super) struct Offer {
    pub(super) theta: DVector<f64>,
    pub(super) estimate: Estimate,
}

impl Log {
    pub(super) fn new(base: Vec<usize>) -> Log {
        Log { base, prepared: OnceCell::new(), recent: RefCell::new(None), amended: RefCell::new(None) }
    }

    /// The rows of a shard among those that are gone.
    pub(super) fn gone_from(blueprint: &Blueprint, shard: usize, gone: Option<&RowSet>) -> Vec<usize> {
        let Some(gone) = gone else { return Vec::new() };
        let here = |i: &usize| blueprint.partition().place(*i).is_some_and(|(k, _)| k == shard);
        gone.rows().iter().copied().filter(here).collect()
    }

    /// The rows of a shard that are gone and that its last exact run still saw.
    pub(super) fn since_exact(&self, blueprint: &Blueprint, shard: usize, gone: &RowSet) -> Vec<usize> {
        let mut rows = Log::gone_from(blueprint, shard, Some(gone));
        rows.retain(|i| self.base.binary_search(i).is_err());
        rows
    }

    /// Why there are no vectors, if there cannot be.
    fn refused(&self, blueprint: &Blueprint) -> Option<String> {
        if !matches!(blueprint.settings().optimiser, Optimiser::Sgd { .. }) {
            return Some(
                "vectors are carried through gradient descent; this ensemble is trained by Adam".into(),
            );
        }
        None
    }

    /// The rows that the last exact run was without.
    fn base(&self, blueprint: &Blueprint) -> Option<RowSet> {
        RowSet::new(blueprint.problem().rows(), self.base.clone()).ok()
    }

    /// The last exact run of gradient descent, point by point.
    pub(super) fn base_run(&self, blueprint: &Blueprint, shard: usize) -> Result<Trajectory> {
        let (problem, plan) = (blueprint.problem(), &blueprint.plan(shard).plan);
        let start = blueprint.start(shard).theta.clone();
        match &self.base(blueprint) {
            Some(base) => sgd::retrain(problem, plan, start, base, Normalisation::Fixed),
            None => sgd::train(problem, plan, start),
        }
    }

    /// The last exact model, trained again.
    pub(super) fn base_model(&self, blueprint: &Blueprint, shard: usize) -> Result<DVector<f64>> {
        let (plan, start) = (&blueprint.plan(shard).plan, blueprint.start(shard).clone());
        let (base, optimiser) = (self.base(blueprint), blueprint.settings().optimiser);
        let (state, _) = advance(blueprint.problem(), plan, optimiser, base.as_ref(), start, 0..plan.len())?;
        Ok(state.theta)
    }

    /// The vectors of some units along the last exact run.
    fn carry(&self, blueprint: &Blueprint, shard: usize, units: &Units) -> Result<Precomputed> {
        let (problem, plan) = (blueprint.problem(), &blueprint.plan(shard).plan);
        let (base, run) = (self.base(blueprint), self.base_run(blueprint, shard)?);
        Precomputed::along(problem, plan, base.as_ref(), &run, units, 1)
    }

    /// The rows, of those given or of all, that the last exact run saw and that have no vector.
    fn missing(&self, blueprint: &Blueprint, shard: usize, only: Option<&RowSet>) -> Option<RowSet> {
        self.refused(blueprint).is_none().then_some(())?;
        let mut rows: Vec<usize> = blueprint.plan(shard).slices.iter().flatten().copied().collect();
        rows.sort_unstable();
        let carried = |i: usize| self.prepared.get().is_some_and(|p| p.units().of(i).is_some());
        rows.retain(|&i| only.is_none_or(|o| o.contains(i)));
        rows.retain(|&i| self.base.binary_search(&i).is_err() && !carried(i));
        RowSet::new(blueprint.problem().rows(), rows).ok()
    }

    /// Carries the vectors of rows, of those given or of all, that have none; the visits that took.
    pub(super) fn prepare(
        &mut self,
        blueprint: &Blueprint,
        shard: usize,
        only: Option<&RowSet>,
    ) -> Result<u64> {
        let Some(rows) = self.missing(blueprint, shard, only) else { return Ok(0) };
        let units = Units::each_of(&rows);
        let visits = |known: &Precomputed| known.preparation().row_visits as u64;
        self.recent = RefCell::new(None);
        self.amended = RefCell::new(None);
        if self.prepared.get().is_none() {
            let made = self.carry(blueprint, shard, &units)?;
            let visits = visits(&made);
            self.prepared = OnceCell::from(made);
            return Ok(visits);
        }
        let (base, run) = (self.base(blueprint), self.base_run(blueprint, shard)?);
        let known = self.prepared.get_mut().expect("looked at above");
        let before = visits(known);
        known.extend(blueprint.problem(), &blueprint.plan(shard).plan, base.as_ref(), &run, &units)?;
        Ok(visits(known) - before)
    }

    /// The visits that carrying all vectors that are missing would take: a gradient per visit of their rows and a
    /// product per visit of the run and vector.
    pub(super) fn preparation(&self, blueprint: &Blueprint, shard: usize) -> u64 {
        let Some(rows) = self.missing(blueprint, shard, None) else { return 0 };
        let visits = || blueprint.plan(shard).plan.steps.iter().flat_map(|s| &s.rows);
        let seen = visits().filter(|i| self.base.binary_search(i).is_err()).count() as u64;
        let own = visits().filter(|i| rows.contains(**i)).count() as u64;
        own + seen * rows.len() as u64
    }

    /// The amendment that was made last, if it was this one.
    pub(super) fn amended_before(&self, rows: &RowSet, amendment: Amendment) -> Option<Amended> {
        let known = self.amended.borrow();
        let (of, by, made) = known.as_ref()?;
        (of == rows.rows() && *by == amendment).then(|| made.clone())
    }

    /// A plan is usually carried out next.
    pub(super) fn remember(&self, rows: &RowSet, amendment: Amendment, made: &Amended) {
        *self.amended.borrow_mut() = Some((rows.rows().to_vec(), amendment, made.clone()));
    }

    /// The shard without all rows that are gone, by its vectors; or why not.
    pub(super) fn offer(
        &self,
        blueprint: &Blueprint,
        shard: usize,
        gone: &RowSet,
    ) -> Result<std::result::Result<Offer, String>> {
        if let Some(why) = self.refused(blueprint) {
            return Ok(Err(why));
        }
        let rows = RowSet::new(gone.total(), self.since_exact(blueprint, shard, gone))?;
        if let Some((known, offer)) = &*self.recent.borrow()
            && known == rows.rows()
        {
            return Ok(Ok(offer.clone()));
        }
        let mut carried = 0;
        let covers = |all: &&Precomputed| rows.rows().iter().all(|&i| all.units().of(i).is_some());
        let made = match self.prepared.get().filter(covers) {
            Some(all) => all.remove(&rows),
            None => self.carry(blueprint, shard, &Units::each_of(&rows)).and_then(|v| {
                carried = v.preparation().row_visits as u64;
                v.remove(&rows)
            }),
        };
        let out = match made {
            Ok(out) => out,
            // Retraining may still be possible.
            Err(why) => return Ok(Err(why.to_string())),
        };
        let (bound, because) = match out.guarantee {
            Guarantee::Exact { theorem } => (Some(0.0), theorem.to_owned()),
            Guarantee::Within { distance, theorem } => (Some(distance), theorem.to_owned()),
            Guarantee::None { why } => (None, why),
        };
        let coordinates = (rows.len() * out.theta.len()) as u64;
        let estimate = Estimate { vectors: rows.len(), coordinates, carried, bound, because };
        let offer = Offer { theta: out.theta, estimate };
        *self.recent.borrow_mut() = Some((rows.rows().to_vec(), offer.clone()));
        Ok(Ok(offer))
    }

    /// Makes a move that is not retraining. `known` is what the shard is now, when that is known: otherwise it is its last
    /// exact model, which is trained again.
    pub(super) fn again(
        &self,
        blueprint: &Blueprint,
        shard: usize,
        gone: &RowSet,
        (choice, amendment): (Move, Option<Amendment>),
        known: Option<Update>,
    ) -> Result<Update> {
        match (choice, amendment) {
            (Move::Update, _) => match self.offer(blueprint, shard, gone)? {
                Ok(Offer { theta, estimate }) => Ok(Update { shard, theta, bound: estimate.bound }),
                Err(why) => Err(Error::Invalid(format!("shard {shard} cannot be updated: {why}"))),
            },
            (Move::Amend, Some(amendment)) => {
                // Without a limit: the path, and so every bit, is the same.
                match self.amend(blueprint, shard, gone, Wish { amendment, limit: None, within: None })? {
                    Ok(Amended { theta, estimate }) => Ok(Update { shard, theta, bound: estimate.bound }),
                    Err(none) => {
                        Err(Error::Invalid(format!("shard {shard} cannot be amended: {}", none.why)))
                    }
                }
            }
            (Move::Amend, None) => {
                Err(Error::Invalid(format!("shard {shard} is to be amended, but it is not said how")))
            }
            (Move::Leave | Move::Retrain, _) => match known {
                Some(known) => Ok(Update { bound: None, ..known }),
                None => Ok(Update { shard, theta: self.base_model(blueprint, shard)?, bound: None }),
            },
        }
    }
}
