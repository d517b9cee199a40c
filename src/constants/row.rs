//! Constants of single rows.

use super::Region;
use crate::loss::Loss;
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::numeric::spectrum::gram_norm_upper;
use crate::objective::Problem;
use crate::objective::enclosed::{activate, exact, forward};
use nalgebra::{DMatrix, DVector};

/// Constants of one row's loss (no ridge) on a region; infinite where none exists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowConstants {
    /// Lipschitz constant of the loss, `sup ‖∇ℓᵢ‖`.
    pub gradient: f64,
    /// Lipschitz constant of the gradient, `sup ‖∇²ℓᵢ‖`.
    pub smoothness: f64,
    /// Lipschitz constant of the Hessian.
    pub hessian_lipschitz: f64,
}

/// Bounds on one layer's weights over the region.
#[derive(Debug, Clone, Copy)]
struct LayerBounds {
    /// `‖W‖₂`.
    spectral: Interval,
    /// Largest Euclidean norm of a column of `W`.
    column: Interval,
    /// `‖b‖`.
    bias: Interval,
    has_bias: bool,
    units: usize,
}

/// Per-row constants on one region; the weight norms are enclosed once, on construction.
pub struct LocalConstants<'a> {
    problem: &'a Problem,
    region: Region<'a>,
    /// How far from the centre the region goes.
    radius: Interval,
    layers: Vec<LayerBounds>,
}

impl<'a> LocalConstants<'a> {
    /// Prepares the constants of a problem on a region.
    pub fn new(problem: &'a Problem, region: Region<'a>) -> Self {
        let radius = match region {
            Region::Everywhere => Interval::point(f64::INFINITY),
            Region::Ball { center, radius } => {
                assert_eq!(
                    center.len(),
                    problem.active(),
                    "a centre of {} for {} parameters",
                    center.len(),
                    problem.active()
                );
                Interval::point(radius)
            }
        };
        let zero = DVector::zeros(problem.active());
        let center = match region {
            Region::Everywhere => &zero,
            Region::Ball { center, .. } => center,
        };
        let layers = problem
            .network()
            .layers
            .iter()
            .map(|layer| {
                let (fan_in, fan_out) = (layer.fan_in, layer.units.len());
                // Row j of W is unit j; stored one unit after the other.
                let mut w = vec![0.0; fan_in * fan_out];
                let mut biases = vec![0.0; fan_out];
                for (j, unit) in layer.units.iter().enumerate() {
                    for (p, &i) in unit.inputs.iter().enumerate() {
                        w[j * fan_in + i as usize] = center[unit.start + p];
                    }
                    biases[j] = unit.bias.map_or(0.0, |b| center[b]);
                }
                let columns = (0..fan_in)
                    .map(|i| Interval::norm(&(0..fan_out).map(|j| w[j * fan_in + i]).collect::<Vec<_>>()))
                    .fold(Interval::ZERO, Interval::max);
                let spectral = Interval::point(spectral_norm_upper(fan_in, fan_out, &w));
                LayerBounds {
                    spectral: spectral + radius,
                    column: columns + radius,
                    bias: Interval::norm(&biases) + radius,
                    has_bias: layer.units.iter().any(|u| u.bias.is_some()),
                    units: fan_out,
                }
            })
            .collect();
        LocalConstants { problem, region, radius, layers }
    }

    /// The constants of row `i`.
    ///
    /// ```
    /// use unlearn::constants::{LocalConstants, Region};
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// let x = Design::dense(1, 2, vec![3.0, 4.0]).unwrap();
    /// let data = Dataset::new("one", x, vec![1.0]).unwrap();
    /// let model = Model::linear(2, 1, Loss::Logistic, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 0.1).unwrap();
    /// let c = LocalConstants::new(&problem, Region::Everywhere).row(0);
    /// assert!((c.smoothness - 25.0 / 4.0).abs() < 1e-13);             // ‖x‖²/4
    /// assert!((c.hessian_lipschitz - 125.0 / (6.0 * 3f64.sqrt())).abs() < 1e-12); // ‖x‖³/(6√3)
    /// ```
    pub fn row(&self, i: usize) -> RowConstants {
        let p = self.problem;
        let net = p.network();
        let x = p.data().design().row(i);
        let loss = p.model().loss();
        let c = loss.constants();
        let b = net.activation.constants();
        let (b1, b2, b3) = (Interval::point(b.slope), Interval::point(b.bend), Interval::point(b.jerk));
        let first = &net.layers[0];
        let input = first
            .units
            .iter()
            .map(|u| norm_upper_of_square(u.input_norm_squared(x, first.fan_in), first.fan_in + 1))
            .fold(Interval::ZERO, Interval::max);
        let (mut t1, mut t2, mut t3) = (input, Interval::ZERO, Interval::ZERO);
        if self.layers.len() > 1 {
            let centre_norms = self.activation_norms_at_centre(i);
            let mut a = norm_upper_of_square(x.norm_squared(), first.fan_in);
            let two_over_sqrt3 = Interval::point(2.0) / Interval::point(3.0).sqrt();
            let three = Interval::point(3.0);
            for l in 1..self.layers.len() {
                let (below, layer) = (&self.layers[l - 1], &self.layers[l]);
                // ‖a_l‖: by the range of φ, by growth through the layer, by distance from the centre.
                let h = Interval::point(below.units as f64).sqrt();
                let by_range = Interval::point(b.value) * h;
                let at_zero = activate(net.activation, Interval::ZERO).0.abs() * h;
                let by_growth = at_zero + b1 * (below.spectral * a + below.bias);
                let by_distance = centre_norms[l - 1] + self.radius * b1 * t1;
                a = by_range.min(by_growth).min(by_distance);
                let a_tilde = if layer.has_bias { (a.square() + Interval::ONE).sqrt() } else { a };
                let bend = b2 * t1.square() + b1 * t2;
                let curve = layer.column * b2 * t1.square() + layer.spectral * b1 * t2;
                let mix = b1 * t1;
                let next3 = layer.column * (b3 * t1 * t1.square() + three * b2 * t1 * t2)
                    + layer.spectral * b1 * t3
                    + two_over_sqrt3 * bend;
                let next2 = (curve + (curve.square() + Interval::point(4.0) * mix.square()).sqrt())
                    / Interval::point(2.0);
                t1 = (a_tilde.square() + (layer.spectral * mix).square()).sqrt();
                t2 = next2;
                t3 = next3;
            }
        }
        let c1 = match loss {
            Loss::Squared => self.squared_gradient(i, t1),
            _ => Interval::point(c.gradient),
        };
        let (c2, c3) = (Interval::point(c.curvature), Interval::point(c.third));
        let three = Interval::point(3.0);
        RowConstants {
            gradient: (c1 * t1).hi(),
            smoothness: (c2 * t1.square() + c1 * t2).hi(),
            hessian_lipschitz: (c3 * t1 * t1.square() + three * c2 * t1 * t2 + c1 * t3).hi(),
        }
    }

    /// `sup |f − y|` on the region for the squared loss.
    fn squared_gradient(&self, i: usize, t1: Interval) -> Interval {
        match self.region {
            Region::Everywhere => Interval::point(f64::INFINITY),
            Region::Ball { center, .. } => {
                let p = self.problem;
                let z = forward(p.network(), &exact::<Interval>(center), p.data().design().row(i)).outputs[0];
                (z - Interval::point(p.target()[i])).abs() + self.radius * t1
            }
        }
    }

    fn activation_norms_at_centre(&self, i: usize) -> Vec<Interval> {
        match self.region {
            Region::Everywhere => vec![Interval::point(f64::INFINITY); self.layers.len()],
            Region::Ball { center, .. } => {
                let p = self.problem;
                let seen = forward(p.network(), &exact::<Interval>(center), p.data().design().row(i));
                seen.activations().map(norm).collect()
            }
        }
    }
}

/// `√s` where `s` is a float sum of `terms` squares, widened by its rounding.
fn norm_upper_of_square(s: f64, terms: usize) -> Interval {
    // Squares that underflow lose at most a subnormal each.
    Interval::around(s, (terms + 2) as f64 * (f64::EPSILON * s + f64::MIN_POSITIVE)).sqrt()
}

/// Upper bound on `‖W‖₂` through the smaller of its two Gram matrices.
fn spectral_norm_upper(fan_in: usize, fan_out: usize, by_unit: &[f64]) -> f64 {
    let (columns, rows): (usize, Vec<f64>) = if fan_in <= fan_out {
        (fan_in, by_unit.to_vec())
    } else {
        (fan_out, DMatrix::from_column_slice(fan_in, fan_out, by_unit).transpose().as_slice().to_vec())
    };
    let n = rows.len().checked_div(columns).unwrap_or(0);
    Interval::point(gram_norm_upper(columns, &rows, &vec![1.0; n])).sqrt().hi()
}
