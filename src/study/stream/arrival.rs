//! Which rows are asked to be forgotten, and when.

use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::sisa::partition::Partition;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::fmt;
use std::str::FromStr;

/// A pattern of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// One row per request, drawn uniformly.
    Uniform,
    /// One row per request, all from as few shards as possible: shard after shard, uniformly within.
    Clustered,
    /// One row per request, from the last slices first: the rows that a stage saw last are asked for first.
    Recent,
    /// Mixed: every fourth request has a twentieth of the rows, the others one each.
    Bursts,
}

/// Every pattern, with its name.
pub const PATTERNS: [(Arrival, &str); 4] = [
    (Arrival::Uniform, "uniform"),
    (Arrival::Clustered, "clustered"),
    (Arrival::Recent, "recent"),
    (Arrival::Bursts, "bursts"),
];

impl Arrival {
    /// The requests, disjoint, at most `count` of them: fewer when less than a tenth of the rows would be left. Fewer
    /// requests are the first ones of more; those of [`Arrival::Uniform`] and [`Arrival::Bursts`] do not depend on the
    /// partition.
    ///
    /// ```
    /// use unlearn::sisa::partition::Partition;
    /// use unlearn::study::stream::Arrival;
    /// let p = Partition::new(4, vec![vec![vec![0], vec![1]], vec![vec![2], vec![3]]]).unwrap();
    /// let rows = |a: Arrival| -> Vec<Vec<usize>> {
    ///     a.requests(&p, 2, 7).unwrap().iter().map(|r| r.rows().to_vec()).collect()
    /// };
    /// let recent = rows(Arrival::Recent).concat();
    /// assert!(recent == [1, 3] || recent == [3, 1]);                 // both second slices
    /// let clustered = rows(Arrival::Clustered).concat();
    /// assert_eq!(p.place(clustered[0]).unwrap().0, p.place(clustered[1]).unwrap().0);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 requests or when no row can be forgotten.
    pub fn requests(self, partition: &Partition, count: usize, seed: u64) -> Result<Vec<RowSet>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Another stream of the generator: a partition is often drawn from the same seed, and who asks has nothing to do
        // with it.
        rng.set_stream(1);
        // Rows first: where they are does not change who asks.
        let mut rows: Vec<usize> = partition.shards().iter().flatten().flatten().copied().collect();
        rows.sort_unstable();
        rows.shuffle(&mut rng);
        let mut ranks: Vec<usize> = (0..partition.shards().len()).collect();
        ranks.shuffle(&mut rng);
        let place = |i: usize| {
            let (k, r) = partition.place(i).expect("a row of the partition");
            (ranks[k], partition.shards()[k].len() - r)
        };
        let mut order: Vec<(usize, usize, usize)> = rows
            .into_iter()
            .map(|i| {
                let (rank, late) = place(i);
                (rank, late, i)
            })
            .collect();
        match self {
            Arrival::Uniform | Arrival::Bursts => {}
            Arrival::Clustered => order.sort_by_key(|&(k, ..)| k),
            Arrival::Recent => order.sort_by_key(|&(_, late, _)| late),
        }
        let total = order.len();
        let (most, burst) = (total - total.div_ceil(10), (total / 20).max(1));
        let mut rows = order.into_iter().take(most).map(|(.., i)| i);
        let mut requests = Vec::new();
        for n in 1..=count {
            let size = if self == Arrival::Bursts && n % 4 == 0 { burst } else { 1 };
            match RowSet::new(partition.total(), rows.by_ref().take(size).collect()) {
                Ok(request) => requests.push(request),
                Err(_) => break, // no row left
            }
        }
        if requests.is_empty() {
            return Err(Error::Invalid(format!(
                "{count} requests on {total} rows: at least one request and one row that can be forgotten are needed"
            )));
        }
        Ok(requests)
    }
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = PATTERNS.iter().find(|(a, _)| a == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for Arrival {
    type Err = Error;
    fn from_str(s: &str) -> Result<Arrival> {
        PATTERNS.iter().find(|(_, name)| *name == s).map(|(a, _)| *a).ok_or_else(|| {
            let names: Vec<&str> = PATTERNS.iter().map(|(_, name)| *name).collect();
            Error::Invalid(format!("unknown pattern of requests '{s}'; choose {}", names.join(", ")))
        })
    }
}
