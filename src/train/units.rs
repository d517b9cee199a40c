//! What is forgotten together: rows, slices or users, as disjoint sets of rows.

use crate::data::RowSet;
use crate::error::{Error, Result};

/// Disjoint units of rows. Rows in no unit cannot be forgotten.
#[derive(Debug, Clone, PartialEq)]
pub struct Units {
    members: Vec<Vec<usize>>,
    /// The unit of each row.
    of: Vec<Option<usize>>,
}

impl Units {
    /// Every row of `total` on its own: unit `i` is row `i`.
    pub fn rows(total: usize) -> Units {
        Units { members: (0..total).map(|i| vec![i]).collect(), of: (0..total).map(Some).collect() }
    }

    /// The rows of a set, each on its own, in their order.
    pub fn each_of(rows: &RowSet) -> Units {
        let members = rows.rows().iter().map(|&i| vec![i]).collect();
        Units::new(rows.total(), members).expect("the rows of a set are distinct and in range")
    }

    /// Given units of `total` rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty unit, a row that does not exist, or a row in two units (or twice in one).
    pub fn new(total: usize, members: Vec<Vec<usize>>) -> Result<Units> {
        let mut of = vec![None; total];
        for (u, rows) in members.iter().enumerate() {
            if rows.is_empty() {
                return Err(Error::Invalid(format!("unit {u} has no row")));
            }
            for &i in rows {
                match of.get_mut(i) {
                    None => {
                        return Err(Error::Invalid(format!(
                            "unit {u} names row {i}; there are {total} rows"
                        )));
                    }
                    Some(Some(other)) => {
                        return Err(Error::Invalid(format!("row {i} is in the units {other} and {u}")));
                    }
                    Some(free) => *free = Some(u),
                }
            }
        }
        Ok(Units { members, of })
    }

    /// The rows of each unit.
    pub fn members(&self) -> &[Vec<usize>] {
        &self.members
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Is there no unit?
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Number of rows, those in no unit included.
    pub fn total(&self) -> usize {
        self.of.len()
    }

    /// The unit that row `i` belongs to.
    pub fn of(&self, i: usize) -> Option<usize> {
        self.of.get(i).copied().flatten()
    }

    /// The units that a forget set consists of, increasing.
    ///
    /// ```
    /// use unlearn::{data::RowSet, train::units::Units};
    /// let slices = Units::new(5, vec![vec![0, 1], vec![2, 3]]).unwrap();
    /// let forget = |rows: &[usize]| slices.covering(&RowSet::new(5, rows.to_vec()).unwrap());
    /// assert_eq!(forget(&[3, 2]).unwrap(), [1]);
    /// assert!(forget(&[0]).unwrap_err().to_string().contains("1 of its 2 rows"));
    /// assert!(forget(&[4]).unwrap_err().to_string().contains("row 4"));
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for a set of another number of rows, [`Error::Invalid`] when a row is in no unit or a unit
    /// would be forgotten in part: what is kept for a unit cannot be divided.
    pub fn covering(&self, forget: &RowSet) -> Result<Vec<usize>> {
        Error::check_shape("rows of the units", self.total(), forget.total())?;
        let mut hit = vec![0; self.len()];
        for &i in forget.rows() {
            match self.of[i] {
                Some(u) => hit[u] += 1,
                None => {
                    let why = format!("row {i} is in no unit, so nothing was kept to forget it by; retrain");
                    return Err(Error::Invalid(why));
                }
            }
        }
        for (u, (&hit, rows)) in hit.iter().zip(&self.members).enumerate() {
            if hit != 0 && hit != rows.len() {
                return Err(Error::Invalid(format!(
                    "unit {u} would be forgotten in part ({hit} of its {} rows); use smaller units or retrain",
                    rows.len()
                )));
            }
        }
        Ok((0..self.len()).filter(|&u| hit[u] > 0).collect())
    }
}
