//! Reading files that nobody has checked: whatever the bytes are, the answer is data or an error
//! that names the file and, for text, the line and the column.

pub mod csv;
pub mod idx;
pub mod npy;
mod npy_header;
pub mod npz;
pub mod svmlight;
mod text;
mod vector;

#[cfg(feature = "certificate")]
pub(crate) use text::quote;
pub use vector::{indices, mask, vector};

use super::Dataset;
use crate::error::{Error, Result};
use std::path::Path;

/// The largest number of dense values accepted from one file, 2²⁸ (2 GiB as f64): what a header
/// *claims* must never decide alone how much memory is asked for.
pub const LARGEST_DENSE: usize = 1 << 28;

/// The largest number of features accepted in a file, 2²¹: parameters are dense vectors and every
/// feature has a name, so one mistyped index or size must not cost gigabytes.
pub const LARGEST_COLUMNS: usize = 1 << 21;

/// How a data file is to be understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Name of the target column of a CSV file; `None` is the last column.
    pub target: Option<String>,
}

/// Reads a data set; the file's name decides the format.
///
/// | name | format |
/// |---|---|
/// | `.csv` | [`csv`]: header, comma separated, target by name |
/// | `.svm`, `.libsvm`, `.svmlight` | [`svmlight`]: stays sparse |
/// | `.npz` | [`npz`]: arrays `X` (rows × features) and `y` |
/// | `…images-idx3-ubyte`, the same with `.gz` | [`idx`]: MNIST's format, labels beside it |
///
/// ```
/// use unlearn::data::read::{self, Options};
/// let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
/// std::fs::write(file.path(), "a,y,b\n1,0,2\n3,1,4\n").unwrap();
/// let data = read::dataset(file.path(), &Options { target: Some("y".into()) }).unwrap();
/// assert_eq!(data.features(), ["a", "b"]);
/// assert_eq!(data.design().values(), [1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(data.target(), [0.0, 1.0]);
/// ```
///
/// # Errors
/// [`Error::File`] when the file cannot be read or its name says no known format,
/// [`Error::Parse`] when a text file is malformed, [`Error::Invalid`] when `options` asks for a
/// column that is not there or for a named target in a format without names.
pub fn dataset(path: impl AsRef<Path>, options: &Options) -> Result<Dataset> {
    let path = path.as_ref();
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    let target = options.target.as_deref();
    if extension == "csv" {
        return csv::dataset(path, target);
    }
    let read = match extension.as_str() {
        "svm" | "libsvm" | "svmlight" => svmlight::dataset,
        "npz" => npz::dataset,
        _ if idx::is_idx(path) => idx::dataset,
        "npy" => {
            return Err(refuse(path, "a .npy file holds one array; put X and y together in a .npz"));
        }
        _ => {
            return Err(refuse(
                path,
                "the name says no known format; known are .csv, .svm, .libsvm, .svmlight, .npz and \
                 *-images-idx3-ubyte[.gz]",
            ));
        }
    };
    if let Some(target) = target {
        return Err(Error::Invalid(format!(
            "{}: only CSV files have named columns; the target {target:?} cannot be chosen here",
            path.display()
        )));
    }
    read(path)
}

/// The bytes of a file.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| refuse(path, e))
}

/// An [`Error::File`] about `path`.
pub(super) fn refuse(path: &Path, message: impl ToString) -> Error {
    Error::File { file: path.display().to_string(), message: message.to_string() }
}

/// Checks a number of features that a header, not the text of the file, has decided.
fn check_columns(path: &Path, cols: usize) -> Result<()> {
    if cols <= LARGEST_COLUMNS {
        return Ok(());
    }
    Err(refuse(path, format!("{cols} features; at most {LARGEST_COLUMNS} are accepted")))
}

/// The name a data set takes from its file.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "data".into(), |s| s.to_string_lossy().into_owned())
}
