//! Which rows are trained on, tested on, forgotten and retained.

use super::{Dataset, RowSet};
use crate::error::{Error, Result};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// How many of some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// This many.
    Count(usize),
    /// This part, from 0 to 1, rounded to the nearest number of rows. A positive part that rounds
    /// to no row at all is an error, not an empty set.
    Fraction(f64),
}

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq)]
pub enum Forget {
    /// Training rows drawn uniformly; a fraction is one of the training rows.
    Random(Amount),
    /// Training rows with this target; a fraction is one of those rows, `Fraction(1.0)` the whole
    /// class. The test rows keep the class, so that forgetting it can be seen there.
    Class(f64, Amount),
    /// These rows of the data set; they are never drawn for testing.
    Rows(Vec<usize>),
}

/// A partition of the rows `0..total` of a data set: `test ∪ forget ∪ retain`, disjoint, where
/// `train = forget ∪ retain` and neither `forget` nor `retain` is empty.
///
/// Every index set of this type is increasing and refers to the rows of the *whole* data set.
/// Whoever works on the training rows alone takes both the rows and the renumbered forget set from
/// [`Split::training_data`], so the two numberings never meet.
///
/// ```
/// use unlearn::data::{Amount, Forget, Split, builtin};
/// let iris = builtin::load("iris").unwrap();
/// let split = Split::draw(&iris, Amount::Count(30), &Forget::Random(Amount::Fraction(0.1)), 7).unwrap();
/// assert_eq!((split.test().len(), split.train().len()), (30, 120));
/// assert_eq!((split.forget().len(), split.retain().len()), (12, 108));
/// let (train, forget) = split.training_data(&iris).unwrap();
/// assert_eq!((train.rows(), forget.total()), (120, 120));
/// // Row k of the training data is row split.train()[k] of iris.
/// assert_eq!(split.train()[forget.rows()[0]], split.forget()[0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    total: usize,
    train: Vec<usize>,
    test: Vec<usize>,
    forget: Vec<usize>,
    retain: Vec<usize>,
}

impl Split {
    /// Draws a split; the same arguments give the same split.
    ///
    /// All random choices are prefixes of one permutation of the rows. So the test rows depend on
    /// the seed and `test` only (unless explicit rows are in their way), and with the same seed a
    /// larger forget set contains a smaller one, as a curve over forget sizes wants it.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a fraction is not in [0, 1], a count is larger than what it counts,
    /// nothing would be forgotten or nothing retained, or explicit rows are out of range or named
    /// twice.
    pub fn draw(data: &Dataset, test: Amount, forget: &Forget, seed: u64) -> Result<Split> {
        let total = data.rows();
        let mut order: Vec<usize> = (0..total).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));

        let explicit = match forget {
            Forget::Rows(rows) => Some(RowSet::new(total, rows.clone())?),
            _ => None,
        };
        let free = |i: &usize| explicit.as_ref().is_none_or(|e| !e.contains(*i));
        let tested = test.of(total, "rows for testing")?;
        let test: Vec<usize> = order.iter().copied().filter(free).take(tested).collect();
        let is_test = membership(total, &test);
        let train: Vec<usize> = order.into_iter().filter(|&i| !is_test[i]).collect();
        if total < 2 {
            return Err(Error::Invalid(format!(
                "{}: there is only one row; forgetting and testing need at least two",
                data.name
            )));
        }
        if test.len() < tested || train.len() < 2 {
            return Err(Error::Invalid(format!(
                "{tested} of {total} rows for testing leave too few for training: at least one row \
                 must be retained besides those to forget; choose a smaller test set"
            )));
        }

        let forget = match (explicit, forget) {
            (Some(rows), _) => rows.rows().to_vec(),
            (None, Forget::Random(amount)) => take(&train, *amount, "training rows to forget")?,
            (None, Forget::Class(label, amount)) => {
                let class: Vec<usize> =
                    train.iter().copied().filter(|&i| data.target()[i] == *label).collect();
                if class.is_empty() {
                    return Err(Error::Invalid(format!(
                        "no training row has the target {label}; targets go from {} to {}",
                        data.target().iter().copied().fold(f64::INFINITY, f64::min),
                        data.target().iter().copied().fold(f64::NEG_INFINITY, f64::max)
                    )));
                }
                take(&class, *amount, "training rows of the class to forget")?
            }
            (None, Forget::Rows(_)) => unreachable!("explicit rows were handled first"),
        };
        if forget.is_empty() {
            return Err(Error::Invalid("nothing would be forgotten; ask for at least one row".into()));
        }
        let is_forgotten = membership(total, &forget);
        let retain: Vec<usize> = train.iter().copied().filter(|&i| !is_forgotten[i]).collect();
        if retain.is_empty() {
            return Err(Error::Invalid(format!(
                "all {} training rows would be forgotten; at least one must be retained",
                train.len()
            )));
        }
        let sorted = |mut rows: Vec<usize>| {
            rows.sort_unstable();
            rows
        };
        Ok(Split {
            total,
            train: sorted(train),
            test: sorted(test),
            forget: sorted(forget),
            retain: sorted(retain),
        })
    }

    /// The rows trained on before anything is forgotten.
    pub fn train(&self) -> &[usize] {
        &self.train
    }

    /// The rows kept aside; may be empty.
    pub fn test(&self) -> &[usize] {
        &self.test
    }

    /// The training rows to forget.
    pub fn forget(&self) -> &[usize] {
        &self.forget
    }

    /// The training rows that stay.
    pub fn retain(&self) -> &[usize] {
        &self.retain
    }

    /// The training rows as a data set of their own, with the forget set *in its numbering*.
    ///
    /// # Errors
    /// [`Error::Shape`] when `data` has not the number of rows the split was drawn for.
    pub fn training_data(&self, data: &Dataset) -> Result<(Dataset, RowSet)> {
        Error::check_shape("rows of the split data set", self.total, data.rows())?;
        let is_forgotten = membership(self.total, &self.forget);
        let renumbered = (0..self.train.len()).filter(|&k| is_forgotten[self.train[k]]).collect();
        Ok((data.select(&self.train)?, RowSet::new(self.train.len(), renumbered)?))
    }

    /// The test rows as a data set of their own; `None` when there are none.
    ///
    /// # Errors
    /// As [`Split::training_data`].
    pub fn test_data(&self, data: &Dataset) -> Result<Option<Dataset>> {
        Error::check_shape("rows of the split data set", self.total, data.rows())?;
        if self.test.is_empty() { Ok(None) } else { data.select(&self.test).map(Some) }
    }
}

impl Amount {
    /// The number of rows this is of `available` ones.
    fn of(self, available: usize, what: &str) -> Result<usize> {
        match self {
            Amount::Count(n) if n > available => {
                Err(Error::Invalid(format!("{n} {what} were asked for, but there are only {available}")))
            }
            Amount::Count(n) => Ok(n),
            Amount::Fraction(f) if !(0.0..=1.0).contains(&f) => {
                Err(Error::Invalid(format!("a fraction of {f} {what}; it must be between 0 and 1")))
            }
            Amount::Fraction(f) => {
                let n = (f * available as f64).round() as usize;
                if n == 0 && f > 0.0 {
                    return Err(Error::Invalid(format!(
                        "a fraction of {f} of {available} {what} rounds to none; ask for more, or for 0"
                    )));
                }
                Ok(n)
            }
        }
    }
}

fn take(rows: &[usize], amount: Amount, what: &str) -> Result<Vec<usize>> {
    Ok(rows[..amount.of(rows.len(), what)?].to_vec())
}

fn membership(total: usize, rows: &[usize]) -> Vec<bool> {
    let mut member = vec![false; total];
    rows.iter().for_each(|&i| member[i] = true);
    member
}
