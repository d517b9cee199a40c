//! Where the run in exact arithmetic is: around every recorded point, a proved radius.
//!
//! The exact run is `v_{k+1} = βv_k + g_k(θ_k)`, `θ_{k+1} = θ_k − η_k v_{k+1}` from `θ_0` and `v_0 = 0`, with
//! `g_k` the gradient of batch `k` as a function on the reals (weight decay, masks, renormalised divisors and
//! perturbation included) and the data, `η_k`, `β`, `γ` and `θ_0` the exact floats they are. Let `θ̃_k` be the
//! recorded points, whatever they are, with `θ̃_0 = θ_0`, and let `g_k` have its Jacobian's spectrum within
//! `[μ_k, L_k]` on a convex set that contains every `θ_k` and `θ̃_k`.
//!
//! **Without momentum.** With `δ_k ≥ ‖θ̃_{k+1} − (θ̃_k − η_k g_k(θ̃_k))‖` and
//! `c_k ≥ max(|1 − η_kμ_k|, |1 − η_kL_k|)`,
//!
//! `e_0 = 0`, `e_{k+1} = c_k e_k + δ_k` obey `‖θ_k − θ̃_k‖ ≤ e_k`.
//!
//! *Proof.* `θ_{k+1} − θ̃_{k+1}` is the difference of the exact steps from `θ_k` and `θ̃_k`, which the mean
//! value theorem bounds by `c_k e_k` (the averaged Jacobian is symmetric with spectrum in `[μ_k, L_k]`), plus a
//! vector of norm at most `δ_k`. ∎ For convex losses and `η_kL_k ≤ 2` every `c_k ≤ 1`.
//!
//! **With momentum.** Let `ṽ_{k+1} = (θ̃_k − θ̃_{k+1})/η_k`, the velocities that the recorded points have, `ṽ_0 = 0`,
//! and `σ_k ≥ ‖ṽ_{k+1} − βṽ_k − g_k(θ̃_k)‖`. Then with `p_0 = e_0 = 0`
//!
//! `p_{k+1} = βp_k + L_k e_k + σ_k`, `e_{k+1} = e_k + η_k p_{k+1}`: `‖v_k − ṽ_k‖ ≤ p_k`, `‖θ_k − θ̃_k‖ ≤ e_k`,
//!
//! by induction, since `g_k` is `L_k`-Lipschitz.
//!
//! **Networks.** Constants exist on balls only. They are taken on the ball of [`Trajectory::enclosing_radius`] around
//! `θ_0`, which contains the recorded points with room to spare; as long as every `e_j`, `j ≤ k`, is at most that
//! room, `θ_j` is in the ball too, so the recursion is valid one step further. Where `e_k` exceeds the room,
//! it and all that follow are infinite: nothing is claimed.
//!
//! `δ_k` and `σ_k` come from interval evaluations of the gradient at the recorded floats; nothing is neglected. In
//! particular nothing is assumed about how a step was computed: whichever instructions, order of sums and kernels of `tanh`
//! training used ([`super::stepper`]), their whole error is in the recorded points, and so in `δ_k` and `σ_k`. An
//! inexact kernel could only make the radii larger, never wrong.
//!
//! **Refined.** The recursion above must assume that errors are stretched as much as constants allow, which with
//! momentum or for networks is far more than they are. Where a verdict depends on it, the exact run is followed
//! in precise arithmetic instead, every number with a radius, from `θ_0` on: the point it encloses is
//! compared with the recorded one, and no constant enters. Derived here.

use super::coupling::Coupling;
use super::enclosed::batch_gradient;
use super::plan::Plan;
use super::sgd::Trajectory;
use crate::constants::{LocalConstants, Region};
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::objective::Problem;
use crate::objective::enclosed::exact;
use nalgebra::DVector;

/// How far the points of the exact run are from the recorded ones.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnclosure {
    /// `e_k ≥ ‖θ_k − θ̃_k‖`, one per point; infinite where nothing could be proved.
    pub radii: Vec<f64>,
}

impl RunEnclosure {
    /// Encloses the run of [`super::sgd::train`].
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// use unlearn::train::{plan::{Plan, Step}, rounding::RunEnclosure, sgd};
    /// // θ ← θ − 0.1(θ − 1) from 0: θ_2 = 0.19 for a step of one tenth; the float 0.1 is another number.
    /// let x = Design::dense(1, 1, vec![1.0]).unwrap();
    /// let data = Dataset::new("one", x, vec![1.0]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
    /// let plan = Plan::new(vec![Step { rows: vec![0], eta: 0.1 }; 2], 0.0, 0.0).unwrap();
    /// let run = sgd::train(&problem, &plan, nalgebra::dvector![0.0]).unwrap();
    /// let e = RunEnclosure::of_training(&problem, &plan, &run);
    /// assert!(e.radii[0] == 0.0 && e.last() > 0.0 && e.last() < 1e-15);
    /// ```
    ///
    /// Panics when the run does not have one point more than the plan has steps.
    pub fn of_training(problem: &Problem, plan: &Plan, run: &Trajectory) -> RunEnclosure {
        let smoothness = Smoothness::on_the_way(problem, run);
        enclose(plan, run, &smoothness, |k| {
            let step = &plan.steps[k];
            let g = batch_gradient(problem, plan, step, &exact::<Interval>(&run.points[k]));
            (g, smoothness.of(step.rows.iter().copied(), step.rows.len() as f64, plan.weight_decay))
        })
    }

    /// Encloses the run of [`super::sgd::retrain`].
    ///
    /// Panics as [`RunEnclosure::of_training`].
    pub fn of_retraining(coupling: &Coupling<'_>, rerun: &Trajectory) -> RunEnclosure {
        let smoothness = Smoothness::on_the_way(coupling.problem, rerun);
        enclose(coupling.plan, rerun, &smoothness, |k| {
            let step = &coupling.plan.steps[k];
            let g = coupling.keep_enclosed(k, &exact::<Interval>(&rerun.points[k]));
            let decay = coupling.plan.weight_decay;
            (g, smoothness.of(coupling.keep_rows(step), coupling.keep_divisor(step), decay))
        })
    }

    /// As [`RunEnclosure::of_training`], by following the exact run in precise arithmetic.
    pub(crate) fn of_training_refined(problem: &Problem, plan: &Plan, run: &Trajectory) -> RunEnclosure {
        let room = Smoothness::on_the_way(problem, run).room;
        follow(plan, run, room, |k, theta| batch_gradient(problem, plan, &plan.steps[k], theta))
    }

    /// As [`RunEnclosure::of_retraining`], by following the exact run in precise arithmetic.
    pub(crate) fn of_retraining_refined(coupling: &Coupling<'_>, rerun: &Trajectory) -> RunEnclosure {
        let room = Smoothness::on_the_way(coupling.problem, rerun).room;
        follow(coupling.plan, rerun, room, |k, theta| coupling.keep_enclosed(k, theta))
    }

    /// `e_t`.
    pub fn last(&self) -> f64 {
        self.radii[self.radii.len() - 1]
    }

    /// The largest `e_k`.
    pub fn largest(&self) -> f64 {
        self.radii.iter().copied().fold(0.0, f64::max)
    }
}

/// Smoothness of the rows where a run and its enclosure are.
struct Smoothness {
    rows: Vec<f64>,
    convex: bool,
    /// How far the exact points may be from the recorded ones without leaving the region.
    room: f64,
}

impl Smoothness {
    fn on_the_way(problem: &Problem, run: &Trajectory) -> Smoothness {
        let radius = run.enclosing_radius();
        let local = LocalConstants::new(problem, Region::natural(problem, run.start(), radius));
        let convex = problem.model().is_linear();
        let room = Interval::point(radius) - Interval::point(run.radius_around(run.start()));
        Smoothness {
            rows: (0..problem.rows()).map(|i| local.row(i).smoothness).collect(),
            convex,
            room: if convex { f64::INFINITY } else { room.lo() },
        }
    }

    /// `(μ, L)` of a batch.
    fn of(&self, rows: impl Iterator<Item = usize>, divisor: f64, decay: f64) -> (Interval, Interval) {
        let sum: Interval = rows.map(|i| Interval::point(self.rows[i])).sum();
        let (risk, decay) = (sum / Interval::point(divisor), Interval::point(decay));
        (if self.convex { decay } else { decay - risk }, risk + decay)
    }
}

fn enclose(
    plan: &Plan,
    run: &Trajectory,
    smoothness: &Smoothness,
    gradient: impl Fn(usize) -> (Vec<Interval>, (Interval, Interval)),
) -> RunEnclosure {
    let points = &run.points;
    assert_eq!(points.len(), plan.len() + 1, "{} points of {} steps", points.len(), plan.len());
    let zero = vec![Interval::ZERO; run.start().len()];
    let mut velocity = zero;
    let beta = Interval::point(plan.momentum);
    let (mut e, mut p) = (Interval::ZERO, Interval::ZERO);
    let mut radii = vec![0.0];
    for (k, step) in plan.steps.iter().enumerate() {
        let (g, (mu, l)) = gradient(k);
        let eta = Interval::point(step.eta);
        let moved =
            points[k].iter().zip(&points[k + 1]).map(|(a, b)| Interval::point(*a) - Interval::point(*b));
        if plan.momentum == 0.0 {
            let local: Vec<Interval> = moved.zip(&g).map(|(m, g)| m - eta * *g).collect();
            let c = (Interval::ONE - eta * mu).abs().max((Interval::ONE - eta * l).abs());
            e = c * e + norm(&local);
        } else {
            let next: Vec<Interval> = moved.map(|m| m / eta).collect();
            let off: Vec<Interval> =
                next.iter().zip(&velocity).zip(&g).map(|((n, v), g)| *n - beta * *v - *g).collect();
            p = beta * p + l * e + norm(&off);
            e = e + eta * p;
            velocity = next;
        }
        // From here on only the upper end matters. Written so that NaN counts as out of the region.
        let lost = radii[k] == f64::INFINITY;
        let top = if e.hi() <= smoothness.room && !lost { e.hi() } else { f64::INFINITY };
        e = Interval::point(top);
        p = Interval::point(p.hi());
        radii.push(top);
    }
    RunEnclosure { radii }
}

/// The distances of recorded points from the exact run, which is followed in enclosures.
fn follow(
    plan: &Plan,
    run: &Trajectory,
    room: f64,
    gradient: impl Fn(usize, &[Precise]) -> Vec<Precise>,
) -> RunEnclosure {
    let mut theta = exact::<Precise>(run.start());
    let mut velocity = vec![Precise::ZERO; theta.len()];
    let beta = Precise::exact(plan.momentum);
    let mut radii = vec![0.0];
    for (k, step) in plan.steps.iter().enumerate() {
        let eta = Precise::exact(step.eta);
        for ((v, g), t) in velocity.iter_mut().zip(gradient(k, &theta)).zip(&mut theta) {
            *v = beta * *v + g;
            *t = *t - eta * *v;
        }
        let off = Located::at(&run.points[k + 1]).distance(&Located::enclosed(theta.clone())).hi();
        // Written so that NaN counts as out of the region.
        radii.push(if off <= room { off } else { f64::INFINITY });
    }
    RunEnclosure { radii }
}

/// `Σ η_k G_k`, `G_k` the mean norm of the batch's row gradients: the length of the run if no two row
/// gradients cancelled. It only says what sizes a relative resolution refers to; no bound rests on it.
///
/// `rescale(k)` is the factor by which the step's batch gradient was renormalised (1 for training).
pub fn effort(problem: &Problem, plan: &Plan, run: &Trajectory, rescale: impl Fn(usize) -> f64) -> f64 {
    let step_length = |k: usize| {
        let step = &plan.steps[k];
        let mass: f64 = step.rows.iter().map(|&i| row_gradient_norm(problem, i, &run.points[k])).sum();
        step.eta * rescale(k) / step.rows.len() as f64 * mass
    };
    (0..plan.len()).map(step_length).sum()
}

fn row_gradient_norm(problem: &Problem, i: usize, theta: &DVector<f64>) -> f64 {
    length(&super::coupling::loss_gradient(problem, std::iter::once(i), 1.0, theta))
}

/// `‖v‖`, slowly where the squares come near underflow: a run on tiny numbers has a length too.
fn length(v: &DVector<f64>) -> f64 {
    let fast = v.norm();
    if fast > 1e-140 { fast } else { Interval::norm(v.as_slice()).hi() }
}
