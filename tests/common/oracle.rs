//! Derivatives of the textbook network by hyper-dual numbers: the values and their rounding scale.

use super::case::Case;
use super::compare::Expected;
use super::number::{HyperDual, Number, Tracked};
use nalgebra::DMatrix;

type Dual = HyperDual<Tracked>;

fn exact(x: f64) -> Tracked {
    Tracked::constant(x)
}

/// A matrix of tracked numbers, column by column.
struct Tracking {
    rows: usize,
    columns: usize,
    entries: Vec<Tracked>,
}

impl Tracking {
    fn new(rows: usize, columns: usize, f: impl Fn(usize, usize) -> Tracked) -> Tracking {
        let entries =
            (0..columns).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| f(i, j)).collect();
        Tracking { rows, columns, entries }
    }

    fn at(&self, i: usize, j: usize) -> Tracked {
        self.entries[j * self.rows + i]
    }

    fn expected(&self) -> Expected {
        let values = self.entries.iter().map(|e| e.value);
        Expected {
            entries: DMatrix::from_iterator(self.rows, self.columns, values),
            scale: self.entries.iter().fold(0.0, |m, e| m.max(e.error)),
        }
    }
}

fn sum(terms: impl Iterator<Item = Tracked>) -> Tracked {
    terms.fold(exact(0.0), |a, b| a + b)
}

impl Case {
    /// θ moving along the parameters `p` and `q`.
    fn moved(&self, p: Option<usize>, q: Option<usize>) -> Vec<Dual> {
        let one = |j: usize, at: Option<usize>| exact(if at == Some(j) { 1.0 } else { 0.0 });
        let moving = |(j, &x)| Dual::along(exact(x), one(j, p), one(j, q));
        self.theta.iter().enumerate().map(moving).collect()
    }

    /// `Σ wᵢ ℓᵢ`, with `(λ/2)‖θ‖² + ⟨b, θ⟩` when `regularised`.
    fn objective_at(&self, theta: &[Dual], regularised: bool) -> Dual {
        let mut total = Dual::constant(0.0);
        for ((x, y), w) in self.rows.iter().zip(self.labels()).zip(self.row_weights()) {
            total = total + Dual::constant(w) * self.row_at(theta, x, y);
        }
        if regularised {
            for (j, &t) in theta.iter().enumerate() {
                total = total + Dual::constant(0.5 * self.ridge) * t * t;
                if let Some(b) = &self.perturbation {
                    total = total + Dual::constant(b[j]) * t;
                }
            }
        }
        total
    }

    fn row_at(&self, theta: &[Dual], x: &[f64], y: f64) -> Dual {
        self.network.loss(&self.network.logits(theta, x), y)
    }

    pub(crate) fn expected_value(&self) -> Expected {
        let f = self.objective_at(&self.moved(None, None), true).a;
        Tracking::new(1, 1, |_, _| f).expected()
    }

    /// `∇F`, one column.
    pub(crate) fn expected_gradient(&self, regularised: bool) -> Expected {
        let active = self.active();
        let at = |i: usize| self.objective_at(&self.moved(Some(active[i]), None), regularised).b;
        Tracking::new(active.len(), 1, |i, _| at(i)).expected()
    }

    fn row_gradients(&self) -> Tracking {
        let (active, labels) = (self.active(), self.labels());
        Tracking::new(active.len(), self.rows.len(), |i, r| {
            self.row_at(&self.moved(Some(active[i]), None), &self.rows[r], labels[r]).b
        })
    }

    /// `∇ℓᵢ`, one column per row of the data.
    pub(crate) fn expected_row_gradients(&self) -> Expected {
        self.row_gradients().expected()
    }

    fn hessian(&self, regularised: bool) -> Tracking {
        let active = self.active();
        let k = active.len();
        let lower = Tracking::new(k, k, |i, j| match i >= j {
            true => self.objective_at(&self.moved(Some(active[i]), Some(active[j])), regularised).d,
            false => exact(0.0),
        });
        Tracking::new(k, k, |i, j| lower.at(i.max(j), i.min(j)))
    }

    /// `∇²F`.
    pub(crate) fn expected_hessian(&self, regularised: bool) -> Expected {
        self.hessian(regularised).expected()
    }

    /// `∇²F v` for the case's direction.
    pub(crate) fn expected_hvp(&self) -> Expected {
        let (h, v) = (self.hessian(true), self.restrict(&self.direction));
        Tracking::new(h.rows, 1, |i, _| sum((0..h.columns).map(|j| h.at(i, j) * exact(v[j])))).expected()
    }

    /// The Jacobian of the outputs on row `r`, outputs × kept parameters, and the outputs.
    fn jacobian(&self, r: usize) -> (Tracking, Vec<Tracked>) {
        let active = self.active();
        let columns: Vec<Vec<Dual>> =
            active.iter().map(|&p| self.network.logits(&self.moved(Some(p), None), &self.rows[r])).collect();
        let outputs = columns[0].iter().map(|z| z.a).collect();
        (Tracking::new(columns[0].len(), active.len(), |c, j| columns[j][c].b), outputs)
    }

    /// `Σ wᵢ JᵢᵀSᵢJᵢ`, with `S` the Hessian of the loss in the outputs.
    pub(crate) fn expected_gauss_newton(&self) -> Expected {
        let labels = self.labels();
        self.sum_over_rows(|r| {
            let (jacobian, z) = self.jacobian(r);
            let curvature = Tracking::new(z.len(), z.len(), |a, b| {
                let one = |c: usize, at: usize| exact(if c == at { 1.0 } else { 0.0 });
                let moving = |(c, &z): (usize, &Tracked)| Dual::along(z, one(c, a), one(c, b));
                let z: Vec<Dual> = z.iter().enumerate().map(moving).collect();
                self.network.loss(&z, labels[r]).d
            });
            let half = Tracking::new(curvature.rows, jacobian.columns, |a, j| {
                sum((0..curvature.columns).map(|b| curvature.at(a, b) * jacobian.at(b, j)))
            });
            Tracking::new(jacobian.columns, jacobian.columns, |i, j| {
                sum((0..half.rows).map(|a| jacobian.at(a, i) * half.at(a, j)))
            })
        })
    }

    /// `Σ wᵢ E_{y∼p(·|xᵢ)}[∇ℓ ∇ℓᵀ]`, the expectation taken label by label.
    pub(crate) fn expected_fisher(&self) -> Expected {
        let active = self.active();
        self.sum_over_rows(|r| {
            let (_, z) = self.jacobian(r);
            let gradients: Vec<(Vec<Tracked>, Tracked)> = self
                .network
                .labels(&z)
                .into_iter()
                .map(|(y, p)| {
                    let at = |&j: &usize| self.row_at(&self.moved(Some(j), None), &self.rows[r], y).b;
                    (active.iter().map(at).collect(), p)
                })
                .collect();
            Tracking::new(active.len(), active.len(), |i, j| {
                sum(gradients.iter().map(|(g, p)| *p * g[i] * g[j]))
            })
        })
    }

    /// `Σ wᵢ ∇ℓᵢ ∇ℓᵢᵀ` with the observed targets.
    pub(crate) fn expected_empirical_fisher(&self) -> Expected {
        let g = self.row_gradients();
        self.sum_over_rows(|r| Tracking::new(g.rows, g.rows, |i, j| g.at(i, r) * g.at(j, r)))
    }

    fn sum_over_rows(&self, of: impl Fn(usize) -> Tracking) -> Expected {
        let k = self.active().len();
        let mut total = Tracking::new(k, k, |_, _| exact(0.0));
        for (r, w) in self.row_weights().into_iter().enumerate() {
            let m = of(r);
            total = Tracking::new(k, k, |i, j| total.at(i, j) + exact(w) * m.at(i, j));
        }
        total.expected()
    }
}
