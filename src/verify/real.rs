//! Cases on the embedded real data: WDBC and digits, dense and pruned.

use crate::claim::{Case, Depth, Domain};
use crate::data::{RowSet, Standardizer, builtin};
use crate::error::Result;
use crate::loss::Loss;
use crate::mask::Mask;
use crate::model::Model;
use crate::objective::Problem;
use crate::train::coupling::Normalisation;
use crate::train::plan::{Batches, Plan, Schedule};
use nalgebra::DVector;

/// The cases on one data set.
pub struct Suite {
    /// The data set's name.
    pub name: &'static str,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// WDBC and digits.
///
/// # Errors
/// Those of the data and the problems built from it.
pub fn suites() -> Result<Vec<Suite>> {
    Ok(vec![suite("wdbc", Loss::Logistic, 1, 1.0)?, suite("digits", Loss::Softmax, 10, 0.02)?])
}

fn suite(name: &'static str, loss: Loss, outputs: usize, rate: f64) -> Result<Suite> {
    let rows: Vec<usize> = (0..120).collect();
    let data = builtin::load(name)?.select(&rows)?;
    let data = Standardizer::fit(&data, &rows)?.apply(&data)?;
    let model = Model::linear(data.cols(), outputs, loss, true)?;
    let problem = Problem::new(data.into(), model, 0.01)?;
    let d = problem.model().parameters();
    let forget = RowSet::new(rows.len(), (0..12).collect())?;
    let batches = Batches { rows: rows.len(), size: 12, epochs: 2, seed: 1 };
    let plan = Plan::shuffled(batches, Schedule::Constant { rate: rate / 100.0 }, 0.0, 0.01)?;
    let cases = [1, 2]
        .map(|share| {
            let keep: Vec<bool> = (0..d).map(|j| j % share == 0).collect();
            let problem = problem.clone().with_mask(Mask::new(&keep)?)?;
            let start = DVector::zeros(problem.active());
            let (forget, plan) = (forget.clone(), plan.clone());
            Ok(Case::new(name, problem, forget, plan, start, Normalisation::Fixed)
                .labelled(format!("1/{share} kept")))
        })
        .into_iter()
        .collect::<Result<_>>()?;
    Ok(Suite { name, cases })
}

/// Is the case within the claim's domain?
pub fn covers(domain: &Domain, case: &Case) -> bool {
    let model = case.problem.model();
    let depth = match domain.depth {
        Depth::Linear => model.is_linear(),
        Depth::Hidden => !model.is_linear(),
        Depth::Any => true,
    };
    depth
        && domain.losses.contains(&model.loss())
        && (domain.masks || case.problem.mask().is_full())
        && (domain.momentum || case.plan.momentum == 0.0)
}
