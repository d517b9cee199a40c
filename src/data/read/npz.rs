//! NumPy's `.npz`: a zip archive of `.npy` files, stored or deflated.

use super::{LARGEST_DENSE, check_columns, npy, refuse};
use crate::data::{Dataset, Design};
use crate::error::Result;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::ZipArchive;

/// Reads arrays `X` (rows × features) and `y` (one target per row) from a `.npz` file.
///
/// A `y` of shape `rows × 1` is accepted as well; other arrays are ignored.
///
/// # Errors
/// As [`super::dataset`]; a missing array lists those that are there.
pub fn dataset(path: &Path) -> Result<Dataset> {
    let (x, y) = (array(path, "X")?, array(path, "y")?);
    let &[rows, cols] = x.shape() else {
        return Err(refuse(path, format!("X has shape {:?}; it must be rows × features", x.shape())));
    };
    if !matches!(*y.shape(), [n] | [n, 1] if n == rows) {
        let message = format!("X has {rows} rows and y shape {:?}; y must have shape [{rows}]", y.shape());
        return Err(refuse(path, message));
    }
    if rows == 0 || cols == 0 {
        return Err(refuse(path, format!("X is {rows} × {cols}; there is nothing to learn from")));
    }
    check_columns(path, cols)?;
    Dataset::new(super::stem(path), Design::dense(rows, cols, x.into_values())?, y.into_values())
}

/// Reads the array called `name` from a `.npz` file.
///
/// # Errors
/// [`crate::error::Error::File`] when the archive or the array is malformed or the array missing.
pub fn array(path: impl AsRef<Path>, name: &str) -> Result<npy::Array> {
    let path = path.as_ref();
    let file = std::fs::File::open(path).map_err(|e| refuse(path, e))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| {
        refuse(path, format!("is not an archive written by numpy.savez, or it is cut off ({e})"))
    })?;
    let entry = format!("{name}.npy");
    if archive.index_for_name(&entry).is_none() {
        let names: Vec<_> = archive.file_names().flatten().map(|n| n.into_owned()).collect();
        let message = format!("there is no array {name}; the archive holds {}", names.join(", "));
        return Err(refuse(path, message));
    }
    let entry = archive.by_name(&entry).map_err(|e| refuse(path, format!("array {name}: {e}")))?;
    // A deflated megabyte can expand to a gigabyte: stop where no accepted array can reach.
    let limit = 8 * LARGEST_DENSE as u64 + (1 << 16);
    let mut bytes = Vec::new();
    entry.take(limit).read_to_end(&mut bytes).map_err(|e| refuse(path, format!("array {name}: {e}")))?;
    npy::parse(&format!("{}: array {name}", path.display()), &bytes)
}
