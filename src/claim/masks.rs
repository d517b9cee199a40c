//! Pruning inherits spectral constants: consequences of Cauchy interlacing, on real Hessians.
//!
//! The Hessian of the pruned model (its own kernels, kept coordinates only) is compared with that of the
//! unpruned model at the same point, and with that of a mask nested in it. Every eigenvalue on either side
//! is enclosed from both sides.

use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::error::Result;
use crate::loss::Loss;
use crate::mask::Mask;
use crate::numeric::enclosure::eigenvalues;
use crate::numeric::interval::Interval;
use crate::objective::enclosed::Enclosed;
use nalgebra::DMatrix;

/// Hessians larger than this are left out: enclosing their entries and spectra takes minutes.
pub(crate) const MOST_PARAMETERS: usize = 400;

pub(crate) const ANY_MODEL: Domain =
    Domain { losses: &Loss::ALL, depth: Depth::Any, masks: true, momentum: false, run: false, wide: false };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "mask-norm",
            title: "pruning does not raise the Hessian's norm",
            statement: "‖H_m′m′‖ ≤ ‖H_mm‖ ≤ ‖H‖ for nested masks m′ ⊆ m",
            source: "classical (Cauchy interlacing)",
            theorem: Some("Unlearn.Submatrix.opnorm_principal"),
            item: "numeric::enclosure::symmetric_norm",
            expected: Verdict::Holds,
            domain: ANY_MODEL,
            check: |case| nested(case, norms),
            directed: Vec::new,
        },
        Claim {
            id: "mask-extremes",
            title: "pruning keeps strong convexity and smoothness",
            statement: "λ_min(H) ≤ λ_min(H_mm), λ_max(H_mm) ≤ λ_max(H), also between nested masks",
            source: "classical (Cauchy interlacing)",
            theorem: Some("Unlearn.Submatrix.rayleigh_principal"),
            item: "numeric::enclosure::eigenvalues",
            expected: Verdict::Holds,
            domain: ANY_MODEL,
            check: |case| nested(case, ends),
            directed: Vec::new,
        },
        Claim {
            id: "mask-interlacing",
            title: "eigenvalues of a pruned Hessian interlace",
            statement: "λ_i(H) ≤ λ_i(H_mm) ≤ λ_{i+d−k}(H), eigenvalues increasing, d → k coordinates",
            source: "classical (Cauchy interlacing)",
            theorem: None,
            item: "numeric::enclosure::eigenvalues",
            expected: Verdict::Holds,
            domain: ANY_MODEL,
            check: |case| nested(case, interlaced),
            directed: Vec::new,
        },
    ]
}

/// Enclosed eigenvalues of a symmetric matrix, increasing.
#[derive(Debug, Clone)]
pub(crate) struct Spectrum {
    values: Vec<Interval>,
    /// `‖A‖_F`, which resolutions refer to.
    size: f64,
}

impl Spectrum {
    /// Of every matrix within `off` of this one in norm (Weyl: eigenvalues move by no more).
    fn within(matrix: &DMatrix<f64>, off: f64) -> Spectrum {
        let slack = Interval::around(0.0, off);
        let values = eigenvalues(matrix).into_iter().map(|l| l + slack).collect();
        Spectrum { values, size: matrix.norm() }
    }

    /// The operator norm.
    fn norm(&self) -> Interval {
        self.values.iter().map(|l| l.abs()).fold(Interval::ZERO, Interval::max)
    }
}

/// `‖sub‖ ≤ ‖whole‖` for two matrices as they are.
pub fn norm(sub: &DMatrix<f64>, whole: &DMatrix<f64>) -> Evidence {
    norms(&Spectrum::within(sub, 0.0), &Spectrum::within(whole, 0.0))
}

/// `λ_min(whole) ≤ λ_min(sub)` and `λ_max(sub) ≤ λ_max(whole)` for two matrices as they are.
pub fn extremes(sub: &DMatrix<f64>, whole: &DMatrix<f64>) -> Evidence {
    ends(&Spectrum::within(sub, 0.0), &Spectrum::within(whole, 0.0))
}

/// All inequalities of Cauchy interlacing for two matrices as they are.
///
/// Panics when `sub` is larger than `whole`.
pub fn interlacing(sub: &DMatrix<f64>, whole: &DMatrix<f64>) -> Evidence {
    interlaced(&Spectrum::within(sub, 0.0), &Spectrum::within(whole, 0.0))
}

fn norms(sub: &Spectrum, whole: &Spectrum) -> Evidence {
    Evidence::inequality(sub.norm(), whole.norm(), whole.size)
}

fn ends(sub: &Spectrum, whole: &Spectrum) -> Evidence {
    let (s, w) = (&sub.values, &whole.values);
    ordered(w[0], s[0], whole.size).worse(ordered(s[s.len() - 1], w[w.len() - 1], whole.size))
}

fn interlaced(sub: &Spectrum, whole: &Spectrum) -> Evidence {
    let (s, w) = (&sub.values, &whole.values);
    assert!(s.len() <= w.len(), "a part of order {} in a matrix of order {}", s.len(), w.len());
    let lost = w.len() - s.len();
    let both = |i: usize| ordered(w[i], s[i], whole.size).worse(ordered(s[i], w[i + lost], whole.size));
    (1..s.len()).map(both).fold(both(0), Evidence::worse)
}

/// Evidence compares nonnegative numbers: eigenvalues are moved up by `‖H‖_F`, which decides nothing.
fn ordered(small: Interval, large: Interval, size: f64) -> Evidence {
    let up = Interval::point(size);
    Evidence::inequality(small + up, large + up, size)
}

/// Compares the unpruned model, the case's mask and every second of its coordinates, at a point that all
/// three share. The exact Hessians are enclosed around what each model's own kernels return.
fn nested(case: &Case, compare: fn(&Spectrum, &Spectrum) -> Evidence) -> Result<Outcome> {
    let d = case.problem.model().parameters();
    if d > MOST_PARAMETERS {
        return Ok(Outcome::NotApplicable(format!("{d} parameters, more than {MOST_PARAMETERS}")));
    }
    let found = case.nested_spectra.get_or_init(|| spectra(case)).as_ref().map_err(Clone::clone)?;
    let [whole, middle, small] = found;
    let evidence = compare(middle, whole).worse(compare(small, middle)).worse(compare(small, whole));
    Ok(Outcome::Compared(evidence))
}

fn spectra(case: &Case) -> Result<[Spectrum; 3]> {
    let pruned = &case.problem;
    let mut flags = vec![false; pruned.model().parameters()];
    pruned.mask().active().iter().step_by(2).for_each(|&j| flags[j] = true);
    let inner = Mask::new(&flags)?;
    // Coordinates outside the inner mask are 0, as a pruned model has them.
    let theta = inner.embed(&inner.restrict(pruned.mask().embed(&case.start).as_slice())?);
    let spectrum = |mask: &Mask| -> Result<Spectrum> {
        let problem = pruned.clone().with_mask(mask.clone())?;
        let at = mask.restrict(theta.as_slice())?;
        let matrix = problem.full().hessian(&at);
        let off = Enclosed::full(&problem).hessian_error(&at, &matrix, false);
        Ok(Spectrum::within(&matrix, off))
    };
    Ok([spectrum(&Mask::full(flags.len()))?, spectrum(pruned.mask())?, spectrum(&inner)?])
}
