//! MUSO: exact labels for interpolating features, ridge and generalised linear models, and what breaks them.

use super::controls::instance;
use super::fixed::{Ends, Fixed, agree, float_size, full_system, same, singular};
use super::identities::{LEAST_SQUARES, both};
use super::leave_out::gram;
use super::sgd::applicable;
use super::{Case, Claim, Depth, Domain, Outcome, Verdict};
use crate::constants::{Constants, Region};
use crate::error::Result;
use crate::loss::Loss;
use crate::neighbour::muso::Interpolation;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::numeric::solve::{dot, eliminate, eliminate_vector};
use crate::objective::{Problem, Reduction};
use crate::train::newton::minimise;
use crate::unlearn::features::features;
use crate::unlearn::muso::{Labels, Relabelled, outputs_at, relabel};
use nalgebra::{DMatrix, DVector};

/// Models up to this size are trained once more.
const MOST_PARAMETERS: usize = 64;
const WIDE: Domain = Domain { wide: true, ..LEAST_SQUARES };
const GENERAL: Domain = Domain { losses: &Loss::ALL, depth: Depth::Linear, ..LEAST_SQUARES };
const CLASSIFIERS: Domain = Domain { losses: &[Loss::Logistic, Loss::Softmax], ..GENERAL };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let source = "Yang et al. 2024 (arXiv 2410.08557), theorem text not read; formula (M1) of the official code, proof derived here";
    vec![
        Claim {
            id: "muso-interpolation",
            title: "relabelling and descent end where retraining does",
            statement: "w_p + Z⁺(ỹ − Zw_p) = w_r, ỹ = (y_r, Z_u w_r), w_p = w_0 + Z⁺(y − Zw_0), w_r = w_0 + Z_r⁺(y_r − \
                        Z_r w_0), any stored w_0",
            source,
            theorem: Some("Unlearn.Relabel.relabel_exact"),
            item: "neighbour::muso::Interpolation",
            expected: Verdict::Holds,
            domain: WIDE,
            check: |case| both(relabelled_from(case, |w, _| w)?, shipped(case)?),
            directed: Vec::new,
        },
        Claim {
            id: "muso-downdate",
            title: "MUSO's labels by a downdate",
            statement: "Z_u w_r = y_u − M_uu⁻¹α_u, w_r = w_0 + Z_rᵀ(α_r − M_ru M_uu⁻¹α_u), M = (ZZᵀ)⁻¹, α = M(y − Zw_0)",
            source: "derived here",
            theorem: None,
            item: "neighbour::muso::Interpolation",
            expected: Verdict::Holds,
            domain: WIDE,
            check: |case| downdated(case, -1.0),
            directed: Vec::new,
        },
        Claim {
            id: "muso-ridge-labels",
            title: "ridge regression forgets by relabelling",
            statement: "argmin w Σ_R ½(xᵀθ−y)² + w Σ_F ½(xᵀθ−ŷ)² + (λ/2)‖θ‖² = θ₋F for ŷ = x·θ₋F, weights and λ unchanged",
            source: "derived here, after Yang et al. 2024 (arXiv 2410.08557)",
            theorem: Some("Unlearn.Relabel.zero_slope_exact"),
            item: "unlearn::muso::relabel",
            expected: Verdict::Holds,
            domain: LEAST_SQUARES,
            check: |case| ridge_with(case, 1.0),
            directed: Vec::new,
        },
        Claim {
            id: "muso-soft-labels",
            title: "linear models forget by soft labels",
            statement: "training on the rows kept and (x_u, σ(f_θr(x_u))), each row kept with its weight in retraining, gives \
                        θ_r from any start (squared loss: the output itself)",
            source: "derived here, after Yang et al. 2024 (arXiv 2410.08557)",
            theorem: Some("Unlearn.Relabel.zero_slope_exact"),
            item: "unlearn::muso::relabel",
            expected: Verdict::Holds,
            domain: GENERAL,
            check: |case| refitted(case, Labels::Soft, |new, _| new.weights.clone()),
            directed: Vec::new,
        },
        Claim {
            id: "muso-any-start",
            title: "relabelling from any start",
            statement: "w + Z⁺(ỹ − Zw) = w_r also for w = w_p + (1, …, 1), outside w_0 + row(Z)",
            source: "the theorem without its hypothesis on the start",
            theorem: None,
            item: "claim::muso::relabelled_from",
            expected: Verdict::Refuted,
            domain: WIDE,
            check: |case| relabelled_from(case, |w, one| w + one),
            directed: || {
                let case = instance(Loss::Squared, 3, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &[1.0, 1.0], 0.0, 1);
                vec![case.labelled("a third coordinate that no row sees")]
            },
        },
        Claim {
            id: "muso-hard-labels",
            title: "linear classifiers forget by hard labels",
            statement: "training on the rows kept and (x_u, argmax f_θr(x_u)) gives θ_r",
            source: "hard labels of the official code of Yang et al. 2024 (arXiv 2410.08557) for networks, read there, taken for \
                     exact",
            theorem: None,
            item: "unlearn::muso::relabel",
            expected: Verdict::Refuted,
            domain: CLASSIFIERS,
            check: |case| refitted(case, Labels::Hard, |new, _| new.weights.clone()),
            directed: || {
                vec![instance(Loss::Logistic, 1, &[1.0, 1.0], &[0.0, 1.0], 1.0, 1).labelled("two rows at 1")]
            },
        },
        Claim {
            id: "muso-mean-unscaled",
            title: "relabelling under a mean with unchanged λ",
            statement: "the mean over all n rows, the forgotten ones with exact labels, + (λ/2)‖θ‖² is least at the θ_r of the mean \
                        over the rows kept + (λ/2)‖θ‖²",
            source: "a literal reading of the theorem under the mean reduction; λ|R|/n is right",
            theorem: None,
            item: "unlearn::muso::relabel",
            expected: Verdict::Refuted,
            domain: GENERAL,
            check: unscaled,
            directed: || {
                vec![instance(Loss::Squared, 1, &[1.0, 1.0], &[1.0, 3.0], 1.0, 1).labelled("⅜ against ½")]
            },
        },
    ]
}

/// Rows and start of a case with fewer rows than parameters, and what training ends with.
struct Interpolating {
    x: DMatrix<f64>,
    target: Vec<Precise>,
    start: Vec<Precise>,
    retrained: Vec<Precise>,
    trained: Vec<Precise>,
    size: f64,
    float_size: f64,
}

impl Interpolating {
    fn of(case: &Case) -> Result<Interpolating> {
        let p = &case.problem;
        let all: Vec<usize> = (0..p.rows()).collect();
        let x = features(p, &all)?;
        let exact = |v: &[f64]| v.iter().map(|v| Precise::exact(*v)).collect::<Vec<_>>();
        let (target, start) = (exact(p.target()), exact(case.start.as_slice()));
        let kept = case.forget.complement();
        let kept_target: Vec<Precise> = kept.iter().map(|&i| target[i]).collect();
        let retrained = limit(&x, &kept, &kept_target, &start)?;
        let trained = limit(&x, &all, &target, &start)?;
        let condition = Ends::of(&x.tr_mul(&x))?.condition();
        let size = norm(&start).mid() + norm(&retrained).mid() + norm(&trained).mid();
        let float_size = float_size(size, p.rows() + p.active(), condition);
        Ok(Interpolating { x, target, start, retrained, trained, size, float_size })
    }
}

/// `w + Z⁺(y − Zw)`: where descent on the squared errors of rows ends.
fn limit(x: &DMatrix<f64>, rows: &[usize], y: &[Precise], w: &[Precise]) -> Result<Vec<Precise>> {
    let rest: Vec<Precise> = rows.iter().zip(y).map(|(&i, y)| *y - dot(x.column(i).as_slice(), w)).collect();
    let c = eliminate_vector(gram(x, rows), &rest).ok_or_else(|| singular("the Gram matrix of the rows"))?;
    let moved = |p: usize| rows.iter().zip(&c).fold(w[p], |s, (&i, c)| s + Precise::exact(x[(p, i)]) * *c);
    Ok((0..x.nrows()).map(moved).collect())
}

fn too_many_rows(case: &Case) -> Option<Outcome> {
    let (n, k) = (case.problem.rows(), case.problem.active());
    (n > k).then(|| Outcome::NotApplicable(format!("{n} rows for {k} parameters")))
}

/// Does descent on relabelled rows, from a function of each coordinate of `w_p` and 1, end at `w_r`?
///
/// # Errors
/// Those of the features.
pub(crate) fn relabelled_from(case: &Case, start: fn(Precise, Precise) -> Precise) -> Result<Outcome> {
    if let Some(outcome) = too_many_rows(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let i = Interpolating::of(case)?;
        let mut y = i.target.clone();
        case.forget.rows().iter().for_each(|&u| y[u] = dot(i.x.column(u).as_slice(), &i.retrained));
        let all: Vec<usize> = (0..y.len()).collect();
        let from: Vec<Precise> = i.trained.iter().map(|w| start(*w, Precise::ONE)).collect();
        let end = limit(&i.x, &all, &y, &from)?;
        Ok(same(&Located::enclosed(end), &Located::enclosed(i.retrained), i.size))
    })())
}

fn interpolation(case: &Case, x: &DMatrix<f64>) -> Result<Interpolation> {
    let target = DVector::from_column_slice(case.problem.target());
    Interpolation::new(x.clone(), target, case.start.clone(), case.forget.clone())
}

fn shipped(case: &Case) -> Result<Outcome> {
    interpolated(case, |muso| muso.unlearned(&muso.labels(0.0)?, &muso.trained()?))
}

/// Does a use of the library's functions end at `w_r`?
///
/// # Errors
/// Those of the use.
pub fn interpolated(case: &Case, by: fn(&Interpolation) -> Result<DVector<f64>>) -> Result<Outcome> {
    if let Some(outcome) = too_many_rows(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let i = Interpolating::of(case)?;
        let candidate = by(&interpolation(case, &i.x)?)?;
        Ok(agree(&candidate, &Located::enclosed(i.retrained), i.float_size))
    })())
}

/// The downdate formulas, with `sign·M_uu⁻¹α_u` added to `y_u` (−1 is right).
///
/// # Errors
/// Those of the features.
pub fn downdated(case: &Case, sign: f64) -> Result<Outcome> {
    if let Some(outcome) = too_many_rows(case) {
        return Ok(outcome);
    }
    applicable((|| {
        let i = Interpolating::of(case)?;
        let n = i.target.len();
        let all: Vec<usize> = (0..n).collect();
        let unit = |a: usize, b: usize| if a == b { Precise::ONE } else { Precise::ZERO };
        let identity = (0..n).map(|a| (0..n).map(|b| unit(a, b)).collect()).collect();
        let m = eliminate(gram(&i.x, &all), identity).ok_or_else(|| singular("ZZᵀ"))?;
        let rest: Vec<Precise> =
            all.iter().map(|&r| i.target[r] - dot(i.x.column(r).as_slice(), &i.start)).collect();
        let alpha: Vec<Precise> =
            m.iter().map(|row| row.iter().zip(&rest).fold(Precise::ZERO, |s, (m, r)| s + *m * *r)).collect();
        let u = case.forget.rows();
        let m_uu = u.iter().map(|&a| u.iter().map(|&b| m[a][b]).collect()).collect();
        let alpha_u: Vec<Precise> = u.iter().map(|&a| alpha[a]).collect();
        let c = eliminate_vector(m_uu, &alpha_u).ok_or_else(|| singular("M_uu"))?;
        let labels: Vec<Precise> =
            u.iter().zip(&c).map(|(&a, c)| i.target[a] + Precise::exact(sign) * *c).collect();
        let wanted = u.iter().map(|&a| dot(i.x.column(a).as_slice(), &i.retrained)).collect::<Vec<_>>();
        let kept = case.forget.complement();
        let coefficient = |a: usize| u.iter().zip(&c).fold(alpha[a], |s, (&b, c)| s - m[a][b] * *c);
        let coefficients: Vec<Precise> = kept.iter().map(|&a| coefficient(a)).collect();
        let at = |p: usize| {
            kept.iter().zip(&coefficients).fold(i.start[p], |s, (&a, c)| s + Precise::exact(i.x[(p, a)]) * *c)
        };
        let w: Vec<Precise> = (0..i.x.nrows()).map(at).collect();
        let reach = 1.0 + i.x.norm();
        let (wanted, retrained) = (Located::enclosed(wanted), Located::enclosed(i.retrained));
        let found = interpolation(case, &i.x)?.downdate()?;
        let formulas = both(
            same(&Located::enclosed(labels), &wanted, i.size * reach),
            same(&Located::enclosed(w), &retrained, i.size),
        )?;
        let floats = both(
            agree(&found.labels, &wanted, i.float_size * reach),
            agree(&found.retrained, &retrained, i.float_size),
        )?;
        both(formulas, floats)
    })())
}

/// The ridge solution with forgotten rows relabelled by `factor` times the outputs of retraining, against
/// retraining (1 is right); enclosed.
///
/// # Errors
/// Those of the fits.
pub fn ridge_with(case: &Case, factor: f64) -> Result<Outcome> {
    applicable((|| {
        let p = &case.problem;
        let fixed = Fixed::of(case)?;
        let retrained = fixed.retrained.coordinates();
        let all: Vec<usize> = (0..p.rows()).collect();
        let x = features(p, &all)?;
        let label = |i: usize| {
            if case.forget.contains(i) {
                Precise::exact(factor) * dot(x.column(i).as_slice(), &retrained)
            } else {
                Precise::exact(p.target()[i])
            }
        };
        let labels: Vec<Precise> = all.iter().map(|&i| label(i)).collect();
        let w = crate::objective::enclosed::Enclosed::full(p).weight::<Precise>();
        let b: Vec<Precise> =
            (0..x.nrows()).map(|j| w * dot(x.row(j).transpose().as_slice(), &labels)).collect();
        let found = full_system(p, fixed.theta.coordinates())?.solve(&b);
        Ok(same(&found, &fixed.retrained, fixed.size))
    })())
}

/// Which weights the rows of a relabelled problem are given.
pub type Weights = fn(&Relabelled, &Problem) -> Vec<f64>;

/// Does training on relabelled rows from the trained model end at the retrained one?
///
/// # Errors
/// Those of the trainings.
pub fn refitted(case: &Case, labels: Labels, weights: Weights) -> Result<Outcome> {
    if case.problem.active() > MOST_PARAMETERS {
        return Ok(Outcome::NotApplicable(format!(
            "more than {MOST_PARAMETERS} parameters to train once more"
        )));
    }
    applicable((|| {
        let p = &case.problem;
        let refit = case.refit()?;
        let outputs = outputs_at(p, &refit.theta, case.forget.rows());
        let new = relabel(p, &case.forget, &outputs, labels)?;
        let objective = new.problem.weighted(weights(&new, p))?;
        let found = minimise(&objective, case.fit()?.theta.clone())?;
        // What the labels miss and what the minimiser misses are amplified by both conditions.
        let (old, new) = (case.retained_constants()?, Constants::of(&objective, Region::Everywhere));
        let kappa =
            (old.smoothness.max(new.smoothness) / old.strong_convexity.min(new.strong_convexity)).powi(2);
        let mass = objective.gradient_mass(&found.theta) / new.smoothness.max(f64::MIN_POSITIVE);
        let size = float_size(case.fit_size()? + mass, objective.problem().rows() + p.active(), kappa);
        Ok(agree(&found.theta, case.refit_precise()?, size))
    })())
}

fn unscaled(case: &Case) -> Result<Outcome> {
    if case.problem.reduction() != Reduction::Mean {
        return Ok(Outcome::NotApplicable("under the sum reduction nothing is to be rescaled".into()));
    }
    refitted(case, Labels::Soft, |new, p| {
        // 1/n for every row, shares of soft labels as they are; the largest weight is that of a row kept.
        let share = 1.0 / (p.rows() as f64 * new.weights.iter().copied().fold(0.0, f64::max));
        new.weights.iter().map(|w| w * share).collect()
    })
}
