//! What methods on a recorded run would return in exact arithmetic, around what they do return.
//!
//! Add-back: `A_{k+1} = A_k + η_k u_{k+1}`, `u_{k+1} = βu_k + drop_k(φ_k)`. With `drop_k(φ̃_k)` enclosed at the
//! recorded points and `‖φ_k − φ̃_k‖ ≤ f_k`, the exact sums lie within `s_k` of the enclosed ones,
//! `b_{k+1} = βb_k + R_k f_k`, `s_{k+1} = s_k + η_k b_{k+1}`.
//!
//! Recollection: `v_{k+1} = v_k − η_k w_{k+1}`, `w_{k+1} = βw_k + H_k(θ_k)v_k − drop_k(θ_k)`. For any recorded
//! vectors `ṽ_k`, `ṽ_0 = 0`, let `σ_k` bound the defect of `w̃_{k+1} = (ṽ_k − ṽ_{k+1})/η_k` in that equation at `θ̃_k`. Since
//! `H_k(θ_k)v_k − H_k(θ̃_k)ṽ_k = H_k(θ_k)(v_k − ṽ_k) + (H_k(θ_k) − H_k(θ̃_k))ṽ_k`, the radii `r_k ≥ ‖v_k − ṽ_k‖` obey
//! `q_{k+1} = βq_k + L_k r_k + σ_k + Q_k e_k‖ṽ_k‖ + R_k e_k`, `r_{k+1} = r_k + η_k q_{k+1}`, and without momentum
//! `r_{k+1} = c_k r_k + η_k(σ_k + Q_k e_k‖ṽ_k‖ + R_k e_k)`, `c_k ≥ ‖I − η_kH_k‖`. Derived here.

use crate::bound::ledger::{Ledger, Reference};
use crate::bound::recollection::step_factor;
use crate::bound::residual::difference;
use crate::numeric::interval::Interval;
use crate::numeric::located::Located;
use crate::numeric::precise::Precise;
use crate::numeric::real::norm;
use crate::objective::enclosed::exact;
use crate::train::coupling::Coupling;
use crate::train::rounding::RunEnclosure;
use crate::train::sgd::Trajectory;
use nalgebra::DVector;

/// The sums of add-back, from gradients enclosed at the recorded reference points.
pub(crate) struct Added {
    /// Enclosures of `‖A_0‖ … ‖A_t‖`, up to the radii.
    sizes: Vec<Interval>,
    /// `A_t`, up to its radius.
    last: Vec<Interval>,
    reference: Reference,
}

impl Added {
    /// Sums up along a recorded run.
    pub(crate) fn new(coupling: &Coupling<'_>, run: &Trajectory, reference: Reference) -> Added {
        let zero = vec![Interval::ZERO; coupling.problem.active()];
        let (mut last, mut buffer) = (zero.clone(), zero);
        let beta = Interval::point(coupling.plan.momentum);
        let mut sizes = vec![Interval::ZERO];
        for (k, step) in coupling.plan.steps.iter().enumerate() {
            buffer.iter_mut().for_each(|b| *b = beta * *b);
            if coupling.touches(k) {
                let drop = coupling.drop_enclosed(k, &exact::<Interval>(reference.point(run, k)));
                buffer.iter_mut().zip(drop).for_each(|(b, d)| *b = *b + d);
            }
            let eta = Interval::point(step.eta);
            last.iter_mut().zip(&buffer).for_each(|(a, b)| *a = *a + eta * *b);
            sizes.push(norm(&last));
        }
        Added { sizes, last, reference }
    }

    /// `s_0 … s_t`.
    fn radii(&self, ledger: &Ledger, known: &RunEnclosure) -> Vec<Interval> {
        let beta = Interval::point(ledger.momentum);
        let (mut b, mut s) = (Interval::ZERO, Interval::ZERO);
        let mut radii = vec![s];
        for (k, entry) in ledger.entries.iter().enumerate() {
            let moved = Interval::point(self.reference.radius(known, k));
            b = beta * b + Interval::point(entry.drop_lipschitz) * moved;
            s = s + entry.eta * b;
            radii.push(s);
        }
        radii
    }

    /// Enclosures of `‖A_0‖ … ‖A_{t−1}‖`.
    pub(crate) fn partial_sums(&self, ledger: &Ledger, known: &RunEnclosure) -> Vec<Interval> {
        let steps = ledger.entries.len();
        let around = |(size, s): (&Interval, Interval)| (*size + Interval::around(0.0, s.hi())).nonnegative();
        self.sizes.iter().zip(self.radii(ledger, known)).map(around).take(steps).collect()
    }

    /// `θ_t + A_t`.
    pub(crate) fn end(&self, ledger: &Ledger, run: &Trajectory, known: &RunEnclosure) -> Located {
        let radii = self.radii(ledger, known);
        let sum = Located::enclosed(self.last.iter().map(|a| Precise::covering(*a)).collect());
        Located::at(run.last()).widened(known.last()).plus(&sum.widened(radii[radii.len() - 1].hi()))
    }
}

/// The vectors that recollection carries, around recorded ones.
pub(crate) struct Carried<'c> {
    carried: &'c [DVector<f64>],
    /// `σ_0 … σ_{t−1}`.
    defects: Vec<Interval>,
}

impl<'c> Carried<'c> {
    /// Encloses the defects of recorded vectors.
    pub(crate) fn new(coupling: &Coupling<'_>, run: &Trajectory, carried: &'c [DVector<f64>]) -> Carried<'c> {
        let beta = Interval::point(coupling.plan.momentum);
        let mut before = vec![Interval::ZERO; coupling.problem.active()];
        let mut defects = Vec::with_capacity(coupling.plan.len());
        for (k, step) in coupling.plan.steps.iter().enumerate() {
            let eta = Interval::point(step.eta);
            let now: Vec<Interval> =
                difference(&carried[k], &carried[k + 1]).into_iter().map(|d| d / eta).collect();
            let theta = exact::<Interval>(&run.points[k]);
            let mut off: Vec<Interval> = now.iter().zip(&before).map(|(n, b)| *n - beta * *b).collect();
            if carried[k].iter().any(|v| *v != 0.0) {
                let bent = coupling.keep_hvp_enclosed(k, &theta, &exact(&carried[k]));
                off.iter_mut().zip(bent).for_each(|(o, h)| *o = *o - h);
            }
            if coupling.touches(k) {
                let drop = coupling.drop_enclosed(k, &theta);
                off.iter_mut().zip(drop).for_each(|(o, d)| *o = *o + d);
            }
            defects.push(norm(&off));
            before = now;
        }
        Carried { carried, defects }
    }

    /// `r_0 … r_t`.
    fn radii(&self, ledger: &Ledger, known: &RunEnclosure) -> Vec<f64> {
        let beta = Interval::point(ledger.momentum);
        let (mut q, mut r) = (Interval::ZERO, Interval::ZERO);
        let mut radii = vec![0.0];
        for (k, entry) in ledger.entries.iter().enumerate() {
            let e = Interval::point(known.radii[k]);
            let size = Interval::norm(self.carried[k].as_slice());
            let defect = self.defects[k]
                + e * (Interval::point(entry.keep_hessian_lipschitz) * size
                    + Interval::point(entry.drop_lipschitz));
            if ledger.momentum == 0.0 {
                r = step_factor(ledger, entry) * r + entry.eta * defect;
            } else {
                q = beta * q + Interval::point(entry.keep_lipschitz) * r + defect;
                r = r + entry.eta * q;
            }
            // Only the upper end matters.
            (q, r) = (Interval::point(q.hi()), Interval::point(r.hi()));
            radii.push(r.hi());
        }
        radii
    }

    /// Enclosures of `‖v_0‖ … ‖v_t‖`.
    pub(crate) fn sizes(&self, ledger: &Ledger, known: &RunEnclosure) -> Vec<Interval> {
        let around = |(v, r): (&DVector<f64>, f64)| {
            (Interval::norm(v.as_slice()) + Interval::around(0.0, r)).nonnegative()
        };
        self.carried.iter().zip(self.radii(ledger, known)).map(around).collect()
    }

    /// `θ_t + v_t`.
    pub(crate) fn end(&self, ledger: &Ledger, run: &Trajectory, known: &RunEnclosure) -> Located {
        let (radii, last) = (self.radii(ledger, known), &self.carried[self.carried.len() - 1]);
        let carried = Located::at(last).widened(radii[radii.len() - 1]);
        Located::at(run.last()).widened(known.last()).plus(&carried)
    }
}
