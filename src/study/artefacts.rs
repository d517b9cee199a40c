//! Everything that an outside script needs to compute the metrics again, as NumPy files.
//!
//! `DIR/seed-S/sparsity-P/` holds
//!
//! | file | what |
//! |---|---|
//! | `data.npz` | `train_x`, `train_y`, `test_x`, `test_y` as the model reads them (scaled, with the trigger); `forget`: rows of `train_x`; `train_rows`, `test_rows`: rows of the whole data; for a Trojan `triggered_x` (labels as `test_y`); for transfer `probe_train_x`, `probe_train_y`, `probe_test_x`, `probe_test_y` |
//! | `mask.npy` | one 0 or 1 per parameter |
//! | `METHOD.npy` | all `d` parameters of an unlearned model, zeros at pruned places |
//! | `METHOD-mask.npy` | its own mask, where re-pruning chose one |

use super::scenario::Setting;
use crate::data::{Dataset, write};
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::objective::Problem;
use nalgebra::DVector;
use std::path::{Path, PathBuf};

/// The folder of one seed at one sparsity.
pub fn folder(root: &Path, seed: u64, sparsity: f64) -> PathBuf {
    root.join(format!("seed-{seed}")).join(format!("sparsity-{sparsity}"))
}

/// Writes data, rows and mask.
///
/// # Errors
/// [`Error::File`] when the system refuses.
pub fn write_setting(folder: &Path, setting: &Setting, mask: &Mask) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| Error::File {
        file: folder.display().to_string(),
        message: format!("cannot be made: {e}"),
    })?;
    let mut arrays: Vec<(&str, Vec<usize>, Vec<f64>)> = Vec::new();
    let mut put = |x: &'static str, y: Option<&'static str>, data: &Dataset| {
        arrays.push((x, vec![data.rows(), data.cols()], data.design().to_dense().values().to_vec()));
        if let Some(y) = y {
            arrays.push((y, vec![data.rows()], data.target().to_vec()));
        }
    };
    put("train_x", Some("train_y"), &setting.train);
    put("test_x", Some("test_y"), &setting.test);
    if let Some(triggered) = &setting.triggered {
        put("triggered_x", None, triggered);
    }
    if let Some((train, test)) = &setting.probe {
        put("probe_train_x", Some("probe_train_y"), train);
        put("probe_test_x", Some("probe_test_y"), test);
    }
    let rows = [
        ("forget", setting.forget.rows()),
        ("train_rows", &setting.train_rows),
        ("test_rows", &setting.test_rows),
    ];
    for (name, rows) in rows {
        arrays.push((name, vec![rows.len()], rows.iter().map(|&i| i as f64).collect()));
    }
    let borrowed: Vec<(&str, &[usize], &[f64])> =
        arrays.iter().map(|(n, s, v)| (*n, &s[..], &v[..])).collect();
    write::archive(folder.join("data.npz"), &borrowed)?;
    write_mask(&folder.join("mask.npy"), mask)
}

/// Writes the parameters of one method, and its mask where that is not the one in `folder`.
///
/// # Errors
/// [`Error::File`] when the system refuses.
pub fn write_parameters(
    folder: &Path,
    method: &str,
    problem: &Problem,
    theta: &DVector<f64>,
    own_mask: bool,
) -> Result<()> {
    if own_mask {
        write_mask(&folder.join(format!("{method}-mask.npy")), problem.mask())?;
    }
    write::vector(folder.join(format!("{method}.npy")), problem.mask().embed(theta).as_slice())
}

fn write_mask(path: &Path, mask: &Mask) -> Result<()> {
    let flags: Vec<f64> = mask.flags().iter().map(|&keep| f64::from(u8::from(keep))).collect();
    write::vector(path, &flags)
}
