//! What an ensemble knows: its models, their status, what a request would cost, what it predicts.

use super::super::aggregate::{Aggregate, Prediction, Weights, combine, outputs};
use super::super::blueprint::Blueprint;
use super::super::workload::{Workload, fresh, redo};
use super::{Ensemble, Status};
use crate::data::{Row, RowSet};
use crate::error::{Error, Result};
use nalgebra::DVector;

impl Ensemble {
    /// What [`Ensemble::forget`] will cost: exactly, as long as the store holds the checkpoints of the stages before
    /// those (it visits more rows when they were lost, and fewer when an interrupted attempt left later ones behind).
    ///
    /// # Errors
    /// As [`crate::sisa::workload::workload`].
    pub fn workload(&self, request: &RowSet) -> Result<Workload> {
        let mut from = self.first_hit(request)?;
        for (from, pending) in from.iter_mut().zip(&self.pending) {
            if let (Some(stage), Some(pending)) = (from.as_mut(), pending) {
                *stage = (*stage).min(*pending);
            }
        }
        self.count(&from, |i| self.is_deleted(i) || request.contains(i))
    }

    /// What [`Ensemble::heal`] will cost, as [`Ensemble::workload`].
    ///
    /// # Errors
    /// As [`Ensemble::workload`].
    pub fn healing(&self) -> Result<Workload> {
        self.count(&self.pending, |i| self.is_deleted(i))
    }

    /// The blueprint.
    pub fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    /// The parameters of every shard's model.
    pub fn models(&self) -> &[DVector<f64>] {
        &self.models
    }

    /// What is known of every shard's model.
    pub fn status(&self) -> &[Status] {
        &self.status
    }

    /// All rows deleted so far.
    pub fn deleted(&self) -> Option<&RowSet> {
        self.deleted.as_ref()
    }

    /// The shards that a request hits, increasing: those with a row of it that was not deleted before.
    ///
    /// # Errors
    /// As [`crate::sisa::partition::Partition::first_hit`].
    pub fn hit(&self, request: &RowSet) -> Result<Vec<usize>> {
        let first = self.first_hit(request)?;
        Ok((0..first.len()).filter(|&k| first[k].is_some()).collect())
    }

    /// The joint prediction for a row of features. Shards without a row left have no say.
    ///
    /// # Errors
    /// As [`combine`].
    pub fn predict(&self, x: Row<'_>, rule: Aggregate, weights: Weights) -> Result<Prediction> {
        let kept = (0..self.models.len()).map(|k| self.blueprint.kept(k, self.deleted.as_ref()));
        let problem = self.blueprint.problem();
        let each: Vec<Vec<f64>> = self.models.iter().map(|theta| outputs(problem, theta, x)).collect();
        combine(problem.model().loss(), &each, &weights.of(kept), rule)
    }

    pub(super) fn is_deleted(&self, row: usize) -> bool {
        self.deleted.as_ref().is_some_and(|d| d.contains(row))
    }

    pub(super) fn count(&self, from: &[Option<usize>], gone: impl Fn(usize) -> bool) -> Result<Workload> {
        redo(self.blueprint.partition(), &self.blueprint.settings().epochs, from, gone)
    }

    pub(super) fn first_hit(&self, request: &RowSet) -> Result<Vec<Option<usize>>> {
        let partition = self.blueprint.partition();
        Error::check_shape("rows the request refers to", partition.total(), request.total())?;
        match fresh(self.deleted.as_ref(), request) {
            Some(fresh) => partition.first_hit(&fresh),
            None => Ok(vec![None; self.models.len()]),
        }
    }
}
