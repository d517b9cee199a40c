//! Writing vectors, matrices and archives; the file's name decides the format.
//!
//! Text holds the shortest decimal that reads back as the same f64, so every format is exact.
//! Numbers that are not finite are refused, as the readers would refuse them.

use super::read::{npy, refuse};
use crate::error::Result;
use nalgebra::DMatrix;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::Path;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// Writes a vector: `.npy` (one dimension), `.txt` or `.csv` (one number per line) or `.json` (an
/// array).
///
/// ```
/// use unlearn::data::{read, write};
/// let file = tempfile::Builder::new().suffix(".txt").tempfile().unwrap();
/// write::vector(file.path(), &[0.1, -2.0]).unwrap();
/// assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "0.1\n-2.0\n");
/// assert_eq!(read::vector(file.path()).unwrap(), [0.1, -2.0]);
/// ```
///
/// # Errors
/// [`crate::error::Error::File`] when the name says no known format, a number is not finite or
/// the file cannot be written.
pub fn vector(path: impl AsRef<Path>, values: &[f64]) -> Result<()> {
    let path = path.as_ref();
    finite(path, values)?;
    let bytes = match format(path)? {
        Format::Npy => npy::encode(&[values.len()], values),
        Format::Lines => values.iter().map(|v| format!("{v:?}\n")).collect::<String>().into(),
        Format::Json => format!("[{}]\n", joined(values)).into(),
    };
    save(path, bytes)
}

/// Writes a matrix row by row: `.npy` (two dimensions), `.txt` or `.csv` (comma separated, no
/// header) or `.json` (an array of arrays).
///
/// ```
/// use unlearn::data::write;
/// let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
/// write::matrix(file.path(), &nalgebra::DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0])).unwrap();
/// assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "1.0,2.0\n3.0,4.0\n");
/// ```
///
/// # Errors
/// As [`vector`].
pub fn matrix(path: impl AsRef<Path>, matrix: &DMatrix<f64>) -> Result<()> {
    let path = path.as_ref();
    let rows: Vec<Vec<f64>> = matrix.row_iter().map(|r| r.iter().copied().collect()).collect();
    finite(path, matrix.as_slice())?;
    let bytes = match format(path)? {
        Format::Npy => npy::encode(&[matrix.nrows(), matrix.ncols()], &rows.concat()),
        Format::Lines => rows.iter().map(|r| joined(r) + "\n").collect::<String>().into(),
        Format::Json => {
            let rows: Vec<_> = rows.iter().map(|r| format!("[{}]", joined(r))).collect();
            format!("[{}]\n", rows.join(",\n ")).into()
        }
    };
    save(path, bytes)
}

/// Writes named arrays, each a shape and its numbers in row order, as a deflated `.npz`.
///
/// ```
/// use unlearn::data::{read, write};
/// let file = tempfile::Builder::new().suffix(".npz").tempfile().unwrap();
/// write::archive(file.path(), &[("X", &[2, 1], &[1.0, 2.0]), ("y", &[2], &[0.0, 1.0])]).unwrap();
/// let data = read::dataset(file.path(), &Default::default()).unwrap();
/// assert_eq!((data.design().values(), data.target()), (&[1.0, 2.0][..], &[0.0, 1.0][..]));
/// ```
///
/// # Errors
/// [`crate::error::Error::File`] when a number is not finite, a name is repeated or the file
/// cannot be written.
///
/// # Panics
/// When a shape and its numbers disagree, with both numbers.
pub fn archive(path: impl AsRef<Path>, arrays: &[(&str, &[usize], &[f64])]) -> Result<()> {
    let path = path.as_ref();
    // A fixed date, so that the same arrays give the same bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for &(name, shape, values) in arrays {
        finite(path, values)?;
        let bytes = npy::encode(shape, values);
        zip.start_file(format!("{name}.npy"), options).map_err(|e| refuse(path, e))?;
        zip.write_all(&bytes).map_err(|e| refuse(path, e))?;
    }
    save(path, zip.finish().map_err(|e| refuse(path, e))?.into_inner())
}

enum Format {
    Npy,
    Lines,
    Json,
}

fn format(path: &Path) -> Result<Format> {
    match path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase().as_str() {
        "npy" => Ok(Format::Npy),
        "csv" | "txt" => Ok(Format::Lines),
        "json" => Ok(Format::Json),
        _ => Err(refuse(path, "the name says no known format; known are .npy, .csv, .txt and .json")),
    }
}

fn finite(path: &Path, values: &[f64]) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(refuse(path, format!("not written: number {i} (from 0) is {}", values[i]))),
        None => Ok(()),
    }
}

fn joined(values: &[f64]) -> String {
    let mut text = String::new();
    for (i, v) in values.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}{v:?}", if i == 0 { "" } else { "," });
    }
    text
}

fn save(path: &Path, bytes: Vec<u8>) -> Result<()> {
    std::fs::write(path, bytes).map_err(|e| refuse(path, e))
}
