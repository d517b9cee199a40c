//! Which row is in which shard and slice.

use crate::data::RowSet;
use crate::error::{Error, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Disjoint shards of rows, each an ordered list of disjoint slices, none empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    total: usize,
    shards: Vec<Vec<Vec<usize>>>,
    /// `(shard, slice)` of each row of the data; rows outside (held out) have none.
    place: Vec<Option<(usize, usize)>>,
}

impl Partition {
    /// A partition written out: shard → slice → rows of a data set with `total` rows. Rows may be left out (held-out
    /// rows are in no shard); shards may have different numbers of slices.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no shard, a shard without slices, an empty slice, a row out of range or in two places.
    pub fn new(total: usize, shards: Vec<Vec<Vec<usize>>>) -> Result<Partition> {
        let refuse = |why: String| Err(Error::Invalid(why));
        if shards.is_empty() {
            return refuse("a partition needs at least one shard".into());
        }
        let mut place = vec![None; total];
        for (k, slices) in shards.iter().enumerate() {
            if slices.is_empty() {
                return refuse(format!("shard {k} has no slice; give it one with at least one row"));
            }
            for (i, rows) in slices.iter().enumerate() {
                if rows.is_empty() {
                    return refuse(format!("slice {i} of shard {k} has no row; use fewer slices"));
                }
                for &row in rows {
                    match place.get_mut(row) {
                        None => return refuse(format!("row {row} of a data set with {total} rows")),
                        Some(Some((a, b))) => {
                            return refuse(format!(
                                "row {row} is in slice {b} of shard {a} and in slice {i} of shard {k}"
                            ));
                        }
                        Some(free) => *free = Some((k, i)),
                    }
                }
            }
        }
        Ok(Partition { total, shards, place })
    }

    /// All rows in an order drawn from the seed, cut into `shards` shards and each of these into `slices` slices. Sizes
    /// of shards differ by at most 1, and so do those of the slices of one shard.
    ///
    /// ```
    /// use unlearn::sisa::partition::Partition;
    /// let p = Partition::uniform(7, 2, 3, 0).unwrap();
    /// let sizes: Vec<Vec<usize>> = p.shards().iter().map(|s| s.iter().map(Vec::len).collect()).collect();
    /// assert_eq!(sizes, [vec![2, 1, 1], vec![1, 1, 1]]);
    /// let text = Partition::uniform(7, 2, 4, 0).unwrap_err().to_string();
    /// assert!(text.contains("at most 3 slices"), "{text}");
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for no shard or slice, or more of them than there are rows.
    pub fn uniform(total: usize, shards: usize, slices: usize, seed: u64) -> Result<Partition> {
        if shards == 0 || slices == 0 {
            return Err(Error::Invalid(format!(
                "{shards} shards of {slices} slices: both must be 1 or more"
            )));
        }
        if shards > total {
            return Err(Error::Invalid(format!(
                "{shards} shards of {total} rows: use at most {total} shards"
            )));
        }
        if slices > total / shards {
            return Err(Error::Invalid(format!(
                "{slices} slices in each of {shards} shards of {total} rows: use at most {} slices",
                total / shards
            )));
        }
        let mut order: Vec<usize> = (0..total).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let cut = |rows: &[usize]| even(rows, slices).map(<[usize]>::to_vec).collect();
        Partition::new(total, even(&order, shards).map(cut).collect())
    }

    /// Distribution-aware sharding (Bourtoule et al. 2021, arXiv 1912.03817, Algorithm 1; recalled): rows in the order
    /// of their probability of deletion `p`, the least probable first, fill a shard for as long as its expected
    /// number of deletions `Σp` stays below `most`; the row that would reach `most` opens the next shard. A row with
    /// `p ≥ most` is alone in its shard (as printed, the algorithm would leave an empty shard before such a row if it came
    /// first). Rows of equal probability come in their own order.
    ///
    /// Within a shard the same order fills at most `slices` slices, so that what is likely to go is in the last
    /// ones, where least has to be redone (derived here).
    ///
    /// ```
    /// use unlearn::sisa::partition::Partition;
    /// // Sorted: row 1 (0), 3 (0.125), 0 (0.25), 2 (0.5); below ½ together: 1, 3, 0.
    /// let p = Partition::distribution_aware(&[0.25, 0.0, 0.5, 0.125], 0.5, 2).unwrap();
    /// assert_eq!(p.shards(), [vec![vec![1, 3], vec![0]], vec![vec![2]]]);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for no row or slice, a probability outside `[0, 1]` or a `most` that is not positive.
    pub fn distribution_aware(probabilities: &[f64], most: f64, slices: usize) -> Result<Partition> {
        let refuse = |why: String| Err(Error::Invalid(why));
        if slices == 0 {
            return refuse("0 slices: a shard needs at least one".into());
        }
        if !(most > 0.0 && most.is_finite()) {
            return refuse(format!(
                "expected deletions of a shard {most}: it must be positive and finite (1 is a deletion per shard)"
            ));
        }
        if let Some(i) = probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return refuse(format!("row {i} has probability {}: it must be in [0, 1]", probabilities[i]));
        }
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]).then(a.cmp(&b)));
        let mut shards: Vec<Vec<usize>> = Vec::new();
        let mut expected = 0.0;
        for row in order {
            let p = probabilities[row];
            match shards.last_mut() {
                Some(shard) if expected + p < most => {
                    shard.push(row);
                    expected += p;
                }
                _ => {
                    shards.push(vec![row]);
                    expected = p;
                }
            }
        }
        let cut = |rows: &Vec<usize>| even(rows, slices.min(rows.len())).map(<[usize]>::to_vec).collect();
        Partition::new(probabilities.len(), shards.iter().map(cut).collect())
    }

    /// Shard → slice → rows.
    pub fn shards(&self) -> &[Vec<Vec<usize>>] {
        &self.shards
    }

    /// Number of rows of the data set that the indices refer to.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Number of rows in the shards.
    pub fn rows(&self) -> usize {
        self.place.iter().flatten().count()
    }

    /// `(shard, slice)` of a row, `None` for one that is held out or does not exist.
    pub fn place(&self, row: usize) -> Option<(usize, usize)> {
        self.place.get(row).copied().flatten()
    }

    /// The first slice of each shard that holds one of the rows.
    ///
    /// # Errors
    /// [`Error::Shape`] when the rows refer to another data set, [`Error::Invalid`] when one is in no shard.
    pub fn first_hit(&self, rows: &RowSet) -> Result<Vec<Option<usize>>> {
        Error::check_shape("rows the request refers to", self.total, rows.total())?;
        let mut first = vec![None; self.shards.len()];
        for &row in rows.rows() {
            let Some((shard, slice)) = self.place[row] else {
                return Err(Error::Invalid(format!(
                    "row {row} is in no shard: no model was trained on it, so there is nothing to forget"
                )));
            };
            let at: &mut Option<usize> = &mut first[shard];
            *at = Some(at.map_or(slice, |s| s.min(slice)));
        }
        Ok(first)
    }
}

/// Consecutive parts whose sizes differ by at most 1, the larger ones first.
fn even(rows: &[usize], parts: usize) -> impl Iterator<Item = &[usize]> {
    let (size, larger) = (rows.len() / parts, rows.len() % parts);
    (0..parts).map(move |i| {
        let start = i * size + i.min(larger);
        &rows[start..start + size + usize::from(i < larger)]
    })
}
