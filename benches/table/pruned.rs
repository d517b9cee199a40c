//! Does cost follow density? One network, pruned at random to ever fewer weights.

use crate::frame::case::arguments;
use crate::frame::{Bench, Case, Role, Target, flops};
use crate::gram::lower;
use crate::hessian::{SEED, embedded, parameters, problem};
use nalgebra::{DMatrix, DVector};
use std::hint::black_box;
use unlearn::loss::Loss;
use unlearn::mask::{Scope, random};
use unlearn::numeric::factor::Cholesky;
use unlearn::objective::Problem;
use unlearn::report::figure::{Axis, Chart, Point, Series};
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::sgd;

const WIDTHS: [usize; 3] = [64, 32, 10];

/// What is drawn: a name, and the power of the density that its cost would follow.
const CURVES: [(&str, i32); 4] = [("forward pass", 1), ("SGD step", 1), ("Hessian", 2), ("factorisation", 3)];

/// The case of a curve at a share of weights kept.
fn name(curve: &str, percent: f64) -> String {
    format!("{curve}, {percent} % pruned")
}

/// Density by density.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Pruned models",
        "64-32-10 tanh softmax on digits, weights pruned at random (biases are kept), k parameters left, density \
         ρ = k/d. Every line is measured against the dense model in the same run: ρ⁻¹ would be ideal for the forward pass \
         and a step, ρ⁻² for the Hessian, ρ⁻³ for the factorisation. “Of the limit” counts n·k² operations for the \
         Hessian, which is what remains without the symmetry of unit pairs. The sweeps that the Hessian needs cost in \
         proportion to ρ: the line of the forward pass is their floor.\n\n![measured and ideal speed-up](sparse-speed.svg)",
    );
    let dense = problem(embedded("digits"), &WIDTHS, Loss::Softmax);
    let prunings: &[f64] =
        if bench.quick { &[0.0, 80.0, 95.0] } else { &[0.0, 50.0, 80.0, 90.0, 95.0, 98.0] };
    for &percent in prunings {
        let kept = Scope::Weights.kept(dense.model(), percent / 100.0).expect("a share");
        let mask = random::prune(dense.model(), Scope::Weights, kept, SEED).expect("something is kept");
        let pruned = dense.clone().with_mask(mask).expect("sizes agree");
        Pair { dense: &dense, pruned: &pruned, percent }.measure(bench);
    }
}

struct Pair<'a> {
    dense: &'a Problem,
    pruned: &'a Problem,
    percent: f64,
}

impl Pair<'_> {
    fn density(&self) -> f64 {
        self.pruned.active() as f64 / self.dense.active() as f64
    }

    fn case(&self, curve: &str) -> Case {
        let k = self.pruned.active();
        Case::new(name(curve, self.percent), format!("k = {k}, ρ = {:.3}, seed {SEED}", self.density()))
    }

    /// The kept parameters, and all of them with zeros.
    fn points(&self) -> (DVector<f64>, DVector<f64>) {
        let mask = self.pruned.mask();
        let theta = mask.restrict(parameters(mask.parameters()).as_slice()).expect("sizes agree");
        let embedded = mask.embed(&theta);
        (theta, embedded)
    }

    fn measure(&self, bench: &mut Bench) {
        self.hessian(bench);
        self.factorisation(bench);
        self.step(bench);
        self.forward(bench);
    }

    fn hessian(&self, bench: &mut Bench) {
        let (theta, full) = self.points();
        let (f, g) = (self.pruned.full(), self.dense.full());
        let k = self.pruned.active();
        let mut case = self.case("Hessian");
        case.flops = Some(flops::pruned_hessian(self.pruned.rows(), k));
        let slack = if self.percent <= 80.0 { 2.0 } else { 4.0 };
        if self.percent > 0.0 && self.percent <= 95.0 {
            let share = self.density().powi(2);
            case.targets.push(Target::Follows { side: "dense", share, slack });
            case.targets.push(Target::Share(1.0 / slack));
        }
        if self.percent > 0.0 {
            case.targets.push(Target::Within("dense then gather", 1.0));
        }
        let kept = self.pruned.mask().active();
        let gather = || {
            let h = g.hessian(&full);
            black_box(DMatrix::from_fn(k, k, |i, j| h[(kept[i], kept[j])]));
        };
        bench.measure(
            case,
            DMatrix::zeros(0, 0),
            |h| {
                *h = DMatrix::zeros(0, 0);
                *h = f.hessian(&theta);
            },
            |_| Vec::new(),
            vec![
                ("dense", Box::new(|| drop(black_box(g.hessian(&full))))),
                ("dense then gather", Box::new(gather)),
            ],
        );
    }

    fn factorisation(&self, bench: &mut Bench) {
        let definite = |problem: &Problem, theta: &DVector<f64>| {
            let mut h = problem.full().gauss_newton(theta);
            (0..h.nrows()).for_each(|j| h[(j, j)] += 1.0);
            h
        };
        let (theta, full) = self.points();
        let (small, large) = (definite(self.pruned, &theta), definite(self.dense, &full));
        let given = arguments([("a", bench.matrix(&small))]);
        let mut case = self
            .case("factorisation")
            .against("numpy", "cholesky_lapack", Role::Tuned, given.clone())
            .against("numpy", "cholesky_default", Role::Default, given);
        case.flops = Some(flops::cholesky(self.pruned.active()));
        if self.percent > 0.0 && self.percent <= 95.0 {
            let share = self.density().powi(3);
            case.targets.push(Target::Follows { side: "dense", share, slack: 2.0 });
        }
        let factor = |a: &DMatrix<f64>| Cholesky::new(a.clone(), "H").expect("positive definite");
        bench.measure(
            case,
            None,
            |c| *c = Some(factor(&small)),
            |c| c.as_ref().map_or_else(Vec::new, |c: &Cholesky| lower(c.lower())),
            vec![("dense", Box::new(|| drop(black_box(factor(&large)))))],
        );
    }

    fn step(&self, bench: &mut Bench) {
        let (theta, full) = self.points();
        let batches = Batches { rows: self.pruned.rows(), size: 1, epochs: 4, seed: SEED };
        let rate = Schedule::Constant { rate: 0.01 };
        let plan = Plan::shuffled(batches, rate, 0.0, self.pruned.ridge()).expect("a valid plan");
        let mut case = self.case("SGD step");
        case.units = Some((plan.len() as f64, "steps"));
        let run = |problem: &Problem, start: &DVector<f64>| {
            sgd::train_final(problem, &plan, start.clone()).expect("no overflow")
        };
        bench.measure(
            case,
            None,
            |end| *end = Some(run(self.pruned, &theta)),
            |_| Vec::new(),
            vec![("dense", Box::new(|| drop(black_box(run(self.dense, &full)))))],
        );
    }

    fn forward(&self, bench: &mut Bench) {
        let (theta, full) = self.points();
        let (f, g) = (self.pruned.full(), self.dense.full());
        let mut case = self.case("forward pass");
        let weights = self.pruned.active() as f64;
        case.flops = Some(2.0 * weights * self.pruned.rows() as f64);
        bench.measure(
            case,
            DMatrix::zeros(0, 0),
            |z| *z = f.outputs(&theta),
            |_| Vec::new(),
            vec![("dense", Box::new(|| drop(black_box(g.outputs(&full)))))],
        );
    }
}

/// Measured and ideal speed-up over the dense model against density.
pub(crate) fn figure(bench: &Bench) -> String {
    let lines: Vec<_> = bench.families.iter().flat_map(|(_, _, lines)| lines).collect();
    let mut series = Vec::new();
    for (curve, power) in CURVES {
        let measured: Vec<(f64, f64)> = lines
            .iter()
            .filter(|m| m.case.name.starts_with(&format!("{curve}, ")))
            .filter_map(|m| {
                let density = m.case.size.split("ρ = ").nth(1)?.split(',').next()?.parse().ok()?;
                Some((density, m.side("dense")?.ratio))
            })
            .collect();
        let ideal = measured.iter().map(|&(x, _)| Point::plain(x, x.powi(-power))).collect();
        let points = measured.iter().map(|&(x, y)| Point::plain(x, y)).collect();
        series.push(Series { name: curve.into(), points });
        if power > 1 || curve == "SGD step" {
            let name = ["ideal ρ⁻¹", "ideal ρ⁻²", "ideal ρ⁻³"][power as usize - 1];
            series.push(Series { name: name.into(), points: ideal });
        }
    }
    let chart = Chart {
        title: "Speed-up of a pruned 64-32-10 network over the dense one".into(),
        x: Axis::logarithmic("density ρ = k/d (share of parameters kept)"),
        y: Axis::logarithmic("speed-up (times)"),
        series,
    };
    chart.svg()
}
