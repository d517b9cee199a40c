//! Text files: UTF-8 with or without a byte-order mark, and finite decimal numbers.

use super::refuse;
use crate::error::{Error, Result};
use std::path::Path;

/// The text of a file, without a byte-order mark.
pub(super) fn read(path: &Path) -> Result<String> {
    let bytes = super::bytes(path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(e) => {
            let valid = e.utf8_error().valid_up_to();
            let before = &e.as_bytes()[..valid];
            if before.is_empty() {
                return Err(refuse(path, "is not UTF-8 text (is it binary, or UTF-16?)"));
            }
            let line = line_at(before);
            Err(parse(&path.display().to_string(), line, 1, "the line is not UTF-8 text"))
        }
    }
}

/// The number, from 1, of the line that follows `before`; `\n`, `\r\n` and `\r` end lines.
pub(super) fn line_at(before: &[u8]) -> usize {
    let mut line = 1;
    for (i, &b) in before.iter().enumerate() {
        if b == b'\n' || (b == b'\r' && before.get(i + 1) != Some(&b'\n')) {
            line += 1;
        }
    }
    line
}

/// One finite number; the message says what is wrong with anything else.
pub(super) fn number(field: &str) -> std::result::Result<f64, String> {
    if field.is_empty() {
        return Err("the value is missing; fill it in or drop the row".into());
    }
    match field.parse::<f64>() {
        Ok(v) if v.is_finite() => Ok(v),
        Ok(v) if v.is_nan() => Err("NaN; only finite numbers are accepted".into()),
        Ok(_) => Err(format!("{} is infinite as f64; only finite numbers are accepted", quote(field))),
        Err(_) => Err(format!("{} is not a number", quote(field))),
    }
}

/// The start of a field, escaped and in quotes, for messages.
pub(crate) fn quote(field: &str) -> String {
    // Forty characters show any number in full and keep a hostile file out of the message.
    let start: String = field.chars().take(40).collect();
    if start.len() < field.len() { format!("{start:?}…") } else { format!("{start:?}") }
}

/// An [`Error::Parse`].
pub(super) fn parse(file: &str, line: usize, column: usize, message: impl Into<String>) -> Error {
    Error::Parse { file: file.to_owned(), line, column, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_or_refused() {
        assert_eq!(number("-1.5e-3"), Ok(-0.0015));
        assert_eq!(number("1e-999"), Ok(0.0));
        for bad in ["", "1e999", "-1e999", "nan", "inf", "-Infinity", "0x1p3", "1,5", "1 2", "\0"] {
            assert!(number(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn lines_end_in_three_ways() {
        assert_eq!(line_at(b""), 1);
        assert_eq!(line_at(b"a\nb\r\nc\rd"), 4);
    }
}
