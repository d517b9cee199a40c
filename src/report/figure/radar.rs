//! Several criteria around a circle: one polygon per method.

use super::style::{marker, style};
use super::{DRAWN, sheet};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::f64::consts::TAU;

/// Criteria as spokes from 0 at the centre to 1 at the rim.
#[derive(Debug, Clone)]
pub struct Radar {
    /// Above the figure.
    pub title: String,
    /// The names of the spokes.
    pub spokes: Vec<String>,
    /// Name and one number in `[0, 1]` per spoke; others are brought to the nearer end.
    pub series: Vec<(String, Vec<f64>)>,
}

const SIZE: i32 = 360;
const RIM: f64 = 118.0;

impl Radar {
    /// The figure as SVG.
    ///
    /// ```
    /// use unlearn::report::figure::Radar;
    /// let spokes = ["UA", "RA", "TA"].map(String::from).to_vec();
    /// let radar = Radar { title: "90 %".into(), spokes, series: vec![("noop".into(), vec![0.2, 1.0, 0.9])] };
    /// assert!(radar.svg().contains("noop"));
    /// ```
    ///
    /// Panics when a series has not one number per spoke.
    pub fn svg(&self) -> String {
        let mut out = String::new();
        {
            let root = sheet(&mut out, (SIZE + 190) as u32, SIZE as u32);
            self.web(&root);
            for (i, (name, values)) in self.series.iter().enumerate() {
                assert_eq!(values.len(), self.spokes.len(), "{name}: {} spokes", values.len());
                self.polygon(&root, i, name, values);
            }
            root.present().expect(DRAWN);
        }
        out
    }

    fn at(&self, spoke: usize, share: f64) -> (i32, i32) {
        let angle = TAU * spoke as f64 / self.spokes.len() as f64;
        let (x, y) = (RIM * share * angle.sin(), -RIM * share * angle.cos());
        (SIZE / 2 + x.round() as i32, SIZE / 2 + 12 + y.round() as i32)
    }

    fn web(&self, root: &DrawingArea<SVGBackend<'_>, Shift>) {
        let grey = RGBColor(205, 205, 205);
        root.draw(&Text::new(self.title.clone(), (12, 8), ("sans-serif", 16))).expect(DRAWN);
        for ring in [0.25, 0.5, 0.75, 1.0] {
            let corners = (0..=self.spokes.len()).map(|s| self.at(s, ring)).collect::<Vec<_>>();
            root.draw(&PathElement::new(corners, grey)).expect(DRAWN);
            let (x, y) = self.at(0, ring);
            root.draw(&Text::new(format!("{ring}"), (x + 3, y), ("sans-serif", 10))).expect(DRAWN);
        }
        for (s, name) in self.spokes.iter().enumerate() {
            root.draw(&PathElement::new(vec![self.at(s, 0.0), self.at(s, 1.0)], grey)).expect(DRAWN);
            let (x, y) = self.at(s, 1.17);
            let left = 3 * name.chars().count() as i32;
            root.draw(&Text::new(name.clone(), (x - left, y - 6), ("sans-serif", 13))).expect(DRAWN);
        }
    }

    fn polygon(&self, root: &DrawingArea<SVGBackend<'_>, Shift>, index: usize, name: &str, values: &[f64]) {
        let style = style(index);
        let corner = |s: usize| self.at(s, values[s % values.len()].clamp(0.0, 1.0));
        let (dash, gap) = style.dash;
        for s in 0..values.len() {
            dashed(root, corner(s), corner((s + 1) % values.len()), (dash, gap), style.line());
        }
        let y = 40 + 22 * index as i32;
        dashed(root, (SIZE, y), (SIZE + 40, y), (dash, gap), style.line());
        for (x, y) in (0..values.len()).map(corner).chain([(SIZE + 20, y)]) {
            for shape in marker(&style, (x, y)) {
                root.draw(&shape).expect(DRAWN);
            }
        }
        root.draw(&Text::new(name.to_owned(), (SIZE + 48, y - 7), ("sans-serif", 13))).expect(DRAWN);
    }
}

fn dashed(
    root: &DrawingArea<SVGBackend<'_>, Shift>,
    (x0, y0): (i32, i32),
    (x1, y1): (i32, i32),
    (dash, gap): (i32, i32),
    line: ShapeStyle,
) {
    let length = f64::from((x1 - x0).pow(2) + (y1 - y0).pow(2)).sqrt();
    let point = |t: f64| {
        let share = if length > 0.0 { t / length } else { 0.0 };
        let along = |a: i32, b: i32| (f64::from(a) + share * f64::from(b - a)).round() as i32;
        (along(x0, x1), along(y0, y1))
    };
    let mut t = 0.0;
    while t < length {
        let end = if gap == 0 { length } else { (t + f64::from(dash)).min(length) };
        root.draw(&PathElement::new(vec![point(t), point(end)], line)).expect(DRAWN);
        t = end + f64::from(gap.max(1));
    }
}
