//! What must be kept of a run of a linear model so that the distance of additive updates from retraining can be
//! bounded for any forget set, without looking at the run again.
//!
//! Kept: the constants of every row, of every step the sums of its batch and what rounding did, and of every visit the
//! size of its gradient. A request reads `T` steps and the visits of the forgotten rows.
//!
//! **Rounding of carried vectors.** In `P ← βP + (1/|B|) X̃ᵀŜX̃V + γV − r̂` every entry is a sum of products of exact
//! numbers, each touched by at most `N` roundings in any order of summation (fan-in, outputs, batch and drops counted), so
//! that it is off by at most `γ_N` times the sum of the products' sizes (Higham 2002, §3.1, §3.5). With `A = (1/|B|) Σ
//! ‖Ŝᵢ‖_F‖x̃ᵢ‖²`, `‖Ŝᵢ − Sᵢ‖_F` from enclosures of the curvature at the recorded point, `c = (1/|B|) Σ ‖Ŝᵢ − Sᵢ‖_F‖x̃ᵢ‖²`,
//! and `τ` the same for the gradient of one row,
//!
//! `b_u ≤ (γ_N(γ + A) + c)‖v_u‖ + γ_N β‖p_u‖ + (visits of u)·τ`,  `a_u ≤ 3u(‖v_u‖ + ‖v_u⁺‖)`.
//!
//! The exact run is at most `ε_k` from the recorded point ([`RunEnclosure`]), which moves `H_k v` by at most
//! `Q ε_k‖v‖` and the gradients dropped by `R_k ε_k`. What underflows is at most `10⁻³⁰⁰` times sizes. Derived here.

use crate::bound::additive::Defect;
use crate::bound::ledger::{Entry, Ledger};
use crate::constants::{LocalConstants, Region, RowConstants, kept_inputs};
use crate::data::RowSet;
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::numeric::spectrum::{gamma, gram_norm_upper};
use crate::objective::Problem;
use crate::objective::enclosed::{curvature, exact, forward, residuals};
use crate::train::plan::{Plan, Step};
use crate::train::rounding::RunEnclosure;
use crate::train::sgd::Trajectory;
use crate::train::units::Units;

/// Kept of a step.
#[derive(Debug, Clone)]
struct Recorded {
    eta: Interval,
    size: Interval,
    /// Sums of `Lᵢ` and `Qᵢ` over the batch.
    smoothness: Interval,
    bend: Interval,
    /// `c₃ λ_max(Σ ‖x̃ᵢ‖ x̃ᵢx̃ᵢᵀ)`, which bounds what any part of the batch sums to (1/|B| left out).
    spectral: f64,
    /// `γ_N(γ + A) + c`, `γ_N`, `τ` and what underflow allows.
    relative: f64,
    rounding: f64,
    own: f64,
    least: f64,
}

/// A visit of a row.
#[derive(Debug, Clone, Copy)]
struct Visit {
    step: usize,
    /// At least `‖∇ℓᵢ(θ_k)‖/|B_k|`.
    size: f64,
}

/// What is kept.
#[derive(Debug, Clone)]
pub(crate) struct History {
    decay: f64,
    momentum: f64,
    rows: Vec<RowConstants>,
    steps: Vec<Recorded>,
    visits: Vec<Vec<Visit>>,
    known: RunEnclosure,
}

impl History {
    /// Goes through the run once; visits are kept for rows in a unit. `known` encloses the run, which may be one that
    /// retrained without some rows.
    ///
    /// Panics on a model with hidden layers.
    pub(crate) fn new(
        problem: &Problem,
        plan: &Plan,
        without: Option<&RowSet>,
        (run, known): (&Trajectory, RunEnclosure),
        units: &Units,
    ) -> History {
        assert!(problem.model().is_linear(), "a history of a model with hidden layers");
        let local = LocalConstants::new(problem, Region::Everywhere);
        let rows: Vec<RowConstants> = (0..problem.rows()).map(|i| local.row(i)).collect();
        let layer = &problem.network().layers[0];
        let norms: Vec<Interval> = (0..problem.rows()).map(|i| input_norm(problem, i)).collect();
        let mut visits = vec![Vec::new(); problem.rows()];
        let mut floats = Floats::new(problem);
        let steps = (0..plan.len())
            .map(|k| {
                let step = &plan.steps[k];
                let size = Interval::point(step.rows.len() as f64);
                let operations = layer.fan_in + layer.units.len() + 2 * step.rows.len() + 16;
                let rounding = Interval::point(gamma(operations));
                let theta = exact::<Interval>(&run.points[k]);
                let zero = Interval::ZERO;
                let (mut smoothness, mut bend, mut a, mut c, mut own) = (zero, zero, zero, zero, zero);
                let mut longest = zero;
                for &i in step.rows.iter().filter(|i| without.is_none_or(|w| !w.contains(**i))) {
                    let x = problem.data().design().row(i);
                    let z = forward(problem.network(), &theta, x).outputs;
                    let seen = floats.at(problem, i, run.points[k].as_slice());
                    let square = norms[i].square();
                    c = c + apart(&seen.curvature, curvature(problem.model().loss(), &z)) * square;
                    a = a + Interval::norm(&seen.curvature) * square;
                    let exact = residuals(problem.model().loss(), &z, problem.target()[i]);
                    let residual = apart(&seen.residual, exact);
                    let length = Interval::norm(&seen.residual);
                    own = own.max(norms[i] * (residual + rounding * length) / size);
                    if units.of(i).is_some() {
                        visits[i]
                            .push(Visit { step: k, size: gradient_above(norms[i], residual, length, size) });
                    }
                    smoothness = smoothness + Interval::point(rows[i].smoothness);
                    bend = bend + Interval::point(rows[i].hessian_lipschitz);
                    longest = longest.max(norms[i]);
                }
                let spectral = spectral_bend(problem, step, &norms).min(bend.hi());
                let decay = Interval::point(plan.weight_decay);
                let count = Interval::point((operations * problem.active()) as f64);
                Recorded {
                    eta: Interval::point(step.eta),
                    size,
                    smoothness,
                    bend,
                    spectral,
                    relative: (rounding * (decay + a / size) + c / size).hi(),
                    rounding: rounding.hi(),
                    own: own.hi(),
                    least: (Interval::point(1e-300) * count * (Interval::ONE + longest).square()).hi(),
                }
            })
            .collect();
        History { decay: plan.weight_decay, momentum: plan.momentum, rows, steps, visits, known }
    }

    /// Keeps the visits of the rows of other units too, along the same run.
    pub(crate) fn extend(
        &mut self,
        problem: &Problem,
        plan: &Plan,
        without: Option<&RowSet>,
        run: &Trajectory,
        units: &Units,
    ) {
        let mut floats = Floats::new(problem);
        for (k, step) in plan.steps.iter().enumerate() {
            let new = |i: &&usize| units.of(**i).is_some() && without.is_none_or(|w| !w.contains(**i));
            let mut theta = None;
            for &i in step.rows.iter().filter(new) {
                let theta = theta.get_or_insert_with(|| exact::<Interval>(&run.points[k]));
                let z = forward(problem.network(), theta, problem.data().design().row(i)).outputs;
                let seen = floats.at(problem, i, run.points[k].as_slice());
                let exact = residuals(problem.model().loss(), &z, problem.target()[i]);
                let size = Interval::point(step.rows.len() as f64);
                let (residual, length) = (apart(&seen.residual, exact), Interval::norm(&seen.residual));
                let above = gradient_above(input_norm(problem, i), residual, length, size);
                self.visits[i].push(Visit { step: k, size: above });
            }
        }
    }

    /// Steps.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// How far the end of the exact run can be from the recorded one.
    pub(crate) fn last_radius(&self) -> f64 {
        self.known.last()
    }

    /// Did the run ever use one of the rows?
    pub(crate) fn used(&self, forget: &[usize]) -> bool {
        forget.iter().any(|&i| !self.visits[i].is_empty())
    }

    /// Numbers kept: four per visit, step and row at most.
    pub(crate) fn numbers(&self) -> usize {
        2 * self.rows.len() + 10 * self.steps.len() + 2 * self.visits.iter().map(Vec::len).sum::<usize>()
    }

    /// The ledger and what rounding adds, for a forget set, given bounds on `‖v_0‖ … ‖v_t‖`.
    pub(crate) fn ledger(&self, forget: &[usize], carried: &[f64]) -> (Ledger, Vec<Defect>) {
        assert_eq!(carried.len(), self.steps.len() + 1, "norms of {} points", carried.len());
        let zero = vec![Interval::ZERO; self.steps.len()];
        let (mut smoothness, mut bend, mut size) = (zero.clone(), zero.clone(), zero);
        let mut count = vec![0usize; self.steps.len()];
        for &i in forget {
            for visit in &self.visits[i] {
                let k = visit.step;
                smoothness[k] = smoothness[k] + Interval::point(self.rows[i].smoothness);
                bend[k] = bend[k] + Interval::point(self.rows[i].hessian_lipschitz);
                size[k] = size[k] + Interval::point(visit.size);
                count[k] += 1;
            }
        }
        let decay = Interval::point(self.decay);
        let entry = |k: usize| {
            let s = &self.steps[k];
            let kept = |whole: Interval, dropped: Interval| (whole - dropped).nonnegative() / s.size;
            let drop = (smoothness[k] / s.size).hi();
            let moved = Interval::point(drop) * Interval::point(self.known.radii[k]);
            Entry {
                eta: s.eta,
                keep_lipschitz: (kept(s.smoothness, smoothness[k]) + decay).hi(),
                keep_strong: self.decay,
                // Rows left out only make it smaller.
                keep_hessian_lipschitz: kept(s.bend, bend[k])
                    .hi()
                    .min((Interval::point(s.spectral) / s.size).hi()),
                touched: count[k] > 0,
                drop_lipschitz: if count[k] > 0 { drop } else { 0.0 },
                // Bounds from above throughout: a point, so that what is evaluated from them is one number.
                drop_norm: if count[k] > 0 {
                    Interval::point((size[k] + moved).hi())
                } else {
                    Interval::ZERO
                },
                displacement: Interval::ZERO,
            }
        };
        let entries: Vec<Entry> = (0..self.steps.len()).map(entry).collect();
        let defects = (0..self.steps.len()).map(|k| self.defect(k, carried, count[k], &entries[k])).collect();
        (Ledger { entries, convex: true, momentum: self.momentum }, defects)
    }

    fn defect(&self, k: usize, carried: &[f64], visits: usize, entry: &Entry) -> Defect {
        let s = &self.steps[k];
        let (now, next) = (Interval::point(carried[k]), Interval::point(carried[k + 1]));
        if carried[k] == 0.0 && carried[k + 1] == 0.0 && visits == 0 {
            return Defect::default();
        }
        let radius = Interval::point(self.known.radii[k]);
        let mut product = Interval::point(s.relative) * now
            + Interval::point(visits as f64) * Interval::point(s.own)
            + radius * (Interval::point(s.spectral) / s.size * now + Interval::point(entry.drop_lipschitz))
            + Interval::point(s.least);
        let some = Interval::point(1.0 + 1e-9);
        if self.momentum > 0.0 && k > 0 {
            // p_k = (v_{k−1} − v_k)/η_{k−1}, rounded.
            let velocity = (Interval::point(carried[k - 1]) + now) * some / self.steps[k - 1].eta;
            product = product + Interval::point(s.rounding) * Interval::point(self.momentum) * velocity;
        }
        let unit = Interval::point(3.0 * f64::EPSILON / 2.0);
        let step = unit * (now + next) * some + Interval::point(s.least);
        Defect { product: product.hi(), step: step.hi() }
    }
}

/// At least `‖x̃ᵢ‖`, of what any output reads.
fn input_norm(problem: &Problem, i: usize) -> Interval {
    let layer = &problem.network().layers[0];
    let x = problem.data().design().row(i);
    let square = layer.units.iter().map(|u| u.input_norm_squared(x, layer.fan_in)).fold(0.0, f64::max);
    let up = Interval::ONE + Interval::point(gamma(layer.fan_in + 2));
    Interval::point((Interval::point(square) * up).sqrt().hi() + f64::MIN_POSITIVE.sqrt())
}

/// How far floats are from what they stand for.
fn apart(floats: &[f64], exact: Vec<Interval>) -> Interval {
    norm(&exact.iter().zip(floats).map(|(e, f)| *e - Interval::point(*f)).collect::<Vec<_>>())
}

/// At least `‖∇ℓᵢ‖/|B|`: from `‖x̃ᵢ‖`, the computed residual's length and what it may be off by.
fn gradient_above(input: Interval, off: Interval, length: Interval, size: Interval) -> f64 {
    (input * (off + length) / size).hi()
}

/// The Lipschitz constant of the batch's Hessian times its size: with `|ℓ‴| ≤ c₃` along any line, for unit vectors
/// `a, b` and any part of the batch `|Σ ℓ‴(x̃ᵢ·v)(x̃ᵢ·a)(x̃ᵢ·b)| ≤ c₃‖v‖ Σ ‖x̃ᵢ‖(x̃ᵢ·a)²` at worst over `a = b`.
fn spectral_bend(problem: &Problem, step: &Step, norms: &[Interval]) -> f64 {
    let third = problem.model().loss().constants().third;
    if third == 0.0 {
        return 0.0;
    }
    let mut times = vec![0.0; problem.rows()];
    step.rows.iter().for_each(|&i| times[i] += 1.0);
    let Ok(batch) = problem.weighted(times.clone()) else { return f64::INFINITY };
    let (columns, rows, _) = kept_inputs(&batch);
    let weigh = |i: usize| (Interval::point(times[i]) * norms[i]).hi();
    let weights: Vec<f64> = (0..times.len()).filter(|&i| times[i] > 0.0).map(weigh).collect();
    (Interval::point(third) * Interval::point(gram_norm_upper(columns, &rows, &weights))).hi()
}

/// What the float kernels compute for a row.
struct Floats {
    ws: crate::model::Workspace,
    curvature: Vec<f64>,
    residual: Vec<f64>,
}

impl Floats {
    fn new(problem: &Problem) -> Floats {
        let net = problem.network();
        let outputs = net.outputs();
        Floats { ws: net.workspace(), curvature: vec![0.0; outputs * outputs], residual: vec![0.0; outputs] }
    }

    fn at(&mut self, problem: &Problem, i: usize, theta: &[f64]) -> &Floats {
        let net = problem.network();
        let z = net.forward(theta, problem.data().design().row(i), &mut self.ws);
        net.loss.curvature(z, &mut self.curvature);
        net.loss.gradient(z, problem.target()[i], &mut self.residual);
        self
    }
}
