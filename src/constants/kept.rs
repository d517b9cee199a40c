//! The kept part of a linear model's inputs, and when it is too wide to be written out.

use crate::data::read::LARGEST_DENSE;
use crate::loss::Loss;
use crate::numeric::csr::Csr;
use crate::objective::Objective;

/// Is a linear model so wide that neither its rows may be written out densely nor eigenvalues of matrices of its order be
/// asked for? Where nothing but the data says that the objective is strongly convex (squared loss, λ = 0), as long as
/// memory allows.
pub(crate) fn too_wide(objective: &Objective<'_>) -> bool {
    /// Eigenvalues of this order take about ten seconds.
    const MOST_EIGENVALUES: usize = 2048;
    let p = objective.problem();
    let fits = |rows: usize, columns: usize| rows.checked_mul(columns).is_some_and(|n| n <= LARGEST_DENSE);
    let k = p.active();
    let (columns, _) = kept_columns(objective);
    let needs_eigenvalues = p.model().loss() == Loss::Squared && p.ridge() == 0.0;
    let most = if needs_eigenvalues { usize::MAX } else { MOST_EIGENVALUES };
    columns.len() > most
        || !fits(k, k)
        || (p.data().design().is_sparse() && !fits(p.rows(), columns.len() + 1))
}

/// The columns that at least one output has kept, increasing, and whether one has kept its bias.
fn kept_columns(objective: &Objective<'_>) -> (Vec<usize>, bool) {
    let layer = &objective.problem().network().layers[0];
    let mut kept = vec![false; layer.fan_in];
    for unit in &layer.units {
        unit.inputs.iter().for_each(|&i| kept[i as usize] = true);
    }
    let columns = (0..layer.fan_in).filter(|&i| kept[i]).collect();
    (columns, layer.units.iter().any(|u| u.bias.is_some()))
}

/// As [`kept_inputs`], in sparse storage.
pub(crate) fn kept_rows(objective: &Objective<'_>) -> (Csr, Vec<f64>) {
    let p = objective.problem();
    let (kept, bias) = kept_columns(objective);
    let mut place = vec![u32::MAX; p.data().cols()];
    // A file has at most 2²¹ features, a model 2³¹ parameters.
    kept.iter().enumerate().for_each(|(to, &from)| place[from] = to as u32);
    let (mut offsets, mut indices, mut values, mut weights) = (vec![0], vec![], vec![], vec![]);
    for (i, w) in objective.support() {
        p.data().design().row(i).for_each(|c, v| {
            if place[c] != u32::MAX && v != 0.0 {
                indices.push(place[c]);
                values.push(v);
            }
        });
        if bias {
            indices.push(kept.len() as u32);
            values.push(1.0);
        }
        offsets.push(values.len());
        weights.push(w);
    }
    let columns = kept.len() + usize::from(bias);
    (Csr::new(columns, offsets, indices, values).expect("rows of a valid design are valid"), weights)
}

/// The rows with nonzero weight on the columns that at least one output has kept (bias column last),
/// with their weights: `(columns, rows one after the other, weights)`.
pub(crate) fn kept_inputs(objective: &Objective<'_>) -> (usize, Vec<f64>, Vec<f64>) {
    let p = objective.problem();
    let layer = &p.network().layers[0];
    let (kept, bias) = kept_columns(objective);
    let columns = kept.len() + usize::from(bias);
    let mut rows = Vec::new();
    let mut weights = Vec::new();
    let mut dense = vec![0.0; layer.fan_in];
    for (i, w) in objective.support() {
        p.data().design().row(i).write_dense(&mut dense);
        rows.extend(kept.iter().map(|&c| dense[c]));
        if bias {
            rows.push(1.0);
        }
        weights.push(w);
    }
    (columns, rows, weights)
}
