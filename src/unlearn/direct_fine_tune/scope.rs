//! On which rows a recorded run is fine-tuned.

use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::train::plan::Plan;

/// Which of the rows kept are fine-tuned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those that shared a batch with a forgotten row.
    Affected,
}

impl Scope {
    /// Both, with their names.
    pub(super) const ALL: [(Scope, &'static str); 2] = [(Scope::All, "all"), (Scope::Affected, "affected")];

    pub(super) fn name(self) -> &'static str {
        Scope::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, name)| name)
    }

    /// The rows, increasing.
    ///
    /// ```
    /// use unlearn::data::RowSet;
    /// use unlearn::train::plan::{Plan, Step};
    /// use unlearn::unlearn::direct_fine_tune::Scope;
    /// let steps = [vec![0, 1], vec![2, 3], vec![4]].map(|rows| Step { rows, eta: 0.1 });
    /// let plan = Plan::new(steps.to_vec(), 0.0, 0.0).unwrap();
    /// let forget = RowSet::new(5, vec![3]).unwrap();
    /// assert_eq!(Scope::Affected.rows(&plan, &forget).unwrap(), [2]);
    /// assert_eq!(Scope::All.rows(&plan, &forget).unwrap(), [0, 1, 2, 4]);
    /// assert!(Scope::Affected.rows(&plan, &RowSet::new(5, vec![4]).unwrap()).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when no row kept shared a batch with a forgotten one.
    pub fn rows(self, plan: &Plan, forget: &RowSet) -> Result<Vec<usize>> {
        let kept = |rows: &mut dyn Iterator<Item = usize>| rows.filter(|i| !forget.contains(*i)).collect();
        let mut rows: Vec<usize> = match self {
            Scope::All => kept(&mut (0..forget.total())),
            Scope::Affected => {
                let hit = plan.steps.iter().filter(|s| s.rows.iter().any(|i| forget.contains(*i)));
                kept(&mut hit.flat_map(|s| s.rows.iter().copied()))
            }
        };
        rows.sort_unstable();
        rows.dedup();
        if rows.is_empty() {
            return Err(Error::Invalid(
                "no row that is kept shared a batch with a forgotten one, so that there is nothing to fine-tune on; use \
                 scope all"
                    .into(),
            ));
        }
        Ok(rows)
    }
}
