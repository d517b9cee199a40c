//! Every fast way of training against the slow one: the stepping engine against gradients formed row by row, lock-step
//! against runs one by one, sweeps of leaving rows out against refitting.

use nalgebra::DVector;
use proptest::prelude::*;
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::numeric::gram::Kernel;
use unlearn::numeric::tolerance::tol;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::coupling::{Coupling, Normalisation};
use unlearn::train::lockstep::{self, Run};
use unlearn::train::newton::minimise;
use unlearn::train::plan::{Plan, Step};
use unlearn::train::sgd;
use unlearn::train::stepper::Stepper;
use unlearn::unlearn::Trained;
use unlearn::unlearn::leave_out_sweep::Sweep;
use unlearn::unlearn::retrain::sweep;

/// Numbers of one case, all drawn.
#[derive(Debug, Clone)]
struct Draw {
    widths: Vec<usize>,
    loss: Loss,
    activation: Activation,
    bias: bool,
    sparse: bool,
    sum: bool,
    perturbed: bool,
    momentum: f64,
    decay: f64,
    renormalise: bool,
    /// How many of 64 parameters are kept.
    density: usize,
    keep: Vec<usize>,
    entries: Vec<f64>,
    labels: Vec<usize>,
    theta: Vec<f64>,
    steps: Vec<(Vec<usize>, f64)>,
    forget: Vec<usize>,
}

const ROWS: usize = 7;

/// Widths beyond one and two chunks of eight, and now and then eight of them with hardly a weight, so that remainders,
/// masks and groups of units that list what they read all occur.
fn draws(linear: bool) -> impl Strategy<Value = Draw> {
    let hidden = if linear { 0..=0 } else { 0..=2 };
    let shape = (
        prop_oneof![4 => 1usize..20, 1 => 57usize..70],
        prop::collection::vec(1usize..12, hidden),
        2usize..11,
    );
    let kind = (0..Loss::ALL.len(), 0..Activation::ALL.len(), any::<[bool; 5]>());
    let numbers = (
        prop_oneof![Just(0.0), Just(0.5)],
        prop_oneof![Just(0.0), Just(0.125)],
        prop_oneof![1usize..4, 4usize..=64],
    );
    (shape, kind, numbers).prop_flat_map(move |((inputs, hidden, classes), kind, numbers)| {
        let (loss, activation, [bias, sparse, sum, perturbed, renormalise]) = kind;
        let (momentum, decay, density) = numbers;
        let loss = if linear { [Loss::Squared, Loss::Logistic][loss % 2] } else { Loss::ALL[loss] };
        let mut widths = vec![inputs];
        widths.extend(hidden);
        widths.push(if loss == Loss::Softmax { classes } else { 1 });
        let parameters: usize = widths.windows(2).map(|w| (w[0] + 1) * w[1]).sum();
        let steps = prop::collection::vec((prop::collection::vec(0..ROWS, 1..4), 0.01..0.2), 1..6);
        (
            prop::collection::vec(0usize..64, parameters),
            prop::collection::vec(-1.5..1.5, ROWS * inputs),
            prop::collection::vec(0usize..classes, ROWS),
            prop::collection::vec(-1.0..1.0, parameters),
            steps,
            prop::collection::vec(0..ROWS, 1..4),
        )
            .prop_map(move |(keep, entries, labels, theta, steps, mut forget)| {
                forget.sort_unstable();
                forget.dedup();
                let activation = Activation::ALL[activation];
                let widths = widths.clone();
                Draw {
                    widths,
                    loss,
                    activation,
                    bias,
                    sparse,
                    sum,
                    perturbed,
                    momentum,
                    decay,
                    renormalise,
                    density,
                    keep,
                    entries,
                    labels,
                    theta,
                    steps,
                    forget,
                }
            })
    })
}

impl Draw {
    fn problem(&self) -> Problem {
        let inputs = self.widths[0];
        let design = Design::dense(ROWS, inputs, self.entries.clone()).unwrap();
        let design = if self.sparse { design.to_sparse() } else { design };
        let labels = self.labels.iter().map(|&l| if self.loss == Loss::Softmax { l } else { l % 2 } as f64);
        let data = Dataset::new("drawn", design, labels.collect()).unwrap();
        let model = Model::new(self.widths.clone(), self.activation, self.loss, self.bias).unwrap();
        let mut keep: Vec<bool> = (0..model.parameters()).map(|j| self.keep[j] < self.density).collect();
        keep[0] = true;
        let mut problem =
            Problem::new(data.into(), model, 0.125).unwrap().with_mask(Mask::new(&keep).unwrap()).unwrap();
        if self.sum {
            problem = problem.with_reduction(Reduction::Sum);
        }
        if self.perturbed {
            let b = DVector::from_fn(problem.active(), |j, _| (j as f64 + 1.0).sin());
            problem = problem.with_perturbation(b).unwrap();
        }
        problem
    }

    fn start(&self, problem: &Problem) -> DVector<f64> {
        DVector::from_fn(problem.active(), |j, _| self.theta[j])
    }

    fn plan(&self) -> Plan {
        let steps = self.steps.iter().map(|(rows, eta)| Step { rows: rows.clone(), eta: *eta }).collect();
        Plan::new(steps, self.momentum, self.decay).unwrap()
    }

    fn normalisation(&self) -> Normalisation {
        if self.renormalise { Normalisation::Renormalised } else { Normalisation::Fixed }
    }
}

proptest! {
    #[test]
    fn a_step_is_the_step_of_gradients_formed_row_by_row(draw in draws(false)) {
        let (problem, plan) = (draw.problem(), draw.plan());
        let forget = RowSet::new(ROWS, draw.forget.clone()).unwrap();
        let start = draw.start(&problem);
        let coupling = Coupling::new(&problem, &plan, &forget, draw.normalisation()).unwrap();
        for kernel in Kernel::available() {
            let mut run = Stepper::with_kernel(&problem, start.as_slice(), plan.momentum, plan.weight_decay, kernel).unwrap();
            let (mut theta, mut velocity) = (start.clone(), DVector::zeros(start.len()));
            for (k, step) in plan.steps.iter().enumerate() {
                let g = coupling.keep(k, &theta);
                velocity = velocity * plan.momentum + g;
                theta -= &velocity * step.eta;
                let kept: Vec<usize> = step.rows.iter().copied().filter(|&i| !forget.contains(i)).collect();
                let divisor = if draw.renormalise { kept.len().max(1) } else { step.rows.len() };
                run.step(&kept, divisor as f64, step.eta);
                let mut found = DVector::zeros(theta.len());
                run.read(found.as_mut_slice());
                // Sums over up to 70 inputs, through up to three layers whose weights stretch errors (each by less
                // than its width), accumulated over the steps.
                let size = 1.0 + theta.norm() + velocity.norm();
                let slack = tol(70, 1e3) * size * (k + 1) as f64;
                prop_assert!((&found - &theta).norm() <= slack, "{}: step {k}: {:e}", kernel.name(), (&found - &theta).norm());
            }
        }
    }

    #[test]
    fn a_run_ends_in_its_last_recorded_point(draw in draws(false)) {
        let (problem, plan) = (draw.problem(), draw.plan());
        let forget = RowSet::new(ROWS, draw.forget.clone()).unwrap();
        let start = draw.start(&problem);
        let run = sgd::train(&problem, &plan, start.clone()).unwrap();
        prop_assert_eq!(run.last(), &sgd::train_final(&problem, &plan, start.clone()).unwrap());
        let n = draw.normalisation();
        let rerun = sgd::retrain(&problem, &plan, start.clone(), &forget, n).unwrap();
        let last = sgd::retrain_final(&problem, &plan, start.clone(), &forget, n).unwrap();
        prop_assert_eq!(rerun.last(), &last);
        let forgets = [forget];
        prop_assert_eq!(&lockstep::retrain(&problem, &plan, &start, &forgets, n).unwrap()[0], &last);
        let trained = Trained::Run { plan: &plan, trajectory: &run, normalisation: n };
        prop_assert_eq!(&sweep(&problem, trained, &forgets).unwrap()[0], &last);
    }

    #[test]
    fn lock_step_is_every_run_by_itself(draw in draws(true), count in 1usize..40) {
        let mut draw = draw;
        (draw.density, draw.sparse, draw.perturbed, draw.momentum) = (64, false, false, 0.0);
        let (problem, plan) = (draw.problem(), draw.plan());
        prop_assert!(lockstep::applies(&problem, &plan));
        // Another forget set, weight decay, step size and start for every run.
        let forgets: Vec<RowSet> =
            (0..count).map(|m| RowSet::new(ROWS, vec![m % ROWS, (m % ROWS + 1 + m % 3) % ROWS]).unwrap()).collect();
        let runs: Vec<Run<'_>> = (0..count)
            .map(|m| Run {
                start: draw.start(&problem) * (1.0 + m as f64),
                forget: (m % 4 != 3).then(|| &forgets[m]),
                weight_decay: 0.1 * (m % 3) as f64,
                rate: 1.0 / (1 + m % 5) as f64,
            })
            .collect();
        let ends = lockstep::train(&problem, &plan, &runs, draw.normalisation()).unwrap();
        for (run, end) in runs.iter().zip(&ends) {
            let steps = plan.steps.iter().map(|s| Step { rows: s.rows.clone(), eta: s.eta * run.rate }).collect();
            let own = Plan::new(steps, 0.0, run.weight_decay).unwrap();
            let alone = match run.forget {
                Some(f) => sgd::retrain_final(&problem, &own, run.start.clone(), f, draw.normalisation()),
                None => sgd::train_final(&problem, &own, run.start.clone()),
            };
            prop_assert_eq!(end, &alone.unwrap());
        }
        for kernel in Kernel::available() {
            let ends = lockstep::train_with_kernel(&problem, &plan, &runs, draw.normalisation(), kernel).unwrap();
            for (run, end) in runs.iter().zip(&ends) {
                let mut alone =
                    Stepper::with_kernel(&problem, run.start.as_slice(), 0.0, run.weight_decay, kernel).unwrap();
                for step in &plan.steps {
                    let kept: Vec<usize> =
                        step.rows.iter().copied().filter(|&i| run.forget.is_none_or(|f| !f.contains(i))).collect();
                    let divisor = if draw.renormalise { kept.len().max(1) } else { step.rows.len() };
                    alone.step(&kept, divisor as f64, step.eta * run.rate);
                }
                let mut theta = end.clone();
                alone.read(theta.as_mut_slice());
                prop_assert_eq!(end, &theta, "{}", kernel.name());
            }
        }
    }

    #[test]
    fn leaving_out_is_refitting(draw in draws(true)) {
        let mut draw = draw;
        draw.momentum = 0.0;
        let problem = draw.problem();
        let fit = minimise(&problem.full(), draw.start(&problem)).unwrap();
        let mut sweep = Sweep::new(&problem, &fit.theta).unwrap();
        for first in 0..ROWS {
            let mut rows: Vec<usize> = draw.forget.iter().map(|i| (i + first) % ROWS).collect();
            rows.sort_unstable();
            let forget = RowSet::new(ROWS, rows).unwrap();
            let refit = minimise(&problem.retained(&forget).unwrap(), fit.theta.clone()).unwrap();
            let left = sweep.leave_out(&forget).unwrap();
            // Gradients of size 1 + Σ‖∇ℓ‖ are rounded and divided by λ = 1/8; 1e3 as in the Newton's own stop.
            let size = 1.0 + fit.theta.norm() + problem.retained(&forget).unwrap().gradient_mass(&refit.theta);
            let slack = tol(ROWS + 20, 8e3) * size;
            prop_assert!((&left.theta - &refit.theta).norm() <= slack, "{:e}", (&left.theta - &refit.theta).norm());
        }
    }
}

#[test]
fn lock_step_refuses_what_it_cannot_do() {
    let x = Design::dense(2, 2, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    let data = Dataset::new("two", x, vec![0.0, 1.0]).unwrap();
    let problem = Problem::new(data.into(), Model::linear(2, 1, Loss::Logistic, true).unwrap(), 0.1).unwrap();
    let plan = |momentum| Plan::new(vec![Step { rows: vec![1], eta: 0.1 }], momentum, 0.0).unwrap();
    let run = |length, rate| Run { start: DVector::zeros(length), forget: None, weight_decay: 0.0, rate };
    let n = Normalisation::Fixed;
    assert!(lockstep::train(&problem, &plan(0.5), &[run(3, 1.0)], n).is_err());
    assert!(lockstep::train(&problem, &plan(0.0), &[run(2, 1.0)], n).is_err());
    assert!(lockstep::train(&problem, &plan(0.0), &[run(3, f64::NAN)], n).is_err());
    assert!(lockstep::train(&problem, &plan(0.0), &[run(3, 1.0)], n).is_ok());
    let pruned = problem.with_mask(Mask::new(&[true, false, true]).unwrap()).unwrap();
    assert!(lockstep::train(&pruned, &plan(0.0), &[run(2, 1.0)], n).is_err());
}
