//! A checker that accepts everything proves nothing: each is handed a wrong variant of its formula and
//! must refute it on generated problems, through the same campaign that checks the right one.

use nalgebra::DVector;
use unlearn::claim::{Verdict, exact, identities, masks, outliers, steps, woodfisher};
use unlearn::data::RowSet;
use unlearn::error::Result;
use unlearn::numeric::factor::Cholesky;
use unlearn::objective::Problem;
use unlearn::train::plan::{Plan, Step};
use unlearn::unlearn::features::features;
use unlearn::unlearn::interpolation::minimum_norm;
use unlearn::unlearn::leave_out::LeaveOut;
use unlearn::unlearn::minibatch::Sampling;
use unlearn::unlearn::projective::projective_update;

/// The influence step `w A⁻¹X_Uᵀℓ′`: no correction for the rows that leave.
fn influence(p: &Problem, theta: &DVector<f64>, u: &RowSet) -> Result<DVector<f64>> {
    let out = LeaveOut::new(p, theta, u)?;
    let w = p.full().weights()[0];
    let g = out.features() * out.residuals() * (-w);
    Ok(Cholesky::new(p.full().hessian(theta), "A")?.solve(&g))
}

#[test]
fn deletion() {
    refuted!("woodbury-deletion":
        |c| identities::deletion(c, |_, t, _| Ok(t.clone())),
        |c| identities::deletion(c, |p, t, u| Ok(t + influence(p, t, u)?)),
        |c| identities::deletion(c, |p, t, u| Ok(t - LeaveOut::new(p, t, u)?.step())),
        // A relative error of 10⁻⁸ must not pass as rounding.
        |c| identities::deletion(c, |p, t, u| Ok(identities::woodbury(p, t, u)? * (1.0 + 1e-8))),
    );
}

#[test]
fn woodfisher() {
    refuted!("woodfisher-inverse":
        |c| woodfisher::solves(c, |_, v, _, damping| v / damping),
        // One gradient left out, a weight off by one row, a damping off by a millionth.
        |c| woodfisher::solves(c, |g, v, w, d| woodfisher::by_rows(&g.columns(1, g.ncols() - 1).into_owned(), v, w, d)),
        |c| woodfisher::solves(c, |g, v, w, d| {
            let n = g.ncols() as f64;
            woodfisher::by_rows(g, v, w * n / (n + 1.0), d)
        }),
        |c| woodfisher::solves(c, |g, v, w, d| woodfisher::by_rows(g, v, w, d * (1.0 + 1e-6))),
    );
}

#[test]
fn leave_k_out_residuals() {
    refuted!("leave-k-out-residuals":
        |c| identities::residuals(c, |p, t, u| Ok(LeaveOut::new(p, t, u)?.residuals().clone())),
        // Each row on its own: right for one row, wrong for groups.
        |c| identities::residuals(c, |p, t, u| {
            let out = LeaveOut::new(p, t, u)?;
            let h = out.leverages();
            Ok(DVector::from_fn(h.nrows(), |i, _| out.residuals()[i] / (1.0 - h[(i, i)])))
        }),
        |c| identities::residuals(c, |p, t, u| {
            let out = LeaveOut::new(p, t, u)?;
            Ok(out.residuals() + out.change())
        }),
    );
}

#[test]
fn projective_updates() {
    refuted!("projective-update":
        |c| identities::projected(c, |_, t, _| Ok(t.clone())),
        |c| identities::projected(c, |p, t, u| Ok(t + LeaveOut::new(p, t, u)?.step())),
        |c| identities::projected(c, |p, t, u| Ok(t * 2.0 - projective_update(p, t, u)?)),
    );
    refuted!("projective-not-worse":
        |c| identities::not_worse(c, |p, t, u| Ok(t * 2.0 - projective_update(p, t, u)?)),
        |c| identities::not_worse(c, |p, t, u| Ok(t + (projective_update(p, t, u)? - t) * 2.5)),
    );
}

#[test]
fn newton_steps() {
    refuted!("newton-low-rank":
        |c| steps::newton_step(c, influence),
        |c| steps::newton_step(c, |p, t, u| Ok(-LeaveOut::new(p, t, u)?.step())),
        |c| steps::newton_step(c, |p, t, u| Ok(LeaveOut::new(p, t, u)?.step() * (1.0 + 1e-8))),
    );
    refuted!("newton-minus-influence":
        |c| steps::difference(c, 0.0),
        |c| steps::difference(c, -1.0),
        |c| steps::difference(c, 1.0 + 1e-8),
    );
    refuted!("influence-rescaled":
        |c| steps::rescaled(c, |_| 1.0),
        |c| steps::rescaled(c, |h| 1.0 + h),
        |c| steps::rescaled(c, |h| 1.0 - h),
    );
}

#[test]
fn leave_one_out_and_outliers() {
    fn outputs(p: &Problem, t: &DVector<f64>) -> Result<DVector<f64>> {
        Ok(features(p, &(0..p.rows()).collect::<Vec<_>>())?.tr_mul(t))
    }
    refuted!("alo-newton":
        |c| steps::leave_one_out(c, outputs),
        |c| steps::leave_one_out(c, |p, t| {
            let z = outputs(p, t)?;
            let alo = unlearn::unlearn::leave_out::leave_one_out_outputs(p, t)?;
            Ok(&z - (alo - &z))
        }),
    );
    refuted!("influence-vanishes":
        |c| outliers::outliers(c, |o| Ok(Cholesky::new(o.others.clone(), "H")?.solve(&o.gradient))),
    );
}

#[test]
fn interpolators() {
    refuted!("min-norm-projection":
        |c| exact::interpolates(c, |_, t, _| Ok(t.clone())),
        |c| exact::interpolates(c, |p, t, u| {
            Ok(unlearn::unlearn::interpolation::project_out(p, t, u)? * (1.0 + 1e-8))
        }),
    );
    refuted!("min-norm-relabel":
        // Forgotten targets set to 0 instead of the retrained predictions.
        |c| exact::interpolates(c, |p, _, u| {
            let targets = DVector::from_fn(p.rows(), |i, _| if u.contains(i) { 0.0 } else { p.target()[i] });
            minimum_norm(p, &(0..p.rows()).collect::<Vec<_>>(), &targets)
        }),
    );
}

#[test]
fn unused_rows() {
    refuted!("coupled-minibatch":
        // Indices not shifted past the deleted rows.
        |c| exact::bitwise(c, |plan, u| {
            let last = u.total() - u.len() - 1;
            let steps = plan.steps.iter();
            let steps = steps.map(|s| Step { rows: s.rows.iter().map(|&i| i.min(last)).collect(), eta: s.eta });
            Some(Plan { steps: steps.collect(), ..*plan })
        }),
        // The same run with every step size one unit of rounding larger.
        |c| exact::bitwise(c, |plan, u| {
            let mut plan = unlearn::unlearn::minibatch::without_unused(plan, u)?;
            plan.steps.iter_mut().for_each(|s| s.eta = s.eta.next_up());
            Some(plan)
        }),
    );
}

#[test]
fn counted_probabilities() {
    let sampling = Sampling::new(10, 3, 4).unwrap();
    let right = sampling.recompute_probability(1).unwrap().mid();
    assert_eq!(exact::frequency(sampling, 1, right).verdict(), Verdict::Holds);
    // One row per batch, one step, two deleted rows, and a fifth less.
    for wrong in [1.0 - 0.9_f64.powi(4), 0.3, sampling.recompute_probability(2).unwrap().mid(), 0.8 * right] {
        assert_eq!(exact::frequency(sampling, 1, wrong).verdict(), Verdict::Refuted, "{wrong} for {right}");
    }
    // Certain events: no hit allowed, no miss allowed.
    let all = Sampling::new(3, 3, 1).unwrap();
    assert_eq!(exact::frequency(all, 1, 1.0).verdict(), Verdict::Holds);
    assert_eq!(exact::frequency(all, 1, 0.0).verdict(), Verdict::Refuted);
    assert_eq!(exact::frequency(sampling, 1, 1.0).verdict(), Verdict::Refuted);
}

#[test]
fn masks_that_are_no_part() {
    use nalgebra::dmatrix;
    let whole = dmatrix![2.0, 1.0, 0.0; 1.0, -1.0, 0.5; 0.0, 0.5, 3.0];
    let part = dmatrix![2.0, 0.0; 0.0, 3.0];
    for evidence in
        [masks::norm(&part, &whole), masks::extremes(&part, &whole), masks::interlacing(&part, &whole)]
    {
        assert_eq!(evidence.verdict(), Verdict::Holds);
    }
    // Too large, too small, and inside the extremes but not interlacing.
    let large = dmatrix![2.0, 0.0; 0.0, 3.5];
    let low = dmatrix![-2.0, 0.0; 0.0, 3.0];
    let between = dmatrix![2.5, 0.0; 0.0, 2.6];
    assert_eq!(masks::norm(&large, &whole).verdict(), Verdict::Refuted);
    assert_eq!(masks::extremes(&large, &whole).verdict(), Verdict::Refuted);
    assert_eq!(masks::extremes(&low, &whole).verdict(), Verdict::Refuted);
    assert_eq!(masks::extremes(&between, &whole).verdict(), Verdict::Holds);
    assert_eq!(masks::interlacing(&between, &whole).verdict(), Verdict::Refuted);
}
