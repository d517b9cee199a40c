//! Pruning inherits spectral constants: consequences of Cauchy interlacing, on real Hessians.
//!
//! The Hessian of the pruned model (its own kernels, kept coordinates only) is compared with that of the
//! unpruned model at the same point, and with that of a mask nested in it. Every eigenvalue on either side
//! is enclosed from both sides.

use super::{Case, Claim, Depth, Domain, Evidence, Outcome, Verdict};
use crate::error::Result;
use crate::loss::Loss;
use crate::mask::Mask;
use crate::numeric::enclosure::{eigenvalues, symmetric_norm};
use crate::numeric::interval::Interval;
use nalgebra::DMatrix;

/// Hessians larger than this are left out: their spectra take minutes.
const MOST_PARAMETERS: usize = 400;

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
            check: |case| nested(case, norm),
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
            check: |case| nested(case, extremes),
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
            check: |case| nested(case, interlacing),
            directed: Vec::new,
        },
    ]
}

/// `‖sub‖ ≤ ‖whole‖`.
pub fn norm(sub: &DMatrix<f64>, whole: &DMatrix<f64>) -> Evidence {
    Evidence::inequality(symmetric_norm(sub), symmetric_norm(whole), whole.norm())
}

/// `λ_min(whole) ≤ λ_min(sub)` and `λ_max(sub) ≤ λ_max(whole)`.
pub fn extremes(sub: &DMatrix<f64>, whole: &DMatrix<f64>) -> Evidence {
    let (s, w) = (eigenvalues(sub), eigenvalues(whole));
    let shifted = Shifted::by(whole);
    let low = shifted.ordered(w[0], s[0]);
    low.worse(shifted.ordered(s[s.len() - 1], w[w.len() - 1]))
}

/// All inequalities of Cauchy interlacing.
///
/// Panics when `sub` is larger than `whole`.
pub fn interlacing(sub: &DMatrix<f64>, whole: &DMatrix<f64>) -> Evidence {
    let (s, w) = (eigenvalues(sub), eigenvalues(whole));
    assert!(s.len() <= w.len(), "a part of order {} in a matrix of order {}", s.len(), w.len());
    let lost = w.len() - s.len();
    let shifted = Shifted::by(whole);
    let both = |i: usize| shifted.ordered(w[i], s[i]).worse(shifted.ordered(s[i], w[i + lost]));
    (1..s.len()).map(both).fold(both(0), Evidence::worse)
}

/// Evidence compares nonnegative numbers: eigenvalues are moved up by `‖H‖_F`, which decides nothing.
struct Shifted(f64);

impl Shifted {
    fn by(whole: &DMatrix<f64>) -> Shifted {
        Shifted(whole.norm())
    }

    fn ordered(&self, small: Interval, large: Interval) -> Evidence {
        let up = Interval::point(self.0);
        Evidence::inequality(small + up, large + up, self.0)
    }
}

/// Compares the unpruned model, the case's mask and every second of its coordinates, at a point that all
/// three share.
fn nested(case: &Case, compare: fn(&DMatrix<f64>, &DMatrix<f64>) -> Evidence) -> Result<Outcome> {
    let pruned = &case.problem;
    let d = pruned.model().parameters();
    if d > MOST_PARAMETERS {
        return Ok(Outcome::NotApplicable(format!("{d} parameters, more than {MOST_PARAMETERS}")));
    }
    let mut flags = vec![false; d];
    pruned.mask().active().iter().step_by(2).for_each(|&j| flags[j] = true);
    let inner = Mask::new(&flags)?;
    // Coordinates outside the inner mask are 0, as a pruned model has them.
    let theta = inner.embed(&inner.restrict(pruned.mask().embed(&case.start).as_slice())?);
    let hessian = |mask: &Mask| -> Result<DMatrix<f64>> {
        let problem = pruned.clone().with_mask(mask.clone())?;
        Ok(problem.full().hessian(&mask.restrict(theta.as_slice())?))
    };
    let whole = hessian(&Mask::full(d))?;
    let (middle, small) = (hessian(pruned.mask())?, hessian(&inner)?);
    let evidence = compare(&middle, &whole).worse(compare(&small, &middle)).worse(compare(&small, &whole));
    Ok(Outcome::Compared(evidence))
}
