//! A small case as curves and points: what a reader wants to see of a counterexample with one or two parameters.

use crate::claim::{Case, Claim};
use nalgebra::DVector;

/// Named curves over one parameter, or in the plane of two.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// What is across.
    pub across: String,
    /// What is up.
    pub up: String,
    /// Name and points of each curve.
    pub curves: Vec<(String, Vec<(f64, f64)>)>,
}

/// The picture of a case for a claim; `None` when it has more than two parameters or cannot be evaluated.
///
/// - Claims about runs: the training run and the coupled retraining run, as θ against the step for one parameter and
///   in the plane for two.
/// - Claims about minimisers: for one parameter the objective on all rows and on the rows kept, each less its minimum;
///   for two the line from one minimiser to the other.
pub fn picture(claim: &Claim, case: &Case) -> Option<Picture> {
    let parameters = case.problem.active();
    if parameters > 2 {
        return None;
    }
    if claim.domain.run {
        let (run, rerun) = (case.run().ok()?, case.rerun().ok()?);
        let curve = |points: &[DVector<f64>]| match parameters {
            1 => points.iter().enumerate().map(|(k, p)| (k as f64, p[0])).collect::<Vec<_>>(),
            _ => points.iter().map(|p| (p[0], p[1])).collect(),
        };
        let (across, up) = if parameters == 1 { ("step", "θ") } else { ("θ₁", "θ₂") };
        let curves = vec![
            ("retraining".to_owned(), curve(&rerun.points)),
            ("training".to_owned(), curve(&run.points)),
        ];
        return Some(Picture { across: across.into(), up: up.into(), curves });
    }
    let (all, kept) = (&case.fit().ok()?.theta, &case.refit().ok()?.theta);
    if parameters == 1 {
        return objectives(case, all[0], kept[0]);
    }
    let curves = vec![
        ("retrained".to_owned(), vec![(kept[0], kept[1])]),
        ("trained".to_owned(), vec![(kept[0], kept[1]), (all[0], all[1])]),
    ];
    Some(Picture { across: "θ₁".into(), up: "θ₂".into(), curves })
}

fn objectives(case: &Case, all: f64, kept: f64) -> Option<Picture> {
    const POINTS: usize = 81;
    let (full, retained) = (case.problem.full(), case.problem.retained(&case.forget).ok()?);
    let middle = 0.5 * (all + kept);
    let reach = 1.5 * (all - kept).abs().max(1e-3 * middle.abs()).max(1e-3);
    let curve = |value: &dyn Fn(&DVector<f64>) -> f64, least: f64| {
        let floor = value(&DVector::from_element(1, least));
        (0..POINTS)
            .map(|i| middle + reach * (2.0 * i as f64 / (POINTS - 1) as f64 - 1.0))
            .map(|t| (t, value(&DVector::from_element(1, t)) - floor))
            .collect::<Vec<_>>()
    };
    let curves = vec![
        ("rows kept".to_owned(), curve(&|t| retained.value(t), kept)),
        ("all rows".to_owned(), curve(&|t| full.value(t), all)),
    ];
    Some(Picture { across: "θ".into(), up: "objective above its minimum".into(), curves })
}
