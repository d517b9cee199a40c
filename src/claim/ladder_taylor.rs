//! Steps beside Newton's: one more Taylor term, and a damped Hessian.

use super::ladder::{CONVEX, LOGISTIC, gradient_size, step};
use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::bound::audit::Certifier;
use crate::bound::chebyshev::{self, Row};
use crate::bound::ledger::distance;
use crate::bound::{residual, zhang};
use crate::data::{Dataset, Design, RowSet};
use crate::error::Result;
use crate::loss::Loss;
use crate::model::{Activation, Model};
use crate::numeric::enclosure::eigenvalues;
use crate::numeric::factor::Cholesky;
use crate::numeric::interval::Interval;
use crate::numeric::product::{Ball, Columns, Sum, dot, norm};
use crate::numeric::scalar::sigmoid_bend;
use crate::objective::Problem;
use crate::train::coupling::Normalisation;
use crate::train::plan::Plan;
use crate::unlearn::features::features;
use nalgebra::{DMatrix, DVector};

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "chebyshev-residual",
            title: "two Taylor terms of the removal",
            statement: "‖∇F_R(θ+δ+e)‖ and μ‖θ+δ+e−θ_r‖ ≤ Σ w‖x̃ᵢ‖(|ℓ‴_i|(|a_ie_i| + e_i²/2) + (c₄/6)|a_i+e_i|³), \
                        δ = −H⁻¹g, e = −½H⁻¹T[δ,δ]",
            source: "derived here; in the spirit of Giordano et al. 2019 (arXiv 1907.12116)",
            theorem: Some("Unlearn.Ladder.taylor_step_residual"),
            item: "bound::chebyshev::residual",
            expected: Verdict::Holds,
            domain: LOGISTIC,
            check: taylor,
            directed: Vec::new,
        },
        Claim {
            id: "chebyshev-not-worse",
            title: "the second Taylor term always helps",
            statement: "‖θ+δ+e − θ_r‖ ≤ ‖θ+δ − θ_r‖",
            source: "a natural guess; no paper states it",
            theorem: None,
            item: "claim::ladder_taylor::two_terms",
            expected: Verdict::Refuted,
            domain: LOGISTIC,
            check: not_worse,
            directed: || vec![far_step()],
        },
        Claim {
            id: "zhang-sharper",
            title: "damped Newton removal, from the displacement",
            statement: "‖θ+Δ − θ_r‖ ≤ (½MD² + κD)/(κ + λ_min), (H + κI)Δ = −∇F_R(θ), D = ‖θ−θ_r‖",
            source: "derived here; sharpens Zhang et al. 2024 (arXiv 2408.00920), Theorem 3.4",
            theorem: Some("Unlearn.Ladder.damped_newton_error"),
            item: "bound::zhang::sharper",
            expected: Verdict::Holds,
            domain: Domain { losses: &[Loss::Squared, Loss::Logistic], ..CONVEX },
            check: |case| damped(case, false),
            directed: Vec::new,
        },
        Claim {
            id: "zhang-printed",
            title: "damped Newton removal, in a ball",
            statement: "‖θ+Δ − θ_r‖ ≤ 2C(MC + κ)/(κ + λ_min), ‖θ‖, ‖θ_r‖ ≤ C, ∇F_R(θ_r) = 0",
            source: "Zhang et al. 2024 (arXiv 2408.00920), Theorem 3.4, from two secondary sources",
            theorem: Some("Unlearn.Ladder.damped_newton_printed"),
            item: "bound::zhang::printed",
            expected: Verdict::Holds,
            domain: Domain { losses: &[Loss::Squared, Loss::Logistic], ..CONVEX },
            check: |case| damped(case, true),
            directed: Vec::new,
        },
        Claim {
            id: "zhang-beats-trivial",
            title: "the damped bound says more than the ball's diameter",
            statement: "2C(MC + κ)/(κ + λ_min) ≤ 2C for networks with an indefinite Hessian, κ = 2|λ_min|, C = ‖θ‖, whatever M ≥ 0",
            source: "implied by the use of Zhang et al. 2024 (arXiv 2408.00920), Theorem 3.4, as a certificate for networks",
            theorem: Some("Unlearn.Ladder.damped_newton_vacuous"),
            item: "bound::zhang::printed",
            expected: Verdict::Refuted,
            domain: Domain { losses: &Loss::ALL, depth: Depth::Hidden, ..CONVEX },
            check: beats_trivial,
            directed: || vec![indefinite()],
        },
    ]
}

/// The rows ½ (kept, label 0) and 2 (forgotten, label 1), λ = 1/8: Newton's long step ends close by luck.
fn far_step() -> Case {
    let data = Dataset::new("directed", Design::dense(2, 1, vec![0.5, 2.0]).expect("sizes"), vec![0.0, 1.0]);
    let model = Model::linear(1, 1, Loss::Logistic, false).expect("one output");
    case(Problem::new(data.expect("finite").into(), model, 0.125).expect("valid"), DVector::zeros(1))
        .labelled("x = 1/2 and 2")
}

/// `½(v tanh(wx) − 3)²` at `w = v = ½` on the row kept: the residual outweighs the squared slope.
fn indefinite() -> Case {
    let data = Dataset::new("directed", Design::dense(2, 1, vec![1.0; 2]).expect("sizes"), vec![3.0; 2]);
    let model = Model::new(vec![1, 1, 1], Activation::Tanh, Loss::Squared, false).expect("valid widths");
    let problem = Problem::new(data.expect("finite").into(), model, 0.0).expect("valid");
    case(problem, DVector::from_element(2, 0.5)).labelled("one hidden unit")
}

fn case(problem: Problem, start: DVector<f64>) -> Case {
    let forget = RowSet::new(2, vec![1]).expect("row 1 exists");
    let plan = Plan::new(Vec::new(), 0.0, 0.0).expect("no step, nothing to refuse");
    Case::new("directed", problem, forget, plan, start, Normalisation::Fixed)
}

/// `(δ, e)` from the fit, as computed.
///
/// # Errors
/// Those of the fit and of the solves.
pub fn two_terms(case: &Case) -> Result<(DVector<f64>, DVector<f64>)> {
    let theta = &case.fit()?.theta;
    let retained = case.problem.retained(&case.forget)?;
    let delta = step(&retained, &retained, theta)?;
    let x = features(&case.problem, &case.forget.complement())?;
    let weight = retained.weights()[case.forget.complement()[0]];
    let (z, a) = (x.tr_mul(theta), x.tr_mul(&delta));
    let bent = DVector::from_fn(z.len(), |i, _| 0.5 * weight * sigmoid_bend(z[i]) * a[i] * a[i]);
    let factor = Cholesky::new(retained.hessian(theta), "the Hessian on the rows kept")?;
    Ok((delta, -factor.solve(&(&x * bent))))
}

fn taylor(case: &Case) -> Result<Outcome> {
    let theta = &case.fit()?.theta;
    let (delta, second) = two_terms(case)?;
    let end = theta + &delta + second;
    let certifier = Certifier::new(&case.problem, Some(&case.forget))?;
    let step = certifier.step(theta, &end)?;
    let x = features(&case.problem, &case.forget.complement())?;
    let moved: Vec<Ball> = end
        .iter()
        .zip(theta.iter())
        .map(|(a, b)| (Interval::point(*a) - Interval::point(*b)).into())
        .collect();
    let half = Interval::point(0.5);
    let mut bent = Columns::new(theta.len());
    let rows: Vec<Row> = x
        .column_iter()
        .zip(&step.norms)
        .map(|(x, norm)| {
            let third = chebyshev::logistic_third(dot(x.as_slice(), theta.as_slice()));
            let first = dot(x.as_slice(), delta.as_slice());
            let mut both = Sum::default();
            x.iter().zip(&moved).for_each(|(x, d)| both.add(*x, *d));
            let pull = Ball::from(half * step.weight * third * first.square());
            x.iter().enumerate().for_each(|(j, x)| bent.add(j, *x, pull));
            Row { norm: *norm, third, first, second: both.enclosure() - first }
        })
        .collect();
    let linear = certifier.first_order(theta, &end)?;
    let left: Vec<Interval> = linear.into_iter().zip(bent.enclosures()).map(|(l, b)| l + b).collect();
    let fourth = case.problem.model().loss().constants().fourth;
    let bound = chebyshev::residual(&rows, norm(&left), step.weight, fourth);
    let gradients = Evidence::inequality(step.gradient_after, bound.value, gradient_size(case, theta)?);
    let reach = residual::distance(bound.value, certifier.strong_convexity())?;
    let size = theta.norm() + case.fit_size()?;
    let distances = Evidence::inequality(case.distance_to_refit(&end)?, reach.value, size);
    Ok(Outcome::Compared(gradients.worse(distances)))
}

fn not_worse(case: &Case) -> Result<Outcome> {
    let theta = &case.fit()?.theta;
    let (delta, second) = two_terms(case)?;
    let newton = theta + delta;
    let size = theta.norm() + case.fit_size()?;
    let (both, one) = (case.distance_to_refit(&(&newton + second))?, case.distance_to_refit(&newton)?);
    Ok(Outcome::Compared(Evidence::inequality(both, one, size)))
}

/// A damping of λ and one of 1, against the sharper or the printed form.
fn damped(case: &Case, ball: bool) -> Result<Outcome> {
    let theta = &case.fit()?.theta;
    let certifier = Certifier::new(&case.problem, Some(&case.forget))?;
    let retained = case.problem.retained(&case.forget)?;
    let (c, least) = (case.retained_constants()?, certifier.strong_convexity());
    let (hessian, g) = (retained.hessian(theta), retained.gradient(theta));
    let size = theta.norm() + case.fit_size()?;
    let mut worst: Option<Evidence> = None;
    for damping in [case.problem.ridge(), 1.0] {
        let k = theta.len();
        let shifted = &hessian + DMatrix::identity(k, k) * damping;
        let end = theta - Cholesky::new(shifted, "the damped Hessian")?.solve(&g);
        let bound = if ball {
            // ‖θ_r‖ is at most ‖θ‖ and their distance; the printed form has no term for rounding.
            let radius = distance(theta, &DVector::zeros(k)) + case.distance_to_refit(theta)?;
            zhang::printed(radius, Interval::point(c.hessian_lipschitz), damping, least)?
        } else {
            let linear = certifier.first_order(theta, &end)?;
            let kappa = Interval::point(damping);
            let left: Vec<Interval> = linear
                .into_iter()
                .zip(end.iter().zip(theta.iter()))
                .map(|(l, (a, b))| l + kappa * (Interval::point(*a) - Interval::point(*b)))
                .collect();
            let moved = case.distance_to_refit(theta)?;
            zhang::sharper(moved, c.hessian_lipschitz, norm(&left), damping, least)?
        };
        let e = Evidence::inequality(case.distance_to_refit(&end)?, bound.value, size);
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("two dampings")))
}

/// The bound's own hypothesis is κ > −λ_min; `λ_min` is known to be negative, and by how much at most.
fn beats_trivial(case: &Case) -> Result<Outcome> {
    let hessian = case.problem.retained(&case.forget)?.hessian(&case.start);
    // Forming the Hessian rounds; a value this far below 0 is no rounding.
    let least = eigenvalues(&hessian)[0];
    let radius = Interval::norm(case.start.as_slice());
    if !(least.hi() < -1e-9 * hessian.norm() && radius.lo() > 0.0) {
        return Ok(Outcome::NotApplicable("the Hessian is not indefinite here".into()));
    }
    let any = Interval::new(0.0, f64::INFINITY);
    let printed = zhang::printed(radius, any, -2.0 * least.lo(), least.hi())?;
    Ok(Outcome::Compared(Evidence::inequality(printed.value, Interval::point(2.0) * radius, radius.hi())))
}
