//! Smoothness, strong convexity and Hessian-Lipschitz constants of the objective, in closed form.
//!
//! All constants are upper bounds (strong convexity: lower bound) rounded outwards, valid on a stated
//! region: everywhere for linear models, on a ball for networks with hidden layers.
//!
//! For one row write `T₁, T₂, T₃` for bounds on the first three derivatives of the outputs in all kept
//! parameters (ℓ₂ operator norms). They follow layer by layer. With `A_l ≥ ‖ã_l‖`, `V_l ≥ ‖W_l‖₂`,
//! `C_l ≥` the largest column norm of `W_l`, and the suprema `B₁, B₂, B₃` of the activation's
//! derivatives:
//!
//! - layer 1: `T₁ = A₀`, `T₂ = T₃ = 0`;
//! - next layer: `T₁′ = √(A² + (V B₁ T₁)²)`,
//!   `T₂′ = (a + √(a² + 4b²))/2` with `a = C B₂ T₁² + V B₁ T₂`, `b = B₁ T₁`,
//!   `T₃′ = C B₃ T₁³ + 3 C B₂ T₁ T₂ + V B₁ T₃ + (2/√3)(B₂ T₁² + B₁ T₂)`.
//!
//! (Split a unit direction into the new layer's share `s` and the older ones' share `t`,
//! `s² + t² = 1`, and maximise; `max 3st² = 2/√3`.) The loss is composed by
//! `L = c₂T₁² + c₁T₂` and `Q = c₃T₁³ + 3c₂T₁T₂ + c₁T₃`. For one hidden layer and one output these are
//! the formulas of the one-hidden-layer case; the recursion is derived here.

use crate::data::read::LARGEST_DENSE;
use crate::loss::Loss;
use crate::numeric::csr::Csr;
use crate::numeric::interval::Interval;
use crate::numeric::nonnegative;
use crate::numeric::real::norm;
use crate::numeric::spectrum::{gamma, gram_norm_upper, smallest_eigenvalue_lower};
use crate::objective::enclosed::{activate, exact, forward};
use crate::objective::{Objective, Problem};
use nalgebra::{DMatrix, DVector};

/// Where a constant is valid, in the space of kept parameters.
#[derive(Debug, Clone, Copy)]
pub enum Region<'a> {
    /// All of `ℝᵏ`; finite constants exist for linear models only.
    Everywhere,
    /// The closed Euclidean ball.
    Ball {
        /// Centre, `k` numbers.
        center: &'a DVector<f64>,
        /// Radius.
        radius: f64,
    },
}

impl<'a> Region<'a> {
    /// Everywhere for linear models, the ball for networks.
    pub fn natural(problem: &Problem, center: &'a DVector<f64>, radius: f64) -> Region<'a> {
        if problem.model().is_linear() { Region::Everywhere } else { Region::Ball { center, radius } }
    }
}

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

/// Constants of a whole objective, ridge included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constants {
    /// `L ≥ ‖∇²F‖` on the region.
    pub smoothness: f64,
    /// `μ ≤ λ_min(∇²F)` on the region; negative when convexity cannot be shown.
    pub strong_convexity: f64,
    /// `Q`: Lipschitz constant of `∇²F` on the region.
    pub hessian_lipschitz: f64,
}

/// A weight is the float next to the `1/n` it stands for.
const AS_REAL: Interval = Interval::relative(f64::EPSILON);

impl Constants {
    /// The constants of `F_w` on a region, whether its weights are the floats they are or the quotients `1/n` that
    /// those stand for.
    ///
    /// For linear models with nonnegative weights: `L = c₂·λ_max(Σ wᵢx̃ᵢx̃ᵢᵀ) + λ`,
    /// `Q = c₃·λ_max(Σ wᵢ‖x̃ᵢ‖x̃ᵢx̃ᵢᵀ)` on the columns any output has kept, `μ = λ` (squared loss:
    /// `λ + λ_min` of the risk Hessian). On more than 2,048 columns with a ridge, upper bounds on the same norms from the stored
    /// entries, and `μ = λ`. With hidden layers: sums of the row constants.
    ///
    /// Derived here; the spectral forms are sharper than the sums `Σ wᵢ‖xᵢ‖²`, `Σ wᵢ‖xᵢ‖³`.
    pub fn of(objective: &Objective<'_>, region: Region<'_>) -> Constants {
        let p = objective.problem();
        let ridge = Interval::point(p.ridge());
        if p.model().is_linear() && objective.weights().iter().all(|w| *w >= 0.0) {
            return Constants::linear(objective);
        }
        let local = LocalConstants::new(p, region);
        let (mut l, mut q) = (Interval::ZERO, Interval::ZERO);
        for (i, w) in objective.support() {
            let row = local.row(i);
            let w = Interval::point(w).abs() * AS_REAL;
            l = l + w * Interval::point(row.smoothness);
            q = q + w * Interval::point(row.hessian_lipschitz);
        }
        Constants {
            smoothness: (l + ridge).hi(),
            strong_convexity: (ridge - l).lo(),
            hessian_lipschitz: q.hi(),
        }
    }

    fn linear(objective: &Objective<'_>) -> Constants {
        let p = objective.problem();
        let c = p.model().loss().constants();
        let ridge = Interval::point(p.ridge());
        if too_wide(objective) {
            return Constants::wide(objective);
        }
        let (columns, rows, weights) = kept_inputs(objective);
        let norms: Vec<f64> = rows.chunks_exact(columns.max(1)).map(|r| Interval::norm(r).hi()).collect();
        let l = Interval::point(c.curvature)
            * Interval::point(gram_norm_upper(columns, &rows, &weights))
            * AS_REAL;
        let q = if c.third == 0.0 {
            Interval::ZERO
        } else {
            let scaled: Vec<f64> = weights
                .iter()
                .zip(&norms)
                .map(|(w, n)| (Interval::point(*w) * Interval::point(*n)).hi())
                .collect();
            Interval::point(c.third) * Interval::point(gram_norm_upper(columns, &rows, &scaled)) * AS_REAL
        };
        let mu = match p.model().loss() {
            Loss::Squared => {
                // The Hessian is constant; forming it and its weights round by at most γ·Σ wᵢ‖x̃ᵢ‖².
                let h = objective.risk_hessian(&DVector::zeros(p.active()));
                let mass: Interval = weights
                    .iter()
                    .zip(&norms)
                    .map(|(w, n)| Interval::point(*w) * Interval::point(*n).square())
                    .sum();
                let rounding = Interval::point(gamma(weights.len() + 4)) * mass;
                let sharp = Interval::point(smallest_eigenvalue_lower(&h)) - rounding + ridge;
                sharp.lo().max(p.ridge())
            }
            _ => p.ridge(),
        };
        Constants { smoothness: (l + ridge).hi(), strong_convexity: mu, hessian_lipschitz: q.hi() }
    }

    /// The same from the stored entries alone: upper bounds by [`crate::numeric::nonnegative`], `μ = λ`.
    fn wide(objective: &Objective<'_>) -> Constants {
        let p = objective.problem();
        let c = p.model().loss().constants();
        let (rows, weights) = kept_rows(objective);
        let bound = |weights: &[f64]| Interval::point(nonnegative::gram_norm_upper(&rows, weights)) * AS_REAL;
        let l = Interval::point(c.curvature) * bound(&weights);
        let q = if c.third == 0.0 {
            Interval::ZERO
        } else {
            let longer = |(i, w): (usize, &f64)| (Interval::point(*w) * Interval::norm(rows.row(i).1)).hi();
            let scaled: Vec<f64> = weights.iter().enumerate().map(longer).collect();
            Interval::point(c.third) * bound(&scaled)
        };
        Constants {
            smoothness: (l + Interval::point(p.ridge())).hi(),
            strong_convexity: p.ridge(),
            hessian_lipschitz: q.hi(),
        }
    }
}

/// Is a linear model so wide that neither its rows may be written out densely nor eigenvalues of matrices of its order be
/// asked for? Where nothing but the data says that the objective is strongly convex (squared loss, λ = 0), as long as
/// memory allows.
pub(crate) fn too_wide(objective: &Objective<'_>) -> bool {
    /// Eigenvalues of this order take about ten seconds.
    const MOST_EIGENVALUES: usize = 2048;
    let p = objective.problem();
    let fits = |rows: usize, columns: usize| rows.checked_mul(columns).is_some_and(|n| n <= LARGEST_DENSE);
    let k = p.active();
    let (columns, _) = kept_columns(objective);
    let needs_eigenvalues = p.model().loss() == Loss::Squared && p.ridge() == 0.0;
    let most = if needs_eigenvalues { usize::MAX } else { MOST_EIGENVALUES };
    columns.len() > most
        || !fits(k, k)
        || (p.data().design().is_sparse() && !fits(p.rows(), columns.len() + 1))
}

/// The columns that at least one output has kept, increasing, and whether one has kept its bias.
fn kept_columns(objective: &Objective<'_>) -> (Vec<usize>, bool) {
    let layer = &objective.problem().network().layers[0];
    let mut kept = vec![false; layer.fan_in];
    for unit in &layer.units {
        unit.inputs.iter().for_each(|&i| kept[i as usize] = true);
    }
    let columns = (0..layer.fan_in).filter(|&i| kept[i]).collect();
    (columns, layer.units.iter().any(|u| u.bias.is_some()))
}

/// As [`kept_inputs`], in sparse storage.
pub(crate) fn kept_rows(objective: &Objective<'_>) -> (Csr, Vec<f64>) {
    let p = objective.problem();
    let (kept, bias) = kept_columns(objective);
    let mut place = vec![u32::MAX; p.data().cols()];
    // A file has at most 2²¹ features, a model 2³¹ parameters.
    kept.iter().enumerate().for_each(|(to, &from)| place[from] = to as u32);
    let (mut offsets, mut indices, mut values, mut weights) = (vec![0], vec![], vec![], vec![]);
    for (i, w) in objective.support() {
        p.data().design().row(i).for_each(|c, v| {
            if place[c] != u32::MAX && v != 0.0 {
                indices.push(place[c]);
                values.push(v);
            }
        });
        if bias {
            indices.push(kept.len() as u32);
            values.push(1.0);
        }
        offsets.push(values.len());
        weights.push(w);
    }
    let columns = kept.len() + usize::from(bias);
    (Csr::new(columns, offsets, indices, values).expect("rows of a valid design are valid"), weights)
}

/// The rows with nonzero weight on the columns that at least one output has kept (bias column last),
/// with their weights: `(columns, rows one after the other, weights)`.
pub(crate) fn kept_inputs(objective: &Objective<'_>) -> (usize, Vec<f64>, Vec<f64>) {
    let p = objective.problem();
    let layer = &p.network().layers[0];
    let (kept, bias) = kept_columns(objective);
    let columns = kept.len() + usize::from(bias);
    let mut rows = Vec::new();
    let mut weights = Vec::new();
    let mut dense = vec![0.0; layer.fan_in];
    for (i, w) in objective.support() {
        p.data().design().row(i).write_dense(&mut dense);
        rows.extend(kept.iter().map(|&c| dense[c]));
        if bias {
            rows.push(1.0);
        }
        weights.push(w);
    }
    (columns, rows, weights)
}
