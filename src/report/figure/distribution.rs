//! One line per name: how numbers are spread over decades.

use super::{DRAWN, sheet};
use plotters::coord::Shift;
use plotters::prelude::*;

/// Quantiles of positive numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Smallest.
    pub least: f64,
    /// A quarter lies below.
    pub quarter: f64,
    /// Half lies below.
    pub median: f64,
    /// Three quarters lie below.
    pub three_quarters: f64,
    /// Largest.
    pub most: f64,
}

impl Spread {
    /// Of the positive, finite numbers among `values`; `None` without any. Quantiles are order statistics.
    ///
    /// ```
    /// use unlearn::report::figure::Spread;
    /// let s = Spread::of(&[0.0, 5.0, 1.0, 2.0, 3.0, 4.0]).unwrap();
    /// assert_eq!((s.least, s.quarter, s.median, s.three_quarters, s.most), (1.0, 2.0, 3.0, 4.0, 5.0));
    /// ```
    pub fn of(values: &[f64]) -> Option<Spread> {
        let mut kept: Vec<f64> = values.iter().copied().filter(|v| *v > 0.0 && v.is_finite()).collect();
        kept.sort_by(f64::total_cmp);
        let at =
            |share: f64| kept.get((share * kept.len().saturating_sub(1) as f64).round() as usize).copied();
        Some(Spread {
            least: at(0.0)?,
            quarter: at(0.25)?,
            median: at(0.5)?,
            three_quarters: at(0.75)?,
            most: at(1.0)?,
        })
    }
}

/// A line of boxes on a common logarithmic axis.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// Above the figure.
    pub title: String,
    /// Below the axis.
    pub label: String,
    /// Where a vertical line is drawn.
    pub mark: f64,
    /// What is spread; filled boxes are those that a reader should look at.
    pub rows: Vec<(String, Spread, bool)>,
}

const WIDTH: i32 = 860;
const NAMES: i32 = 270;
const ROW: i32 = 17;
const TOP: i32 = 44;

impl Distribution {
    /// The figure as SVG: a whisker from least to most, a box over the middle half, a bar at the median.
    pub fn svg(&self) -> String {
        let mut out = String::new();
        let height = TOP + ROW * self.rows.len() as i32 + 48;
        {
            let root = sheet(&mut out, WIDTH as u32, height as u32);
            self.draw(&root, height);
            root.present().expect(DRAWN);
        }
        out
    }

    fn decades(&self) -> (i32, i32) {
        let ends = self.rows.iter().flat_map(|(_, s, _)| [s.least, s.most]).chain([self.mark]);
        let (lo, hi) = ends.fold((f64::INFINITY, 0.0_f64), |(lo, hi), v| (lo.min(v), hi.max(v)));
        // Ten decades to either side of the mark are enough to see: what is beyond is drawn at the edge.
        let mark = self.mark.log10().round() as i32;
        ((lo.log10().floor() as i32).max(mark - 10), (hi.log10().ceil() as i32).clamp(mark + 1, mark + 10))
    }

    fn draw(&self, root: &DrawingArea<SVGBackend<'_>, Shift>, height: i32) {
        let (first, last) = self.decades();
        let span = f64::from(WIDTH - NAMES - 24) / f64::from((last - first).max(1));
        let x = |v: f64| {
            NAMES + (span * (v.log10().min(f64::from(last)) - f64::from(first)).max(0.0)).round() as i32
        };
        let bottom = height - 44;
        let grey = RGBColor(215, 215, 215);
        root.draw(&Text::new(self.title.clone(), (8, 6), ("sans-serif", 17))).expect(DRAWN);
        root.draw(&Text::new(self.label.clone(), (NAMES, height - 18), ("sans-serif", 13))).expect(DRAWN);
        for decade in first..=last {
            let at = x(10f64.powi(decade));
            root.draw(&PathElement::new(vec![(at, TOP - 8), (at, bottom)], grey)).expect(DRAWN);
            root.draw(&Text::new(format!("1e{decade}"), (at - 12, bottom + 5), ("sans-serif", 12)))
                .expect(DRAWN);
        }
        let mark = x(self.mark);
        root.draw(&PathElement::new(vec![(mark, TOP - 8), (mark, bottom)], BLACK.stroke_width(2)))
            .expect(DRAWN);
        for (i, (name, s, filled)) in self.rows.iter().enumerate() {
            let y = TOP + ROW * i as i32 + ROW / 2;
            root.draw(&Text::new(name.clone(), (8, y - 7), ("sans-serif", 13))).expect(DRAWN);
            root.draw(&PathElement::new(vec![(x(s.least), y), (x(s.most), y)], BLACK)).expect(DRAWN);
            let (left, right) = (x(s.quarter), x(s.three_quarters).max(x(s.quarter) + 1));
            let corners = [(left, y - 5), (right, y + 5)];
            let fill = if *filled { RGBColor(90, 90, 90).filled() } else { WHITE.filled() };
            root.draw(&Rectangle::new(corners, fill)).expect(DRAWN);
            root.draw(&Rectangle::new(corners, BLACK)).expect(DRAWN);
            let middle = x(s.median);
            let bar = PathElement::new(vec![(middle, y - 6), (middle, y + 6)], BLACK.stroke_width(3));
            root.draw(&bar).expect(DRAWN);
        }
    }
}
