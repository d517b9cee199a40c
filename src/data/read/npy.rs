//! NumPy's `.npy`: arrays of up to two dimensions, of floats, integers or booleans.
//!
//! All numbers become f64. An integer that an f64 cannot hold exactly is refused rather than
//! rounded. The file must be exactly as long as its header says.

use super::npy_header::{self, Header, Number};
use crate::error::{Error, Result};
use std::path::Path;

/// An array of up to two dimensions as read from a file; every number is finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
    integer: bool,
}

impl Array {
    /// Sizes, slowest index first; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers in row order (the last index runs fastest), whatever the order in the file.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Did the file hold integers? Booleans are not: as numbers they are 0 and 1, but as a selection of
    /// rows they mean something else.
    pub fn is_integer(&self) -> bool {
        self.integer
    }

    /// The numbers in row order.
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }
}

/// Reads a `.npy` file.
///
/// ```
/// use unlearn::data::{read::npy, write};
/// let file = tempfile::Builder::new().suffix(".npy").tempfile().unwrap();
/// write::matrix(file.path(), &nalgebra::DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0])).unwrap();
/// let array = npy::read(file.path()).unwrap();
/// assert_eq!((array.shape(), array.values()), (&[2, 2][..], &[1.0, 2.0, 3.0, 4.0][..]));
/// ```
///
/// # Errors
/// [`Error::File`] when the file cannot be read, is malformed, cut off, longer than its header
/// says, of another type, or holds a number that is not finite.
pub fn read(path: impl AsRef<Path>) -> Result<Array> {
    let path = path.as_ref();
    parse(&path.display().to_string(), &super::bytes(path)?)
}

/// Parses the bytes of a `.npy` file; `file` is what errors call it.
///
/// # Errors
/// As [`read`].
pub fn parse(file: &str, bytes: &[u8]) -> Result<Array> {
    let refuse = |message| Error::File { file: file.to_owned(), message };
    let header = npy_header::read(bytes).map_err(refuse)?;
    // Both factors are bounded (2²⁸ and 8), so the product is exact.
    let expected = header.count * header.number.size;
    let body = &bytes[header.start..];
    if body.len() != expected {
        return Err(refuse(format!(
            "the header {} promises {expected} bytes of numbers, the file has {}",
            describe(&header),
            body.len()
        )));
    }
    let mut values = Vec::with_capacity(header.count);
    for (i, chunk) in body.chunks_exact(header.number.size).enumerate() {
        values.push(decode(header.number, chunk).map_err(|m| refuse(format!("number {i} (from 0): {m}")))?);
    }
    if let (true, &[rows, cols]) = (header.fortran, &header.shape[..]) {
        values = (0..header.count).map(|k| values[(k % cols) * rows + k / cols]).collect();
    }
    Ok(Array { shape: header.shape, values, integer: matches!(header.number.kind, b'i' | b'u') })
}

fn describe(header: &Header) -> String {
    format!("(shape {:?}, {} bytes each)", header.shape, header.number.size)
}

/// One number, exactly.
fn decode(number: Number, chunk: &[u8]) -> std::result::Result<f64, String> {
    let mut wide = [0; 8];
    wide[..chunk.len()].copy_from_slice(chunk);
    if number.big_endian {
        wide[..chunk.len()].reverse();
    }
    let bits = u64::from_le_bytes(wide);
    // Moves the sign bit to the top and back, which extends it.
    let unused = 64 - 8 * chunk.len() as u32;
    let signed = ((bits << unused) as i64) >> unused;
    let (value, exact) = match (number.kind, number.size) {
        (b'f', 8) => (f64::from_bits(bits), true),
        (b'f', _) => (f64::from(f32::from_bits(bits as u32)), true),
        // Compared as i128, because `as i64` saturates and 2⁶³ would seem to survive.
        (b'i', _) => (signed as f64, signed as f64 as i128 == i128::from(signed)),
        (b'b', _) if bits > 1 => return Err(format!("the byte {bits} is not a boolean")),
        _ => (bits as f64, bits as f64 as i128 == i128::from(bits)),
    };
    if !value.is_finite() {
        return Err(format!("{value}; only finite numbers are accepted"));
    }
    if !exact {
        return Err("the integer is too large for an f64 to hold exactly".into());
    }
    Ok(value)
}

/// The bytes of a version 1.0 `.npy` file of little-endian f64 in row order.
///
/// The header is padded so that the numbers start at a multiple of 64 bytes, as NumPy does.
///
/// # Panics
/// When `shape` and `values` disagree, with both numbers.
pub fn encode(shape: &[usize], values: &[f64]) -> Vec<u8> {
    let count: usize = shape.iter().product();
    assert_eq!(count, values.len(), "shape {shape:?} of {} values", values.len());
    let sizes: Vec<_> = shape.iter().map(usize::to_string).collect();
    // A Python tuple of one element needs its comma.
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut header =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}{comma}), }}", sizes.join(", "));
    let unpadded = 10 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    for v in values {
        bytes.extend(v.to_le_bytes());
    }
    bytes
}
