//! Figures as SVG text: charts of series with error bars, radars, distributions. Made to be read in black and white:
//! series differ by marker and by dashes before they differ by colour.

mod chart;
mod distribution;
mod radar;
mod style;

pub use chart::{Axis, Chart, Point, Scale, Series};
pub use distribution::{Distribution, Spread};
pub use radar::Radar;

/// Drawing into a string cannot fail, and neither can the layouts here: whoever sees this text found a bug.
const DRAWN: &str = "drawing into memory succeeds";
