//! How far apart the outputs of two models can be, over the rows.

use crate::enclosure::Enclosed;
use crate::numeric::interval::Interval;

/// The largest gap over all rows and over those that count.
pub(super) fn over_rows(rows: &Enclosed<'_>, gap: impl FnMut(usize) -> Interval) -> (Interval, Interval) {
    let gaps: Vec<Interval> = (0..rows.problem().rows()).map(gap).collect();
    let retained = rows.rows().iter().map(|&(i, _)| gaps[i]).fold(Interval::ZERO, Interval::max);
    (gaps.into_iter().fold(Interval::ZERO, Interval::max), retained)
}
