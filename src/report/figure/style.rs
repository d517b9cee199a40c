//! Colours, dashes and markers, by the number of the series.

use plotters::prelude::*;
use plotters::style::RGBColor;

/// Dark enough for paper; after Okabe and Ito 2008, which colour-blind readers can tell apart.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 90, 150),
    RGBColor(190, 75, 0),
    RGBColor(0, 120, 85),
    RGBColor(165, 85, 130),
    RGBColor(70, 140, 190),
    RGBColor(150, 115, 0),
    RGBColor(90, 90, 90),
];

/// Lengths of dash and gap in pixels; a gap of 0 is a solid line.
const DASHES: [(i32, i32); 5] = [(1, 0), (9, 4), (3, 3), (14, 4), (6, 6)];

/// How a series looks.
pub(super) struct Style {
    pub(super) colour: RGBColor,
    pub(super) dash: (i32, i32),
    marker: usize,
    /// The first series, the reference, is drawn heavier.
    pub(super) width: u32,
}

pub(super) fn style(index: usize) -> Style {
    Style {
        colour: COLOURS[index % COLOURS.len()],
        dash: DASHES[index % DASHES.len()],
        marker: index % 7,
        width: if index == 0 { 3 } else { 2 },
    }
}

impl Style {
    pub(super) fn line(&self) -> ShapeStyle {
        self.colour.stroke_width(self.width)
    }

    /// The corners of the marker around `(0, 0)`, in pixels, and whether it is filled.
    fn shape(&self) -> (Vec<(i32, i32)>, bool) {
        let circle = || (0..16).map(|i| f64::from(i) * std::f64::consts::TAU / 16.0);
        let disc =
            || circle().map(|t| ((4.5 * t.cos()).round() as i32, (4.5 * t.sin()).round() as i32)).collect();
        match self.marker {
            0 => (disc(), true),
            1 => (vec![(-4, -4), (4, -4), (4, 4), (-4, 4)], false),
            2 => (vec![(0, -5), (5, 4), (-5, 4)], true),
            3 => (vec![(0, -6), (6, 0), (0, 6), (-6, 0)], false),
            4 => (vec![(-4, -4), (4, -4), (4, 4), (-4, 4)], true),
            5 => (vec![(0, 5), (5, -4), (-5, -4)], false),
            _ => (disc(), false),
        }
    }
}

/// The marker of a series at `(x, y)`: its area, then its outline.
pub(super) fn marker(style: &Style, (x, y): (i32, i32)) -> [Polygon<(i32, i32)>; 2] {
    let (corners, filled) = style.shape();
    let at = |size: f64| -> Vec<(i32, i32)> {
        corners
            .iter()
            .map(|&(dx, dy)| {
                (x + (size * f64::from(dx)).round() as i32, y + (size * f64::from(dy)).round() as i32)
            })
            .collect()
    };
    let inside = if filled { style.colour.filled() } else { WHITE.filled() };
    [Polygon::new(at(1.0), style.colour.filled()), Polygon::new(at(0.6), inside)]
}
