//! From theorems to guarantees: picks the best bound that applies to a result, adds the proved distance of
//! the returned floats from the vector it speaks about, and turns a failed hypothesis into [`Guarantee::None`] with the reason.

use super::{Guarantee, Request};
use crate::bound::continuation::{certified_ledger, gap};
use crate::bound::ledger::{Ledger, Reference, distance};
use crate::bound::sgd::{self, Regime};
use crate::bound::{Bound, momentum, recollection, residual};
use crate::constants::{Constants, Region};
use crate::error::{Error, Result};
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::objective::enclosed::Enclosed;
use crate::train::coupling::Coupling;
use crate::train::rounding::RunEnclosure;
use crate::train::sgd::Trajectory;
use crate::unlearn::enclosed::{Added, Carried};
use nalgebra::DVector;

/// A bound as a guarantee; `rounding` is added to it.
pub(crate) fn within(bound: Result<Bound>, rounding: f64) -> Result<Guarantee> {
    match bound {
        Ok(b) => {
            let distance = (b.value + Interval::point(rounding)).hi();
            if distance.is_finite() {
                Ok(Guarantee::Within { distance, theorem: b.theorem })
            } else {
                Ok(Guarantee::None { why: format!("{}: the bound overflows", b.theorem) })
            }
        }
        Err(Error::Hypothesis { theorem, why }) => Ok(Guarantee::None { why: format!("{theorem}: {why}") }),
        Err(other) => Err(other),
    }
}

/// Constants of the objective on the rows kept, where they exist everywhere.
pub(crate) fn retained_constants(request: &Request<'_>) -> Result<Option<Constants>> {
    let linear = request.problem.model().is_linear();
    let retained = request.problem.retained(request.forget)?;
    Ok(linear.then(|| Constants::of(&retained, Region::Everywhere)))
}

/// Why there is no second-order certificate for a network.
pub(crate) fn not_convex() -> Guarantee {
    Guarantee::None {
        why: "the objective of a network with hidden layers is not strongly convex, so no distance from \
              the retrained minimiser follows"
            .into(),
    }
}

/// A certificate for any parameters of a linear model when the reference is the minimiser: the better
/// of `‖∇F_R(θ)‖/μ` and what the method's own theorem gives for the step that ends exactly there.
///
/// The method's theorem says what to expect beforehand; the residual at the result is usually sharper,
/// but cannot get below the rounding of a gradient.
pub(crate) fn minimiser(
    request: &Request<'_>,
    constants: &Constants,
    theta: &DVector<f64>,
    own: Option<Result<Bound>>,
) -> Result<Guarantee> {
    let retained = Enclosed::retained(request.problem, request.forget);
    let measured = residual::distance(residual::gradient_norm(&retained, theta), constants.strong_convexity);
    match own {
        Some(own) => within(better(measured, own), 0.0),
        None => within(measured, 0.0),
    }
}

/// The better of two bounds; one that does not apply loses.
pub(crate) fn better(a: Result<Bound>, b: Result<Bound>) -> Result<Bound> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok(if b.value.hi() < a.value.hi() { b } else { a }),
        (Ok(a), Err(Error::Hypothesis { .. })) => Ok(a),
        (Err(Error::Hypothesis { .. }), b) => b,
        (Err(e), _) | (_, Err(e)) => Err(e),
    }
}

fn crude(ledger: &Ledger) -> Result<f64> {
    Ok(gap(ledger).hi())
}

/// The distance of the untouched model of a run.
pub(crate) fn untouched_model(coupling: &Coupling<'_>, run: &Trajectory) -> Result<Guarantee> {
    let known = RunEnclosure::of_training(coupling.problem, coupling.plan, run);
    let bound = certified_ledger(coupling, run, &known, Reference::Recorded, crude)
        .and_then(|ledger| untouched(&ledger));
    within(bound, known.last())
}

pub(crate) fn untouched(ledger: &Ledger) -> Result<Bound> {
    let general = Ok(Bound { theorem: "Unlearn.Sgd.noop_error", value: gap(ledger) });
    Regime::ALL.into_iter().fold(general, |best, regime| better(best, sgd::noop_error(ledger, regime)))
}

/// No result is further off than the untouched model plus the way it moved.
fn moved(ledger: &Ledger, run: &Trajectory, known: &RunEnclosure, theta: &DVector<f64>) -> Result<Bound> {
    let way = distance(theta, run.last()) + Interval::point(known.last());
    let value = untouched(ledger)?.value + way;
    Ok(Bound { theorem: "Unlearn.Sgd.noop_error and the triangle inequality", value })
}

/// A bound on `exact` as a bound on the floats `theta` that stand for it.
fn carried_over(bound: Result<Bound>, theta: &DVector<f64>, exact: &Located) -> Result<Bound> {
    let off = Interval::point(Located::at(theta).distance(exact).hi());
    bound.map(|b| Bound { value: b.value + off, ..b })
}

/// The distance of an add-back result.
///
/// With momentum and a reference point other than `θ_k` the exact difference
/// `Σ_k κ_k(t)(drop_k(φ_k) − drop_k(θ_k))` is bounded by `Σ_k κ_k(t) R_k‖φ_k − θ_k‖` and added.
pub(crate) fn addback(
    coupling: &Coupling<'_>,
    run: &Trajectory,
    reference: Reference,
    theta: &DVector<f64>,
) -> Result<Guarantee> {
    let known = RunEnclosure::of_training(coupling.problem, coupling.plan, run);
    let bound = certified_ledger(coupling, run, &known, reference, crude).and_then(|ledger| {
        let recorded = Added::new(coupling, run, Reference::Recorded);
        let with_momentum = momentum::addback_error(&ledger, &recorded.partial_sums(&ledger, &known));
        let (carried, added) = match reference {
            Reference::Recorded => (with_momentum, recorded),
            Reference::Start | Reference::End => {
                let displaced = with_momentum.map(|b| Bound {
                    theorem: "Unlearn.Momentum.unlearn_error",
                    value: b.value + displaced(&ledger),
                });
                (displaced, Added::new(coupling, run, reference))
            }
        };
        let best = Regime::ALL
            .into_iter()
            .fold(carried, |best, regime| better(best, sgd::addback_error(&ledger, regime)));
        let best = carried_over(best, theta, &added.end(&ledger, run, &known));
        better(best, moved(&ledger, run, &known, theta))
    });
    within(bound, 0.0)
}

/// `Σ_k κ_k(t) R_k‖θ_k − φ_k‖`, with `κ_k = η_k + βκ_{k+1}` from the last step backwards.
fn displaced(ledger: &Ledger) -> Interval {
    let beta = Interval::point(ledger.momentum);
    let (mut kappa, mut total) = (Interval::ZERO, Interval::ZERO);
    for e in ledger.entries.iter().rev() {
        kappa = e.eta + beta * kappa;
        total = total + kappa * Interval::point(e.drop_lipschitz) * e.displacement;
    }
    total
}

/// The distance of a recollected model.
pub(crate) fn recollected(
    coupling: &Coupling<'_>,
    run: &Trajectory,
    carried: &[DVector<f64>],
    theta: &DVector<f64>,
) -> Result<Guarantee> {
    let known = RunEnclosure::of_training(coupling.problem, coupling.plan, run);
    let carried = Carried::new(coupling, run, carried);
    // The gap between the paths is at most ‖v_k‖ + e_k, and for networks e_k never decreases; the crude
    // bound is valid beside it, and whichever is smaller at the end was never larger before.
    let error = |ledger: &Ledger, sizes: &[Interval]| {
        better(recollection::recollection_error(ledger, sizes), recollection::confined_error(ledger, sizes))
    };
    let between = |ledger: &Ledger| {
        let sizes = carried.sizes(ledger, &known);
        let largest = sizes.iter().copied().fold(Interval::ZERO, Interval::max);
        Ok((error(ledger, &sizes)?.value + largest).hi().min(crude(ledger)?))
    };
    let bound = certified_ledger(coupling, run, &known, Reference::Recorded, between).and_then(|ledger| {
        let own = error(&ledger, &carried.sizes(&ledger, &known));
        let own = carried_over(own, theta, &carried.end(&ledger, run, &known));
        better(own, moved(&ledger, run, &known, theta))
    });
    within(bound, 0.0)
}
