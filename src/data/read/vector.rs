//! Parameters, masks and forget sets: one number per line, or a one-dimensional `.npy`.

use super::text::{number, parse as fail, quote};
use super::{npy, refuse};
use crate::data::RowSet;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::path::Path;

/// Reads a vector: a one-dimensional `.npy`, or text with one number per line, in which blank
/// lines and everything after a `#` are skipped.
///
/// ```
/// let file = tempfile::NamedTempFile::new().unwrap();
/// std::fs::write(file.path(), "# weights\n0.5\n\n-2 # bias\n").unwrap();
/// assert_eq!(unlearn::data::read::vector(file.path()).unwrap(), [0.5, -2.0]);
/// ```
///
/// # Errors
/// [`Error::Parse`] or [`Error::File`] when the file is malformed or empty or holds a number that
/// is not finite.
pub fn vector(path: impl AsRef<Path>) -> Result<Vec<f64>> {
    let path = path.as_ref();
    let entries = entries(path, number)?;
    Ok(entries.into_iter().map(|e| e.value).collect())
}

/// Reads a mask: exactly `parameters` numbers, each exactly 0 (pruned) or 1 (active).
///
/// # Errors
/// As [`vector`]; another number of entries gives both numbers, another value its place.
pub fn mask(path: impl AsRef<Path>, parameters: usize) -> Result<Vec<bool>> {
    let path = path.as_ref();
    let entries = entries(path, number)?;
    if entries.len() != parameters {
        let message = format!(
            "the mask has {} entries, but the model has {parameters} parameters (one 0 or 1 for each)",
            entries.len()
        );
        return Err(refuse(path, message));
    }
    let bit = |e: Entry<f64>| match e.value {
        0.0 => Ok(false),
        1.0 => Ok(true),
        v => Err(e.place.error(path, format!("the mask holds {v}; only 0 and 1 are accepted"))),
    };
    entries.into_iter().map(bit).collect()
}

/// Reads a set of distinct 0-based indices of a data set with `total` rows: one integer per line,
/// or a `.npy` of an integer type.
///
/// # Errors
/// As [`vector`]; also for a duplicate, an index that is not below `total`, and anything that is
/// not a nonnegative integer, each with its place.
pub fn indices(path: impl AsRef<Path>, total: usize) -> Result<RowSet> {
    let path = path.as_ref();
    let mut seen = HashMap::new();
    let mut rows = Vec::new();
    for Entry { value, place } in entries(path, index)? {
        if value >= total as u64 {
            let last = total.saturating_sub(1);
            return Err(
                place.error(path, format!("row {value}, but the data has {total} rows (0 to {last})"))
            );
        }
        if let Some(earlier) = seen.insert(value, place) {
            return Err(place.error(path, format!("row {value} was already named on {earlier}")));
        }
        rows.push(value as usize);
    }
    RowSet::new(total, rows)
}

fn index(field: &str) -> std::result::Result<u64, String> {
    if field.is_empty() || !field.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("{} is not a row index; rows are numbered 0, 1, 2, …", quote(field)));
    }
    // All digits, so the only failure is an index larger than any data set.
    Ok(field.parse().unwrap_or(u64::MAX))
}

/// A value and where it stands.
struct Entry<T> {
    value: T,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    /// A line of a text file, from 1.
    Line(usize),
    /// An element of a `.npy`, from 0.
    Element(usize),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Line(n) => write!(f, "line {n}"),
            Place::Element(n) => write!(f, "element {n} (from 0)"),
        }
    }
}

impl Place {
    fn error(self, path: &Path, message: String) -> Error {
        match self {
            Place::Line(line) => fail(&path.display().to_string(), line, 1, message),
            Place::Element(_) => refuse(path, format!("{self}: {message}")),
        }
    }
}

/// What an entry can be: read from text by a parser, or taken from a `.npy`.
trait FromArray: Sized {
    const INTEGERS_ONLY: bool;
    fn from_array(value: f64) -> Option<Self>;
}

impl FromArray for f64 {
    const INTEGERS_ONLY: bool = false;
    fn from_array(value: f64) -> Option<f64> {
        Some(value)
    }
}

impl FromArray for u64 {
    const INTEGERS_ONLY: bool = true;
    fn from_array(value: f64) -> Option<u64> {
        (value >= 0.0).then_some(value as u64)
    }
}

fn entries<T: FromArray>(
    path: &Path,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Vec<Entry<T>>> {
    let numpy = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
    let entries = if numpy { from_npy(path)? } else { from_text(path, parse)? };
    if entries.is_empty() {
        return Err(refuse(path, "the file holds no number"));
    }
    Ok(entries)
}

fn from_npy<T: FromArray>(path: &Path) -> Result<Vec<Entry<T>>> {
    let array = npy::read(path)?;
    if array.shape().len() != 1 {
        let message = format!("the array has shape {:?}; one dimension is needed", array.shape());
        return Err(refuse(path, message));
    }
    if T::INTEGERS_ONLY && !array.is_integer() {
        return Err(refuse(
            path,
            "row indices must be saved with an integer type (numpy.flatnonzero turns a boolean selection into indices)",
        ));
    }
    let entry = |(i, value)| {
        let place = Place::Element(i);
        let value = T::from_array(value)
            .ok_or_else(|| place.error(path, format!("{value} is not a row index (0, 1, 2, …)")))?;
        Ok(Entry { value, place })
    };
    array.into_values().into_iter().enumerate().map(entry).collect()
}

fn from_text<T>(
    path: &Path,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Vec<Entry<T>>> {
    let text = super::text::read(path)?;
    let file = path.display().to_string();
    let mut entries = Vec::new();
    for (l, line) in text.lines().enumerate() {
        let mut tokens = line.split('#').next().unwrap_or("").split_whitespace();
        let Some(first) = tokens.next() else { continue };
        let value = parse(first).map_err(|m| fail(&file, l + 1, 1, m))?;
        if let Some(second) = tokens.next() {
            let message = format!("{} is a second value; one per line is accepted", quote(second));
            return Err(fail(&file, l + 1, 2, message));
        }
        entries.push(Entry { value, place: Place::Line(l + 1) });
    }
    Ok(entries)
}
