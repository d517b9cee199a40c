//! A vector known up to a Euclidean distance.

use super::interval::Interval;
use super::precise::Precise;
use super::real::norm;
use nalgebra::DVector;

/// All vectors within `radius` of some vector that `center` encloses coordinate by coordinate.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    pub(crate) center: Vec<Precise>,
    pub(crate) radius: f64,
}

impl Located {
    /// A vector of floats as it is.
    pub(crate) fn at(v: &DVector<f64>) -> Located {
        Located { center: v.iter().map(|x| Precise::exact(*x)).collect(), radius: 0.0 }
    }

    /// A vector enclosed coordinate by coordinate.
    pub(crate) fn enclosed(center: Vec<Precise>) -> Located {
        Located { center, radius: 0.0 }
    }

    /// Within `radius` of this one.
    pub(crate) fn widened(self, radius: f64) -> Located {
        let radius = (Interval::point(self.radius) + Interval::point(radius)).hi();
        Located { radius, ..self }
    }

    /// The distance of the two vectors.
    ///
    /// Panics when they differ in length.
    pub(crate) fn distance(&self, other: &Located) -> Interval {
        assert_eq!(self.center.len(), other.center.len(), "vectors of different length");
        let difference: Vec<Precise> = self.center.iter().zip(&other.center).map(|(a, b)| *a - *b).collect();
        let slack = (Interval::point(self.radius) + Interval::point(other.radius)).hi();
        (norm(&difference) + Interval::around(0.0, slack)).nonnegative()
    }

    /// An enclosure of every coordinate.
    pub(crate) fn coordinates(&self) -> Vec<Precise> {
        self.center.iter().map(|c| c.widened(self.radius)).collect()
    }

    /// The sum of both vectors.
    pub(crate) fn plus(&self, other: &Located) -> Located {
        let center = self.center.iter().zip(&other.center).map(|(a, b)| *a + *b).collect();
        Located { center, radius: self.radius }.widened(other.radius)
    }
}
