//! The Hessian at a float point: a float matrix and a proved bound on its distance from the true one.
//!
//! For a row and the units `p = (l, j)`, `q = (m, j′)`, `l ≤ m`, with `∂ᵖ` the derivative along `z_l ↦ z_l + e_j`:
//! the block of the weights of `p` and `q` is `ã_{l−1} ⊗ (∂ᵖδ_q · ã_{m−1} + δ_q · ∂ᵖa_{m−1})` (as in
//! `model/curvature.rs`). Every factor is enclosed as a middle and a radius. The middles are multiplied as matrices; of the
//! radii `R` of the entries only the sums along the rows of the Hessian are kept, since for a symmetric error
//! `‖E‖₂ ≤ max_a Σ_b |E_ab| ≤ max_a Σ_b R_ab`. That costs matrix–vector products instead of matrix products.
//!
//! A product of `x ± q` and `y ± r` summed over rows in floats is wrong by at most
//! `Σ(|x|(r + γ|y|) + q(|y| + r))`, `γ = γ_{N+8}` for `N` additions in any order. Derived here.

use super::row::{Pass, read};
use super::tangents::Tangents;
use super::{Enclosed, check};
use crate::model::network::Unit;
use crate::numeric::interval::Interval;
use crate::numeric::product::Ball;
use crate::numeric::spectrum::gamma;
use nalgebra::{DMatrix, DVector};

/// Most rows handled together, and most numbers held as tangents.
const MOST_ROWS: usize = 128;
const MOST_TANGENTS: usize = 1 << 21;

/// `‖∇²F(θ) − mid‖₂ ≤ error`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hessian {
    /// A symmetric `k × k` matrix.
    pub mid: DMatrix<f64>,
    /// A bound on the operator norm of what is missing; infinite when nothing is known.
    pub error: f64,
}

/// A matrix known entry by entry up to radii.
struct Vague {
    mid: DMatrix<f64>,
    radius: DMatrix<f64>,
}

/// One block of rows.
struct Block {
    /// What each unit reads: (kept inputs, then the bias) × rows; one after the other, all layers.
    inputs: Vec<Vague>,
    /// Per row.
    tangents: Vec<Tangents>,
    weights: Vec<Ball>,
    /// `∂ℓ/∂z` per row and unit.
    delta: Vec<Vec<Ball>>,
}

impl Enclosed<'_> {
    /// The Hessian `Σ wᵢ ∇²ℓᵢ(θ) + λI` at a float vector taken as exact.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::enclosure::Enclosed;
    /// use unlearn::model::{Activation, Model};
    /// use unlearn::{loss::Loss, objective::Problem};
    /// // f = v·tanh(2u) at (u, v) = (0, 3), y = 1: f = 0, f_u = 6, f_v = 0, f_uv = 2, f_uu = 0.
    /// let data = Dataset::new("one", Design::dense(1, 1, vec![2.0]).unwrap(), vec![1.0]).unwrap();
    /// let model = Model::new(vec![1, 1, 1], Activation::Tanh, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 0.5).unwrap();
    /// let h = Enclosed::new(&problem, None).unwrap().hessian(&nalgebra::dvector![0.0, 3.0]);
    /// let exact = nalgebra::dmatrix![36.5, -2.0; -2.0, 0.5]; // ∇f∇fᵀ + (f − y)∇²f + λI
    /// assert!((h.mid - exact).norm() <= 2.0 * h.error && h.error < 1e-12);
    /// ```
    ///
    /// Panics when `theta` does not have `k` entries.
    pub fn hessian(&self, theta: &DVector<f64>) -> Hessian {
        let k = theta.len();
        check(self.problem, &super::exact(theta));
        let units: Vec<(usize, &Unit)> = (self.problem.network().layers.iter().enumerate())
            .flat_map(|(l, layer)| layer.units.iter().map(move |u| (l, u)))
            .collect();
        let most = (MOST_TANGENTS / (units.len() * units.len()).max(1)).clamp(1, MOST_ROWS);
        let mut sums = Sums {
            mid: DMatrix::zeros(k, k),
            radius: vec![0.0; k],
            gamma: gamma(self.rows.len() + self.rows.len().div_ceil(most) + 8),
        };
        for rows in self.rows.chunks(most) {
            let block = self.block(theta, rows, &units);
            sums.add(&block, &units);
        }
        let largest = sums.radius.iter().fold(0.0, |m: f64, r| if *r > m || r.is_nan() { *r } else { m });
        let mut mid = sums.mid;
        let diagonal = (0..k).fold(0.0, |m: f64, j| m.max(mid[(j, j)].abs()));
        for j in 0..k {
            mid[(j, j)] += self.problem.ridge();
        }
        mid.fill_upper_triangle_with_lower_triangle();
        // The sums of radii are sums of nonnegative floats, each term in at most so many of them; adding λ rounds
        // each diagonal entry once. Products that underflow lose a subnormal each.
        let depth = self.rows.len() * (units.len() + 1) + k + 64;
        let raised = Interval::point(largest) / (Interval::ONE - Interval::point(gamma(depth)));
        let ridge = Interval::point(f64::EPSILON)
            * (Interval::point(diagonal) + Interval::point(self.problem.ridge()));
        let underflow =
            Interval::point((k * self.rows.len() + 1) as f64) * Interval::point(f64::MIN_POSITIVE);
        let error = (raised + ridge + underflow).hi();
        let known = error < f64::INFINITY && mid.iter().all(|v| v.is_finite());
        Hessian { mid, error: if known { error } else { f64::INFINITY } }
    }

    fn block(&self, theta: &DVector<f64>, rows: &[(usize, Interval)], units: &[(usize, &Unit)]) -> Block {
        let (net, points) = (self.problem.network(), super::exact(theta));
        let design = self.problem.data().design();
        let mut pass = Pass::new(self.problem);
        let shape = |u: &Unit| (u.inputs.len() + usize::from(u.bias.is_some()), rows.len());
        let mut inputs: Vec<Vague> = (units.iter().map(|(_, u)| shape(u)))
            .map(|(r, c)| Vague { mid: DMatrix::zeros(r, c), radius: DMatrix::zeros(r, c) })
            .collect();
        let (mut tangents, mut delta) = (Vec::new(), Vec::new());
        for (r, &(i, _)) in rows.iter().enumerate() {
            pass.forward(&points, i);
            pass.backward(&points, i);
            tangents.push(Tangents::of(net, theta.as_slice(), &pass));
            delta.push(pass.delta.iter().flatten().map(|d| Ball::from(*d)).collect());
            for ((l, unit), to) in units.iter().zip(&mut inputs) {
                let kept = unit.inputs.len();
                if *l == 0 {
                    let place = |p: usize| if Some(p) == unit.bias { kept } else { p - unit.start };
                    read(unit, design.row(i), net.layers[0].fan_in, |p, x| to.mid[(place(p), r)] = x);
                    continue;
                }
                for (p, &input) in unit.inputs.iter().enumerate() {
                    let a = pass.a[l - 1][input as usize];
                    (to.mid[(p, r)], to.radius[(p, r)]) = (a.mid, a.radius);
                }
                if unit.bias.is_some() {
                    to.mid[(kept, r)] = 1.0;
                }
            }
        }
        Block { inputs, tangents, weights: rows.iter().map(|(_, w)| Ball::from(*w)).collect(), delta }
    }
}

/// The running sums over blocks of rows.
struct Sums {
    /// Lower triangle.
    mid: DMatrix<f64>,
    /// Sums of radii along the rows of the Hessian.
    radius: Vec<f64>,
    gamma: f64,
}

impl Sums {
    fn add(&mut self, block: &Block, units: &[(usize, &Unit)]) {
        for (p, (l, left)) in units.iter().enumerate() {
            let x = &block.inputs[p];
            if x.mid.nrows() == 0 {
                continue;
            }
            for (q, (m, right)) in units.iter().enumerate() {
                // Within a layer each pair of units is met once.
                if m < l || (m == l && q > p) || block.inputs[q].mid.nrows() == 0 {
                    continue;
                }
                let y = block.right(p, q, (*m > *l).then_some(right));
                let product = &x.mid * y.mid.transpose();
                for b in 0..y.mid.nrows() {
                    for a in if p == q { b } else { 0 }..x.mid.nrows() {
                        let (i, j) = (position(left, a), position(right, b));
                        self.mid[(i.max(j), i.min(j))] += product[(a, b)];
                    }
                }
                self.add_radii(x, left, &y, right);
            }
        }
    }

    /// Both along the rows of the block and along its columns: a diagonal block is then counted twice, which covers the
    /// choice of its lower triangle.
    fn add_radii(&mut self, x: &Vague, left: &Unit, y: &Vague, right: &Unit) {
        for r in 0..x.mid.ncols() {
            let (xm, xr) = (x.mid.column(r), x.radius.column(r));
            let (ym, yr) = (y.mid.column(r), y.radius.column(r));
            let (mut near, mut far) = (0.0, 0.0);
            for (y, r) in ym.iter().zip(yr.iter()) {
                near += r + self.gamma * y.abs();
                far += y.abs() + r;
            }
            let (mut sizes, mut radii) = (0.0, 0.0);
            for (a, (x, q)) in xm.iter().zip(xr.iter()).enumerate() {
                self.radius[position(left, a)] += x.abs() * near + q * far;
                sizes += x.abs();
                radii += q;
            }
            for (b, (y, r)) in ym.iter().zip(yr.iter()).enumerate() {
                self.radius[position(right, b)] += (r + self.gamma * y.abs()) * sizes + (y.abs() + r) * radii;
            }
        }
    }
}

impl Block {
    /// `w(∂ᵖδ_q · ã + δ_q · ∂ᵖa)` over the inputs of `q`, the second part when `p` is in an earlier layer.
    fn right(&self, p: usize, q: usize, through: Option<&&Unit>) -> Vague {
        let base = &self.inputs[q];
        let (mut mid, mut radius) = (base.mid.clone(), base.radius.clone());
        for r in 0..mid.ncols() {
            let t = &self.tangents[r];
            let scale = self.weights[r].times(t.delta(p, q));
            let (mut m, mut d) = (mid.column_mut(r), radius.column_mut(r));
            for b in 0..m.nrows() {
                let v = scale.times(Ball { mid: m[b], radius: d[b] });
                (m[b], d[b]) = (v.mid, v.radius);
            }
            if let Some(unit) = through {
                let scale = self.weights[r].times(self.delta[r][q]);
                for (b, &input) in unit.inputs.iter().enumerate() {
                    let extra = scale.times(t.below(p, q, input as usize));
                    let v = Ball { mid: m[b], radius: d[b] }.plus(extra);
                    (m[b], d[b]) = (v.mid, v.radius);
                }
            }
        }
        Vague { mid, radius }
    }
}

/// Position of an entry of a unit's block among the kept parameters.
fn position(unit: &Unit, entry: usize) -> usize {
    if entry < unit.inputs.len() {
        unit.start + entry
    } else {
        unit.bias.expect("an entry past the weights is the bias")
    }
}
