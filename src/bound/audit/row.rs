//! The retained rows of a linear model, and enclosures of what its units do to a row.

use crate::data::Row;
use crate::model::network::Unit;
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, Sum};
use crate::objective::Problem;

/// A linear problem on the rows kept.
pub(super) struct Retained<'a> {
    pub(super) problem: &'a Problem,
    /// Their indices, increasing.
    pub(super) retained: Vec<usize>,
    /// The weight of each: `1/|R|` as a real number, or 1.
    pub(super) weight: Interval,
}

impl Retained<'_> {
    pub(super) fn units(&self) -> &[Unit] {
        &self.problem.network().layers[0].units
    }

    /// Calls `f(position among the kept parameters, input)` for what a unit reads of row `i`, bias included.
    pub(super) fn read(&self, unit: &Unit, i: usize, mut f: impl FnMut(usize, f64)) {
        match self.problem.data().design().row(i) {
            Row::Dense(x) => {
                unit.inputs.iter().enumerate().for_each(|(p, &c)| f(unit.start + p, x[c as usize]));
            }
            Row::Sparse(columns, values) => {
                let fan_in = self.problem.model().inputs();
                for (&c, &v) in columns.iter().zip(values) {
                    if let Some(p) = unit.position(c as usize, fan_in) {
                        f(p, v);
                    }
                }
            }
        }
        if let Some(b) = unit.bias {
            f(b, 1.0);
        }
    }

    /// A unit's output `w·x + b` on row `i`.
    pub(super) fn output(&self, unit: &Unit, i: usize, theta: &[Ball]) -> Interval {
        let mut sum = Sum::default();
        self.read(unit, i, |p, x| sum.add(x, theta[p]));
        sum.enclosure()
    }

    /// `R ≥ ‖x̃ᵢ‖` for the rows kept, over what each output reads.
    pub(super) fn largest_norm(&self) -> f64 {
        let norm = |i: usize, unit: &Unit| {
            let mut squares = Sum::default();
            self.read(unit, i, |_, x| squares.add(x, Ball::exact(x)));
            squares.enclosure().sqrt().hi()
        };
        self.retained.iter().flat_map(|&i| self.units().iter().map(move |u| norm(i, u))).fold(0.0, f64::max)
    }

    /// The largest `|x̃ᵢ·(θ − θ_r)_c|` over outputs `c` and rows `i`, all and retained, given `θ − θ̂` and
    /// `ρ ≥ ‖θ̂ − θ_r‖`: each lies within `‖x̃ᵢ‖ρ` of `|x̃ᵢ·(θ − θ̂)_c|`.
    pub(super) fn output_gaps(&self, difference: &[Ball], radius: f64) -> (Interval, Interval) {
        let gap = |i: usize| {
            self.units()
                .iter()
                .map(|unit| {
                    let mut squares = Sum::default();
                    self.read(unit, i, |_, x| squares.add(x, Ball::exact(x)));
                    let slack = (squares.enclosure().sqrt() * Interval::point(radius)).hi();
                    let near = self.output(unit, i, difference).abs();
                    (near + Interval::new(-slack, slack)).nonnegative()
                })
                .fold(Interval::ZERO, Interval::max)
        };
        let gaps: Vec<Interval> = (0..self.problem.rows()).map(gap).collect();
        let retained = self.retained.iter().map(|&i| gaps[i]).fold(Interval::ZERO, Interval::max);
        (gaps.into_iter().fold(Interval::ZERO, Interval::max), retained)
    }
}
