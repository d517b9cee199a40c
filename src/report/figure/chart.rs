//! Series against an axis, with error bars.

use super::style::{marker, style};
use super::{DRAWN, sheet};
use crate::report::number::{exact, short};
use plotters::coord::Shift;
use plotters::prelude::*;

/// How numbers are laid out along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    Linear,
    /// Equal factors; numbers that are not positive are left out.
    Logarithmic,
}

/// An axis: what it shows, in which unit, and how.
#[derive(Debug, Clone)]
pub struct Axis {
    /// The label, unit included.
    pub label: String,
    /// The scale.
    pub scale: Scale,
}

impl Axis {
    /// With equal steps.
    pub fn linear(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), scale: Scale::Linear }
    }

    /// With equal factors.
    pub fn logarithmic(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), scale: Scale::Logarithmic }
    }

    fn place(&self, v: f64) -> Option<f64> {
        let placed = match self.scale {
            Scale::Linear => v,
            Scale::Logarithmic => v.log10(),
        };
        placed.is_finite().then_some(placed)
    }

    /// A range that holds all the values, with some room; decades are whole.
    fn range(&self, values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
        let (lo, hi) = values
            .filter_map(|v| self.place(v))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if lo > hi {
            return 0.0..1.0;
        }
        match self.scale {
            Scale::Logarithmic => {
                lo.floor()..if hi.ceil() > lo.floor() { hi.ceil() } else { lo.floor() + 1.0 }
            }
            Scale::Linear => {
                let room = if hi > lo { 0.05 * (hi - lo) } else { 0.5 * lo.abs().max(1.0) };
                lo - room..hi + room
            }
        }
    }

    fn tick(&self, v: &f64) -> String {
        match self.scale {
            // Rounding leaves ticks like 0.30000000000000004 and -0.
            Scale::Linear => exact((v * 1e9).round() / 1e9 + 0.0),
            Scale::Logarithmic if (v - v.round()).abs() < 1e-9 => {
                let decade = v.round() as i32;
                if (-2..4).contains(&decade) {
                    short(10f64.powi(decade)).trim_end_matches(".0").into()
                } else {
                    format!("1e{decade}")
                }
            }
            Scale::Logarithmic => String::new(),
        }
    }
}

/// One point; `low..high` is its error bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Lower end of the error bar; `y` for none.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Point {
    /// A point without error bar.
    pub fn plain(x: f64, y: f64) -> Point {
        Point { x, y, low: y, high: y }
    }
}

/// Points joined by a line.
#[derive(Debug, Clone)]
pub struct Series {
    /// The name in the legend.
    pub name: String,
    /// In the order in which they are joined.
    pub points: Vec<Point>,
}

/// Several series over the same axes.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Above the chart.
    pub title: String,
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// The first is the reference: it is drawn black and heavier.
    pub series: Vec<Series>,
}

const WIDTH: u32 = 760;
const HEIGHT: u32 = 430;
const LEGEND: u32 = 190;
const MOST_MARKED: usize = 40;

impl Chart {
    /// The chart as SVG.
    ///
    /// ```
    /// use unlearn::report::figure::{Axis, Chart, Point, Series};
    /// let points = vec![Point::plain(0.0, 1.0), Point { x: 50.0, y: 0.5, low: 0.4, high: 0.6 }];
    /// let series = vec![Series { name: "fine-tune".into(), points }];
    /// let chart = Chart { title: "UA".into(), x: Axis::linear("sparsity (%)"), y: Axis::linear("UA (%)"), series };
    /// let svg = chart.svg();
    /// assert!(svg.starts_with("<svg") && svg.contains("fine-tune") && svg.contains("sparsity (%)"));
    /// ```
    pub fn svg(&self) -> String {
        let mut out = String::new();
        {
            let root = sheet(&mut out, WIDTH, HEIGHT);
            let (left, right) = root.split_horizontally(WIDTH - LEGEND);
            self.plot(&left);
            self.legend(&right);
            root.present().expect(DRAWN);
        }
        out
    }

    fn plot(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) {
        let points = || self.series.iter().flat_map(|s| &s.points);
        let across = self.x.range(points().map(|p| p.x));
        let up = self.y.range(points().flat_map(|p| [p.low, p.y, p.high]));
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, ("sans-serif", 17))
            .margin(8)
            .x_label_area_size(42)
            .y_label_area_size(66)
            .build_cartesian_2d(across, up)
            .expect(DRAWN);
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(222, 222, 222))
            .x_desc(&self.x.label)
            .y_desc(&self.y.label)
            .x_label_formatter(&|v| self.x.tick(v))
            .y_label_formatter(&|v| self.y.tick(v))
            .label_style(("sans-serif", 13))
            .axis_desc_style(("sans-serif", 14))
            .draw()
            .expect(DRAWN);
        for (i, series) in self.series.iter().enumerate() {
            let style = style(i);
            let placed: Vec<(f64, f64)> = series.points.iter().filter_map(|p| self.place(p.x, p.y)).collect();
            let (dash, gap) = style.dash;
            if gap == 0 {
                chart.draw_series(LineSeries::new(placed.iter().copied(), style.line())).expect(DRAWN);
            } else {
                let line =
                    DashedLineSeries::new(placed.iter().copied(), dash as u32, gap as u32, style.line());
                chart.draw_series(line).expect(DRAWN);
            }
            let bars = series.points.iter().filter(|p| p.low < p.high).filter_map(|p| {
                let (x, y) = self.place(p.x, p.y)?;
                // On a logarithmic axis a bar that reaches 0 has no lower end to draw.
                let (low, high) = (self.y.place(p.low).unwrap_or(y), self.y.place(p.high)?);
                Some(ErrorBar::new_vertical(x, low, y, high, style.colour.stroke_width(1), 7))
            });
            chart.draw_series(bars).expect(DRAWN);
            let marked = |&at: &(f64, f64)| {
                let [outline, inside] = marker(&style, (0, 0));
                EmptyElement::at(at) + outline + inside
            };
            // On a curve of many points markers would hide the line.
            if placed.len() <= MOST_MARKED {
                chart.draw_series(placed.iter().map(marked)).expect(DRAWN);
            }
        }
    }

    fn place(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((self.x.place(x)?, self.y.place(y)?))
    }

    fn legend(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) {
        for (i, series) in self.series.iter().enumerate() {
            let style = style(i);
            let y = 40 + 22 * i as i32;
            let (dash, gap) = style.dash;
            let mut x = 4;
            while x < 44 {
                let end = if gap == 0 { 44 } else { (x + dash).min(44) };
                area.draw(&PathElement::new(vec![(x, y), (end, y)], style.line())).expect(DRAWN);
                x = end + gap.max(1);
            }
            for shape in marker(&style, (24, y)) {
                area.draw(&shape).expect(DRAWN);
            }
            area.draw(&Text::new(series.name.clone(), (52, y - 7), ("sans-serif", 13))).expect(DRAWN);
        }
    }
}
