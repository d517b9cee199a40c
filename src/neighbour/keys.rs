//! Where LegoNet's adapters lie: keys in feature space, and which of them remember a training row.

use super::encoder::Encoder;
use crate::data::{Dataset, RowSet};
use crate::error::{Error, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The keys `K_1 … K_n`, in the order in which ties are broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Keys {
    pub(super) vectors: Vec<Vec<f64>>,
    /// The training row each key encodes; `None` when the keys come from elsewhere.
    pub(super) donors: Option<Vec<usize>>,
    noise: f64,
    seed: u64,
}

impl Keys {
    /// Keys from rows of other, public data: `En(x*) + ξ` for `count` rows drawn without repetition, `ξ ∼ N(0, noise²I)`.
    /// The default: no deletion can touch them.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are fewer rows than keys, none is asked for, or the noise is negative;
    /// [`Error::Shape`] when the encoder is for other data.
    pub fn external(encoder: &Encoder, data: &Dataset, count: usize, noise: f64, seed: u64) -> Result<Keys> {
        Ok(Keys { donors: None, ..Keys::from_training(encoder, data, count, noise, seed, None)? })
    }

    /// Keys as in the paper (equation 3): the encodings of training rows. `deleted` rows are skipped, so that
    /// this is also how keys are drawn when training from scratch without them: the same seed, the same order.
    ///
    /// The noise of a key depends on the seed and its row alone.
    ///
    /// # Errors
    /// As [`Keys::external`].
    pub fn from_training(
        encoder: &Encoder,
        data: &Dataset,
        count: usize,
        noise: f64,
        seed: u64,
        deleted: Option<&RowSet>,
    ) -> Result<Keys> {
        Error::check_shape("features (encoder inputs against data columns)", encoder.inputs(), data.cols())?;
        if !(noise >= 0.0 && noise.is_finite()) {
            return Err(Error::Invalid(format!("noise {noise}: it must be a finite number, 0 or larger")));
        }
        if let Some(deleted) = deleted {
            Error::check_shape("rows the deleted set refers to", data.rows(), deleted.total())?;
        }
        let mut keys = Keys { vectors: Vec::new(), donors: Some(Vec::new()), noise, seed };
        keys.refill(encoder, data, count, |i| deleted.is_some_and(|d| d.contains(i)))?;
        Ok(keys)
    }

    /// Any keys.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a key, [`Error::Shape`] when they differ in length, [`Error::Data`] when an entry is not
    /// finite.
    pub fn given(vectors: Vec<Vec<f64>>) -> Result<Keys> {
        let Some(first) = vectors.first() else {
            return Err(Error::Invalid("LegoNet needs at least one key".into()));
        };
        for v in &vectors {
            Error::check_shape("coordinates of a key", first.len(), v.len())?;
            if v.iter().any(|x| !x.is_finite()) {
                return Err(Error::Data("a key has an entry that is not finite".into()));
            }
        }
        Ok(Keys { vectors, donors: None, noise: 0.0, seed: 0 })
    }

    /// `n`.
    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    /// Never: a set of keys has at least one.
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// The training row behind each key, when they come from training rows.
    pub fn donors(&self) -> Option<&[usize]> {
        self.donors.as_deref()
    }

    /// Drops the keys of forgotten donors; returns the positions dropped.
    pub(super) fn drop_donors(&mut self, gone: impl Fn(usize) -> bool) -> Vec<usize> {
        let Some(donors) = &mut self.donors else { return Vec::new() };
        let dropped: Vec<usize> = (0..donors.len()).filter(|&j| gone(donors[j])).collect();
        donors.retain(|&row| !gone(row));
        let mut position = 0;
        self.vectors.retain(|_| {
            position += 1;
            !dropped.contains(&(position - 1))
        });
        dropped
    }

    /// Adds the next rows of the seed's order until there are `count` keys. Rows already used come earlier in
    /// that order, so the result is what drawing anew without the rows `gone` gives, in the same order.
    pub(super) fn refill(
        &mut self,
        encoder: &Encoder,
        data: &Dataset,
        count: usize,
        gone: impl Fn(usize) -> bool,
    ) -> Result<()> {
        let mut order: Vec<usize> = (0..data.rows()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(self.seed));
        let left: Vec<usize> = order.into_iter().filter(|&i| !gone(i)).collect();
        if count == 0 || left.len() < count {
            return Err(Error::Invalid(format!(
                "{count} keys from {} rows: there must be at least one key and a row for each",
                left.len()
            )));
        }
        let mut x = vec![0.0; encoder.inputs()];
        let donors = self.donors.get_or_insert_default();
        for &row in &left[donors.len()..count] {
            data.design().row(row).write_dense(&mut x);
            let mut key = encoder.encode(&x);
            if self.noise > 0.0 {
                let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
                rng.set_stream(row as u64 + 1);
                for v in &mut key {
                    let draw: f64 = StandardNormal.sample(&mut rng);
                    *v += self.noise * draw;
                }
            }
            if key.iter().any(|v| !v.is_finite()) {
                return Err(Error::Data(format!("the key of row {row} overflows; standardise the data")));
            }
            donors.push(row);
            self.vectors.push(key);
        }
        Ok(())
    }
}
