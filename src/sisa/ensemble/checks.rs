//! Which deletions and updates an ensemble accepts.

use super::{Ensemble, Update};
use crate::data::RowSet;
use crate::error::{Error, Result};

impl Ensemble {
    /// All rows deleted once the request is.
    pub(super) fn deleted_after(&self, request: &RowSet) -> Result<RowSet> {
        let mut rows: Vec<usize> = self.deleted.as_ref().map_or(Vec::new(), |d| d.rows().to_vec());
        rows.extend(request.rows().iter().filter(|&&i| !self.is_deleted(i)));
        let deleted = RowSet::new(request.total(), rows)?;
        self.check_deleted(&deleted)?;
        Ok(deleted)
    }

    pub(super) fn check_deleted(&self, deleted: &RowSet) -> Result<()> {
        self.blueprint.problem().check_forget(deleted)?;
        self.blueprint.partition().first_hit(deleted)?;
        if (0..self.models.len()).all(|k| self.blueprint.kept(k, Some(deleted)) == 0) {
            return Err(Error::Invalid(
                "every row of every shard would be forgotten; nothing is left to train on".into(),
            ));
        }
        Ok(())
    }

    pub(super) fn check_updates(&self, updates: &[Update]) -> Result<()> {
        let mut shards = Vec::new();
        for Update { shard, theta, bound } in updates {
            if *shard >= self.models.len() {
                return Err(Error::Invalid(format!(
                    "shard {shard} of an ensemble with {}",
                    self.models.len()
                )));
            }
            if shards.contains(shard) {
                return Err(Error::Invalid(format!("two updates for shard {shard}: give one")));
            }
            shards.push(*shard);
            Error::check_shape("parameters of an update", self.models[*shard].len(), theta.len())?;
            if !theta.iter().all(|v| v.is_finite()) {
                return Err(Error::Invalid(format!(
                    "the update of shard {shard} has a parameter that is not finite"
                )));
            }
            if let Some(b) = bound.filter(|b| !(*b >= 0.0 && b.is_finite())) {
                return Err(Error::Invalid(format!(
                    "the bound {b} of shard {shard} must be finite and 0 or larger; give none when none is known"
                )));
            }
        }
        Ok(())
    }
}
