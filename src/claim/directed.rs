//! Hand-made counterexamples: least squares without bias or ridge, one row per step, started at 0.

use super::Case;
use crate::data::{Dataset, Design, RowSet};
use crate::loss::Loss;
use crate::mask::Mask;
use crate::model::Model;
use crate::objective::Problem;
use crate::train::coupling::Normalisation;
use crate::train::plan::{Plan, Step};
use nalgebra::DVector;

/// A tiny least-squares run.
pub(crate) struct Small<'a> {
    /// Features and target of each row.
    pub(crate) rows: &'a [(&'a [f64], f64)],
    /// Rows to forget.
    pub(crate) forget: &'a [usize],
    /// Row and step size of each step.
    pub(crate) steps: &'a [(usize, f64)],
    /// Kept parameters, all when `None`.
    pub(crate) mask: Option<&'a [bool]>,
}

/// Builds the case. Panics on invalid numbers: they are constants of this crate.
pub(crate) fn case(small: Small<'_>) -> Case {
    let cols = small.rows[0].0.len();
    let values = small.rows.iter().flat_map(|(x, _)| x.iter().copied()).collect();
    let design = Design::dense(small.rows.len(), cols, values).expect("rows of equal length");
    let target = small.rows.iter().map(|(_, y)| *y).collect();
    let data = Dataset::new("directed", design, target).expect("finite numbers");
    let model = Model::linear(cols, 1, Loss::Squared, false).expect("a linear model");
    let mut problem = Problem::new(data.into(), model, 0.0).expect("sizes agree");
    if let Some(keep) = small.mask {
        problem = problem.with_mask(Mask::new(keep).expect("something is kept")).expect("sizes agree");
    }
    let steps = small.steps.iter().map(|&(row, eta)| Step { rows: vec![row], eta }).collect();
    let plan = Plan::new(steps, 0.0, 0.0).expect("a valid plan");
    let forget = RowSet::new(small.rows.len(), small.forget.to_vec()).expect("rows in range");
    let start = DVector::zeros(problem.active());
    Case::new("directed", problem, forget, plan, start, Normalisation::Fixed)
}

/// One forgotten step out and one retained step back: `θ_2 = θ_0`, yet the error is `η² = ¼`.
pub(crate) fn returning() -> Case {
    let eta = 0.5;
    case(Small {
        rows: &[(&[1.0], 1.0), (&[1.0], eta - 1.0)],
        forget: &[0],
        steps: &[(0, eta), (1, eta)],
        mask: None,
    })
    .labelled("returning trajectory")
}

/// One forgotten step and three retained ones towards the same target with `η = 1/16`: `θ_t = 1 − q⁴`,
/// the error is `η(1 − q³)`, `q = 15/16`. The printed bound `η² t ‖θ_t‖ σ` is smaller by a factor of about 3.
pub(crate) fn one_long_line() -> Case {
    const ETA: f64 = 0.0625;
    case(Small {
        rows: &[(&[1.0], 1.0), (&[1.0], 1.0)],
        forget: &[0],
        steps: &[(0, ETA), (1, ETA), (1, ETA), (1, ETA)],
        mask: None,
    })
    .labelled("one target")
}

/// `H = [[1,−1],[−1,1]]`, forgotten gradient `(1,1)`, mask `(1,0)`: dense error 0, sparse error `η²`.
pub(crate) fn sparser() -> Case {
    case(Small {
        rows: &[(&[1.0, 1.0], -1.0), (&[1.0, -1.0], 0.0)],
        forget: &[0],
        steps: &[(0, 0.5), (1, 0.5)],
        mask: Some(&[true, false]),
    })
    .labelled("sparser but worse")
}

/// Two projections along `(1,0)` and `(0.6,0.8)` after a forgotten gradient along `(10,7)`: the error is
/// about 1.15 times what `min{·, 1}` allows.
pub(crate) fn kaczmarz() -> Case {
    case(Small {
        rows: &[(&[0.625, 0.4375], -1.0), (&[1.0, 0.0], 0.0), (&[0.6, 0.8], 0.0)],
        forget: &[0],
        steps: &[(0, 1.0), (1, 1.0), (2, 1.0)],
        mask: None,
    })
    .labelled("Kaczmarz projections")
}

/// The forgotten row is used once and then washed out by twelve retained steps.
pub(crate) fn washed_out() -> Case {
    let mut steps = vec![(0, 0.5)];
    steps.extend([(1, 0.5); 12]);
    case(Small { rows: &[(&[1.0], 1.0), (&[1.0], 0.0)], forget: &[0], steps: &steps, mask: None })
        .labelled("washed out")
}
