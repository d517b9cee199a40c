//! Precomputed updates: one vector per unit of rows, carried through the run before anyone asks, and added up when
//! someone does.
//!
//! Recollection ([`super::recollection`]) needs the forget set: its Hessian is that of the rows kept. With the Hessian
//! of the whole batch instead, the vectors `v_u` of single units do not depend on what else is forgotten, and
//! `θ_u = θ_t + Σ_{u ⊂ F} v_u` costs `#units·k` additions. The price is exactness: even for quadratics the curvature of
//! the forgotten rows is missing ([`crate::bound::additive`]). The recursion of Hessian-free recollection (Qiao et al.
//! 2024, arXiv 2404.01712, abstract read) with the full-batch Hessian of its released code (as reported), in the right
//! order of products.
//!
//! Guaranteed for linear models: the additive bound, evaluated from stored norms of the vectors and sizes of gradients
//! in `O(t·|units| + visits of the forgotten rows)`, before the update if wanted; or the distance of the untouched
//! model plus the way, if smaller. For networks the latter alone, which needs the run. Divisors must be fixed:
//! under renormalisation what a row contributes depends on which others are forgotten.

use super::certificate::{better, untouched, within};
use super::history::History;
use super::propagation::propagate;
use super::{Cost, Guarantee, Request, Trained, Unlearned, Unlearner, check_run, evidence};
use crate::bound::Bound;
use crate::bound::additive::additive_error;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::spectrum::gamma;
use crate::objective::Problem;
use crate::train::coupling::{Coupling, Normalisation};
use crate::train::flops;
use crate::train::log::Storage;
use crate::train::plan::Plan;
use crate::train::rounding::RunEnclosure;
use crate::train::sgd::Trajectory;
use crate::train::units::Units;
use nalgebra::{DMatrix, DVector};
use std::time::Instant;

/// The stored vectors, with what their bound needs.
#[derive(Debug, Clone)]
pub struct Precomputed {
    units: Units,
    last: DVector<f64>,
    /// One column per unit.
    vectors: DMatrix<f64>,
    /// At least `‖v_{u,k}‖` for the points of each block; one column per unit.
    norms: DMatrix<f64>,
    block: usize,
    points: usize,
    history: Option<History>,
    cost: Cost,
}

impl Precomputed {
    /// Carries every unit through a recorded run, keeping the norm at every point.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// use unlearn::train::{plan::{Plan, Step}, sgd, units::Units};
    /// use unlearn::unlearn::{Guarantee, precomputed::Precomputed};
    /// let x = Design::dense(2, 1, vec![1.0, 1.0]).unwrap();
    /// let data = Dataset::new("two", x, vec![2.0, 0.0]).unwrap();
    /// let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
    /// let problem = Problem::new(data.into(), model, 0.0).unwrap();
    /// // Both rows in both steps, η = ½, from 0: θ = 0, ½, ¾. Without row 0: 0, 0, 0.
    /// let plan = Plan::new(vec![Step { rows: vec![0, 1], eta: 0.5 }; 2], 0.0, 0.0).unwrap();
    /// let run = sgd::train(&problem, &plan, nalgebra::dvector![0.0]).unwrap();
    /// let stored = Precomputed::new(&problem, &plan, &run, &Units::rows(2)).unwrap();
    /// // v_1 = ½·½·(0 − 2) = −½, v_2 = (1 − ½)·(−½) + ½·½·(½ − 2) = −⅝; what is left is η·½·|v_1| = ⅛.
    /// assert_eq!(stored.vector(0)[0], -0.625);
    /// let out = stored.remove(&RowSet::new(2, vec![0]).unwrap()).unwrap();
    /// let Guarantee::Within { distance, .. } = out.guarantee else { panic!("{:?}", out.guarantee) };
    /// assert!(out.theta[0] == 0.125 && distance >= 0.125 && distance < 0.125 + 1e-12);
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Invalid`] when problem, plan, run and units do not belong together.
    pub fn new(problem: &Problem, plan: &Plan, run: &Trajectory, units: &Units) -> Result<Precomputed> {
        Precomputed::with_blocks(problem, plan, run, units, 1)
    }

    /// As [`Precomputed::new`], keeping only the largest norm of every `block` consecutive points. With as many as an
    /// epoch has steps, norms take `epochs` numbers per unit and a request no more time than its visits; the bound
    /// grows a little.
    ///
    /// # Errors
    /// As [`Precomputed::new`], and [`Error::Invalid`] for a block of 0.
    pub fn with_blocks(
        problem: &Problem,
        plan: &Plan,
        run: &Trajectory,
        units: &Units,
        block: usize,
    ) -> Result<Precomputed> {
        Precomputed::along(problem, plan, None, run, units, block)
    }

    /// As [`Precomputed::with_blocks`], along a run that was itself a coupled retraining without some rows, its divisors
    /// kept ([`crate::train::sgd::retrain`] with [`Normalisation::Fixed`]): retraining is then that without those rows *and*
    /// the forgotten ones.
    ///
    /// # Errors
    /// As [`Precomputed::with_blocks`]; [`Error::Invalid`] when a unit holds a row that the run was without.
    pub fn along(
        problem: &Problem,
        plan: &Plan,
        without: Option<&RowSet>,
        run: &Trajectory,
        units: &Units,
        block: usize,
    ) -> Result<Precomputed> {
        let made = carry(problem, plan, without, run, units, block)?;
        let again = without.map(|w| Coupling::new(problem, plan, w, Normalisation::Fixed)).transpose()?;
        let history = problem.model().is_linear().then(|| {
            let known = match &again {
                Some(coupling) => RunEnclosure::of_retraining(coupling, run),
                None => RunEnclosure::of_training(problem, plan, run),
            };
            History::new(problem, plan, without, (run, known), units)
        });
        let (units, last, points) = (units.clone(), run.last().clone(), plan.len() + 1);
        let Carried { vectors, norms, cost } = made;
        Ok(Precomputed { units, last, vectors, norms, block, points, history, cost })
    }

    /// Carries more units through the same run, as if all had been carried together (up to the rounding of matrix products
    /// of another width). What the bound needs to know of the run is not computed again; the cost of preparation is that
    /// of all units.
    ///
    /// # Errors
    /// As [`Precomputed::along`], and [`Error::Invalid`] when a row is in a unit already or the run ends elsewhere.
    pub fn extend(
        &mut self,
        problem: &Problem,
        plan: &Plan,
        without: Option<&RowSet>,
        run: &Trajectory,
        units: &Units,
    ) -> Result<()> {
        check_run(problem, plan, run)?;
        if plan.len() + 1 != self.points || *run.last() != self.last {
            return Err(Error::Invalid("the vectors that are there were carried along another run".into()));
        }
        let members = self.units.members().iter().chain(units.members()).cloned().collect();
        let all = Units::new(self.units.total(), members)?;
        let made = carry(problem, plan, without, run, units, self.block)?;
        self.units = all;
        self.vectors = beside(&self.vectors, &made.vectors);
        self.norms = beside(&self.norms, &made.norms);
        if let Some(history) = &mut self.history {
            history.extend(problem, plan, without, run, units);
        }
        self.cost.row_visits += made.cost.row_visits;
        self.cost.flops += made.cost.flops;
        self.cost.seconds += made.cost.seconds;
        Ok(())
    }

    /// The units.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// `v_u` at the end of the run.
    ///
    /// Panics on a unit that does not exist.
    pub fn vector(&self, unit: usize) -> DVector<f64> {
        self.vectors.column(unit).into_owned()
    }

    /// At least `‖v_{u,k}‖`, at every point `k` of the run.
    ///
    /// Panics on a unit that does not exist.
    pub fn norms(&self, unit: usize) -> Vec<f64> {
        (0..self.points).map(|t| self.norms[(t / self.block, unit)]).collect()
    }

    /// What carrying the vectors cost: per visit of a row a Hessian–vector product for every unit, nominally.
    pub fn preparation(&self) -> Cost {
        self.cost
    }

    /// Numbers kept: vectors, the end of the run, norms, and what the bound needs of rows, steps and visits.
    pub fn storage(&self) -> Storage {
        let vectors = (self.units.len() + 1) * self.last.len() + self.norms.len();
        let bound = self.history.as_ref().map_or(0, History::numbers);
        Storage { coordinates: (vectors + bound) as u128, indices: self.units.total() as u128 }
    }

    /// The additive bound for a forget set: known before anything is changed.
    ///
    /// # Errors
    /// As [`Units::covering`], and [`Error::Hypothesis`] for networks, whose constants exist on balls only.
    pub fn bound(&self, forget: &RowSet) -> Result<Bound> {
        let units = self.units.covering(forget)?;
        Ok(self.evaluate(forget, &units)?.0)
    }

    /// The additive bound on the floats that [`Precomputed::remove`] returns, and the bound by the untouched model unless it
    /// is certainly not smaller: the way alone is as long.
    fn evaluate(&self, forget: &RowSet, units: &[usize]) -> Result<(Bound, Option<Bound>)> {
        let Some(history) = &self.history else {
            let why = "the constants of a network with hidden layers exist on balls only, and which ball depends on \
                       the forget set; use recollection"
                .into();
            return Err(Error::Hypothesis { theorem: crate::bound::additive::THEOREM, why });
        };
        let sum = |t: usize| units.iter().map(|&u| Interval::point(self.norms[(t / self.block, u)])).sum();
        let carried: Vec<f64> = (0..self.points).map(sum).map(|s: Interval| s.hi()).collect();
        let (ledger, defects) = history.ledger(forget.rows(), &carried);
        let sizes: Vec<Interval> = carried[..history.len()].iter().map(|v| Interval::point(*v)).collect();
        let own = additive_error(&ledger, &sizes, &defects)?;
        let end = Interval::point(carried[history.len()]);
        let added = Interval::point(gamma(units.len() + 1)) * (Interval::norm(self.last.as_slice()) + end);
        let off = added + Interval::point(history.last_radius());
        let own = Bound { value: own.value + off, ..own };
        if own.value.hi() <= (end + off).lo() {
            return Ok((own, None));
        }
        let moved = Bound {
            value: untouched(&ledger)?.value + end + off,
            theorem: "Unlearn.Sgd.noop_error and the triangle inequality",
        };
        Ok((own, Some(moved)))
    }

    /// Forgets rows: adds the vectors of their units. The cost is that of the request alone.
    ///
    /// # Errors
    /// As [`Units::covering`]; [`Error::Invalid`] when every row is to be forgotten.
    pub fn remove(&self, forget: &RowSet) -> Result<Unlearned> {
        let units = self.units.covering(forget)?;
        if forget.len() == self.units.total() {
            return Err(Error::Invalid("every row is to be forgotten; keep at least one".into()));
        }
        let begun = Instant::now();
        let mut theta = self.last.clone();
        units.iter().for_each(|&u| theta += self.vectors.column(u));
        let flops = (units.len() * theta.len()) as f64;
        let cost = Cost { row_visits: 0.0, flops, seconds: begun.elapsed().as_secs_f64() };
        if theta.iter().any(|v| !v.is_finite()) {
            return Err(Error::Invalid(
                "a carried vector overflowed; train with smaller steps, or retrain".into(),
            ));
        }
        let unused = self.history.as_ref().is_some_and(|h| !h.used(forget.rows()));
        let guarantee = if unused {
            Guarantee::Exact { theorem: "the run never uses a forgotten row" }
        } else {
            let best = |(own, moved)| match moved {
                Some(moved) => better(Ok(own), Ok(moved)),
                None => Ok(own),
            };
            within(self.evaluate(forget, &units).and_then(best), 0.0)?
        };
        Ok(Unlearned { theta, guarantee, cost, mask: None })
    }
}

/// Vectors of units, with the norms at every point.
struct Carried {
    vectors: DMatrix<f64>,
    norms: DMatrix<f64>,
    cost: Cost,
}

fn carry(
    problem: &Problem,
    plan: &Plan,
    without: Option<&RowSet>,
    run: &Trajectory,
    units: &Units,
    block: usize,
) -> Result<Carried> {
    if block == 0 {
        return Err(Error::Invalid("norms are kept for blocks of 1 or more points, not 0".into()));
    }
    check_run(problem, plan, run)?;
    Error::check_shape("rows of the units", problem.rows(), units.total())?;
    if let Some(i) = without.and_then(|w| w.rows().iter().find(|&&i| units.of(i).is_some())) {
        return Err(Error::Invalid(format!("row {i} is in a unit, but the run was without it")));
    }
    let begun = Instant::now();
    let points = plan.len() + 1;
    let mut norms = DMatrix::zeros(points.div_ceil(block), units.len());
    let vectors = propagate(problem, plan, without, run, units, |first, t, v| {
        for (c, column) in v.column_iter().enumerate() {
            let known: &mut f64 = &mut norms[(t / block, first + c)];
            *known = known.max(norm_above(column.as_slice()));
        }
    });
    let k = problem.active();
    let visited = plan.steps.iter().flat_map(|s| &s.rows).filter(|i| units.of(**i).is_some()).count() as f64;
    let excised = |i: &usize| without.is_some_and(|w| w.contains(*i));
    let visits = plan.steps.iter().flat_map(|s| &s.rows).filter(|i| !excised(i)).count();
    let products = visits as f64 * units.len() as f64;
    let cost = Cost {
        row_visits: visited + products,
        flops: visited * flops::gradient(k) + products * flops::product(k),
        seconds: begun.elapsed().as_secs_f64(),
    };
    Ok(Carried { vectors, norms, cost })
}

/// The columns of both.
fn beside(left: &DMatrix<f64>, right: &DMatrix<f64>) -> DMatrix<f64> {
    let numbers = left.as_slice().iter().chain(right.as_slice()).copied().collect();
    DMatrix::from_vec(left.nrows(), left.ncols() + right.ncols(), numbers)
}

/// At least `‖v‖`.
fn norm_above(v: &[f64]) -> f64 {
    let square: f64 = v.iter().map(|v| v * v).sum();
    if square == 0.0 && v.iter().all(|v| *v == 0.0) {
        return 0.0;
    }
    // Squares that underflow are below 10⁻³⁰⁷ each.
    let up = Interval::ONE + Interval::point(gamma(v.len() + 2));
    ((Interval::point(square) * up + Interval::point(1e-300)).sqrt() + Interval::point(1e-150)).hi()
}

/// The method: what a store of one vector per row answers, with the vectors of the forgotten rows made on the spot.
/// Its cost is therefore that of the preparation, for these rows; [`Precomputed`] is the store.
#[derive(Debug, Clone, Copy, Default)]
pub struct PerRow;

impl Unlearner for PerRow {
    fn name(&self) -> &'static str {
        "precomputed"
    }

    fn remove(&self, request: &Request<'_>) -> Result<Unlearned> {
        request.check()?;
        let Trained::Run { plan, trajectory, normalisation } = request.trained else {
            return Err(Error::Invalid(
                "precomputed carries vectors through a recorded run; for a minimiser use newton, influence or retrain"
                    .into(),
            ));
        };
        if normalisation != Normalisation::Fixed {
            return Err(Error::Invalid(
                "precomputed needs fixed divisors: when retraining divides by the rows left, what a row contributes \
                 depends on the others that are forgotten; use recollection"
                    .into(),
            ));
        }
        let stored = Precomputed::new(request.problem, plan, trajectory, &Units::each_of(request.forget))?;
        let out = stored.remove(request.forget)?;
        let made = stored.preparation();
        let cost = Cost {
            row_visits: made.row_visits,
            flops: made.flops + out.cost.flops,
            seconds: made.seconds + out.cost.seconds,
        };
        let guarantee = match out.guarantee {
            Guarantee::None { .. } => evidence::of_any(request, &out.theta)?,
            known => known,
        };
        Ok(Unlearned { guarantee, cost, ..out })
    }
}
