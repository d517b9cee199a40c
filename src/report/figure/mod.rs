//! Figures as SVG text: charts of series with error bars, radars, distributions. Made to be read in black and white:
//! series differ by marker and by dashes before they differ by colour.

mod chart;
mod distribution;
mod radar;
mod style;

use plotters::coord::Shift;
use plotters::prelude::*;

pub use chart::{Axis, Chart, Point, Scale, Series};
pub use distribution::{Distribution, Spread};
pub use radar::Radar;

/// A white sheet: pages and viewers may be dark.
fn sheet(out: &mut String, width: u32, height: u32) -> DrawingArea<SVGBackend<'_>, Shift> {
    let root = SVGBackend::with_string(out, (width, height)).into_drawing_area();
    root.fill(&WHITE).expect(DRAWN);
    root
}

/// Drawing into a string cannot fail, and neither can the layouts here: whoever sees this text found a bug.
const DRAWN: &str = "drawing into memory succeeds";
