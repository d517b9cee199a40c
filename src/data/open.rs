//! One name for both kinds of data: built in, or a file.

use super::read::{self, Options};
use super::{Dataset, builtin};
use crate::error::Result;
use std::path::Path;

/// Loads the built-in data set called `spec`, or else the file called `spec`.
///
/// A built-in name always means the built-in data; write `./wdbc` for a file of that name.
///
/// ```
/// use unlearn::data::{open, read::Options};
/// assert_eq!(open("wine", &Options::default()).unwrap().rows(), 178);
/// // The target may be another column of a built-in set.
/// let alcohol = open("wine", &Options { target: Some("alcohol".into()) }).unwrap();
/// assert_eq!(alcohol.target()[0], 14.23);
/// assert!(open("wines", &Options::default()).unwrap_err().to_string().contains("wdbc"));
/// ```
///
/// # Errors
/// Those of [`read::dataset`] for a file; for anything that is neither a built-in name nor looks
/// like a file, the error of [`builtin::load`], which lists the names.
pub fn open(spec: &str, options: &Options) -> Result<Dataset> {
    if let Some(data) = builtin::with_target(spec, options.target.as_deref()) {
        return data;
    }
    let path = Path::new(spec);
    if path.extension().is_some() || path.components().count() > 1 || path.exists() {
        return read::dataset(path, options);
    }
    builtin::load(spec)
}
