//! How far apart the outputs of two linear models can be, row by row.

use crate::enclosure::{Enclosed, read};
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, Sum};

/// The largest `|x̃ᵢ·(θ − θ_r)_c|` over outputs `c` and rows `i`, all and retained, given `θ − θ̂` and
/// `ρ ≥ ‖θ̂ − θ_r‖`: each lies within `‖x̃ᵢ‖ρ` of `|x̃ᵢ·(θ − θ̂)_c|`.
pub(super) fn linear(rows: &Enclosed<'_>, difference: &[Ball], radius: f64) -> (Interval, Interval) {
    let problem = rows.problem();
    let layer = &problem.network().layers[0];
    over_rows(rows, |i| {
        let x = || problem.data().design().row(i);
        layer
            .units
            .iter()
            .map(|unit| {
                let (mut squares, mut near) = (Sum::default(), Sum::default());
                read(unit, x(), layer.fan_in, |p, x| {
                    squares.add(x, Ball::exact(x));
                    near.add(x, difference[p]);
                });
                let slack = (squares.enclosure().sqrt() * Interval::point(radius)).hi();
                (near.enclosure().abs() + Interval::new(-slack, slack)).nonnegative()
            })
            .fold(Interval::ZERO, Interval::max)
    })
}

/// The largest gap over all rows and over those that count.
pub(super) fn over_rows(rows: &Enclosed<'_>, gap: impl FnMut(usize) -> Interval) -> (Interval, Interval) {
    let gaps: Vec<Interval> = (0..rows.problem().rows()).map(gap).collect();
    let retained = rows.rows().iter().map(|&(i, _)| gaps[i]).fold(Interval::ZERO, Interval::max);
    (gaps.into_iter().fold(Interval::ZERO, Interval::max), retained)
}
