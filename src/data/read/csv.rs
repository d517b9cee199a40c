//! Comma-separated values with a header line.
//!
//! Accepted: quoted fields, `\n`, `\r\n` or `\r` line ends, a UTF-8 byte-order mark, blank lines,
//! spaces around fields. Every field below the header must be a finite number. Column names must
//! be present, distinct, and not all numbers (then the header is missing and the first sample
//! would be lost silently).

use super::text::{line_at, number, parse as fail, quote};
use crate::data::{Dataset, Design};
use crate::error::{Error, Result};
use csv::{Position, ReaderBuilder, StringRecord, Trim};
use std::collections::HashMap;
use std::path::Path;

/// Reads a CSV file; `target` names the target column, `None` is the last one.
///
/// # Errors
/// As [`super::dataset`].
pub fn dataset(path: &Path, target: Option<&str>) -> Result<Dataset> {
    parse(&path.display().to_string(), &super::stem(path), &super::text::read(path)?, target)
}

/// Parses CSV text; `file` is what errors call it and `name` what the data set is called.
///
/// ```
/// use unlearn::data::read::csv;
/// let e = csv::parse("f.csv", "f", "a,y\n1,2\n1,x\n", None).unwrap_err();
/// assert_eq!(e.to_string(), "f.csv:3:2: column \"y\": \"x\" is not a number");
/// ```
///
/// # Errors
/// [`Error::Parse`] for malformed text, [`Error::Invalid`] for an unknown target.
pub fn parse(file: &str, name: &str, text: &str, target: Option<&str>) -> Result<Dataset> {
    if let Some(last) = unbalanced_quote(text.as_bytes()) {
        let line = line_at(&text.as_bytes()[..last]);
        return Err(fail(file, line, 1, "a quotation mark is not closed"));
    }
    // Ragged rows are reported below, with the column, so the reader itself is told to accept them.
    let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| fail(file, 1, 1, e.to_string()))?.clone();
    let first = header.position().map_or(1, |p| line_of(text, p));
    check_header(file, first, &header)?;
    let target = target_column(file, &header, target)?;

    let cols = header.len() - 1;
    let (mut values, mut targets) = (Vec::new(), Vec::new());
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| fail(file, 1, 1, e.to_string()))? {
        let line = || record.position().map_or(1, |p| line_of(text, p));
        if record.len() != header.len() {
            let column = record.len().min(header.len()) + 1;
            return Err(fail(
                file,
                line(),
                column,
                format!("the header has {} fields, this line {}", header.len(), record.len()),
            ));
        }
        for (j, field) in record.iter().enumerate() {
            let value = number(field)
                .map_err(|m| fail(file, line(), j + 1, format!("column {}: {m}", quote(&header[j]))))?;
            if j == target { targets.push(value) } else { values.push(value) }
        }
    }
    if targets.is_empty() {
        return Err(fail(file, first + 1, 1, "there is a header but no row below it"));
    }
    let names = header.iter().enumerate().filter(|&(j, _)| j != target).map(|(_, n)| n.into()).collect();
    Dataset::new(name, Design::dense(targets.len(), cols, values)?, targets)?.with_features(names)
}

/// Where the last quotation mark is, when their number is odd: a quoted field that was cut off
/// would otherwise be read as if it were whole.
fn unbalanced_quote(text: &[u8]) -> Option<usize> {
    let count = text.iter().filter(|&&b| b == b'"').count();
    if count % 2 == 1 { text.iter().rposition(|&b| b == b'"') } else { None }
}

/// The line on which a record starts: the csv reader gives the place where it began to look, which
/// is before any blank lines.
fn line_of(text: &str, position: &Position) -> usize {
    let bytes = text.as_bytes();
    let start = (position.byte() as usize).min(bytes.len());
    let blank = bytes[start..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    line_at(&bytes[..start + blank])
}

fn check_header(file: &str, line: usize, header: &StringRecord) -> Result<()> {
    if header.is_empty() {
        return Err(fail(file, 1, 1, "the file is empty; the first line must name the columns"));
    }
    if header.iter().all(|n| n.parse::<f64>().is_ok()) {
        return Err(fail(file, line, 1, "the first line holds only numbers; it must name the columns"));
    }
    let mut seen = HashMap::new();
    for (j, name) in header.iter().enumerate() {
        if name.is_empty() {
            return Err(fail(
                file,
                line,
                j + 1,
                "the column has no name; name it, or delete it if it only numbers the rows",
            ));
        }
        if let Some(earlier) = seen.insert(name, j) {
            let message = format!("column name {} is already that of column {}", quote(name), earlier + 1);
            return Err(fail(file, line, j + 1, message));
        }
    }
    if header.len() == 1 {
        let hint = if header[0].contains([';', '\t']) {
            "the separator must be a comma, not a semicolon or a tab"
        } else {
            "a feature and a target are needed"
        };
        return Err(fail(file, line, 1, format!("there is only one column; {hint}")));
    }
    Ok(())
}

fn target_column(file: &str, header: &StringRecord, target: Option<&str>) -> Result<usize> {
    let Some(target) = target else { return Ok(header.len() - 1) };
    header.iter().position(|n| n == target.trim()).ok_or_else(|| {
        // Enough names to spot a spelling mistake, few enough to read.
        let shown: Vec<_> = header.iter().take(100).map(quote).collect();
        let more = if header.len() > 100 { " and more" } else { "" };
        Error::Invalid(format!(
            "{file}: there is no column {}; the {} columns are {}{more}",
            quote(target),
            header.len(),
            shown.join(", ")
        ))
    })
}
