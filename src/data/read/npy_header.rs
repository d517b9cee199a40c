//! The header of a `.npy` file: magic, version, and a Python dictionary literal.
//!
//! Format: NumPy Enhancement Proposal 1 (`numpy.lib.format`), versions 1.0, 2.0 and 3.0.

use super::LARGEST_DENSE;

/// What one number of the file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) kind: u8,
    pub(super) size: usize,
    pub(super) big_endian: bool,
}

/// A header whose sizes have been checked for overflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) number: Number,
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
    /// Product of the shape, at most [`LARGEST_DENSE`].
    pub(super) count: usize,
    /// Where the numbers start.
    pub(super) start: usize,
}

/// Reads the header at the start of `bytes`; the message says what is wrong.
pub(super) fn read(bytes: &[u8]) -> Result<Header, String> {
    if bytes.get(..6) != Some(b"\x93NUMPY") {
        return Err("does not start like a .npy file".into());
    }
    let cut = || String::from("the .npy header is cut off");
    let version = (*bytes.get(6).ok_or_else(cut)?, *bytes.get(7).ok_or_else(cut)?);
    let (length, begin) = match version {
        (1, 0) => {
            let b = bytes.get(8..10).ok_or_else(cut)?;
            (u16::from_le_bytes([b[0], b[1]]) as usize, 10)
        }
        (2 | 3, 0) => {
            let b = bytes.get(8..12).ok_or_else(cut)?;
            (u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize, 12)
        }
        (major, minor) => return Err(format!("unknown .npy version {major}.{minor}")),
    };
    // `length` is below 2³², so the sum cannot overflow a 64-bit usize; 32 bits are guarded too.
    let start = begin + length.min(isize::MAX as usize - begin);
    let text = bytes.get(begin..start).ok_or_else(cut)?;
    let text = std::str::from_utf8(text).map_err(|_| "the .npy header is not text")?;
    let (descr, fortran, shape) = dictionary(text).ok_or_else(|| {
        "the .npy header is not a dictionary with a plain 'descr', 'fortran_order' and 'shape'; \
         structured arrays are not supported"
            .to_string()
    })?;
    let number = number_type(descr)?;
    if shape.len() > 2 {
        return Err(format!("the array has {} dimensions; at most 2 are accepted", shape.len()));
    }
    let count = shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
    let count = count.filter(|&n| n <= LARGEST_DENSE).ok_or_else(|| {
        format!("the shape {shape:?} has more than the {LARGEST_DENSE} numbers that are accepted")
    })?;
    Ok(Header { number, fortran, shape, count, start })
}

fn number_type(descr: &str) -> Result<Number, String> {
    let unknown = || {
        format!(
            "numbers of type {descr:?} are not supported; save as float64 or as integers of up to 64 bits"
        )
    };
    let [order, kind, size] = descr.as_bytes() else { return Err(unknown()) };
    let size = size.wrapping_sub(b'0') as usize;
    let known = match kind {
        b'f' => matches!(size, 4 | 8),
        b'i' | b'u' => matches!(size, 1 | 2 | 4 | 8),
        b'b' => size == 1,
        _ => false,
    };
    let ordered = matches!(order, b'<' | b'>') || (*order == b'|' && size == 1);
    if known && ordered {
        Ok(Number { kind: *kind, size, big_endian: *order == b'>' })
    } else {
        Err(unknown())
    }
}

/// `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }` with keys in any order, each once.
fn dictionary(text: &str) -> Option<(&str, bool, Vec<usize>)> {
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    while !rest.is_empty() {
        let (key, after) = quoted(rest)?;
        rest = after.trim_start().strip_prefix(':')?.trim_start();
        let fresh = match key {
            "descr" => {
                let (value, after) = quoted(rest)?;
                rest = after;
                descr.replace(value).is_none()
            }
            "fortran_order" => {
                let value = rest.starts_with("True");
                rest = rest.strip_prefix(if value { "True" } else { "False" })?;
                fortran.replace(value).is_none()
            }
            "shape" => {
                let (inside, after) = rest.strip_prefix('(')?.split_once(')')?;
                rest = after;
                shape.replace(tuple(inside)?).is_none()
            }
            _ => false,
        };
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) if fresh => rest = after.trim_start(),
            None if fresh && rest.is_empty() => {}
            _ => return None,
        }
    }
    Some((descr?, fortran?, shape?))
}

/// A string in single or double quotes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// The inside of `()`, `(3,)` or `(3, 4)`.
fn tuple(inside: &str) -> Option<Vec<usize>> {
    if inside.trim().is_empty() {
        return Some(Vec::new());
    }
    let body = inside.trim_end();
    // `(3)` is a number in Python, not a tuple.
    let body = match body.strip_suffix(',') {
        Some(body) => body,
        None if body.contains(',') => body,
        None => return None,
    };
    body.split(',')
        .map(|n| {
            let n = n.trim();
            n.bytes().all(|b| b.is_ascii_digit()).then(|| n.parse().ok()).flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_literals() {
        let ok = |s: &'static str| dictionary(s).unwrap();
        assert_eq!(
            ok("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"),
            ("<f8", false, vec![3, 4])
        );
        assert_eq!(ok("{\"shape\":(),\"fortran_order\":True,\"descr\":\"|b1\"}  \n"), ("|b1", true, vec![]));
        assert_eq!(ok("{'shape': (7,), 'descr': '>i2', 'fortran_order': False}").2, [7]);
        for bad in [
            "",
            "{}",
            "{'descr': '<f8', 'fortran_order': False}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,,4)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'shape': (3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'more': 1}",
            "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,)}",
            "{'descr': '<f8' 'fortran_order': False 'shape': (3,)}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'é': 1}",
        ] {
            assert_eq!(dictionary(bad), None, "{bad}");
        }
    }

    #[test]
    fn number_types() {
        for good in ["<f8", ">f4", "<i8", ">i4", "<i2", "|i1", "|u1", "<u2", "<u4", ">u8", "|b1"] {
            assert!(number_type(good).is_ok(), "{good}");
        }
        for bad in ["", "f8", "<f2", "|f8", "<c16", "<U5", "|O", "<i3", "=f8", "<f8 "] {
            assert!(number_type(bad).is_err(), "{bad}");
        }
    }
}
