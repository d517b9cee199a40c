//! Oracle matching in linear models: iterates in closed form, and the stochastic rate.

use super::controls::instance;
use super::fixed::{Fixed, agree, same};
use super::identities::{LEAST_SQUARES, both};
use super::sgd::applicable;
use super::{Case, Claim, Domain, Evidence, Outcome, Verdict};
use crate::error::Result;
use crate::loss::Loss;
use crate::neighbour::linear_theory::{Linear, Update};
use crate::numeric::enclosure::eigenvalues;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::numeric::solve::dot;
use crate::objective::Reduction;
use crate::unlearn::features::features;
use nalgebra::{DMatrix, DVector};

const WIDE: Domain = Domain { wide: true, ..LEAST_SQUARES };
/// Steps of the iterations compared: the identity is the same for each.
const STEPS: usize = 3;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "matching-iterates",
            title: "iterates of descent and of oracle matching",
            statement: "θ_t − θ* = (1−2ηλ)^t (I − (2η/(1−2ηλ))X_RᵀX_R)^t (θ_full − θ*) for descent on Σ_R (xᵀθ−y)² + λ‖θ‖², (I − \
                        2ηXᵀX)^t (θ_full − θ*) for ‖Xθ − Xθ*‖², t ≤ 3",
            source: "Georgiev et al. 2024 (arXiv 2410.23232), Theorem 1 in the authors' copy",
            theorem: Some("Unlearn.Relabel.oracle_matching_iterates"),
            item: "neighbour::linear_theory::Linear",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| iterates(case, Linear::closed_form),
            directed: Vec::new,
        },
        Claim {
            id: "matching-rate",
            title: "the rate of stochastic oracle matching",
            statement: "E‖θ_1 − θ*‖² ≤ (1 − 2ηγ/n)‖θ_full − θ*‖² for a step on one of n rows, η ≤ 1/(2 max‖x_i‖²), γ the smallest \
                        nonzero eigenvalue of XᵀX, independent rows",
            source: "derived here; corrects Georgiev et al. 2024 (arXiv 2410.23232), Theorem 2 in the authors' copy",
            theorem: None,
            item: "neighbour::linear_theory::Linear",
            expected: Verdict::Holds,
            domain: WIDE,
            check: rate,
            directed: Vec::new,
        },
        Claim {
            id: "matching-rate-printed",
            title: "the printed rate of stochastic oracle matching",
            statement: "E‖θ_t − θ*‖²/‖θ_full − θ*‖² = O((1 − γη)^t) for steps on one row, η < 2/(5(γ_max+λ)), γ the smallest \
                        nonzero eigenvalue of XᵀX; along its eigenvector no step multiplies by less than (1 − 2ηγ/n)²",
            source: "Georgiev et al. 2024 (arXiv 2410.23232), Theorem 2 in the authors' copy, taken literally",
            theorem: None,
            item: "claim::matching::printed_rate",
            expected: Verdict::Refuted,
            domain: WIDE,
            check: printed_rate,
            directed: || vec![four_rows()],
        },
    ]
}

/// Four orthonormal rows: the true factor is at least (1 − η/2)² = 1 − η + η²/4.
fn four_rows() -> Case {
    let x = DMatrix::<f64>::identity(5, 4);
    instance(Loss::Squared, 5, x.as_slice(), &[1.0; 4], 1.0, 1).labelled("four orthonormal rows")
}

/// The case under the sum reduction, which the theory speaks about.
fn summed(case: &Case) -> Case {
    let problem = case.problem.clone().with_reduction(Reduction::Sum);
    let (forget, plan, start) = (case.forget.clone(), case.plan.clone(), case.start.clone());
    Case::new(case.origin.clone(), problem, forget, plan, start, case.normalisation)
}

/// The largest power of two at most `x`.
fn power_below(x: f64) -> f64 {
    2.0_f64.powi(x.log2().floor().clamp(-1000.0, 1000.0) as i32)
}

/// A formula for the iterates: theory, update, start, rate, steps.
pub type ClosedForm = fn(&Linear, Update, &DVector<f64>, f64, usize) -> Option<DVector<f64>>;

/// `Σ_rows x(xᵀv − aim)`.
fn pull(x: &DMatrix<f64>, rows: &[usize], v: &[Precise], aims: impl Fn(usize) -> Precise) -> Vec<Precise> {
    let off: Vec<Precise> = rows.iter().map(|&i| dot(x.column(i).as_slice(), v) - aims(i)).collect();
    let at =
        |p: usize| rows.iter().zip(&off).fold(Precise::ZERO, |s, (&i, r)| s + Precise::exact(x[(p, i)]) * *r);
    (0..v.len()).map(at).collect()
}

/// Do the iterates of descent and of matching, made step by step from gradients, have the closed forms? Enclosed,
/// and the library's iterates and a formula in floats beside them.
///
/// # Errors
/// Those of the fits.
pub fn iterates(case: &Case, closed_form: ClosedForm) -> Result<Outcome> {
    let case = &summed(case);
    applicable((|| {
        let p = &case.problem;
        let fixed = Fixed::of(case)?;
        let linear = Linear::new(p, &case.forget)?;
        let x = &linear.features;
        let (all, kept): (Vec<usize>, _) = ((0..p.rows()).collect(), case.forget.complement());
        let (full, star) = (fixed.theta.coordinates(), fixed.retrained.coordinates());
        // ‖XᵀX‖ is at most the trace.
        let eta = power_below(0.25 / (x.norm_squared() + p.ridge()));
        let (e, l) = (Precise::exact(2.0 * eta), Precise::exact(p.ridge()));
        let shrink = Precise::ONE - e * l;
        let mut worst = Outcome::NotApplicable("no iteration".into());
        for update in [Update::Descent, Update::OracleMatching] {
            let descends = update == Update::Descent;
            let rows = if descends { &kept } else { &all };
            let aim = |i: usize| {
                if descends { Precise::exact(p.target()[i]) } else { dot(x.column(i).as_slice(), &star) }
            };
            let mut theta = full.clone();
            let mut delta: Vec<Precise> = full.iter().zip(&star).map(|(a, b)| *a - *b).collect();
            for _ in 0..STEPS {
                let g = pull(x, rows, &theta, aim);
                let decay = if descends { l } else { Precise::ZERO };
                theta = theta.iter().zip(g).map(|(t, g)| *t - e * (g + decay * *t)).collect();
                // The printed factor, outside and inside.
                let m = pull(x, rows, &delta, |_| Precise::ZERO);
                let (outer, inner) = if descends { (shrink, e / shrink) } else { (Precise::ONE, e) };
                delta = delta.iter().zip(m).map(|(d, m)| outer * (*d - inner * m)).collect();
            }
            let theta = Located::enclosed(theta);
            let formula = Located::enclosed(delta.iter().zip(&star).map(|(d, s)| *d + *s).collect());
            worst = both(worst, same(&theta, &formula, fixed.size))?;
            let stepped = linear.iterate(update, &linear.full, eta, STEPS)?;
            worst = both(worst, agree(&stepped, &theta, fixed.float_size))?;
            let closed =
                closed_form(&linear, update, &linear.full, eta, STEPS).expect("both have a closed form");
            worst = both(worst, agree(&closed, &theta, fixed.float_size))?;
        }
        Ok(worst)
    })())
}

/// Rows that are certainly independent, with the eigenvalues of `XᵀX`.
struct Independent {
    x: DMatrix<f64>,
    /// The smallest that is not 0.
    gamma: Interval,
    /// At least the largest.
    most: f64,
}

/// The rows of a case, or why it has none that the claim speaks about.
fn independent(case: &Case) -> Result<std::result::Result<Independent, Outcome>> {
    let p = &case.problem;
    let not = |why: String| Ok(Err(Outcome::NotApplicable(why)));
    if p.rows() > p.active() {
        return not(format!("{} rows for {} parameters", p.rows(), p.active()));
    }
    let rows: Vec<usize> = (0..p.rows()).collect();
    let x = features(p, &rows)?;
    // Products of a generated case's dyadic entries are exact; else what they round is far below the resolution.
    let all = eigenvalues(&x.tr_mul(&x));
    let (gamma, most) = (all[0], all[all.len() - 1].hi());
    if gamma.lo() <= 1e-6 * most {
        return not("the rows may be dependent".into());
    }
    Ok(Ok(Independent { x, gamma, most }))
}

/// `E‖θ_1 − θ*‖²` of one stochastic step, exactly, against the corrected rate.
fn rate(case: &Case) -> Result<Outcome> {
    let case = &summed(case);
    let Independent { x, gamma, .. } = match independent(case)? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    applicable((|| {
        let fixed = Fixed::of(case)?;
        let largest = x.column_iter().map(|c| c.norm_squared()).fold(0.0, f64::max);
        // Powers of two at most half of 1/max‖x‖² leave room for its rounding.
        let eta = power_below(0.499 / largest);
        let delta: Vec<Precise> = fixed
            .theta
            .coordinates()
            .into_iter()
            .zip(fixed.retrained.coordinates())
            .map(|(a, b)| a - b)
            .collect();
        let n = Interval::point(x.ncols() as f64);
        let after = |c: nalgebra::DVectorView<'_, f64>| {
            let pull = Precise::exact(2.0 * eta) * dot(c.as_slice(), &delta);
            let moved: Vec<Precise> =
                delta.iter().zip(c.iter()).map(|(d, x)| *d - pull * Precise::exact(*x)).collect();
            norm(&moved).square()
        };
        let expected = x.column_iter().map(after).sum::<Interval>() / n;
        let before = norm(&delta).square();
        let bound = (Interval::ONE - Interval::point(2.0 * eta) * gamma / n) * before;
        Ok(Outcome::Compared(Evidence::inequality(expected, bound, fixed.size * fixed.size)))
    })())
}

/// `(1 − 2ηγ/n)²`, which no step beats along the eigenvector of `γ` (Jensen), against the printed factor `1 − γη`.
pub(crate) fn printed_rate(case: &Case) -> Result<Outcome> {
    let Independent { x, gamma, most } = match independent(case)? {
        Ok(found) => found,
        Err(outcome) => return Ok(outcome),
    };
    if x.ncols() < 2 {
        return Ok(Outcome::NotApplicable("the theorem is about rank 2 or more".into()));
    }
    // Any rate below 2/(5(γ_max + λ)).
    let eta = power_below(0.399 / (most + case.problem.ridge()));
    let n = Interval::point(x.ncols() as f64);
    let share = Interval::point(eta) * gamma;
    let truly = (Interval::ONE - Interval::point(2.0) * share / n).square();
    Ok(Outcome::Compared(Evidence::inequality(truly, Interval::ONE - share, 1.0)))
}
