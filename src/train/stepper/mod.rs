//! The one engine of stochastic gradient descent: a step on some rows, in place, without allocation.
//!
//! `v ← βv + g`, `θ ← θ − ηv` with `g = (1/d) Σ ∇ℓᵢ(θ) + γθ + b` over the rows of the step; `b` is the problem's
//! perturbation (divided by n under the sum reduction). Without momentum one sweep computes
//! `θ ← (1 − ηγ)θ − (η/d) Σ δᵢaᵢ`: outer products are added where the parameters are, and no gradient is formed.
//!
//! Parameters lie in chunks of eight numbers and are trained with the processor's vector instructions
//! ([`Kernel`]). The order of all operations depends on the sizes, the mask and the kernel alone, so the same run gives the
//! same bits wherever the same kernel is used; two kernels agree to rounding. Activations are those of
//! `numeric::training_functions`. What a verdict says about a run does not rest on any of this: it
//! encloses the exact run around the recorded points, whatever they are ([`super::rounding`]).
//!
//! **Cost.** A pruned weight costs nothing where no unit of its group reads the input, and what a kept one costs
//! otherwise: groups are cut to what is cheapest, from all units of a layer, where no pruned weight is skipped and a step
//! takes as long as a dense one, down to single units. Units from which no output can be reached are skipped, and units
//! that read nothing cost their activation.

mod groups;
mod layout;
mod pass;
mod products;
mod update;

use crate::data::Row;
use crate::error::{Error, Result};
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Arithmetic, Chunk, Vectorised};
use crate::objective::{Problem, Reduction};
use layout::Layout;
use pass::Pass;
use update::Rule;

/// A model in training: parameters, velocity and every buffer a step needs.
#[derive(Debug, Clone)]
pub struct Stepper<'p> {
    problem: &'p Problem,
    kernel: Kernel,
    momentum: f64,
    decay: f64,
    layout: Layout,
    pass: Pass,
    theta: Vec<Chunk>,
    /// Empty without momentum.
    velocity: Vec<Chunk>,
    /// Where a step on several rows builds the new parameters; the gradients still need the old ones.
    next: Vec<Chunk>,
    perturbation: Option<Vec<Chunk>>,
    visits: u64,
}

impl<'p> Stepper<'p> {
    /// Starts from the `k` kept parameters `theta` at rest, with momentum `β` and weight decay `γ`.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem, train::stepper::Stepper};
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![2.0, 4.0]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
    /// let mut run = Stepper::new(&problem, &[0.0], 0.0, 0.0).unwrap();
    /// let mut theta = [0.0];
    /// run.step(&[0, 1], 2.0, 0.5);        // θ ← 0 − ½·½((0 − 2) + (0 − 4))
    /// run.read(&mut theta);
    /// assert_eq!(theta, [1.5]);
    /// run.step(&[0], 2.0, 0.5);           // row 1 left out of the same batch: θ ← 1.5 − ½·½(1.5 − 2)
    /// run.read(&mut theta);
    /// assert_eq!((theta, run.visits()), ([1.625], 3));
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when `theta` has the wrong length.
    pub fn new(problem: &'p Problem, theta: &[f64], momentum: f64, decay: f64) -> Result<Stepper<'p>> {
        Stepper::with_kernel(problem, theta, momentum, decay, Kernel::best())
    }

    /// As [`Stepper::new`] with the kernel given.
    ///
    /// # Errors
    /// As [`Stepper::new`].
    pub fn with_kernel(
        problem: &'p Problem,
        theta: &[f64],
        momentum: f64,
        decay: f64,
        kernel: Kernel,
    ) -> Result<Stepper<'p>> {
        Error::check_shape("starting parameters", problem.active(), theta.len())?;
        let layout = Layout::new(problem.network(), kernel);
        let zeros = vec![Chunk::ZERO; layout.length];
        let mut run = Stepper {
            problem,
            kernel,
            momentum,
            decay,
            pass: Pass::new(&layout),
            theta: zeros.clone(),
            velocity: if momentum == 0.0 { Vec::new() } else { zeros.clone() },
            next: zeros,
            layout,
            perturbation: None,
            visits: 0,
        };
        run.layout.load(theta, &mut run.theta);
        run.set_perturbation_factor(match problem.reduction() {
            Reduction::Mean => 1.0,
            Reduction::Sum => 1.0 / problem.rows() as f64,
        });
        Ok(run)
    }

    /// One step of size `eta` on the rows given, the sum of whose gradients is divided by `divisor` (the rows of the
    /// batch, whether or not all are given; negative: up the loss instead of down). Without rows only weight decay,
    /// perturbation and momentum act.
    ///
    /// Panics when a row does not exist.
    pub fn step(&mut self, rows: &[usize], divisor: f64, eta: f64) {
        self.kernel.run(Step { run: self, rows, divisor, eta });
    }

    /// Soft thresholding of every kept parameter at `threshold` ([`super::proximal::soft_threshold`]).
    pub fn shrink(&mut self, threshold: f64) {
        self.theta.iter_mut().for_each(|c| super::proximal::soft_threshold(&mut c.0, threshold));
    }

    /// Takes `factor` times the problem's perturbation from now on, instead of the reduction's; 0: none.
    pub fn set_perturbation_factor(&mut self, factor: f64) {
        self.perturbation = match self.problem.perturbation() {
            Some(b) if factor != 0.0 => {
                let mut chunks = vec![Chunk::ZERO; self.layout.length];
                self.layout.load((b * factor).as_slice(), &mut chunks);
                Some(chunks)
            }
            _ => None,
        };
    }

    /// Writes the `k` kept parameters to `theta`. Panics when it has another length.
    pub fn read(&self, theta: &mut [f64]) {
        self.layout.store(&self.theta, theta);
    }

    /// Writes the velocity to `velocity`: zeros without momentum, where it says nothing about what follows.
    /// Panics when it has another length.
    pub fn read_velocity(&self, velocity: &mut [f64]) {
        if self.velocity.is_empty() {
            velocity.fill(0.0);
        } else {
            self.layout.store(&self.velocity, velocity);
        }
    }

    /// Continues with the velocity given; without momentum it is not looked at. Panics when it has another length.
    pub fn set_velocity(&mut self, velocity: &[f64]) {
        if !self.velocity.is_empty() {
            self.layout.load(velocity, &mut self.velocity);
        }
    }

    /// Is every parameter finite? One that is not stays so.
    pub fn is_finite(&self) -> bool {
        self.theta.iter().all(|c| c.0.iter().all(|v| v.is_finite()))
    }

    /// Row gradients computed so far.
    pub fn visits(&self) -> u64 {
        self.visits
    }
}

struct Step<'a, 'p> {
    run: &'a mut Stepper<'p>,
    rows: &'a [usize],
    divisor: f64,
    eta: f64,
}

impl Vectorised for Step<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Step { run, rows, divisor, eta } = self;
        let Stepper { problem, layout, pass, theta, velocity, next, .. } = run;
        let (design, target) = (problem.data().design(), problem.target());
        let functions = (problem.model().activation(), problem.model().loss());
        let rule = Rule { eta, momentum: run.momentum, decay: run.decay };
        let factor = rule.factor(1.0 / divisor);
        let (b, heavy) = (run.perturbation.as_deref(), run.momentum != 0.0);
        run.visits += rows.len() as u64;
        if let [i] = *rows {
            let row = design.row(i);
            pass.run::<A>(layout, functions, theta, row, target[i]);
            match row {
                Row::Dense(_) if b.is_none() => {
                    update::fused::<A>(layout, rule, factor, pass, theta, velocity);
                }
                _ if heavy => {
                    update::prepare::<A>(rule, b, theta, velocity);
                    update::add::<A>(layout, factor, pass, row, velocity);
                    update::travel::<A>(eta, velocity, theta);
                }
                _ => {
                    update::prepare_in_place::<A>(rule, b, theta);
                    update::add::<A>(layout, factor, pass, row, theta);
                }
            }
            return;
        }
        let into = if heavy { &mut *velocity } else { &mut *next };
        update::prepare::<A>(rule, b, theta, into);
        for &i in rows {
            let row = design.row(i);
            pass.run::<A>(layout, functions, theta, row, target[i]);
            update::add::<A>(layout, factor, pass, row, into);
        }
        if heavy {
            update::travel::<A>(eta, velocity, theta);
        } else {
            std::mem::swap(theta, next);
        }
    }
}
